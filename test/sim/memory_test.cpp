// No peer makes us hold more than our bounds: forged DATA in every shape that is to be kept, against a stack whose user
// does not read. Real memory is counted: the pool's, and the heap's where the C library tells.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdio>

#include "sim/inspect.hpp"
#include "sim/simulation.hpp"

namespace netsctp::sim {
namespace {

constexpr std::size_t kReceiveBuffer = 100'000;
// The stack's bound is eight times the receive buffer for payload, block headers and bookkeeping; besides, what the
// last packets pin.
constexpr std::size_t kMostMemory = 8 * kReceiveBuffer + 512 * 1024;

std::size_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();  // all zero under the sanitizers
  return info.uordblks + info.hblkhd;
}

// b's stack is sprayed in a's name; a itself is gone.
class Memory : public ::testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    host_b_block_ = GetParam();
    SimulationConfig config;
    config.b.receive_block = host_b_block_;
    simulation_ = std::make_unique<Simulation>(std::move(config));
    User& b = simulation_->b;
    b.parameters.receive_buffer = kReceiveBuffer;
    b.reading.bytes_per_turn = 0;
    simulation_->open();
    simulation_->connect();
    simulation_->network.run_for(1s);
    const auto status = simulation_->host_b.stack().status(b.latest()->id);
    ASSERT_TRUE(status.has_value());
    const auto identity = find_identity(simulation_->network, simulation_->host_a.addresses()[0],
                                        wire::ChunkType::kInit, status->local_tag);
    ASSERT_TRUE(identity.has_value());
    forger_ = *identity;
    simulation_->host_a.crash();
    simulation_->network.stop_recording();
  }

  // `write` fills packet number i; the memory is watched as they come in.
  template <typename Write>
  void spray(std::size_t packets, Write&& write) {
    Simulation& simulation = *simulation_;
    const std::size_t heap_before = heap_bytes();
    std::size_t most_pooled = 0;
    std::size_t most_heap = 0;
    for (std::size_t i = 0; i < packets; ++i) {
      forge(simulation.network, forger_, [&](wire::PacketWriter& writer) { write(writer, i); });
      if (i % 16 == 0) simulation.network.run_for(1ms);
      most_pooled = std::max(most_pooled, simulation.host_b.pool().outstanding_bytes());
      if (i % 64 == 0) most_heap = std::max(most_heap, heap_bytes());
    }
    simulation.network.run_for(1s);
    simulation.host_b.stack().check_consistent();
    const std::size_t grown = most_heap > heap_before ? most_heap - heap_before : 0;
    std::printf("pool: at most %zu KiB, heap grew by at most %zu KiB\n", most_pooled / 1024, grown / 1024);
    EXPECT_LE(most_pooled, kMostMemory);
    EXPECT_LE(grown, 2 * kMostMemory);  // the pool's free blocks and this test's packets included
    EXPECT_FALSE(simulation.b.latest()->ended);
  }
  [[nodiscard]] std::uint32_t tsn(std::size_t i) const { return forger_.initial_tsn + static_cast<std::uint32_t>(i); }

  static constexpr std::uint8_t kWhole = wire::kDataFlagBeginning | wire::kDataFlagEnd;
  std::unique_ptr<Simulation> simulation_;
  Identity forger_;
  std::array<std::byte, 1400> payload_{};

 private:
  std::size_t host_b_block_ = 0;
};

TEST_P(Memory, WholeMessagesForAUserWhoDoesNotRead) {
  spray(2'000, [&](wire::PacketWriter& writer, std::size_t i) {
    writer.data(tsn(i), 0, static_cast<std::uint16_t>(i), 0, kWhole, payload_);
  });
}

TEST_P(Memory, TinyMessagesWithAHoleBeforeThem) {
  spray(50'000, [&](wire::PacketWriter& writer, std::size_t i) {
    writer.data(tsn(i + 1), 0, static_cast<std::uint16_t>(i + 1), 0, kWhole, std::span(payload_).first(1));
  });
}

TEST_P(Memory, TinyMessagesWithHolesBetweenThem) {
  spray(50'000, [&](wire::PacketWriter& writer, std::size_t i) {
    writer.data(tsn(2 * i + 1), 0, static_cast<std::uint16_t>(2 * i + 1), 0, kWhole, std::span(payload_).first(1));
  });
}

TEST_P(Memory, LargeMessagesWithHolesBetweenThem) {
  spray(20'000, [&](wire::PacketWriter& writer, std::size_t i) {
    writer.data(tsn(2 * i + 1), 0, static_cast<std::uint16_t>(2 * i + 1), 0, kWhole, payload_);
  });
}

TEST_P(Memory, BeginningsWithoutEnds) {
  spray(20'000, [&](wire::PacketWriter& writer, std::size_t i) {
    writer.data(tsn(2 * i + 1), static_cast<std::uint16_t>(i % 10), static_cast<std::uint16_t>(i / 10), 0,
                wire::kDataFlagBeginning, std::span(payload_).first(1 + i % 200));
  });
}

TEST_P(Memory, LaterMessagesOfEveryStreamWhoseFirstIsMissing) {
  spray(50'000, [&](wire::PacketWriter& writer, std::size_t i) {
    writer.data(tsn(i + 1), static_cast<std::uint16_t>(i % 10), static_cast<std::uint16_t>(i / 10 + 1), 0, kWhole,
                std::span(payload_).first(1 + i % 10));
  });
}

TEST_P(Memory, HundredTinyChunksInEachPacket) {
  spray(5'000, [&](wire::PacketWriter& writer, std::size_t i) {
    for (std::size_t j = 0; j < 60; ++j) {
      const std::size_t number = i * 60 + j;
      writer.data(tsn(number), 0, static_cast<std::uint16_t>(number), 0, kWhole, std::span(payload_).first(1));
    }
  });
}

// The size of the block a packet arrives in: its own, or a GRO buffer that a single byte could pin.
INSTANTIATE_TEST_SUITE_P(ReceiveBlock, Memory, ::testing::Values(std::size_t{0}, std::size_t{65'536}));

}  // namespace
}  // namespace netsctp::sim
