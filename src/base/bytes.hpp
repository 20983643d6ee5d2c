// Big-endian loads and stores at checked places; no protocol.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace netsctp {

static_assert(std::endian::native == std::endian::little || std::endian::native == std::endian::big);

template <typename Int>
[[nodiscard]] constexpr Int to_big(Int value) noexcept {
  if constexpr (std::endian::native == std::endian::big || sizeof(Int) == 1) return value;
  if constexpr (sizeof(Int) == 2) return static_cast<Int>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  if constexpr (sizeof(Int) == 4) return static_cast<Int>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  if constexpr (sizeof(Int) == 8) return static_cast<Int>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
}

// The caller has made sure that sizeof(Int) bytes are there. No alignment is needed.
template <typename Int>
[[nodiscard]] inline Int load_big(const std::byte* at) noexcept {
  Int value;
  std::memcpy(&value, at, sizeof value);
  return to_big(value);
}

template <typename Int>
inline void store_big(std::byte* at, Int value) noexcept {
  value = to_big(value);
  std::memcpy(at, &value, sizeof value);
}

}  // namespace netsctp
