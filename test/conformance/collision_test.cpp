// RFC 9260 §5.2.1, §5.2.2, §5.2.4: INIT and COOKIE ECHO for an association that exists: collision, restart, duplicates.
#include "conformance/cookie.hpp"
#include "conformance/peer.hpp"
#include "wire/data.hpp"

namespace netsctp::conformance {
namespace {

using What = core::AssociationChanged::What;
constexpr std::uint32_t kNewTag = 0xAAAA5555;
constexpr std::uint32_t kNewTsn = 0x70000000;

// The peer forgot everything and begins again.
InitFields reborn(const Peer& peer) {
  InitFields fields = peer.own();
  fields.tag = kNewTag;
  fields.initial_tsn = kNewTsn;
  return fields;
}

// --- INIT in COOKIE-WAIT and COOKIE-ECHOED (§5.2.1)
// -------------------------------------------------------------------

TEST(Section5_2_1, AnInitInCookieWaitIsAnsweredWithTheParametersOfOurInit) {
  core::AssociationParameters own;  // the association's, not the endpoint's
  own.outbound_streams = 5;
  own.max_inbound_streams = 6;
  own.receive_buffer = 12345;
  Peer peer;
  core::ConnectRequest request;
  request.peers = {ip("10.0.1.1")};
  request.port = Peer::kPeerPort;
  request.parameters = own;
  ASSERT_TRUE(peer.stack().connect(peer.endpoint(), request, peer.now()));
  peer.settle();
  const Reply ours = peer.expect_only(ChunkType::kInit);
  peer.sends(peer.own_init());
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  EXPECT_EQ(ack.init().initiate_tag, ours.init().initiate_tag);
  EXPECT_EQ(ack.init().initial_tsn, ours.init().initial_tsn);
  EXPECT_EQ(ack.init().a_rwnd, 12345U);
  EXPECT_EQ(ack.init().outbound_streams, 5);
  EXPECT_EQ(ack.init().inbound_streams, 6);
  EXPECT_EQ(ack.header.verification_tag, peer.peer_tag());
  EXPECT_EQ(peer.state(), State::kCookieWait);
  peer.advance_to_packet(1s);  // T1-init was left running
  peer.expect_only(ChunkType::kInit);
}

TEST(Section5_2_1, AnInitInCookieEchoedIsAnsweredWithOurTagAndChangesNothing) {
  Peer peer;
  peer.bring_to(State::kCookieEchoed);
  peer.sends(peer.own_init());
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  EXPECT_EQ(ack.init().initiate_tag, peer.stack_tag());
  EXPECT_EQ(ack.init().initial_tsn, peer.stack_tsn());
  EXPECT_EQ(peer.state(), State::kCookieEchoed);
  peer.advance_to_packet(2s);  // T1-cookie was left running
  peer.expect_only(ChunkType::kCookieEcho);
}

TEST(Section5_2_1, InCookieWaitTheInitAckOnlyGoesToAnAddressThatTheUserGave) {
  Peer peer;
  peer.connect();
  InitFields fields = peer.own();
  fields.parameters = {address_parameter(ip("10.0.1.1"))};
  peer.sends(init(fields), {.from = ip("10.0.1.66")});
  EXPECT_EQ(peer.expect_only(ChunkType::kInitAck).to.ip, ip("10.0.1.1"));
}

TEST(Section5_2_1, AnInitInCookieEchoedThatAddsAddressesIsRefused) {
  Peer peer;
  peer.bring_to(State::kCookieEchoed);
  InitFields fields = peer.own();
  fields.tag = kNewTag;
  fields.parameters = {address_parameter(ip("10.0.1.66"))};
  peer.sends(init(fields));
  const Reply refusal = peer.expect_only(ChunkType::kAbort);
  EXPECT_EQ(refusal.header.verification_tag, kNewTag);
  EXPECT_EQ(refusal.cause(CauseCode::kRestartWithNewAddresses), address_parameter(ip("10.0.1.66")));
  EXPECT_EQ(peer.state(), State::kCookieEchoed);
}

// --- INIT in the other states (§5.2.2)
// --------------------------------------------------------------------------------

TEST(Section5_2_2, AnInitForAnAssociationIsAnsweredWithANewTagAndChangesNothing) {
  for (const State state :
       {State::kEstablished, State::kShutdownPending, State::kShutdownSent, State::kShutdownReceived}) {
    Peer peer;
    peer.bring_to(state);
    peer.sends(init(reborn(peer)));
    const Reply ack = peer.expect_only(ChunkType::kInitAck);
    EXPECT_EQ(ack.header.verification_tag, kNewTag);
    EXPECT_NE(ack.init().initiate_tag, peer.stack_tag());
    EXPECT_NE(ack.init().initiate_tag, 0U);
    EXPECT_EQ(peer.state(), state);
    EXPECT_EQ(peer.status().peer_tag, peer.peer_tag());
    EXPECT_EQ(peer.status().local_tag, peer.stack_tag());
    EXPECT_FALSE(peer.find_event<core::AssociationChanged>());
  }
}

TEST(Section5_2_2, AnInitThatAddsAddressesIsRefusedAndThemListed) {
  for (const State state :
       {State::kEstablished, State::kShutdownPending, State::kShutdownSent, State::kShutdownReceived}) {
    Peer peer;
    peer.bring_to(state);
    InitFields fields = reborn(peer);
    fields.parameters = {address_parameter(ip("10.0.1.66")), address_parameter(ip("10.0.1.1")),
                         address_parameter(ip("10.0.1.67"))};
    peer.sends(init(fields));
    const Reply refusal = peer.expect_only(ChunkType::kAbort);
    EXPECT_EQ(refusal.header.verification_tag, kNewTag);
    EXPECT_EQ(refusal.chunks[0].flags, 0);
    EXPECT_EQ(refusal.cause(CauseCode::kRestartWithNewAddresses),
              join({address_parameter(ip("10.0.1.66")), address_parameter(ip("10.0.1.67"))}));
    EXPECT_EQ(peer.state(), state);
  }
}

TEST(Section5_2_2, AnInitFromAnUnknownSourceThatListsAKnownAddressAddsItsSource) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  InitFields fields = reborn(peer);
  fields.parameters = {address_parameter(ip("10.0.1.1"))};
  peer.sends(init(fields), {.from = ip("10.0.1.66")});
  const Reply refusal = peer.expect_only(ChunkType::kAbort);
  EXPECT_EQ(refusal.to.ip, ip("10.0.1.66"));
  EXPECT_EQ(refusal.cause(CauseCode::kRestartWithNewAddresses), address_parameter(ip("10.0.1.66")));
}

TEST(Section5_2_2, AnAddressOfAFamilyThatTheEndpointLacksIsNoNewAddress) {
  Peer peer({.peer = {.parameters = {address_parameter(ip("2001:db8::9"))}}});
  peer.bring_to(State::kEstablished, Role::kResponder);
  peer.sends(init(reborn(peer)));
  peer.expect_only(ChunkType::kInitAck);
}

TEST(Section5_2_2, AnotherPortIsAnotherAssociation) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends(peer.own_init(), {.source_port = 6001});
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.sends(cookie_echo(ack.cookie()), {.tag = ack.init().initiate_tag, .source_port = 6001});
  peer.expect(ChunkType::kCookieAck);
  EXPECT_EQ(peer.stack().association_count(), 2U);
}

// --- COOKIE ECHO: Table 12 (§5.2.4)
// -----------------------------------------------------------------------------------

TEST(Section5_2_4, A_ARestartResetsTheAssociationAndIsReported) {
  for (const State state :
       {State::kEstablished, State::kShutdownPending, State::kShutdownSent, State::kShutdownReceived}) {
    Peer peer;
    peer.bring_to(state);
    const core::AssociationId id = peer.association();
    peer.sends(init(reborn(peer)));
    const Reply ack = peer.expect_only(ChunkType::kInitAck);
    peer.learn(ack);
    peer.sends({cookie_echo(ack.cookie()), data({.tsn = kNewTsn, .payload = "again"})});
    const Reply reply = peer.expect(ChunkType::kCookieAck);
    EXPECT_EQ(reply.header.verification_tag, kNewTag);
    EXPECT_EQ(peer.state(), State::kEstablished);
    EXPECT_EQ(peer.association(), id);
    EXPECT_EQ(peer.expect_event<core::AssociationChanged>().what, What::kRestarted);
    EXPECT_EQ(peer.receives(), "again");
    EXPECT_EQ(peer.status().local_tag, ack.init().initiate_tag);
    EXPECT_EQ(peer.status().peer_tag, kNewTag);
    EXPECT_EQ(peer.status().unacked_chunks, 0U);
    peer.ignore_packets();
    peer.user_sends("back");
    const Reply back = peer.expect(ChunkType::kData);
    EXPECT_EQ(wire::parse_data(back.chunks[0])->tsn, ack.init().initial_tsn);
    EXPECT_EQ(wire::parse_data(back.chunks[0])->ssn, 0);
    EXPECT_EQ(back.header.verification_tag, kNewTag);
  }
}

TEST(Section5_2_4, A_ARestartResetsCongestionControl) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  const std::size_t initial = peer.path(ip("10.0.1.1")).cwnd;
  peer.user_sends("lost");
  peer.advance(20s);
  peer.ignore_packets();
  ASSERT_LT(peer.path(ip("10.0.1.1")).cwnd, initial);
  peer.sends(init(reborn(peer)));
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.learn(ack);
  peer.sends(cookie_echo(ack.cookie()));
  EXPECT_EQ(peer.path(ip("10.0.1.1")).cwnd, initial);
  EXPECT_EQ(peer.path(ip("10.0.1.1")).rto, 1s);
  EXPECT_EQ(peer.path(ip("10.0.1.1")).error_count, 0U);
  EXPECT_TRUE(peer.find_event<core::SendFailed>().has_value());
}

TEST(Section5_2_4, A_ARestartLeavesOutAddressesThatThePeerNoLongerLists) {
  Peer peer({.peer_addresses = {ip("10.0.1.1"), ip("10.0.1.2")}});
  peer.bring_to(State::kEstablished);
  InitFields fields = reborn(peer);
  fields.parameters.clear();
  peer.sends(init(fields), {.from = ip("10.0.1.2")});
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.learn(ack);
  peer.sends(cookie_echo(ack.cookie()), {.from = ip("10.0.1.2")});
  EXPECT_EQ(peer.expect(ChunkType::kCookieAck).to.ip, ip("10.0.1.2"));
  ASSERT_EQ(peer.status().paths.size(), 1U);
  EXPECT_EQ(peer.status().paths[0].address.ip, ip("10.0.1.2"));
  EXPECT_TRUE(peer.status().paths[0].primary);
  // The address that was left out is free for another association.
  peer.sends(peer.own_init(), {.from = ip("10.0.1.1")});
  peer.expect(ChunkType::kAbort);  // it lists 10.0.1.2, too
  peer.sends(init(fields), {.from = ip("10.0.1.1")});
  peer.expect_only(ChunkType::kInitAck);
}

TEST(Section5_2_4, A_InShutdownAckSentThereIsNoRestartButTheShutdownAckAgainAndAnError) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends(init(reborn(peer)));
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.sends(shutdown(peer.stack_tsn() - 1));
  peer.expect_only(ChunkType::kShutdownAck);
  peer.sends(cookie_echo(ack.cookie()), {.tag = ack.init().initiate_tag});
  bool acked = false;
  bool told = false;
  while (const auto reply = peer.next()) {
    acked |= reply->has(ChunkType::kShutdownAck);
    told |= reply->has(ChunkType::kError) && reply->cause(CauseCode::kCookieReceivedWhileShuttingDown).has_value();
    EXPECT_FALSE(reply->has(ChunkType::kCookieAck));
  }
  EXPECT_TRUE(acked);
  EXPECT_TRUE(told);
  EXPECT_EQ(peer.state(), State::kShutdownAckSent);
}

// The peer sent its INIT after it had answered ours: its cookie knows another tag of it than our INIT ACK did.
TEST(Section5_2_4, B_WithThePeersTagUnknownTheCookieBringsTheAssociationUp) {
  Peer peer;
  peer.connect();
  peer.sends(init(reborn(peer)));
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.sends({cookie_echo(ack.cookie()), data({.tsn = kNewTsn, .payload = "hello"})});
  EXPECT_EQ(peer.expect(ChunkType::kCookieAck).header.verification_tag, kNewTag);
  EXPECT_EQ(peer.state(), State::kEstablished);
  EXPECT_EQ(peer.receives(), "hello");
  peer.expect_silence_for(20s);  // T1-init was stopped
}

TEST(Section5_2_4, B_AnotherTagOfThePeerIsTakenOverInCookieEchoed) {
  Peer peer;
  peer.connect();
  peer.user_sends("early");
  peer.sends(peer.own_init_ack());
  peer.expect(ChunkType::kCookieEcho);
  peer.sends(init(reborn(peer)));
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.sends(cookie_echo(ack.cookie()));
  EXPECT_EQ(peer.expect(ChunkType::kCookieAck).header.verification_tag, kNewTag);
  EXPECT_EQ(peer.state(), State::kEstablished);
  EXPECT_EQ(peer.status().peer_tag, kNewTag);
  peer.ignore_packets();
  peer.sends(sack(peer.stack_tsn()));
  EXPECT_EQ(peer.status().unacked_chunks, 0U);
  peer.expect_silence_for(20s);  // T1-cookie was stopped
}

TEST(Section5_2_4, C_OurOwnLateCookieIsSilentlyDiscarded) {
  Peer peer;
  peer.sends(peer.own_init());  // before there is an association: no Tie-Tags
  const Reply late = peer.expect_only(ChunkType::kInitAck);
  const std::uint32_t late_tag = late.init().initiate_tag;
  peer.connect();
  peer.sends(peer.own_init_ack());
  peer.expect_only(ChunkType::kCookieEcho);
  peer.sends(cookie_echo(late.cookie()), {.tag = late_tag});
  peer.expect_silence();
  EXPECT_EQ(peer.state(), State::kCookieEchoed);
  EXPECT_EQ(peer.status().local_tag, peer.stack_tag());
  peer.advance_to_packet(2s);  // timers were left running
  peer.expect_only(ChunkType::kCookieEcho);
}

TEST(Section5_2_4, D_ADuplicateCookieEchoIsAnsweredAgain) {
  Peer peer;
  const Reply ack = fetch_cookie(peer);
  for (int i = 0; i < 3; ++i) {
    peer.sends(cookie_echo(ack.cookie()));
    EXPECT_EQ(peer.expect_only(ChunkType::kCookieAck).header.verification_tag, peer.peer_tag());
    EXPECT_EQ(peer.state(), State::kEstablished);
  }
  EXPECT_EQ(peer.expect_event<core::AssociationChanged>().what, What::kUp);
  EXPECT_FALSE(peer.find_event<core::AssociationChanged>());
}

TEST(Section5_2_4, D_EvenAnExpiredCookieIsGoodIfBothTagsMatch) {
  core::AssociationParameters parameters;
  parameters.cookie_life = 10s;
  Peer peer({.parameters = parameters});
  const Reply ack = fetch_cookie(peer);
  peer.sends(cookie_echo(ack.cookie()));
  peer.expect(ChunkType::kCookieAck);
  peer.advance(20s);
  peer.sends(cookie_echo(ack.cookie()));
  peer.expect_only(ChunkType::kCookieAck);
}

// Both answer each other's INIT with their own tag: each cookie matches both tags.
TEST(Section5_2_4, D_InCookieEchoedTheCrossingCookieEchoBringsTheAssociationUp) {
  Peer peer;
  peer.connect();
  peer.user_sends("early");
  peer.sends(peer.own_init());
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.sends(peer.own_init_ack());
  peer.expect(ChunkType::kCookieEcho);
  peer.sends(cookie_echo(ack.cookie()));
  peer.expect(ChunkType::kCookieAck);
  EXPECT_EQ(peer.state(), State::kEstablished);
  EXPECT_EQ(peer.expect_event<core::AssociationChanged>().what, What::kUp);
  peer.ignore_packets();
  EXPECT_LE(peer.advance_to_packet(10s), 2s);  // T3-rtx guards what went with the COOKIE ECHO; T1-cookie was stopped
  peer.expect(ChunkType::kData);
}

TEST(Section5_2_4, AnExpiredCookieWithOtherTagsIsAnsweredWithAStaleCookieError) {
  core::AssociationParameters parameters;
  parameters.cookie_life = 10s;
  Peer peer({.parameters = parameters});
  peer.bring_to(State::kEstablished);
  peer.sends(init(reborn(peer)));
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.advance(10s + 1ms);
  peer.sends({cookie_echo(ack.cookie()), data({.tsn = kNewTsn})}, {.tag = ack.init().initiate_tag});
  const Reply reply = peer.expect_only(ChunkType::kError);
  EXPECT_EQ(reply.header.verification_tag, kNewTag);
  EXPECT_EQ(reply.cause(CauseCode::kStaleCookie), big(std::uint32_t{1000}));
  EXPECT_EQ(peer.state(), State::kEstablished);
  EXPECT_EQ(peer.status().peer_tag, peer.peer_tag());
}

// X X with Tie-Tags that do not match: a cookie of before the present association.
TEST(Section5_2_4, WhatTable12DoesNotShowIsSilentlyDiscarded) {
  Peer peer;
  peer.sends(init(reborn(peer)));
  const Reply old = peer.expect_only(ChunkType::kInitAck);  // no association yet: Tie-Tags 0
  peer.bring_to(State::kEstablished, Role::kResponder);
  peer.sends(cookie_echo(old.cookie()), {.tag = old.init().initiate_tag});
  peer.expect_silence();
  EXPECT_EQ(peer.status().local_tag, peer.stack_tag());
  EXPECT_FALSE(peer.find_event<core::AssociationChanged>());
}

TEST(Section5_2_4, TieTagsOfAnEarlierRestartNoLongerServe) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends(init(reborn(peer)));
  const Reply one = peer.expect_only(ChunkType::kInitAck);
  peer.sends(init(reborn(peer)));
  const Reply two = peer.expect_only(ChunkType::kInitAck);
  peer.sends(cookie_echo(one.cookie()), {.tag = one.init().initiate_tag});
  peer.expect(ChunkType::kCookieAck);
  peer.sends(cookie_echo(two.cookie()), {.tag = two.init().initiate_tag});  // X M with Tie-Tags: not in Table 12
  peer.expect_silence();
  EXPECT_EQ(peer.status().local_tag, one.init().initiate_tag);
}

}  // namespace
}  // namespace netsctp::conformance
