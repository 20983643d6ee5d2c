// RFC 9260 §4, §5.1, §5.1.3 to §5.1.6, §5.2.6: setting up an association, from both sides, and the State Cookie.
#include "conformance/cookie.hpp"
#include "conformance/peer.hpp"
#include "wire/data.hpp"

namespace netsctp::conformance {
namespace {

using What = core::AssociationChanged::What;

// --- as initiator
// -----------------------------------------------------------------------------------------------------

TEST(Section5_1, TheInitiatorGoesThroughCookieWaitAndCookieEchoed) {
  Peer peer;
  peer.connect();
  EXPECT_EQ(peer.state(), State::kCookieWait);
  peer.sends(peer.own_init_ack(bytes_of("exactly this cookie")));
  EXPECT_EQ(peer.state(), State::kCookieEchoed);
  const Reply echo = peer.expect_only(ChunkType::kCookieEcho);
  EXPECT_EQ(echo.cookie(), bytes_of("exactly this cookie"));
  EXPECT_EQ(echo.header.verification_tag, peer.peer_tag());  // RFC 9260 §8.5.1 D
  peer.sends(cookie_ack());
  EXPECT_EQ(peer.state(), State::kEstablished);
  const auto up = peer.expect_event<core::AssociationChanged>();
  EXPECT_EQ(up.what, What::kUp);
  EXPECT_FALSE(up.inbound);
  peer.expect_silence_for(20s);
}

TEST(Section5_1, DataGoesWithTheCookieEchoAndThenNothingUntilTheCookieAck) {
  Peer peer;
  peer.connect();
  peer.user_sends("one");
  peer.expect_silence();
  peer.sends(peer.own_init_ack());
  const Reply echo = peer.expect(ChunkType::kCookieEcho);
  EXPECT_EQ(echo.count(ChunkType::kData), 1U);
  peer.user_sends("two");
  peer.sends(heartbeat(bytes_of("abcd")));
  peer.expect_silence();
  peer.sends(cookie_ack());
  bool data = false;
  bool answer = false;
  while (const auto reply = peer.next()) {
    data |= reply->has(ChunkType::kData);
    answer |= reply->has(ChunkType::kHeartbeatAck);
  }
  EXPECT_TRUE(answer);
  EXPECT_TRUE(data);  // queued data is flushed by the COOKIE ACK
}

TEST(Section5_1, DataThatWentWithALostCookieEchoGoesAgainWithTheNextOne) {
  Peer peer;
  peer.connect();
  peer.user_sends("one");
  peer.sends(peer.own_init_ack());
  const std::uint32_t tsn = wire::parse_data(peer.expect(ChunkType::kCookieEcho).chunk(ChunkType::kData))->tsn;
  peer.advance_to_packet(3s);
  EXPECT_EQ(wire::parse_data(peer.expect(ChunkType::kCookieEcho).chunk(ChunkType::kData))->tsn, tsn);
  peer.sends(cookie_ack());
  peer.advance_to_packet(10s);  // T3-rtx guards it now
  EXPECT_EQ(wire::parse_data(peer.expect(ChunkType::kData).chunks[0])->tsn, tsn);
}

TEST(Section5_1_4, TheLastLifetimeOfT1IsFollowedByTheReportOfFailure) {
  core::AssociationParameters parameters;
  parameters.max_init_retransmits = 3;
  Peer peer({.parameters = parameters});
  const Reply first = peer.connect();
  // RFC 9260 §4 (2), §6.3.3: three more of the same INIT, with the timer doubled each time.
  for (const Duration wait : {1s, 2s, 4s}) {
    EXPECT_EQ(peer.advance_to_packet(60s), wait);
    EXPECT_EQ(peer.expect_only(ChunkType::kInit).bytes, first.bytes);
    EXPECT_EQ(peer.state(), State::kCookieWait);
  }
  peer.expect_silence_for(8s);
  EXPECT_EQ(peer.state(), State::kClosed);
  EXPECT_EQ(peer.expect_event<core::AssociationChanged>().what, What::kCannotStart);
  EXPECT_EQ(peer.stack().next_timeout(), std::nullopt);
}

TEST(Section5_1_4, TheCookieEchoIsRepeatedAsOftenAsTheInitAndThenGivenUp) {
  core::AssociationParameters parameters;
  parameters.max_init_retransmits = 3;
  Peer peer({.parameters = parameters});
  peer.connect();
  peer.advance_to_packet(60s);  // an INIT was lost as well: RFC 9260 §4 (2) and (3) count on their own
  peer.expect_only(ChunkType::kInit);
  peer.sends(peer.own_init_ack());
  const Reply first = peer.expect_only(ChunkType::kCookieEcho);
  for (int i = 0; i < 3; ++i) {
    peer.advance_to_packet(60s);
    EXPECT_EQ(peer.expect_only(ChunkType::kCookieEcho).bytes, first.bytes);
    EXPECT_EQ(peer.state(), State::kCookieEchoed);
  }
  peer.expect_silence_for(60s);
  EXPECT_EQ(peer.state(), State::kClosed);
  EXPECT_EQ(peer.expect_event<core::AssociationChanged>().what, What::kCannotStart);
}

TEST(Section5_1, RetransmissionsOfInitUseAllAddressesOfThePeer) {
  Peer peer({.peer_addresses = {ip("10.0.1.1"), ip("10.0.1.2")}});
  EXPECT_EQ(peer.connect().to.ip, ip("10.0.1.1"));
  peer.advance_to_packet(60s);
  EXPECT_EQ(peer.expect_only(ChunkType::kInit).to.ip, ip("10.0.1.2"));
  peer.advance_to_packet(60s);
  EXPECT_EQ(peer.expect_only(ChunkType::kInit).to.ip, ip("10.0.1.1"));
}

TEST(Section4, AnAbortWhileSettingUpIsReported) {
  for (const State state : {State::kCookieWait, State::kCookieEchoed}) {
    Peer peer;
    peer.bring_to(state);
    peer.sends(abort_chunk(false, cause(CauseCode::kOutOfResource)));
    peer.expect_silence();
    EXPECT_EQ(peer.state(), State::kClosed);
    const auto end = peer.expect_event<core::AssociationChanged>();
    EXPECT_EQ(end.what, What::kCannotStart);
    EXPECT_EQ(end.cause, static_cast<std::uint16_t>(CauseCode::kOutOfResource));
  }
}

// --- as responder
// -----------------------------------------------------------------------------------------------------

TEST(Section5_1, TheResponderAnswersWithAnInitAckAndKeepsNothing) {
  Peer peer;
  peer.sends(peer.own_init());
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  EXPECT_EQ(ack.to.ip, ip("10.0.1.1"));
  EXPECT_EQ(ack.header.verification_tag, peer.peer_tag());
  EXPECT_NE(ack.init().initiate_tag, 0U);
  EXPECT_EQ(peer.stack().association_count(), 0U);
  EXPECT_EQ(peer.stack().next_timeout(), std::nullopt);
  EXPECT_FALSE(peer.find_event<core::AssociationChanged>());
}

TEST(Section5_1, AThousandInitsCostNothing) {
  Peer peer;
  for (std::uint16_t port = 10'000; port < 11'000; ++port) {
    peer.sends(peer.own_init(), {.source_port = port});
    peer.expect_only(ChunkType::kInitAck);
  }
  EXPECT_EQ(peer.stack().association_count(), 0U);
}

TEST(Section5_1, TheInitAckGoesWhereTheInitCameFrom) {
  Peer peer({.peer_addresses = {ip("10.0.1.1"), ip("10.0.1.2")}});
  peer.sends(peer.own_init(), {.from = ip("10.0.1.2"), .udp_port = 12345});
  EXPECT_EQ(peer.expect_only(ChunkType::kInitAck).to, (Address{ip("10.0.1.2"), 12345}));
}

TEST(Section5_1, ACookieEchoBringsTheAssociationUpAndTheCookieAckComesFirst) {
  Peer peer;
  const Reply ack = fetch_cookie(peer);
  peer.sends({cookie_echo(ack.cookie()), data({.tsn = peer.peer_tsn(), .payload = "early"})});
  const Reply reply = peer.expect(ChunkType::kCookieAck);
  EXPECT_TRUE(reply.has(ChunkType::kSack));  // RFC 9260 §5.1.5 step 7: at once
  EXPECT_EQ(peer.state(), State::kEstablished);
  const auto up = peer.expect_event<core::AssociationChanged>();
  EXPECT_EQ(up.what, What::kUp);
  EXPECT_TRUE(up.inbound);
  EXPECT_EQ(peer.receives(), "early");
}

TEST(Section5_1, TheFirstDataIsAcknowledgedAtOnce) {
  for (const Role role : {Role::kInitiator, Role::kResponder}) {
    Peer peer;
    peer.bring_to(State::kEstablished, role);
    peer.sends(data({.tsn = peer.peer_tsn()}));
    peer.expect_only(ChunkType::kSack);
    peer.sends(data({.tsn = peer.peer_tsn() + 1, .ssn = 1}));
    peer.expect_silence();  // RFC 9260 §6.2: the second is not
  }
}

TEST(Section5_1, LackOfResourcesIsAnsweredWithAnAbortThatSaysSo) {
  Peer peer({.backlog = 1});
  peer.sends(peer.own_init(), {.source_port = 7001});
  const Reply one = peer.expect_only(ChunkType::kInitAck);
  peer.sends(peer.own_init(), {.source_port = 7002});
  const Reply two = peer.expect_only(ChunkType::kInitAck);
  peer.sends(cookie_echo(one.cookie()), {.tag = one.init().initiate_tag, .source_port = 7001});
  peer.expect(ChunkType::kCookieAck);
  // The second has come too late: at its COOKIE ECHO as at its INIT.
  peer.sends(cookie_echo(two.cookie()), {.tag = two.init().initiate_tag, .source_port = 7002});
  for (int i = 0; i < 2; ++i) {
    const Reply refusal = peer.expect_only(ChunkType::kAbort);
    EXPECT_EQ(refusal.header.verification_tag, peer.peer_tag());
    EXPECT_EQ(refusal.chunks[0].flags, 0);
    EXPECT_TRUE(refusal.cause(CauseCode::kOutOfResource).has_value());
    if (i == 0) peer.sends(peer.own_init(), {.source_port = 7002});
  }
}

TEST(Section6_4Reply, TheCookieAckGoesWhereTheCookieEchoCameFrom) {
  Peer peer({.peer_addresses = {ip("10.0.1.1"), ip("10.0.1.2")}});
  const Reply ack = fetch_cookie(peer);
  peer.sends(cookie_echo(ack.cookie()), {.from = ip("10.0.1.2")});
  const Reply reply = peer.expect(ChunkType::kCookieAck);
  EXPECT_EQ(reply.to.ip, ip("10.0.1.2"));
  EXPECT_TRUE(reply.has(ChunkType::kHeartbeat));  // RFC 9260 §5.4: that address is unconfirmed
}

// --- the State Cookie
// -------------------------------------------------------------------------------------------------

TEST(Section5_1_5, ACookieWithAnyByteAlteredIsSilentlyDiscarded) {
  Peer peer;
  const Reply ack = fetch_cookie(peer);
  const ByteString good = ack.cookie();
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const std::byte flip : {std::byte{1}, std::byte{0x80}, std::byte{0xFF}}) {
      ByteString bad = good;
      bad[i] ^= flip;
      peer.sends({cookie_echo(bad), data({.tsn = peer.peer_tsn()})});
      ASSERT_EQ(peer.stack().association_count(), 0U) << "byte " << i;
    }
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    peer.sends(cookie_echo(ByteString(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))));
    ASSERT_EQ(peer.stack().association_count(), 0U) << size << " bytes";
  }
  ByteString longer = good;
  longer.push_back(std::byte{0});
  peer.sends(cookie_echo(longer));
  peer.sends(cookie_echo(ByteString(3000, std::byte{0})));
  peer.expect_silence();
  peer.sends(cookie_echo(good));  // the true one still serves
  peer.expect(ChunkType::kCookieAck);
}

TEST(Section5_1_5, ACookieForOtherPortsOrAnotherTagIsSilentlyDiscarded) {
  Peer peer;
  const Reply ack = fetch_cookie(peer);
  core::EndpointConfig other;
  other.port = 5001;
  other.addresses = {ip("10.0.0.1")};
  peer.stack().listen(peer.stack().open(other).value(), 16);
  peer.sends(cookie_echo(ack.cookie()), {.source_port = 6001});
  peer.sends(cookie_echo(ack.cookie()), {.destination_port = 5001});
  peer.sends(cookie_echo(ack.cookie()), {.tag = peer.stack_tag() + 1});
  peer.expect_silence();
  EXPECT_EQ(peer.stack().association_count(), 0U);
}

TEST(Section5_1_5, ACookieOfAnotherStackIsSilentlyDiscarded) {
  Peer other({.seed = 2});
  other.sends(other.own_init());
  const Reply ack = other.expect_only(ChunkType::kInitAck);
  Peer peer;
  peer.sends(cookie_echo(ack.cookie()), {.tag = ack.init().initiate_tag});
  peer.expect_silence();
  EXPECT_EQ(peer.state(), State::kClosed);
}

TEST(Section5_1_5, AnExpiredCookieIsAnsweredWithItsStaleness) {
  core::AssociationParameters parameters;
  parameters.cookie_life = 10s;
  Peer peer({.parameters = parameters});
  const Reply ack = fetch_cookie(peer);
  peer.advance(10s + 1234us);
  peer.sends({cookie_echo(ack.cookie()), data({.tsn = peer.peer_tsn()})});
  const Reply reply = peer.expect_only(ChunkType::kError);
  EXPECT_EQ(reply.header.verification_tag, peer.peer_tag());
  EXPECT_EQ(reply.cause(CauseCode::kStaleCookie), big(std::uint32_t{1234}));
  EXPECT_EQ(peer.state(), State::kClosed);
}

TEST(Section5_1_5, ACookieIsGoodForItsWholeLife) {
  core::AssociationParameters parameters;
  parameters.cookie_life = 10s;
  Peer peer({.parameters = parameters});
  peer.sends(peer.own_init());
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.advance(10s);
  peer.sends(cookie_echo(ack.cookie()), {.tag = ack.init().initiate_tag});
  peer.expect(ChunkType::kCookieAck);
}

TEST(Section3_3_2_1_3, ACookiePreservativeLengthensTheLifeOfTheCookie) {
  core::AssociationParameters parameters;
  parameters.cookie_life = 10s;
  for (const bool in_time : {true, false}) {
    Peer peer({.parameters = parameters});
    peer.sends(init({.parameters = {parameter(ParameterType::kCookiePreservative, big(std::uint32_t{5000}))}}));
    const Reply ack = peer.expect_only(ChunkType::kInitAck);
    peer.advance(in_time ? Duration(15s) : Duration(15s + 1us));
    peer.sends(cookie_echo(ack.cookie()), {.tag = ack.init().initiate_tag});
    peer.expect(in_time ? ChunkType::kCookieAck : ChunkType::kError);
  }
}

TEST(Section3_3_2_1_3, APreservativeDoesNotMakeACookieLastForHours) {
  Peer peer;
  peer.sends(init({.parameters = {parameter(ParameterType::kCookiePreservative, big(std::uint32_t{0xFFFFFFFF}))}}));
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.advance(10min);
  peer.sends(cookie_echo(ack.cookie()), {.tag = ack.init().initiate_tag});
  peer.expect_only(ChunkType::kError);
}

TEST(Section5_1_3, TheKeyRotatesAndTheOneBeforeStillVerifies) {
  core::StackConfig stack;
  stack.cookie_key_life = 30s;
  core::AssociationParameters parameters;
  parameters.cookie_life = 1h;
  Peer peer({.stack = stack, .parameters = parameters});
  const auto cookie = [&](std::uint16_t port) {
    peer.sends(peer.own_init(), {.source_port = port});
    return peer.expect_only(ChunkType::kInitAck);
  };
  const Reply first = cookie(7001);
  const Reply late = cookie(7002);
  peer.advance(31s);
  (void)cookie(7003);
  peer.sends(cookie_echo(first.cookie()), {.tag = first.init().initiate_tag, .source_port = 7001});
  peer.expect(ChunkType::kCookieAck);
  peer.advance(31s);
  (void)cookie(7004);
  // RFC 9260 §5.1.5 step 1: the key is gone: silence.
  peer.ignore_packets();
  peer.sends(cookie_echo(late.cookie()), {.tag = late.init().initiate_tag, .source_port = 7002});
  peer.expect_silence();
}

TEST(Section5_1_3, TheCookieIsSmall) {
  Peer peer;
  peer.sends(peer.own_init());
  EXPECT_LE(peer.expect_only(ChunkType::kInitAck).cookie().size(), 100U);
}

// --- a stale cookie, as initiator
// -------------------------------------------------------------------------------------

TEST(Section5_2_6, AStaleCookieErrorLeadsToANewInitWithACookiePreservative) {
  Peer peer;
  const Reply first = peer.connect();
  peer.sends(peer.own_init_ack());
  peer.expect_only(ChunkType::kCookieEcho);
  peer.advance(100ms);
  peer.sends(stale_cookie_error(500));
  const Reply again = peer.expect_only(ChunkType::kInit);
  EXPECT_EQ(peer.state(), State::kCookieWait);
  EXPECT_EQ(again.header.verification_tag, 0U);
  const auto asked = again.parameter(ParameterType::kCookiePreservative);
  ASSERT_TRUE(asked.has_value());
  EXPECT_GE(*asked, big(std::uint32_t{100}));   // the round trip of COOKIE ECHO and ERROR
  EXPECT_LE(*asked, big(std::uint32_t{1100}));  // and at most one second more
  peer.sends(peer.own_init_ack(bytes_of("a new one")));
  EXPECT_EQ(peer.expect_only(ChunkType::kCookieEcho).cookie(), bytes_of("a new one"));
  peer.sends(cookie_ack());
  EXPECT_EQ(peer.state(), State::kEstablished);
}

TEST(Section5_2_6, APeerWhoseCookiesAreAlwaysStaleIsGivenUp) {
  Peer peer;
  peer.connect();
  int inits = 0;
  for (; inits < 100 && peer.state() != State::kClosed; ++inits) {
    peer.sends(peer.own_init_ack());
    peer.expect_only(ChunkType::kCookieEcho);
    peer.sends(stale_cookie_error(500));
    peer.ignore_packets();
  }
  EXPECT_LT(inits, 20);
  EXPECT_EQ(peer.expect_event<core::AssociationChanged>().what, What::kCannotStart);
}

TEST(Section5_2_6, InOtherStatesAStaleCookieErrorIsSilentlyDiscarded) {
  for (const State state : {State::kCookieWait, State::kEstablished, State::kShutdownPending, State::kShutdownSent,
                            State::kShutdownReceived, State::kShutdownAckSent}) {
    Peer peer;
    peer.bring_to(state);
    peer.sends(stale_cookie_error(500));
    peer.expect_silence();
    EXPECT_EQ(peer.state(), state);
    EXPECT_FALSE(peer.find_event<core::RemoteError>().has_value());
  }
}

TEST(Section5_2_3, AnUnexpectedInitAckIsDiscarded) {
  for (const State state : {State::kCookieEchoed, State::kEstablished, State::kShutdownPending, State::kShutdownSent,
                            State::kShutdownReceived, State::kShutdownAckSent}) {
    Peer peer;
    peer.bring_to(state);
    peer.sends(peer.own_init_ack(bytes_of("another cookie")));
    peer.expect_silence();
    EXPECT_EQ(peer.state(), state);
  }
}

TEST(Section5_2_5, AnUnexpectedCookieAckIsSilentlyDiscarded) {
  for (const State state : {State::kCookieWait, State::kEstablished, State::kShutdownPending, State::kShutdownSent,
                            State::kShutdownReceived, State::kShutdownAckSent}) {
    Peer peer;
    peer.bring_to(state);
    peer.sends(cookie_ack());
    peer.expect_silence();
    EXPECT_EQ(peer.state(), state);
  }
}

}  // namespace
}  // namespace netsctp::conformance
