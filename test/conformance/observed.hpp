// What the tests of data transfer look at in the packets of the stack under test (RFC 9260 §6, §7).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conformance/peer.hpp"
#include "wire/data.hpp"
#include "wire/sack.hpp"

namespace netsctp::conformance {

// With an MTU of 1,500 bytes, IPv4 and UDP below: the largest packet, the PMDCS, and a payload that fills it.
inline constexpr std::size_t kPacket = 1472;
inline constexpr std::size_t kPmdcs = kPacket - wire::kCommonHeaderSize;
inline constexpr std::size_t kFull = kPmdcs - wire::kDataHeaderSize;

[[nodiscard]] inline std::string full() {
  return std::string(kFull, 'x');
}

// The DATA chunks of a packet, in order; views into it.
[[nodiscard]] inline std::vector<wire::Data> data_in(const Reply& reply) {
  std::vector<wire::Data> found;
  for (const wire::Chunk& one : reply.chunks) {
    if (one.kind() == ChunkType::kData) found.push_back(wire::parse_data(one).value());
  }
  return found;
}

// TSNs of all DATA that was sent and not looked at, in the order of sending.
[[nodiscard]] inline std::vector<std::uint32_t> tsns_sent(Peer& peer) {
  std::vector<std::uint32_t> found;
  while (const auto reply = peer.next()) {
    for (const wire::Data& one : data_in(*reply)) found.push_back(one.tsn);
  }
  return found;
}

// How many packets with DATA were sent and not looked at.
[[nodiscard]] inline std::size_t data_packets_sent(Peer& peer) {
  std::size_t count = 0;
  while (const auto reply = peer.next()) count += reply->has(ChunkType::kData) ? 1U : 0U;
  return count;
}

struct Acknowledgement {
  std::uint32_t cumulative = 0;
  std::uint32_t a_rwnd = 0;
  std::vector<std::pair<int, int>> gaps{};
  std::vector<std::uint32_t> duplicates{};
};
[[nodiscard]] inline Acknowledgement sack_in(const Reply& reply) {
  const wire::Sack sack = wire::parse_sack(reply.chunk(ChunkType::kSack)).value();
  Acknowledgement found{sack.cumulative_tsn_ack, sack.a_rwnd};
  for (std::size_t i = 0; i < sack.gap_blocks; ++i) {
    found.gaps.emplace_back(sack.gap_block(i).start, sack.gap_block(i).end);
  }
  for (std::size_t i = 0; i < sack.duplicates; ++i) found.duplicates.push_back(sack.duplicate_tsn(i));
  return found;
}

}  // namespace netsctp::conformance
