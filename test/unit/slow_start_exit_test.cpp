// When slow start ends by itself (RFC 9406 §4.2).
#include "core/slow_start_exit.hpp"

#include <gtest/gtest.h>

namespace netsctp::core {
namespace {

using namespace std::chrono_literals;

// Rounds of `samples` measurements each; true if slow start ended in one of them.
struct Rounds {
  SlowStartExit exit;
  std::uint32_t tsn = UINT32_MAX - 50;  // wraps around
  bool round(Duration rtt, int samples = 10) {
    bool over = false;
    for (int i = 0; i < samples; ++i, ++tsn) {
      over = exit.measured(rtt, tsn, tsn + static_cast<std::uint32_t>(samples)) || over;
    }
    return over;
  }
};

TEST(SlowStartExit, AConstantRoundTripNeverEndsIt) {
  Rounds rounds;
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(rounds.round(50ms));
  EXPECT_EQ(rounds.exit.divisor(), 1U);
}

TEST(SlowStartExit, ARoundTripThatRisesByAnEighthSlowsItThenEndsIt) {
  Rounds rounds;
  EXPECT_FALSE(rounds.round(50ms));
  EXPECT_FALSE(rounds.round(50ms));
  EXPECT_FALSE(rounds.round(57ms));
  EXPECT_EQ(rounds.exit.divisor(), 4U);
  EXPECT_TRUE(rounds.round(60ms));
  EXPECT_EQ(rounds.exit.divisor(), 1U);
  EXPECT_FALSE(rounds.round(200ms));  // once only
}

TEST(SlowStartExit, ARiseThatPassesWithinTheRoundWasNoise) {
  SlowStartExit exit;
  std::uint32_t tsn = 0;
  for (; tsn < 20; ++tsn) EXPECT_FALSE(exit.measured(50ms, tsn, tsn + 20));
  for (; tsn < 30; ++tsn) EXPECT_FALSE(exit.measured(60ms, tsn, tsn + 20));
  EXPECT_EQ(exit.divisor(), 4U);
  EXPECT_FALSE(exit.measured(50ms, tsn, tsn + 20));
  EXPECT_EQ(exit.divisor(), 1U);
  for (; tsn < 100; ++tsn) EXPECT_FALSE(exit.measured(50ms, tsn, tsn + 20));
}

TEST(SlowStartExit, FewSamplesShowNothing) {
  Rounds rounds;
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(rounds.round(50ms + i * 20ms, 7));
  EXPECT_EQ(rounds.exit.divisor(), 1U);
}

TEST(SlowStartExit, AFewMillisecondsMoreOnAShortPathAreNoise) {
  Rounds rounds;
  rounds.round(100us);
  rounds.round(4ms);
  EXPECT_EQ(rounds.exit.divisor(), 1U);
  rounds.round(9ms);
  EXPECT_EQ(rounds.exit.divisor(), 4U);
}

TEST(SlowStartExit, ASingleRoundTripThatHasRisenShowsAQueue) {
  Rounds rounds;
  rounds.round(50ms);
  rounds.round(56ms);
  EXPECT_FALSE(rounds.exit.queue_seen());
  rounds.round(63ms, 1);
  EXPECT_TRUE(rounds.exit.queue_seen());
  EXPECT_EQ(rounds.exit.divisor(), 1U);
  rounds.round(56ms);
  EXPECT_TRUE(rounds.exit.queue_seen());
  rounds.exit.restart();
  EXPECT_FALSE(rounds.exit.queue_seen());
}

TEST(SlowStartExit, AfterALossItWatchesNoLonger) {
  Rounds rounds;
  rounds.round(50ms);
  rounds.exit.end();
  rounds.round(100ms);
  EXPECT_EQ(rounds.exit.divisor(), 1U);
  EXPECT_FALSE(rounds.exit.queue_seen());
}

}  // namespace
}  // namespace netsctp::core
