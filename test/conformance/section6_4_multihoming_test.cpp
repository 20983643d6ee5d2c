// RFC 9260 §6.4: which address a packet goes to.
#include <gmock/gmock.h>

#include "conformance/observed.hpp"

namespace netsctp::conformance {
namespace {

using testing::ElementsAre;

const IpAddress kPrimary = ip("10.0.1.1");
const IpAddress kOther = ip("10.0.2.1");
const IpAddress kThird = ip("10.0.3.1");

// The peer has three addresses, all given by the user and therefore confirmed.
struct Section6_4 : testing::Test {
  Peer peer;
  std::uint32_t first = 0;
  static PeerConfig config() {
    PeerConfig config;
    config.peer_addresses = {kPrimary, kOther, kThird};
    config.parameters.path.heartbeat_enabled = false;
    return config;
  }
  Section6_4() : peer(config()) {
    peer.bring_to(State::kEstablished);
    first = peer.stack_tsn();
  }
  void user_sends_to(const IpAddress& address, std::string_view payload) {
    core::SendRequest request;
    request.to = address;
    EXPECT_FALSE(peer.user_sends(payload, std::move(request)));
  }
  // So many timeouts in a row on the primary path.
  void time_out(int times) {
    for (int i = 0; i < times; ++i) {
      peer.user_sends("x");
      const auto tsn = peer.stack_tsn() + sent_++;
      peer.ignore_packets();
      ASSERT_LT(peer.advance_to_packet(100s), 100s);
      peer.ignore_packets();
      peer.sends(sack(tsn));
    }
  }
  std::uint32_t sent_ = 0;
};
struct Section6_4_1 : Section6_4 {};

TEST_F(Section6_4, DataGoesToThePrimary) {
  for (int i = 0; i < 3; ++i) {
    peer.user_sends("x");
    EXPECT_EQ(peer.expect_only(ChunkType::kData).to.ip, kPrimary);
    peer.sends(sack(first + static_cast<std::uint32_t>(i)), {.from = kOther});
  }
}

TEST_F(Section6_4, DataGoesToANewPrimary) {
  EXPECT_FALSE(peer.stack().set_primary(peer.association(), kOther, peer.now()));
  peer.user_sends("x");
  EXPECT_EQ(peer.expect_only(ChunkType::kData).to.ip, kOther);
}

TEST_F(Section6_4, DataGoesWhereTheUserWants) {
  user_sends_to(kThird, "x");
  EXPECT_EQ(peer.expect_only(ChunkType::kData).to.ip, kThird);
}

TEST_F(Section6_4, HeartbeatAckGoesToTheSource) {
  peer.sends(heartbeat(bytes_of("hello")), {.from = kOther});
  EXPECT_EQ(peer.expect_only(ChunkType::kHeartbeatAck).to.ip, kOther);
}

TEST_F(Section6_4, ErrorGoesToTheSource) {
  peer.sends(chunk(std::uint8_t{0xFE}, 0, bytes_of("what?")), {.from = kThird});
  EXPECT_EQ(peer.expect_only(ChunkType::kError).to.ip, kThird);
}

// RFC 9260 §6.4, §6.7.
TEST_F(Section6_4, SackGoesWhereTheLastDataCameFrom) {
  std::uint32_t tsn = peer.peer_tsn();
  peer.sends(data({.tsn = tsn++}), {.from = kOther});
  EXPECT_EQ(peer.expect_only(ChunkType::kSack).to.ip, kOther);
  peer.sends(data({.tsn = tsn++, .ssn = 1}), {.from = kOther});
  peer.sends(data({.tsn = tsn++, .ssn = 2}), {.from = kThird});
  EXPECT_EQ(peer.expect_only(ChunkType::kSack).to.ip, kThird);
}

TEST_F(Section6_4, WhatTimedOutGoesElsewhere) {
  peer.user_sends("x");
  EXPECT_EQ(peer.expect_only(ChunkType::kData).to.ip, kPrimary);
  peer.advance_to_packet(2s);
  const Reply again = peer.expect_only(ChunkType::kData);
  EXPECT_NE(again.to.ip, kPrimary);
  EXPECT_EQ(peer.path(kPrimary).in_flight, 0U);
  EXPECT_EQ(peer.path(again.to.ip).in_flight, 20U);  // both counts follow
  peer.advance_to_packet(2s);
  EXPECT_NE(peer.expect_only(ChunkType::kData).to.ip, again.to.ip);
}

TEST_F(Section6_4, FastRetransmissionStaysOnThePath) {
  for (int i = 0; i < 4; ++i) peer.user_sends(full());
  EXPECT_EQ(data_packets_sent(peer), 4U);
  for (std::uint16_t last = 2; last <= 4; ++last) peer.sends(sack(first - 1, 100'000, {{2, last}}));
  const Reply again = peer.expect_only(ChunkType::kData);
  EXPECT_EQ(data_in(again).front().tsn, first);
  EXPECT_EQ(again.to.ip, kPrimary);
}

TEST_F(Section6_4, FastRetransmissionStaysOnThePathAfterATimeout) {
  time_out(1);  // one error is on the path's account
  const std::uint32_t lost = first + sent_;
  user_sends_to(kPrimary, "lost");
  for (int i = 0; i < 3; ++i) user_sends_to(kOther, full());
  peer.ignore_packets();
  for (std::uint16_t last = 2; last <= 4; ++last) peer.sends(sack(lost - 1, 100'000, {{2, last}}));
  ASSERT_EQ(peer.path(kPrimary).error_count, 1U);
  const Reply again = peer.expect_only(ChunkType::kData);
  EXPECT_EQ(data_in(again).front().tsn, lost);
  EXPECT_EQ(again.to.ip, kPrimary);
}

TEST_F(Section6_4, EachPathHasItsTimer) {
  peer.user_sends("x");
  peer.ignore_packets();
  peer.advance(500ms);
  user_sends_to(kOther, full());
  peer.ignore_packets();
  EXPECT_EQ(peer.advance_to_packet(5s), 500ms);
  const Reply again = peer.expect_only(ChunkType::kData);
  EXPECT_EQ(data_in(again).front().tsn, first);
}

// RFC 9260 §6.1: the earliest chunk of its own address, not of all.
TEST_F(Section6_4, FastRetransmissionOfThePathsEarliestRestartsItsTimer) {
  core::AssociationParameters parameters = *peer.stack().association_parameters(peer.association());
  parameters.no_delay = true;
  peer.stack().set_association_parameters(peer.association(), parameters);
  user_sends_to(kPrimary, "x");
  for (int i = 0; i < 8; ++i) user_sends_to(kOther, std::string(400, 'x'));
  peer.ignore_packets();
  peer.advance(300ms);
  // first, on the primary, and first + 1, on the other path, are missing for the third time.
  for (std::uint16_t last = 3; last <= 5; ++last) peer.sends(sack(first - 1, 100'000, {{3, last}}));
  EXPECT_THAT(tsns_sent(peer), ElementsAre(first, first + 1));
  peer.expect_silence_for(999ms);
  peer.advance(1ms);
  EXPECT_FALSE(tsns_sent(peer).empty());
}

// ---- §6.4.1

TEST_F(Section6_4_1, NewDataLeavesAnInactivePrimary) {
  time_out(6);
  ASSERT_EQ(peer.path(kPrimary).state, core::PathStatus::State::kInactive);
  peer.user_sends("x");
  const auto to = peer.expect_only(ChunkType::kData).to.ip;
  EXPECT_NE(to, kPrimary);
  peer.sends(sack(first + sent_++));
  peer.user_sends("x");
  EXPECT_EQ(peer.expect_only(ChunkType::kData).to.ip, to);  // RFC 9260 §8.2: one of them, not all in turn
}

TEST_F(Section6_4_1, AnInactiveAddressThatTheUserWantsIsReplaced) {
  time_out(6);
  user_sends_to(kPrimary, "x");
  EXPECT_NE(peer.expect_only(ChunkType::kData).to.ip, kPrimary);
}

TEST_F(Section6_4_1, F1_TheNewPathsTimerUsesItsOwnRto) {
  peer.user_sends("x");
  peer.ignore_packets();
  peer.advance_to_packet(2s);
  const auto to = peer.expect_only(ChunkType::kData).to.ip;
  EXPECT_EQ(peer.path(kPrimary).rto, 2s);
  EXPECT_EQ(peer.advance_to_packet(5s), peer.path(kPrimary).rto / 2);  // the other's RTO was never backed off
  EXPECT_EQ(peer.path(to).rto, 2s);
}

}  // namespace
}  // namespace netsctp::conformance
