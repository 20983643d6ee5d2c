// RFC 9260 §6.3: RTO and T3-rtx.
#include <gmock/gmock.h>

#include "conformance/observed.hpp"

namespace netsctp::conformance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const IpAddress kAddress = ip("10.0.1.1");

// As responder the stack measures nothing while the association is set up.
struct Timer : testing::Test {
  Peer peer;
  std::uint32_t first = 0;
  Timer() : Timer(config()) {}
  explicit Timer(PeerConfig given) : peer(std::move(given)) {
    peer.bring_to(State::kEstablished, Role::kResponder);
    first = peer.stack_tsn();
  }
  static PeerConfig config() {
    PeerConfig config;
    config.parameters.path.heartbeat_enabled = false;
    return config;
  }
  static PeerConfig fine_config() {
    PeerConfig fine = config();
    fine.parameters.rto_min = 1ms;
    fine.parameters.no_delay = true;
    return fine;
  }
  Duration rto() { return peer.path(kAddress).rto; }
  // Sends one message that is acknowledged after `rtt`.
  void measure(Duration rtt) {
    peer.user_sends("x");
    const auto tsn = tsns_sent(peer).back();
    peer.advance(rtt);
    ASSERT_THAT(tsns_sent(peer), IsEmpty());
    peer.sends(sack(tsn));
    first = tsn + 1;
  }
};
struct Section6_3_1 : Timer {
  Section6_3_1() : Timer(fine_config()) {}
};
struct Section6_3_1Bounds : Timer {};
struct Section6_3_2 : Timer {};
struct Section6_3_3 : Timer {};

TEST_F(Section6_3_1, C1_RtoInitialUntilMeasured) {
  EXPECT_EQ(rto(), 1s);
  peer.user_sends("x");
  peer.ignore_packets();
  EXPECT_EQ(peer.advance_to_packet(5s), 1s);
}

TEST_F(Section6_3_1, C2_FirstMeasurement) {
  measure(100ms);
  EXPECT_EQ(peer.path(kAddress).srtt, 100ms);
  EXPECT_EQ(rto(), 300ms);  // 100 + 4 * 50
}

TEST_F(Section6_3_1, C3_LaterMeasurements) {
  measure(100ms);
  measure(200ms);
  EXPECT_EQ(peer.path(kAddress).srtt, 112'500us);  // 7/8 * 100 + 1/8 * 200
  EXPECT_EQ(rto(), 362'500us);                     // RTTVAR 3/4 * 50 + 1/4 * 100, with the SRTT before
}

TEST_F(Section6_3_1, C4_OncePerRoundTrip) {
  measure(100ms);
  for (int i = 0; i < 5; ++i) peer.user_sends(full());
  const auto sent = tsns_sent(peer);
  peer.advance(200ms);
  peer.sends(sack(sent[0]));
  const auto srtt = peer.path(kAddress).srtt;
  EXPECT_EQ(srtt, 112'500us);
  peer.advance(10ms);
  peer.sends(sack(sent[1]));
  EXPECT_EQ(peer.path(kAddress).srtt, srtt);
}

TEST_F(Section6_3_1, C5_NoMeasurementFromARetransmittedChunk) {
  peer.user_sends("x");
  peer.advance(1s);
  EXPECT_EQ(tsns_sent(peer).size(), 2U);
  peer.advance(50ms);
  peer.sends(sack(first));
  EXPECT_EQ(peer.path(kAddress).srtt, Duration::zero());
  EXPECT_EQ(rto(), 2s);  // still backed off
}

TEST_F(Section6_3_1, C5_NoMeasurementIfALowerTsnWasRetransmitted) {
  for (int i = 0; i < 8; ++i) peer.user_sends(std::string(400, 'x'));
  peer.ignore_packets();
  for (std::uint16_t last = 2; last <= 4; ++last) {
    peer.sends(sack(first - 1, 100'000, {{2, last}}));  // at once: measures 0, and nothing is retransmitted yet
  }
  const auto srtt = peer.path(kAddress).srtt;
  EXPECT_THAT(tsns_sent(peer), ElementsAre(first));
  peer.advance(2ms);
  peer.sends(sack(first + 7));  // first + 4 to first + 7 were sent once, but before the retransmission
  EXPECT_EQ(peer.path(kAddress).srtt, srtt);
}

TEST_F(Section6_3_1, C5_NewDataAfterTheRetransmissionMeasuresAgain) {
  peer.user_sends("x");
  peer.advance(1s);
  peer.ignore_packets();
  peer.sends(sack(first));
  ASSERT_EQ(rto(), 2s);
  peer.advance(1ms);
  measure(100ms);
  EXPECT_EQ(rto(), 300ms);  // RFC 9260 §6.3.3: "collapsed" again
}

TEST_F(Section6_3_1Bounds, C6_NotBelowRtoMin) {
  measure(10ms);
  EXPECT_EQ(rto(), 1s);
}

TEST_F(Section6_3_1Bounds, C7_NotAboveRtoMax) {
  peer.user_sends("x");
  peer.ignore_packets();
  for (const Duration wait : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    EXPECT_EQ(peer.advance_to_packet(200s), wait);
    peer.ignore_packets();
  }
  EXPECT_EQ(rto(), 60s);
}

TEST_F(Section6_3_1, G1_RttvarIsNeverZero) {
  for (int i = 0; i < 40; ++i) measure(100ms);
  EXPECT_GT(rto(), 100ms);
}

// ---- §6.3.2

TEST_F(Section6_3_2, R1_StartsWithTheFirstChunkOnly) {
  peer.user_sends(full());
  peer.advance(400ms);
  peer.user_sends(full());
  peer.ignore_packets();
  EXPECT_EQ(peer.advance_to_packet(5s), 600ms);
}

TEST_F(Section6_3_2, R2_OffWhenAllIsAcknowledged) {
  peer.user_sends("x");
  peer.ignore_packets();
  peer.sends(sack(first));
  peer.expect_silence_for(100s);
}

TEST_F(Section6_3_2, R2_OffWhenAllIsGapAcked) {
  for (int i = 0; i < 2; ++i) peer.user_sends(full());
  peer.ignore_packets();
  peer.sends(sack(first - 1, 100'000, {{1, 2}}));
  peer.expect_silence_for(100s);
}

TEST_F(Section6_3_2, R3_RestartsWhenTheEarliestIsAcknowledged) {
  for (int i = 0; i < 3; ++i) peer.user_sends(full());
  peer.ignore_packets();
  peer.advance(700ms);
  peer.sends(sack(first));
  EXPECT_EQ(peer.advance_to_packet(5s), rto());
}

TEST_F(Section6_3_2, R3_NotRestartedWhenALaterOneIsAcknowledged) {
  for (int i = 0; i < 3; ++i) peer.user_sends(full());
  peer.ignore_packets();
  peer.advance(700ms);
  peer.sends(sack(first - 1, 100'000, {{3, 3}}));
  EXPECT_EQ(peer.advance_to_packet(5s), 300ms);
}

TEST_F(Section6_3_2, R4_StartsWhenAnAcknowledgedTsnIsMissingAgain) {
  for (int i = 0; i < 2; ++i) peer.user_sends(full());
  peer.ignore_packets();
  peer.sends(sack(first - 1, 100'000, {{1, 2}}));
  peer.advance(5s);
  peer.sends(sack(first, 100'000));
  EXPECT_EQ(peer.advance_to_packet(5s), rto());
  EXPECT_THAT(tsns_sent(peer), ElementsAre(first + 1));
}

// ---- §6.3.3

TEST_F(Section6_3_3, E1_CwndIsOnePacket) {
  for (int i = 0; i < 3; ++i) peer.user_sends(full());
  peer.advance(1s);
  EXPECT_EQ(peer.path(kAddress).cwnd, kPmdcs);
  EXPECT_EQ(peer.path(kAddress).ssthresh, 4 * kPmdcs);  // max(cwnd / 2, 4 * PMDCS)
}

TEST_F(Section6_3_3, E2_RtoDoubles) {
  peer.user_sends("x");
  peer.advance(1s);
  EXPECT_EQ(rto(), 2s);
  peer.advance(2s);
  EXPECT_EQ(rto(), 4s);
}

TEST_F(Section6_3_3, E3_TheEarliestThatFitOnePacketAreRetransmittedTogether) {
  for (int i = 0; i < 10; ++i) peer.user_sends(std::string(400, 'x'));
  peer.ignore_packets();
  peer.sends(sack(first));  // lets the nine that were held back go
  for (int i = 0; i < 2; ++i) peer.user_sends(full());
  peer.ignore_packets();
  peer.advance(1s);
  const Reply reply = peer.expect(ChunkType::kData);
  ASSERT_EQ(data_in(reply).size(), 3U);  // 3 * 416 bytes and 12
  EXPECT_EQ(data_in(reply)[0].tsn, first + 1);
  EXPECT_EQ(data_in(reply)[2].tsn, first + 3);
  peer.expect_silence();
}

TEST_F(Section6_3_3, E3_TheRestFollowsAsCwndAllows) {
  for (int i = 0; i < 4; ++i) peer.user_sends(full());
  peer.ignore_packets();
  peer.advance(1s);
  EXPECT_THAT(tsns_sent(peer), ElementsAre(first));
  peer.sends(sack(first));
  EXPECT_THAT(tsns_sent(peer), ElementsAre(first + 1, first + 2));  // slow start: cwnd is 2 * PMDCS
}

// A SACK for what was thought lost, while it waits to be sent again, saves sending it.
TEST_F(Section6_3_3, E3_WhatIsAcknowledgedMeanwhileIsNotSentAgain) {
  for (int i = 0; i < 4; ++i) peer.user_sends(full());
  peer.advance(1s);
  peer.ignore_packets();
  peer.sends(sack(first + 3));
  EXPECT_THAT(tsns_sent(peer), IsEmpty());
  peer.expect_silence_for(100s);
}

TEST_F(Section6_3_3, E4_TheTimerRunsAgainWithTheBackedOffRto) {
  peer.user_sends("x");
  peer.ignore_packets();
  EXPECT_EQ(peer.advance_to_packet(5s), 1s);
  peer.ignore_packets();
  EXPECT_EQ(peer.advance_to_packet(5s), 2s);
}

}  // namespace
}  // namespace netsctp::conformance
