// RFC 9260 §5.4: verification of the peer's addresses, and what may be sent to one that is not confirmed.
#include "conformance/peer.hpp"

namespace netsctp::conformance {
namespace {

using PathState = core::PathStatus::State;
const IpAddress kFirst = ip("10.0.1.1");
const IpAddress kSecond = ip("10.0.1.2");
const IpAddress kThird = ip("10.0.1.3");

PeerConfig several() {
  PeerConfig config;
  config.peer_addresses = {kFirst, kSecond, kThird};
  return config;
}
// Up, as responder: kFirst is confirmed, the others are not. Packets are left to look at.
void bring_up(Peer& peer) {
  peer.sends(peer.own_init());
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.learn(ack);
  peer.sends(cookie_echo(ack.cookie()));
  peer.expect(ChunkType::kCookieAck);
}
ByteString answer(const Reply& heartbeat) {
  const auto value = heartbeat.chunk(ChunkType::kHeartbeat).value();
  return chunk(ChunkType::kHeartbeatAck, 0, ByteString(value.begin(), value.end()));
}
// Lets time pass until a HEARTBEAT to that address is sent.
Reply heartbeat_to(Peer& peer, const IpAddress& address) {
  for (int i = 0; i < 50; ++i) {
    while (auto reply = peer.next()) {
      if (reply->to.ip == address && reply->has(ChunkType::kHeartbeat)) return std::move(*reply);
    }
    peer.advance_to_timeout();
  }
  throw std::runtime_error("no HEARTBEAT to " + address.text());
}

TEST(Section5_4, Rule1_AddressesThatTheUserGaveAreConfirmed) {
  Peer peer(several());
  peer.bring_to(State::kEstablished, Role::kInitiator);
  for (const auto& address : {kFirst, kSecond, kThird}) EXPECT_EQ(peer.path(address).state, PathState::kActive);
}

TEST(Section5_4, Rule1_OthersThatTheInitAckListsAreNot) {
  Peer peer({.peer = {.parameters = {address_parameter(kSecond)}}});
  peer.bring_to(State::kEstablished, Role::kInitiator);
  EXPECT_EQ(peer.path(kFirst).state, PathState::kActive);
  EXPECT_EQ(peer.path(kSecond).state, PathState::kUnconfirmed);
}

TEST(Section5_4, Rule2_AResponderConfirmsOnlyWhereItsInitAckWent) {
  Peer peer(several());
  bring_up(peer);
  EXPECT_EQ(peer.path(kFirst).state, PathState::kActive);
  EXPECT_EQ(peer.path(kSecond).state, PathState::kUnconfirmed);
  EXPECT_EQ(peer.path(kThird).state, PathState::kUnconfirmed);
}

TEST(Section5_4, Rule2_NotWhereTheCookieEchoCameFrom) {
  Peer peer(several());
  peer.sends(peer.own_init());
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.learn(ack);
  peer.sends(cookie_echo(ack.cookie()), {.from = kSecond});
  EXPECT_EQ(peer.path(kFirst).state, PathState::kActive);
  EXPECT_EQ(peer.path(kSecond).state, PathState::kUnconfirmed);
}

TEST(Section5_4, Rule2_NorInACollision) {
  Peer peer({.peer = {.parameters = {address_parameter(kSecond)}}});
  peer.connect();
  peer.sends(peer.own_init());
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.sends(cookie_echo(ack.cookie()), {.from = kSecond});
  EXPECT_EQ(peer.path(kFirst).state, PathState::kActive);
  EXPECT_EQ(peer.path(kSecond).state, PathState::kUnconfirmed);
}

TEST(Section5_4, AHeartbeatWithANonceConfirmsAnAddress) {
  Peer peer(several());
  bring_up(peer);
  const Reply probe = heartbeat_to(peer, kSecond);
  EXPECT_GE(probe.chunk(ChunkType::kHeartbeat).whole.size(), 4U + 4U + 8U);
  peer.ignore_events();
  peer.sends(answer(probe), {.from = kSecond});
  EXPECT_EQ(peer.path(kSecond).state, PathState::kActive);
  const auto told = peer.expect_event<core::PathChanged>();
  EXPECT_EQ(told.what, core::PathChanged::What::kConfirmed);
  EXPECT_EQ(told.address.ip, kSecond);
  EXPECT_EQ(peer.path(kThird).state, PathState::kUnconfirmed);
}

TEST(Section5_4, NoncesAreRandomAndDiffer) {
  Peer peer(several());
  bring_up(peer);
  const Reply one = heartbeat_to(peer, kSecond);
  const Reply two = heartbeat_to(peer, kThird);
  EXPECT_NE(answer(one), answer(two));
  EXPECT_NE(answer(heartbeat_to(peer, kSecond)), answer(one));
}

TEST(Section5_4, AForgedHeartbeatAckConfirmsNothingAndStopsNothing) {
  Peer peer(several());
  bring_up(peer);
  const Reply probe = heartbeat_to(peer, kSecond);
  const ByteString good = answer(probe);
  for (std::size_t i = 16; i < 25; ++i) {  // the nonce and the path; the time before them is of no account
    ByteString bad = good;
    bad[i] ^= std::byte{1};
    peer.sends(bad, {.from = kSecond});
    ASSERT_EQ(peer.path(kSecond).state, PathState::kUnconfirmed) << "byte " << i;
  }
  Peer again(several());
  bring_up(again);
  (void)heartbeat_to(again, kSecond);
  again.sends(chunk(ChunkType::kHeartbeatAck, 0, parameter(1, ByteString(40))), {.from = kSecond});
  again.sends(chunk(ChunkType::kHeartbeatAck, 0, parameter(1, bytes_of("abcd"))), {.from = kSecond});
  again.sends(chunk(ChunkType::kHeartbeatAck), {.from = kSecond});
  again.advance(again.path(kSecond).rto);
  EXPECT_EQ(again.path(kSecond).error_count, 1U);  // it still counts as unanswered
}

TEST(Section5_4, AnAnswerCountsOnceOnly) {
  Peer peer(several());
  bring_up(peer);
  const Reply probe = heartbeat_to(peer, kSecond);
  peer.sends(answer(probe), {.from = kSecond});
  const Duration rto = peer.path(kSecond).srtt;
  peer.advance(500ms);
  peer.sends(answer(probe), {.from = kSecond});
  EXPECT_EQ(peer.path(kSecond).srtt, rto);
}

TEST(Section5_4, AnAddressThatNeverAnswersBecomesInactiveWithoutHarmToTheAssociation) {
  PeerConfig config = several();
  config.parameters.max_retransmissions = 3;
  Peer peer(config);
  bring_up(peer);
  peer.ignore_events();
  for (int i = 0; i < 400 && peer.path(kSecond).state != PathState::kInactive; ++i) {
    peer.advance_to_timeout();
    while (const auto reply = peer.next()) {
      if (reply->to.ip == kFirst && reply->has(ChunkType::kHeartbeat)) peer.sends(answer(*reply));
    }
  }
  EXPECT_EQ(peer.path(kSecond).state, PathState::kInactive);
  EXPECT_EQ(peer.state(), State::kEstablished);
  EXPECT_EQ(peer.status().error_count, 0U);  // probing counts no association errors
  EXPECT_EQ(peer.expect_event<core::PathChanged>().what, core::PathChanged::What::kUnreachable);
}

TEST(Section5_4, ProbesAreSpreadOverRoundTrips) {
  Peer peer(several());
  bring_up(peer);
  const Time begin = peer.now();
  std::size_t probes = 0;
  while (peer.now() - begin < 999ms) {  // HB.Max.Burst in the first RTO
    while (const auto reply = peer.next()) probes += reply->has(ChunkType::kHeartbeat);
    peer.advance(111ms);
  }
  EXPECT_LE(probes, 1U);
}

TEST(Section5_4, OnlyHeartbeatsAndTheirAnswersGoToAnUnconfirmedAddress) {
  Peer peer(several());
  bring_up(peer);
  peer.sends(data({.tsn = peer.peer_tsn()}), {.from = kSecond});
  peer.sends(heartbeat(bytes_of("abcd")), {.from = kSecond});
  peer.sends(chunk(std::uint8_t{0xFE}, 0), {.from = kSecond});
  core::SendRequest there;
  there.to = kSecond;
  peer.user_sends("wants to go there", std::move(there));
  for (int i = 0; i < 30 && peer.state() == State::kEstablished; ++i) peer.advance(700ms);
  bool answered = false;
  while (const auto reply = peer.next()) {
    if (reply->to.ip == kFirst) continue;
    for (const wire::Chunk& one : reply->chunks) {
      EXPECT_TRUE(one.kind() == ChunkType::kHeartbeat || one.kind() == ChunkType::kHeartbeatAck) << reply->text();
      answered |= one.kind() == ChunkType::kHeartbeatAck;
    }
  }
  EXPECT_TRUE(answered);
}

TEST(Section5_4, ACookieAckToAnUnconfirmedAddressTakesAHeartbeatAlong) {
  Peer peer(several());
  bring_up(peer);
  peer.ignore_packets();
  Peer fresh(several());
  fresh.sends(fresh.own_init());
  const Reply ack = fresh.expect_only(ChunkType::kInitAck);
  fresh.learn(ack);
  fresh.sends(cookie_echo(ack.cookie()));
  fresh.ignore_packets();
  fresh.sends(cookie_echo(ack.cookie()), {.from = kSecond});  // a duplicate (RFC 9260 §5.2.4 D)
  const Reply reply = fresh.expect(ChunkType::kCookieAck);
  EXPECT_EQ(reply.to.ip, kSecond);
  EXPECT_TRUE(reply.has(ChunkType::kHeartbeat));
}

TEST(Section5_4, ACookieEchoToAnUnconfirmedAddressTakesAHeartbeatAlong) {
  Peer peer({.peer = {.parameters = {address_parameter(kFirst)}}});
  peer.connect();
  peer.user_sends("data");
  peer.sends(peer.own_init_ack(), {.from = kSecond});
  const Reply echo = peer.expect(ChunkType::kCookieEcho);
  if (echo.to.ip == kSecond) {
    EXPECT_TRUE(echo.has(ChunkType::kHeartbeat));
    EXPECT_FALSE(echo.has(ChunkType::kData));
  }
}

TEST(Section5_4, ACookieEchoTooLargeForAHeartbeatBesideGoesToAConfirmedAddress) {
  Peer peer({.peer = {.parameters = {address_parameter(kFirst)}}});
  peer.connect();
  peer.sends(peer.own_init_ack(ByteString(1430, std::byte{1})), {.from = kSecond});
  EXPECT_EQ(peer.expect(ChunkType::kCookieEcho).to.ip, kFirst);
}

TEST(Section5_4, TheInitAfterAStaleCookieGoesToAConfirmedAddress) {
  Peer peer({.peer = {.parameters = {address_parameter(kFirst)}}});
  peer.connect();
  peer.sends(peer.own_init_ack(), {.from = kSecond});
  peer.expect(ChunkType::kCookieEcho);
  peer.sends(stale_cookie_error(5));
  EXPECT_EQ(peer.expect_only(ChunkType::kInit).to.ip, kFirst);
}

}  // namespace
}  // namespace netsctp::conformance
