// How fast packets are parsed, built and checksummed. Packets per second: items_per_second.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "run_benchmarks.hpp"
#include "wire/crc32c.hpp"
#include "wire/data.hpp"
#include "wire/packet.hpp"
#include "wire/packet_writer.hpp"
#include "wire/sack.hpp"

namespace {

using namespace netsctp::wire;

constexpr std::size_t kPacketSize = 1452;  // 1,500 less IPv6 and UDP headers
constexpr CommonHeader kHeader{.source_port = 5001, .destination_port = 5002, .verification_tag = 0x12345678};
const std::vector<std::byte> payload(kPacketSize - kCommonHeaderSize - kDataHeaderSize, std::byte{0x5a});
const std::vector<GapBlock> gaps{{2, 3}, {5, 9}, {12, 12}, {20, 31}};

std::span<std::byte> build_data(std::span<std::byte> buffer, std::uint32_t tsn) {
  PacketWriter writer(buffer, kHeader);
  writer.data(tsn, 1, 2, 46, kDataFlagBeginning | kDataFlagEnd, payload);
  return writer.finish();
}

std::span<std::byte> build_sack(std::span<std::byte> buffer, std::uint32_t tsn) {
  PacketWriter writer(buffer, kHeader);
  writer.sack(tsn, 1 << 20, gaps, {});
  return writer.finish();
}

void count(benchmark::State& state, std::size_t packet_size) {
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(packet_size));
}

void BuildData(benchmark::State& state) {
  std::vector<std::byte> buffer(kPacketSize);
  std::uint32_t tsn = 0;
  for (auto _ : state) benchmark::DoNotOptimize(build_data(buffer, ++tsn).data());
  count(state, kPacketSize);
}

void ParseData(benchmark::State& state) {
  std::vector<std::byte> buffer(kPacketSize);
  const std::span<const std::byte> bytes = build_data(buffer, 1);
  for (auto _ : state) {
    const auto packet = parse_packet(bytes);
    ChunkReader reader = packet->reader();
    while (const auto chunk = reader.next()) benchmark::DoNotOptimize(parse_data(*chunk));
  }
  count(state, bytes.size());
}

void BuildSack(benchmark::State& state) {
  std::vector<std::byte> buffer(kPacketSize);
  std::uint32_t tsn = 0;
  std::size_t size = 0;
  for (auto _ : state) {
    const auto bytes = build_sack(buffer, ++tsn);
    size = bytes.size();
    benchmark::DoNotOptimize(bytes.data());
  }
  count(state, size);
}

void ParseSack(benchmark::State& state) {
  std::vector<std::byte> buffer(kPacketSize);
  const std::span<const std::byte> bytes = build_sack(buffer, 1);
  for (auto _ : state) {
    const auto packet = parse_packet(bytes);
    ChunkReader reader = packet->reader();
    while (const auto chunk = reader.next()) {
      const auto sack = parse_sack(*chunk);
      for (std::size_t i = 0; i < sack->gap_blocks; ++i) benchmark::DoNotOptimize(sack->gap_block(i));
    }
  }
  count(state, bytes.size());
}

void Crc32c(benchmark::State& state) {
  const std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)), std::byte{0x5a});
  for (auto _ : state) benchmark::DoNotOptimize(crc32c(bytes));
  count(state, bytes.size());
}

}  // namespace

BENCHMARK(BuildData);
BENCHMARK(ParseData);
BENCHMARK(BuildSack);
BENCHMARK(ParseSack);
BENCHMARK(Crc32c)->Arg(28)->Arg(kPacketSize)->Arg(65536);

int main(int argc, char** argv) {
  return run_benchmarks(argc, argv);
}
