// An SCTP packet as a checked view: common header, CRC32c, then chunks one after the other (RFC 9260 §3, §6.8).
// Views point into the caller's bytes and live no longer than they do. What a chunk means is for its own file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "wire/types.hpp"

namespace netsctp::wire {

using Bytes = std::span<const std::byte>;

struct CommonHeader {  // §3.1, host order
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t verification_tag = 0;
};

// A chunk whose header and length have been checked against the packet: `whole` is exactly Chunk Length bytes.
struct Chunk {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  Bytes whole;  // header included, padding excluded

  [[nodiscard]] ChunkType kind() const noexcept { return static_cast<ChunkType>(type); }
  [[nodiscard]] Bytes value() const noexcept { return whole.subspan(kChunkHeaderSize); }
};

// Walks chunks. Stops for good at the first chunk whose Length is below 4 or runs past the packet (a partial chunk is
// dropped, §6.10); malformed() then tells. A final chunk without its padding bytes is accepted.
class ChunkReader {
 public:
  explicit ChunkReader(Bytes chunks) noexcept : rest_(chunks) {}
  [[nodiscard]] std::optional<Chunk> next() noexcept;
  [[nodiscard]] bool malformed() const noexcept { return malformed_; }

 private:
  Bytes rest_;
  bool malformed_ = false;
};

struct Packet {
  CommonHeader header;
  Bytes chunks;  // everything after the common header
  [[nodiscard]] ChunkReader reader() const noexcept { return ChunkReader(chunks); }
};

enum class PacketError : std::uint8_t { kTooShort, kBadChecksum };

// Whether such a chunk is among those that can be read.
[[nodiscard]] bool contains_chunk(const Packet& packet, ChunkType type) noexcept;

// Checks length and CRC32c. On failure nothing is returned and, if given, `error` says why.
[[nodiscard]] std::optional<Packet> parse_packet(Bytes bytes, PacketError* error = nullptr) noexcept;
// The same without the checksum: for a payload quoted by ICMP, and for tools.
[[nodiscard]] std::optional<Packet> parse_packet_unchecked(Bytes bytes) noexcept;

}  // namespace netsctp::wire
