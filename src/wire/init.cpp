// INIT and INIT ACK, the fixed part (RFC 9260 §3.3.2, §3.3.3).
#include "wire/init.hpp"

#include "base/bytes.hpp"

namespace netsctp::wire {

std::optional<Init> parse_init(const Chunk& chunk) noexcept {
  if (chunk.whole.size() < kInitHeaderSize) return std::nullopt;
  const std::byte* const at = chunk.whole.data();
  return Init{.initiate_tag = load_big<std::uint32_t>(at + 4),
              .a_rwnd = load_big<std::uint32_t>(at + 8),
              .outbound_streams = load_big<std::uint16_t>(at + 12),
              .inbound_streams = load_big<std::uint16_t>(at + 14),
              .initial_tsn = load_big<std::uint32_t>(at + 16),
              .parameters = chunk.whole.subspan(kInitHeaderSize)};
}

}  // namespace netsctp::wire
