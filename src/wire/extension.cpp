// FORWARD TSN (RFC 3758 §3.2).
#include "wire/extension.hpp"

#include "base/bytes.hpp"

namespace netsctp::wire {

StreamSkip ForwardTsn::skip(std::size_t index) const noexcept {
  const std::byte* const at = list.data() + index * 4;
  return {load_big<std::uint16_t>(at), load_big<std::uint16_t>(at + 2)};
}

std::optional<ForwardTsn> parse_forward_tsn(const Chunk& chunk) noexcept {
  if (chunk.whole.size() < kForwardTsnHeaderSize || chunk.whole.size() % 4 != 0) return std::nullopt;
  return ForwardTsn{load_big<std::uint32_t>(chunk.whole.data() + kChunkHeaderSize),
                    chunk.whole.subspan(kForwardTsnHeaderSize)};
}

}  // namespace netsctp::wire
