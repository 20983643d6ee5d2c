// RFC 6525: collisions, repetitions, the end of an association, and hostile requests.
#include <gmock/gmock.h>

#include "base/bytes.hpp"
#include "conformance/observed.hpp"
#include "core/stream_reset.hpp"

namespace netsctp::conformance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Result = core::Reconfiguration::Result;

ByteString re_config(const ByteString& one) {
  return chunk(ChunkType::kReConfig, 0, one);
}
ByteString both(const ByteString& one, const ByteString& other) {
  return re_config(join({one, other}));
}
ByteString answer(std::uint32_t sequence, Result result) {
  return parameter(ParameterType::kReConfigResponse, big(sequence, static_cast<std::uint32_t>(result)));
}
ByteString response(std::uint32_t sequence, Result result) {
  return re_config(answer(sequence, result));
}
ByteString outgoing(std::uint32_t sequence, std::uint32_t response_to, std::uint32_t last) {
  return parameter(ParameterType::kOutgoingSsnReset, big(sequence, response_to, last));
}
ByteString incoming(std::uint32_t sequence) {
  return parameter(ParameterType::kIncomingSsnReset, big(sequence));
}
ByteString all(std::uint32_t sequence) {
  return parameter(ParameterType::kSsnTsnReset, big(sequence));
}
ByteString add_out(std::uint32_t sequence, std::uint16_t count) {
  return parameter(ParameterType::kAddOutgoingStreams, big(sequence, count, std::uint16_t{0}));
}
ByteString add_in(std::uint32_t sequence, std::uint16_t count) {
  return parameter(ParameterType::kAddIncomingStreams, big(sequence, count, std::uint16_t{0}));
}

using Numbers = std::vector<std::uint32_t>;

struct Rfc6525Rules : testing::Test {
  Peer peer{[] {
    PeerConfig config;
    config.parameters.stream_reset = true;
    config.parameters.allowed_reconfigurations = 7;
    config.parameters.max_inbound_streams = 100;
    config.parameters.no_delay = true;
    config.parameters.path.heartbeat_enabled = false;
    config.peer.parameters = {parameter(ParameterType::kSupportedExtensions, big(std::uint8_t{130}))};
    return config;
  }()};
  std::uint32_t ours = 0;
  std::uint32_t theirs = 0;
  Rfc6525Rules() {
    peer.bring_to(State::kEstablished);
    ours = peer.stack_tsn();
    theirs = peer.peer_tsn();
  }
  // Each parameter of all RE-CONFIG chunks sent and not looked at: its type, then the numbers in it. A chunk ends in 0.
  std::vector<Numbers> told() {
    std::vector<Numbers> found;
    while (const auto reply = peer.next()) {
      for (const wire::Chunk& one : reply->chunks) {
        if (one.kind() != ChunkType::kReConfig) continue;
        wire::ParameterReader reader(one.value());
        while (const auto each = reader.next()) {
          Numbers numbers{each->type};
          for (std::size_t at = 0; at + 4 <= each->value().size(); at += 4)
            numbers.push_back(load_big<std::uint32_t>(each->value().data() + at));
          found.push_back(numbers);
        }
        found.push_back({0});
      }
    }
    return found;
  }
  std::vector<Numbers> told_after(const ByteString& one) {
    peer.ignore_packets();
    peer.sends(one);
    return told();
  }
  void user_resets(bool out, bool in, std::vector<core::StreamId> streams = {}) {
    EXPECT_FALSE(peer.stack().reset_streams(peer.association(), out, in, std::move(streams), peer.now()));
    peer.settle();
  }
  void user_adds(std::uint16_t out, std::uint16_t in) {
    EXPECT_FALSE(peer.stack().add_streams(peer.association(), out, in, peer.now()));
    peer.settle();
  }
  void user_resets_all() {
    EXPECT_FALSE(peer.stack().reset_association(peer.association(), peer.now()));
    peer.settle();
  }
};

TEST(Rfc6525_5_1_1, SupportIsAnnounced) {
  for (const bool on : {false, true}) {
    PeerConfig config;
    config.parameters.stream_reset = on;
    config.peer.parameters = {parameter(ParameterType::kSupportedExtensions, big(std::uint8_t{130}))};
    Peer initiator(config);
    EXPECT_EQ(initiator.connect().parameter(ParameterType::kSupportedExtensions).has_value(), on);
    Peer responder(config);
    responder.sends(responder.own_init());
    const Reply ack = responder.expect(ChunkType::kInitAck);
    ASSERT_EQ(ack.parameter(ParameterType::kSupportedExtensions).has_value(), on);
    if (on) {
      EXPECT_EQ(ack.parameter(ParameterType::kSupportedExtensions)->front(), std::byte{130});
    }
  }
}

TEST_F(Rfc6525Rules, Section3_1_UnsupportedCombinationsAreReported) {
  for (const ByteString& wrong :
       {both(all(theirs), incoming(theirs + 1)), both(outgoing(theirs, 0, 0), all(theirs + 1)),
        both(incoming(theirs), incoming(theirs + 1)), both(answer(ours, Result::kPerformed), add_out(theirs, 1)),
        re_config(join({answer(1, Result::kDenied), answer(2, Result::kDenied), answer(3, Result::kDenied)}))}) {
    peer.ignore_packets();
    peer.sends(wrong);
    EXPECT_TRUE(peer.expect(ChunkType::kError).cause(CauseCode::kProtocolViolation));
    EXPECT_EQ(peer.state(), State::kEstablished);
  }
  EXPECT_THAT(told_after(re_config(add_out(theirs, 1))), ElementsAre(Numbers{16, theirs, 1}, Numbers{0}));
}

TEST_F(Rfc6525Rules, Section4_UnknownParametersEndTheChunk) {
  EXPECT_THAT(told_after(both(add_out(theirs, 1), parameter(19, big(1U)))),
              ElementsAre(Numbers{16, theirs, 1}, Numbers{0}));
  EXPECT_THAT(told_after(both(parameter(19, big(1U)), add_out(theirs + 1, 1))), IsEmpty());
}

TEST_F(Rfc6525Rules, Section4_WrongLengthsAreIgnored) {
  for (const ByteString& wrong :
       {parameter(ParameterType::kOutgoingSsnReset, big(theirs, ours, std::uint16_t{1})),
        parameter(ParameterType::kIncomingSsnReset, big(theirs, std::uint8_t{1})),
        parameter(ParameterType::kSsnTsnReset, big(theirs, 1U)), parameter(ParameterType::kSsnTsnReset),
        parameter(ParameterType::kAddOutgoingStreams, big(theirs)), with_length(all(theirs), 3),
        with_length(all(theirs), 99)}) {
    EXPECT_THAT(told_after(re_config(wrong)), IsEmpty());
  }
  EXPECT_THAT(told_after(re_config(ByteString{})), IsEmpty());
  EXPECT_THAT(told_after(re_config(add_out(theirs, 1))), ElementsAre(Numbers{16, theirs, 1}, Numbers{0}));
}

TEST_F(Rfc6525Rules, Section5_1_1_TimerBacksOffAndEndsTheAssociation) {
  user_resets(true, false);
  Duration before{};
  peer.ignore_packets();
  for (int i = 0; i < 4; ++i) {
    const Duration waited = peer.advance_to_packet(120s);
    EXPECT_THAT(told(), ElementsAre(Numbers{13, ours, theirs - 1, ours - 1}, Numbers{0}));
    if (i > 0) {
      EXPECT_GE(waited, before);
    }
    before = waited;
  }
  peer.advance(600s);
  EXPECT_EQ(peer.state(), State::kClosed);
  EXPECT_TRUE(peer.expect_event<core::StreamsReset>().outcome.failed);
  EXPECT_EQ(peer.expect_event<core::AssociationChanged>().what, core::AssociationChanged::What::kLost);
}

TEST_F(Rfc6525Rules, Section5_2_7_H2_InProgressCountsNoErrors) {
  user_resets(true, false);
  for (int i = 0; i < 30; ++i) {
    peer.ignore_packets();
    peer.sends(response(ours, Result::kInProgress));
    peer.advance_to_packet(120s);
    EXPECT_EQ(peer.state(), State::kEstablished);
    EXPECT_EQ(peer.status().error_count, 0U);
  }
  peer.sends(response(ours, Result::kPerformed));
  EXPECT_FALSE(peer.expect_event<core::StreamsReset>().outcome.failed);
}

TEST_F(Rfc6525Rules, Section5_2_1_AnswersOfOneChunkGoInOneChunk) {
  EXPECT_THAT(told_after(both(outgoing(theirs, ours - 1, theirs - 1), incoming(theirs + 1))),
              ElementsAre(Numbers{16, theirs, 1}, Numbers{13, ours, theirs + 1, ours - 1}, Numbers{0}));
  peer.sends(response(ours, Result::kPerformed));
  EXPECT_TRUE(peer.expect_event<core::StreamsReset>().incoming);
  EXPECT_TRUE(peer.expect_event<core::StreamsReset>().outgoing);
  // The same again, for the peer may not have heard it.
  EXPECT_THAT(told_after(both(outgoing(theirs, ours - 1, theirs - 1), incoming(theirs + 1))),
              ElementsAre(Numbers{16, theirs, 1}, Numbers{16, theirs + 1, 1}, Numbers{0}));
}

TEST_F(Rfc6525Rules, Section5_2_1_OlderAnswersDoNotTakeThePlaceOfTheLatest) {
  peer.sends(re_config(incoming(theirs)));
  peer.sends(re_config(add_out(theirs + 1, 1)));
  peer.sends(re_config(add_out(theirs + 2, 1)));
  peer.sends(response(ours, Result::kPerformed));  // to what the first one asked for
  EXPECT_THAT(told_after(re_config(add_out(theirs + 1, 1))), ElementsAre(Numbers{16, theirs + 1, 1}, Numbers{0}));
  EXPECT_EQ(peer.status().inbound_streams, 12);
}

TEST_F(Rfc6525Rules, Section5_2_1_ManyAnswersAreAllSent) {
  std::vector<ByteString> chunks;
  for (std::uint32_t i = 0; i < 5; ++i) chunks.push_back(re_config(add_out(theirs + i, 1)));
  peer.ignore_packets();
  peer.sends(chunks);
  EXPECT_THAT(told(),
              ElementsAre(Numbers{16, theirs, 1}, Numbers{16, theirs + 1, 1}, Numbers{0}, Numbers{16, theirs + 2, 1},
                          Numbers{16, theirs + 3, 1}, Numbers{0}, Numbers{16, theirs + 4, 1}, Numbers{0}));
  EXPECT_EQ(peer.status().inbound_streams, 15);
}

TEST_F(Rfc6525Rules, Section5_2_1_SequenceNumbersOffByOneAreBad) {
  EXPECT_THAT(told_after(re_config(add_out(theirs + 1, 1))), ElementsAre(Numbers{16, theirs + 1, 5}, Numbers{0}));
  EXPECT_THAT(told_after(re_config(add_out(theirs - 1, 1))), ElementsAre(Numbers{16, theirs - 1, 5}, Numbers{0}));
  EXPECT_EQ(peer.status().inbound_streams, 10);
}

TEST_F(Rfc6525Rules, Section5_2_2_E1_OnlyAnIncomingResetIsAnsweredByAnOutgoingOne) {
  user_adds(5, 0);
  peer.sends(re_config(outgoing(theirs, ours, theirs - 1)));  // has seen our request, and says nothing of it
  EXPECT_EQ(peer.stack().add_streams(peer.association(), 1, 0, peer.now()), std::errc::operation_in_progress);
  peer.sends(response(ours, Result::kPerformed));
  EXPECT_EQ(peer.status().outbound_streams, 15);
}

TEST_F(Rfc6525Rules, Section5_2_2_E1_IncomingResetAskedFor) {
  user_resets(false, true, {3});
  EXPECT_THAT(told(), ElementsAre(Numbers{14, ours}, Numbers{0}));
  peer.sends(re_config(parameter(ParameterType::kOutgoingSsnReset, big(theirs, ours, theirs - 1, std::uint16_t{3}))));
  EXPECT_THAT(told(), ElementsAre(Numbers{16, theirs, 1}, Numbers{0}));
  const auto event = peer.expect_event<core::StreamsReset>();
  EXPECT_TRUE(event.incoming);
  EXPECT_THAT(event.streams, ElementsAre(3));
  user_adds(1, 0);  // no request is open any more
}

TEST_F(Rfc6525Rules, Section5_2_2_E2_DataOfTheTimeAfterTheResetIsHeld) {
  peer.sends(data({.tsn = theirs, .ssn = 0, .payload = "zero"}));
  EXPECT_EQ(peer.receives(), "zero");
  peer.sends(re_config(outgoing(theirs, ours - 1, theirs + 1)));
  peer.sends(data({.tsn = theirs + 2, .ssn = 0, .payload = "after"}));
  EXPECT_EQ(peer.receives(), std::nullopt);
  peer.sends(data({.tsn = theirs + 1, .ssn = 1, .payload = "before"}));
  EXPECT_EQ(peer.receives(), "before");
  EXPECT_EQ(peer.receives(), "after");
}

TEST_F(Rfc6525Rules, Section5_2_2_E2_OtherStreamsGoOn) {
  peer.sends(re_config(parameter(ParameterType::kOutgoingSsnReset, big(theirs, ours - 1, theirs, std::uint16_t{3}))));
  peer.sends(data({.tsn = theirs + 1, .stream = 1, .payload = "other"}));
  EXPECT_EQ(peer.receives(), "other");
  EXPECT_FALSE(peer.find_event<core::StreamsReset>());
}

TEST_F(Rfc6525Rules, Section5_2_2_E3_WhatIsPartOfAMessageOfAnotherStreamStays) {
  peer.sends(data({.tsn = theirs, .stream = 1, .payload = "be", .flags = wire::kDataFlagBeginning}));
  peer.sends(re_config(parameter(ParameterType::kOutgoingSsnReset, big(theirs, ours - 1, theirs, std::uint16_t{3}))));
  EXPECT_TRUE(peer.expect_event<core::StreamsReset>().incoming);
  peer.sends(data({.tsn = theirs + 1, .stream = 1, .payload = "gin", .flags = wire::kDataFlagEnd}));
  EXPECT_EQ(peer.receives(), "begin");
}

TEST_F(Rfc6525Rules, Section5_2_2_E3_NotInTheMiddleOfAMessage) {
  peer.sends(data({.tsn = theirs, .payload = "be", .flags = wire::kDataFlagBeginning}));
  peer.sends(re_config(outgoing(theirs, ours - 1, theirs)));
  EXPECT_EQ(peer.state(), State::kClosed);
}

TEST_F(Rfc6525Rules, Section5_2_2_E3_AnotherResetOfTheSameStreamTwiceListed) {
  peer.sends(data({.tsn = theirs, .payload = "a"}));
  const auto twice =
      parameter(ParameterType::kOutgoingSsnReset, big(theirs, ours - 1, theirs, std::uint16_t{0}, std::uint16_t{0}));
  EXPECT_THAT(told_after(re_config(twice)), ElementsAre(Numbers{16, theirs, 1}, Numbers{0}));
  peer.sends(data({.tsn = theirs + 1, .ssn = 0, .payload = "b"}));
  EXPECT_EQ(peer.receives(), "a");
  EXPECT_EQ(peer.receives(), "b");
  const auto unknown =
      parameter(ParameterType::kOutgoingSsnReset, big(theirs + 1, ours - 1, theirs, std::uint16_t{10}));
  EXPECT_THAT(told_after(re_config(unknown)), ElementsAre(Numbers{16, theirs + 1, 3}, Numbers{0}));
}

TEST_F(Rfc6525Rules, Section5_2_3_WhatIsBeingResetNeedsNothing) {
  user_resets(true, false);
  EXPECT_THAT(told_after(re_config(parameter(ParameterType::kIncomingSsnReset, big(theirs, std::uint16_t{2})))),
              ElementsAre(Numbers{16, theirs, 0}, Numbers{0}));
  peer.sends(response(ours, Result::kPerformed));
  // Nor what has just been.
  EXPECT_THAT(told_after(re_config(incoming(theirs + 1))), ElementsAre(Numbers{16, theirs + 1, 0}, Numbers{0}));
  peer.user_sends("used");
  EXPECT_THAT(told_after(re_config(incoming(theirs + 2))),
              ElementsAre(Numbers{13, ours + 1, theirs + 2, ours}, Numbers{0}));
}

TEST_F(Rfc6525Rules, Section5_2_3_OtherwiseItIsDoneAfterTheOneInFlight) {
  user_resets(true, false, {1});
  EXPECT_THAT(told_after(re_config(incoming(theirs))), ElementsAre(Numbers{16, theirs, 6}, Numbers{0}));
  EXPECT_THAT(told_after(response(ours, Result::kPerformed)),
              ElementsAre(Numbers{13, ours + 1, theirs, ours - 1}, Numbers{0}));
  peer.sends(response(ours + 1, Result::kPerformed));
  EXPECT_THAT(peer.expect_event<core::StreamsReset>().streams, ElementsAre(1));
  EXPECT_THAT(peer.expect_event<core::StreamsReset>().streams, IsEmpty());
}

TEST_F(Rfc6525Rules, Section5_2_3_TwoIncomingResetsDoNotWaitForEachOther) {
  user_resets(true, true, {1});
  peer.sends(response(ours, Result::kPerformed));
  EXPECT_THAT(told_after(re_config(incoming(theirs))), ElementsAre(Numbers{16, theirs, 4}, Numbers{0}));
}

TEST_F(Rfc6525Rules, Section5_1_4_C2_NothingMayBeOutstanding) {
  peer.user_sends("first");
  peer.ignore_packets();
  user_resets_all();
  EXPECT_THAT(told(), IsEmpty());
  peer.user_sends("second");
  EXPECT_THAT(told_after(sack(ours)), ElementsAre(Numbers{15, ours}, Numbers{0}));
}

TEST_F(Rfc6525Rules, Section5_1_4_OneWithinASegmentLifetime) {
  user_resets_all();
  peer.sends(re_config(parameter(ParameterType::kReConfigResponse, big(ours, 1U, theirs, 888U))));
  EXPECT_EQ(peer.stack().reset_association(peer.association(), peer.now()), std::errc::resource_unavailable_try_again);
  peer.advance(30s);
  EXPECT_FALSE(peer.stack().reset_association(peer.association(), peer.now()));
}

TEST_F(Rfc6525Rules, Section5_2_4_OurOutstandingDataIsAcknowledgedFirst) {
  peer.user_sends("first");
  EXPECT_THAT(told_after(re_config(all(theirs))), ElementsAre(Numbers{16, theirs, 6}, Numbers{0}));
  peer.user_sends("held");
  peer.expect_silence();
  peer.sends(sack(ours));
  const Reply reply = peer.next().value();
  wire::ParameterReader reader(reply.chunk(ChunkType::kReConfig).value());
  const auto value = reader.next()->value();
  EXPECT_EQ(load_big<std::uint32_t>(value.data() + 4), 1U);
  EXPECT_EQ(load_big<std::uint32_t>(value.data() + 8), ours + 1);
  EXPECT_EQ(data_in(reply).front().tsn, ours + 1);
  EXPECT_EQ(data_in(reply).front().ssn, 0);
  peer.sends(sack(ours - 10));  // of the time before: no violation
  EXPECT_EQ(peer.state(), State::kEstablished);
}

TEST_F(Rfc6525Rules, Section5_2_4_G4_WhatIsCompleteIsHandedOutAndTheRestDropped) {
  peer.sends(data({.tsn = theirs, .ssn = 1, .payload = "one"}));
  peer.sends(data({.tsn = theirs + 1, .ssn = 2, .payload = "half", .flags = wire::kDataFlagBeginning}));
  EXPECT_EQ(peer.receives(), std::nullopt);
  peer.sends(re_config(all(theirs)));
  EXPECT_EQ(peer.receives(), "one");
  peer.sends(data({.tsn = theirs + 2 + 0x80000000U, .ssn = 0, .payload = "new"}));
  EXPECT_EQ(peer.receives(), "new");
  peer.stack().check_consistent();
}

TEST_F(Rfc6525Rules, Section5_2_7_H5_NewDataThatOvertookTheAnswerIsNotLost) {
  peer.sends(data({.tsn = theirs, .ssn = 0, .payload = "zero"}));
  peer.sends(data({.tsn = theirs + 1, .ssn = 1, .payload = "one"}));
  user_resets_all();
  peer.sends(data({.tsn = theirs + 2, .ssn = 0, .payload = "new zero"}));
  peer.sends(data({.tsn = theirs + 4, .ssn = 2, .payload = "new two"}));
  EXPECT_EQ(peer.receives(), "zero");
  EXPECT_EQ(peer.receives(), "one");
  EXPECT_EQ(peer.receives(), std::nullopt);
  peer.sends(re_config(parameter(ParameterType::kReConfigResponse, big(ours, 1U, theirs + 2, ours + 0x80000000U))));
  EXPECT_EQ(peer.receives(), "new zero");
  peer.ignore_packets();
  peer.sends(data({.tsn = theirs + 3, .ssn = 1, .payload = "new one"}));
  EXPECT_EQ(peer.receives(), "new one");
  EXPECT_EQ(peer.receives(), "new two");
  EXPECT_EQ(sack_in(peer.expect(ChunkType::kSack)).cumulative, theirs + 4);
}

TEST_F(Rfc6525Rules, Section5_2_7_H5_NotBeforeADeferredResetOfThePeer) {
  peer.user_sends("outstanding");
  user_resets_all();
  peer.sends(re_config(outgoing(theirs, ours - 1, theirs)));
  peer.ignore_packets();
  EXPECT_THAT(told_after(sack(ours)), IsEmpty());
  peer.sends(data({.tsn = theirs}));
  EXPECT_EQ(peer.receives(), "data");
  EXPECT_THAT(told(), testing::Contains(Numbers{15, ours}));
}

TEST_F(Rfc6525Rules, Section5_2_7_H3_WhatArrivedMeanwhileIsOfTheOldNumbersIfDenied) {
  user_resets_all();
  peer.sends(data({.tsn = theirs, .ssn = 0, .payload = "zero"}));
  EXPECT_EQ(peer.receives(), std::nullopt);
  peer.sends(response(ours, Result::kDenied));
  EXPECT_EQ(peer.receives(), "zero");
}

TEST_F(Rfc6525Rules, Section5_2_5_TooManyStreamsAreDenied) {
  EXPECT_THAT(told_after(re_config(add_out(theirs, 91))), ElementsAre(Numbers{16, theirs, 2}, Numbers{0}));
  EXPECT_THAT(told_after(re_config(add_out(theirs + 1, 0))), ElementsAre(Numbers{16, theirs + 1, 2}, Numbers{0}));
  EXPECT_THAT(told_after(re_config(add_out(theirs + 2, 90))), ElementsAre(Numbers{16, theirs + 2, 1}, Numbers{0}));
  peer.sends(data({.tsn = theirs, .stream = 99}));
  EXPECT_EQ(peer.receives(), "data");
}

TEST_F(Rfc6525Rules, Section5_2_6_AddIncomingIsAnsweredByAddOutgoing) {
  EXPECT_THAT(told_after(re_config(add_in(theirs, 5))),
              ElementsAre(Numbers{16, theirs, 1}, Numbers{0}, Numbers{17, ours, 5U << 16}, Numbers{0}));
  EXPECT_EQ(peer.status().outbound_streams, 10);  // not before the peer's answer
  peer.sends(response(ours, Result::kPerformed));
  EXPECT_EQ(peer.status().outbound_streams, 15);
  EXPECT_THAT(told_after(re_config(add_in(theirs + 1, 65530))), ElementsAre(Numbers{16, theirs + 1, 2}, Numbers{0}));
}

TEST_F(Rfc6525Rules, Section5_2_6_AddOutgoingAloneIsAnAnswerToo) {
  user_adds(0, 5);
  peer.sends(re_config(add_out(theirs, 5)));
  EXPECT_EQ(peer.expect_event<core::StreamsChanged>().inbound_added, 5);
  EXPECT_FALSE(peer.stack().add_streams(peer.association(), 1, 0, peer.now()));
}

TEST_F(Rfc6525Rules, Section6_1_TheEndOfTheAssociationEndsTheRequest) {
  user_resets(true, false);
  peer.user_aborts();
  EXPECT_TRUE(peer.expect_event<core::StreamsReset>().outcome.failed);
}

TEST_F(Rfc6525Rules, ShutdownEndsARequestThatNobodyAnswers) {
  user_adds(1, 0);
  peer.user_shuts_down();
  EXPECT_TRUE(peer.expect_event<core::StreamsChanged>().outcome.failed);
  EXPECT_EQ(peer.state(), State::kShutdownSent);
  // The peer, which has data left, may still reset its streams.
  EXPECT_THAT(told_after(re_config(outgoing(theirs, ours - 1, theirs - 1))),
              ElementsAre(Numbers{16, theirs, 1}, Numbers{0}));
  EXPECT_THAT(told_after(re_config(add_in(theirs + 1, 1))), ElementsAre(Numbers{16, theirs + 1, 2}, Numbers{0}));
}

TEST_F(Rfc6525Rules, AHeldMessageIsSentAfterAllWhenThePeerShutsDown) {
  user_resets(true, false);
  peer.user_sends("held");
  peer.sends(shutdown(ours - 1));
  peer.ignore_packets();
  peer.advance(5s);
  EXPECT_THAT(tsns_sent(peer), testing::Contains(ours));
  EXPECT_TRUE(peer.expect_event<core::StreamsReset>().outcome.failed);
}

TEST_F(Rfc6525Rules, ALongListOfHostileNumbersIsHarmless) {
  ByteString value = big(theirs, ours - 1, theirs - 1);
  for (std::uint16_t i = 0; i < 600; ++i) {
    const ByteString one = big(static_cast<std::uint16_t>(i % 10));
    value.insert(value.end(), one.begin(), one.end());
  }
  EXPECT_THAT(told_after(re_config(parameter(ParameterType::kOutgoingSsnReset, value))),
              ElementsAre(Numbers{16, theirs, 1}, Numbers{0}));
  ByteString list = big(theirs + 1);
  list.insert(list.end(), 2 * 32'700, std::byte{0});  // longer than what we could ask for in return
  EXPECT_THAT(told_after(re_config(parameter(ParameterType::kIncomingSsnReset, list))),
              ElementsAre(Numbers{16, theirs + 1, 2}, Numbers{0}));
  peer.stack().check_consistent();
}

}  // namespace
}  // namespace netsctp::conformance
