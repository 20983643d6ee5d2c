// CUBIC's window against the formulas of draft-ietf-tcpm-rfc8312bis-15.
#include "core/cubic.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/congestion.hpp"

namespace netsctp::core {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kPmdcs = 1000;

// Acknowledges a window each round trip for a time; the window in segments then.
struct Flow {
  Cubic cubic;
  std::size_t cwnd = 0;
  Time now = Time{} + 1000s;

  double run(Duration duration, Duration rtt) {
    for (const Time end = now + duration; now < end; now += rtt) {
      // As by a SACK for every tenth of a window.
      const std::size_t window = cwnd;
      for (int i = 0; i < 10; ++i) cwnd = cubic.grown(cwnd, window / 10, rtt, kPmdcs, now + i * rtt / 10);
    }
    return static_cast<double>(cwnd) / kPmdcs;
  }
  void lose() { cwnd = cubic.lost(cwnd, kPmdcs); }
};

TEST(Cubic, ALossLeavesSevenTenths_4_6) {
  Flow flow{.cubic = {}, .cwnd = 1'000'000};
  flow.lose();
  EXPECT_EQ(flow.cwnd, 700'000U);
}

TEST(Cubic, TheWindowIsBackAtItsMaximumAfterK_4_2) {
  Flow flow{.cubic = {}, .cwnd = 1'000'000};
  flow.lose();
  const double k = std::cbrt((1000 - 700) / 0.4);  // 9.09 s
  const auto span = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(k));
  // Concave: most of it early; half of K makes up 7/8.
  EXPECT_NEAR(flow.run(span / 2, 100ms), 700 + 300 * 7 / 8, 10);
  EXPECT_NEAR(flow.run(span / 2, 100ms), 1000, 5);
  // Convex beyond: C * t^3.
  EXPECT_NEAR(flow.run(5s, 100ms), 1000 + 0.4 * 125, 10);
}

TEST(Cubic, AShrinkingMaximumMakesRoomFaster_4_7) {
  Flow flow{.cubic = {}, .cwnd = 1'000'000};
  flow.lose();
  flow.lose();  // at 700, below the maximum of 1000: it becomes 700 * 1.7 / 2
  EXPECT_NEAR(static_cast<double>(flow.cwnd), 490'000, 1);
  const double k = std::cbrt((595 - 490) / 0.4);
  EXPECT_NEAR(flow.run(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(k)), 100ms), 595, 5);
}

TEST(Cubic, OnAShortPathItIsAsFastAsReno_4_3) {
  Flow flow{.cubic = {}, .cwnd = 20'000};
  flow.lose();
  // alpha = 3 * 0.3 / 1.7 segments each round trip, up to where it was; then one.
  EXPECT_NEAR(flow.run(100ms, 10ms), 14 + 10 * 0.529, 0.7);
  EXPECT_NEAR(flow.run(100ms, 10ms), 20 + 9, 1.5);
}

TEST(Cubic, TimeStandsStillWhileTheWindowIsNotUsed_5_8) {
  Flow used{.cubic = {}, .cwnd = 1'000'000};
  Flow paused{.cubic = {}, .cwnd = 1'000'000};
  used.lose();
  paused.lose();
  EXPECT_EQ(used.run(2s, 100ms), paused.run(2s, 100ms));
  paused.cubic.limited(paused.now);
  paused.now += 100s;
  EXPECT_NEAR(used.run(2s, 100ms), paused.run(2s, 100ms), 1);
}

TEST(Cubic, AfterATimeoutThePlateauIsWhereItIs_4_8) {
  Flow flow{.cubic = {}, .cwnd = 1'000'000};
  flow.lose();
  EXPECT_NEAR(static_cast<double>(flow.cubic.timed_out(flow.cwnd, kPmdcs)), 490'000, 1);
  flow.cwnd = 490'000;
  EXPECT_NEAR(flow.run(1s, 100ms), 490 + 5, 6);  // K is 0: flat at first
}

TEST(Cubic, IsWhatTheCongestionWindowFollowsOnceSelected) {
  Congestion congestion;
  congestion.initialize(kPmdcs, true);
  congestion.select(CongestionControl::kCubic);
  while (congestion.window() < 100'000) {
    congestion.acknowledged({.bytes = 2000, .packets = 2, .fully_used = true}, kPmdcs);
  }
  const std::size_t before = congestion.window();
  congestion.lost(kPmdcs);
  EXPECT_EQ(congestion.window(), before * 7 / 10);
  congestion.select(CongestionControl::kRfc9260);
  congestion.lost(kPmdcs);
  EXPECT_EQ(congestion.window(), before * 7 / 10 / 2);
}

}  // namespace
}  // namespace netsctp::core
