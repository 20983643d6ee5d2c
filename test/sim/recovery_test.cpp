// How fast a long path of high rate is filled, and how losses on it are recovered (RFC 9260 §7.2), as a share of the
// bottleneck's rate: 100 Mbit/s, 25 ms each way, a queue of one bandwidth-delay product.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "sim/inspect.hpp"
#include "sim/simulation.hpp"

namespace netsctp::sim {
namespace {

constexpr double kRate = 100e6;
constexpr std::size_t kBuffer = 2 * 1024 * 1024;
constexpr LinkConfig kLongPath{.delay = 25ms, .bandwidth = 100'000'000, .queue = 625'000};

struct Transfer {
  core::AssociationParameters parameters{};  // of the sender
  LinkConfig link = kLongPath;
  double loss = 0;  // in both directions
  bool batches = false;
  std::uint64_t seed = 1;
};

struct Outcome {
  double share = 0;  // of the bottleneck's rate, payload only
  core::Counters sender;
  core::Counters receiver;
};

// Five seconds of messages that fill a packet each.
Outcome run(const Transfer& transfer) {
  SimulationConfig config;
  config.seed = transfer.seed;
  config.a.receives_batches = config.b.receives_batches = transfer.batches;
  config.a.check_every = config.b.check_every = 0;
  Simulation simulation(std::move(config));
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  network.stop_recording();
  network.default_link = transfer.link;
  a.parameters = transfer.parameters;
  a.send_buffer = kBuffer;
  b.parameters.receive_buffer = kBuffer;
  b.keeps_bytes = false;
  simulation.open();
  simulation.connect();
  network.link(host_a.addresses()[0], host_b.addresses()[0]).loss = transfer.loss;
  network.link(host_b.addresses()[0], host_a.addresses()[0]).loss = transfer.loss;
  a.send(a.latest()->id, std::vector<Message>(50'000, {.size = 1444}));
  network.run_for(5s);
  return {static_cast<double>(b.latest()->bytes_read) * 8 / 5 / kRate, host_a.stack().counters(),
          host_b.stack().counters()};
}

TEST(Recovery, SlowStartEndsBeforeTheQueueOverflows) {  // §7.2.1; RFC 9406
  const Outcome outcome = run({});
  EXPECT_GE(outcome.share, 0.85);
  EXPECT_LT(outcome.sender.retransmitted_chunks, 60U);  // a window that doubles to the end would lose hundreds
}

TEST(Recovery, ASmallQueueThatOverflowsCostsNoTimeout) {  // §7.2.4
  LinkConfig link = kLongPath;
  link.queue = 300'000;
  const Outcome outcome = run({.link = link});
  EXPECT_GE(outcome.share, 0.8);
  EXPECT_EQ(outcome.sender.t3_expirations, 0U);
}

// Time until 2 MB have arrived over 25 ms each way and any rate: packets of one round trip arrive together.
Duration start_up(bool batches) {
  SimulationConfig config;
  config.a.receives_batches = config.b.receives_batches = batches;
  Simulation simulation(std::move(config));
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  network.default_link = {.delay = 25ms};
  a.send_buffer = 2 * kBuffer;
  b.parameters.receive_buffer = 2 * kBuffer;
  b.keeps_bytes = false;
  simulation.open();
  simulation.connect();
  const Time begin = network.now();
  a.send(a.latest()->id, std::vector<Message>(1400, {.size = 1444}));
  EXPECT_TRUE(network.run_until([&] { return b.latest()->bytes_read == 1400 * 1444; }, 60s));
  return network.now() - begin;
}

TEST(Recovery, TheWindowDoublesFromTheStart) {  // §7.2.1; RFC 3465 §2.2
  EXPECT_LT(start_up(false), 500ms);            // 1,400 packets; 625 ms with L = 1
}

TEST(Recovery, APeerThatAcknowledgesBatchesDoesNotSlowTheStart) {  // §7.2.1
  const Duration one_by_one = start_up(false);
  const Duration in_batches = start_up(true);
  EXPECT_LT(one_by_one, 1s);
  EXPECT_LE(in_batches, one_by_one + 200ms);  // the first, small batches count as one packet
}

// --- RACK-TLP and CUBIC, chosen --------------------------------------------------------------------------------------

core::AssociationParameters with(core::LossDetection detection,
                                 core::CongestionControl control = core::CongestionControl::kRfc9260) {
  core::AssociationParameters parameters;
  parameters.loss_detection = detection;
  parameters.congestion_control = control;
  return parameters;
}
constexpr auto kByReports = core::LossDetection::kRfc9260;
constexpr auto kByTime = core::LossDetection::kRack;

TEST(Recovery, ReorderingWithinTheWindowIsNoLossByTime) {  // RFC 8985 §6.2 step 4
  LinkConfig link = kLongPath;
  link.bandwidth = 20'000'000;
  link.reordering = 0.05;
  link.reorder_delay = 8ms;
  const Outcome by_reports = run({.parameters = with(kByReports), .link = link});
  const Outcome by_time = run({.parameters = with(kByTime), .link = link});
  EXPECT_GE(by_reports.receiver.duplicate_tsns, 10U);
  EXPECT_LE(by_time.receiver.duplicate_tsns, 3U);  // until reordering was seen
  EXPECT_GT(by_time.share, 2 * by_reports.share);
}

TEST(Recovery, ByTimeNoLostRetransmissionWaitsForATimeout) {  // RFC 8985 §6.2 step 5
  std::uint64_t timeouts = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Outcome by_time = run({.parameters = with(kByTime), .loss = 0.03, .seed = seed});
    EXPECT_EQ(by_time.sender.t3_expirations, 0U) << "seed " << seed;
    EXPECT_LE(by_time.receiver.duplicate_tsns, 5U) << "seed " << seed;
    timeouts += run({.parameters = with(kByReports), .loss = 0.03, .seed = seed}).sender.t3_expirations;
  }
  EXPECT_GT(timeouts, 0U);
}

// How long after a burst of which the last `lost` packets are lost all of it has arrived.
Duration tail_delay(core::LossDetection detection, std::size_t lost) {
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  network.default_link = kLongPath;
  a.parameters = with(detection);
  a.parameters.no_delay = true;
  simulation.open();
  simulation.connect();
  a.send(a.latest()->id, std::vector<Message>(20, {.size = 1400}));
  network.run_for(2s);
  std::size_t data = 0;
  network.drop = [&](const Packet& packet) {
    if (packet.from.ip != host_a.addresses()[0] || !has_chunk(packet, wire::ChunkType::kData)) return false;
    ++data;
    return data > 6 - lost && data <= 6;
  };
  const Time begin = network.now();
  a.send(a.latest()->id, std::vector<Message>(6, {.size = 1400}));
  EXPECT_TRUE(network.run_until([&] { return simulation.has_received_all(b, a); }, 60s));
  return network.now() - begin;
}

TEST(Recovery, AProbeRepairsALostTailBeforeTheTimeout) {  // RFC 8985 §7
  for (const std::size_t lost : {1U, 2U}) {
    SCOPED_TRACE(std::to_string(lost) + " packets lost");
    EXPECT_GT(tail_delay(kByReports, lost), 1s);
    EXPECT_LT(tail_delay(kByTime, lost), 800ms);
  }
}

TEST(Recovery, CubicByTimeIsFasterOnALossyPath) {
  double plain = 0;
  double both = 0;
  constexpr std::uint64_t kSeeds = 20;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    plain += run({.loss = 0.01, .seed = seed}).share / kSeeds;
    both +=
        run({.parameters = with(kByTime, core::CongestionControl::kCubic), .loss = 0.01, .seed = seed}).share / kSeeds;
  }
  EXPECT_GE(plain, 0.025);
  EXPECT_GE(both, 1.15 * plain);
}

}  // namespace
}  // namespace netsctp::sim
