// Looking into packets on the simulated network, and forging them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "sim/network.hpp"
#include "wire/packet.hpp"
#include "wire/packet_writer.hpp"
#include "wire/types.hpp"

namespace netsctp::sim {

// The first chunk of this type; its bytes belong to the packet.
[[nodiscard]] inline std::optional<wire::Chunk> find_chunk(const Packet& packet, wire::ChunkType type) {
  const auto parsed = wire::parse_packet_unchecked(packet.bytes);
  if (!parsed) return std::nullopt;
  auto reader = parsed->reader();
  while (const auto chunk = reader.next()) {
    if (chunk->kind() == type) return chunk;
  }
  return std::nullopt;
}
[[nodiscard]] inline bool has_chunk(const Packet& packet, wire::ChunkType type) {
  return find_chunk(packet, type).has_value();
}

// How many recorded packets from this address carry such a chunk.
[[nodiscard]] inline std::size_t count_chunks(const Network& network, const IpAddress& from, wire::ChunkType type) {
  std::size_t count = 0;
  for (const auto& packet : network.record()) count += packet->from.ip == from && has_chunk(*packet, type) ? 1U : 0U;
  return count;
}

// What a forger must know to speak as one side of an association: read from its INIT or INIT ACK on the network.
struct Identity {
  Address from;
  Address to;
  wire::CommonHeader header;      // tag: the receiver's
  std::uint32_t initial_tsn = 0;  // the sender's
};
[[nodiscard]] inline std::optional<Identity> find_identity(const Network& network, const IpAddress& from,
                                                           wire::ChunkType init_or_init_ack, std::uint32_t tag) {
  for (const auto& packet : network.record()) {
    const auto chunk = find_chunk(*packet, init_or_init_ack);
    if (packet->from.ip != from || !chunk || chunk->whole.size() < wire::kInitHeaderSize) continue;
    Identity identity{packet->from, packet->to, wire::parse_packet_unchecked(packet->bytes)->header,
                      load_big<std::uint32_t>(chunk->whole.data() + 16)};
    identity.header.verification_tag = tag;
    return identity;
  }
  return std::nullopt;
}

// Sends one packet in the name of another, filled by `write`.
template <typename Write>
void forge(Network& network, const Identity& identity, Write&& write) {
  std::array<std::byte, 9000> buffer;
  wire::PacketWriter writer(buffer, identity.header);
  write(writer);
  network.send(identity.from, identity.to, writer.finish());
}

}  // namespace netsctp::sim
