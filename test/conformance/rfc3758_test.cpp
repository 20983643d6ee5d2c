// RFC 3758: partial reliability. Policies are RFC 7496's (rfc7496_test.cpp); here the protocol.
#include <gmock/gmock.h>

#include "base/bytes.hpp"
#include "conformance/observed.hpp"
#include "core/partial.hpp"
#include "wire/extension.hpp"

namespace netsctp::conformance {
namespace {

using core::Reliability;
using testing::ElementsAre;
using testing::IsEmpty;

const ByteString kSupported = parameter(ParameterType::kForwardTsnSupported);

PeerConfig supporting() {
  PeerConfig config;
  config.peer.parameters = {kSupported};
  return config;
}

ByteString forward_tsn(std::uint32_t cumulative, std::vector<wire::StreamSkip> skips = {}) {
  ByteString value = big(cumulative);
  for (const wire::StreamSkip& one : skips) value = join({value, big(one.stream, one.ssn)});
  return chunk(ChunkType::kForwardTsn, 0, value);
}

core::SendRequest never_again(core::StreamId stream = 0, bool unordered = false) {
  core::SendRequest request;
  request.stream = stream;
  request.unordered = unordered;
  request.reliability = {Reliability::Policy::kRetransmissions, 0};
  return request;
}

struct Forward {
  std::uint32_t cumulative = 0;
  std::vector<wire::StreamSkip> skips{};
};
Forward forward_in(const Reply& reply) {
  const auto parsed = wire::parse_forward_tsn(reply.chunk(ChunkType::kForwardTsn)).value();
  Forward found{parsed.new_cumulative_tsn};
  for (std::size_t i = 0; i < parsed.skips(); ++i) found.skips.push_back(parsed.skip(i));
  return found;
}

// --- §3.3: negotiation

TEST(Rfc3758_3_3, InitAndInitAckCarryTheParameter) {
  Peer initiator;
  EXPECT_TRUE(initiator.connect().parameter(ParameterType::kForwardTsnSupported));
  Peer responder(supporting());
  responder.sends(responder.own_init());
  EXPECT_TRUE(responder.expect(ChunkType::kInitAck).parameter(ParameterType::kForwardTsnSupported));
}

TEST(Rfc3758_3_3, AgreedOnlyIfBothSaidSo) {
  for (const Role role : {Role::kInitiator, Role::kResponder}) {
    Peer with(supporting());
    with.bring_to(State::kEstablished, role);
    EXPECT_TRUE(with.status().partial_reliability);
    Peer without;
    without.bring_to(State::kEstablished, role);
    EXPECT_FALSE(without.status().partial_reliability);
  }
}

TEST(Rfc3758_3_3_2, SwitchedOffTheParameterIsReportedAsUnknown) {
  PeerConfig config = supporting();
  config.parameters.partial_reliability = false;
  Peer peer(config);
  peer.sends(peer.own_init());
  const Reply ack = peer.expect(ChunkType::kInitAck);
  EXPECT_FALSE(ack.parameter(ParameterType::kForwardTsnSupported));
  EXPECT_EQ(ack.parameter(ParameterType::kUnrecognizedParameter), kSupported);
}

TEST(Rfc3758_3_3_2, WithoutAgreementForwardTsnIsAnUnknownChunk) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends(forward_tsn(peer.peer_tsn() + 5));
  EXPECT_TRUE(peer.expect(ChunkType::kError).cause(CauseCode::kUnrecognizedChunkType));
  EXPECT_EQ(peer.state(), State::kEstablished);
}

TEST(Rfc3758_3_3_2, WithoutAgreementNothingSentIsGivenUp) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.user_sends("a", never_again());
  EXPECT_THAT(tsns_sent(peer), ElementsAre(peer.stack_tsn()));
  peer.advance(1s);
  EXPECT_THAT(tsns_sent(peer), ElementsAre(peer.stack_tsn()));
}

// --- §3.5: sender

struct Rfc3758_3_5 : testing::Test {
  Peer peer{supporting()};
  std::uint32_t first = 0;
  Rfc3758_3_5() {
    peer.bring_to(State::kEstablished);
    first = peer.stack_tsn();
  }
};

TEST_F(Rfc3758_3_5, T3LeadsToForwardTsnInsteadOfRetransmission) {
  peer.user_sends("a", never_again(3));
  peer.ignore_packets();
  peer.advance(1s);
  const Reply reply = peer.expect_only(ChunkType::kForwardTsn);
  EXPECT_EQ(forward_in(reply).cumulative, first);
  EXPECT_THAT(forward_in(reply).skips, ElementsAre(wire::StreamSkip{3, 0}));
  const auto failed = peer.expect_event<core::SendFailed>();
  EXPECT_TRUE(failed.was_sent);
  EXPECT_EQ(failed.stream, 3);
  EXPECT_EQ(peer.status().buffered_bytes, 0U);
  // C5, A5: T3-rtx guards it, and repeats it.
  peer.expect_silence();
  peer.advance(2s);
  EXPECT_EQ(forward_in(peer.expect_only(ChunkType::kForwardTsn)).cumulative, first);
  peer.sends(sack(first));
  EXPECT_EQ(peer.status().unacked_chunks, 0U);
  peer.expect_silence_for(20s);
}

TEST_F(Rfc3758_3_5, C4_EachStreamOnceAndNoUnorderedMessage) {
  peer.user_sends("a", never_again(1));
  peer.user_sends("b", never_again(2, true));
  peer.user_sends("c", never_again(1));
  peer.user_sends("d", never_again(4));
  peer.ignore_packets();
  peer.advance(1s);
  const Forward forward = forward_in(peer.expect(ChunkType::kForwardTsn));
  // Nagle kept the last three in one packet or more: whatever was sent is skipped.
  peer.sends(sack(forward.cumulative));
  EXPECT_THAT(forward.skips, testing::Contains(wire::StreamSkip{1, 0}));
  for (const auto& one : forward.skips) EXPECT_NE(one.stream, 2);
}

TEST_F(Rfc3758_3_5, C2_OnlyPastWhatWasAbandonedInSequence) {
  core::SendRequest reliable;
  peer.user_sends(full(), never_again());
  peer.user_sends(full(), reliable);
  peer.user_sends(full(), never_again());
  peer.ignore_packets();
  peer.advance(1s);
  const Reply reply = peer.expect(ChunkType::kForwardTsn);
  EXPECT_EQ(forward_in(reply).cumulative, first);  // F2: and the reliable one is sent again
  EXPECT_THAT(tsns_sent(peer), ElementsAre(first + 1));
  peer.sends(sack(first + 1));
  EXPECT_EQ(forward_in(peer.expect(ChunkType::kForwardTsn)).cumulative, first + 2);
  peer.sends(sack(first + 2));
  peer.expect_silence_for(20s);
}

TEST_F(Rfc3758_3_5, A2_NoCreditForWhatWasAbandoned) {
  const std::size_t window = peer.path(ip("10.0.1.1")).cwnd;
  peer.user_sends(full(), never_again());
  peer.ignore_packets();
  peer.advance(1s);
  const std::size_t cut = peer.path(ip("10.0.1.1")).cwnd;
  EXPECT_LT(cut, window);  // F5
  EXPECT_EQ(peer.path(ip("10.0.1.1")).in_flight, 0U);
  peer.sends(sack(first));
  EXPECT_EQ(peer.path(ip("10.0.1.1")).cwnd, cut);
}

TEST_F(Rfc3758_3_5, A3_AllFragmentsAndTheUnsentRest) {
  peer.user_sends(std::string(20 * kFull, 'x'), never_again());
  const auto sent = tsns_sent(peer);
  ASSERT_GT(sent.size(), 1U);
  ASSERT_LT(sent.size(), 20U);
  peer.advance(1s);
  const Reply reply = peer.expect_only(ChunkType::kForwardTsn);
  // The end that was never sent has a TSN too, so that the message has one.
  EXPECT_EQ(forward_in(reply).cumulative, sent.back() + 1);
  EXPECT_EQ(peer.expect_event<core::SendFailed>().payload.size(), 20 * kFull);
  EXPECT_EQ(peer.status().pending_messages, 0U);
  peer.user_sends("next");
  EXPECT_THAT(tsns_sent(peer), ElementsAre(sent.back() + 2));
  peer.sends(sack(sent.back() + 2));
  peer.expect_silence_for(20s);
}

TEST_F(Rfc3758_3_5, F2_DuplicateOnlyAfterARoundTrip) {
  peer.user_sends("a", never_again());
  peer.ignore_packets();
  peer.advance(1s);
  peer.ignore_packets();
  peer.sends(sack(first - 1));
  peer.expect_silence();
  peer.advance(900ms);
  peer.sends(sack(first - 1));
  peer.advance(200ms);
  peer.sends(sack(first - 1));
  EXPECT_EQ(forward_in(peer.expect(ChunkType::kForwardTsn)).cumulative, first);
}

TEST_F(Rfc3758_3_5, ShutdownWaitsUntilThePeerHasSkipped) {
  peer.user_sends("a", never_again());
  peer.ignore_packets();
  peer.user_shuts_down();
  peer.advance(1s);
  peer.expect_only(ChunkType::kForwardTsn);
  peer.sends(sack(first));
  peer.expect(ChunkType::kShutdown);
}

TEST_F(Rfc3758_3_5, EndOfTheAssociationReportsEachMessageOnce) {
  peer.user_sends("a", never_again());
  peer.advance(1s);
  EXPECT_TRUE(peer.find_event<core::SendFailed>());
  peer.user_aborts();
  EXPECT_FALSE(peer.find_event<core::SendFailed>());
}

TEST(Rfc3758_3_5_ManyStreams, C4_WhatDoesNotFitWaitsForTheAnswerToWhatDoes) {
  PeerConfig config = supporting();
  config.parameters.outbound_streams = 1000;
  config.parameters.max_burst = 0;
  config.parameters.no_delay = true;
  config.peer.inbound_streams = 1000;
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  std::uint32_t first = peer.stack_tsn();
  peer.user_sends(std::string(60 * kFull, 'x'));  // opens the congestion window
  for (auto tsns = tsns_sent(peer); !tsns.empty(); tsns = tsns_sent(peer)) {
    first = tsns.back() + 1;
    peer.sends(sack(tsns.back()));
  }
  std::uint32_t sent = 0;
  for (core::StreamId stream = 0; stream < 1000; ++stream) {  // as many as the window takes
    peer.user_sends(std::string(1, 'x'), never_again(stream));
    sent += static_cast<std::uint32_t>(tsns_sent(peer).size());
  }
  ASSERT_GT(sent, 366U) << "more than one FORWARD TSN can name";
  peer.advance(1s);
  Reply reply = peer.expect_only(ChunkType::kForwardTsn);
  const Forward one = forward_in(reply);
  EXPECT_LT(one.cumulative, first + sent - 1);
  EXPECT_EQ(one.cumulative, first + one.skips.size() - 1);
  while (const auto other = peer.next()) {  // no second one before the answer, though there is DATA to go with
    EXPECT_FALSE(other->has(ChunkType::kForwardTsn));
  }
  peer.sends(sack(one.cumulative));
  const Forward rest = forward_in(peer.expect(ChunkType::kForwardTsn));
  EXPECT_GT(rest.cumulative, one.cumulative);
}

// --- §4.1: timed reliability

TEST_F(Rfc3758_3_5, TR3_ExpiredBehindOneThatIsSentIsNotSentWithIt) {
  for (const auto scheduler : {core::Scheduler::kFirstCome, core::Scheduler::kRoundRobin}) {
    peer.sends(sack(first - 1, 0));  // no window
    peer.stack().set_scheduler(peer.association(), scheduler);
    peer.user_sends("probe");
    core::SendRequest lasting;
    lasting.reliability = {Reliability::Policy::kTimed, 60'000};
    core::SendRequest brief;
    brief.reliability = {Reliability::Policy::kTimed, 100};
    peer.user_sends("lasting", std::move(lasting));
    peer.user_sends("brief", std::move(brief));
    peer.advance(1s);
    const auto probe = tsns_sent(peer);
    ASSERT_EQ(probe.size(), 1U);
    peer.sends(sack(probe[0], 100'000));
    EXPECT_EQ(tsns_sent(peer).size(), 1U);  // the lasting one alone
    EXPECT_FALSE(peer.expect_event<core::SendFailed>().was_sent);
    peer.sends(sack(probe[0] + 1, 100'000));
    EXPECT_EQ(peer.status().unacked_chunks, 0U);
    first = probe[0] + 2;
  }
}

TEST_F(Rfc3758_3_5, TR3_ExpiredBeforeItsFirstTransmission) {
  peer.sends(sack(first - 1, 0));  // no window
  core::SendRequest request;
  request.reliability = {Reliability::Policy::kTimed, 100};
  peer.user_sends("probe");  // the one that may go
  peer.user_sends("late", std::move(request));
  peer.ignore_packets();
  peer.advance(5s);
  peer.ignore_packets();
  const auto failed = peer.expect_event<core::SendFailed>();
  EXPECT_FALSE(failed.was_sent);
}

TEST_F(Rfc3758_3_5, TR4_ExpiredBeforeItsRetransmission) {
  core::SendRequest request;
  request.reliability = {Reliability::Policy::kTimed, 1500};
  peer.user_sends("a", std::move(request));
  peer.ignore_packets();
  peer.advance(1s);
  EXPECT_THAT(tsns_sent(peer), ElementsAre(first));  // TR2: in time
  peer.advance(2s);
  EXPECT_EQ(forward_in(peer.expect_only(ChunkType::kForwardTsn)).cumulative, first);
}

// --- §3.6: receiver

struct Rfc3758_3_6 : testing::Test {
  Peer peer{supporting()};
  std::uint32_t first = 0;
  Rfc3758_3_6() {
    peer.bring_to(State::kEstablished);
    first = peer.peer_tsn();
  }
};

TEST_F(Rfc3758_3_6, CumulativeTsnMovesAndFurtherOverWhatIsHeld) {
  peer.sends(data({.tsn = first + 2, .ssn = 2, .payload = "c"}));
  peer.ignore_packets();
  peer.sends(forward_tsn(first + 1, {{0, 1}}));
  const Acknowledgement told = sack_in(peer.expect(ChunkType::kSack));
  EXPECT_EQ(told.cumulative, first + 2);
  EXPECT_THAT(told.gaps, IsEmpty());
  EXPECT_EQ(peer.receives(), "c");
}

TEST_F(Rfc3758_3_6, StrandedMessagesUpToTheSsnAreDelivered) {
  peer.sends(data({.tsn = first + 1, .stream = 1, .ssn = 1, .payload = "b"}));
  peer.sends(data({.tsn = first + 3, .stream = 1, .ssn = 3, .payload = "d"}));
  peer.sends(data({.tsn = first + 4, .stream = 1, .ssn = 4, .payload = "e"}));
  peer.sends(data({.tsn = first + 6, .stream = 1, .ssn = 6, .payload = "g"}));
  EXPECT_EQ(peer.receives(), std::nullopt);
  peer.sends(forward_tsn(first + 2, {{1, 2}}));
  EXPECT_EQ(peer.receives(), "b");
  EXPECT_EQ(peer.receives(), "d");
  EXPECT_EQ(peer.receives(), "e");
  EXPECT_EQ(peer.receives(), std::nullopt);
}

TEST_F(Rfc3758_3_6, OldOneIsAnsweredAndChangesNothing) {
  peer.sends(data({.tsn = first}));
  peer.ignore_packets();
  for (const std::uint32_t old : {first, first - 1, first - 0x7FFFFFFFU}) {
    peer.sends(forward_tsn(old, {{0, 77}}));
    EXPECT_EQ(sack_in(peer.expect(ChunkType::kSack)).cumulative, first);
  }
  peer.sends(data({.tsn = first + 1, .ssn = 1, .payload = "next"}));
  EXPECT_EQ(peer.receives(), "data");
  EXPECT_EQ(peer.receives(), "next");
}

TEST_F(Rfc3758_3_6, OneBeyondAnyWindowIsNotBelieved) {
  peer.sends(forward_tsn(first + 0x10000));
  EXPECT_EQ(sack_in(peer.expect(ChunkType::kSack)).cumulative, first - 1);
  EXPECT_EQ(peer.stack().counters().discarded_tsn_too_far, 1U);
}

TEST_F(Rfc3758_3_6, MalformedOnesAndUnknownStreamsDoNoHarm) {
  peer.sends(chunk(ChunkType::kForwardTsn, 0, big(std::uint16_t{1})));
  peer.sends(chunk(ChunkType::kForwardTsn, 0, big(first, std::uint16_t{1})));
  EXPECT_EQ(peer.stack().counters().discarded_malformed_chunk, 2U);
  peer.ignore_packets();
  peer.sends(forward_tsn(first, {{9999, 1}, {0, 0}}));
  peer.sends(data({.tsn = first + 1, .ssn = 1, .payload = "b"}));
  EXPECT_EQ(peer.receives(), "b");
}

TEST_F(Rfc3758_3_6, WhatArrivesLateIsADuplicate) {
  peer.sends(forward_tsn(first, {{0, 0}}));
  peer.ignore_packets();
  peer.sends(data({.tsn = first}));
  EXPECT_THAT(sack_in(peer.expect(ChunkType::kSack)).duplicates, ElementsAre(first));
  EXPECT_EQ(peer.receives(), std::nullopt);
}

TEST_F(Rfc3758_3_6, IncompleteMessagesAreDroppedAndItsMemoryFreed) {
  const std::size_t before = peer.status().local_rwnd;
  peer.sends(data({.tsn = first, .payload = "begins", .flags = wire::kDataFlagBeginning}));
  peer.sends(data({.tsn = first + 2, .payload = "ends", .flags = wire::kDataFlagEnd}));
  peer.sends(data({.tsn = first + 3, .ssn = 1, .payload = "whole"}));
  peer.sends(forward_tsn(first + 1, {{0, 0}}));
  EXPECT_EQ(peer.receives(), "whole");
  peer.user_consumes(5);
  EXPECT_EQ(peer.status().local_rwnd, before);
}

TEST_F(Rfc3758_3_6, MessageCutShortIsNoViolation) {
  peer.sends(data({.tsn = first, .payload = "begins", .flags = wire::kDataFlagBeginning}));
  peer.sends(data({.tsn = first + 1, .ssn = 1, .payload = "whole"}));
  EXPECT_EQ(peer.state(), State::kEstablished);
  peer.sends(forward_tsn(first, {{0, 0}}));  // at the cumulative TSN already: out of date
  EXPECT_EQ(peer.state(), State::kEstablished);
}

TEST(Rfc3758_3_6_PartialDelivery, UserIsToldThatAMessageWillNotBeCompleted) {
  PeerConfig config = supporting();
  config.parameters.partial_delivery_point = 4;
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  const std::uint32_t first = peer.peer_tsn();
  peer.sends(data({.tsn = first, .stream = 2, .payload = "begins", .flags = wire::kDataFlagBeginning}));
  EXPECT_FALSE(peer.expect_event<core::DataArrived>().piece.last);
  peer.sends(data({.tsn = first + 2, .stream = 2, .ssn = 1, .payload = "next"}));
  peer.sends(data({.tsn = first + 3, .stream = 1, .ssn = 0, .payload = "other"}));
  peer.sends(forward_tsn(first + 1, {{2, 0}}));
  EXPECT_EQ(peer.expect_event<core::PartialDeliveryAborted>().stream, 2);
  EXPECT_EQ(peer.receives(), "next");
  EXPECT_EQ(peer.receives(), "other");
}

TEST_F(Rfc3758_3_6, DelayedSackRulesAreThoseOfData) {
  peer.sends(data({.tsn = first}));
  peer.ignore_packets();  // the first is acknowledged at once
  peer.sends(forward_tsn(first + 1, {{0, 1}}));
  peer.expect_silence();
  peer.advance(200ms);
  EXPECT_EQ(sack_in(peer.expect(ChunkType::kSack)).cumulative, first + 1);
}

TEST(Rfc3758_3_6_PartialDelivery, UserIsToldThatAnotherMessageBeginsInstead) {
  PeerConfig config = supporting();
  config.parameters.partial_delivery_point = 4;
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  const std::uint32_t first = peer.peer_tsn();
  peer.sends(data({.tsn = first, .payload = "begins", .flags = wire::kDataFlagBeginning}));
  EXPECT_FALSE(peer.expect_event<core::DataArrived>().piece.last);
  peer.sends(data({.tsn = first + 1, .ssn = 1, .payload = "next"}));
  EXPECT_EQ(peer.expect_event<core::PartialDeliveryAborted>().ssn, 0);
  EXPECT_EQ(peer.receives(), "next");
  EXPECT_EQ(peer.state(), State::kEstablished);
}

TEST_F(Rfc3758_3_6, DiscardedOnceThePeerHasShutDown) {
  peer.sends(shutdown(peer.stack_tsn() - 1));
  peer.ignore_packets();
  const auto before = peer.stack().counters().discarded_unexpected_chunk;
  peer.sends(forward_tsn(first));
  EXPECT_EQ(peer.stack().counters().discarded_unexpected_chunk, before + 1);
}

}  // namespace
}  // namespace netsctp::conformance
