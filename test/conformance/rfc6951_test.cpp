// RFC 6951: SCTP in UDP, as far as the stack sees it: which UDP port packets go to, and what ICMP says of it.
#include "base/bytes.hpp"
#include "conformance/observed.hpp"

namespace netsctp::conformance {
namespace {

using core::AssociationChanged;

const IpAddress kPrimary = ip("10.0.1.1");
const IpAddress kOther = ip("10.0.2.1");
constexpr std::uint16_t kAssumed = 9899;
constexpr std::uint16_t kMoved = 40001;
constexpr std::uint8_t kUnreachable = 3;
constexpr std::uint8_t kPort = 3;

struct Rfc6951 : testing::Test {
  static PeerConfig config() {
    PeerConfig config;
    config.stack.default_remote_port = kAssumed;
    config.stack.link_overhead = 8;
    config.peer_addresses = {kPrimary, kOther};
    return config;
  }
  Rfc6951() : peer(config()) {}
  [[nodiscard]] std::uint16_t port() const { return peer.path(kPrimary).remote_udp_port; }

  // What ICMP quotes: a DATA packet of the stack, or its INIT.
  IcmpError refused(std::uint16_t udp_port, std::uint8_t code = kPort) const {
    IcmpError error;
    error.to = kPrimary;
    error.udp_port = udp_port;
    error.type = kUnreachable;
    error.code = code;
    const ByteString quote = big(Peer::kStackPort, Peer::kPeerPort, peer.peer_tag(), std::uint32_t{0}, std::uint8_t{0},
                                 std::uint8_t{0}, std::uint16_t{20}, std::uint32_t{0});
    error.quoted = static_cast<std::uint8_t>(error.quote.size());
    std::copy_n(quote.begin(), error.quote.size(), error.quote.begin());
    return error;
  }
  void arrives(const IcmpError& error) {
    peer.stack().on_icmp(error, peer.now());
    peer.settle();
  }

  Peer peer;
};

TEST_F(Rfc6951, Section5_4_ThePortOfThePeersPacketsIsFollowedPerAddress) {
  peer.bring_to(State::kEstablished);
  peer.ignore_packets();
  peer.sends(data({.tsn = peer.peer_tsn(), .payload = "x"}), {.udp_port = kMoved});
  EXPECT_EQ(port(), kMoved);
  EXPECT_EQ(peer.path(kOther).remote_udp_port, kAssumed);
  peer.user_sends("back");
  const Reply reply = peer.expect(ChunkType::kSack);
  EXPECT_EQ(reply.to, (Address{kPrimary, kMoved}));
}

TEST_F(Rfc6951, Section5_4_APacketThatFailsTheTagCheckMovesNothing) {
  peer.bring_to(State::kEstablished);
  peer.sends(data({.tsn = peer.peer_tsn(), .payload = "x"}), {.tag = peer.stack_tag() + 1, .udp_port = kMoved});
  peer.sends(data({.tsn = peer.peer_tsn(), .payload = "x"}), {.udp_port = kMoved, .bad_checksum = true});
  EXPECT_EQ(port(), kAssumed);
}

// Nothing in an INIT shows that it comes from the peer; its answer goes where it came from.
TEST_F(Rfc6951, Section5_4_AnInitMovesNothing) {
  peer.bring_to(State::kEstablished);
  peer.ignore_packets();
  peer.sends(peer.own_init(), {.udp_port = kMoved});
  EXPECT_EQ(peer.expect_only(ChunkType::kInitAck).to.port, kMoved);
  EXPECT_EQ(port(), kAssumed);
}

TEST_F(Rfc6951, Section5_4_ARestartedPeerIsAnsweredAtItsNewPort) {
  peer.bring_to(State::kEstablished);
  peer.ignore_packets();
  InitFields reborn = peer.own();
  reborn.tag += 1;
  peer.sends(init(reborn), {.udp_port = kMoved});
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.learn(ack);
  peer.sends(cookie_echo(ack.cookie()), {.udp_port = kMoved});
  EXPECT_EQ(peer.expect(ChunkType::kCookieAck).to.port, kMoved);
  EXPECT_EQ(port(), kMoved);
  EXPECT_EQ(peer.path(kOther).remote_udp_port, kMoved);
}

TEST_F(Rfc6951, Section5_4_ACookieEchoThroughANewPortMovesTheNewAssociation) {
  peer.sends(peer.own_init());
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.learn(ack);
  peer.sends(cookie_echo(ack.cookie()), {.udp_port = kMoved});
  EXPECT_EQ(peer.expect(ChunkType::kCookieAck).to.port, kMoved);
}

TEST_F(Rfc6951, Section5_1_ThePortOfEachAddressCanBeSet) {
  peer.bring_to(State::kEstablished);
  ASSERT_FALSE(peer.stack().set_remote_udp_port(peer.association(), kOther, kMoved));
  EXPECT_EQ(port(), kAssumed);
  EXPECT_EQ(peer.path(kOther).remote_udp_port, kMoved);
  ASSERT_FALSE(peer.stack().set_remote_udp_port(peer.association(), kOther, 0));
  EXPECT_EQ(peer.path(kOther).remote_udp_port, kAssumed);
}

TEST_F(Rfc6951, Section5_6_TheUdpHeaderIsTakenOffThePathMtu) {
  peer.bring_to(State::kEstablished);
  peer.ignore_packets();
  peer.user_sends(std::string(3000, 'x'));
  EXPECT_EQ(peer.expect(ChunkType::kData).bytes.size(), 1500U - 20 - 8);
}

TEST_F(Rfc6951, Section5_5_PortUnreachableEndsTheSetupAtOnce) {
  const Reply init = peer.connect();
  IcmpError error = refused(kAssumed);
  std::copy_n(init.bytes.begin(), error.quote.size(), error.quote.begin());
  arrives(error);
  EXPECT_EQ(peer.state(), State::kClosed);
  EXPECT_EQ(peer.expect_event<AssociationChanged>().what, AssociationChanged::What::kCannotStart);
}

TEST_F(Rfc6951, Section5_5_SaidAgainOfASilentPeerItEndsTheAssociation) {
  peer.bring_to(State::kEstablished);
  arrives(refused(kAssumed));
  arrives(refused(kAssumed));  // the same flight
  EXPECT_EQ(peer.state(), State::kEstablished);
  EXPECT_EQ(peer.path(kPrimary).error_count, 1U);
  peer.advance(peer.path(kPrimary).rto);
  arrives(refused(kAssumed));
  EXPECT_EQ(peer.state(), State::kClosed);
}

TEST_F(Rfc6951, Section5_5_APeerThatIsHeardInBetweenLives) {
  peer.bring_to(State::kEstablished);
  arrives(refused(kAssumed));
  peer.advance(peer.path(kPrimary).rto);
  peer.sends(data({.tsn = peer.peer_tsn(), .payload = "x"}), {.from = kOther});
  arrives(refused(kAssumed));
  EXPECT_EQ(peer.state(), State::kEstablished);
}

TEST_F(Rfc6951, Section5_5_WhatIsSaidOfAPortThatThePeerHasLeftDoesNotCount) {
  peer.bring_to(State::kEstablished);
  peer.sends(data({.tsn = peer.peer_tsn(), .payload = "x"}), {.udp_port = kMoved});
  arrives(refused(kAssumed));
  EXPECT_EQ(peer.path(kPrimary).error_count, 0U);
}

TEST_F(Rfc6951, Section5_5_AnotherTagIsDiscarded) {
  peer.bring_to(State::kEstablished);
  IcmpError error = refused(kAssumed);
  error.quote[7] ^= std::byte{1};
  arrives(error);
  EXPECT_EQ(peer.path(kPrimary).error_count, 0U);
  EXPECT_EQ(peer.stack().counters().discarded_icmp, 1U);
}

}  // namespace
}  // namespace netsctp::conformance
