#include "core/cookie.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstdlib>
#include <cstring>

#include "base/bytes.hpp"

namespace netsctp::core {
namespace {

// Appends to a buffer that is known to be large enough.
struct Packer {
  std::byte* at;
  template <typename Int>
  void put(Int value) noexcept {
    store_big(at, value);
    at += sizeof value;
  }
  void put(const IpAddress& address) noexcept {
    put(static_cast<std::uint8_t>(address.family));
    put(address.scope_id);
    std::memcpy(at, address.bytes.data(), address.size());
    at += address.size();
  }
};

// Takes from bytes that were signed by this process; runs short only if this file is wrong, and then fails.
struct Unpacker {
  std::span<const std::byte> rest;
  bool failed = false;
  template <typename Int>
  Int take() noexcept {
    if (rest.size() < sizeof(Int)) {
      failed = true;
      return {};
    }
    const Int value = load_big<Int>(rest.data());
    rest = rest.subspan(sizeof(Int));
    return value;
  }
  IpAddress take_address() noexcept {
    IpAddress address;
    address.family = static_cast<Family>(take<std::uint8_t>());
    address.scope_id = take<std::uint32_t>();
    if (rest.size() < address.size()) {
      failed = true;
      return {};
    }
    std::memcpy(address.bytes.data(), rest.data(), address.size());
    rest = rest.subspan(address.size());
    return address;
  }
};

}  // namespace

CookieJar::CookieJar(Entropy& entropy, Duration key_life, Time now) noexcept
    : entropy_(entropy), key_life_(key_life), key_made_(now) {
  for (Key& key : keys_) entropy_.fill(key);
}

void CookieJar::Free::operator()(evp_mac_ctx_st* context) const noexcept {
  ::EVP_MAC_CTX_free(context);
}

// Cookies that anybody can sign (a libcrypto without HMAC, or without memory) would be worse than no program.
CookieJar::Signer CookieJar::signer(const Key& key) noexcept {
  EVP_MAC* const hmac = ::EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  if (hmac == nullptr) std::abort();
  Signer made(::EVP_MAC_CTX_new(hmac));
  ::EVP_MAC_free(hmac);  // the context holds it
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {::OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                   ::OSSL_PARAM_construct_end()};
  const auto* const secret = reinterpret_cast<const unsigned char*>(key.data());
  if (made == nullptr || ::EVP_MAC_init(made.get(), secret, key.size(), parameters) != 1) std::abort();
  return made;
}

CookieJar::Mac CookieJar::sign(std::uint8_t generation, std::span<const std::byte> bytes) const noexcept {
  Signer& signed_by = signers_[generation & 1];
  if (signed_by == nullptr) signed_by = signer(keys_[generation & 1]);
  EVP_MAC_CTX* const context = signed_by.get();
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t length = 0;
  // Without a key: the one it has.
  if (::EVP_MAC_init(context, nullptr, 0, nullptr) != 1 ||
      ::EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) != 1 ||
      ::EVP_MAC_final(context, digest.data(), &length, digest.size()) != 1)
    std::abort();
  Mac mac;
  std::memcpy(mac.data(), digest.data(), mac.size());
  return mac;
}

void CookieJar::rotate(Time now) noexcept {
  if (now - key_made_ < key_life_) return;
  // RFC 9260 §5.1.3: the secret changes reasonably often; the one before still verifies cookies on their way.
  key_made_ = now;
  ++generation_;
  entropy_.fill(keys_[generation_ & 1]);
  signers_[generation_ & 1].reset();
}

std::size_t CookieJar::seal(const Cookie& cookie, std::span<std::byte, kMaxSize> out, Time now) noexcept {
  rotate(now);
  Packer packer{out.data()};
  packer.put(generation_);
  packer.put(static_cast<std::int64_t>(cookie.created.time_since_epoch().count()));
  packer.put(static_cast<std::int64_t>(cookie.lifespan.count()));
  packer.put(cookie.local_port);
  packer.put(cookie.peer_port);
  packer.put(cookie.local_tag);
  packer.put(cookie.peer_tag);
  packer.put(cookie.local_tie_tag);
  packer.put(cookie.peer_tie_tag);
  packer.put(cookie.local_initial_tsn);
  packer.put(cookie.peer_initial_tsn);
  packer.put(cookie.peer_rwnd);
  packer.put(cookie.outbound_streams);
  packer.put(cookie.inbound_streams);
  packer.put(cookie.remote_udp_port);
  packer.put(cookie.peer_adaptation);
  packer.put(static_cast<std::uint8_t>((cookie.partial_reliability ? 1 : 0) | (cookie.stream_reset ? 2 : 0)));
  packer.put(cookie.local);
  packer.put(static_cast<std::uint8_t>(cookie.peer_address_count));
  for (const IpAddress& address : cookie.peers()) packer.put(address);
  const std::size_t length = static_cast<std::size_t>(packer.at - out.data());
  const Mac mac = sign(generation_, {out.data(), length});
  std::memcpy(packer.at, mac.data(), mac.size());
  return length + mac.size();
}

std::optional<Cookie> CookieJar::open(std::span<const std::byte> sealed) const noexcept {
  if (sealed.size() < kMacSize + 1 || sealed.size() > kMaxSize) return {};
  const auto generation = static_cast<std::uint8_t>(sealed[0]);
  if (generation != generation_ && generation != static_cast<std::uint8_t>(generation_ - 1)) return {};
  const std::span<const std::byte> content = sealed.first(sealed.size() - kMacSize);
  const Mac mac = sign(generation, content);
  if (CRYPTO_memcmp(mac.data(), sealed.data() + content.size(), mac.size()) != 0) return {};

  Unpacker unpacker{content.subspan(1)};
  Cookie cookie;
  cookie.created = Time(Duration(unpacker.take<std::int64_t>()));
  cookie.lifespan = Duration(unpacker.take<std::int64_t>());
  cookie.local_port = unpacker.take<std::uint16_t>();
  cookie.peer_port = unpacker.take<std::uint16_t>();
  cookie.local_tag = unpacker.take<std::uint32_t>();
  cookie.peer_tag = unpacker.take<std::uint32_t>();
  cookie.local_tie_tag = unpacker.take<std::uint32_t>();
  cookie.peer_tie_tag = unpacker.take<std::uint32_t>();
  cookie.local_initial_tsn = unpacker.take<std::uint32_t>();
  cookie.peer_initial_tsn = unpacker.take<std::uint32_t>();
  cookie.peer_rwnd = unpacker.take<std::uint32_t>();
  cookie.outbound_streams = unpacker.take<std::uint16_t>();
  cookie.inbound_streams = unpacker.take<std::uint16_t>();
  cookie.remote_udp_port = unpacker.take<std::uint16_t>();
  cookie.peer_adaptation = unpacker.take<std::uint32_t>();
  const auto extensions = unpacker.take<std::uint8_t>();
  cookie.partial_reliability = (extensions & 1) != 0;
  cookie.stream_reset = (extensions & 2) != 0;
  cookie.local = unpacker.take_address();
  cookie.peer_address_count = unpacker.take<std::uint8_t>();
  if (cookie.peer_address_count > kMaxPaths) return {};
  for (std::size_t i = 0; i < cookie.peer_address_count; ++i) cookie.peer_addresses[i] = unpacker.take_address();
  if (unpacker.failed || cookie.peer_address_count == 0) return {};
  return cookie;
}

}  // namespace netsctp::core
