// Words of the protocol as types: identifiers and serial numbers. No state.
#pragma once

#include <compare>
#include <cstdint>

namespace netsctp::core {

using AssociationId = std::int32_t;  // sctp_assoc_t of the Linux ABI: real associations start at 3; 0 is none
using EndpointId = std::uint32_t;    // 0 is none
using PathId = std::uint8_t;         // index into an association's peer addresses
using StreamId = std::uint16_t;

inline constexpr AssociationId kFirstAssociationId = 3;
inline constexpr PathId kNoPath = 0xFF;

// A Transmission Sequence Number widened to 64 bits on entry, so that it can be ordered and stored in containers:
// serial numbers of the wire (RFC 9260 §1.6) have no total order. An association's first TSN is widened by
// Tsn::initial().
struct Tsn {
  std::uint64_t value = 0;

  [[nodiscard]] static constexpr Tsn initial(std::uint32_t wire) noexcept { return {(std::uint64_t{1} << 32) + wire}; }
  // The one number congruent to `wire` that is less than 2^31 away from this one.
  [[nodiscard]] constexpr Tsn widen(std::uint32_t wire) const noexcept {
    return {value + static_cast<std::uint64_t>(static_cast<std::int64_t>(
                        static_cast<std::int32_t>(wire - static_cast<std::uint32_t>(value))))};
  }
  [[nodiscard]] constexpr std::uint32_t wire() const noexcept { return static_cast<std::uint32_t>(value); }

  friend constexpr auto operator<=>(Tsn, Tsn) noexcept = default;
  friend constexpr Tsn operator+(Tsn tsn, std::uint64_t n) noexcept { return {tsn.value + n}; }
  friend constexpr Tsn operator-(Tsn tsn, std::uint64_t n) noexcept { return {tsn.value - n}; }
  friend constexpr std::int64_t operator-(Tsn a, Tsn b) noexcept {
    return static_cast<std::int64_t>(a.value - b.value);
  }
};

// The states of RFC 9260 §4. An association in CLOSED does not exist.
enum class State : std::uint8_t {
  kClosed,
  kCookieWait,
  kCookieEchoed,
  kEstablished,
  kShutdownPending,
  kShutdownSent,
  kShutdownReceived,
  kShutdownAckSent,
};

}  // namespace netsctp::core
