// The send window (RFC 9260 §6.2.1, §6.3, §6.7, §7.2.4): what SACKs and timeouts do to chunks that were sent.
#include "core/outstanding.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/buffer_pool.hpp"
#include "unit/sack_with_blocks.hpp"

namespace netsctp::core {
namespace {

using std::chrono::milliseconds;
using Outcome = Outstanding::SackOutcome;
using ChunkState = Outstanding::ChunkState;

constexpr std::size_t kLength = 100;
constexpr std::size_t kWireSize = 116;

class OutstandingTest : public ::testing::Test {
 protected:
  explicit OutstandingTest(std::uint32_t initial = 1000)
      : first_(Tsn::initial(initial)), window_(std::make_unique<Outstanding>(first_, messages_)) {}

  OutgoingMessage* message(std::size_t size) {
    OutgoingMessage* result = messages_.create();
    result->payload = pool_.allocate(size);
    return result;
  }
  // One more fragment of `message`, sent.
  Tsn send(OutgoingMessage* message, std::size_t length = kLength, PathId path = 0) {
    const std::size_t offset = message->taken;
    message->taken += length;
    message->transmitted = true;
    return window_->add(message, offset, length, 0, path, now_);
  }
  // `count` messages of one chunk each.
  void send_messages(int count, PathId path = 0) {
    for (int i = 0; i < count; ++i) send(message(kLength), kLength, path);
  }
  Tsn nth(std::uint64_t n) const { return first_ + (n - 1); }  // the TSN of the n-th chunk sent, from 1
  // A SACK whose cumulative point is the n-th chunk; blocks are given by chunk numbers too.
  Outcome sack(std::uint64_t cumulative, std::vector<std::pair<int, int>> blocks = {}, bool in_fast_recovery = false) {
    std::vector<wire::GapBlock> offsets;
    for (auto [start, end] : blocks) {
      offsets.push_back({static_cast<std::uint16_t>(start - static_cast<int>(cumulative)),
                         static_cast<std::uint16_t>(end - static_cast<int>(cumulative))});
    }
    const test::SackWithBlocks built(offsets);
    const Outcome outcome = window_->on_sack(first_ + cumulative - 1, built.sack(), in_fast_recovery);
    window_->check_consistent();
    return outcome;
  }
  void retransmit(std::uint64_t n, PathId path = 0) {
    window_->retransmitted(nth(n), path, now_);
    window_->check_consistent();
  }
  ChunkState state(std::uint64_t n) const { return window_->chunk(nth(n)).state; }

  BufferPool pool_;
  Slab<OutgoingMessage> messages_;
  Tsn first_;
  Time now_{milliseconds(1000)};
  std::unique_ptr<Outstanding> window_;
};

TEST_F(OutstandingTest, Section5_1CumulativeAckPointStartsBelowTheInitialTsn) {
  EXPECT_EQ(window_->cumulative_ack_point(), first_ - 1);
  EXPECT_EQ(window_->next_tsn(), first_);
  EXPECT_TRUE(window_->empty());
}

TEST_F(OutstandingTest, Section7_2FlightsizeCountsHeadersAndPaddingPerPath) {
  send(message(1), 1, 0);  // 16 + 1, padded to 20
  send(message(100), 100, 1);
  EXPECT_EQ(window_->in_flight(0), 20u);
  EXPECT_EQ(window_->in_flight(1), 116u);
  EXPECT_EQ(window_->in_flight(2), 0u);
  EXPECT_EQ(window_->in_flight(), 136u);
  EXPECT_EQ(window_->in_flight_payload(), 101u);
  EXPECT_EQ(window_->payload_bytes(), 101u);
  window_->check_consistent();
}

TEST_F(OutstandingTest, Section6_7CumulativeAckFreesChunksAndDestroysTheirMessages) {
  send_messages(3);
  const Outcome outcome = sack(2);
  EXPECT_TRUE(outcome.cumulative_advanced);
  EXPECT_TRUE(outcome.any_newly_acked);
  EXPECT_EQ(outcome.freed_payload, 2 * kLength);
  EXPECT_EQ(outcome.paths[0].newly_acked_bytes, 2 * kWireSize);
  EXPECT_EQ(window_->cumulative_ack_point(), nth(2));
  EXPECT_EQ(window_->next_tsn(), nth(4));
  EXPECT_EQ(window_->size(), 1u);
  EXPECT_EQ(window_->in_flight(), kWireSize);
  EXPECT_EQ(messages_.live(), 1u);
}

TEST_F(OutstandingTest, Section6_2_1RepeatedSackChangesNothing) {
  send_messages(3);
  sack(1);
  const Outcome outcome = sack(1);
  EXPECT_FALSE(outcome.cumulative_advanced);
  EXPECT_FALSE(outcome.any_newly_acked);
  EXPECT_EQ(outcome.freed_payload, 0u);
  EXPECT_EQ(window_->size(), 2u);
}

TEST_F(OutstandingTest, Section6_2_1CumulativeAckOutOfRangeChangesNothing) {
  send_messages(3);
  sack(2);
  EXPECT_FALSE(sack(1).any_newly_acked);
  EXPECT_FALSE(sack(4).any_newly_acked);
  EXPECT_FALSE(window_->on_cumulative_ack(nth(9)).any_newly_acked);
  EXPECT_EQ(window_->size(), 1u);
}

TEST_F(OutstandingTest, Section6_9MessageLivesUntilItsLastFragmentIsAcked) {
  OutgoingMessage* large = message(3 * kLength);
  send(large);
  send(large);
  sack(2);  // all that was taken is acknowledged, but the rest is still in the send queue
  EXPECT_EQ(messages_.live(), 1u);
  send(large);
  sack(3);
  EXPECT_EQ(messages_.live(), 0u);
}

TEST_F(OutstandingTest, Section6_2_1GapAckedChunksStayInTheSendBufferButLeaveTheFlight) {
  send_messages(3);
  const Outcome outcome = sack(0, {{2, 3}});
  EXPECT_FALSE(outcome.cumulative_advanced);
  EXPECT_TRUE(outcome.any_newly_acked);
  EXPECT_EQ(outcome.freed_payload, 0u);
  EXPECT_EQ(outcome.paths[0].newly_acked_bytes, 2 * kWireSize);
  EXPECT_EQ(window_->payload_bytes(), 3 * kLength);
  EXPECT_EQ(window_->in_flight(), kWireSize);
  EXPECT_EQ(window_->in_flight_payload(), kLength);
  EXPECT_EQ(state(3), ChunkState::kAcked);
}

TEST_F(OutstandingTest, Section6_7ChunkGapAckedBeforeIsNotNewlyAckedByTheCumulativePoint) {
  send_messages(3);
  sack(0, {{2, 3}});
  const Outcome outcome = sack(3);
  EXPECT_EQ(outcome.paths[0].newly_acked_bytes, kWireSize);
  EXPECT_EQ(outcome.freed_payload, 3 * kLength);
  EXPECT_TRUE(window_->empty());
  EXPECT_EQ(messages_.live(), 0u);
}

TEST_F(OutstandingTest, Section6_2_1BlocksThatMakeNoSenseAreIgnored) {
  send_messages(6);
  EXPECT_FALSE(sack(0, {{3, 2}}).any_newly_acked);            // ends before it starts
  EXPECT_FALSE(sack(0, {{5, 7}}).any_newly_acked);            // never sent
  EXPECT_FALSE(sack(2, {{2, 2}}).paths[0].missing_again);     // the cumulative point itself
  const Outcome outcome = sack(2, {{5, 6}, {4, 4}, {5, 6}});  // RFC 9260 §6.7: from the lowest to the highest
  EXPECT_EQ(outcome.paths[0].newly_acked_bytes, 2 * kWireSize);
  EXPECT_EQ(state(4), ChunkState::kInFlight);
}

TEST_F(OutstandingTest, Section6_7LargestOffsetIsHandled) {
  send_messages(10);
  const test::SackWithBlocks built({{2, 65535}, {65535, 65535}});
  EXPECT_FALSE(window_->on_sack(first_ - 1, built.sack(), false).any_newly_acked);
  window_->check_consistent();
}

// ---- Fast retransmit

TEST_F(OutstandingTest, Section7_2_4ThirdMissIndicationMarksForRetransmission) {
  send_messages(5);
  EXPECT_FALSE(sack(1, {{3, 3}}).marked_for_fast_retransmit);
  EXPECT_FALSE(sack(1, {{3, 4}}).marked_for_fast_retransmit);
  const Outcome outcome = sack(1, {{3, 5}});
  EXPECT_TRUE(outcome.marked_for_fast_retransmit);
  EXPECT_TRUE(outcome.paths[0].fast_retransmit);
  EXPECT_EQ(state(2), ChunkState::kToRetransmit);
  EXPECT_EQ(window_->in_flight(), 0u);
  EXPECT_TRUE(window_->has_retransmits());
  EXPECT_EQ(window_->next_retransmit(first_), nth(2));
}

TEST_F(OutstandingTest, Section7_2_4OnlyTsnsBelowTheHighestNewlyAckedCount) {
  send_messages(6);
  sack(0, {{2, 2}, {4, 4}, {6, 6}});
  sack(0, {{2, 4}, {6, 6}});  // newly acknowledged: 3. So 5 is not reported missing, 1 is.
  EXPECT_EQ(window_->chunk(nth(1)).missing_reports, 2);
  EXPECT_EQ(window_->chunk(nth(5)).missing_reports, 1);
  sack(0, {{2, 4}, {6, 6}});  // nothing newly acknowledged
  EXPECT_EQ(window_->chunk(nth(1)).missing_reports, 2);
}

TEST_F(OutstandingTest, Section7_2_4CumulativeAdvanceOutsideFastRecoveryIsNoMissIndicationAbove) {
  send_messages(5);
  sack(0, {{3, 3}, {5, 5}});
  sack(1, {{3, 3}, {5, 5}});
  EXPECT_EQ(window_->chunk(nth(2)).missing_reports, 1);
  EXPECT_EQ(window_->chunk(nth(4)).missing_reports, 1);
}

TEST_F(OutstandingTest, Section7_2_4InFastRecoveryAnAdvanceCountsForAllReportedMissing) {
  send_messages(6);
  sack(0, {{3, 3}, {5, 5}});
  sack(1, {{3, 3}, {5, 5}}, true);
  EXPECT_EQ(window_->chunk(nth(2)).missing_reports, 2);
  EXPECT_EQ(window_->chunk(nth(4)).missing_reports, 2);
  EXPECT_EQ(window_->chunk(nth(6)).missing_reports, 0);  // above the highest reported: not missing
  sack(1, {{3, 3}, {5, 5}}, true);                       // no advance: HTNA as usual
  EXPECT_EQ(window_->chunk(nth(4)).missing_reports, 2);
}

TEST_F(OutstandingTest, Section7_2_4Step5FastRetransmittedChunkIsIneligibleForAnother) {
  send_messages(9);
  for (int last = 3; last <= 5; ++last) sack(1, {{3, last}});
  retransmit(2);
  EXPECT_EQ(window_->chunk(nth(2)).missing_reports, 0);
  for (int last = 6; last <= 9; ++last) EXPECT_FALSE(sack(1, {{3, last}}).marked_for_fast_retransmit);
  EXPECT_EQ(state(2), ChunkState::kInFlight);
  EXPECT_EQ(window_->chunk(nth(2)).missing_reports, 4);
}

TEST_F(OutstandingTest, Section7_2_4MissingReportsSaturate) {
  send_messages(600);
  for (int last = 3; last <= 5; ++last) sack(1, {{3, last}});
  retransmit(2);
  for (int last = 6; last <= 600; ++last) sack(1, {{3, last}});
  EXPECT_EQ(window_->chunk(nth(2)).missing_reports, 255);
}

TEST_F(OutstandingTest, Section7_2_4FastRetransmitIsAttributedToThePathLastSentTo) {
  send_messages(1, 0);
  send_messages(4, 1);
  for (int last = 3; last <= 5; ++last) sack(0, {{3, last}});
  EXPECT_EQ(state(1), ChunkState::kToRetransmit);
  EXPECT_EQ(state(2), ChunkState::kToRetransmit);
  EXPECT_EQ(window_->in_flight(0), 0u);
  EXPECT_EQ(window_->in_flight(1), 0u);
}

// ---- Reneging

TEST_F(OutstandingTest, Section6_2_1DiiiRenegedChunkIsInFlightAgainWithOneMissIndication) {
  send_messages(4);
  sack(1, {{3, 4}});
  const Outcome outcome = sack(1, {{4, 4}});
  EXPECT_TRUE(outcome.paths[0].missing_again);  // §6.3.2 R4
  EXPECT_FALSE(outcome.any_newly_acked);
  EXPECT_EQ(state(3), ChunkState::kInFlight);
  EXPECT_EQ(window_->chunk(nth(3)).missing_reports, 1);
  EXPECT_EQ(window_->in_flight(), 2 * kWireSize);
}

TEST_F(OutstandingTest, Section6_2_1DiiiSackWithoutBlocksRenegesAll) {
  send_messages(4);
  sack(0, {{2, 2}, {4, 4}});
  const Outcome outcome = sack(1);
  EXPECT_TRUE(outcome.paths[0].missing_again);
  EXPECT_EQ(state(2), ChunkState::kInFlight);
  EXPECT_EQ(state(4), ChunkState::kInFlight);
  EXPECT_FALSE(sack(1).paths[0].missing_again);
}

TEST_F(OutstandingTest, Section6_2_1DiiiRenegingCountsOnceThoughBelowTheHighestNewlyAcked) {
  send_messages(5);
  sack(1, {{3, 4}});
  sack(1, {{4, 5}});
  EXPECT_EQ(window_->chunk(nth(3)).missing_reports, 1);
}

TEST_F(OutstandingTest, Section6_3_1C5RenegedChunkGivesNoRttSample) {
  send_messages(3);
  sack(1, {{3, 3}});
  sack(1);
  EXPECT_FALSE(sack(1, {{3, 3}}).rtt_sent_at.has_value());
}

TEST_F(OutstandingTest, Section9_2CumulativeAckAloneLeavesGapAckedChunks) {
  send_messages(4);
  sack(0, {{3, 3}});
  const Outcome outcome = window_->on_cumulative_ack(nth(1));
  window_->check_consistent();
  EXPECT_TRUE(outcome.cumulative_advanced);
  EXPECT_EQ(outcome.freed_payload, kLength);
  EXPECT_FALSE(outcome.paths[0].missing_again);
  EXPECT_EQ(state(3), ChunkState::kAcked);
  EXPECT_EQ(window_->chunk(nth(2)).missing_reports, 1);
}

// ---- T3-rtx

TEST_F(OutstandingTest, Section6_3_3E3AllInFlightChunksOfThePathAreMarked) {
  send_messages(2, 0);
  send_messages(2, 1);
  send_messages(1, 0);
  sack(0, {{2, 2}});
  EXPECT_EQ(window_->mark_all_lost(0), 2 * kLength);
  window_->check_consistent();
  EXPECT_EQ(window_->in_flight(0), 0u);
  EXPECT_EQ(window_->in_flight(1), 2 * kWireSize);
  EXPECT_EQ(window_->next_retransmit(first_), nth(1));
  EXPECT_EQ(window_->next_retransmit(nth(2)), nth(5));
  EXPECT_EQ(window_->next_retransmit(nth(6)), std::nullopt);
  EXPECT_EQ(window_->mark_all_lost(0), 0u);
}

TEST_F(OutstandingTest, Section6_1CRetransmitsAreFoundInOrderUntilNoneIsLeft) {
  send_messages(4);
  window_->mark_all_lost(0);
  std::vector<Tsn> order;
  while (const auto tsn = window_->next_retransmit(first_)) {
    order.push_back(*tsn);
    window_->retransmitted(*tsn, 1, now_);
    window_->check_consistent();
  }
  EXPECT_EQ(order, (std::vector<Tsn>{nth(1), nth(2), nth(3), nth(4)}));
  EXPECT_FALSE(window_->has_retransmits());
  EXPECT_EQ(window_->in_flight(0), 0u);
  EXPECT_EQ(window_->in_flight(1), 4 * kWireSize);
  EXPECT_EQ(window_->earliest(1), nth(1));
  EXPECT_EQ(window_->chunk(nth(1)).path, 1);
}

TEST_F(OutstandingTest, Section6_2_1ChunkMarkedLostAndThenGapAckedIsSimplyAcked) {
  send_messages(3);
  window_->mark_all_lost(0);
  const Outcome outcome = sack(0, {{2, 2}});
  EXPECT_EQ(state(2), ChunkState::kAcked);
  EXPECT_EQ(outcome.paths[0].newly_acked_bytes, kWireSize);
  EXPECT_EQ(window_->next_retransmit(nth(2)), nth(3));
  EXPECT_EQ(window_->chunk(nth(1)).missing_reports, 0);  // already waiting to be retransmitted
  sack(3);
  EXPECT_FALSE(window_->has_retransmits());
  EXPECT_EQ(window_->next_retransmit(first_), std::nullopt);
  EXPECT_EQ(messages_.live(), 0u);
}

TEST_F(OutstandingTest, Section6_3_3LossMarksOfManyChunksAreFoundInLinearTime) {
  constexpr int kMany = 60000;
  send_messages(kMany);
  EXPECT_EQ(window_->mark_all_lost(0), kMany * kLength);
  int found = 0;
  while (const auto tsn = window_->next_retransmit(first_)) {
    window_->retransmitted(*tsn, 0, now_);
    EXPECT_EQ(window_->earliest(0), first_);
    ++found;
  }
  EXPECT_EQ(found, kMany);
  for (int n = 1; n <= kMany; ++n) window_->on_cumulative_ack(nth(static_cast<std::uint64_t>(n)));
  EXPECT_TRUE(window_->empty());
}

// ---- Earliest outstanding chunk of a path

TEST_F(OutstandingTest, Section6_3_2R3AckOfTheEarliestTsnOfAPathIsTold) {
  send_messages(1, 0);
  send_messages(2, 1);
  Outcome outcome = sack(0, {{2, 2}});
  EXPECT_FALSE(outcome.paths[0].earliest_acked);
  EXPECT_TRUE(outcome.paths[1].earliest_acked);
  EXPECT_EQ(window_->earliest(0), nth(1));
  EXPECT_EQ(window_->earliest(1), nth(3));
  outcome = sack(2);
  EXPECT_TRUE(outcome.paths[0].earliest_acked);
  EXPECT_FALSE(outcome.paths[1].earliest_acked);
  EXPECT_EQ(window_->earliest(0), std::nullopt);
}

TEST_F(OutstandingTest, Section6_3_2R3AckOfALaterTsnIsNotTheEarliest) {
  send_messages(3);
  EXPECT_FALSE(sack(0, {{2, 3}}).paths[0].earliest_acked);
}

TEST_F(OutstandingTest, Section6_1EarliestFollowsRetransmissionToALowerTsn) {
  send_messages(6);
  for (int last = 3; last <= 5; ++last) sack(1, {{3, last}});
  EXPECT_EQ(window_->earliest(0), nth(6));
  retransmit(2);
  EXPECT_EQ(window_->earliest(0), nth(2));
}

// ---- RTT

TEST_F(OutstandingTest, Section6_3_1RttComesFromTheHighestNewlyAckedChunk) {
  send_messages(1);
  now_ += milliseconds(10);
  send_messages(1, 1);
  now_ += milliseconds(10);
  send_messages(2);
  const Outcome outcome = sack(1, {{3, 3}});
  EXPECT_EQ(outcome.rtt_sent_at, Time(milliseconds(1020)));
  EXPECT_EQ(outcome.rtt_path, 0);
  const Outcome second = sack(3);
  EXPECT_EQ(second.rtt_sent_at, Time(milliseconds(1010)));
  EXPECT_EQ(second.rtt_path, 1);
}

TEST_F(OutstandingTest, Section6_3_1C5RetransmittedChunkGivesNoRttSample) {
  send_messages(1);
  window_->mark_all_lost(0);
  now_ += milliseconds(10);
  retransmit(1);
  EXPECT_FALSE(sack(1).rtt_sent_at.has_value());
}

TEST_F(OutstandingTest, Section6_3_1C5NoSampleFromAChunkSentBeforeALowerOneWasRetransmitted) {
  send_messages(5);
  for (int last = 2; last <= 4; ++last) sack(0, {{2, last}});
  now_ += milliseconds(10);
  retransmit(1);
  EXPECT_FALSE(sack(5).rtt_sent_at.has_value());
  now_ += milliseconds(10);
  send_messages(1);
  EXPECT_EQ(sack(6).rtt_sent_at, now_);
}

// ---- Ends and bounds

TEST_F(OutstandingTest, AbandonedMessagesAreGivenUpOnceOldestFirst) {
  OutgoingMessage* first = message(2 * kLength);
  OutgoingMessage* second = message(kLength);
  send(first);
  send(first);
  send(second);
  sack(1);  // half of the first is acknowledged
  window_->mark_all_lost(0);
  EXPECT_EQ(window_->pop_abandoned(), first);
  EXPECT_EQ(window_->pop_abandoned(), second);
  EXPECT_EQ(window_->pop_abandoned(), nullptr);
  EXPECT_TRUE(window_->empty());
  EXPECT_FALSE(window_->has_retransmits());
  EXPECT_EQ(window_->in_flight(), 0u);
  EXPECT_EQ(window_->payload_bytes(), 0u);
  window_->check_consistent();
  messages_.destroy(first);
  messages_.destroy(second);
}

TEST_F(OutstandingTest, AbandonedMessageThatIsPartlyQueuedIsLeftToTheSendQueue) {
  OutgoingMessage* partly = message(2 * kLength);
  send(partly);
  EXPECT_EQ(window_->pop_abandoned(), nullptr);
  EXPECT_EQ(partly->unacked, 0u);
  messages_.destroy(partly);
}

TEST_F(OutstandingTest, DestructionDestroysTheMessagesOutstanding) {
  send_messages(3);
  sack(1, {{3, 3}});
  window_.reset();
  EXPECT_EQ(messages_.live(), 0u);
  EXPECT_EQ(pool_.outstanding_bytes(), 0u);
}

TEST_F(OutstandingTest, Section5_2_4RestartBeginsAtTheNewInitialTsn) {
  send_messages(2);
  window_->mark_all_lost(0);
  retransmit(1);
  while (OutgoingMessage* given_up = window_->pop_abandoned()) messages_.destroy(given_up);
  first_ = Tsn::initial(5);
  window_->restart(first_);
  EXPECT_EQ(window_->next_tsn(), first_);
  send_messages(3);
  EXPECT_EQ(window_->earliest(0), first_);
  EXPECT_TRUE(sack(1, {{3, 3}}).rtt_sent_at.has_value());  // retransmissions before the restart do not count
}

TEST_F(OutstandingTest, Section6_1WindowHoldsNoMoreThan65535Chunks) {
  send_messages(65534);
  EXPECT_FALSE(window_->full());
  send_messages(1);
  EXPECT_TRUE(window_->full());
  EXPECT_TRUE(sack(0, {{2, 65535}}).any_newly_acked);
}

// ---- RFC 3758 §3.5

TEST_F(OutstandingTest, Rfc3758Section3_5AbandonedChunksAreNeitherInFlightNorBuffered) {
  send_messages(3);
  window_->abandon(nth(2));
  window_->check_consistent();
  EXPECT_EQ(state(2), ChunkState::kAbandoned);
  EXPECT_EQ(window_->in_flight(0), 2 * kWireSize);
  EXPECT_EQ(window_->in_flight_payload(), 2 * kLength);
  EXPECT_EQ(window_->payload_bytes(), 2 * kLength);
  EXPECT_EQ(window_->size(), 3u);
}

TEST_F(OutstandingTest, Rfc3758Section3_5AllFragmentsAreAbandonedWhateverBecameOfThem) {
  send_messages(1);
  OutgoingMessage* const one = message(4 * kLength);
  for (int i = 0; i < 4; ++i) send(one);
  send_messages(1);
  sack(1, {{3, 3}});          // 3 is acknowledged in a gap
  window_->mark_all_lost(0);  // 2, 4, 5, 6 are lost
  retransmit(2);              // 2 is in flight again
  window_->abandon(nth(4));
  window_->check_consistent();
  for (std::uint64_t n = 2; n <= 5; ++n) EXPECT_EQ(state(n), ChunkState::kAbandoned) << n;
  EXPECT_EQ(state(6), ChunkState::kToRetransmit);
  EXPECT_EQ(window_->in_flight(0), 0u);
  EXPECT_EQ(window_->next_retransmit(nth(2)), nth(6));
  EXPECT_TRUE(one->abandoned);
}

TEST_F(OutstandingTest, Rfc3758Section3_5TheAdvancedPointPassesWhatIsAbandonedAndNothingElse) {
  send_messages(6);
  EXPECT_EQ(window_->advanced_ack_point(), nth(1) - 1);
  window_->abandon(nth(2));
  EXPECT_EQ(window_->advanced_ack_point(), nth(1) - 1);
  window_->abandon(nth(1));
  EXPECT_EQ(window_->advanced_ack_point(), nth(2));
  sack(0, {{3, 3}});
  EXPECT_EQ(window_->advanced_ack_point(), nth(2));  // acknowledged in a gap can be taken back
  window_->abandon(nth(4));
  sack(3);
  EXPECT_EQ(window_->advanced_ack_point(), nth(4));
  sack(6);
  EXPECT_EQ(window_->advanced_ack_point(), nth(6));
}

TEST_F(OutstandingTest, Rfc3758Section3_5AbandonedChunksEarnNoCreditAndNoRoundTrip) {
  send_messages(2);
  window_->abandon(nth(1));
  Outcome outcome = sack(1);
  EXPECT_TRUE(outcome.cumulative_advanced);
  EXPECT_FALSE(outcome.any_newly_acked);
  EXPECT_FALSE(outcome.rtt_sent_at.has_value());
  EXPECT_EQ(outcome.paths[0].newly_acked_bytes, 0u);
  EXPECT_EQ(outcome.freed_payload, 0u);  // that was when it was abandoned
  window_->abandon(nth(2));
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(sack(1, {{2, 2}}).any_newly_acked);
  EXPECT_FALSE(window_->has_retransmits());
}

TEST_F(OutstandingTest, Rfc3758Section3_5AMissingEndHasATsnThatIsAbandonedFromTheBeginning) {
  OutgoingMessage* const one = message(3 * kLength);
  send(one);
  sack(1);  // all of it that was sent
  const Tsn end = window_->add_missing_end(*one);
  EXPECT_EQ(end, nth(2));
  window_->abandon(end);
  one->payload.reset();
  one->taken = 0;
  window_->check_consistent();
  EXPECT_EQ(window_->advanced_ack_point(), nth(2));
  EXPECT_EQ(window_->next_tsn(), nth(3));
  EXPECT_EQ(window_->in_flight(), 0u);
  EXPECT_EQ(window_->payload_bytes(), 0u);
  EXPECT_TRUE(sack(2).cumulative_advanced);
  EXPECT_EQ(messages_.live(), 0u);
}

TEST_F(OutstandingTest, Rfc3758Section3_5AnAbandonedMessageIsGivenUpOnceAtTheEnd) {
  send_messages(2);
  window_->abandon(nth(1));
  int given_up = 0;
  for (; OutgoingMessage* const one = window_->pop_abandoned(); ++given_up) messages_.destroy(one);
  EXPECT_EQ(given_up, 2);
  EXPECT_EQ(window_->payload_bytes(), 0u);
}

class OutstandingAcrossTheWrapTest : public OutstandingTest {
 protected:
  OutstandingAcrossTheWrapTest() : OutstandingTest(0xFFFFFFFE) {}
};

TEST_F(OutstandingAcrossTheWrapTest, Section1_6TsnsGoOnFromZero) {
  send_messages(7);
  EXPECT_EQ(nth(3).wire(), 0u);
  for (int last = 3; last <= 5; ++last) sack(1, {{3, last}});
  EXPECT_EQ(window_->next_retransmit(first_), nth(2));
  retransmit(2);
  const Outcome outcome = sack(6);
  EXPECT_TRUE(outcome.cumulative_advanced);
  EXPECT_EQ(window_->cumulative_ack_point().wire(), 3u);
  EXPECT_EQ(window_->cumulative_ack_point(), first_.widen(3));
  EXPECT_EQ(messages_.live(), 1u);
}

}  // namespace
}  // namespace netsctp::core
