// Receivers that stop reading (RFC 9260 §6.1 A, §6.2, §6.2.1): the window closes, the association lives, nothing is
// lost.
#include <gtest/gtest.h>

#include "sim/inspect.hpp"
#include "sim/simulation.hpp"

namespace netsctp::sim {
namespace {

TEST(Window, AReaderThatStopsForMinutesLosesNothing) {  // §6.1 A: probing a zero window never ends the association
  for (const std::size_t size : {100U, 1000U, 20'000U}) {
    for (const double loss : {0.0, 0.05}) {
      SCOPED_TRACE("messages of " + std::to_string(size) + " bytes, loss " + std::to_string(loss));
      Simulation simulation;
      const auto [network, host_a, host_b, a, b] = simulation.parts();
      network.default_link.loss = loss;
      b.parameters.receive_buffer = 30'000;
      b.reading.bytes_per_turn = 0;
      simulation.open();
      simulation.connect();
      a.send(a.latest()->id, std::vector<Message>(200'000 / size, {.size = size}));
      network.run_for(600s);
      EXPECT_FALSE(a.latest()->ended);
      EXPECT_FALSE(b.latest()->ended);
      // Bounded by the buffer, give or take the probe (§6.2 lets a receiver take data although the window is closed).
      EXPECT_LE(b.latest()->unread_bytes, 30'000U + 1500U);
      EXPECT_GE(b.latest()->unread_bytes, 20'000U);
      EXPECT_LT(host_a.stack().status(a.latest()->id)->peer_rwnd, 1500U);
      b.set_reading({});
      const bool all_arrived = network.run_until([&] { return simulation.has_received_all(b, a); }, 300s);
      EXPECT_TRUE(all_arrived);
      simulation.expect_received_all(b, a);
      simulation.expect_shutdown(a);
    }
  }
}

TEST(Window, OpensAgainWithoutWaitingForTheProbe) {  // §6.2: a receiver tells that its window has opened
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  b.parameters.receive_buffer = 30'000;
  b.reading.bytes_per_turn = 0;
  simulation.open();
  simulation.connect();
  a.send(a.latest()->id, std::vector<Message>(100, {.size = 1000}));
  network.run_for(300s);  // the probe's timer has backed off to its longest
  b.set_reading({});
  EXPECT_TRUE(network.run_until([&] { return simulation.has_received_all(b, a); }, 5s));
}

TEST(Window, AMessageLargerThanTheReceiveBufferArrivesInParts) {  // §6.9; RFC 6458 §6.1.7 partial delivery
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  b.parameters.receive_buffer = 20'000;
  simulation.open();
  simulation.connect();
  a.send(a.latest()->id, std::vector<Message>{{.size = 150'000}, {.size = 10}, {.stream = 1, .size = 100'000}});
  EXPECT_TRUE(network.run_until([&] { return simulation.has_received_all(b, a); }, 60s));
  simulation.expect_received_all(b, a);
  simulation.expect_shutdown(a);
}

TEST(Window, ASlowReaderSetsThePaceWithoutTimeouts) {
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  b.parameters.receive_buffer = 40'000;
  b.reading = {.bytes_per_turn = 5'000, .turn = 50ms};  // 100 kB/s
  simulation.open();
  simulation.connect();
  const Time begin = network.now();
  a.send(a.latest()->id, std::vector<Message>(500, {.size = 1000}));
  EXPECT_TRUE(network.run_until([&] { return simulation.has_received_all(b, a); }, 60s));
  simulation.expect_received_all(b, a);
  EXPECT_LT(network.now() - begin, 8s);  // 500 kB at 100 kB/s, and something for the start
  EXPECT_LE(host_a.stack().counters().t3_expirations, 1U);
}

}  // namespace
}  // namespace netsctp::sim
