// The arithmetic of RACK-TLP (RFC 8985).
#include "core/rack.hpp"

#include <gtest/gtest.h>

namespace netsctp::core {
namespace {

using namespace std::chrono_literals;

const Time kStart = Time{} + 1000s;

Tsn tsn(std::uint32_t number) {
  return Tsn::initial(number);
}

// Chunks 0, 1, ... were sent a millisecond apart; one is acknowledged 40 ms after it was sent.
void deliver(Rack& rack, std::uint32_t number, Duration rtt = 40ms) {
  const Time sent = kStart + number * 1ms;
  rack.begin(sent + rtt);
  rack.delivered(tsn(number), sent, false);
}

TEST(Rack, OnlyWhatWasSentBeforeTheLatestArrivalCanBeLost_6_2) {
  Rack rack;
  EXPECT_FALSE(rack.sent_before(tsn(0), kStart));  // nothing has arrived
  deliver(rack, 5);
  EXPECT_TRUE(rack.sent_before(tsn(4), kStart + 4ms));
  EXPECT_FALSE(rack.sent_before(tsn(6), kStart + 6ms));
  EXPECT_TRUE(rack.sent_before(tsn(4), kStart + 5ms));  // sent together: the lower one before
  EXPECT_FALSE(rack.sent_before(tsn(6), kStart + 5ms));
  EXPECT_EQ(rack.lost_at(kStart + 4ms, 10ms), kStart + 4ms + 40ms + 10ms);
}

TEST(Rack, WithoutReorderingThreeReportsEndTheWait_6_2) {
  Rack rack;
  deliver(rack, 5);
  EXPECT_EQ(rack.reordering_window(50ms, false, 1), 10ms);  // a quarter of the smallest RTT
  EXPECT_EQ(rack.reordering_window(50ms, false, 3), 0ms);
  EXPECT_EQ(rack.reordering_window(50ms, true, 1), 0ms);
}

TEST(Rack, OnceReorderingWasSeenItWaitsAlways_6_2) {
  Rack rack;
  deliver(rack, 5);
  deliver(rack, 3);
  EXPECT_TRUE(rack.reordering_seen());
  EXPECT_EQ(rack.reordering_window(50ms, true, 9), 10ms);
}

TEST(Rack, OneSackThatAcknowledgesTheHigherFirstIsNoReordering_6_2) {
  Rack rack;
  deliver(rack, 2);
  rack.begin(kStart + 45ms);
  rack.delivered(tsn(5), kStart + 5ms, false);
  rack.delivered(tsn(3), kStart + 3ms, false);
  EXPECT_FALSE(rack.reordering_seen());
}

TEST(Rack, DuplicatesWidenTheWindowOnceARound_6_2) {
  Rack rack;
  deliver(rack, 5);
  deliver(rack, 3);
  rack.adapt(true, tsn(5), tsn(20));
  EXPECT_EQ(rack.reordering_window(50ms, false, 0), 20ms);
  rack.adapt(true, tsn(8), tsn(30));  // the same round
  EXPECT_EQ(rack.reordering_window(50ms, false, 0), 20ms);
  rack.adapt(true, tsn(20), tsn(40));
  EXPECT_EQ(rack.reordering_window(50ms, false, 0), 30ms);
  EXPECT_EQ(rack.reordering_window(25ms, false, 0), 25ms);  // never more than SRTT
  for (int i = 0; i < 16; ++i) rack.recovered();
  EXPECT_EQ(rack.reordering_window(50ms, false, 0), 10ms);
}

TEST(Rack, AnAnswerTooSoonAfterARetransmissionIsOfTheOriginal_6_2) {
  Rack rack;
  deliver(rack, 5);
  rack.begin(kStart + 60ms);
  rack.delivered(tsn(2), kStart + 50ms, true);  // 10 ms: no round trip is that short
  EXPECT_FALSE(rack.sent_before(tsn(6), kStart + 6ms));
  rack.begin(kStart + 95ms);
  rack.delivered(tsn(3), kStart + 50ms, true);
  EXPECT_TRUE(rack.sent_before(tsn(6), kStart + 6ms));
}

TEST(Rack, AProbeIsDueAfterTwoRoundTrips_7_2) {
  EXPECT_EQ(Rack::probe_timeout(50ms, false, 200ms), 100ms);
  EXPECT_EQ(Rack::probe_timeout(50ms, true, 200ms), 300ms);  // a single packet may wait for the peer's SACK.Delay
  EXPECT_EQ(Rack::probe_timeout(0ms, false, 200ms), 1s);
}

}  // namespace
}  // namespace netsctp::core
