// SACK (RFC 9260 §3.3.4).
#pragma once

#include <cstdint>
#include <optional>

#include "wire/packet.hpp"

namespace netsctp::wire {

struct GapBlock {  // offsets from the Cumulative TSN Ack, both ends included
  std::uint16_t start = 0;
  std::uint16_t end = 0;
  friend bool operator==(const GapBlock&, const GapBlock&) = default;
};

struct Sack {
  std::uint32_t cumulative_tsn_ack = 0;
  std::uint32_t a_rwnd = 0;
  std::uint16_t gap_blocks = 0;
  std::uint16_t duplicates = 0;
  Bytes variable;  // gap blocks, then duplicate TSNs

  [[nodiscard]] GapBlock gap_block(std::size_t index) const noexcept;           // index < gap_blocks
  [[nodiscard]] std::uint32_t duplicate_tsn(std::size_t index) const noexcept;  // index < duplicates
};

// Nothing if the counts do not fit the chunk's length.
[[nodiscard]] std::optional<Sack> parse_sack(const Chunk& chunk) noexcept;

}  // namespace netsctp::wire
