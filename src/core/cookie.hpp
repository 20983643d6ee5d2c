// The State Cookie: all that is needed to make an association, signed, so that nothing is kept for an INIT
// (RFC 9260 §5.1.3, §5.1.5). Keys rotate; the previous one still verifies.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/address.hpp"
#include "base/entropy.hpp"
#include "base/time.hpp"
#include "core/outstanding.hpp"

struct evp_mac_ctx_st;  // <openssl/evp.h>: EVP_MAC_CTX

namespace netsctp::core {

struct Cookie {
  Time created{};
  Duration lifespan{};
  std::uint16_t local_port = 0;
  std::uint16_t peer_port = 0;
  std::uint32_t local_tag = 0;
  std::uint32_t peer_tag = 0;
  std::uint32_t local_tie_tag = 0;  // 0: no association existed (§5.2.2)
  std::uint32_t peer_tie_tag = 0;
  std::uint32_t local_initial_tsn = 0;
  std::uint32_t peer_initial_tsn = 0;
  std::uint32_t peer_rwnd = 0;
  std::uint16_t outbound_streams = 0;  // agreed: min(our OS, peer's MIS)
  std::uint16_t inbound_streams = 0;   // agreed: min(peer's OS, our MIS)
  std::uint16_t remote_udp_port = 0;
  std::uint32_t peer_adaptation = 0;                  // RFC 5061 §4.2.6
  bool partial_reliability = false;                   // agreed (RFC 3758 §3.3)
  bool stream_reset = false;                          // agreed (RFC 6525 §5.1.1)
  IpAddress local;                                    // where the INIT arrived
  std::array<IpAddress, kMaxPaths> peer_addresses{};  // the first is where the INIT came from
  std::size_t peer_address_count = 0;

  [[nodiscard]] std::span<const IpAddress> peers() const noexcept {
    return {peer_addresses.data(), peer_address_count};
  }
};

class CookieJar {
 public:
  static constexpr std::size_t kMacSize = 16;  // of HMAC-SHA-256, truncated: small cookies interoperate (§5.1.3)
  static constexpr std::size_t kMaxSize = 68 + 21 + kMaxPaths * 21 + kMacSize;

  CookieJar(Entropy& entropy, Duration key_life, Time now) noexcept;

  // Writes the signed cookie and returns its size, at most kMaxSize.
  std::size_t seal(const Cookie& cookie, std::span<std::byte, kMaxSize> out, Time now) noexcept;
  // Nothing if it was not made with a key still known, or was altered (§5.1.5 steps 1 and 2). Its age is the caller's
  // to judge.
  [[nodiscard]] std::optional<Cookie> open(std::span<const std::byte> sealed) const noexcept;

 private:
  using Key = std::array<std::byte, 32>;
  using Mac = std::array<std::byte, kMacSize>;
  // HMAC-SHA-256 with a key taken in: to prepare that for each cookie would cost more than to sign it.
  struct Free {
    void operator()(evp_mac_ctx_st* context) const noexcept;
  };
  using Signer = std::unique_ptr<evp_mac_ctx_st, Free>;
  [[nodiscard]] static Signer signer(const Key& key) noexcept;
  [[nodiscard]] Mac sign(std::uint8_t generation, std::span<const std::byte> bytes) const noexcept;
  void rotate(Time now) noexcept;

  Entropy& entropy_;
  Duration key_life_;
  Time key_made_{};
  std::uint8_t generation_ = 0;  // of the current key; parity chooses the slot
  std::array<Key, 2> keys_{};
  // Of the keys, made when they first sign: libcrypto takes milliseconds to begin, which clients need not wait for.
  mutable std::array<Signer, 2> signers_;
};

}  // namespace netsctp::core
