// What an INIT or INIT ACK says of its sender, read once for all the places that need it (RFC 9260 §3.2.1, §3.3.2,
// §3.3.3, §5.1.2).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/address.hpp"
#include "core/outstanding.hpp"
#include "wire/init.hpp"

namespace netsctp::core {

struct PeerParameters {
  static constexpr std::size_t kMaxReported = 8;

  wire::Init init;
  std::array<IpAddress, kMaxPaths> addresses{};  // the source first, no address twice; more than kMaxPaths are ignored
  std::size_t address_count = 0;
  std::optional<wire::Bytes> cookie;                     // State Cookie, of an INIT ACK
  std::optional<std::uint32_t> cookie_preservative;      // milliseconds
  std::optional<wire::Parameter> host_name;              // forbidden: the answer is an ABORT (§3.3.2.1.4)
  std::optional<wire::Parameter> forward_tsn_supported;  // RFC 3758: unknown to an endpoint that has it switched off
  std::uint32_t adaptation = 0;                          // RFC 5061 §4.2.6; 0: none
  bool re_config = false;                                // RFC 6525 §5.1.1: in its list of Supported Extensions
  bool supports_v4 = true;                               // §5.1.2: all types if the parameter is absent
  bool supports_v6 = true;
  std::array<wire::Parameter, kMaxReported> unrecognized{};  // those to be reported (§3.2.2)
  std::size_t unrecognized_count = 0;
  bool malformed = false;  // parameters whose lengths contradict the chunk's

  [[nodiscard]] bool contains(const IpAddress& address) const noexcept;
};

// `source` is where the packet came from.
[[nodiscard]] PeerParameters read_peer_parameters(const wire::Init& init, const IpAddress& source) noexcept;

}  // namespace netsctp::core
