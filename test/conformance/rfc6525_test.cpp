// RFC 6525: stream re-configuration.
#include <gmock/gmock.h>

#include "base/bytes.hpp"
#include "conformance/observed.hpp"
#include "core/stream_reset.hpp"

namespace netsctp::conformance {
namespace {

using testing::ElementsAre;
using Result = core::Reconfiguration::Result;

ByteString re_config(const ByteString& one) {
  return chunk(ChunkType::kReConfig, 0, one);
}
ByteString response(std::uint32_t sequence, Result result) {
  return re_config(parameter(ParameterType::kReConfigResponse, big(sequence, static_cast<std::uint32_t>(result))));
}

struct Rfc6525 : testing::Test {
  Peer peer{[] {
    PeerConfig config;
    config.parameters.stream_reset = true;
    config.parameters.allowed_reconfigurations = 7;
    config.peer.parameters = {parameter(ParameterType::kSupportedExtensions, big(std::uint8_t{130}))};
    return config;
  }()};
  std::uint32_t ours = 0;
  std::uint32_t theirs = 0;
  Rfc6525() {
    peer.bring_to(State::kEstablished);
    ours = peer.stack_tsn();
    theirs = peer.peer_tsn();
  }
  // Type and numbers of the first parameter of the next packet's RE-CONFIG.
  std::vector<std::uint32_t> told() {
    while (const auto reply = peer.next()) {
      if (!reply->has(ChunkType::kReConfig)) continue;
      wire::ParameterReader reader(reply->chunk(ChunkType::kReConfig).value());
      const auto one = reader.next().value();
      std::vector<std::uint32_t> found{one.type};
      for (std::size_t at = 0; at + 4 <= one.value().size(); at += 4)
        found.push_back(load_big<std::uint32_t>(one.value().data() + at));
      return found;
    }
    return {};
  }
  std::uint32_t result_for(const ByteString& request) {
    peer.ignore_packets();
    peer.sends(re_config(request));
    const auto found = told();
    return found.size() >= 3 && found[0] == 16 ? found[2] : 99;
  }
};

TEST_F(Rfc6525, Section5_1_2_OutgoingResetHoldsNewDataUntilAnswered) {
  peer.user_sends("first");
  peer.sends(sack(ours));
  peer.ignore_packets();
  EXPECT_FALSE(peer.stack().reset_streams(peer.association(), true, false, {}, peer.now()));
  peer.settle();
  EXPECT_THAT(told(), ElementsAre(13U, ours, theirs - 1, ours));
  EXPECT_EQ(peer.stack().reset_streams(peer.association(), true, false, {}, peer.now()),
            std::errc::operation_in_progress);
  peer.user_sends("held");
  EXPECT_TRUE(tsns_sent(peer).empty());
  peer.advance(1s);
  EXPECT_THAT(told(), ElementsAre(13U, ours, theirs - 1, ours));  // §5.1.1: the timer
  peer.sends(response(ours, Result::kPerformed));
  const auto reply = peer.next();
  ASSERT_TRUE(reply);
  EXPECT_EQ(data_in(*reply).front().ssn, 0);  // H4
  EXPECT_TRUE(peer.expect_event<core::StreamsReset>().outgoing);
}

core::SendRequest on(core::StreamId stream) {
  core::SendRequest request;
  request.stream = stream;
  return request;
}

// Streams of DATA chunks sent and not looked at.
std::vector<std::uint16_t> streams_sent(Peer& peer) {
  std::vector<std::uint16_t> found;
  while (const auto reply = peer.next()) {
    for (const wire::Data& one : data_in(*reply)) found.push_back(one.stream);
  }
  return found;
}

TEST_F(Rfc6525, Section5_1_2_A1_OtherStreamsGoOn) {
  EXPECT_FALSE(peer.stack().reset_streams(peer.association(), true, false, {1}, peer.now()));
  peer.settle();
  peer.ignore_packets();
  for (const core::StreamId stream : std::vector<core::StreamId>{1, 0, 1, 2}) peer.user_sends("message", on(stream));
  peer.sends(sack(ours));
  EXPECT_THAT(streams_sent(peer), ElementsAre(0, 2));
  peer.sends(sack(ours + 1));
  peer.sends(response(ours, Result::kPerformed));
  EXPECT_THAT(streams_sent(peer), ElementsAre(1, 1));
}

TEST_F(Rfc6525, Section5_1_2_A1_OnlyAMessageOfItsStreamIsCompletedFirst) {
  peer.user_sends(std::string(20'000, 'x'), on(2));  // more than the congestion window
  peer.ignore_packets();
  EXPECT_FALSE(peer.stack().reset_streams(peer.association(), true, false, {1}, peer.now()));
  peer.settle();
  EXPECT_EQ(told().at(0), 13U);
  peer.sends(response(ours, Result::kPerformed));
  EXPECT_FALSE(peer.stack().reset_streams(peer.association(), true, false, {0, 2}, peer.now()));
  peer.settle();
  EXPECT_TRUE(told().empty());
  for (std::uint32_t i = 1; i < 20; ++i) peer.sends(sack(ours + i));
  EXPECT_THAT(told(), ElementsAre(13U, ours + 1, theirs - 1, ours + 13, 0x00000002U));
}

TEST_F(Rfc6525, Section5_1_2_A1_WhatWaitedIsGivenUpWithTheAssociation) {
  EXPECT_FALSE(peer.stack().reset_streams(peer.association(), true, false, {1}, peer.now()));
  peer.user_sends("held", on(1));
  peer.user_aborts();
  EXPECT_TRUE(peer.expect_event<core::StreamsReset>().outcome.failed);
  EXPECT_TRUE(peer.find_event<core::SendFailed>());
}

// RFC 9260 §5.2.4 A: nobody answers any more; what waited is reported, and streams begin anew.
TEST_F(Rfc6525, ARestartOfThePeerEndsTheRequest) {
  peer.user_sends("first", on(1));
  peer.sends(sack(ours));
  EXPECT_FALSE(peer.stack().reset_streams(peer.association(), true, false, {1}, peer.now()));
  peer.user_sends("held", on(1));
  peer.ignore_packets();
  InitFields again = peer.own();
  again.tag ^= 0x5555;
  peer.sends(init(again));
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.learn(ack);
  peer.sends(cookie_echo(ack.cookie()));
  EXPECT_TRUE(peer.expect_event<core::StreamsReset>().outcome.failed);
  EXPECT_TRUE(peer.find_event<core::SendFailed>());
  peer.ignore_packets();
  peer.user_sends("new", on(1));
  EXPECT_EQ(data_in(peer.next().value()).front().ssn, 0);
}

// RFC 3758 §3.6: what the peer has given up is not missing any more.
TEST(Rfc6525_5_2_2, AForwardTsnLetsAResetBePerformed) {
  PeerConfig config;
  config.parameters.stream_reset = true;
  config.parameters.allowed_reconfigurations = 7;
  config.peer.parameters = {parameter(ParameterType::kSupportedExtensions, big(std::uint8_t{130}, std::uint8_t{192})),
                            parameter(ParameterType::kForwardTsnSupported, ByteString{})};
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  const std::uint32_t theirs = peer.peer_tsn();
  const std::uint32_t last_seen = peer.stack_tsn() - 1;
  peer.sends(re_config(parameter(ParameterType::kOutgoingSsnReset, big(theirs, last_seen, theirs + 1))));
  EXPECT_FALSE(peer.find_event<core::StreamsReset>());
  peer.sends(data({.tsn = theirs + 2, .ssn = 0, .payload = "anew"}));
  peer.sends(chunk(ChunkType::kForwardTsn, 0, big(theirs + 1, std::uint16_t{0}, std::uint16_t{1})));
  EXPECT_TRUE(peer.expect_event<core::StreamsReset>().incoming);
  EXPECT_EQ(peer.receives(), "anew");
}

TEST_F(Rfc6525, Section5_2_7_DeniedIsToldAndSsnsGoOn) {
  peer.user_sends("first");
  peer.sends(sack(ours));
  EXPECT_FALSE(peer.stack().reset_streams(peer.association(), true, false, {0}, peer.now()));
  peer.settle();
  peer.user_sends("held");
  peer.ignore_packets();
  peer.sends(response(ours, Result::kDenied));
  EXPECT_EQ(data_in(peer.next().value()).front().ssn, 1);
  EXPECT_TRUE(peer.expect_event<core::StreamsReset>().outcome.denied);
}

TEST_F(Rfc6525, Section5_2_2_ResetWaitsForWhatWasSentBefore) {
  const auto request = parameter(ParameterType::kOutgoingSsnReset, big(theirs, ours - 1, theirs));
  EXPECT_EQ(result_for(request), 6U);  // E2: in progress
  peer.sends(data({.tsn = theirs}));
  EXPECT_EQ(told().at(2), 1U);  // E5
  EXPECT_EQ(peer.receives(), "data");
  EXPECT_EQ(result_for(request), 1U);  // §5.2.1: the same again
  peer.sends(data({.tsn = theirs + 1, .ssn = 0, .payload = "again"}));
  EXPECT_EQ(peer.receives(), "again");
  EXPECT_EQ(result_for(parameter(ParameterType::kOutgoingSsnReset, big(theirs + 7, ours - 1, theirs))), 5U);
}

TEST_F(Rfc6525, Section5_2_3_IncomingResetIsAnsweredByAnOutgoingOne) {
  peer.sends(re_config(parameter(ParameterType::kIncomingSsnReset, big(theirs))));
  EXPECT_THAT(told(), ElementsAre(13U, ours, theirs, ours - 1));
  peer.sends(response(ours, Result::kPerformed));
  EXPECT_TRUE(peer.expect_event<core::StreamsReset>().outgoing);
}

TEST_F(Rfc6525, Section5_2_4_AssociationReset) {
  peer.ignore_packets();
  peer.sends(re_config(parameter(ParameterType::kSsnTsnReset, big(theirs))));
  const std::uint32_t next = theirs + 0x80000000U;
  EXPECT_THAT(told(), ElementsAre(16U, theirs, 1U, ours, next));
  peer.ignore_packets();
  peer.sends(data({.tsn = next, .payload = "new"}));
  EXPECT_EQ(peer.receives(), "new");
}

TEST_F(Rfc6525, Section5_1_4_AssociationResetAskedFor) {
  EXPECT_FALSE(peer.stack().reset_association(peer.association(), peer.now()));
  peer.settle();
  EXPECT_THAT(told(), ElementsAre(15U, ours));
  peer.user_sends("held");
  peer.sends(re_config(parameter(ParameterType::kReConfigResponse, big(ours, 1U, 777U, 888U))));
  EXPECT_THAT(tsns_sent(peer), ElementsAre(888U));
  EXPECT_EQ(peer.expect_event<core::AssociationReset>().remote_tsn, 777U);
}

TEST_F(Rfc6525, Section5_2_5_StreamsAreAdded) {
  EXPECT_EQ(result_for(parameter(ParameterType::kAddOutgoingStreams, big(theirs, std::uint16_t{5}, std::uint16_t{0}))),
            1U);
  EXPECT_EQ(peer.status().inbound_streams, 15);
  EXPECT_FALSE(peer.stack().add_streams(peer.association(), 3, 0, peer.now()));
  peer.settle();
  peer.sends(response(ours, Result::kPerformed));
  EXPECT_EQ(peer.status().outbound_streams, 13);
}

TEST(Rfc6525_5_1_1, NothingWithoutAgreementOrPermission) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  EXPECT_EQ(peer.stack().reset_association(peer.association(), peer.now()), std::errc::no_protocol_option);
  peer.sends(re_config(parameter(ParameterType::kSsnTsnReset, big(1U))));
  peer.expect_silence();  // an unknown chunk of type 10xxxxxx
}

}  // namespace
}  // namespace netsctp::conformance
