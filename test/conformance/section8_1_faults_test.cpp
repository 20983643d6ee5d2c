// RFC 9260 §8.1 to §8.3: failures of the peer and of its addresses, heartbeats.
#include <gmock/gmock.h>

#include <set>

#include "conformance/observed.hpp"

namespace netsctp::conformance {
namespace {

using core::PathChanged;
using core::PathStatus;

const IpAddress kPrimary = ip("10.0.1.1");
const IpAddress kOther = ip("10.0.2.1");

struct Faults : testing::Test {
  Peer peer;
  explicit Faults(PeerConfig config) : peer(std::move(config)) { peer.bring_to(State::kEstablished); }
  static ByteString answer(const Reply& heartbeat) {
    const auto value = heartbeat.chunk(ChunkType::kHeartbeat).value();
    return chunk(ChunkType::kHeartbeatAck, 0, {value.begin(), value.end()});
  }
};
struct OnePath : Faults {
  explicit OnePath(PeerConfig config = {}) : Faults(std::move(config)) {}
};
struct TwoPaths : Faults {
  static PeerConfig config() {
    PeerConfig config;
    config.peer_addresses = {kPrimary, kOther};
    return config;
  }
  TwoPaths() : Faults(config()) {}
  // Answers all heartbeats but those to `dead`, for so long.
  void run(Duration time, const IpAddress& dead) {
    for (const Time end = peer.now() + time; peer.now() < end;) {
      peer.advance(std::min<Duration>(100ms, end - peer.now()));
      while (const auto reply = peer.next()) {
        if (reply->has(ChunkType::kHeartbeat) && reply->to.ip != dead)
          peer.sends(answer(*reply), {.from = reply->to.ip});
      }
    }
  }
};
struct Section8_1 : OnePath {};
struct Section8_1Paths : TwoPaths {};
struct Section8_2 : TwoPaths {};
struct Section8_3 : OnePath {};
struct Section8_3Paths : TwoPaths {};

TEST_F(Section8_1, ThePeerIsUnreachableAfterAssociationMaxRetrans) {
  peer.user_sends("x");
  peer.ignore_packets();
  peer.ignore_events();
  std::size_t retransmissions = 0;
  for (int i = 0; i < 2000 && peer.state() != State::kClosed; ++i) {
    peer.advance(1s);
    while (const auto reply = peer.next()) retransmissions += reply->has(ChunkType::kData) ? 1U : 0U;
  }
  EXPECT_LE(retransmissions, 10U);
  EXPECT_GE(retransmissions, 5U);  // unanswered heartbeats count too
  EXPECT_EQ(peer.state(), State::kClosed);
  EXPECT_TRUE(peer.expect_event<core::SendFailed>().was_sent);
  const auto lost = peer.expect_event<core::AssociationChanged>();
  EXPECT_EQ(lost.what, core::AssociationChanged::What::kLost);
  EXPECT_EQ(lost.reason, core::AssociationChanged::Reason::kUnreachable);
  peer.ignore_packets();
  peer.expect_silence_for(1000s);
}

TEST_F(Section8_1, AnAcknowledgementResetsTheCounter) {
  peer.user_sends("x");
  peer.advance(1s + 2s);
  EXPECT_EQ(peer.status().error_count, 2U);
  peer.sends(sack(peer.stack_tsn()));
  EXPECT_EQ(peer.status().error_count, 0U);
  EXPECT_EQ(peer.path(kPrimary).error_count, 0U);
}

TEST_F(Section8_1, AHeartbeatAckResetsTheCounter) {
  peer.advance_to_packet(100s);
  peer.ignore_packets();
  peer.advance(1s);
  EXPECT_EQ(peer.status().error_count, 1U);
  peer.advance_to_packet(100s);
  peer.sends(answer(peer.expect_only(ChunkType::kHeartbeat)));
  EXPECT_EQ(peer.status().error_count, 0U);
}

TEST_F(Section8_1Paths, HeartbeatsOfOtherPathsDoNotCount) {
  for (int i = 0; i < 600; ++i) {
    run(1s, kOther);
    ASSERT_EQ(peer.status().error_count, 0U) << "after " << i << " s";
  }
  EXPECT_EQ(peer.path(kOther).state, PathStatus::State::kInactive);
  EXPECT_EQ(peer.state(), State::kEstablished);
  EXPECT_EQ(peer.status().error_count, 0U);
}

TEST_F(Section8_2, APathFailsAfterPathMaxRetransAndTheUserIsTold) {
  peer.ignore_events();
  for (int i = 0; i < 300 && peer.path(kOther).state == PathStatus::State::kActive; ++i) {
    EXPECT_LE(peer.path(kOther).error_count, 5U);
    run(1s, kOther);
  }
  EXPECT_EQ(peer.path(kOther).error_count, 6U);
  const auto changed = peer.expect_event<PathChanged>();
  EXPECT_EQ(changed.what, PathChanged::What::kUnreachable);
  EXPECT_EQ(changed.address.ip, kOther);
  // RFC 9260 §8.3: the counter stops, the heartbeats go on.
  std::size_t heartbeats = 0;
  for (int i = 0; i < 400; ++i) {
    peer.advance(1s);
    while (const auto reply = peer.next()) {
      if (reply->to.ip == kOther)
        ++heartbeats;
      else if (reply->has(ChunkType::kHeartbeat))
        peer.sends(answer(*reply), {.from = reply->to.ip});
    }
  }
  EXPECT_GE(heartbeats, 2U);
  EXPECT_EQ(peer.path(kOther).error_count, 6U);
  // An answer brings it back.
  peer.ignore_events();
  run(200s, kPrimary);
  EXPECT_EQ(peer.path(kOther).state, PathStatus::State::kActive);
  EXPECT_EQ(peer.path(kOther).error_count, 0U);
}

TEST_F(Section8_2, EachT3ExpiryCountsOnItsPath) {
  peer.user_sends("x");
  peer.advance(1s);
  EXPECT_EQ(peer.path(kPrimary).error_count, 1U);
  EXPECT_EQ(peer.path(kOther).error_count, 0U);
  EXPECT_EQ(peer.status().error_count, 1U);
}

// ---- §8.3

TEST_F(Section8_3, AHeartbeatIsEchoedUnchanged) {
  const ByteString value = join({parameter(ParameterType::kHeartbeatInfo, bytes_of("whatever it is.")), ByteString(1),
                                 parameter(std::uint16_t{0xC123}, bytes_of("and more"))});
  peer.sends(chunk(ChunkType::kHeartbeat, 0, value));
  const Reply reply = peer.expect_only(ChunkType::kHeartbeatAck);
  const auto echoed = reply.chunk(ChunkType::kHeartbeatAck).value();
  EXPECT_EQ(ByteString(echoed.begin(), echoed.end()), value);
}

TEST(Section8_3_States, AHeartbeatIsAnsweredFromEstablishedUntilShutdown) {
  for (const State state : {State::kEstablished, State::kShutdownPending, State::kShutdownReceived}) {
    Peer peer;
    peer.bring_to(state);
    peer.sends(heartbeat(bytes_of("x")));
    peer.expect_only(ChunkType::kHeartbeatAck);
  }
}

// HB.interval plus RTO, half of the RTO more or less.
TEST(Section8_3_Time, HeartbeatsAreJittered) {
  std::set<Duration> seen;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    PeerConfig config;
    config.seed = seed;
    Peer peer(config);
    peer.bring_to(State::kEstablished);
    const Duration wait = peer.advance_to_packet(100s);
    peer.expect_only(ChunkType::kHeartbeat);
    EXPECT_GE(wait, 30s + 500ms);
    EXPECT_LE(wait, 30s + 1500ms);
    seen.insert(wait);
  }
  EXPECT_GT(seen.size(), 20U);
}

TEST_F(Section8_3, AnUnansweredHeartbeatBacksTheRtoOffAndCounts) {
  peer.advance_to_packet(100s);
  peer.ignore_packets();
  peer.advance(999ms);
  EXPECT_EQ(peer.path(kPrimary).error_count, 0U);
  peer.advance(1ms);
  EXPECT_EQ(peer.path(kPrimary).error_count, 1U);
  EXPECT_EQ(peer.path(kPrimary).rto, 2s);
  const Duration wait = peer.advance_to_packet(100s) + 1s;  // since the last one
  EXPECT_GE(wait, 30s + 1s);
  EXPECT_LE(wait, 30s + 3s);
}

TEST_F(Section8_3, AnAnswerMeasuresTheRoundTrip) {
  peer.advance_to_packet(100s);
  const Reply heartbeat = peer.expect_only(ChunkType::kHeartbeat);
  const Duration before = peer.path(kPrimary).srtt;
  peer.advance(800ms);
  peer.sends(answer(heartbeat));
  EXPECT_EQ(peer.path(kPrimary).srtt, before + (800ms - before) / 8);
  peer.sends(answer(heartbeat));  // counts once
  EXPECT_EQ(peer.path(kPrimary).srtt, before + (800ms - before) / 8);
}

TEST_F(Section8_3, ALateAnswerClearsTheError) {
  peer.advance_to_packet(100s);
  const Reply heartbeat = peer.expect_only(ChunkType::kHeartbeat);
  peer.advance(1500ms);
  ASSERT_EQ(peer.path(kPrimary).error_count, 1U);
  peer.sends(answer(heartbeat));
  EXPECT_EQ(peer.path(kPrimary).error_count, 0U);
}

TEST_F(Section8_3, AForgedAnswerIsIgnored) {
  peer.advance_to_packet(100s);
  const Reply heartbeat = peer.expect_only(ChunkType::kHeartbeat);
  peer.advance(1500ms);
  ByteString forged = answer(heartbeat);
  forged[8 + 8] ^= std::byte{2};  // the nonce
  peer.sends(forged);
  EXPECT_EQ(peer.path(kPrimary).error_count, 1U);
}

TEST_F(Section8_3, APathInUseIsNotHeartbeaten) {
  for (std::uint32_t i = 0; i < 120; ++i) {
    peer.user_sends("x");
    peer.expect_only(ChunkType::kData);
    peer.sends(sack(peer.stack_tsn() + i));
    peer.advance(1s);
    peer.expect_silence();
  }
}

TEST_F(Section8_3Paths, IdlePathsAreHeartbeatenBesideTheOneInUse) {
  std::size_t other = 0;
  for (std::uint32_t i = 0; i < 120; ++i) {
    peer.user_sends("x");
    peer.sends(sack(peer.stack_tsn() + i));
    peer.advance(1s);
    while (const auto reply = peer.next()) {
      if (!reply->has(ChunkType::kHeartbeat)) continue;
      EXPECT_EQ(reply->to.ip, kOther);
      peer.sends(answer(*reply), {.from = kOther});
      ++other;
    }
  }
  EXPECT_EQ(other, 3U);
}

TEST_F(Section8_3, HeartbeatsStopWithShutdown) {
  peer.user_shuts_down();
  for (int i = 0; i < 60; ++i) {
    peer.advance(1s);
    while (const auto reply = peer.next()) EXPECT_FALSE(reply->has(ChunkType::kHeartbeat));
  }
}

TEST_F(Section8_3, HeartbeatsCanBeTurnedOffOnAndRequested) {
  core::PathParameters off;
  off.heartbeat_enabled = false;
  EXPECT_FALSE(peer.stack().set_path(peer.association(), kPrimary, off, peer.now()));
  peer.expect_silence_for(1000s);
  EXPECT_FALSE(peer.stack().request_heartbeat(peer.association(), kPrimary, peer.now()));
  peer.settle();
  peer.sends(answer(peer.expect_only(ChunkType::kHeartbeat)));
  core::PathParameters on;
  on.heartbeat_interval = 5s;
  EXPECT_FALSE(peer.stack().set_path(peer.association(), kPrimary, on, peer.now()));
  const Duration wait = peer.advance_to_packet(100s);
  EXPECT_GE(wait, 5s + 500ms);
  EXPECT_LE(wait, 5s + 1500ms);
}

}  // namespace
}  // namespace netsctp::conformance
