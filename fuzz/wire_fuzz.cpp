// Arbitrary bytes through every parser of src/wire; what was understood is built again and must read the same.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

#include "wire/control.hpp"
#include "wire/crc32c.hpp"
#include "wire/data.hpp"
#include "wire/extension.hpp"
#include "wire/init.hpp"
#include "wire/packet.hpp"
#include "wire/packet_writer.hpp"
#include "wire/parameter.hpp"
#include "wire/sack.hpp"

namespace netsctp::wire {
namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "wire_fuzz: %s\n", what);
  std::abort();
}

bool same(Bytes a, Bytes b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

std::vector<Parameter> parameters_of(Bytes bytes) {
  std::vector<Parameter> parameters;
  ParameterReader reader(bytes);
  while (const auto parameter = reader.next()) {
    require(parameter->whole.size() >= kParameterHeaderSize, "a parameter holds its header");
    (void)parse_address(*parameter);
    (void)parse_staleness(*parameter);
    // Parameters and chunks nest in causes and in the Unrecognized Parameter parameter.
    ParameterReader nested(parameter->value());
    while (nested.next()) {
    }
    parameters.push_back(*parameter);
  }
  require(!reader.next(), "a reader that has ended stays ended");
  return parameters;
}

void require_same_parameters(Bytes a, Bytes b) {
  const auto first = parameters_of(a);
  const auto second = parameters_of(b);
  require(first.size() == second.size(), "as many parameters");
  for (std::size_t i = 0; i < first.size(); ++i) {
    require(first[i].type == second[i].type && same(first[i].whole, second[i].whole), "the same parameters");
    require(parse_address(first[i]) == parse_address(second[i]), "the same address");
  }
}

bool add_parameters(PacketWriter& writer, Bytes bytes) {
  for (const Parameter& parameter : parameters_of(bytes)) {
    if (!writer.parameter(parameter.type, parameter.value())) {
      writer.cancel();
      return false;
    }
  }
  writer.close();
  return true;
}

// Writes the chunk again from what was read of it; false if that was nothing.
bool rebuild(PacketWriter& writer, const Chunk& chunk) {
  switch (chunk.kind()) {
    case ChunkType::kData: {
      const auto data = parse_data(chunk);
      return data && writer.data(data->tsn, data->stream, data->ssn, data->ppid, data->flags, data->payload);
    }
    case ChunkType::kInit:
    case ChunkType::kInitAck: {
      const auto init = parse_init(chunk);
      return init &&
             writer.open_init(chunk.kind(), init->initiate_tag, init->a_rwnd, init->outbound_streams,
                              init->inbound_streams, init->initial_tsn) &&
             add_parameters(writer, init->parameters);
    }
    case ChunkType::kSack: {
      const auto sack = parse_sack(chunk);
      if (!sack) return false;
      std::vector<GapBlock> gaps;
      std::vector<std::uint32_t> duplicates;
      for (std::size_t i = 0; i < sack->gap_blocks; ++i) gaps.push_back(sack->gap_block(i));
      for (std::size_t i = 0; i < sack->duplicates; ++i) duplicates.push_back(sack->duplicate_tsn(i));
      return writer.sack(sack->cumulative_tsn_ack, sack->a_rwnd, gaps, duplicates);
    }
    case ChunkType::kForwardTsn: {
      const auto forward = parse_forward_tsn(chunk);
      if (!forward) return false;
      std::vector<StreamSkip> skips;
      for (std::size_t i = 0; i < forward->skips(); ++i) skips.push_back(forward->skip(i));
      return writer.forward_tsn(forward->new_cumulative_tsn, skips);
    }
    case ChunkType::kShutdown: {
      const auto tsn = parse_shutdown(chunk);
      return tsn && writer.shutdown(*tsn);
    }
    case ChunkType::kHeartbeat:
    case ChunkType::kHeartbeatAck:
      (void)parse_heartbeat_info(chunk);
      return writer.open(chunk.kind(), chunk.flags) && add_parameters(writer, chunk.value());
    case ChunkType::kAbort:
    case ChunkType::kError:
      (void)tag_reflected(chunk);
      for (std::uint16_t code = 1; code <= 13; ++code) (void)find_cause(chunk, static_cast<CauseCode>(code));
      return writer.open(chunk.kind(), chunk.flags) && add_parameters(writer, chunk.value());
    default:
      return writer.chunk(chunk.kind(), chunk.flags, chunk.value());
  }
}

void require_same_chunk(const Chunk& a, const Chunk& b) {
  require(a.type == b.type, "the same chunk type");
  switch (a.kind()) {
    case ChunkType::kData: {
      const auto x = parse_data(a), y = parse_data(b);
      require(x && y && x->tsn == y->tsn && x->stream == y->stream && x->ssn == y->ssn && x->ppid == y->ppid &&
                  x->flags == y->flags && same(x->payload, y->payload),
              "the same DATA");
      break;
    }
    case ChunkType::kInit:
    case ChunkType::kInitAck: {
      const auto x = parse_init(a), y = parse_init(b);
      require(x && y && x->initiate_tag == y->initiate_tag && x->a_rwnd == y->a_rwnd &&
                  x->outbound_streams == y->outbound_streams && x->inbound_streams == y->inbound_streams &&
                  x->initial_tsn == y->initial_tsn,
              "the same INIT");
      require_same_parameters(x->parameters, y->parameters);
      break;
    }
    case ChunkType::kSack: {
      const auto x = parse_sack(a), y = parse_sack(b);
      require(x && y && x->cumulative_tsn_ack == y->cumulative_tsn_ack && x->a_rwnd == y->a_rwnd &&
                  x->gap_blocks == y->gap_blocks && x->duplicates == y->duplicates && same(x->variable, y->variable),
              "the same SACK");
      break;
    }
    case ChunkType::kForwardTsn: {
      const auto x = parse_forward_tsn(a), y = parse_forward_tsn(b);
      require(x && y && x->new_cumulative_tsn == y->new_cumulative_tsn && same(x->list, y->list),
              "the same FORWARD TSN");
      break;
    }
    case ChunkType::kShutdown:
      require(parse_shutdown(a) == parse_shutdown(b), "the same SHUTDOWN");
      break;
    case ChunkType::kHeartbeat:
    case ChunkType::kHeartbeatAck:
    case ChunkType::kAbort:
    case ChunkType::kError:
      require(a.flags == b.flags, "the same flags");
      require_same_parameters(a.value(), b.value());
      break;
    default:
      require(a.flags == b.flags && same(a.whole, b.whole), "the same chunk");
      break;
  }
}

void run(Bytes bytes) {
  PacketError error{};
  const auto checked = parse_packet(bytes, &error);
  const auto packet = parse_packet_unchecked(bytes);
  require(packet.has_value() == (bytes.size() >= kCommonHeaderSize), "every full header parses");
  require(checked.has_value() == verify_crc32c(bytes), "the checksum decides");
  if (!packet) return;

  // A packet grows when it is built again only by the padding that its last chunk lacked.
  std::vector<std::byte> buffer(bytes.size() + 3);
  PacketWriter writer(buffer, packet->header);
  std::vector<Chunk> understood;
  ChunkReader reader = packet->reader();
  while (const auto chunk = reader.next()) {
    require(chunk->whole.size() >= kChunkHeaderSize, "a chunk holds its header");
    const std::size_t before = writer.size();
    if (rebuild(writer, *chunk)) {
      understood.push_back(*chunk);
    } else {
      require(writer.size() == before, "what is refused leaves no trace");
    }
  }
  require(!reader.next(), "a reader that has ended stays ended");

  const Bytes built = writer.finish();
  const auto again = parse_packet(built);
  require(again.has_value(), "a built packet parses");
  require(again->header.source_port == packet->header.source_port &&
              again->header.destination_port == packet->header.destination_port &&
              again->header.verification_tag == packet->header.verification_tag,
          "the same common header");
  ChunkReader second = again->reader();
  for (const Chunk& chunk : understood) {
    const auto copy = second.next();
    require(copy.has_value(), "as many chunks");
    require_same_chunk(chunk, *copy);
  }
  require(!second.next() && !second.malformed(), "nothing more");
}

}  // namespace
}  // namespace netsctp::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  netsctp::wire::run(std::as_bytes(std::span(data, size)));
  return 0;
}
