// Several paths (RFC 9260 §6.4, §8.2, §8.3, §5.4): one fails, the other carries on, the first comes back.
#include <gtest/gtest.h>

#include "sim/inspect.hpp"
#include "sim/simulation.hpp"

namespace netsctp::sim {
namespace {

using What = core::PathChanged::What;

SimulationConfig two_addresses_each() {
  SimulationConfig config;
  config.a.addresses = {ip("10.0.0.1"), ip("10.8.0.1")};
  config.b.addresses = {ip("10.0.1.1"), ip("10.8.1.1")};
  return config;
}

// Only addresses of the same network reach each other, as with two separate providers.
void separate_networks(Network& network) {
  network.drop = [](const Packet& packet) { return packet.from.ip.bytes[1] != packet.to.ip.bytes[1]; };
}

class Failover : public ::testing::Test {
 protected:
  Simulation simulation{two_addresses_each()};
};

TEST_F(Failover, DataGoesOnOverTheOtherPathAndReturns) {  // §6.4.1, §8.2
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  separate_networks(network);
  network.default_link.bandwidth = 5'000'000;
  simulation.open();
  simulation.connect();
  ASSERT_TRUE(network.run_until([&] { return b.find_report<core::PathChanged>(What::kConfirmed) != nullptr; }, 100s));
  const IpAddress primary = host_b.addresses()[0];
  Random random(1);
  a.send(a.latest()->id, make_traffic({.count = 2000, .max_size = 3000, .streams = 10, .unordered = 0.2}, random));
  b.send(b.latest()->id, make_traffic({.count = 500, .max_size = 3000, .streams = 10}, random));
  network.run_for(1s);
  ASSERT_LT(b.latest()->inbox.size(), 1000U);

  const Time cut_at = network.now();
  network.cut(primary);
  network.cut(host_a.addresses()[0]);
  ASSERT_TRUE(
      network.run_until([&] { return simulation.has_received_all(b, a) && simulation.has_received_all(a, b); }, 200s));
  simulation.expect_received_all(b, a);
  simulation.expect_received_all(a, b);
  // Path.Max.Retrans is 5: 1 + 2 + 4 + 8 + 16 + 32 s until the path counts as unreachable.
  network.run_until([&] { return a.find_report<core::PathChanged>(What::kUnreachable, cut_at) != nullptr; }, 300s);
  const Report* unreachable = a.find_report<core::PathChanged>(What::kUnreachable, cut_at);
  ASSERT_NE(unreachable, nullptr);
  EXPECT_EQ(std::get<core::PathChanged>(unreachable->event.what).address, (Address{primary, Simulation::kPort}));
  EXPECT_GE(unreachable->at - cut_at, 20s);
  EXPECT_LE(unreachable->at - cut_at, 200s);
  EXPECT_FALSE(a.latest()->ended);

  const Time healed_at = network.now();
  network.heal(primary);
  network.heal(host_a.addresses()[0]);
  ASSERT_TRUE(network.run_until(
      [&] { return a.find_report<core::PathChanged>(What::kAvailable, healed_at) != nullptr; }, 200s));
  network.run_for(1s);
  const std::uint64_t before = count_chunks(network, host_a.addresses()[1], wire::ChunkType::kData);
  a.send(a.latest()->id, std::vector<Message>(50, {.size = 1000}));
  ASSERT_TRUE(network.run_until([&] { return simulation.has_received_all(b, a); }, 30s));
  EXPECT_EQ(count_chunks(network, host_a.addresses()[1], wire::ChunkType::kData), before) << "not back on the primary";
  simulation.expect_received_all(b, a);
  ASSERT_TRUE(network.run_until(
      [&] { return b.find_report<core::PathChanged>(What::kAvailable, healed_at) != nullptr; }, 300s));
  simulation.expect_shutdown(a);
}

TEST_F(Failover, TheHandshakeTriesThePeersOtherAddress) {  // §5.1, §6.3.3: an INIT is retransmitted to another address
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  separate_networks(network);
  network.cut(host_b.addresses()[0]);
  simulation.open();
  simulation.connect(30s);
  a.send(a.latest()->id, std::vector<Message>(20, {.size = 1000}));
  // The primary is the first address until it counts as unreachable: 1 + 2 + 4 + 8 + 16 + 32 s.
  EXPECT_TRUE(network.run_until([&] { return simulation.has_received_all(b, a); }, 100s));
}

TEST(FlappingPaths, LoseNothing) {
  for (const std::uint64_t seed : seeds()) {
    if (seed > 30 && !number_from_environment("NETSCTP_SEED")) break;
    SCOPED_TRACE("seed " + std::to_string(seed));
    SimulationConfig config = two_addresses_each();
    config.seed = seed;
    Simulation flapping(config);
    const auto [network, host_a, host_b, a, b] = flapping.parts();
    network.default_link.bandwidth = 2'000'000;
    network.default_link.loss = 0.01;
    a.parameters.rto_max = b.parameters.rto_max = 5s;
    flapping.open();
    flapping.connect();
    Random random(seed);
    a.send(a.latest()->id, make_traffic({.count = 500, .max_size = 3000, .streams = 10, .unordered = 0.2}, random));
    b.send(b.latest()->id, make_traffic({.count = 500, .max_size = 3000, .streams = 10}, random));
    // At most one address is away at any time, so at least one pair of addresses works.
    for (int turn = 0; turn < 60; ++turn) {
      Host& host = random.chance(0.5) ? host_a : host_b;
      const IpAddress away = host.addresses()[random.below(2)];
      network.cut(away);
      network.run_for(std::chrono::milliseconds(random.between(10, 8000)));
      network.heal(away);
      network.run_for(std::chrono::milliseconds(random.between(0, 500)));
    }
    ASSERT_TRUE(
        network.run_until([&] { return flapping.has_received_all(b, a) && flapping.has_received_all(a, b); }, 600s));
    flapping.expect_received_all(b, a);
    flapping.expect_received_all(a, b);
    flapping.expect_shutdown(random.chance(0.5) ? a : b);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace netsctp::sim
