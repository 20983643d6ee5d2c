// RFC 9260 §8.4, §8.5: packets of no association, and verification tags with their exceptions.
#include "conformance/peer.hpp"

namespace netsctp::conformance {
namespace {

constexpr std::uint32_t kTag = 0xBADC0FFE;
constexpr State kWithPeerTag[] = {State::kCookieEchoed, State::kEstablished,      State::kShutdownPending,
                                  State::kShutdownSent, State::kShutdownReceived, State::kShutdownAckSent};

Reply expect_reflected(Peer& peer, ChunkType type) {
  Reply reply = peer.expect_only(type);
  EXPECT_EQ(reply.header.verification_tag, kTag);
  EXPECT_EQ(reply.chunks[0].flags, wire::kFlagTagReflected);
  EXPECT_EQ(reply.to, (Address{ip("10.0.1.1"), 9899}));
  EXPECT_EQ(reply.header.source_port, Peer::kStackPort);
  EXPECT_EQ(reply.header.destination_port, Peer::kPeerPort);
  peer.expect_silence();
  return reply;
}

// --- out of the blue (§8.4)
// -------------------------------------------------------------------------------------------

TEST(Section8_4, Rule1_PacketsFromOrToNonUnicastAddressesAreSilentlyDiscarded) {
  for (const char* bad : {"224.0.0.1", "255.255.255.255", "0.0.0.0", "ff02::1"}) {
    Peer peer;
    peer.sends(data({}), {.tag = kTag, .from = ip(bad)});
    peer.sends(data({}), {.tag = kTag, .to = ip(bad)});
    peer.sends(peer.own_init(), {.from = ip(bad)});
    peer.sends(peer.own_init(), {.to = ip(bad)});
    peer.sends(shutdown_ack(), {.tag = kTag, .from = ip(bad)});
    peer.expect_silence();
  }
}

TEST(Section8_4, Rule2_APacketWithAnAbortIsSilentlyDiscarded) {
  Peer peer;
  peer.sends(abort_chunk(), {.tag = kTag});
  peer.sends(abort_chunk(true), {.tag = kTag});
  peer.sends({shutdown_ack(), abort_chunk()}, {.tag = kTag});
  peer.sends({data({}), abort_chunk()}, {.tag = kTag});
  peer.expect_silence();
}

TEST(Section8_4, Rule2_ACookieEchoWithAnAbortMakesNoAssociation) {
  Peer peer;
  peer.sends(peer.own_init());
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.sends({cookie_echo(ack.cookie()), abort_chunk()}, {.tag = ack.init().initiate_tag});
  peer.expect_silence();
  EXPECT_EQ(peer.state(), State::kClosed);
  EXPECT_FALSE(peer.find_event<core::AssociationChanged>());
}

TEST(Section8_4, Rule3_AnInitThatIsRefusedGetsAnAbortWithItsInitiateTagUnreflected) {
  Peer peer({.listening = false});
  peer.sends(peer.own_init());
  const Reply reply = peer.expect_only(ChunkType::kAbort);
  EXPECT_EQ(reply.header.verification_tag, peer.peer_tag());
  EXPECT_EQ(reply.chunks[0].flags, 0);
  peer.sends(peer.own_init(), {.destination_port = 4711});  // no such endpoint
  EXPECT_EQ(peer.expect_only(ChunkType::kAbort).header.verification_tag, peer.peer_tag());
  peer.sends(peer.own_init(), {.to = ip("10.0.0.77")});  // not an address of it
  peer.expect_only(ChunkType::kAbort);
}

TEST(Section8_4, Rule5_AShutdownAckIsAnsweredWithAReflectedShutdownComplete) {
  Peer peer;
  peer.sends(shutdown_ack(), {.tag = kTag});
  expect_reflected(peer, ChunkType::kShutdownComplete);
  // The rules go by what the packet contains, not by the order of its chunks.
  peer.sends({cookie_ack(), shutdown_ack()}, {.tag = kTag});
  expect_reflected(peer, ChunkType::kShutdownComplete);
  peer.sends({stale_cookie_error(1), shutdown_ack()}, {.tag = kTag});
  expect_reflected(peer, ChunkType::kShutdownComplete);
}

TEST(Section8_4, Rule6_AShutdownCompleteIsSilentlyDiscarded) {
  Peer peer;
  peer.sends(shutdown_complete(), {.tag = kTag});
  peer.sends(shutdown_complete(true), {.tag = kTag});
  peer.expect_silence();
}

TEST(Section8_4, Rule7_AStaleCookieErrorOrACookieAckIsSilentlyDiscarded) {
  Peer peer;
  peer.sends(stale_cookie_error(5), {.tag = kTag});
  peer.sends(cookie_ack(), {.tag = kTag});
  peer.sends({cookie_ack(), data({})}, {.tag = kTag});
  peer.expect_silence();
}

TEST(Section8_4, Rule8_AnythingElseIsAnsweredWithAReflectedAbort) {
  Peer peer;
  const std::vector<ByteString> others{data({}),
                                       sack(5),
                                       heartbeat(bytes_of("abcd")),
                                       chunk(ChunkType::kHeartbeatAck, 0, parameter(1, bytes_of("abcd"))),
                                       shutdown(5),
                                       error(cause(CauseCode::kProtocolViolation)),
                                       init_ack({.parameters = {state_cookie(bytes_of("cook"))}}),
                                       chunk(std::uint8_t{0x3E}, 0)};
  for (const ByteString& one : others) {
    peer.sends(one, {.tag = kTag});
    expect_reflected(peer, ChunkType::kAbort);
  }
  EXPECT_EQ(peer.stack().association_count(), 0U);
}

TEST(Section8_4, RepliesAreLimitedInRate) {
  core::StackConfig stack;
  stack.stateless_replies_per_second = 10;
  Peer peer({.stack = stack});
  for (int i = 0; i < 100; ++i) peer.sends(data({}), {.tag = kTag});
  std::size_t replies = 0;
  while (peer.next()) ++replies;
  EXPECT_EQ(replies, 10U);
  peer.advance(1s);
  peer.sends(data({}), {.tag = kTag});
  peer.expect_only(ChunkType::kAbort);
}

TEST(Section8_4, APacketWithABadChecksumIsNotOutOfTheBlue) {
  Peer peer;
  peer.sends(data({}), {.tag = kTag, .bad_checksum = true});
  peer.sends_raw(ByteString(11));
  peer.sends_raw({});
  peer.expect_silence();
  EXPECT_EQ(peer.stack().counters().discarded_bad_checksum, 1U);
}

// --- verification tags (§8.5)
// -----------------------------------------------------------------------------------------

TEST(Section8_5, APacketWithAnotherTagIsSilentlyDiscarded) {
  for (const State state : kWithPeerTag) {
    for (const bool peers_own : {false, true}) {
      Peer peer;
      peer.bring_to(state);
      const Dress wrong{.tag = peers_own ? peer.peer_tag() : peer.stack_tag() + 1};
      for (const ByteString& one :
           {data({.tsn = peer.peer_tsn()}), sack(peer.stack_tsn()), heartbeat(bytes_of("abcd")), cookie_ack(),
            shutdown(peer.stack_tsn()), error(stale_cookie_error(1)), shutdown_complete(), abort_chunk()}) {
        peer.sends(one, wrong);
      }
      peer.expect_silence();
      EXPECT_EQ(peer.state(), state);
      EXPECT_FALSE(peer.receives().has_value());
    }
  }
}

TEST(Section8_5_1, A_TagZeroIsForALoneInitOnly) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  const Dress zero{.tag = 0};
  for (const ByteString& one :
       {data({.tsn = peer.peer_tsn()}), abort_chunk(), abort_chunk(true), shutdown_ack(), shutdown_complete(true),
        cookie_ack(), peer.own_init_ack(), cookie_echo(bytes_of("x"))}) {
    peer.sends(one, zero);
  }
  peer.sends({peer.own_init(), data({.tsn = peer.peer_tsn()})}, zero);
  peer.sends({data({.tsn = peer.peer_tsn()}), peer.own_init()}, zero);
  peer.sends({peer.own_init(), peer.own_init()}, zero);
  peer.expect_silence();
  EXPECT_EQ(peer.state(), State::kEstablished);
  EXPECT_FALSE(peer.receives().has_value());
}

TEST(Section8_5_1, A_AnInitWithATagIsNotProcessed) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends(peer.own_init(), {.tag = peer.stack_tag()});
  peer.sends(peer.own_init(), {.tag = kTag});
  peer.sends(peer.own_init(), {.tag = kTag, .source_port = 6001});  // RFC 9260 §12.3: silently, if out of the blue too
  peer.expect_silence();
}

TEST(Section12_4, OnePacketIsAnsweredWithNoMoreThanOneOfControlChunks) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends({heartbeat(bytes_of("abcd")), heartbeat(bytes_of("efgh")), chunk(std::uint8_t{0xFE}, 0),
              data({.tsn = peer.peer_tsn()})});
  EXPECT_EQ(peer.expect(ChunkType::kHeartbeatAck).count(ChunkType::kHeartbeatAck), 2U);
  peer.expect_silence();
}

TEST(Section8_5_1, B_AnAbortIsAcceptedWithOurTagOrReflectedWithThePeers) {
  for (const State state : kWithPeerTag) {
    for (const bool reflected : {false, true}) {
      Peer peer;
      peer.bring_to(state);
      peer.sends(abort_chunk(reflected), {.tag = reflected ? peer.stack_tag() : peer.peer_tag()});
      EXPECT_EQ(peer.state(), state);  // the tags the wrong way round
      peer.sends(abort_chunk(reflected), {.tag = reflected ? peer.peer_tag() : peer.stack_tag()});
      EXPECT_EQ(peer.state(), State::kClosed);
      peer.expect_silence();
    }
  }
}

TEST(Section8_5_1, B_AReflectedAbortBehindOtherChunksMustCarryThePeersTagToo) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends({sack(peer.stack_tsn() - 1), abort_chunk(true)});
  EXPECT_EQ(peer.state(), State::kEstablished);
  peer.sends({sack(peer.stack_tsn() - 1), abort_chunk()});
  EXPECT_EQ(peer.state(), State::kClosed);
}

TEST(Section8_5_1, B_WithoutThePeersTagNoReflectedAbortIsAccepted) {
  Peer peer;
  peer.connect();
  peer.sends(abort_chunk(true), {.tag = peer.peer_tag()});
  EXPECT_EQ(peer.state(), State::kCookieWait);
}

TEST(Section8_5_1, C_AShutdownCompleteIsAcceptedWithOurTagOrReflectedWithThePeers) {
  for (const bool reflected : {false, true}) {
    Peer peer;
    peer.bring_to(State::kShutdownAckSent);
    peer.sends(shutdown_complete(reflected), {.tag = reflected ? peer.stack_tag() : peer.peer_tag()});
    EXPECT_EQ(peer.state(), State::kShutdownAckSent);
    peer.sends(shutdown_complete(reflected), {.tag = reflected ? peer.peer_tag() : peer.stack_tag()});
    EXPECT_EQ(peer.state(), State::kClosed);
    peer.expect_silence();
  }
}

TEST(Section8_5_1, C_InOtherStatesAShutdownCompleteIsIgnored) {
  for (const State state : {State::kCookieWait, State::kCookieEchoed, State::kEstablished, State::kShutdownPending,
                            State::kShutdownSent, State::kShutdownReceived}) {
    Peer peer;
    peer.bring_to(state);
    peer.sends(shutdown_complete());
    peer.sends(shutdown_complete(true), {.tag = peer.peer_tag()});
    peer.expect_silence();
    EXPECT_EQ(peer.state(), state);
  }
}

TEST(Section8_5_1, E_WhileSettingUpAShutdownAckIsOutOfTheBlue) {
  for (const State state : {State::kCookieWait, State::kCookieEchoed}) {
    Peer peer;
    peer.bring_to(state);
    peer.sends(shutdown_ack(), {.tag = kTag});
    expect_reflected(peer, ChunkType::kShutdownComplete);
    peer.sends({error(cause(CauseCode::kCookieReceivedWhileShuttingDown)), shutdown_ack()}, {.tag = kTag});
    expect_reflected(peer, ChunkType::kShutdownComplete);
    EXPECT_EQ(peer.state(), state);
    peer.advance_to_packet(2s);  // T1 was left running
    peer.expect(state == State::kCookieWait ? ChunkType::kInit : ChunkType::kCookieEcho);
  }
}

}  // namespace
}  // namespace netsctp::conformance
