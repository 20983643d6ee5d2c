// Peers that do not answer, and the times at which one gives up (RFC 9260 §4, §5.1, §8.1, §8.3, §8.4).
#include <gtest/gtest.h>

#include "sim/inspect.hpp"
#include "sim/simulation.hpp"

namespace netsctp::sim {
namespace {

using What = core::AssociationChanged::What;
using Reason = core::AssociationChanged::Reason;

double seconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1e9;
}

TEST(Unreachable, NobodyAnswersTheInit) {  // §5.1 A and Max.Init.Retransmits, §6.3.3
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  simulation.open();
  host_b.crash();
  const Time begin = network.now();
  a.connect(host_b, Simulation::kPort);
  ASSERT_TRUE(network.run_until([&] { return a.latest()->ended; }, 1000s));
  EXPECT_EQ(a.latest()->end->what, What::kCannotStart);
  EXPECT_EQ(a.latest()->end->reason, Reason::kUnreachable);
  EXPECT_EQ(count_chunks(network, host_a.addresses()[0], wire::ChunkType::kInit), 9U);  // one and eight retransmissions
  // 1 + 2 + 4 + 8 + 16 + 32 + 60 + 60 + 60
  EXPECT_NEAR(seconds(network.now() - begin), 243, 1);
  EXPECT_EQ(host_a.stack().association_count(), 0U);
  EXPECT_EQ(host_a.stack().next_timeout(), std::nullopt);
}

TEST(Unreachable, APortWithoutAListenerRefusesAtOnce) {  // §8.4 rule 3
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  a.open(Simulation::kPort);
  a.connect(host_b, Simulation::kPort);
  ASSERT_TRUE(network.run_until([&] { return a.latest()->ended; }, 1s));
  EXPECT_EQ(a.latest()->end->what, What::kCannotStart);
  EXPECT_EQ(a.latest()->end->reason, Reason::kAbortedByPeer);
  EXPECT_EQ(host_b.stack().counters().out_of_the_blue, 1U);
}

TEST(Unreachable, ASilentPeerIsLostAfterAssociationMaxRetrans) {  // §8.1, §6.3.3
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  simulation.open();
  simulation.connect();
  network.run_for(1s);
  host_b.crash();
  const Time begin = network.now();
  a.send(a.latest()->id, Message{.size = 100});
  ASSERT_TRUE(network.run_until([&] { return a.latest()->ended; }, 2000s));
  EXPECT_EQ(a.latest()->end->what, What::kLost);
  EXPECT_EQ(a.latest()->end->reason, Reason::kUnreachable);
  // Eleven expirations; heartbeats on the idle path may add to the count (§8.3), so it can be less than
  // 1 + 2 + 4 + 8 + 16 + 32 + 60 * 5 = 363 s, but not more than that by far.
  EXPECT_GT(seconds(network.now() - begin), 100);
  EXPECT_LT(seconds(network.now() - begin), 380);
  EXPECT_NE(a.find_report<core::PathChanged>(core::PathChanged::What::kUnreachable), nullptr);
  EXPECT_EQ(host_a.stack().association_count(), 0U);
  EXPECT_EQ(host_a.pool().outstanding_bytes(), 0U);
}

TEST(Unreachable, HeartbeatsFindThatAnIdlePeerIsGone) {  // §8.3
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  simulation.open();
  simulation.connect();
  network.run_for(100s);
  EXPECT_FALSE(a.latest()->ended);
  EXPECT_GE(count_chunks(network, host_b.addresses()[0], wire::ChunkType::kHeartbeatAck), 2U);
  host_b.crash();
  ASSERT_TRUE(network.run_until([&] { return a.latest()->ended; }, 2000s));
  EXPECT_EQ(a.latest()->end->what, What::kLost);
  EXPECT_EQ(a.latest()->end->reason, Reason::kUnreachable);
}

TEST(Unreachable, AnAbortEndsBothSidesAtOnce) {  // §9.1
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  simulation.open();
  simulation.connect();
  a.send(a.latest()->id, std::vector<Message>(50, {.size = 1000}));
  a.abort(a.latest()->id);
  ASSERT_TRUE(network.run_until([&] { return a.latest()->ended && b.latest()->ended; }, 1s));
  EXPECT_EQ(a.latest()->end->reason, Reason::kAbortedByUser);
  EXPECT_EQ(b.latest()->end->reason, Reason::kAbortedByPeer);
  simulation.expect_nothing_left();
}

TEST(Unreachable, AForgottenAssociationIsAbortedByTheOtherSide) {  // §8.4 rule 8: out of the blue
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  simulation.open();
  simulation.connect();
  host_b.restart();
  a.send(a.latest()->id, Message{.size = 100});
  ASSERT_TRUE(network.run_until([&] { return a.latest()->ended; }, 5s));
  EXPECT_EQ(a.latest()->end->what, What::kLost);
  EXPECT_EQ(a.latest()->end->reason, Reason::kAbortedByPeer);
}

}  // namespace
}  // namespace netsctp::sim
