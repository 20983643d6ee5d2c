// The path MTU found by probes (RFC 8899) on networks that drop what is too large and say nothing.
#include <gtest/gtest.h>

#include "core/pmtu.hpp"
#include "sim/inspect.hpp"
#include "sim/simulation.hpp"

namespace netsctp::sim {
namespace {

struct PathMtu : testing::Test {
  static SimulationConfig config() {
    SimulationConfig config;
    for (HostConfig* host : {&config.a, &config.b}) host->stack.largest_mtu = 9000;
    return config;
  }
  PathMtu() : simulation(config()) {
    for (User* user : {&simulation.a, &simulation.b}) user->parameters.path.probe_interval = 20'000;
    simulation.a.send_buffer = 1 << 20;
    simulation.b.parameters.receive_buffer = 1 << 20;
  }
  void carries(std::size_t mtu) {
    LinkConfig link{.delay = 10ms, .bandwidth = 100'000'000, .mtu = mtu};
    simulation.network.set_links(simulation.host_a, simulation.host_b, link);
  }
  void sends(std::size_t count) {
    simulation.a.send(simulation.a.latest()->id, std::vector<Message>(count, {.size = 5000}));
  }
  [[nodiscard]] std::size_t mtu() {
    return simulation.host_a.stack().status(simulation.a.latest()->id)->paths.front().mtu;
  }
  void expect_all(Duration limit = 300s) {
    EXPECT_TRUE(
        simulation.network.run_until([&] { return simulation.has_received_all(simulation.b, simulation.a); }, limit));
    simulation.expect_received_all(simulation.b, simulation.a);
  }

  Simulation simulation;
};

TEST_F(PathMtu, AJumboPathIsUsedAfterOneProbe) {
  carries(9000);
  simulation.open();
  simulation.connect();
  sends(200);
  expect_all();
  EXPECT_EQ(mtu(), 9000U);
}

TEST_F(PathMtu, ASmallerPathThanTheLinkIsFound) {
  carries(4000);
  simulation.open();
  simulation.connect();
  sends(200);
  expect_all();
  EXPECT_EQ(mtu(), 1500U);  // the search takes its time, and the data does not wait for it
  simulation.network.run_for(1200s);
  EXPECT_LE(mtu(), 4000U);
  EXPECT_GT(mtu() + core::PathMtuSearch::kStep, 4000U);
}

TEST_F(PathMtu, ABlackHoleFromTheBeginningIsLeft) {
  carries(1400);
  simulation.open();
  simulation.connect();
  sends(50);
  expect_all();
  EXPECT_LE(mtu(), 1400U);
  EXPECT_GE(mtu(), core::PathMtuSearch::kBase);
}

// What it loses arrives by the other path, whose acknowledgements are no sign of health.
TEST(PathMtuOfTwoPaths, ABlackHoleBesideAGoodPathIsLeftToo) {
  SimulationConfig config = PathMtu::config();
  config.a.addresses.push_back(ip("10.0.2.1"));
  config.b.addresses.push_back(ip("10.0.3.1"));
  Simulation simulation(config);
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  a.parameters.path.probe_interval = b.parameters.path.probe_interval = 20'000;
  network.set_links(host_a, host_b, {.bandwidth = 100'000'000});
  network.link(host_a.addresses()[0], host_b.addresses()[0]).mtu = 1400;
  simulation.open();
  simulation.connect();
  a.send(a.latest()->id, std::vector<Message>(100, {.size = 5000}));
  EXPECT_TRUE(network.run_until([&] { return simulation.has_received_all(b, a); }, 60s));
  const core::AssociationStatus status = *host_a.stack().status(a.latest()->id);
  ASSERT_EQ(status.paths[0].address.ip, host_b.addresses()[0]);
  EXPECT_LE(status.paths[0].mtu, 1400U);
  EXPECT_EQ(status.paths[1].mtu, 1500U);
}

TEST_F(PathMtu, APathThatBecomesSmallerIsFollowedAndItsRecoveryToo) {
  carries(9000);
  simulation.open();
  simulation.connect();
  sends(200);
  expect_all();
  ASSERT_EQ(mtu(), 9000U);
  carries(1500);
  sends(200);
  expect_all();
  simulation.network.run_for(300s);
  EXPECT_EQ(mtu(), 1500U);
  carries(9000);
  sends(200);
  expect_all();
  simulation.network.run_for(1300s);  // PMTU_RAISE_TIMER, once the search is over
  EXPECT_EQ(mtu(), 9000U);
}

TEST_F(PathMtu, LessThanTheBaseSizeIsEnoughToLive) {
  carries(576);
  simulation.open();
  simulation.connect();
  sends(20);
  expect_all(600s);
  EXPECT_EQ(mtu(), core::PathMtuSearch::kMin);
  simulation.expect_shutdown(simulation.a);
}

TEST_F(PathMtu, AnOutageDoesNotMakePacketsSmallForLong) {
  carries(1500);
  simulation.open();
  simulation.connect();
  sends(100);
  simulation.network.run_for(50ms);
  simulation.network.cut(simulation.host_b.addresses()[0]);
  simulation.network.run_for(20s);
  EXPECT_EQ(mtu(), core::PathMtuSearch::kBase);
  simulation.network.heal(simulation.host_b.addresses()[0]);
  expect_all();
  simulation.network.run_for(100s);
  EXPECT_EQ(mtu(), 1500U);
}

}  // namespace
}  // namespace netsctp::sim
