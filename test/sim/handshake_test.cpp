// Setting up an association on bad networks (RFC 9260 §5): every loss pattern, both sides at once, restarts, old
// cookies.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/inspect.hpp"
#include "sim/simulation.hpp"

namespace netsctp::sim {
namespace {

using What = core::AssociationChanged::What;

void patient(User& user) {
  user.parameters.max_init_retransmits = 20;
}

TEST(Handshake, EveryLossPatternOfTheFirstTenPacketsConnects) {  // §5.1, §6.3.3
  Duration longest{};
  for (const std::uint64_t mask : loss_masks(1024)) {
    SCOPED_TRACE("loss mask " + std::to_string(mask));
    Simulation simulation({.seed = mask});
    const auto [network, host_a, host_b, a, b] = simulation.parts();
    patient(a);
    patient(b);
    simulation.open();
    network.loss_mask = mask;
    const Time begin = network.now();
    a.connect(host_b, Simulation::kPort);
    a.send(a.latest()->id, Message{.size = 100});
    bool answered = false;
    const bool done = network.run_until(
        [&] {
          if (!answered && b.latest() != nullptr && b.latest()->up) {
            answered = true;
            b.send(b.latest()->id, Message{.size = 100});
          }
          return answered && simulation.has_received_all(a, b) && simulation.has_received_all(b, a);
        },
        900s);
    longest = std::max(longest, network.now() - begin);
    ASSERT_TRUE(done);
    simulation.expect_received_all(a, b);
    simulation.expect_received_all(b, a);
    simulation.expect_shutdown(mask % 2 == 0 ? a : b);
    if (::testing::Test::HasFailure()) return;
  }
  RecordProperty("longest_seconds", static_cast<int>(longest / 1s));
  EXPECT_LT(longest, 500s);
}

TEST(Handshake, BothSidesAtOnceMakeOneAssociation) {  // §5.2.1, §5.2.2, §5.2.4 B, C and D
  for (const std::uint64_t mask : loss_masks(1024)) {
    SCOPED_TRACE("loss mask " + std::to_string(mask));
    Simulation simulation({.seed = mask});
    const auto [network, host_a, host_b, a, b] = simulation.parts();
    patient(a);
    patient(b);
    simulation.open();
    network.loss_mask = mask;
    a.connect(host_b, Simulation::kPort);
    // The second one begins before, while or after the first one's INIT arrives (the delay is 10 ms).
    network.run_for(std::chrono::milliseconds(mask % 3 * 10));
    const auto other = host_b.stack().find(b.endpoint(), {host_a.addresses()[0], Simulation::kPort});
    if (other == 0) b.connect(host_a, Simulation::kPort);
    a.send(a.latest()->id, Message{.size = 100});
    const bool done = network.run_until([&] { return simulation.is_up(); }, 900s);
    ASSERT_TRUE(done);
    b.send(b.latest()->id, Message{.size = 100});
    ASSERT_TRUE(network.run_until(
        [&] { return simulation.has_received_all(a, b) && simulation.has_received_all(b, a); }, 900s));
    network.run_for(300s);  // whatever is still on its way must not make another
    EXPECT_EQ(host_a.stack().association_count(), 1U);
    EXPECT_EQ(host_b.stack().association_count(), 1U);
    EXPECT_EQ(a.latest()->restarts + b.latest()->restarts, 0U);
    simulation.expect_received_all(a, b);
    simulation.expect_received_all(b, a);
    simulation.expect_shutdown(a);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Handshake, ALostCookieAckIsAskedForAgain) {  // §5.2.4 D
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  simulation.open();
  unsigned dropped = 0;
  network.drop = [&](const Packet& packet) { return has_chunk(packet, wire::ChunkType::kCookieAck) && dropped++ < 3; };
  simulation.connect();
  EXPECT_EQ(dropped, 4U);
  EXPECT_EQ(count_chunks(network, host_a.addresses()[0], wire::ChunkType::kCookieEcho), 4U);
  EXPECT_EQ(b.latest()->restarts, 0U);
  EXPECT_EQ(host_b.stack().counters().associations_established, 1U);
}

TEST(Handshake, ARestartedPeerIsNoticedAndServed) {  // §5.2.4 A
  for (const std::uint64_t mask : {0U, 1U, 2U, 4U, 8U, 5U, 15U}) {
    SCOPED_TRACE("loss mask " + std::to_string(mask));
    Simulation simulation;
    const auto [network, host_a, host_b, a, b] = simulation.parts();
    simulation.open();
    simulation.connect();
    a.send(a.latest()->id, std::vector<Message>(20, {.size = 500}));
    b.send(b.latest()->id, std::vector<Message>(20, {.size = 500}));
    network.run_for(5s);
    simulation.expect_received_all(b, a);
    simulation.expect_received_all(a, b);

    host_a.crash();
    a.forget();
    b.send(b.latest()->id, std::vector<Message>(5, {.size = 500}));  // to nobody: given up at the restart
    network.run_for(300ms);
    host_a.restart();
    a.open(Simulation::kPort);
    network.count_from_here();
    network.loss_mask = mask;
    a.connect(host_b, Simulation::kPort);
    a.send(a.latest()->id, std::vector<Message>(30, {.size = 400}));
    ASSERT_TRUE(network.run_until([&] { return a.latest()->up && b.latest()->restarts == 1; }, 60s));
    EXPECT_TRUE(b.was_told(What::kRestarted));
    b.send(b.latest()->id, std::vector<Message>(30, {.size = 400}));
    network.run_for(60s);

    // b reads the new messages from number 0 on; a reads b's further ones, in order.
    Conversation& at_b = *b.latest();
    at_b.inbox.erase(at_b.inbox.begin(), at_b.inbox.begin() + static_cast<std::ptrdiff_t>(at_b.inbox_at_restart));
    simulation.expect_received_all(b, a);
    EXPECT_EQ(what_is_wrong(at_b.outbox, b.key(), a.latest()->inbox, false), "");
    EXPECT_GE(a.latest()->inbox.size(), 30U);
    EXPECT_EQ(a.latest()->inbox.back().number, 54U);
    EXPECT_EQ(host_b.stack().association_count(), 1U);
    EXPECT_EQ(host_b.stack().counters().restarts, 1U);
    simulation.expect_shutdown(b);
  }
}

TEST(Handshake, AStaleCookieIsFollowedByOneThatLivesLonger) {  // §5.1.5 step 4, §5.2.6 option 1: Cookie Preservative
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  network.default_link.delay = 20s;
  a.parameters.cookie_life = 30s;  // less than the round trip of 40 s
  b.parameters.cookie_life = 30s;
  patient(a);
  simulation.open();
  simulation.connect(600s);
  EXPECT_GE(host_b.stack().counters().stale_cookies, 1U);
  EXPECT_EQ(host_b.stack().counters().associations_established, 1U);
  a.send(a.latest()->id, Message{});
  EXPECT_TRUE(network.run_until([&] { return simulation.has_received_all(b, a); }, 600s));
}

TEST(Handshake, NoStateIsKeptForAnInit) {  // §5.1.3
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  simulation.open();
  network.drop = [&](const Packet& packet) { return has_chunk(packet, wire::ChunkType::kInitAck); };
  const std::size_t before = host_b.pool().outstanding_bytes();
  a.connect(host_b, Simulation::kPort);
  network.run_for(100s);
  EXPECT_GE(count_chunks(network, host_b.addresses()[0], wire::ChunkType::kInitAck), 6U);
  EXPECT_EQ(host_b.stack().association_count(), 0U);
  EXPECT_EQ(host_b.pool().outstanding_bytes(), before);
  EXPECT_EQ(host_b.stack().next_timeout(), std::nullopt);
}

}  // namespace
}  // namespace netsctp::sim
