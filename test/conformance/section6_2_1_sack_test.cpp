// RFC 9260 §6.2.1: SACK in.
#include <gmock/gmock.h>

#include "conformance/observed.hpp"

namespace netsctp::conformance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const IpAddress kAddress = ip("10.0.1.1");

// Four full packets are on their way: TSN first to first + 3.
struct Section6_2_1 : testing::Test {
  Peer peer;
  std::uint32_t first = 0;
  Section6_2_1() {
    peer.bring_to(State::kEstablished);
    first = peer.stack_tsn();
    for (int i = 0; i < 4; ++i) peer.user_sends(full());
    EXPECT_EQ(data_packets_sent(peer), 4U);
  }
  std::size_t in_flight() { return peer.path(kAddress).in_flight; }
};

TEST_F(Section6_2_1, A_RwndBeginsWithTheAdvertisedOne) {
  EXPECT_EQ(peer.status().peer_rwnd, 100'000 - 4 * kFull);  // and B: less what was sent, payload only
}

TEST_F(Section6_2_1, C_WhatIsMarkedForRetransmissionReturnsToRwnd) {
  peer.advance(1s);
  EXPECT_THAT(tsns_sent(peer), ElementsAre(first));
  EXPECT_EQ(peer.status().peer_rwnd, 100'000 - kFull);
}

TEST_F(Section6_2_1, D_i_AnOldSackIsDropped) {
  peer.sends(sack(first + 1, 50'000));
  const auto rwnd = peer.status().peer_rwnd;
  EXPECT_EQ(rwnd, 50'000 - 2 * kFull);
  peer.sends(sack(first, 10, {{2, 2}}));
  EXPECT_EQ(peer.status().peer_rwnd, rwnd);
  EXPECT_EQ(in_flight(), 2 * kPmdcs);
  peer.sends(sack(first - 1, 10));
  peer.sends(sack(first - 0x7FFFFFFFU, 10));
  EXPECT_EQ(peer.status().peer_rwnd, rwnd);
}

TEST_F(Section6_2_1, D_ii_RwndIsTheAdvertisedLessWhatIsOutstanding) {
  peer.sends(sack(first, 60'000, {{2, 2}}));
  EXPECT_EQ(peer.status().peer_rwnd, 60'000 - 2 * kFull);
  peer.sends(sack(first, 100, {{2, 2}}));
  EXPECT_EQ(peer.status().peer_rwnd, 0U);
}

// RFC 9260 §6.2.1 D iii, §6.3.2 R4.
TEST_F(Section6_2_1, D_iii_RenegedDataIsInFlightAgainAndTimed) {
  peer.sends(sack(first - 1, 100'000, {{1, 4}}));  // everything, but not cumulatively
  EXPECT_EQ(in_flight(), 0U);
  EXPECT_THAT(tsns_sent(peer), IsEmpty());
  peer.sends(sack(first + 1, 100'000, {{2, 2}}));  // first + 2 has been dropped
  EXPECT_EQ(in_flight(), kPmdcs);
  EXPECT_EQ(peer.advance_to_packet(5s), 1s);
  EXPECT_THAT(tsns_sent(peer), ElementsAre(first + 2));
}

TEST_F(Section6_2_1, D_iii_RenegingCountsOneMissIndication) {
  peer.sends(sack(first - 1, 100'000, {{2, 2}}));  // first: one; first + 1 is there
  peer.sends(sack(first, 100'000));                // first + 1 is not any more: one
  EXPECT_THAT(tsns_sent(peer), IsEmpty());
  peer.sends(sack(first, 100'000, {{2, 2}}));  // two
  EXPECT_THAT(tsns_sent(peer), IsEmpty());
  peer.sends(sack(first, 100'000, {{2, 3}}));  // three
  EXPECT_THAT(tsns_sent(peer), ElementsAre(first + 1));
}

TEST_F(Section6_2_1, D_iv_ExitPointEndsFastRecovery) {
  for (std::uint16_t last = 2; last <= 4; ++last) peer.sends(sack(first - 1, 100'000, {{2, last}}));
  EXPECT_THAT(tsns_sent(peer), ElementsAre(first));
  const auto halved = peer.path(kAddress).cwnd;
  for (int i = 0; i < 8; ++i) peer.user_sends(full());
  const auto more = tsns_sent(peer);
  ASSERT_GE(more.size(), 3U);
  peer.sends(sack(first + 3));  // the exit point
  // A loss after it is a loss of its own.
  for (std::uint16_t last = 2; last <= 4; ++last) peer.sends(sack(first + 3, 100'000, {{2, last}}));
  EXPECT_LE(peer.path(kAddress).cwnd, std::max(halved, 4 * kPmdcs));
  EXPECT_EQ(peer.stack().counters().fast_retransmits, 2U);
}

// ---- Traps

TEST_F(Section6_2_1, AcknowledgingWhatWasNeverSentAborts) {
  peer.sends(sack(first + 4));
  EXPECT_TRUE(peer.expect_only(ChunkType::kAbort).cause(CauseCode::kProtocolViolation));
  EXPECT_EQ(peer.state(), State::kClosed);
}

TEST_F(Section6_2_1, GapBlocksBeyondWhatWasSentAcknowledgeNothing) {
  peer.sends(sack(first - 1, 100'000, {{3, 60'000}}));
  peer.sends(sack(first - 1, 100'000, {{5, 5}}));
  peer.sends(sack(first - 1, 100'000, {{65'535, 65'535}}));
  EXPECT_EQ(in_flight(), 4 * kPmdcs);
  EXPECT_EQ(peer.stack().counters().fast_retransmits, 0U);
}

TEST_F(Section6_2_1, ReversedAndOverlappingGapBlocksCountOnce) {
  peer.sends(sack(first - 1, 100'000, {{4, 2}}));
  EXPECT_EQ(in_flight(), 4 * kPmdcs);
  peer.sends(sack(first - 1, 100'000, {{0, 0}}));
  EXPECT_EQ(in_flight(), 4 * kPmdcs);
  peer.sends(sack(first - 1, 100'000, {{2, 3}, {2, 3}, {3, 4}}));
  EXPECT_EQ(in_flight(), 2 * kPmdcs);
}

TEST_F(Section6_2_1, MoreGapBlocksThanTheChunkHoldsAreIgnored) {
  ByteString bad = sack(first, 100'000);
  bad[13] = std::byte{200};  // says 200 blocks, has none
  peer.sends(bad);
  EXPECT_EQ(in_flight(), 4 * kPmdcs);
  EXPECT_EQ(peer.stack().counters().discarded_malformed_chunk, 1U);
}

TEST_F(Section6_2_1, ASackMayBothFillAndOpenGaps) {
  peer.sends(sack(first - 1, 100'000, {{2, 2}, {4, 4}}));
  EXPECT_EQ(in_flight(), 2 * kPmdcs);
  peer.sends(sack(first - 1, 100'000, {{1, 1}, {3, 3}}));  // now the other two
  EXPECT_EQ(in_flight(), 2 * kPmdcs);
  peer.sends(sack(first + 3));
  EXPECT_EQ(in_flight(), 0U);
  EXPECT_EQ(peer.status().buffered_bytes, 0U);
}

TEST_F(Section6_2_1, ADuplicateSackChangesNothing) {
  for (int i = 0; i < 5; ++i) peer.sends(sack(first, 100'000, {{3, 3}}));
  EXPECT_EQ(in_flight(), 2 * kPmdcs);
  EXPECT_EQ(peer.stack().counters().fast_retransmits, 0U);  // RFC 9260 §7.2.4: HTNA
}

// RFC 9260 §6.7: acknowledged chunks leave the transmit queue, gap-acked ones stay.
TEST_F(Section6_2_1, GapAckedDataIsKeptUntilCumulativelyAcknowledged) {
  peer.sends(sack(first - 1, 100'000, {{2, 4}}));
  EXPECT_EQ(peer.status().unacked_chunks, 4U);
  peer.sends(sack(first + 3));
  EXPECT_EQ(peer.status().unacked_chunks, 0U);
}

}  // namespace
}  // namespace netsctp::conformance
