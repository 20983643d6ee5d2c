// Socket options: what is set is read back, what is wrong is refused (RFC 6458 §8).
#include <netinet/in.h>
#include <netinet/ip.h>

#include "socket/options.hpp"
#include "sockets.hpp"

namespace netsctp::test {
namespace {

TEST(Options, BuffersAreDoubledAsOnLinux) {
  auto socket = make();
  int value = 0;
  EXPECT_EQ(get(socket, SOL_SOCKET, SO_RCVBUF, value), 0);
  EXPECT_EQ(value, 212992);
  EXPECT_EQ(set(socket, SOL_SOCKET, SO_RCVBUF, int{40'000}), 0);
  EXPECT_EQ(get(socket, SOL_SOCKET, SO_RCVBUF, value), 0);
  EXPECT_EQ(value, 80'000);
  EXPECT_EQ(set(socket, SOL_SOCKET, SO_SNDBUF, int{1}), 0);
  EXPECT_EQ(get(socket, SOL_SOCKET, SO_SNDBUF, value), 0);
  EXPECT_EQ(value, 4608);
  EXPECT_EQ(get(socket, SOL_SOCKET, SO_TYPE, value), 0);
  EXPECT_EQ(value, SOCK_STREAM);
  EXPECT_EQ(get(socket, SOL_SOCKET, SO_PROTOCOL, value), 0);
  EXPECT_EQ(value, IPPROTO_SCTP);
  EXPECT_EQ(get(socket, SOL_SOCKET, SO_DOMAIN, value), 0);
  EXPECT_EQ(value, AF_INET);
  EXPECT_EQ(socket->close(), 0);
}

TEST(Options, SocketLevelOnesAreCutToTheLengthAsked) {
  auto socket = make();
  int value = 0;
  socklen_t length = 2;
  EXPECT_EQ(socket->getsockopt(SOL_SOCKET, SO_TYPE, &value, &length), 0);
  EXPECT_EQ(length, 2U);
  EXPECT_EQ(value, SOCK_STREAM);
  EXPECT_EQ(socket->setsockopt(SOL_SOCKET, SO_RCVBUF, &value, 2), -EINVAL);
  EXPECT_EQ(set(socket, SOL_SOCKET, SO_TYPE, value), -ENOPROTOOPT);
  for (const int option : {SO_KEEPALIVE, SO_PRIORITY, SO_RCVLOWAT}) {
    EXPECT_EQ(set(socket, SOL_SOCKET, option, int{1}), 0) << option;
    EXPECT_EQ(get(socket, SOL_SOCKET, option, value), 0) << option;
    EXPECT_EQ(value, 1) << option;
  }
  EXPECT_EQ(set(socket, IPPROTO_IP, IP_TOS, int{8}), 0);
  EXPECT_EQ(get(socket, IPPROTO_IP, IP_TOS, value), 0);
  EXPECT_EQ(value, 8);
  EXPECT_EQ(socket->close(), 0);
}

TEST(Options, UnknownOnesAreEnoprotoopt) {
  auto socket = make();
  int value = 0;
  EXPECT_EQ(get(socket, IPPROTO_SCTP, 103, value), -ENOPROTOOPT);
  EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_STATUS, value), -ENOPROTOOPT);
  EXPECT_EQ(get(socket, IPPROTO_SCTP, SCTP_SOCKOPT_BINDX_ADD, value), -ENOPROTOOPT);
  EXPECT_EQ(get(socket, IPPROTO_TCP, 1, value), -EOPNOTSUPP);
  EXPECT_EQ(set(socket, IPPROTO_TCP, 1, value), -ENOPROTOOPT);
  EXPECT_EQ(socket->close(), 0);
}

TEST(Options, RtoInfoKeepsItsOrder_6458_8_1_1) {
  auto socket = make();
  const sctp_rtoinfo wanted{0, 500, 0, 100};
  EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_RTOINFO, wanted), 0);
  sctp_rtoinfo got{};
  EXPECT_EQ(get(socket, IPPROTO_SCTP, SCTP_RTOINFO, got), 0);
  EXPECT_EQ(got.srto_initial, 500U);
  EXPECT_EQ(got.srto_max, 60'000U);
  EXPECT_EQ(got.srto_min, 100U);
  const sctp_rtoinfo wrong{0, 0, 0, 70'000};
  EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_RTOINFO, wrong), -EINVAL);
  EXPECT_EQ(socket->close(), 0);
}

TEST(Options, StreamsAreThoseOfInitmsg_6458_8_1_3) {
  Pair pair([](const SocketPtr& each) {
    const sctp_initmsg init{20, 7, 0, 0};
    EXPECT_EQ(set(each, IPPROTO_SCTP, SCTP_INITMSG, init), 0);
  });
  sctp_status status{};
  ASSERT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_STATUS, status), 0);
  EXPECT_EQ(status.sstat_state, SCTP_ESTABLISHED);
  EXPECT_EQ(status.sstat_outstrms, 7);
  EXPECT_EQ(status.sstat_instrms, 7);
  EXPECT_EQ(status.sstat_primary.spinfo_state, SCTP_ACTIVE);
  EXPECT_GT(status.sstat_fragmentation_point, 1000U);
  EXPECT_EQ(get(pair.listening, IPPROTO_SCTP, SCTP_STATUS, status), -EINVAL);
}

TEST(Options, PeerAddressParameters_6458_8_1_12) {
  Pair pair;
  sctp_paddrparams argument{};
  argument.spp_flags = SPP_HB_ENABLE | SPP_HB_DISABLE;
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, argument), -EINVAL);
  argument.spp_flags = SPP_HB_ENABLE;
  argument.spp_hbinterval = 1200;  // Linux counts in ticks
  argument.spp_pathmaxrxt = 3;
  const auto peer = SocketAddress::v4("127.0.0.1", pair.port);
  std::memcpy(&argument.spp_address, peer.get(), peer.length);
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, argument), 0);
  sctp_paddrparams got{};
  got.spp_address = argument.spp_address;
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, got), 0);
  EXPECT_EQ(got.spp_hbinterval, 1200U);
  EXPECT_EQ(got.spp_pathmaxrxt, 3);
  argument.spp_flags = SPP_HB_DEMAND;
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, argument), 0);
  const auto stranger = SocketAddress::v4("127.0.0.9", pair.port);
  std::memcpy(&argument.spp_address, stranger.get(), stranger.length);
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, argument), -EINVAL);
}

TEST(Options, ShortEventStructsChangeOnlyTheirBytes) {
  auto socket = make(SOCK_SEQPACKET);
  const unsigned char eight[8] = {1, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_EQ(socket->setsockopt(IPPROTO_SCTP, SCTP_EVENTS, eight, sizeof eight), 0);
  sctp_event_subscribe got{};
  EXPECT_EQ(get(socket, IPPROTO_SCTP, SCTP_EVENTS, got), 0);
  EXPECT_EQ(got.sctp_adaptation_layer_event, 1);
  EXPECT_EQ(got.sctp_sender_dry_event, 0);
  const unsigned char fifteen[15] = {};
  EXPECT_EQ(socket->setsockopt(IPPROTO_SCTP, SCTP_EVENTS, fifteen, sizeof fifteen), -EINVAL);
  EXPECT_EQ(socket->close(), 0);
}

TEST(Options, SackDelayHasItsLimit_6458_8_1_19) {
  auto socket = make();
  const sctp_sack_info slow{0, 501, 0};
  EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_DELAYED_SACK, slow), -EINVAL);
  const sctp_sack_info good{0, 100, 4};
  EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_DELAYED_SACK, good), 0);
  sctp_sack_info got{};
  EXPECT_EQ(get(socket, IPPROTO_SCTP, SCTP_DELAYED_SACK, got), 0);
  EXPECT_EQ(got.sack_delay, 100U);
  EXPECT_EQ(got.sack_freq, 4U);
  EXPECT_EQ(socket->close(), 0);
}

TEST(Options, LossRecoveryIsAMatterOfChoice) {
  constexpr struct {
    int name;
    std::uint32_t last;
  } kChoices[] = {{socket::kCongestionControlOption, 2}, {socket::kLossDetectionOption, 1}};
  auto socket = make();
  for (const auto& [name, last] : kChoices) {
    sctp_assoc_value value{0, 7};
    EXPECT_EQ(get(socket, IPPROTO_SCTP, name, value), 0);
    EXPECT_EQ(value.assoc_value, 0U);  // RFC 9260's
    value.assoc_value = last + 1;
    EXPECT_EQ(set(socket, IPPROTO_SCTP, name, value), -EINVAL);
    value.assoc_value = last;
    EXPECT_EQ(set(socket, IPPROTO_SCTP, name, value), 0);
    value.assoc_value = 7;
    EXPECT_EQ(get(socket, IPPROTO_SCTP, name, value), 0);
    EXPECT_EQ(value.assoc_value, last);
  }
  EXPECT_EQ(socket->close(), 0);
}

}  // namespace
}  // namespace netsctp::test
