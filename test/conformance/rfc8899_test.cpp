// RFC 8899: the path MTU found by probes, as the peer sees it: HEARTBEAT and PAD (RFC 4820) that fill a packet.
#include <algorithm>

#include "base/bytes.hpp"
#include "conformance/observed.hpp"
#include "core/pmtu.hpp"

namespace netsctp::conformance {
namespace {

const IpAddress kAddress = ip("10.0.1.1");
constexpr std::size_t kHeaders = 20 + 8;  // IPv4 and UDP
constexpr std::size_t kJumbo = 9000;
constexpr Duration kInterval = 5s;

struct Rfc8899 : testing::Test {
  static PeerConfig config() {
    PeerConfig config;
    config.peer.a_rwnd = 10'000'000;
    config.stack.largest_mtu = kJumbo;
    config.parameters.max_burst = 0;
    config.parameters.path.heartbeat_enabled = false;
    config.parameters.path.probe_interval = 5000;
    return config;
  }
  explicit Rfc8899(PeerConfig from = config()) : peer(std::move(from)) {
    peer.bring_to(State::kEstablished);
    tsn = peer.stack_tsn();
  }
  [[nodiscard]] std::size_t mtu() { return peer.path(kAddress).mtu; }

  // The user's packets and their SACKs until a probe comes; it is returned.
  std::optional<Reply> probe_after_data(int rounds = 40) {
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i < 24; ++i) peer.user_sends(full());
      while (auto reply = peer.next()) {
        if (reply->has(ChunkType::kPad)) return reply;
        for (const wire::Data& one : data_in(*reply)) tsn = one.tsn + 1;
      }
      peer.sends(sack(tsn - 1, window));
    }
    return {};
  }
  void answers(const Reply& probe) {
    const wire::Chunk& heartbeat = probe.chunk(ChunkType::kHeartbeat);
    peer.sends(chunk(ChunkType::kHeartbeatAck, 0, {heartbeat.value().begin(), heartbeat.value().end()}));
  }
  void all_is_acknowledged() {
    for (bool more = true; more;) {
      more = false;
      while (auto reply = peer.next()) {
        for (const wire::Data& one : data_in(*reply)) tsn = one.tsn + 1;
        more = true;
      }
      if (more) peer.sends(sack(tsn - 1, window));
    }
  }
  IcmpError too_big(std::uint32_t said) {
    IcmpError error;
    error.to = kAddress;
    error.type = 3;
    error.code = 4;
    error.mtu = said;
    const ByteString quote = big(Peer::kStackPort, Peer::kPeerPort, peer.peer_tag(), std::uint32_t{0}, std::uint8_t{4},
                                 std::uint8_t{0}, std::uint16_t{16});
    error.quoted = static_cast<std::uint8_t>(quote.size());
    std::copy_n(quote.begin(), quote.size(), error.quote.begin());
    return error;
  }

  Peer peer;
  std::uint32_t tsn = 0;
  std::uint32_t window = 10'000'000;  // what the peer advertises
};

TEST_F(Rfc8899, Section6_2_1_2AProbeIsAHeartbeatAndPaddingThatFillThePacket) {
  const auto probe = probe_after_data();
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->text(), "HEARTBEAT PAD");
  EXPECT_EQ(probe->bytes.size() + kHeaders, (kJumbo - kHeaders) / 4 * 4 + kHeaders);
}

TEST_F(Rfc8899, Section5_1_1NothingIsProbedBeforeThePathHasCarriedData) {
  peer.user_sends("a little");
  all_is_acknowledged();
  peer.expect_silence_for(700s);
}

TEST_F(Rfc8899, Section6_2_1_2AnAnswerRaisesTheMtu) {
  const auto probe = probe_after_data();
  ASSERT_TRUE(probe);
  EXPECT_EQ(mtu(), 1500U);
  all_is_acknowledged();
  answers(*probe);
  EXPECT_EQ(mtu(), kJumbo);
  all_is_acknowledged();
  peer.user_sends(std::string(8000, 'x'));
  EXPECT_EQ(data_in(peer.expect(ChunkType::kData)).front().payload.size(), 8000U);
}

TEST_F(Rfc8899, Section3AHigherMtuLeavesTheCongestionWindowAsItIs) {
  const auto probe = probe_after_data();
  ASSERT_TRUE(probe);
  all_is_acknowledged();
  const std::size_t before = peer.path(kAddress).cwnd;
  answers(*probe);
  EXPECT_EQ(peer.path(kAddress).cwnd, before);
}

TEST_F(Rfc8899, Section3AProbeIsNotInFlight) {
  ASSERT_TRUE(probe_after_data());
  all_is_acknowledged();
  EXPECT_EQ(peer.path(kAddress).in_flight, 0U);
}

TEST_F(Rfc8899, AnAnswerWithAnotherNumberRaisesNothing) {
  const auto probe = probe_after_data();
  ASSERT_TRUE(probe);
  const wire::Chunk& heartbeat = probe->chunk(ChunkType::kHeartbeat);
  ByteString guessed(heartbeat.value().begin(), heartbeat.value().end());
  guessed[5] ^= std::byte{2};
  peer.sends(chunk(ChunkType::kHeartbeatAck, 0, guessed));
  EXPECT_EQ(mtu(), 1500U);
}

TEST_F(Rfc8899, Section6_2_1_2ALostProbeIsNoErrorOfThePath) {
  ASSERT_TRUE(probe_after_data());
  all_is_acknowledged();
  const std::size_t cwnd = peer.path(kAddress).cwnd;
  for (int lost = 0; lost < 3; ++lost) {
    EXPECT_EQ(peer.advance_to_packet(kInterval), kInterval) << "Section 5.1.1: PROBE_TIMER";
    EXPECT_EQ(peer.expect(ChunkType::kHeartbeat).text(), "HEARTBEAT PAD");
  }
  EXPECT_EQ(peer.path(kAddress).error_count, 0U);
  EXPECT_EQ(peer.path(kAddress).cwnd, cwnd);
  EXPECT_EQ(mtu(), 1500U);
}

TEST_F(Rfc8899, Section4_6_2WhatARouterSaysIsProbedNext) {
  ASSERT_TRUE(probe_after_data());
  all_is_acknowledged();
  peer.stack().on_icmp(too_big(4000), peer.now());
  peer.settle();
  EXPECT_EQ(mtu(), 1500U);
  const Reply probe = peer.expect(ChunkType::kHeartbeat);
  EXPECT_EQ(probe.bytes.size(), (4000U - kHeaders) / 4 * 4);
  answers(probe);
  EXPECT_EQ(mtu(), 4000U);
  peer.expect_silence_for(590s);
}

TEST_F(Rfc8899, AnMtuThatTheUserHasFixedIsNotSearchedFor) {
  core::PathParameters fixed = peer.path(kAddress).parameters;
  fixed.path_mtu = 1400;
  ASSERT_FALSE(peer.stack().set_path(peer.association(), kAddress, fixed, peer.now()));
  EXPECT_FALSE(probe_after_data());
}

TEST_F(Rfc8899, ASearchEndsWhenTheUserWantsNone) {
  ASSERT_TRUE(probe_after_data());
  all_is_acknowledged();
  core::PathParameters none = peer.path(kAddress).parameters;
  none.probe_interval = 0;
  ASSERT_FALSE(peer.stack().set_path(peer.association(), kAddress, none, peer.now()));
  peer.expect_silence_for(700s);
}

// Else each packet would wait for a delayed SACK.
struct Rfc8899OverLoopback : Rfc8899 {
  static PeerConfig config() {
    PeerConfig config = Rfc8899::config();
    config.stack.largest_mtu = 60'000;
    return config;
  }
  Rfc8899OverLoopback() : Rfc8899(config()) {}
};
TEST_F(Rfc8899OverLoopback, Section5_3_1TwoPacketsFitThePeersWindow) {
  window = 40'000;
  const auto probe = probe_after_data();
  ASSERT_TRUE(probe);
  EXPECT_LE(probe->bytes.size(), window / 2);
}

// RFC 8899 §4.3: packets of 1,500 bytes vanish, small ones arrive, and no router says anything.
TEST_F(Rfc8899, Section4_3ThreeTimeoutsMakePacketsSmall) {
  peer.user_sends(full());
  EXPECT_TRUE(peer.expect(ChunkType::kData).has(ChunkType::kData));
  for (int timeout = 0; timeout < 3; ++timeout) {
    EXPECT_EQ(mtu(), 1500U);
    peer.advance_to_packet(60s);
    if (timeout < 2) peer.ignore_packets();
  }
  EXPECT_EQ(mtu(), core::PathMtuSearch::kBase);
  const Reply probe = peer.expect(ChunkType::kHeartbeat);
  EXPECT_EQ(probe.bytes.size() + kHeaders, core::PathMtuSearch::kBase);
  answers(probe);
  EXPECT_EQ(peer.path(kAddress).error_count, 0U);
}

// RFC 9260 §6.1: "fills the congestion window": no second packet would make the peer acknowledge it.
TEST_F(Rfc8899, APacketThatFillsTheWindowAloneAsksForItsSack) {
  peer.user_sends(full());
  EXPECT_FALSE(data_in(peer.expect(ChunkType::kData)).front().is_immediate());
  peer.advance_to_packet(60s);  // T3-rtx: cwnd is one PMDCS
  EXPECT_TRUE(data_in(peer.expect(ChunkType::kData)).front().is_immediate());
}

}  // namespace
}  // namespace netsctp::conformance
