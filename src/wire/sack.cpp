// SACK (RFC 9260 §3.3.4).
#include "wire/sack.hpp"

#include <cassert>

#include "base/bytes.hpp"

namespace netsctp::wire {

GapBlock Sack::gap_block(std::size_t index) const noexcept {
  assert(index < gap_blocks);
  const std::byte* const at = variable.data() + 4 * index;
  return {.start = load_big<std::uint16_t>(at), .end = load_big<std::uint16_t>(at + 2)};
}

std::uint32_t Sack::duplicate_tsn(std::size_t index) const noexcept {
  assert(index < duplicates);
  return load_big<std::uint32_t>(variable.data() + 4 * (gap_blocks + index));
}

std::optional<Sack> parse_sack(const Chunk& chunk) noexcept {
  if (chunk.whole.size() < kSackHeaderSize) return std::nullopt;
  const std::byte* const at = chunk.whole.data();
  Sack sack{.cumulative_tsn_ack = load_big<std::uint32_t>(at + 4),
            .a_rwnd = load_big<std::uint32_t>(at + 8),
            .gap_blocks = load_big<std::uint16_t>(at + 12),
            .duplicates = load_big<std::uint16_t>(at + 14),
            .variable = chunk.whole.subspan(kSackHeaderSize)};
  const std::size_t needed = 4 * (std::size_t{sack.gap_blocks} + sack.duplicates);
  if (needed > sack.variable.size()) return std::nullopt;
  sack.variable = sack.variable.first(needed);
  return sack;
}

}  // namespace netsctp::wire
