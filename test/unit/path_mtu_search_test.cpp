// Which sizes are tried, and what answers, timeouts and routers mean for them (RFC 8899 §5).
#include <gtest/gtest.h>

#include <optional>

#include "core/pmtu.hpp"

namespace netsctp::core {
namespace {

using namespace std::chrono_literals;
using State = PathMtuSearch::State;

constexpr Duration kInterval = 20s;  // PROBE_TIMER
constexpr std::size_t kLink = 65'535;

// A path that carries so much, and says nothing of what it drops.
struct Walk {
  explicit Walk(std::size_t mtu) : carries(mtu) {}

  // One probe, answered or given up; its size. Nothing if none is due before the search is to be raised.
  std::optional<std::size_t> step() {
    if (!search.probe_due()) return {};
    const std::size_t size = search.probe_size();
    search.sent(++nonce, now, kInterval);
    if (size <= carries) {
      now += 50ms;
      EXPECT_TRUE(search.acknowledged(nonce, now));
    } else {
      now = search.deadline();
      search.expire(now);
    }
    ++probes;
    return size;
  }
  void to_the_end() {
    while (probes < 100 && step()) {
    }
  }

  PathMtuSearch search;
  Time now{1000s};
  std::size_t carries;
  std::uint32_t nonce = 0;
  unsigned probes = 0;
};

TEST(PathMtuSearch, Rfc8899Section5_3_2OneProbeFindsALinkThatCarriesAll) {
  Walk walk(kLink);
  walk.search.start(1500, kLink, true, walk.now);
  EXPECT_EQ(walk.step(), kLink);
  EXPECT_EQ(walk.search.state(), State::kComplete);
  EXPECT_EQ(walk.search.size(), kLink);
  EXPECT_FALSE(walk.search.probe_due());
}

TEST(PathMtuSearch, Rfc8899Section5_3_1ASizeIsGivenUpAfterThreeLostProbes) {
  Walk walk(1500);
  walk.search.start(1500, 1600, true, walk.now);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(walk.step(), 1600U);
  EXPECT_EQ(walk.step(), 1548U);
  EXPECT_EQ(walk.search.size(), 1500U);  // what is in use stays in use
}

TEST(PathMtuSearch, Rfc8899Section5_3_2EndsWithinAStepOfWhatThePathCarries) {
  for (const std::size_t mtu : {1280U, 1500U, 1501U, 2304U, 4352U, 9000U, 9001U, 17'914U, 65'000U, 65'535U}) {
    Walk walk(mtu);
    walk.search.start(1280, kLink, true, walk.now);
    walk.to_the_end();
    EXPECT_EQ(walk.search.state(), State::kComplete) << mtu;
    EXPECT_LE(walk.search.size(), mtu);
    EXPECT_GT(walk.search.size() + PathMtuSearch::kStep, mtu);
    EXPECT_LT(walk.probes, 60U) << mtu;
  }
}

TEST(PathMtuSearch, ACommonSizeIsFoundExactly) {
  for (const std::size_t mtu : {1492U, 1500U, 9000U}) {
    Walk walk(mtu);
    walk.search.start(1280, kLink, true, walk.now);
    walk.to_the_end();
    EXPECT_EQ(walk.search.size(), mtu);
  }
}

TEST(PathMtuSearch, Rfc8899Section6_2_1_3NothingIsProbedWhileItIsComplete) {
  Walk walk(9000);
  walk.search.start(1500, 9000, true, walk.now);
  walk.to_the_end();
  EXPECT_EQ(walk.search.deadline(), walk.now + PathMtuSearch::kRaise);
}

TEST(PathMtuSearch, Rfc8899Section5_1_1APathThatCarriesMoreIsFoundLater) {
  Walk walk(1500);
  walk.search.start(1500, 9000, true, walk.now);
  walk.search.too_big(1500, walk.now);  // a router has said so
  ASSERT_EQ(walk.search.state(), State::kComplete);
  walk.carries = 9000;
  walk.now = walk.search.deadline();
  walk.search.expire(walk.now);
  EXPECT_EQ(walk.step(), 9000U);
  EXPECT_EQ(walk.search.size(), 9000U);
}

TEST(PathMtuSearch, Rfc8899Section4_6_2ARoutersWordEndsTheWayUp) {
  Walk walk(4352);
  walk.search.start(1500, 9000, true, walk.now);
  walk.search.sent(1, walk.now, kInterval);
  walk.search.too_big(4352, walk.now);
  EXPECT_EQ(walk.search.size(), 1500U);  // only an answer raises it
  EXPECT_EQ(walk.step(), 4352U);
  EXPECT_EQ(walk.search.state(), State::kComplete);
  EXPECT_EQ(walk.search.size(), 4352U);
  EXPECT_FALSE(walk.search.acknowledged(1, walk.now));  // the larger probe's
}

TEST(PathMtuSearch, Rfc8899Section4_6_2OfNoUseIsAWordThatNamesMoreThanWasSentOrLessThanTheLeast) {
  Walk walk(9000);
  walk.search.start(1500, 9000, true, walk.now);
  walk.search.too_big(9000, walk.now);
  walk.search.too_big(PathMtuSearch::kMin - 1, walk.now);
  EXPECT_EQ(walk.search.size(), 1500U);
  EXPECT_EQ(walk.step(), 9000U);
  EXPECT_EQ(walk.search.size(), 9000U);
}

TEST(PathMtuSearch, Rfc8899Section4_6_2ASmallerPathIsUsedAtOnce) {
  Walk walk(9000);
  walk.search.start(1500, 9000, true, walk.now);
  walk.to_the_end();
  walk.search.too_big(1400, walk.now);
  EXPECT_EQ(walk.search.size(), 1400U);
  EXPECT_EQ(walk.search.state(), State::kComplete);
}

TEST(PathMtuSearch, Rfc8899Section4_3ABlackHoleIsLeftByTheBaseSize) {
  Walk walk(1400);
  walk.search.black_hole(9000, 9000, true);
  EXPECT_EQ(walk.search.state(), State::kBase);
  EXPECT_EQ(walk.search.size(), PathMtuSearch::kBase);
  EXPECT_EQ(walk.step(), PathMtuSearch::kBase);
  EXPECT_EQ(walk.search.state(), State::kSearching);
  walk.to_the_end();
  EXPECT_GT(walk.search.size() + PathMtuSearch::kStep, 1400U);
  EXPECT_LE(walk.search.size(), 1400U);
}

TEST(PathMtuSearch, AnInterruptionIsForgottenByOneProbe) {
  Walk walk(9000);
  walk.search.black_hole(9000, 9000, true);
  EXPECT_EQ(walk.step(), PathMtuSearch::kBase);
  EXPECT_EQ(walk.step(), 9000U);
  EXPECT_EQ(walk.search.size(), 9000U);
}

TEST(PathMtuSearch, Rfc8899Section5_4APathThatCarriesLessThanTheBaseGetsTheLeast) {
  Walk walk(600);
  walk.search.black_hole(1500, kLink, true);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(walk.step(), PathMtuSearch::kBase);
  EXPECT_EQ(walk.search.state(), State::kError);
  EXPECT_EQ(walk.search.size(), PathMtuSearch::kMin);
  walk.carries = 1500;
  EXPECT_EQ(walk.step(), PathMtuSearch::kBase);
  EXPECT_EQ(walk.step(), 1500U);
  EXPECT_EQ(walk.search.size(), 1500U);
}

TEST(PathMtuSearch, Rfc8899Section5_1_2WithIpv6NothingIsBelow1280) {
  Walk walk(1280);
  walk.search.black_hole(1500, kLink, false);
  EXPECT_EQ(walk.step(), 1280U);
  EXPECT_EQ(walk.search.size(), 1280U);
  walk.search.too_big(1279, walk.now);
  EXPECT_EQ(walk.search.size(), 1280U);
}

TEST(PathMtuSearch, OnlyTheAnswerToTheLastProbeCounts) {
  Walk walk(kLink);
  walk.search.start(1500, kLink, true, walk.now);
  EXPECT_FALSE(walk.search.acknowledged(0, walk.now));  // none is under way
  walk.search.sent(7, walk.now, kInterval);
  EXPECT_FALSE(walk.search.acknowledged(8, walk.now));
  EXPECT_EQ(walk.search.size(), 1500U);
  EXPECT_TRUE(walk.search.acknowledged(7, walk.now));
}

}  // namespace
}  // namespace netsctp::core
