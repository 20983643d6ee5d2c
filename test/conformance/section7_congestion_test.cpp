// RFC 9260 §7: congestion control, path MTU.
#include <gmock/gmock.h>

#include "conformance/observed.hpp"
#include "core/congestion.hpp"

namespace netsctp::conformance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const IpAddress kAddress = ip("10.0.1.1");

// A SACK for these bytes, with the window fully used.
core::Congestion::Acknowledged full_window(std::size_t bytes) {
  return {.bytes = bytes, .fully_used = true};
}

struct Flow : testing::Test {
  Peer peer;
  std::uint32_t next = 0;  // the stack's next TSN to acknowledge
  static PeerConfig config() {
    PeerConfig config;
    config.peer.a_rwnd = 10'000'000;
    config.parameters.max_burst = 0;
    config.parameters.path.heartbeat_enabled = false;
    return config;
  }
  explicit Flow(PeerConfig given = config()) : peer(std::move(given)) {
    peer.bring_to(State::kEstablished);
    next = peer.stack_tsn();
  }
  std::size_t cwnd() { return peer.path(kAddress).cwnd; }
  std::size_t in_flight() { return peer.path(kAddress).in_flight; }
  void user_sends(int packets) {
    for (int i = 0; i < packets; ++i) peer.user_sends(full());
  }
  // Three SACKs report the first of at least four packets missing.
  void lose_first() {
    for (std::uint16_t last = 2; last <= 4; ++last) peer.sends(sack(next - 1, 10'000'000, {{2, last}}));
  }
};
struct Section7_2_1 : Flow {};
struct Section7_2_2 : Flow {};
struct Section7_2_3 : Flow {};
struct Section7_2_4 : Flow {};
struct Section7_3 : testing::Test {};

TEST_F(Section7_2_1, InitialWindowOfIpv4) {
  EXPECT_EQ(cwnd(), 4404U);
}

TEST(Section7_2_1_Ipv6, InitialWindowOfIpv6) {
  PeerConfig config;
  config.stack_addresses = {ip("fd00::1")};
  config.peer_addresses = {ip("fd00::2")};
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  EXPECT_EQ(peer.path(ip("fd00::2")).cwnd, 4344U);
}

TEST(Section7_2_1_Mtu, InitialWindowOfLargeAndSmallPackets) {
  core::Congestion congestion;
  congestion.initialize(9000, true);
  EXPECT_EQ(congestion.window(), 18'000U);
  congestion.initialize(500, true);
  EXPECT_EQ(congestion.window(), 2000U);
  congestion.initialize(1460, false);
  EXPECT_EQ(congestion.window(), 4344U);
}

TEST_F(Section7_2_1, SsthreshBeginsHigh) {
  EXPECT_GT(peer.path(kAddress).ssthresh, 0xFFFFFFFFU);
}

// L is 2 (RFC 3465 §2.2).
TEST_F(Section7_2_1, GrowsByWhatWasAcknowledgedAtMostTwoPacketsPerSack) {
  user_sends(10);
  ASSERT_GE(in_flight(), cwnd());
  peer.sends(sack(next));
  EXPECT_EQ(cwnd(), 4404 + kPmdcs);
  peer.sends(sack(next + 3));  // three packets: two PMDCS all the same
  EXPECT_EQ(cwnd(), 4404 + 3 * kPmdcs);
}

// L is 1 from then on: while the window doubles, half of it waits in the bottleneck's queue.
TEST_F(Section7_2_1, AQueueThatGrowsEndsTheDoubling) {
  core::Congestion congestion;
  congestion.initialize(1000, true);
  std::uint32_t tsn = 0;
  for (; tsn < 20; ++tsn) congestion.measured(50ms, tsn, tsn + 10);
  congestion.acknowledged({.bytes = 3000, .packets = 3, .fully_used = true}, 1000);
  EXPECT_EQ(congestion.window(), 4000U + 2000U);
  congestion.measured(57ms, tsn, tsn + 10);
  congestion.acknowledged({.bytes = 3000, .packets = 3, .fully_used = true}, 1000);
  EXPECT_EQ(congestion.window(), 6000U + 1000U);
  congestion.acknowledged({.bytes = 20'000, .packets = 20, .fully_used = true}, 1000);
  EXPECT_EQ(congestion.window(), 7000U + 10'000U);
}

// A receiver that takes packets in batches sends one SACK where others send one for every second packet (§6.2).
TEST_F(Section7_2_1, ASackOfManyPacketsCountsAsTheSacksItStandsFor) {
  core::Congestion congestion;
  congestion.initialize(1000, true);
  congestion.acknowledged({.bytes = 20'000, .packets = 20, .fully_used = true}, 1000);
  EXPECT_EQ(congestion.window(), 4000U + 20 * 1000U);
  congestion.acknowledged({.bytes = 3000, .packets = 20, .fully_used = true}, 1000);
  EXPECT_EQ(congestion.window(), 24'000U + 3000U);  // never more than what was acknowledged
}

// The SACKs it stands for would find the window above ssthresh, where it grows by one PMDCS per round trip (§7.2.2).
TEST_F(Section7_2_1, ASackOfManyPacketsDoesNotCarryTheWindowFarBeyondSsthresh) {
  core::Congestion congestion;
  congestion.initialize(1000, true);
  congestion.acknowledged({.bytes = 36'000, .packets = 36, .fully_used = true}, 1000);
  congestion.lost(1000);
  ASSERT_EQ(congestion.window(), 20'000U);
  congestion.acknowledged({.bytes = 20'000, .packets = 20, .fully_used = true}, 1000);
  EXPECT_EQ(congestion.window(), 22'000U);
}

// What a SACK tells then may have left the network long ago (RFC 3465 §2.3).
TEST_F(Section7_2_1, AfterATimeoutEverySackCountsOnce) {
  core::Congestion congestion;
  congestion.initialize(1000, true);
  congestion.acknowledged({.bytes = 20'000, .packets = 20, .fully_used = true}, 1000);
  congestion.timed_out(1000);
  congestion.acknowledged({.bytes = 20'000, .packets = 20, .fully_used = true}, 1000);
  EXPECT_EQ(congestion.window(), 2000U);
}

TEST_F(Section7_2_1, DoesNotGrowUnlessFullyUtilized) {
  user_sends(2);
  ASSERT_LT(in_flight(), cwnd());
  peer.sends(sack(next + 1));
  EXPECT_EQ(cwnd(), 4404U);
}

TEST_F(Section7_2_1, AckSplittingGainsNothing) {
  for (int i = 0; i < 40; ++i) peer.user_sends(std::string(100, 'x'));
  peer.ignore_packets();
  peer.sends(sack(next));
  const std::size_t before = cwnd();
  const std::size_t flying = in_flight();
  peer.sends(sack(next + 1));
  EXPECT_LE(cwnd(), before + (flying >= before ? 116U : 0U));
}

TEST_F(Section7_2_1, DoesNotGrowInFastRecovery) {
  user_sends(8);
  lose_first();
  const std::size_t halved = cwnd();
  peer.sends(sack(next, 10'000'000, {{1, 3}}));
  EXPECT_EQ(cwnd(), halved);
}

TEST_F(Section7_2_1, AnIdleWindowDecays) {
  for (int round = 0; round < 10; ++round) {
    user_sends(30);
    while (const auto reply = peer.next()) {
      for (const wire::Data& one : data_in(*reply)) peer.sends(sack(one.tsn, 10'000'000));
    }
  }
  const std::size_t grown = cwnd();
  ASSERT_GT(grown, 16 * kPmdcs);
  const Duration rto = peer.path(kAddress).rto;
  peer.advance(rto + rto / 2);
  peer.user_sends(full());
  EXPECT_EQ(cwnd(), grown / 2);
  EXPECT_EQ(peer.path(kAddress).ssthresh, grown);
  peer.sends(sack(tsns_sent(peer).back(), 10'000'000));
  peer.advance(100 * rto);
  peer.user_sends(full());
  EXPECT_EQ(cwnd(), 4 * kPmdcs);
}

// After a timeout ssthresh is 4 * PMDCS: cwnd grows to it by slow start, then by one PMDCS per window.
TEST_F(Section7_2_2, GrowsByOnePacketPerWindow) {
  user_sends(4);
  peer.advance(1s);
  user_sends(60);
  std::vector<std::size_t> windows;
  for (int i = 0; i < 200 && windows.size() < 4; ++i) {
    const auto sent = tsns_sent(peer);
    if (sent.empty()) break;
    for (const std::uint32_t tsn : sent) {
      const std::size_t before = cwnd();
      if (before > 4 * kPmdcs && (windows.empty() || windows.back() != before)) windows.push_back(before);
      peer.sends(sack(tsn, 10'000'000));
      if (before > 4 * kPmdcs) {
        EXPECT_LE(cwnd(), before + kPmdcs);
      }
    }
  }
  EXPECT_THAT(windows, ElementsAre(5 * kPmdcs, 6 * kPmdcs, 7 * kPmdcs, 8 * kPmdcs));
}

TEST(Section7_2_2_Value, PartialBytesAcked) {
  core::Congestion congestion;
  congestion.initialize(1000, true);
  congestion.timed_out(1000);
  for (int i = 0; i < 4; ++i) congestion.acknowledged(full_window(1000), 1000);
  ASSERT_EQ(congestion.window(), 5000U);
  congestion.acknowledged(full_window(4000), 1000);
  EXPECT_EQ(congestion.window(), 5000U);
  congestion.acknowledged({.bytes = 2000}, 1000);  // not full: kept at cwnd
  EXPECT_EQ(congestion.window(), 5000U);
  EXPECT_EQ(congestion.partial_bytes_acked(), 5000U);
  congestion.acknowledged(full_window(1000), 1000);
  EXPECT_EQ(congestion.window(), 6000U);
  EXPECT_EQ(congestion.partial_bytes_acked(), 1000U);
  congestion.all_acknowledged();
  EXPECT_EQ(congestion.partial_bytes_acked(), 0U);
}

TEST(Section7_2_3_Value, LossHalves) {
  core::Congestion congestion;
  congestion.initialize(1000, true);
  while (congestion.window() < 20'000) congestion.acknowledged(full_window(1000), 1000);
  const std::size_t before = congestion.window();
  congestion.lost(1000);
  EXPECT_EQ(congestion.window(), before / 2);
  EXPECT_EQ(congestion.slow_start_threshold(), before / 2);
  congestion.lost(1000);
  congestion.lost(1000);
  EXPECT_EQ(congestion.window(), 4000U);  // not below 4 * PMDCS
}

TEST_F(Section7_2_3, AfterATimeoutOnePacketIsInFlight) {
  user_sends(4);
  peer.ignore_packets();
  for (int i = 0; i < 4; ++i) {
    peer.advance_to_packet(100s);
    EXPECT_THAT(tsns_sent(peer), ElementsAre(next));
    EXPECT_EQ(in_flight(), kPmdcs);
  }
}

TEST_F(Section7_2_4, TheThirdMissIndicationRetransmits) {
  user_sends(4);
  peer.ignore_packets();
  peer.sends(sack(next - 1, 10'000'000, {{2, 2}}));
  peer.sends(sack(next - 1, 10'000'000, {{2, 3}}));
  EXPECT_THAT(tsns_sent(peer), IsEmpty());
  peer.sends(sack(next - 1, 10'000'000, {{2, 4}}));
  EXPECT_THAT(tsns_sent(peer), ElementsAre(next));
}

// HTNA: only TSNs below the highest newly acknowledged one count.
TEST_F(Section7_2_4, MissIndicationsFollowTheHighestNewlyAcknowledged) {
  user_sends(4);
  peer.ignore_packets();
  for (int i = 0; i < 10; ++i) peer.sends(sack(next - 1, 10'000'000, {{4, 4}}));  // new once only
  EXPECT_THAT(tsns_sent(peer), IsEmpty());
  peer.sends(sack(next - 1, 10'000'000, {{2, 2}, {4, 4}}));  // below 2 there is the first only
  EXPECT_THAT(tsns_sent(peer), IsEmpty());
  EXPECT_EQ(peer.stack().counters().fast_retransmits, 0U);
}

TEST_F(Section7_2_4, FastRetransmitIgnoresCwnd) {
  user_sends(20);
  peer.ignore_packets();
  ASSERT_GE(in_flight(), cwnd());
  for (std::uint16_t last = 2; last <= 4; ++last) peer.sends(sack(next - 1, 10'000'000, {{2, last}}));
  const auto sent = tsns_sent(peer);
  EXPECT_NE(std::find(sent.begin(), sent.end(), next), sent.end());
}

TEST_F(Section7_2_4, OneReductionPerRecovery) {
  for (int round = 0; round < 6; ++round) {
    user_sends(20);
    while (const auto reply = peer.next()) {
      for (const wire::Data& one : data_in(*reply)) {
        peer.sends(sack(one.tsn, 10'000'000));
        next = one.tsn + 1;
      }
    }
  }
  user_sends(20);
  peer.ignore_packets();
  const std::size_t before = cwnd();
  ASSERT_GT(before, 8 * kPmdcs);
  for (std::uint16_t last = 3; last <= 5; ++last) peer.sends(sack(next - 1, 10'000'000, {{3, last}}));  // two lost
  const std::size_t halved = cwnd();
  EXPECT_GE(halved, before / 2);
  EXPECT_LT(halved, before);
  for (std::uint16_t last = 7; last <= 10; ++last) {
    peer.sends(sack(next - 1, 10'000'000, {{3, 5}, {7, last}}));  // a third in the same recovery
  }
  EXPECT_EQ(cwnd(), halved);
  EXPECT_EQ(peer.stack().counters().fast_retransmits, 2U);
}

TEST_F(Section7_2_4, AFastRetransmittedChunkWaitsForT3TheNextTime) {
  user_sends(30);
  peer.ignore_packets();
  lose_first();
  peer.ignore_packets();
  for (std::uint16_t last = 5; last <= 9; ++last) peer.sends(sack(next - 1, 10'000'000, {{2, last}}));
  const auto sent = tsns_sent(peer);
  EXPECT_EQ(std::find(sent.begin(), sent.end(), next), sent.end());
  EXPECT_EQ(peer.advance_to_packet(5s), 1s);
  EXPECT_EQ(tsns_sent(peer).front(), next);
}

TEST_F(Section7_2_4, GrowthComesBeforeTheCut) {
  user_sends(20);
  peer.ignore_packets();
  peer.sends(sack(next - 1, 10'000'000, {{2, 2}}));
  peer.sends(sack(next - 1, 10'000'000, {{2, 3}}));
  peer.sends(sack(next - 1, 10'000'000, {{2, 4}}));
  EXPECT_EQ(cwnd(), 4 * kPmdcs);
  EXPECT_EQ(peer.path(kAddress).ssthresh, cwnd());
}

// ---- §7.3

TEST_F(Section7_3, ChunksFitTheSmallestPath) {
  PeerConfig config;
  config.peer_addresses = {kAddress, ip("10.0.2.1")};
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  core::PathParameters small;
  small.path_mtu = 1000;
  EXPECT_FALSE(peer.stack().set_path(peer.association(), ip("10.0.2.1"), small, peer.now()));
  EXPECT_EQ(peer.path(kAddress).mtu, 1500U);  // each its own
  EXPECT_EQ(peer.path(ip("10.0.2.1")).mtu, 1000U);
  peer.user_sends(std::string(5000, 'x'));
  const Reply reply = peer.expect(ChunkType::kData);
  EXPECT_EQ(data_in(reply).front().payload.size(), ((1000U - 28U) & ~3U) - 12 - 16);
}

}  // namespace
}  // namespace netsctp::conformance
