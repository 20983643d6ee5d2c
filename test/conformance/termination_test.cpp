// RFC 9260 §9: abort and shutdown, every state.
#include "conformance/peer.hpp"
#include "wire/control.hpp"

namespace netsctp::conformance {
namespace {

using What = core::AssociationChanged::What;
using Reason = core::AssociationChanged::Reason;

// --- abort (§9.1)
// -----------------------------------------------------------------------------------------------------

TEST(Section9_1, TheUsersAbortCarriesItsReasonAndThePeersTag) {
  for (const State state : {State::kCookieEchoed, State::kEstablished, State::kShutdownPending, State::kShutdownSent,
                            State::kShutdownReceived, State::kShutdownAckSent}) {
    Peer peer;
    peer.bring_to(state);
    peer.user_aborts("because");
    const Reply reply = peer.expect_only(ChunkType::kAbort);
    EXPECT_EQ(reply.header.verification_tag, peer.peer_tag());
    EXPECT_EQ(reply.chunks[0].flags, 0);
    EXPECT_EQ(reply.cause(CauseCode::kUserInitiatedAbort), bytes_of("because"));
    EXPECT_EQ(peer.state(), State::kClosed);
    EXPECT_EQ(peer.stack().next_timeout(), std::nullopt);
  }
}

TEST(Section9_1, NoDataGoesWithAnAbort) {
  core::AssociationParameters parameters;
  parameters.max_burst = 1;
  Peer peer({.parameters = parameters});
  peer.bring_to(State::kEstablished);
  peer.user_sends("one");
  peer.ignore_packets();
  peer.user_sends("two");  // waits for the first to be acknowledged
  peer.user_aborts();
  peer.expect_only(ChunkType::kAbort);
  peer.expect_silence();
  EXPECT_TRUE(peer.find_event<core::SendFailed>());
  EXPECT_TRUE(peer.find_event<core::SendFailed>());
}

TEST(Section9_1, AnAbortRemovesTheAssociationAndItsReasonGoesToTheUser) {
  for (const State state : {State::kEstablished, State::kShutdownPending, State::kShutdownSent,
                            State::kShutdownReceived, State::kShutdownAckSent}) {
    Peer peer;
    peer.bring_to(state);
    const ByteString abort = abort_chunk(false, cause(CauseCode::kUserInitiatedAbort, bytes_of("bye")));
    peer.sends(abort);
    peer.expect_silence();
    EXPECT_EQ(peer.state(), State::kClosed);
    const auto end = peer.expect_event<core::AssociationChanged>();
    EXPECT_EQ(end.what, What::kLost);
    EXPECT_EQ(end.reason, Reason::kAbortedByPeer);
    EXPECT_EQ(end.cause, 12);
    EXPECT_EQ(end.abort_chunk, abort);
  }
}

TEST(Section9_1, NothingInAPacketWithAnAbortIsAnswered) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends({heartbeat(bytes_of("abcd")), abort_chunk()});
  peer.expect_silence();
  EXPECT_EQ(peer.state(), State::kClosed);
}

// --- shutdown begun here (§9.2)
// ---------------------------------------------------------------------------------------

TEST(Section9_2, ShutdownWaitsUntilEverythingIsAcknowledged) {
  Peer peer;
  peer.bring_to(State::kShutdownPending);
  EXPECT_EQ(peer.user_sends("late"), std::errc::broken_pipe);
  peer.sends(sack(peer.stack_tsn()));
  const Reply reply = peer.expect_only(ChunkType::kShutdown);
  EXPECT_EQ(wire::parse_shutdown(reply.chunks[0]), peer.peer_tsn() - 1);
  EXPECT_EQ(peer.state(), State::kShutdownSent);
  EXPECT_EQ(peer.user_sends("late"), std::errc::broken_pipe);
}

TEST(Section9_2, InShutdownPendingLostDataIsRetransmitted) {
  Peer peer;
  peer.bring_to(State::kShutdownPending);
  peer.advance_to_packet(5s);
  peer.expect_only(ChunkType::kData);
}

TEST(Section9_2, ShutdownPendingStillTakesDataOfThePeer) {
  Peer peer;
  peer.bring_to(State::kShutdownPending);
  peer.sends(data({.tsn = peer.peer_tsn(), .payload = "still"}));
  EXPECT_EQ(peer.receives(), "still");
}

TEST(Section9_2, TheShutdownAckIsAnsweredWithAShutdownCompleteAndAllIsForgotten) {
  Peer peer;
  peer.bring_to(State::kShutdownSent);
  peer.sends(shutdown_ack());
  const Reply reply = peer.expect_only(ChunkType::kShutdownComplete);
  EXPECT_EQ(reply.header.verification_tag, peer.peer_tag());  // RFC 9260 §8.5.1 C
  EXPECT_EQ(reply.chunks[0].flags, 0);
  EXPECT_EQ(peer.expect_event<core::AssociationChanged>().what, What::kShutdownComplete);
  EXPECT_EQ(peer.stack().next_timeout(), std::nullopt);
  EXPECT_EQ(peer.stack().association_count(), 0U);
  // The SHUTDOWN COMPLETE was lost: the peer repeats its SHUTDOWN ACK (RFC 9260 §8.4 rule 5).
  peer.sends(shutdown_ack());
  EXPECT_EQ(peer.expect_only(ChunkType::kShutdownComplete).chunks[0].flags, wire::kFlagTagReflected);
}

TEST(Section9_2, T2RepeatsTheShutdownWithTheTsnOfNow) {
  Peer peer;
  peer.bring_to(State::kShutdownSent);
  peer.sends(data({.tsn = peer.peer_tsn()}));
  EXPECT_TRUE(peer.next()->has(ChunkType::kShutdown));
  EXPECT_EQ(peer.advance_to_packet(5s), 1s);
  EXPECT_EQ(wire::parse_shutdown(peer.expect_only(ChunkType::kShutdown).chunks[0]), peer.peer_tsn());
  EXPECT_EQ(peer.advance_to_packet(5s), 2s);  // RFC 9260 §6.3.3 E2
  peer.expect_only(ChunkType::kShutdown);
}

TEST(Section9_2, T2GivesUpAfterAssociationMaxRetrans) {
  core::AssociationParameters parameters;
  parameters.max_retransmissions = 4;
  for (const State state : {State::kShutdownSent, State::kShutdownAckSent}) {
    Peer peer({.parameters = parameters});
    peer.bring_to(state);
    for (int i = 0; i < 4; ++i) {
      peer.advance_to_packet(60s);
      peer.expect(state == State::kShutdownSent ? ChunkType::kShutdown : ChunkType::kShutdownAck);
    }
    peer.advance(60s);
    EXPECT_EQ(peer.state(), State::kClosed);
    const auto end = peer.expect_event<core::AssociationChanged>();
    EXPECT_EQ(end.what, What::kLost);
    EXPECT_EQ(end.reason, Reason::kUnreachable);
  }
}

TEST(Section9_2, AnyPacketOfThePeerClearsTheCount) {
  core::AssociationParameters parameters;
  parameters.max_retransmissions = 2;
  Peer peer({.parameters = parameters});
  peer.bring_to(State::kShutdownSent);
  for (int i = 0; i < 6; ++i) {
    peer.advance_to_packet(120s);
    peer.expect(ChunkType::kShutdown);
    peer.sends(heartbeat(bytes_of("abcd")));
    peer.ignore_packets();
  }
  EXPECT_EQ(peer.state(), State::kShutdownSent);
}

// HEARTBEATs must not: a peer that never heard our SHUTDOWN sends them for ever.
TEST(Section9_2, DataOfThePeerRestartsT2AndHeartbeatsDoNot) {
  Peer peer;
  peer.bring_to(State::kShutdownSent);
  peer.advance_to_packet(60s);
  peer.expect(ChunkType::kShutdown);
  const Duration rto = peer.path(ip("10.0.1.1")).rto;
  peer.advance(rto / 2);
  peer.sends(data({.tsn = peer.peer_tsn(), .payload = "rest"}));
  peer.ignore_packets();
  EXPECT_EQ(peer.advance_to_packet(60s), rto);  // the whole of it from here
  peer.expect(ChunkType::kShutdown);
  const Duration doubled = peer.path(ip("10.0.1.1")).rto;
  peer.advance(doubled / 2);
  peer.sends(heartbeat(bytes_of("abcd")));
  peer.ignore_packets();
  EXPECT_EQ(peer.advance_to_packet(60s), doubled - doubled / 2);
}

TEST(Section9_2, InShutdownSentEachPacketWithDataIsAnsweredAtOnce) {
  Peer peer;
  peer.bring_to(State::kShutdownSent);
  for (std::uint16_t i = 0; i < 3; ++i) {
    peer.sends(data({.tsn = peer.peer_tsn() + i, .ssn = i, .payload = "rest"}));
    const auto reply = peer.next();  // a SACK may go along
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(wire::parse_shutdown(reply->chunk(ChunkType::kShutdown)), peer.peer_tsn() + i);
    EXPECT_EQ(peer.receives(), "rest");
  }
  peer.sends(data({.tsn = peer.peer_tsn() + 4, .ssn = 4}));  // a gap, which SHUTDOWN cannot tell
  const Reply gap = peer.expect(ChunkType::kSack);
  EXPECT_TRUE(gap.has(ChunkType::kShutdown));
  peer.sends(data({.tsn = peer.peer_tsn()}));  // a duplicate
  EXPECT_TRUE(peer.expect(ChunkType::kSack).has(ChunkType::kShutdown));
}

TEST(Section9_2, T5BoundsTheWholeShutdown) {
  core::AssociationParameters parameters;
  parameters.rto_max = 10s;
  parameters.max_retransmissions = 1000;
  Peer peer({.parameters = parameters});
  peer.bring_to(State::kShutdownSent);
  peer.advance(49s);
  peer.ignore_packets();
  EXPECT_EQ(peer.state(), State::kShutdownSent);
  peer.advance(1s);
  EXPECT_EQ(peer.state(), State::kClosed);  // five times RTO.Max
  peer.expect_only(ChunkType::kAbort);
}

TEST(Section9_2, T5DoesNotRunWhileDataIsStillToBeDelivered) {
  core::AssociationParameters parameters;
  parameters.rto_max = 10s;
  parameters.max_retransmissions = 1000;
  parameters.path.max_retransmissions = 1000;
  Peer peer({.parameters = parameters});
  peer.bring_to(State::kShutdownPending);
  peer.advance(100s);
  EXPECT_EQ(peer.state(), State::kShutdownPending);
}

// --- shutdown begun by the peer (§9.2)
// --------------------------------------------------------------------------------

TEST(Section9_2, AShutdownWithNothingOutstandingIsAnsweredWithAShutdownAck) {
  for (const Role role : {Role::kInitiator, Role::kResponder}) {
    Peer peer;
    peer.bring_to(State::kEstablished, role);
    peer.sends(shutdown(peer.stack_tsn() - 1));
    EXPECT_EQ(peer.expect_only(ChunkType::kShutdownAck).header.verification_tag, peer.peer_tag());
    EXPECT_EQ(peer.state(), State::kShutdownAckSent);
    EXPECT_TRUE(peer.find_event<core::PeerShutdown>());
    EXPECT_EQ(peer.user_sends("late"), std::errc::broken_pipe);
    peer.sends(shutdown_complete());
    EXPECT_EQ(peer.state(), State::kClosed);
    EXPECT_EQ(peer.expect_event<core::AssociationChanged>().what, What::kShutdownComplete);
    EXPECT_EQ(peer.stack().next_timeout(), std::nullopt);
    peer.expect_silence();
  }
}

TEST(Section9_2, AShutdownAcknowledgesDataByItsCumulativeTsn) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.user_sends("one");
  peer.expect(ChunkType::kData);
  peer.sends(shutdown(peer.stack_tsn()));
  peer.expect_only(ChunkType::kShutdownAck);
}

TEST(Section9_2, InShutdownReceivedDataIsStillRetransmittedAndNoNewDataTaken) {
  Peer peer;
  peer.bring_to(State::kShutdownReceived);
  EXPECT_EQ(peer.user_sends("late"), std::errc::broken_pipe);
  EXPECT_FALSE(peer.user_shuts_down());  // ignored
  EXPECT_EQ(peer.state(), State::kShutdownReceived);
  peer.advance_to_packet(5s);
  peer.expect(ChunkType::kData);
  peer.sends(shutdown(peer.stack_tsn() - 1));  // acknowledges nothing
  peer.expect_silence();
  EXPECT_EQ(peer.state(), State::kShutdownReceived);
  peer.sends(sack(peer.stack_tsn()));
  peer.expect_only(ChunkType::kShutdownAck);
  EXPECT_EQ(peer.state(), State::kShutdownAckSent);
}

TEST(Section9_2, InShutdownReceivedALaterShutdownAcknowledgesTheRest) {
  Peer peer;
  peer.bring_to(State::kShutdownReceived);
  peer.sends(shutdown(peer.stack_tsn()));
  peer.expect_only(ChunkType::kShutdownAck);
}

TEST(Section9_2, QueuedDataIsSentInShutdownReceived) {
  Peer peer({.peer = {.a_rwnd = 1500}});
  peer.bring_to(State::kEstablished);
  const std::string half(1000, 'x');
  peer.user_sends(half);
  peer.expect(ChunkType::kData);
  peer.user_sends(half);  // does not fit the peer's window
  peer.expect_silence();
  peer.sends(shutdown(peer.stack_tsn() - 1));
  peer.sends(sack(peer.stack_tsn(), 1500));
  peer.expect(ChunkType::kData);
  EXPECT_EQ(peer.state(), State::kShutdownReceived);
  peer.sends(sack(peer.stack_tsn() + 1, 1500));
  peer.expect_only(ChunkType::kShutdownAck);
}

TEST(Section9_2, DataAfterTheShutdownOfThePeerIsNotTaken) {
  for (const State state : {State::kShutdownReceived, State::kShutdownAckSent}) {
    Peer peer;
    peer.bring_to(state);
    peer.sends(data({.tsn = peer.peer_tsn()}));  // RFC 9260 §6: discarded in these states
    EXPECT_FALSE(peer.receives().has_value());
    EXPECT_EQ(peer.state(), state);
  }
}

TEST(Section9_2, T2RepeatsTheShutdownAck) {
  Peer peer;
  peer.bring_to(State::kShutdownAckSent);
  EXPECT_EQ(peer.advance_to_packet(5s), 1s);
  peer.expect_only(ChunkType::kShutdownAck);
  EXPECT_EQ(peer.advance_to_packet(5s), 2s);
  peer.expect_only(ChunkType::kShutdownAck);
}

TEST(Section9_2, ADuplicateShutdownInShutdownAckSentChangesNothing) {
  Peer peer;
  peer.bring_to(State::kShutdownAckSent);
  peer.sends(shutdown(peer.stack_tsn() - 1));
  peer.expect_only(ChunkType::kShutdownAck);
  EXPECT_EQ(peer.state(), State::kShutdownAckSent);
  EXPECT_FALSE(peer.find_event<core::PeerShutdown>());
}

TEST(Section9_2, AShutdownOfTheWrongLengthIsDiscarded) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends(chunk(ChunkType::kShutdown));
  peer.expect_silence();
  EXPECT_EQ(peer.state(), State::kEstablished);
}

TEST(Section9_2, AShutdownThatAcknowledgesWhatWasNeverSentLeavesTheRestOutstanding) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.user_sends("one");
  peer.expect(ChunkType::kData);
  peer.sends(shutdown(peer.stack_tsn() + 100));
  EXPECT_NE(peer.state(), State::kShutdownAckSent);
}

TEST(Section9_2, AnInitInShutdownAckSentIsDiscardedAndTheShutdownAckRepeated) {
  Peer peer;
  peer.bring_to(State::kShutdownAckSent);
  InitFields fields = peer.own();
  fields.tag = 0xAAAA5555;
  peer.sends(init(fields));
  EXPECT_EQ(peer.expect_only(ChunkType::kShutdownAck).header.verification_tag, peer.peer_tag());
  fields.parameters = {address_parameter(ip("10.0.1.1"))};  // known by an address it lists
  peer.sends(init(fields), {.from = ip("10.0.1.66")});
  peer.expect_only(ChunkType::kShutdownAck);
  EXPECT_EQ(peer.state(), State::kShutdownAckSent);
}

// --- both at once, and chunks that come in the wrong state
// ------------------------------------------------------------

TEST(Section9_2, BothShutDownAtOnce) {
  for (const bool complete : {true, false}) {
    Peer peer;
    peer.bring_to(State::kShutdownSent);
    peer.sends(shutdown(peer.stack_tsn() - 1));
    peer.expect_only(ChunkType::kShutdownAck);
    EXPECT_EQ(peer.state(), State::kShutdownAckSent);
    if (complete) {
      peer.sends(shutdown_complete());
      peer.expect_silence();
    } else {
      peer.sends(shutdown_ack());
      EXPECT_EQ(peer.expect_only(ChunkType::kShutdownComplete).chunks[0].flags, 0);
    }
    EXPECT_EQ(peer.state(), State::kClosed);
    EXPECT_EQ(peer.expect_event<core::AssociationChanged>().what, What::kShutdownComplete);
  }
}

TEST(Section9_2, AShutdownInShutdownPendingMakesItTheOneWhoReceivedIt) {
  Peer peer;
  peer.bring_to(State::kShutdownPending);
  peer.sends(shutdown(peer.stack_tsn() - 1));
  EXPECT_EQ(peer.state(), State::kShutdownReceived);
  peer.sends(sack(peer.stack_tsn()));
  peer.expect_only(ChunkType::kShutdownAck);
}

TEST(Section9_2, AShutdownWhileSettingUpIsSilentlyDiscarded) {
  for (const State state : {State::kCookieWait, State::kCookieEchoed}) {
    Peer peer;
    peer.bring_to(state);
    peer.sends(shutdown(peer.stack_tsn() - 1));
    peer.expect_silence();
    EXPECT_EQ(peer.state(), state);
  }
}

TEST(Section9_2, AShutdownAckInOtherStatesIsIgnored) {
  for (const State state : {State::kEstablished, State::kShutdownPending, State::kShutdownReceived}) {
    Peer peer;
    peer.bring_to(state);
    peer.sends(shutdown_ack());
    peer.expect_silence();
    EXPECT_EQ(peer.state(), state);
  }
}

TEST(Section9_2, DataWhileSettingUpIsNotTaken) {
  for (const State state : {State::kCookieWait, State::kCookieEchoed}) {
    Peer peer;
    peer.bring_to(state);
    peer.sends(data({.tsn = peer.peer_tsn()}));
    peer.expect_silence();
    EXPECT_FALSE(peer.receives().has_value());
    EXPECT_EQ(peer.state(), state);
  }
}

TEST(Section8_3AfterShutdown, NoHeartbeatIsSentOnceShutdownHasBeenSent) {
  core::AssociationParameters parameters;
  parameters.max_retransmissions = 100;
  Peer peer({.parameters = parameters});
  peer.bring_to(State::kShutdownSent);
  peer.advance(100s);
  while (const auto reply = peer.next()) EXPECT_FALSE(reply->has(ChunkType::kHeartbeat));
}

}  // namespace
}  // namespace netsctp::conformance
