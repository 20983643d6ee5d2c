// The traffic class and the flow label that a program asks for are in the packets (RFC 6458 §8.1.12, ip(7), ipv6(7)).
#include <array>

#include "socket/sockets.hpp"

namespace netsctp::test {
namespace {

constexpr int kFlowInfo = 11;  // IPV6_FLOWINFO of <linux/in6.h>

// A UDP port at which a peer could be, that hears and never answers: INITs come again and again.
struct Silence {
  explicit Silence(const char* text, bool v6)
      : descriptor(::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    auto name = v6 ? SocketAddress::v6(text, 0) : SocketAddress::v4(text, 0);
    EXPECT_EQ(::bind(descriptor, name.get(), name.length), 0);
    EXPECT_EQ(::getsockname(descriptor, name.get(), &name.length), 0);
    port = name.port();
    const int on = 1;
    if (v6) {
      EXPECT_EQ(::setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof on), 0);
      EXPECT_EQ(::setsockopt(descriptor, IPPROTO_IPV6, kFlowInfo, &on, sizeof on), 0);
    } else {
      EXPECT_EQ(::setsockopt(descriptor, IPPROTO_IP, IP_RECVTOS, &on, sizeof on), 0);
    }
  }
  ~Silence() { ::close(descriptor); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

  struct Heard {
    int traffic_class = -1;
    std::uint32_t label = 0;
  };
  [[nodiscard]] Heard next() const {
    Heard heard;
    pollfd entry{descriptor, POLLIN, 0};
    if (::poll(&entry, 1, kPatience) != 1) return heard;
    std::array<char, 2048> room;
    alignas(cmsghdr) std::array<char, 128> control;
    iovec vector{room.data(), room.size()};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    if (::recvmsg(descriptor, &header, 0) < 0) return heard;
    for (cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr; each = CMSG_NXTHDR(&header, each)) {
      if (each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == kFlowInfo) {
        std::uint32_t flow = 0;
        std::memcpy(&flow, CMSG_DATA(each), sizeof flow);
        heard.label = ntohl(flow) & 0xFFFFF;
      } else if (each->cmsg_type == IP_TOS || each->cmsg_type == IPV6_TCLASS) {
        heard.traffic_class = static_cast<unsigned char>(*CMSG_DATA(each));
      }
    }
    return heard;
  }
  // What was sent before something was changed does not count: at most one packet is on its way.
  [[nodiscard]] Heard after_next() const {
    (void)next();
    return next();
  }

  int descriptor;
  std::uint16_t port = 0;
};

SocketPtr impatient(int domain, const Silence& silence) {
  auto socket = make(SOCK_STREAM | SOCK_NONBLOCK, domain);
  sctp_udpencaps encapsulation{};
  encapsulation.sue_port = htons(silence.port);
  EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, encapsulation), 0);
  sctp_rtoinfo often{};
  often.srto_initial = often.srto_max = 20;
  often.srto_min = 10;
  EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_RTOINFO, often), 0);
  sctp_initmsg stubborn{};
  stubborn.sinit_max_attempts = 10'000;
  EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_INITMSG, stubborn), 0);
  return socket;
}

int set_flow(const SocketPtr& socket, const SocketAddress* path, std::uint8_t dscp, std::uint32_t label) {
  sctp_paddrparams wanted{};
  if (path != nullptr) std::memcpy(&wanted.spp_address, &path->storage, sizeof wanted.spp_address);
  wanted.spp_flags = SPP_IPV6_FLOWLABEL | SPP_DSCP;
  wanted.spp_dscp = dscp;
  wanted.spp_ipv6_flowlabel = label;
  return set(socket, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, wanted);
}

TEST(Traffic, DscpIsInThePacketsOfThePath_6458_8_1_12) {
  const Silence silence("127.0.0.1", false);
  const auto name = SocketAddress::v4("127.0.0.1", 7);
  const auto socket = impatient(AF_INET, silence);
  EXPECT_EQ(set(socket, IPPROTO_IP, IP_TOS, int{0x20}), 0);
  ASSERT_EQ(connect_to(socket, name), -EINPROGRESS);
  EXPECT_EQ(silence.next().traffic_class, 0x20);  // ip(7): the socket's
  EXPECT_EQ(set(socket, IPPROTO_IP, IP_TOS, int{0x28}), 0);
  EXPECT_EQ(silence.after_next().traffic_class, 0x28);
  EXPECT_EQ(set_flow(socket, nullptr, 0xB9, 0), 0);  // the association's: all its paths
  EXPECT_EQ(silence.after_next().traffic_class, 0xB8);
  EXPECT_EQ(set_flow(socket, &name, 0x48, 0), 0);
  EXPECT_EQ(silence.after_next().traffic_class, 0x48);
  sctp_paddrparams found{};
  EXPECT_EQ(get(socket, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, found), 0);
  EXPECT_EQ(found.spp_dscp, 0xB8);
  std::memcpy(&found.spp_address, &name.storage, sizeof found.spp_address);
  EXPECT_EQ(get(socket, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, found), 0);
  EXPECT_EQ(found.spp_dscp, 0x48);
  EXPECT_EQ(socket->close(), 0);
}

TEST(Traffic, FlowLabelAndClassAreInIpv6Packets_6458_8_1_12) {
  const int probe = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto local = SocketAddress::v6("::1", 0);
  const bool has_v6 = probe >= 0 && ::bind(probe, local.get(), local.length) == 0;
  if (probe >= 0) ::close(probe);
  if (!has_v6) GTEST_SKIP() << "no IPv6 here";
  const Silence silence("::1", true);
  const auto socket = impatient(AF_INET6, silence);
  EXPECT_EQ(set(socket, IPPROTO_IPV6, IPV6_TCLASS, int{0x20}), 0);
  EXPECT_EQ(set(socket, IPPROTO_IPV6, IPV6_TCLASS, int{256}), -EINVAL);
  int found = 0;
  EXPECT_EQ(get(socket, IPPROTO_IPV6, IPV6_TCLASS, found), 0);
  EXPECT_EQ(found, 0x20);
  ASSERT_EQ(connect_to(socket, SocketAddress::v6("::1", 7)), -EINPROGRESS);
  EXPECT_EQ(silence.next().traffic_class, 0x20);
  EXPECT_EQ(set_flow(socket, nullptr, 0x5F, 0xABCDEF), 0);
  const auto heard = silence.after_next();
  EXPECT_EQ(heard.traffic_class, 0x5C);
  EXPECT_EQ(heard.label, 0xBCDEFU);
  EXPECT_EQ(socket->close(), 0);
}

// A socket for which nothing is asked sends as it always did.
TEST(Traffic, NothingIsAskedOfIpWithoutAWord) {
  const Silence silence("127.0.0.1", false);
  const auto socket = impatient(AF_INET, silence);
  ASSERT_EQ(connect_to(socket, SocketAddress::v4("127.0.0.1", 7)), -EINPROGRESS);
  EXPECT_EQ(silence.next().traffic_class, 0);
  EXPECT_EQ(socket->close(), 0);
}

}  // namespace
}  // namespace netsctp::test
