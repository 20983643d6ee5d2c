// Samples of the delivery rate (draft-ietf-ccwg-bbr-06 §4.1) on paths whose rate is known.
#include "core/delivery_rate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <utility>

namespace netsctp::core {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBytes = 1000;  // of each chunk
constexpr Duration kRtt = 50ms;

// Chunks one after another and their acknowledgements.
struct Flow {
  DeliveryRate rate;
  SentChunks chunks;
  std::deque<std::pair<Tsn, Time>> flight;
  Tsn next = Tsn::initial(7);
  Time now = Time{} + 1000s;

  void send() {
    rate.sent(chunks.at(next), flight.size() * kBytes, kBytes, now);
    flight.emplace_back(next, now);
    next = next + 1;
  }
  void acknowledge(bool retransmitted = false) {
    const auto [tsn, sent_at] = flight.front();
    flight.pop_front();
    rate.acknowledged(*chunks.find(tsn), tsn, sent_at, kBytes, retransmitted, now);
    chunks.forget_below(tsn + 1);
  }
  RateSample answer() {
    acknowledge();
    return rate.take_sample();
  }
  // So many chunks at this distance, each acknowledged after a round trip and what it waits for the bottleneck.
  RateSample run(int count, Duration send_every, Duration acknowledge_every) {
    const Time begin = now;
    RateSample last;
    int acknowledged = 0;
    for (int sent = 0; acknowledged < count;) {
      const Time send_at = begin + sent * send_every;
      const Time answer_at = begin + kRtt + acknowledged * acknowledge_every;
      now = sent < count ? std::min(send_at, answer_at) : answer_at;
      if (sent < count && now == send_at) {
        send();
        ++sent;
      } else {
        last = answer();
        ++acknowledged;
      }
    }
    return last;
  }
};

TEST(DeliveryRate, IsThatOfTheBottleneckIfSentFaster_4_1_1_2_1) {
  EXPECT_NEAR(Flow().run(500, 500us, 1ms).delivery_rate, 1e6, 1e4);
}

TEST(DeliveryRate, IsNoFasterThanWhatWasSent_4_1_1_2_3) {
  // A chunk a millisecond; acknowledgements of 38 ms wait for each other and arrive within 2 ms.
  Flow flow;
  const Time begin = flow.now;
  double fastest = 0;
  for (int i = 0; i < 400; ++i) {
    flow.now = begin + i * 1ms;
    flow.send();
    if (i % 40 < 38) continue;
    while (!flow.flight.empty() && flow.now - flow.flight.front().second >= kRtt) {
      fastest = std::max(fastest, flow.answer().delivery_rate);
    }
  }
  EXPECT_LE(fastest, 1.05e6);
  EXPECT_GE(fastest, 0.95e6);
}

TEST(DeliveryRate, ASackForManyChunksSpeaksOfTheNewest_4_1_2_3) {
  Flow flow;
  for (int i = 0; i < 10; ++i) flow.send();
  flow.now += kRtt;
  for (int i = 0; i < 10; ++i) flow.acknowledge();
  const RateSample sample = flow.rate.take_sample();
  EXPECT_EQ(sample.newly_acked, 10 * kBytes);
  EXPECT_EQ(sample.delivered, 10 * kBytes);
  EXPECT_EQ(sample.tx_in_flight, 10 * kBytes);
  EXPECT_EQ(sample.rtt, kRtt);
  EXPECT_NEAR(sample.delivery_rate, 10 * kBytes / 0.05, 1);
  EXPECT_FALSE(flow.rate.take_sample().has_data);
}

TEST(DeliveryRate, WhatIsAcknowledgedAgainCountsOnce_4_1_2_3) {
  Flow flow;
  flow.send();
  flow.send();
  flow.now += kRtt;
  SentChunk& first = *flow.chunks.find(flow.flight.front().first);
  for (int i = 0; i < 2; ++i)
    flow.rate.acknowledged(first, flow.flight.front().first, flow.now - kRtt, kBytes, false, flow.now);
  EXPECT_EQ(flow.rate.delivered(), kBytes);
}

TEST(DeliveryRate, AnAnswerTooSoonForARetransmissionIsNoSample_4_1_3_5) {
  Flow flow;
  flow.send();
  flow.now += kRtt;
  EXPECT_GT(flow.answer().delivery_rate, 0);
  flow.send();
  flow.now += kRtt / 10;
  flow.acknowledge(true);
  const RateSample sample = flow.rate.take_sample();
  EXPECT_EQ(sample.delivery_rate, 0);
  EXPECT_EQ(sample.rtt, Duration::max());
  EXPECT_EQ(sample.newly_acked, kBytes);
}

TEST(DeliveryRate, LossesSinceAChunkWasSentAreItsOwn_2_3) {
  Flow flow;
  flow.rate.lost(3 * kBytes);
  flow.send();
  flow.rate.lost(2 * kBytes);
  flow.now += kRtt;
  EXPECT_EQ(flow.answer().lost, 2 * kBytes);
}

TEST(DeliveryRate, AnIdleMomentMarksOneRoundTrip_4_1_1_3) {
  Flow flow;
  for (int i = 0; i < 4; ++i) flow.send();
  flow.rate.mark_app_limited(4 * kBytes);
  flow.send();
  flow.now += kRtt;
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(flow.answer().is_app_limited) << i;
  EXPECT_TRUE(flow.rate.is_app_limited());
  EXPECT_TRUE(flow.answer().is_app_limited);  // it was sent into the bubble, which is gone with it
  EXPECT_FALSE(flow.rate.is_app_limited());
}

TEST(DeliveryRate, ARestartBeginsWithTheFirstChunkSent_4_1_2_2) {
  Flow flow;
  flow.send();
  flow.now += kRtt;
  (void)flow.answer();
  flow.now += 100s;
  flow.send();
  flow.now += kRtt;
  EXPECT_NEAR(flow.answer().delivery_rate, kBytes / 0.05, 1);
}

TEST(SentChunks, AreFoundByTsnUntilForgotten) {
  SentChunks chunks;
  const Tsn first = Tsn::initial(100);
  chunks.at(first).delivered = 1;
  chunks.at(first + 3).delivered = 4;  // those between were never sent
  ASSERT_NE(chunks.find(first), nullptr);
  EXPECT_EQ(chunks.find(first)->delivered, 1U);
  EXPECT_FALSE(chunks.find(first + 1)->is_known());
  chunks.forget_below(first + 2);
  EXPECT_EQ(chunks.find(first), nullptr);
  EXPECT_EQ(chunks.find(first + 3)->delivered, 4U);
  EXPECT_EQ(chunks.find(first + 4), nullptr);
  chunks.at(Tsn::initial(5)).delivered = 9;  // numbers began anew
  EXPECT_EQ(chunks.find(first + 3), nullptr);
  EXPECT_EQ(chunks.find(Tsn::initial(5))->delivered, 9U);
}

}  // namespace
}  // namespace netsctp::core
