// Common header and chunk walking (RFC 9260 §3.1, §3.2, §6.10).
#include "wire/packet.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "wire/crc32c.hpp"

namespace netsctp::wire {

std::optional<Chunk> ChunkReader::next() noexcept {
  if (rest_.empty() || malformed_) return std::nullopt;
  if (rest_.size() >= kChunkHeaderSize) {
    const std::size_t length = load_big<std::uint16_t>(rest_.data() + 2);
    if (length >= kChunkHeaderSize && length <= rest_.size()) {
      const Chunk chunk{.type = std::to_integer<std::uint8_t>(rest_[0]),
                        .flags = std::to_integer<std::uint8_t>(rest_[1]),
                        .whole = rest_.first(length)};
      // RFC 9260 §3.2: chunks begin at multiples of four; the padding is ignored. The last one may come without it.
      rest_ = rest_.subspan(std::min(padded(length), rest_.size()));
      return chunk;
    }
  }
  malformed_ = true;  // RFC 9260 §6.10: a partial chunk is dropped, and nothing can be found behind it
  return std::nullopt;
}

bool contains_chunk(const Packet& packet, ChunkType type) noexcept {
  ChunkReader reader = packet.reader();
  while (const std::optional<Chunk> chunk = reader.next()) {
    if (chunk->kind() == type) return true;
  }
  return false;
}

std::optional<Packet> parse_packet(Bytes bytes, PacketError* error) noexcept {
  if (bytes.size() < kCommonHeaderSize) {
    if (error != nullptr) *error = PacketError::kTooShort;
    return std::nullopt;
  }
  // RFC 9260 §6.8: a packet with a wrong checksum is discarded before anything else is looked at.
  if (!verify_crc32c(bytes)) {
    if (error != nullptr) *error = PacketError::kBadChecksum;
    return std::nullopt;
  }
  return parse_packet_unchecked(bytes);
}

std::optional<Packet> parse_packet_unchecked(Bytes bytes) noexcept {
  if (bytes.size() < kCommonHeaderSize) return std::nullopt;
  return Packet{.header = {.source_port = load_big<std::uint16_t>(bytes.data()),
                           .destination_port = load_big<std::uint16_t>(bytes.data() + 2),
                           .verification_tag = load_big<std::uint32_t>(bytes.data() + 4)},
                .chunks = bytes.subspan(kCommonHeaderSize)};
}

}  // namespace netsctp::wire
