// DATA (RFC 9260 §3.3.1).
#include "wire/data.hpp"

#include <cstring>

#include "base/bytes.hpp"

namespace netsctp::wire {

std::optional<Data> parse_data(const Chunk& chunk) noexcept {
  if (chunk.whole.size() < kDataHeaderSize) return std::nullopt;
  const std::byte* const at = chunk.whole.data();
  Data data{.tsn = load_big<std::uint32_t>(at + 4),
            .stream = load_big<std::uint16_t>(at + 8),
            .ssn = load_big<std::uint16_t>(at + 10),
            .flags = chunk.flags,
            .payload = chunk.whole.subspan(kDataHeaderSize)};
  std::memcpy(&data.ppid, at + 12, sizeof data.ppid);  // RFC 9260 §3.3.1: its byte order is the upper layer's affair
  return data;
}

}  // namespace netsctp::wire
