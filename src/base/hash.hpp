// A keyed hash (SipHash-1-3) for tables whose keys a peer can choose: without the key, collisions cannot be made to
// order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/address.hpp"

namespace netsctp {

class SeededHash {
 public:
  // The seeds come from Entropy and stay secret.
  constexpr SeededHash(std::uint64_t seed0, std::uint64_t seed1) noexcept : seed0_(seed0), seed1_(seed1) {}

  [[nodiscard]] std::uint64_t operator()(std::span<const std::byte> bytes) const noexcept;
  [[nodiscard]] std::uint64_t operator()(std::uint64_t value) const noexcept;
  // Equal addresses hash alike; padding does not take part.
  [[nodiscard]] std::uint64_t operator()(const IpAddress& address) const noexcept;
  [[nodiscard]] std::uint64_t operator()(const Address& address) const noexcept;

 private:
  std::uint64_t seed0_;
  std::uint64_t seed1_;
};

}  // namespace netsctp
