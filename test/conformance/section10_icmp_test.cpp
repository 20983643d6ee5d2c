// RFC 9260 §10: ICMP and ICMPv6 messages about packets of ours, as a link hands them to the stack.
#include "base/bytes.hpp"
#include "conformance/observed.hpp"

namespace netsctp::conformance {
namespace {

using core::AssociationChanged;
using core::PathChanged;
using core::PathStatus;

const IpAddress kPrimary = ip("10.0.1.1");
const IpAddress kOther = ip("10.0.2.1");
const IpAddress kPrimaryV6 = ip("2001:db8:1::1");

// RFC 792, RFC 4443.
enum class V4 : std::uint8_t { kHost = 1, kProtocol = 2, kPort = 3, kFragmentationNeeded = 4, kProhibited = 13 };
constexpr std::uint8_t kUnreachable = 3;
constexpr std::uint8_t kUnreachable6 = 1;
constexpr std::uint8_t kPacketTooBig6 = 2;
constexpr std::uint8_t kParameterProblem6 = 4;

struct Section10 : testing::Test {
  static PeerConfig config(const std::vector<IpAddress>& addresses = {kPrimary}) {
    PeerConfig config;
    config.peer_addresses = addresses;
    if (addresses.front().is_v6()) config.stack_addresses = {ip("2001:db8::1")};
    return config;
  }
  explicit Section10(PeerConfig from = config()) : peer(std::move(from)) {}

  // The quoted packet: common header with the peer's tag and a DATA chunk, unless the test says otherwise.
  [[nodiscard]] IcmpError quoting(const ByteString& packet, const IpAddress& to = kPrimary) const {
    IcmpError error;
    error.to = to;
    error.quoted = static_cast<std::uint8_t>(std::min(packet.size(), error.quote.size()));
    std::copy_n(packet.begin(), error.quoted, error.quote.begin());
    return error;
  }
  [[nodiscard]] ByteString packet(std::uint32_t tag, std::uint8_t first_chunk = 0,
                                  std::uint32_t initiate_tag = 0) const {
    return big(Peer::kStackPort, Peer::kPeerPort, tag, std::uint32_t{0}, first_chunk, std::uint8_t{0},
               std::uint16_t{20}, initiate_tag);
  }
  [[nodiscard]] ByteString data_packet() const { return packet(peer.peer_tag()); }

  void arrives(IcmpError error, std::uint8_t type, std::uint8_t code, std::uint32_t mtu = 0) {
    error.type = type;
    error.code = code;
    error.mtu = mtu;
    peer.stack().on_icmp(error, peer.now());
    peer.settle();
  }
  void arrives(V4 code, std::uint32_t mtu = 0) {
    arrives(quoting(data_packet()), kUnreachable, static_cast<std::uint8_t>(code), mtu);
  }
  // Nothing has come of it.
  void expect_no_effect() {
    EXPECT_NE(peer.state(), State::kClosed);
    EXPECT_EQ(peer.status().paths.front().error_count, 0U);
    EXPECT_EQ(peer.status().paths.front().mtu, 1500U);
    EXPECT_EQ(peer.stack().counters().discarded_icmp, 1U);
    peer.expect_silence();
  }

  Peer peer;
};
struct Section10V6 : Section10 {
  Section10V6() : Section10(config({kPrimaryV6})) {}
  void arrives6(std::uint8_t type, std::uint8_t code, std::uint32_t mtu = 0) {
    arrives(quoting(data_packet(), kPrimaryV6), type, code, mtu);
  }
};
struct Section10Paths : Section10 {
  Section10Paths() : Section10(config({kPrimary, kOther})) {}
};

TEST_F(Section10, ICMP1_OtherTypesThanUnreachableAreIgnored) {
  peer.bring_to(State::kEstablished);
  arrives(quoting(data_packet()), 11, 0);  // time exceeded
  expect_no_effect();
}

TEST_F(Section10V6, ICMP2_OtherTypesThanThreeAreIgnored) {
  peer.bring_to(State::kEstablished);
  arrives6(3, 0);  // time exceeded
  expect_no_effect();
}

TEST_F(Section10, ICMP3_PortUnreachableIsIgnored) {
  peer.bring_to(State::kEstablished);
  arrives(V4::kPort);
  expect_no_effect();
}

TEST_F(Section10V6, ICMP3_PortUnreachableIsIgnored) {
  peer.bring_to(State::kEstablished);
  arrives6(kUnreachable6, 4);
  expect_no_effect();
}

TEST_F(Section10V6, ICMP4_OtherParameterProblemsThanAnUnknownHeaderAreIgnored) {
  peer.bring_to(State::kEstablished);
  arrives6(kParameterProblem6, 0);
  expect_no_effect();
}

TEST_F(Section10, ICMP5_AMessageAboutAPacketOfNobodyIsIgnored) {
  peer.bring_to(State::kEstablished);
  arrives(quoting(data_packet(), ip("10.0.9.9")), kUnreachable, 2);
  EXPECT_EQ(peer.stack().counters().discarded_icmp, 1U);
  ByteString other_port = data_packet();
  other_port[1] ^= std::byte{1};
  arrives(quoting(other_port), kUnreachable, 2);
  EXPECT_EQ(peer.stack().counters().discarded_icmp, 2U);
  EXPECT_EQ(peer.state(), State::kEstablished);
}

TEST_F(Section10, ICMP6_AnotherTagIsDiscarded) {
  peer.bring_to(State::kEstablished);
  arrives(quoting(packet(peer.peer_tag() + 1)), kUnreachable, 2);
  expect_no_effect();
}

TEST_F(Section10, ICMP6_TheTagOfTheStackIsNotThePeers) {
  peer.bring_to(State::kEstablished);
  arrives(quoting(packet(peer.stack_tag())), kUnreachable, 2);
  expect_no_effect();
}

TEST_F(Section10, ICMP6_AQuoteWithoutAWholeCommonHeaderIsDiscarded) {
  peer.bring_to(State::kEstablished);
  for (const std::size_t length : {std::size_t{0}, std::size_t{7}, std::size_t{8}, std::size_t{11}}) {
    ByteString quote = data_packet();
    quote.resize(length);
    arrives(quoting(quote), kUnreachable, 2);
  }
  EXPECT_EQ(peer.stack().counters().discarded_icmp, 4U);
  EXPECT_EQ(peer.state(), State::kEstablished);
}

TEST_F(Section10, ICMP6_TagZeroNeedsAnInitWithItsTag) {
  const Reply init = peer.connect();
  const std::uint32_t own_tag = init.init().initiate_tag;
  ByteString quote = init.bytes;
  quote.resize(19);  // the Initiate Tag is not all there
  arrives(quoting(quote), kUnreachable, 2);
  arrives(quoting(packet(0, 1, own_tag + 1)), kUnreachable, 2);
  arrives(quoting(packet(0, 0, own_tag)), kUnreachable, 2);  // DATA
  EXPECT_EQ(peer.stack().counters().discarded_icmp, 3U);
  EXPECT_EQ(peer.state(), State::kCookieWait);
}

TEST_F(Section10, ICMP7_FragmentationNeededLowersThePathMtu) {
  peer.bring_to(State::kEstablished);
  arrives(V4::kFragmentationNeeded, 1400);
  EXPECT_EQ(peer.path(kPrimary).mtu, 1400U);
  EXPECT_EQ(peer.path(kPrimary).error_count, 0U);
  peer.user_sends(std::string(5000, 'x'));
  while (const auto reply = peer.next()) EXPECT_LE(reply->bytes.size(), 1400U - 20 - 8);
}

TEST_F(Section10V6, ICMP7_PacketTooBigLowersThePathMtu) {
  peer.bring_to(State::kEstablished);
  arrives6(kPacketTooBig6, 0, 1280);
  EXPECT_EQ(peer.path(kPrimaryV6).mtu, 1280U);
}

TEST_F(Section10V6, ICMP7_LessThanTheMinimumOfIpv6IsNotBelieved) {
  peer.bring_to(State::kEstablished);
  arrives6(kPacketTooBig6, 0, 1279);
  EXPECT_EQ(peer.path(kPrimaryV6).mtu, 1500U);
}

TEST_F(Section10, ICMP7_ThePathMtuNeitherGrowsNorVanishes) {
  peer.bring_to(State::kEstablished);
  arrives(V4::kFragmentationNeeded, 9000);
  EXPECT_EQ(peer.path(kPrimary).mtu, 1500U);
  arrives(V4::kFragmentationNeeded, 0);  // a router that does not say: RFC 1191 §5
  EXPECT_EQ(peer.path(kPrimary).mtu, 576U);
  arrives(V4::kFragmentationNeeded, 68);
  EXPECT_EQ(peer.path(kPrimary).mtu, 512U);
}

TEST_F(Section10, ICMP7_AnMtuThatTheUserFixedStays) {
  peer.bring_to(State::kEstablished);
  core::PathParameters fixed = peer.path(kPrimary).parameters;
  fixed.path_mtu = 1500;
  ASSERT_FALSE(peer.stack().set_path(peer.association(), kPrimary, fixed, peer.now()));
  arrives(V4::kFragmentationNeeded, 1400);
  EXPECT_EQ(peer.path(kPrimary).mtu, 1500U);
}

// No time is lost waiting for T3-rtx, and congestion control has nothing to do with it.
TEST_F(Section10, ICMP7_WhatDidNotFitGoesAgainAtOnceAndCwndStays) {
  peer.bring_to(State::kEstablished);
  peer.user_sends(full());
  peer.user_sends(full());
  const std::vector<std::uint32_t> before = tsns_sent(peer);
  ASSERT_EQ(before.size(), 2U);
  const std::size_t cwnd = peer.path(kPrimary).cwnd;
  arrives(V4::kFragmentationNeeded, 1400);
  EXPECT_EQ(tsns_sent(peer), before);
  EXPECT_EQ(peer.path(kPrimary).cwnd, cwnd);
  EXPECT_EQ(peer.path(kPrimary).error_count, 0U);
  arrives(V4::kFragmentationNeeded, 1400);  // about the second one: says nothing new
  peer.expect_silence();
  peer.sends(sack(before.back()));
  EXPECT_EQ(peer.path(kPrimary).in_flight, 0U);
}

TEST_F(Section10, ICMP8_ProtocolUnreachableIsAnAbort) {
  peer.bring_to(State::kEstablished);
  peer.ignore_events();
  arrives(V4::kProtocol);
  EXPECT_EQ(peer.state(), State::kClosed);
  const auto changed = peer.expect_event<AssociationChanged>();
  EXPECT_EQ(changed.what, AssociationChanged::What::kLost);
  EXPECT_EQ(changed.reason, AssociationChanged::Reason::kAbortedByPeer);
  peer.expect_silence();
}

TEST_F(Section10V6, ICMP8_AnUnrecognizedNextHeaderIsAnAbort) {
  peer.bring_to(State::kEstablished);
  arrives6(kParameterProblem6, 1);
  EXPECT_EQ(peer.state(), State::kClosed);
}

TEST_F(Section10, ICMP8_AboutAnInitItEndsCookieWait) {
  const Reply init = peer.connect();
  arrives(quoting(init.bytes), kUnreachable, 2);
  EXPECT_EQ(peer.state(), State::kClosed);
  EXPECT_EQ(peer.expect_event<AssociationChanged>().what, AssociationChanged::What::kCannotStart);
}

TEST_F(Section10, ICMP8_AboutAnInitItEndsNothingLater) {
  const Reply init = peer.connect();
  peer.learn(init);
  peer.sends(peer.own_init_ack());
  peer.expect(ChunkType::kCookieEcho);
  ASSERT_EQ(peer.state(), State::kCookieEchoed);
  arrives(quoting(init.bytes), kUnreachable, 2);
  EXPECT_EQ(peer.state(), State::kCookieEchoed);
}

TEST_F(Section10Paths, ICMP9_UnreachableCountsAgainstItsPathOncePerRto) {
  peer.bring_to(State::kEstablished);
  ASSERT_EQ(peer.path(kPrimary).error_count, 0U);
  arrives(V4::kHost);
  arrives(V4::kHost);  // the next packet of the same burst
  EXPECT_EQ(peer.path(kPrimary).error_count, 1U);
  EXPECT_EQ(peer.path(kOther).error_count, 0U);
  EXPECT_EQ(peer.status().error_count, 0U);  // §8.1: nothing of the association's
  peer.advance(peer.path(kPrimary).rto);
  arrives(V4::kProhibited);
  EXPECT_GE(peer.path(kPrimary).error_count, 2U);
}

TEST_F(Section10Paths, ICMP9_UnreachableForLongMakesThePathInactive) {
  peer.bring_to(State::kEstablished);
  core::PathParameters quick = peer.path(kPrimary).parameters;
  quick.max_retransmissions = 1;
  quick.heartbeat_enabled = false;
  ASSERT_FALSE(peer.stack().set_path(peer.association(), kPrimary, quick, peer.now()));
  peer.ignore_events();
  arrives(V4::kHost);
  EXPECT_EQ(peer.path(kPrimary).state, PathStatus::State::kActive);
  peer.advance(peer.path(kPrimary).rto);
  arrives(V4::kHost);
  EXPECT_EQ(peer.path(kPrimary).state, PathStatus::State::kInactive);
  const auto changed = peer.expect_event<PathChanged>();
  EXPECT_EQ(changed.what, PathChanged::What::kUnreachable);
  EXPECT_EQ(changed.address.ip, kPrimary);
}

}  // namespace
}  // namespace netsctp::conformance
