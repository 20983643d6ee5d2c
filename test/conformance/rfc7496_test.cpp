// RFC 7496: the policies that limit retransmissions and that go by priority, and their counters.
#include <gmock/gmock.h>

#include "conformance/observed.hpp"
#include "core/partial.hpp"

namespace netsctp::conformance {
namespace {

using core::Reliability;
using Policy = core::Reliability::Policy;
using testing::ElementsAre;
using testing::IsEmpty;

struct Rfc7496 : testing::Test {
  Peer peer{[] {
    PeerConfig config;
    config.peer.parameters = {parameter(ParameterType::kForwardTsnSupported)};
    return config;
  }()};
  std::uint32_t first = 0;
  Rfc7496() {
    peer.bring_to(State::kEstablished);
    first = peer.stack_tsn();
  }
  void sends(std::string_view payload, Policy policy, std::uint32_t value, core::StreamId stream = 0) {
    core::SendRequest request;
    request.stream = stream;
    request.reliability = {policy, value};
    EXPECT_FALSE(peer.user_sends(payload, std::move(request)));
  }
  core::Abandoned abandoned(Policy policy, std::optional<core::StreamId> stream = {}) {
    return peer.stack().abandoned(peer.association(), policy, stream).value();
  }
};

TEST_F(Rfc7496, Section3_1_NoMoreRetransmissionsThanAllowed) {
  sends("a", Policy::kRetransmissions, 2);
  EXPECT_THAT(tsns_sent(peer), ElementsAre(first));
  peer.advance(1s);
  EXPECT_THAT(tsns_sent(peer), ElementsAre(first));
  peer.advance(2s);
  EXPECT_THAT(tsns_sent(peer), ElementsAre(first));
  EXPECT_EQ(abandoned(Policy::kRetransmissions).sent, 0U);
  peer.advance(4s);
  peer.expect_only(ChunkType::kForwardTsn);
  EXPECT_EQ(abandoned(Policy::kRetransmissions).sent, 1U);
  EXPECT_TRUE(peer.expect_event<core::SendFailed>().was_sent);
}

TEST_F(Rfc7496, Section3_1_FastRetransmissionsCountToo) {
  sends(full(), Policy::kRetransmissions, 0);
  for (int i = 0; i < 3; ++i) sends(full(), Policy::kReliable, 0);
  peer.ignore_packets();
  const std::size_t window = peer.path(ip("10.0.1.1")).cwnd;
  for (std::uint16_t last = 2; last <= 4; ++last) peer.sends(sack(first - 1, 100'000, {{2, last}}));
  EXPECT_NE(peer.path(ip("10.0.1.1")).cwnd, window);  // all other actions of a retransmission are taken (§7.2.3)
  peer.expect_only(ChunkType::kForwardTsn);
  peer.sends(sack(first + 3));
  EXPECT_EQ(peer.status().unacked_chunks, 0U);
}

TEST_F(Rfc7496, Section3_2_LessImportantMessagesMakeRoom) {
  peer.sends(sack(first - 1, 0));
  sends("probe", Policy::kReliable, 0);
  peer.advance(1s);  // the window probe takes the reliable one
  peer.ignore_packets();
  sends("important", Policy::kPriority, 1, 1);
  sends("middling", Policy::kPriority, 5, 2);
  sends("trifling", Policy::kPriority, 9, 3);
  peer.stack().make_room(peer.association(), 4, {Policy::kPriority, 5}, peer.now());
  EXPECT_EQ(peer.expect_event<core::SendFailed>().stream, 3);
  EXPECT_FALSE(peer.find_event<core::SendFailed>());
  peer.stack().make_room(peer.association(), 100, {Policy::kPriority, 5}, peer.now());
  EXPECT_FALSE(peer.find_event<core::SendFailed>());  // none is less important than 5
  peer.stack().make_room(peer.association(), 100, {}, peer.now());
  EXPECT_EQ(peer.expect_event<core::SendFailed>().stream, 2);  // a reliable one is more important than all of them
  EXPECT_EQ(peer.expect_event<core::SendFailed>().stream, 1);
  EXPECT_EQ(abandoned(Policy::kPriority).unsent, 3U);
  EXPECT_EQ(abandoned(Policy::kPriority, 2).unsent, 1U);
}

TEST_F(Rfc7496, Section3_2_AlsoThoseThatWereSent) {
  sends(full(), Policy::kPriority, 7);
  peer.ignore_packets();
  peer.stack().make_room(peer.association(), 1, {}, peer.now());
  peer.settle();
  EXPECT_TRUE(peer.expect_event<core::SendFailed>().was_sent);
  peer.expect_only(ChunkType::kForwardTsn);
  EXPECT_EQ(peer.path(ip("10.0.1.1")).in_flight, 0U);
  EXPECT_EQ(abandoned(Policy::kPriority).sent, 1U);
}

TEST_F(Rfc7496, Section4_3_CountersByStreamAndPolicy) {
  sends("a", Policy::kRetransmissions, 0, 1);
  peer.advance(1s);
  peer.sends(sack(first));
  sends("b", Policy::kTimed, 10, 2);
  peer.advance(4s);
  EXPECT_EQ(abandoned(Policy::kRetransmissions, 1).sent, 1U);
  EXPECT_EQ(abandoned(Policy::kTimed, 2).sent, 1U);
  EXPECT_EQ(abandoned(Policy::kTimed, 1).sent, 0U);
  EXPECT_EQ(abandoned(Policy::kReliable).sent, 2U);  // all policies together
  EXPECT_EQ(abandoned(Policy::kReliable).unsent, 0U);
  EXPECT_EQ(abandoned(Policy::kReliable, 3).sent, 0U);
}

}  // namespace
}  // namespace netsctp::conformance
