// RFC 7829: a peer address that has timed out is potentially failed, and what that means for data, heartbeats and the
// primary path.
#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "conformance/observed.hpp"

namespace netsctp::conformance {
namespace {

using core::PathChanged;
using PathState = core::PathStatus::State;

const IpAddress kPrimary = ip("10.0.1.1");
const IpAddress kOther = ip("10.0.2.1");
const IpAddress kThird = ip("10.0.3.1");

// Three paths, confirmed; the threshold is the one that §3.2 recommends, 0.
struct Paths : testing::Test {
  Peer peer;
  std::uint32_t next = 0;  // the stack's next TSN

  static PeerConfig config(bool heartbeats = true) {
    PeerConfig config;
    config.peer_addresses = {kPrimary, kOther, kThird};
    config.parameters.path.potentially_failed_threshold = 0;
    config.parameters.path.heartbeat_enabled = heartbeats;
    return config;
  }
  explicit Paths(PeerConfig config) : peer(std::move(config)) {
    peer.bring_to(State::kEstablished);
    peer.ignore_events();
    next = peer.stack_tsn();
  }
  void change(const IpAddress& address, const std::function<void(core::PathParameters&)>& how) {
    core::PathParameters parameters = peer.path(address).parameters;
    how(parameters);
    EXPECT_FALSE(peer.stack().set_path(peer.association(), address, parameters, peer.now()));
  }
  // Sends one byte, to `to` if given, and lets T3 expire; what is retransmitted elsewhere is acknowledged.
  void time_out(const IpAddress& to = kPrimary) {
    core::SendRequest request;
    request.to = to;
    EXPECT_FALSE(peer.user_sends("x", std::move(request)));
    peer.ignore_packets();
    const auto errors = peer.path(to).error_count;
    while (peer.path(to).error_count == errors) peer.advance_to_timeout();
  }
  void acknowledge_all() { peer.sends(sack(next++)); }
  // Where a message goes; it is acknowledged. Heartbeats that were due are passed over.
  IpAddress where_data_goes(std::optional<IpAddress> wanted = {}) {
    peer.ignore_packets();
    core::SendRequest request;
    request.to = wanted;
    EXPECT_FALSE(peer.user_sends("y", std::move(request)));
    IpAddress to;
    while (const auto reply = peer.next()) {
      if (reply->has(ChunkType::kData)) to = reply->to.ip;
    }
    acknowledge_all();
    return to;
  }
  std::optional<Reply> heartbeat_to(const IpAddress& address) {
    while (auto reply = peer.next()) {
      if (reply->has(ChunkType::kHeartbeat) && reply->to.ip == address) return reply;
    }
    return std::nullopt;
  }
  void answer(const Reply& heartbeat) {
    const auto value = heartbeat.chunk(ChunkType::kHeartbeat).value();
    peer.sends(chunk(ChunkType::kHeartbeatAck, 0, {value.begin(), value.end()}), {.from = heartbeat.to.ip});
  }
};
struct Rfc7829Section3_2 : Paths {
  Rfc7829Section3_2() : Paths(config()) {}
};
struct Rfc7829Section3_2_WithoutHeartbeats : Paths {
  Rfc7829Section3_2_WithoutHeartbeats() : Paths(config(false)) {}
};
struct Rfc7829Section5 : Paths {
  Rfc7829Section5() : Paths(config(false)) {}
};

TEST_F(Rfc7829Section3_2, TheFirstTimeoutMakesAPathPotentiallyFailed) {
  time_out();
  EXPECT_EQ(peer.path(kPrimary).state, PathState::kPotentiallyFailed);
  EXPECT_EQ(peer.path(kPrimary).error_count, 1U);
  const auto told = peer.expect_event<PathChanged>();
  EXPECT_EQ(told.what, PathChanged::What::kPotentiallyFailed);
  EXPECT_EQ(told.address.ip, kPrimary);
}

TEST_F(Rfc7829Section3_2, AThresholdIsExceededNotReached) {
  change(kPrimary, [](auto& to) { to.potentially_failed_threshold = 1; });
  time_out();
  EXPECT_EQ(peer.path(kPrimary).state, PathState::kActive);
  acknowledge_all();
  time_out();
  EXPECT_EQ(peer.path(kPrimary).state, PathState::kPotentiallyFailed);
}

TEST_F(Rfc7829Section3_2, AThresholdOfPathMaxRetransSwitchesItOff) {
  change(kOther, [](auto& to) {
    to.max_retransmissions = 2;
    to.potentially_failed_threshold = 2;
  });
  for (int i = 0; i < 2; ++i) {
    time_out(kOther);
    acknowledge_all();
    EXPECT_EQ(peer.path(kOther).state, PathState::kActive);
  }
  time_out(kOther);
  EXPECT_EQ(peer.path(kOther).state, PathState::kInactive);
}

TEST_F(Rfc7829Section3_2, DataGoesToAnActivePath) {
  time_out();
  EXPECT_NE(peer.expect(ChunkType::kHeartbeat).to.ip, IpAddress{});
  acknowledge_all();
  EXPECT_NE(where_data_goes(), kPrimary);
  EXPECT_EQ(peer.path(kPrimary).state, PathState::kPotentiallyFailed);  // being passed over changes nothing
  EXPECT_EQ(peer.path(kPrimary).error_count, 1U);
}

TEST_F(Rfc7829Section3_2, WhatTimedOutGoesToAnActivePath) {
  time_out(kOther);
  acknowledge_all();
  time_out();
  bool retransmitted = false;
  while (const auto reply = peer.next()) {
    if (!reply->has(ChunkType::kData)) continue;
    retransmitted = true;
    EXPECT_EQ(reply->to.ip, kThird);
  }
  EXPECT_TRUE(retransmitted);
}

TEST_F(Rfc7829Section3_2, DataForAPotentiallyFailedPathGoesToAnActiveOne) {
  time_out(kOther);
  acknowledge_all();
  EXPECT_EQ(where_data_goes(kOther), kPrimary);
}

TEST_F(Rfc7829Section3_2_WithoutHeartbeats, WithNoneActiveTheOneWithTheFewestErrorsIsUsed) {
  change(kOther, [](auto& to) { to.potentially_failed_threshold = 1; });
  for (int i = 0; i < 2; ++i) {
    time_out(kOther);
    acknowledge_all();
  }
  time_out();
  acknowledge_all();
  change(kThird, [](auto& to) { to.max_retransmissions = 0; });
  time_out(kThird);
  acknowledge_all();
  ASSERT_EQ(peer.path(kOther).state, PathState::kPotentiallyFailed);
  ASSERT_EQ(peer.path(kThird).state, PathState::kInactive);
  ASSERT_EQ(peer.path(kPrimary).state, PathState::kPotentiallyFailed);
  EXPECT_EQ(peer.path(kPrimary).error_count, 1U);
  EXPECT_EQ(peer.path(kOther).error_count, 2U);
  EXPECT_EQ(where_data_goes(), kPrimary);
}

TEST_F(Rfc7829Section3_2, HeartbeatsGoOutAtOnceAndOncePerRto) {
  time_out();
  acknowledge_all();
  std::size_t heartbeats = heartbeat_to(kPrimary) ? 1 : 0;
  EXPECT_EQ(heartbeats, 1U);
  Duration before{};
  while (peer.path(kPrimary).state == PathState::kPotentiallyFailed) {
    const Time sent = peer.now();
    const Duration rto = peer.path(kPrimary).rto;
    EXPECT_GE(rto, before);  // it backs off
    before = rto;
    bool again = false;
    while (!again && peer.path(kPrimary).state == PathState::kPotentiallyFailed) {
      peer.advance_to_timeout();
      again = heartbeat_to(kPrimary).has_value();
    }
    EXPECT_EQ(peer.now() - sent, rto);  // HB.interval, 30 s, does not count
    heartbeats += again ? 1U : 0U;
  }
  EXPECT_EQ(heartbeats, 5U);  // §3.2 8: Path.Max.Retrans, 5, less the threshold; then it is inactive
  EXPECT_EQ(peer.path(kPrimary).state, PathState::kInactive);
  std::optional<PathChanged> last;
  while (auto told = peer.find_event<PathChanged>()) last = told;
  EXPECT_EQ(last->what, PathChanged::What::kUnreachable);
}

TEST_F(Rfc7829Section3_2_WithoutHeartbeats, NoneGoOut) {
  time_out();
  EXPECT_FALSE(heartbeat_to(kPrimary));
  acknowledge_all();
  peer.expect_silence_for(100s);
  EXPECT_EQ(peer.path(kPrimary).state, PathState::kPotentiallyFailed);
}

TEST_F(Rfc7829Section3_2, AHeartbeatAckBringsThePathBack) {
  time_out();
  peer.ignore_events();
  const auto heartbeat = heartbeat_to(kPrimary);
  ASSERT_TRUE(heartbeat);
  acknowledge_all();
  answer(*heartbeat);
  EXPECT_EQ(peer.path(kPrimary).state, PathState::kActive);
  EXPECT_EQ(peer.path(kPrimary).error_count, 0U);
  EXPECT_EQ(peer.expect_event<PathChanged>().what, PathChanged::What::kRecovered);
  EXPECT_EQ(where_data_goes(), kPrimary);
}

TEST_F(Rfc7829Section3_2_WithoutHeartbeats, AnAcknowledgementOfDataSentThereOnlyBringsThePathBack) {
  PeerConfig one = config(false);
  one.peer_addresses = {kPrimary};
  Peer alone(one);
  alone.bring_to(State::kEstablished);
  alone.user_sends("x");
  alone.advance_to_timeout();
  EXPECT_EQ(alone.path(kPrimary).state, PathState::kPotentiallyFailed);
  alone.sends(sack(alone.stack_tsn()));
  EXPECT_EQ(alone.path(kPrimary).state, PathState::kActive);
}

TEST_F(Rfc7829Section3_2_WithoutHeartbeats, AnAcknowledgementOfDataRetransmittedElsewhereDoesNot) {
  time_out();
  acknowledge_all();
  EXPECT_EQ(peer.path(kPrimary).state, PathState::kPotentiallyFailed);
  EXPECT_EQ(peer.path(kPrimary).error_count, 1U);
}

TEST_F(Rfc7829Section5, ThePrimaryPathIsSwitchedWhenItsThresholdIsExceeded) {
  change(kPrimary, [](auto& to) { to.primary_switch_threshold = 1; });
  time_out();
  acknowledge_all();
  EXPECT_TRUE(peer.path(kPrimary).primary);
  EXPECT_NE(where_data_goes(), kPrimary);
  peer.ignore_events();
  time_out();  // it is not sent there: the timeout is another path's
  EXPECT_TRUE(peer.path(kPrimary).primary);
}

TEST_F(Rfc7829Section5, TheNewPrimaryIsThePathInUseAndStays) {
  change(kPrimary, [](auto& to) { to.primary_switch_threshold = 0; });
  peer.ignore_events();
  time_out();
  acknowledge_all();
  EXPECT_EQ(peer.expect_event<PathChanged>().what, PathChanged::What::kPotentiallyFailed);
  const auto told = peer.expect_event<PathChanged>();
  EXPECT_EQ(told.what, PathChanged::What::kMadePrimary);
  EXPECT_TRUE(peer.path(told.address.ip).primary);
  EXPECT_FALSE(peer.path(kPrimary).primary);
  EXPECT_EQ(where_data_goes(), told.address.ip);
  EXPECT_FALSE(peer.stack().request_heartbeat(peer.association(), kPrimary, peer.now()));
  peer.settle();
  const auto heartbeat = heartbeat_to(kPrimary);
  ASSERT_TRUE(heartbeat);
  answer(*heartbeat);
  EXPECT_EQ(peer.path(kPrimary).state, PathState::kActive);
  EXPECT_EQ(where_data_goes(), told.address.ip);  // no switch back
}

TEST_F(Rfc7829Section5, ItIsOffUnlessAskedFor) {
  time_out();
  acknowledge_all();
  EXPECT_TRUE(peer.path(kPrimary).primary);
}

}  // namespace
}  // namespace netsctp::conformance
