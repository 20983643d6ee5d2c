// BBR on the simulated network (draft-ietf-ccwg-bbr-06), with RACK: rate and delay on lossy and deep paths, beside
// other flows, and what pacing must not break: wake-ups, the end, a restart, another path.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "sim/inspect.hpp"
#include "sim/simulation.hpp"

namespace netsctp::sim {
namespace {

using core::CongestionControl;

constexpr std::size_t kBuffer = 4 * 1024 * 1024;
constexpr std::size_t kSize = 1444;                                                         // fills a packet
constexpr LinkConfig kLongPath{.delay = 25ms, .bandwidth = 100'000'000, .queue = 625'000};  // one BDP of queue
constexpr double kRate = 100e6;

core::AssociationParameters with(CongestionControl control) {
  core::AssociationParameters parameters;
  parameters.congestion_control = control;
  if (control != CongestionControl::kRfc9260) parameters.loss_detection = core::LossDetection::kRack;
  return parameters;
}

template <class Change>
void change(core::Stack& stack, core::AssociationId id, Change&& what) {
  core::AssociationParameters parameters = *stack.association_parameters(id);
  what(parameters);
  stack.set_association_parameters(id, parameters);
}

// Two hosts and a path between them; the first sends.
struct Bulk : Simulation {
  explicit Bulk(CongestionControl control, const LinkConfig& link = kLongPath, std::uint64_t seed = 1)
      : Simulation(config_of(seed)) {
    network.stop_recording();
    network.default_link = link;
    network.default_link.loss = 0;
    a.parameters = with(control);
    a.send_buffer = b.parameters.receive_buffer = kBuffer;
    b.keeps_bytes = false;
    open();
    connect();
    network.link(host_a.addresses()[0], host_b.addresses()[0]).loss = link.loss;
    network.link(host_b.addresses()[0], host_a.addresses()[0]).loss = link.loss;
  }
  static SimulationConfig config_of(std::uint64_t seed) {
    SimulationConfig config;
    config.seed = seed;
    config.a.check_every = config.b.check_every = 0;
    return config;
  }
  void send(std::size_t messages) { a.send(a.latest()->id, std::vector<Message>(messages, {.size = kSize})); }
  // Of the bottleneck's rate, payload only.
  double share(Duration duration) {
    const std::uint64_t before = b.latest()->bytes_read;
    network.run_for(duration);
    return static_cast<double>(b.latest()->bytes_read - before) * 8 / std::chrono::duration<double>(duration).count() /
           kRate;
  }
  [[nodiscard]] core::PathStatus path() { return host_a.stack().status(a.latest()->id)->paths.front(); }
};

LinkConfig lossy(double loss) {
  LinkConfig link = kLongPath;
  link.loss = loss;
  return link;
}

TEST(Bbr, LossBelowTwoPercentCostsLittle) {  // §3.1
  constexpr struct {
    double loss;
    double mean;
    double worst;
  } kBounds[] = {{0, 0.87, 0.87}, {0.001, 0.82, 0.8}, {0.01, 0.78, 0.75}, {0.03, 0.25, 0.1}};
  for (const auto& [loss, mean, worst] : kBounds) {
    double sum = 0;
    constexpr std::uint64_t kSeeds = 10;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      Bulk bulk(CongestionControl::kBbr, lossy(loss), seed);
      bulk.send(50'000);
      const double share = bulk.share(5s);
      EXPECT_GE(share, worst) << loss << " loss, seed " << seed;
      EXPECT_EQ(bulk.host_a.stack().counters().t3_expirations, 0U) << loss << " loss, seed " << seed;
      sum += share;
    }
    EXPECT_GE(sum / kSeeds, mean) << loss << " loss";
  }
}

TEST(Bbr, TwentyMegabytesArriveInBoundedTime) {
  constexpr std::size_t kMessages = 14'000;
  constexpr struct {
    double loss;
    Duration limit;
  } kBounds[] = {{0, 2500ms}, {0.01, 3500ms}, {0.03, 20s}, {0.1, 120s}};
  for (const auto& [loss, limit] : kBounds) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      Bulk bulk(CongestionControl::kBbr, lossy(loss), seed);
      bulk.send(kMessages);
      EXPECT_TRUE(bulk.network.run_until([&] { return bulk.b.latest()->bytes_read == kMessages * kSize; }, limit))
          << loss << " loss, seed " << seed << ": " << bulk.b.latest()->bytes_read;
    }
  }
}

// Mean round trip in a steady state over a queue of ten bandwidth-delay products.
Duration mean_round_trip(CongestionControl control) {
  LinkConfig link = kLongPath;
  link.bandwidth = 20'000'000;
  link.queue = 1'250'000;
  Bulk bulk(control, link);
  bulk.send(40'000);
  bulk.network.run_for(6s);
  Duration sum{};
  for (int i = 0; i < 100; ++i) {
    bulk.network.run_for(80ms);
    sum += bulk.path().srtt;
  }
  return sum / 100;
}

TEST(Bbr, ADeepQueueStaysEmpty) {  // §3.2
  const Duration model = mean_round_trip(CongestionControl::kBbr) - 50ms;
  const Duration losses = mean_round_trip(CongestionControl::kCubic) - 50ms;
  EXPECT_LE(model, 10ms);
  EXPECT_GE(losses, 100ms);
}

// Two flows over one bottleneck, the second begun a second later; what they carry in a long while after that.
struct Shares {
  double first;
  double second;
};
Shares together(CongestionControl first, CongestionControl second, std::uint64_t seed) {
  LinkConfig link = kLongPath;
  link.bandwidth = 40'000'000;
  link.queue = 250'000;  // one bandwidth-delay product
  Bulk bulk(first, link, seed);
  const auto [network, host_a, host_b, a, b] = bulk.parts();
  core::EndpointConfig config;
  config.port = Simulation::kPort + 1;
  config.addresses = host_b.addresses();
  config.parameters = b.parameters;
  auto other = host_b.call([&](core::Stack& stack) { return stack.open(config); });
  host_b.call([&](core::Stack& stack) { stack.listen(*other, 10); });
  const core::AssociationId at_a = a.latest()->id;
  const core::AssociationId at_b = b.latest()->id;
  bulk.send(300'000);
  network.run_for(1s);
  a.connect(host_b, config.port);
  EXPECT_TRUE(network.run_until([&] { return bulk.is_up() && b.latest()->id != at_b; }, 10s));
  const core::AssociationId second_at_a = a.latest()->id;
  const core::AssociationId second_at_b = b.latest()->id;
  EXPECT_NE(at_a, second_at_a);
  host_a.call([&](core::Stack& stack) {
    change(stack, second_at_a, [&](core::AssociationParameters& each) {
      each.congestion_control = second;
      each.loss_detection = with(second).loss_detection;
    });
  });
  bulk.send(300'000);
  network.run_for(10s);
  const std::uint64_t first_before = b.conversation(at_b).bytes_read;
  const std::uint64_t second_before = b.conversation(second_at_b).bytes_read;
  network.run_for(30s);
  const auto rate = [](std::uint64_t bytes) { return static_cast<double>(bytes) * 8 / 30 / 40e6; };
  return {rate(b.conversation(at_b).bytes_read - first_before),
          rate(b.conversation(second_at_b).bytes_read - second_before)};
}

TEST(Bbr, TwoFlowsShareABottleneck) {  // §5.3.3
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const auto [first, second] = together(CongestionControl::kBbr, CongestionControl::kBbr, seed);
    EXPECT_GE(first + second, 0.85) << "seed " << seed;
    EXPECT_GE(std::min(first, second), 0.4 * std::max(first, second)) << first << " and " << second;
  }
}

TEST(Bbr, BesideAnotherControlNeitherStarves) {  // §5.3.3.8.1
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (const bool model_first : {true, false}) {
      const auto [first, second] = model_first ? together(CongestionControl::kBbr, CongestionControl::kRfc9260, seed)
                                               : together(CongestionControl::kRfc9260, CongestionControl::kBbr, seed);
      EXPECT_GE(first + second, 0.85) << "seed " << seed;
      EXPECT_GE(std::min(first, second), 0.2) << first << " and " << second << ", seed " << seed;
    }
  }
}

// --- pacing ----------------------------------------------------------------------------------------------------------

TEST(Bbr, NobodySpinsUntilThePaceAllows) {  // §5.6.3
  Bulk bulk(CongestionControl::kBbr);
  bulk.send(50'000);
  const std::uint64_t before = bulk.host_a.wakes();
  bulk.network.run_for(5s);
  EXPECT_LE(bulk.host_a.wakes() - before, 5'000U);  // a quantum is a millisecond
  // When all has arrived nothing but heartbeats is left to wake for.
  ASSERT_TRUE(bulk.network.run_until([&] { return bulk.b.latest()->bytes_read == 50'000 * kSize; }, 20s));
  bulk.network.run_for(1s);
  const std::uint64_t quiet = bulk.host_a.wakes();
  bulk.network.run_for(10s);
  EXPECT_LE(bulk.host_a.wakes() - quiet, 2U);
}

TEST(Bbr, NoMoreThanAQuantumGoesAtOnce) {  // §5.6.2
  LinkConfig link = kLongPath;
  link.bandwidth = 10'000'000;
  Bulk bulk(CongestionControl::kBbr, link);
  bulk.send(8'000);
  bulk.network.run_for(2s);
  Time last{};
  unsigned at_once = 0;
  unsigned most = 0;
  bulk.network.drop = [&](const Packet& packet) {
    if (!has_chunk(packet, wire::ChunkType::kData)) return false;
    at_once = packet.sent == last ? at_once + 1 : 1;
    last = packet.sent;
    most = std::max(most, at_once);
    return false;
  };
  bulk.network.run_for(3s);
  EXPECT_GE(most, 2U);
  EXPECT_LE(most, 4U);  // two packets; as many again for a late wake-up
}

TEST(Bbr, AnIdlePathRestartsAtItsRate) {  // §5.4.1
  Bulk bulk(CongestionControl::kBbr);
  bulk.send(30'000);
  ASSERT_TRUE(bulk.network.run_until([&] { return bulk.b.latest()->bytes_read == 30'000 * kSize; }, 10s));
  const std::size_t window = bulk.path().cwnd;
  bulk.network.run_for(20s);
  EXPECT_EQ(bulk.path().cwnd, window);
  bulk.send(5'000);
  const std::uint64_t before = bulk.b.latest()->bytes_read;
  EXPECT_TRUE(bulk.network.run_until([&] { return bulk.b.latest()->bytes_read == before + 5'000 * kSize; }, 750ms));
}

TEST(Bbr, WhatIsPacedIsSentBeforeTheShutdown) {  // RFC 9260 §9.2
  Bulk bulk(CongestionControl::kBbr);
  bulk.send(1'000);
  bulk.network.run_for(100ms);
  ASSERT_LT(bulk.b.latest()->bytes_read, 1'000 * kSize);
  bulk.expect_shutdown(bulk.a);
  EXPECT_EQ(bulk.b.latest()->bytes_read, 1'000 * kSize);
}

TEST(Bbr, AnAbortEndsThePacing) {  // RFC 9260 §9.1
  Bulk bulk(CongestionControl::kBbr);
  bulk.send(1'000);
  bulk.network.run_for(300ms);
  bulk.a.abort(bulk.a.latest()->id);
  bulk.network.run_for(1s);
  EXPECT_TRUE(bulk.b.latest()->ended);
  bulk.expect_nothing_left();
}

TEST(Bbr, ARestartOfThePeerBeginsANewModel) {  // RFC 9260 §5.2.4 A
  Bulk bulk(CongestionControl::kBbr);
  bulk.send(2'000);
  bulk.network.run_for(300ms);
  bulk.host_b.crash();
  bulk.b.forget();
  bulk.host_b.restart();
  bulk.b.open(Simulation::kPort);
  bulk.b.connect(bulk.host_a, Simulation::kPort);
  ASSERT_TRUE(bulk.network.run_until([&] { return bulk.b.latest()->up && bulk.a.latest()->restarts == 1; }, 60s));
  EXPECT_LE(bulk.path().cwnd, 20'000U);
  ASSERT_TRUE(bulk.network.run_until([&] { return bulk.a.latest()->all_handed_over(); }, 10s));
  bulk.expect_shutdown(bulk.a);
}

TEST(Bbr, AnotherPathCarriesOnWhatIsPaced) {  // RFC 9260 §6.4.1
  SimulationConfig config;
  config.a.addresses = {ip("10.0.0.1"), ip("10.8.0.1")};
  config.b.addresses = {ip("10.0.1.1"), ip("10.8.1.1")};
  Simulation simulation(std::move(config));
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  network.drop = [](const Packet& packet) { return packet.from.ip.bytes[1] != packet.to.ip.bytes[1]; };
  network.default_link = {.delay = 10ms, .bandwidth = 20'000'000};
  a.parameters = with(CongestionControl::kBbr);
  simulation.open();
  simulation.connect();
  network.run_for(70s);  // both paths are confirmed
  a.send(a.latest()->id, std::vector<Message>(10'000, {.size = kSize}));
  network.run_for(1s);
  ASSERT_LT(b.latest()->inbox.size(), 5'000U);
  network.cut(host_a.addresses()[0]);
  network.cut(host_b.addresses()[0]);
  ASSERT_TRUE(network.run_until([&] { return simulation.has_received_all(b, a); }, 200s));
  simulation.expect_received_all(b, a);
  network.heal(host_a.addresses()[0]);
  network.heal(host_b.addresses()[0]);
  network.run_for(60s);
  simulation.expect_shutdown(a);
}

TEST(Bbr, TheControlMayChangeAtAnyTime) {
  Bulk bulk(CongestionControl::kBbr, lossy(0.005));
  bulk.send(30'000);
  for (const auto control :
       {CongestionControl::kRfc9260, CongestionControl::kBbr, CongestionControl::kCubic, CongestionControl::kBbr}) {
    bulk.network.run_for(400ms);
    bulk.host_a.call([&](core::Stack& stack) {
      change(stack, bulk.a.latest()->id, [&](auto& each) { each.congestion_control = control; });
    });
  }
  EXPECT_TRUE(bulk.network.run_until([&] { return bulk.b.latest()->bytes_read == 30'000 * kSize; }, 30s));
}

TEST(Bbr, WithoutRackItFindsLossesByReports) {  // RFC 9260 §7.2.4
  Bulk bulk(CongestionControl::kBbr, lossy(0.01));
  bulk.host_a.call([&](core::Stack& stack) {
    change(stack, bulk.a.latest()->id, [](auto& each) { each.loss_detection = core::LossDetection::kRfc9260; });
  });
  bulk.send(50'000);
  EXPECT_GE(bulk.share(5s), 0.45);
}

TEST(Bbr, TheSameSeedGivesTheSameRun) {
  const auto packets = [] {
    Bulk bulk(CongestionControl::kBbr, lossy(0.01), 7);
    bulk.send(20'000);
    bulk.network.run_for(8s);
    return bulk.network.packets_sent();
  };
  EXPECT_EQ(packets(), packets());
}

}  // namespace
}  // namespace netsctp::sim
