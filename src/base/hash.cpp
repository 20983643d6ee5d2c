// SipHash-1-3 after Aumasson and Bernstein's description: one round per word, three to finish. A stream of 64-bit
// little-endian words; the last one carries the length in its top byte.
#include "base/hash.hpp"

#include <bit>
#include <cstring>

namespace netsctp {
namespace {

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  SipState(std::uint64_t seed0, std::uint64_t seed1) noexcept
      : v0(seed0 ^ 0x736f6d6570736575ULL),
        v1(seed1 ^ 0x646f72616e646f6dULL),
        v2(seed0 ^ 0x6c7967656e657261ULL),
        v3(seed1 ^ 0x7465646279746573ULL) {}

  void round() noexcept {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void add(std::uint64_t word) noexcept {
    v3 ^= word;
    round();
    v0 ^= word;
  }

  std::uint64_t finish() noexcept {
    v2 ^= 0xff;
    round();
    round();
    round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

std::uint64_t load_little(const std::byte* at, std::size_t count) noexcept {
  std::uint64_t word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&word, at, count);
  } else {
    for (std::size_t i = 0; i < count; ++i) word |= std::to_integer<std::uint64_t>(at[i]) << (8 * i);
  }
  return word;
}

std::uint64_t hash_address(SipState state, const IpAddress& ip, std::uint16_t port) noexcept {
  state.add(load_little(ip.bytes.data(), 8));
  state.add(load_little(ip.bytes.data() + 8, 8));
  state.add(std::uint64_t{ip.scope_id} | std::uint64_t{port} << 32 |
            std::uint64_t{static_cast<std::uint8_t>(ip.family)} << 48);
  return state.finish();
}

}  // namespace

std::uint64_t SeededHash::operator()(std::span<const std::byte> bytes) const noexcept {
  SipState state(seed0_, seed1_);
  const std::size_t whole = bytes.size() & ~std::size_t{7};
  for (std::size_t at = 0; at < whole; at += 8) state.add(load_little(bytes.data() + at, 8));
  const std::uint64_t length = std::uint64_t{bytes.size()} << 56;
  const std::size_t rest = bytes.size() - whole;
  state.add(length | (rest == 0 ? 0 : load_little(bytes.data() + whole, rest)));
  return state.finish();
}

std::uint64_t SeededHash::operator()(std::uint64_t value) const noexcept {
  SipState state(seed0_, seed1_);
  state.add(value);
  state.add(std::uint64_t{sizeof value} << 56);
  return state.finish();
}

std::uint64_t SeededHash::operator()(const IpAddress& address) const noexcept {
  return hash_address(SipState(seed0_, seed1_), address, 0);
}

std::uint64_t SeededHash::operator()(const Address& address) const noexcept {
  return hash_address(SipState(seed0_, seed1_), address.ip, address.port);
}

}  // namespace netsctp
