// TsnMap: cumulative TSN, gap blocks, duplicates and their bounds (RFC 9260 §3.3.4, §6.2, §6.7).
#include "core/tsn_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

namespace netsctp::core {
namespace {

using Arrival = TsnMap::Arrival;
using wire::GapBlock;

std::vector<GapBlock> blocks(const TsnMap& map, std::size_t room = TsnMap::kMaxRuns) {
  std::vector<GapBlock> out(room);
  out.resize(map.gap_blocks(out));
  return out;
}

class TsnMapTest : public testing::Test {
 protected:
  const Tsn start = Tsn::initial(100);  // the peer's Initial TSN
  TsnMap map{start};
};

TEST_F(TsnMapTest, StartsOneBelowThePeersInitialTsn) {  // RFC 9260 §5.1
  EXPECT_EQ(map.cumulative(), start - 1);
  EXPECT_EQ(map.highest(), start - 1);
  EXPECT_FALSE(map.has_gaps());
  EXPECT_EQ(map.classify(start), Arrival::kNew);
  EXPECT_EQ(map.classify(start - 1), Arrival::kDuplicate);
}

TEST_F(TsnMapTest, CumulativeTsnIsTheLastInSequence) {  // RFC 9260 §6.2
  for (unsigned i = 0; i < 1000; ++i) EXPECT_EQ(map.add(start + i), Arrival::kNew);
  EXPECT_EQ(map.cumulative(), start + 999);
  EXPECT_EQ(map.add(start + 500), Arrival::kDuplicate);
  EXPECT_EQ(map.add(start + 999), Arrival::kDuplicate);
}

TEST_F(TsnMapTest, TsnsAboveAGapAreReportedAsOffsetsFromTheCumulativeTsn) {  // RFC 9260 §3.3.4, the example's shape
  for (const unsigned i : {0U, 1U, 3U, 4U, 6U}) map.add(start + i);
  EXPECT_EQ(map.cumulative(), start + 1);
  EXPECT_EQ(map.highest(), start + 6);
  EXPECT_EQ(blocks(map), (std::vector<GapBlock>{{2, 3}, {5, 5}}));
}

TEST_F(TsnMapTest, FillingAHoleJoinsTheRunsOnBothSides) {
  for (const unsigned i : {2U, 4U}) map.add(start + i);
  EXPECT_EQ(map.runs(), 2U);
  EXPECT_EQ(map.classify(start + 3), Arrival::kNew);
  EXPECT_EQ(map.add(start + 3), Arrival::kNew);
  EXPECT_EQ(blocks(map), (std::vector<GapBlock>{{3, 5}}));
  EXPECT_EQ(map.add(start + 1), Arrival::kNew);
  EXPECT_EQ(blocks(map), (std::vector<GapBlock>{{2, 5}}));
  EXPECT_EQ(map.add(start), Arrival::kNew);
  EXPECT_EQ(map.cumulative(), start + 4);
  EXPECT_FALSE(map.has_gaps());
}

TEST_F(TsnMapTest, EveryOrderOfArrivalEndsWithoutGaps) {
  std::array<unsigned, 7> order{};
  std::iota(order.begin(), order.end(), 0U);
  do {
    TsnMap any(start);
    std::vector<unsigned> seen;
    for (const unsigned i : order) {
      ASSERT_EQ(any.add(start + i), Arrival::kNew);
      ASSERT_EQ(any.add(start + i), Arrival::kDuplicate);
      seen.push_back(i);
      ASSERT_EQ(any.highest(), start + *std::max_element(seen.begin(), seen.end()));
    }
    ASSERT_EQ(any.cumulative(), start + 6);
    ASSERT_FALSE(any.has_gaps());
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_F(TsnMapTest, DuplicatesAreRememberedUpToABoundUntilTheyAreReported) {  // RFC 9260 §6.2
  for (unsigned i = 0; i < 2 * TsnMap::kMaxDuplicates; ++i) map.note_duplicate(start + i);
  ASSERT_EQ(map.duplicates().size(), TsnMap::kMaxDuplicates);
  EXPECT_EQ(map.duplicates().front(), 100U);
  EXPECT_EQ(map.duplicates().back(), 100U + TsnMap::kMaxDuplicates - 1);
  map.clear_duplicates();
  EXPECT_TRUE(map.duplicates().empty());
}

TEST_F(TsnMapTest, OffsetsThatDoNotFitSixteenBitsAreTooFar) {  // RFC 9260 §3.3.4
  EXPECT_EQ(map.add(map.cumulative() + 65536), Arrival::kTooFar);
  EXPECT_EQ(map.classify(map.cumulative() + 65536), Arrival::kTooFar);
  EXPECT_FALSE(map.has_gaps());
  EXPECT_EQ(map.add(map.cumulative() + 65535), Arrival::kNew);
  EXPECT_EQ(blocks(map), (std::vector<GapBlock>{{65535, 65535}}));
}

TEST_F(TsnMapTest, NoPeerCanOpenMoreRunsThanTheBound) {
  for (std::size_t i = 0; i < TsnMap::kMaxRuns; ++i) ASSERT_EQ(map.add(start + 1 + 3 * i), Arrival::kNew);
  EXPECT_EQ(map.runs(), TsnMap::kMaxRuns);
  const Tsn far = start + 3 * TsnMap::kMaxRuns + 10;
  EXPECT_EQ(map.classify(far), Arrival::kTooFar);
  EXPECT_EQ(map.add(far), Arrival::kTooFar);
  EXPECT_EQ(map.runs(), TsnMap::kMaxRuns);
  EXPECT_EQ(map.add(start + 2), Arrival::kNew);  // prolongs a run
  EXPECT_EQ(map.add(start + 6), Arrival::kNew);  // precedes one
  EXPECT_EQ(map.runs(), TsnMap::kMaxRuns);
  EXPECT_EQ(map.add(start), Arrival::kNew);  // the next in sequence is always taken
  EXPECT_EQ(map.cumulative(), start + 2);
  EXPECT_EQ(map.runs(), TsnMap::kMaxRuns - 1);
  EXPECT_EQ(map.add(far), Arrival::kNew);
}

TEST_F(TsnMapTest, NextInSequenceIsTakenWithRunsAtTheBound) {
  for (std::size_t i = 0; i < TsnMap::kMaxRuns; ++i) map.add(start + 3 + 2 * i);
  ASSERT_EQ(map.runs(), TsnMap::kMaxRuns);
  EXPECT_EQ(map.classify(start), Arrival::kNew);
  EXPECT_EQ(map.add(start), Arrival::kNew);
  EXPECT_EQ(map.cumulative(), start);
}

TEST_F(TsnMapTest, BlocksThatDoNotFitAreTheHighest) {  // RFC 9260 §6.2: as many as fit
  for (const unsigned i : {1U, 3U, 5U, 7U}) map.add(start + i);
  EXPECT_EQ(blocks(map, 2), (std::vector<GapBlock>{{2, 2}, {4, 4}}));
  EXPECT_TRUE(blocks(map, 0).empty());
}

TEST_F(TsnMapTest, ForgottenTsnsAreNotReportedUntilTheyComeAgain) {  // RFC 9260 §6.2
  for (unsigned i = 1; i <= 5; ++i) map.add(start + i);
  map.forget(start + 5);
  EXPECT_EQ(blocks(map), (std::vector<GapBlock>{{2, 5}}));
  EXPECT_EQ(map.classify(start + 5), Arrival::kNew);
  map.forget(start + 1);
  EXPECT_EQ(blocks(map), (std::vector<GapBlock>{{3, 5}}));
  map.forget(start + 3);
  EXPECT_EQ(blocks(map), (std::vector<GapBlock>{{3, 3}, {5, 5}}));
  map.forget(start + 4);
  map.forget(start + 4);
  EXPECT_EQ(blocks(map), (std::vector<GapBlock>{{3, 3}}));
  EXPECT_EQ(map.highest(), start + 2);
  map.forget(start + 2);
  EXPECT_FALSE(map.has_gaps());
  EXPECT_EQ(map.add(start + 5), Arrival::kNew);
}

TEST_F(TsnMapTest, TheCumulativeTsnIsNeverTakenBack) {  // RFC 9260 §6.2
  for (unsigned i = 0; i < 3; ++i) map.add(start + i);
  map.forget(start + 2);
  map.forget(start);
  EXPECT_EQ(map.cumulative(), start + 2);
  EXPECT_EQ(map.classify(start + 2), Arrival::kDuplicate);
}

TEST_F(TsnMapTest, AdvancingSkipsWhatIsMissingAndAbsorbsWhatItTouches) {  // RFC 3758 §3.6
  for (const unsigned i : {2U, 5U, 6U, 9U}) map.add(start + i);
  map.advance_to(start + 3);
  EXPECT_EQ(map.cumulative(), start + 3);
  EXPECT_EQ(blocks(map), (std::vector<GapBlock>{{2, 3}, {6, 6}}));
  map.advance_to(start + 4);
  EXPECT_EQ(map.cumulative(), start + 6);
  map.advance_to(start + 2);
  EXPECT_EQ(map.cumulative(), start + 6);
  map.advance_to(start + 20);
  EXPECT_EQ(map.cumulative(), start + 20);
  EXPECT_FALSE(map.has_gaps());
}

TEST(TsnMapWrapTest, TsnZeroFollowsTheHighest) {  // RFC 9260 §1.6, §3.3.1
  const Tsn start = Tsn::initial(0xFFFFFFFE);
  TsnMap map(start);
  const Tsn zero = map.cumulative().widen(0);
  EXPECT_EQ(map.add(zero), Arrival::kNew);
  EXPECT_EQ(map.add(map.cumulative().widen(2)), Arrival::kNew);
  EXPECT_EQ(blocks(map), (std::vector<GapBlock>{{3, 3}, {5, 5}}));
  EXPECT_EQ(map.add(start), Arrival::kNew);
  EXPECT_EQ(map.add(map.cumulative().widen(0xFFFFFFFF)), Arrival::kNew);
  EXPECT_EQ(map.cumulative().wire(), 0U);
  EXPECT_EQ(map.cumulative(), zero);
  map.note_duplicate(map.cumulative().widen(0xFFFFFFFF));
  EXPECT_EQ(map.duplicates().front(), 0xFFFFFFFFU);
}

TEST(TsnMapWrapTest, AnInitialTsnOfZeroStartsBelowZero) {
  TsnMap map(Tsn::initial(0));
  EXPECT_EQ(map.cumulative().wire(), 0xFFFFFFFFU);
  EXPECT_EQ(map.add(map.cumulative().widen(0)), Arrival::kNew);
  EXPECT_EQ(map.cumulative().wire(), 0U);
}

}  // namespace
}  // namespace netsctp::core
