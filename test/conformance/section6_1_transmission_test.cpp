// RFC 9260 §6.1: when DATA may be sent.
#include <gmock/gmock.h>

#include "conformance/observed.hpp"

namespace netsctp::conformance {
namespace {

using testing::ElementsAre;

PeerConfig with_window(std::uint32_t a_rwnd) {
  PeerConfig config;
  config.peer.a_rwnd = a_rwnd;
  return config;
}

// RFC 9260 §6: DATA only in ESTABLISHED, SHUTDOWN-PENDING and SHUTDOWN-RECEIVED.
TEST(Section6, DataWaitsUntilTheAssociationIsUp) {
  Peer peer;
  peer.bring_to(State::kCookieWait);
  EXPECT_FALSE(peer.user_sends("early"));
  peer.expect_silence();
  peer.sends(peer.own_init_ack());
  peer.ignore_packets();  // RFC 9260 §5.1 C: may go with the COOKIE ECHO
  peer.sends(cookie_ack());
  while (peer.next()) {
  }
  EXPECT_EQ(peer.status().pending_messages, 0U);
}

TEST(Section6, QueuedDataIsSentInShutdownPending) {
  PeerConfig config = with_window(1500);
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  peer.user_sends(full());
  peer.user_sends(full());
  EXPECT_EQ(data_packets_sent(peer), 1U);
  peer.user_shuts_down();
  peer.expect_silence();
  ASSERT_EQ(peer.state(), State::kShutdownPending);
  peer.sends(sack(peer.stack_tsn()));
  const Reply reply = peer.expect(ChunkType::kData);
  // RFC 9260 §6.1: the last one asks for a SACK without delay.
  EXPECT_TRUE(data_in(reply).front().is_immediate());
  peer.sends(sack(peer.stack_tsn() + 1));
  peer.expect(ChunkType::kShutdown);
}

TEST(Section6, QueuedDataIsSentInShutdownReceived) {
  Peer peer(with_window(1500));
  peer.bring_to(State::kEstablished);
  peer.user_sends(full());
  peer.user_sends(full());
  EXPECT_EQ(data_packets_sent(peer), 1U);
  peer.sends(shutdown(peer.stack_tsn() - 1));
  peer.sends(sack(peer.stack_tsn()));
  EXPECT_THAT(tsns_sent(peer), ElementsAre(peer.stack_tsn() + 1));
  peer.sends(shutdown(peer.stack_tsn() + 1));
  peer.expect(ChunkType::kShutdownAck);
}

TEST(Section6, NoNewDataIsAcceptedOnceShutdownHasBegun) {
  Peer peer;
  peer.bring_to(State::kShutdownSent);
  EXPECT_TRUE(peer.user_sends("late"));
  peer.expect_silence();
}

// RFC 9260 §6: a SACK is discarded in SHUTDOWN-SENT, whatever it says.
TEST(Section6, SackIsDiscardedInShutdownSent) {
  Peer peer;
  peer.bring_to(State::kShutdownSent);
  peer.sends(sack(peer.stack_tsn() + 100));
  peer.expect_silence();
  EXPECT_EQ(peer.state(), State::kShutdownSent);
}

TEST(Section6, SackIsDiscardedInShutdownAckSent) {
  Peer peer;
  peer.bring_to(State::kShutdownAckSent);
  peer.sends(sack(peer.stack_tsn() + 100));
  peer.expect_silence();
  EXPECT_EQ(peer.state(), State::kShutdownAckSent);
}

// ---- Rule A

TEST(Section6_1, A_NewDataLargerThanTheWindowWaits) {
  Peer peer(with_window(2000));
  peer.bring_to(State::kEstablished);
  peer.user_sends(full());
  peer.user_sends(full());
  EXPECT_THAT(tsns_sent(peer), ElementsAre(peer.stack_tsn()));
  EXPECT_EQ(peer.status().peer_rwnd, 2000 - kFull);
  peer.sends(sack(peer.stack_tsn(), static_cast<std::uint32_t>(kFull - 1)));
  peer.expect_silence();
  peer.sends(sack(peer.stack_tsn(), static_cast<std::uint32_t>(kFull)));
  EXPECT_THAT(tsns_sent(peer), ElementsAre(peer.stack_tsn() + 1));
}

// Silly window syndrome (RFC 1122 §4.2.3.4): a small window does not make small chunks.
TEST(Section6_1, A_ASmallWindowIsNotFilledWithFragments) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.user_sends("first");
  peer.expect_only(ChunkType::kData);
  peer.sends(sack(peer.stack_tsn(), 100));
  peer.user_sends(std::string(3 * kFull, 'x'));
  peer.expect_silence();
}

TEST(Section6_1, A_SmallMessagesAreGatheredWhileDataIsInFlight) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.user_sends("a");
  peer.expect_only(ChunkType::kData);
  peer.user_sends("b");
  peer.user_sends("c");
  peer.expect_silence();
  peer.sends(sack(peer.stack_tsn()));
  EXPECT_EQ(data_in(peer.expect(ChunkType::kData)).size(), 2U);
}

TEST(Section6_1, A_NoDelaySendsSmallMessagesAtOnce) {
  PeerConfig config;
  config.parameters.no_delay = true;
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  peer.user_sends("a");
  peer.user_sends("b");
  EXPECT_EQ(data_packets_sent(peer), 2U);
}

PeerConfig without_heartbeats() {
  PeerConfig config;
  config.parameters.path.heartbeat_enabled = false;
  return config;
}

// A peer whose window is shut after one chunk; "x" waits. The RTO is RTO.Min.
void shut_window(Peer& peer) {
  peer.bring_to(State::kEstablished);
  peer.user_sends("first");
  peer.expect_only(ChunkType::kData);
  peer.sends(sack(peer.stack_tsn(), 0));
  peer.user_sends("waits");
  peer.user_sends("waits longer");
  peer.expect_silence();
}

TEST(Section6_1, A_FirstProbeAfterOneRtoAndOneChunkOnly) {
  Peer peer;
  shut_window(peer);
  peer.expect_silence_for(999ms);
  peer.advance(1ms);
  const Reply probe = peer.expect_only(ChunkType::kData);
  EXPECT_EQ(data_in(probe).front().tsn, peer.stack_tsn() + 1);
  peer.expect_silence();
}

TEST(Section6_1, A_ProbesAreRepeatedExponentially) {
  Peer peer(without_heartbeats());
  shut_window(peer);
  for (const Duration wait : {1s, 1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    EXPECT_EQ(peer.advance_to_packet(200s), wait);
    EXPECT_THAT(tsns_sent(peer), ElementsAre(peer.stack_tsn() + 1));
    peer.sends(sack(peer.stack_tsn(), 0));
  }
}

TEST(Section6_1, A_ProbesCountNoErrorsWhileSacksCome) {
  Peer peer(without_heartbeats());
  shut_window(peer);
  for (int i = 0; i < 30; ++i) {
    while (tsns_sent(peer).empty()) peer.advance_to_packet(200s);
    peer.sends(sack(peer.stack_tsn(), 0));
    ASSERT_EQ(peer.state(), State::kEstablished) << "probe " << i;
    EXPECT_EQ(peer.status().error_count, 0U);
    EXPECT_EQ(peer.path(ip("10.0.1.1")).error_count, 0U);
  }
}

TEST(Section6_1, A_ProbesCountErrorsWhenNoSacksCome) {
  Peer peer;
  shut_window(peer);
  peer.advance(1s + 1s);
  EXPECT_EQ(peer.path(ip("10.0.1.1")).error_count, 1U);
  peer.advance(2s);
  EXPECT_EQ(peer.path(ip("10.0.1.1")).error_count, 2U);
}

TEST(Section6_1, A_ProbingDoesNotChangeCwnd) {
  Peer peer;
  shut_window(peer);
  const std::size_t cwnd = peer.path(ip("10.0.1.1")).cwnd;
  for (int i = 0; i < 5; ++i) {
    peer.advance_to_packet(200s);
    peer.ignore_packets();
    peer.sends(sack(peer.stack_tsn(), 0));
  }
  EXPECT_EQ(peer.path(ip("10.0.1.1")).cwnd, cwnd);
}

TEST(Section6_1, A_ADroppedProbeIsRepeatedAtOnceWhenTheWindowOpens) {
  Peer peer;
  shut_window(peer);
  peer.advance(1s);
  peer.ignore_packets();
  peer.sends(sack(peer.stack_tsn(), 0));
  peer.sends(sack(peer.stack_tsn(), 50'000));
  EXPECT_THAT(tsns_sent(peer), ElementsAre(peer.stack_tsn() + 1, peer.stack_tsn() + 2));
}

TEST(Section6_1, A_AnOpenedWindowNeedsNoProbe) {
  Peer peer;
  shut_window(peer);
  peer.sends(sack(peer.stack_tsn(), 50'000));
  EXPECT_THAT(tsns_sent(peer), ElementsAre(peer.stack_tsn() + 1, peer.stack_tsn() + 2));
  // Shut again: the next probe is again one RTO away.
  peer.sends(sack(peer.stack_tsn() + 2, 0));
  peer.user_sends("more");
  peer.expect_silence_for(999ms);
  peer.advance(1ms);
  EXPECT_THAT(tsns_sent(peer), ElementsAre(peer.stack_tsn() + 3));
}

// A peer that shrinks its window below what is on its way.
TEST(Section6_1, A_AWindowSmallerThanWhatIsInFlightIsNoWindow) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.user_sends(full());
  peer.user_sends(full());
  EXPECT_EQ(data_packets_sent(peer), 2U);
  peer.sends(sack(peer.stack_tsn(), 10));
  EXPECT_EQ(peer.status().peer_rwnd, 0U);
  peer.user_sends(full());
  peer.expect_silence();
  peer.sends(sack(peer.stack_tsn() + 1, 10'000));
  EXPECT_THAT(tsns_sent(peer), ElementsAre(peer.stack_tsn() + 2));
}

// ---- Rule B

TEST(Section6_1, B_CwndIsExceededByOnePacketAtMost) {
  PeerConfig config = with_window(1'000'000);
  config.parameters.max_burst = 0;
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  for (int i = 0; i < 20; ++i) peer.user_sends(full());
  const auto path = peer.path(ip("10.0.1.1"));
  EXPECT_EQ(path.cwnd, 4404U);
  EXPECT_EQ(path.in_flight, 4 * kPmdcs);  // three packets are less than cwnd, so a fourth goes
  EXPECT_LE(path.in_flight, path.cwnd + kPmdcs - 1);
  EXPECT_EQ(data_packets_sent(peer), 4U);
}

TEST(Section6_1, B_NothingIsSentWithCwndOutstanding) {
  PeerConfig config = with_window(1'000'000);
  config.parameters.max_burst = 0;
  config.parameters.no_delay = true;
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  for (int i = 0; i < 2; ++i) peer.user_sends(full());
  peer.user_sends(std::string(1000 - 16, 'x'));
  peer.user_sends(std::string(4404 - 2 * kPmdcs - 1000 - 16, 'x'));  // cwnd is reached exactly
  EXPECT_EQ(data_packets_sent(peer), 4U);
  ASSERT_EQ(peer.path(ip("10.0.1.1")).in_flight, 4404U);
  peer.user_sends("x");
  peer.expect_silence();
}

// ---- Rule C

TEST(Section6_1, C_RetransmissionsGoBeforeNewData) {
  PeerConfig config = with_window(1'000'000);
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  for (int i = 0; i < 4; ++i) peer.user_sends(full());
  peer.ignore_packets();
  peer.advance(1s);  // T3: cwnd is one packet now
  peer.user_sends(full());
  EXPECT_THAT(tsns_sent(peer), ElementsAre(peer.stack_tsn()));
  peer.sends(sack(peer.stack_tsn()));
  const auto sent = tsns_sent(peer);
  ASSERT_FALSE(sent.empty());
  EXPECT_EQ(sent.front(), peer.stack_tsn() + 1);
  for (const std::uint32_t tsn : sent) EXPECT_LT(tsn, peer.stack_tsn() + 4);
}

// ---- Rule D

TEST(Section6_1, D_MaxBurstLimitsPackets) {
  PeerConfig config = with_window(10'000'000);
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  std::uint32_t next = peer.stack_tsn();
  // Grow cwnd well beyond Max.Burst packets.
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 30; ++i) peer.user_sends(full());
    for (const std::uint32_t tsn : tsns_sent(peer)) {
      next = tsn + 1;
      peer.sends(sack(tsn, 10'000'000));
    }
  }
  while (peer.status().pending_messages + peer.status().unacked_chunks > 0) {
    for (const std::uint32_t tsn : tsns_sent(peer)) {
      next = tsn + 1;
      peer.sends(sack(tsn, 10'000'000));
    }
  }
  const std::size_t cwnd = peer.path(ip("10.0.1.1")).cwnd;
  ASSERT_GT(cwnd, 10 * kPmdcs);
  peer.user_sends(std::string(20 * kFull, 'x'));
  EXPECT_EQ(data_packets_sent(peer), 4U);
  EXPECT_EQ(peer.path(ip("10.0.1.1")).cwnd, cwnd);  // not changed for good
  EXPECT_GT(next, peer.stack_tsn());
}

// A SACK for many packets allows as much as one for each second would have: where a message fills two thirds of a
// packet, each has one of its own.
TEST(Section6_1, D_ASackForManyPacketsAllowsABurstForEachSecondOfThem) {
  PeerConfig config = with_window(10'000'000);
  config.parameters.no_delay = true;
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  for (int i = 0; i < 2000; ++i) peer.user_sends(std::string(1000, 'x'));
  std::vector<std::size_t> bursts;
  for (int round = 0; round < 8; ++round) {
    const auto sent = tsns_sent(peer);
    if (sent.empty()) break;
    bursts.push_back(sent.size());
    peer.sends(sack(sent.back(), 10'000'000));
  }
  ASSERT_EQ(bursts.size(), 8U);
  for (std::size_t i = 1; i < bursts.size(); ++i) EXPECT_LE(bursts[i], 4 * ((bursts[i - 1] + 1) / 2)) << i;
  EXPECT_GT(bursts.back(), 20U);
}

// What the last SACK allowed holds on for a round trip: a sender that is only slower than the network begins no new
// burst each time that everything is acknowledged.
TEST(Section6_1, D_ThePauseThatEndsABurstIsARoundTrip) {
  PeerConfig config = with_window(10'000'000);
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  const auto acknowledge_all = [&] {
    for (auto sent = tsns_sent(peer); !sent.empty(); sent = tsns_sent(peer)) {
      peer.advance(10ms);
      peer.sends(sack(sent.back(), 10'000'000));
    }
  };
  for (int i = 0; i < 400; ++i) peer.user_sends(full());
  acknowledge_all();
  peer.user_sends(std::string(20 * kFull, 'x'));
  const auto sent = tsns_sent(peer);
  EXPECT_GT(sent.size(), 4U);
  peer.sends(sack(sent.back(), 10'000'000));
  acknowledge_all();
  peer.advance(50ms);
  peer.user_sends(std::string(20 * kFull, 'x'));
  EXPECT_EQ(data_packets_sent(peer), 4U);
}

// ---- Bundling a SACK (§6.1) and the T3-rtx rules at its end

TEST(Section6_1, DelayedSackGoesWithOutboundData) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends(data({.tsn = peer.peer_tsn()}));
  peer.expect_only(ChunkType::kSack);
  peer.sends(data({.tsn = peer.peer_tsn() + 1, .ssn = 1}));
  peer.expect_silence();
  peer.user_sends("answer");
  const Reply reply = peer.expect(ChunkType::kSack);
  EXPECT_TRUE(reply.has(ChunkType::kData));
  EXPECT_EQ(sack_in(reply).cumulative, peer.peer_tsn() + 1);
  peer.sends(sack(peer.stack_tsn()));
  peer.expect_silence_for(1s);
}

// RFC 9260 §6.2: a SACK that is not due is not sent on its own because a full packet of DATA leaves it no room.
TEST(Section6_1, DelayedSackIsNotForcedOutByFullDataPackets) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends(data({.tsn = peer.peer_tsn()}));
  peer.expect_only(ChunkType::kSack);
  peer.sends(data({.tsn = peer.peer_tsn() + 1, .ssn = 1}));
  peer.user_sends(full());
  peer.expect_only(ChunkType::kData);
  peer.expect_silence_for(199ms);
  peer.advance(1ms);
  peer.expect_only(ChunkType::kSack);
}

TEST(Section6_1, T3IsNotRestartedByNewData) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.user_sends(full());
  peer.advance(600ms);
  peer.user_sends(full());
  peer.ignore_packets();
  EXPECT_EQ(peer.advance_to_packet(5s), 400ms);
  EXPECT_THAT(tsns_sent(peer), ElementsAre(peer.stack_tsn()));
}

// RFC 9260 §6.1: no more than 2^16 - 1 ordered messages of a stream in the send window.
TEST(Section6_1, TheSendWindowIsBounded) {
  PeerConfig config = with_window(100'000'000);
  config.parameters.no_delay = true;
  config.parameters.max_burst = 0;
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  for (int batch = 0; batch < 280; ++batch) {
    for (int i = 0; i < 256; ++i) {
      core::SendRequest request;
      request.payload = peer.stack().allocate(1);
      ASSERT_FALSE(peer.stack().send(peer.association(), std::move(request), peer.now()));
    }
    // Everything but the first is acknowledged by a gap block, again and again while there is more.
    for (std::size_t before = 1; before != peer.status().unacked_chunks;) {
      peer.settle();
      peer.ignore_packets();
      before = peer.status().unacked_chunks;
      if (before > 1) peer.sends(sack(peer.stack_tsn() - 1, 100'000'000, {{2, static_cast<std::uint16_t>(before)}}));
    }
  }
  EXPECT_EQ(peer.status().unacked_chunks, 65'535U);
  EXPECT_GT(peer.status().pending_messages, 0U);
}

}  // namespace
}  // namespace netsctp::conformance
