// The graceful end on bad networks (RFC 9260 §9.2): every loss pattern, both sides at once, with data still to come.
#include <gtest/gtest.h>

#include "sim/inspect.hpp"
#include "sim/simulation.hpp"

namespace netsctp::sim {
namespace {

// With more losses than eight in a row T5-shutdown-guard (300 s) may end the wait, rightly.
constexpr std::uint64_t kMasks = 256;

TEST(Shutdown, EveryLossPatternOfItsFirstEightPacketsEndsBothSides) {  // §9.2, §8.4 rules 5 and 6
  for (const std::uint64_t mask : loss_masks(kMasks)) {
    SCOPED_TRACE("loss mask " + std::to_string(mask));
    Simulation simulation({.seed = mask});
    const auto [network, host_a, host_b, a, b] = simulation.parts();
    simulation.open();
    simulation.connect();
    network.run_for(1s);
    network.count_from_here();
    network.loss_mask = mask;
    simulation.expect_shutdown(mask % 2 == 0 ? a : b, 400s);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Shutdown, BothSidesAtOnceEndBothSides) {  // §9.2: SHUTDOWN in SHUTDOWN-SENT
  for (const std::uint64_t mask : loss_masks(kMasks)) {
    SCOPED_TRACE("loss mask " + std::to_string(mask));
    Simulation simulation({.seed = mask});
    const auto [network, host_a, host_b, a, b] = simulation.parts();
    simulation.open();
    simulation.connect();
    network.run_for(1s);
    network.count_from_here();
    network.loss_mask = mask;
    a.shutdown(a.latest()->id);
    simulation.expect_shutdown(b, 400s);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Shutdown, WaitsUntilAllDataOfBothSidesHasArrived) {  // §9.2
  for (const std::uint64_t mask : loss_masks(kMasks)) {
    SCOPED_TRACE("loss mask " + std::to_string(mask));
    Simulation simulation({.seed = mask});
    const auto [network, host_a, host_b, a, b] = simulation.parts();
    simulation.open();
    simulation.connect();
    network.run_for(1s);
    network.count_from_here();
    network.loss_mask = mask;
    a.send(a.latest()->id, std::vector<Message>(40, {.size = 700}));
    b.send(b.latest()->id, std::vector<Message>(40, {.size = 700}));
    simulation.expect_shutdown(a, 400s);
    simulation.expect_received_all(a, b);
    simulation.expect_received_all(b, a);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Shutdown, TheReceiverTellsItsUserThatThePeerIsDone) {  // §9.2
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  simulation.open();
  simulation.connect();
  b.send(b.latest()->id,
         std::vector<Message>(100, {.size = 1400}));  // so that it stays in SHUTDOWN-RECEIVED for a while
  network.run_for(1ms);
  a.shutdown(a.latest()->id);
  EXPECT_TRUE(network.run_until([&] { return b.latest()->peer_shut_down; }, 10s));
  EXPECT_TRUE(network.run_until([&] { return b.latest()->ended; }, 10s));
  simulation.expect_received_all(a, b);
}

TEST(Shutdown, ASilentPeerEndsItByTheGuardOrTheErrorCount) {  // §9.2: T5-shutdown-guard; §8.1
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  simulation.open();
  simulation.connect();
  host_b.crash();
  a.shutdown(a.latest()->id);
  ASSERT_TRUE(network.run_until([&] { return a.latest()->ended; }, 400s));
  EXPECT_EQ(a.latest()->end->what, core::AssociationChanged::What::kLost);
  EXPECT_EQ(host_a.stack().next_timeout(), std::nullopt);
}

}  // namespace
}  // namespace netsctp::sim
