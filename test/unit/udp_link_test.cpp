// The UDP link against itself over 127.0.0.0/8 and ::1: batches, runs, addresses (RFC 6951 §5.3, §5.4).
#include "link/udp.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <numeric>
#include <string>

#include "base/bytes.hpp"
#include "core/datagram.hpp"
#include "link/descriptor.hpp"
#include "link/message.hpp"
#include "unit/own_network.hpp"

namespace netsctp::link {
namespace {

using namespace std::chrono_literals;

struct Options {
  bool gso = true;
  bool gro = true;
  bool batches = true;
};

// One end: a link on a free port and the pool its buffers come from.
struct End {
  explicit End(Options options = {}) {
    auto opened = UdpLink::open({.port = 0, .gso = options.gso, .gro = options.gro, .batches = options.batches});
    EXPECT_TRUE(opened) << opened.error().message();
    if (opened) link = std::move(*opened);
    received.reserve(4096);
  }

  [[nodiscard]] Address at(const char* ip) const { return {*IpAddress::parse(ip), link->port()}; }
  [[nodiscard]] bool has_v6() const { return link->descriptors().size() == 2; }

  // Receives until `count` datagrams are there or the deadline is over.
  std::size_t await(std::size_t count, std::chrono::milliseconds patience = 5s) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (received.size() < count) {
      std::vector<pollfd> entries;
      for (const int descriptor : link->descriptors()) entries.push_back({descriptor, POLLIN, 0});
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0 || ::poll(entries.data(), entries.size(), static_cast<int>(left.count())) <= 0) break;
      link->receive(pool, received, 256, Link::kAllDescriptors);
    }
    return received.size();
  }

  BufferPool pool;
  std::vector<Datagram> received;
  std::unique_ptr<UdpLink> link;
};

std::vector<std::byte> pattern(std::size_t size, unsigned seed) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * 31 + seed * 7 + (i >> 8)) & 0xff);
  return bytes;
}

bool equal(const Slice& slice, std::span<const std::byte> bytes) {
  return std::ranges::equal(slice.bytes(), bytes);
}

Transmit single(const Address& to, std::span<const std::byte> bytes, IpAddress from = {}) {
  return {to, from, bytes, static_cast<std::uint16_t>(std::min<std::size_t>(bytes.size(), 65535))};
}

TEST(UdpLink, DescribesItself) {
  End end;
  EXPECT_EQ(end.link->description().rfind("UDP port " + std::to_string(end.link->port()), 0), 0U);
  EXPECT_EQ(end.link->overhead(), 8U);  // RFC 6951 §5.6
}

TEST(UdpLink, SeveralLinksShareOnePort) {
  End first;
  auto second = UdpLink::open({.port = first.link->port()});
  EXPECT_TRUE(second) << second.error().message();
}

TEST(UdpLink, PortHeldByAStrangerIsReported) {
  const Descriptor stranger(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof name;
  ASSERT_EQ(::bind(stranger.number(), reinterpret_cast<sockaddr*>(&name), length), 0);
  ASSERT_EQ(::getsockname(stranger.number(), reinterpret_cast<sockaddr*>(&name), &length), 0);
  EXPECT_EQ(UdpLink::open({.port = ntohs(name.sin_port)}).error(), std::errc::address_in_use);
}

TEST(UdpLink, ReceiveWithNothingThereReturnsAtOnce) {
  End end;
  EXPECT_EQ(end.link->receive(end.pool, end.received, 64, Link::kAllDescriptors), 0U);
}

TEST(UdpLink, OnlyTheDescriptorsNamedAreAsked) {
  End a;
  End b;
  const auto bytes = pattern(100, 1);
  const Transmit run = single(b.at("127.0.0.1"), bytes);
  a.link->send({&run, 1});
  std::vector<pollfd> entries;
  for (const int descriptor : b.link->descriptors()) entries.push_back({descriptor, POLLIN, 0});
  ASSERT_EQ(::poll(entries.data(), entries.size(), 5000), 1);
  const std::uint32_t ready = entries[0].revents != 0 ? 1 : 2;
  EXPECT_EQ(b.link->receive(b.pool, b.received, 64, ~ready), 0U);
  EXPECT_EQ(b.link->receive(b.pool, b.received, 64, ready), 1U);
}

TEST(UdpLink, DatagramsOfSeveralSizesArriveWithBothAddresses) {
  End a;
  End b;
  std::size_t expected = 0;
  for (const std::size_t size : {12UL, 13UL, 100UL, 1452UL, 2049UL, 9000UL, 20000UL, 65000UL}) {
    const auto bytes = pattern(size, static_cast<unsigned>(size));
    const Transmit run = single(b.at("127.0.0.1"), bytes);
    a.link->send(std::span(&run, 1));
    ASSERT_EQ(b.await(++expected), expected) << size;
    const Datagram& got = b.received.back();
    EXPECT_TRUE(equal(got.bytes, bytes)) << size;
    EXPECT_EQ(got.from, a.at("127.0.0.1"));
    EXPECT_EQ(got.to.text(), "127.0.0.1");
  }
}

TEST(UdpLink, TheDestinationAddressIsKnownAndTheSourceAddressChosen) {
  End a;
  End b;
  const auto bytes = pattern(40, 1);
  const std::array runs{single(b.at("127.0.0.3"), bytes, *IpAddress::parse("127.0.0.2")),
                        single(b.at("127.0.0.5"), bytes, *IpAddress::parse("127.0.0.4"))};
  a.link->send(runs);
  ASSERT_EQ(b.await(2), 2U);
  EXPECT_EQ(b.received[0].from, a.at("127.0.0.2"));
  EXPECT_EQ(b.received[0].to.text(), "127.0.0.3");
  EXPECT_EQ(b.received[1].from, a.at("127.0.0.4"));
  EXPECT_EQ(b.received[1].to.text(), "127.0.0.5");
}

TEST(UdpLink, SpeaksIpv6) {
  End a;
  End b;
  if (!a.has_v6()) GTEST_SKIP() << "no IPv6 here";
  const auto bytes = pattern(1452 * 10 + 7, 3);
  const std::array runs{Transmit{b.at("::1"), *IpAddress::parse("::1"), bytes, 1452},
                        single(b.at("127.0.0.1"), std::span(bytes).first(64)),
                        single(b.at("::1"), std::span(bytes).first(32))};
  a.link->send(runs);
  ASSERT_EQ(b.await(13), 13U);
  std::size_t over_v6 = 0;
  for (const Datagram& datagram : b.received) {
    if (!datagram.to.is_v6()) continue;
    ++over_v6;
    EXPECT_EQ(datagram.from, a.at("::1"));
    EXPECT_EQ(datagram.to.text(), "::1");
  }
  EXPECT_EQ(over_v6, 12U);
}

class UdpRun : public ::testing::TestWithParam<std::tuple<bool, bool, bool>> {};

TEST_P(UdpRun, ArrivesAsSinglePackets) {
  const auto [gso, gro, batches] = GetParam();
  End a({.gso = gso, .gro = gro, .batches = batches});
  End b({.gso = gso, .gro = gro, .batches = batches});
  const auto bytes = pattern(1452 * 40 + 300, 9);
  const auto small = pattern(100 * 5, 4);
  const std::array runs{Transmit{b.at("127.0.0.1"), {}, bytes, 1452}, Transmit{b.at("127.0.0.1"), {}, small, 100}};
  a.link->send(runs);
  ASSERT_EQ(b.await(46), 46U);
  for (std::size_t i = 0; i < 41; ++i) {
    const std::size_t size = i < 40 ? 1452 : 300;
    EXPECT_TRUE(equal(b.received[i].bytes, std::span(bytes).subspan(i * 1452, size))) << i;
  }
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_TRUE(equal(b.received[41 + i].bytes, std::span(small).subspan(i * 100, 100))) << i;
}

INSTANTIATE_TEST_SUITE_P(GsoGroBatches, UdpRun,
                         ::testing::Combine(::testing::Bool(), ::testing::Bool(), ::testing::Bool()));

TEST(UdpLink, ARunTheKernelRefusesIsTriedPacketByPacket) {
  End a;
  End b;
  const auto bytes = pattern(65000, 5);
  const std::array runs{Transmit{b.at("127.0.0.1"), *IpAddress::parse("192.0.2.77"), bytes, 1000},  // not our address
                        single(b.at("127.0.0.1"), std::span(bytes).first(77))};
  a.link->send(runs);
  ASSERT_EQ(b.await(1), 1U);
  EXPECT_EQ(b.received[0].bytes.size(), 77U);
  EXPECT_EQ(a.link->counters().gso_refused, 1U);
  EXPECT_EQ(a.link->counters().send_refused, 65U);
}

TEST(UdpLink, RefusedDatagramsDoNotHoldUpTheOthers) {
  End a;
  End b;
  const auto bytes = pattern(50, 2);
  std::vector<Transmit> runs;
  for (int i = 0; i < 200; ++i) {
    runs.push_back(single(b.at("127.0.0.1"), bytes));
    if (i % 10 == 0) runs.push_back(single(b.at("127.0.0.1"), bytes, *IpAddress::parse("192.0.2.77")));
  }
  a.link->send(runs);
  EXPECT_EQ(b.await(200), 200U);
  EXPECT_EQ(a.link->counters().send_refused, 20U);
}

TEST(UdpLink, ADeadPortDoesNotDisturbLaterPackets) {
  End a;
  End b;
  std::uint16_t dead = 0;
  {
    End gone;
    dead = gone.link->port();
  }
  const auto bytes = pattern(50, 2);
  for (unsigned i = 0; i < 20; ++i) {
    const std::array runs{single({*IpAddress::parse("127.0.0.1"), dead}, bytes), single(b.at("127.0.0.1"), bytes)};
    a.link->send(runs);
  }
  EXPECT_EQ(b.await(20), 20U);
}

TEST(UdpLink, TenThousandPacketsAreCounted) {
  End a;
  End b;
  constexpr std::size_t kPackets = 10'000;
  constexpr std::size_t kSize = 200;
  std::vector<std::byte> area(32 * kSize);
  std::size_t sent = 0;
  while (sent < kPackets) {
    const std::size_t burst = std::min<std::size_t>(32, kPackets - sent);
    for (std::size_t i = 0; i < burst; ++i) store_big(area.data() + i * kSize, static_cast<std::uint32_t>(sent + i));
    const Transmit run{b.at("127.0.0.1"), {}, std::span(area).first(burst * kSize), kSize};
    a.link->send(std::span(&run, 1));
    sent += burst;
    if (sent % 320 == 0) {
      ASSERT_EQ(b.await(sent), sent);  // never more under way than the socket buffer holds
    }
  }
  ASSERT_EQ(b.await(kPackets), kPackets);
  for (std::size_t i = 0; i < kPackets; ++i)
    ASSERT_EQ(load_big<std::uint32_t>(b.received[i].bytes.data()), static_cast<std::uint32_t>(i));
}

TEST(UdpLink, SmallPacketsDoNotPinLargeBuffers) {
  End a;
  End b;
  const auto bytes = pattern(100, 1);
  for (std::size_t i = 1; i <= 100; ++i) {
    const Transmit run = single(b.at("127.0.0.1"), bytes);
    a.link->send(std::span(&run, 1));
    ASSERT_EQ(b.await(i), i);
  }
  for (const Datagram& datagram : b.received) EXPECT_LE(datagram.bytes.capacity(), 2048U);
  EXPECT_LT(b.pool.outstanding_bytes(), 100U * 2048 + 8 * 65600);
}

// RFC 6951 §5.5: who sent it is told, with the quoted packet and the UDP port it went to; nothing is left to wake us.
TEST(UdpLink, PortUnreachableIsTakenIn) {
  End a;
  std::uint16_t dead = 0;
  {
    End gone;
    dead = gone.link->port();
  }
  const auto bytes = pattern(50, 2);
  for (const char* const to : {"127.0.0.1", "::1"}) {
    if (*to == ':' && !a.has_v6()) continue;
    const Transmit run = single({*IpAddress::parse(to), dead}, bytes);
    a.link->send({&run, 1});
    std::vector<pollfd> entries;
    for (const int descriptor : a.link->descriptors()) entries.push_back({descriptor, POLLIN, 0});
    ASSERT_GT(::poll(entries.data(), entries.size(), 5000), 0) << to;
    EXPECT_EQ(a.link->receive(a.pool, a.received, 16, Link::kAllDescriptors), 0U);
    const auto errors = a.link->take_errors();
    ASSERT_EQ(errors.size(), 1U) << to;
    EXPECT_EQ(errors[0].to.text(), to);
    EXPECT_EQ(errors[0].udp_port, dead);
    EXPECT_EQ(errors[0].type, errors[0].to.is_v4() ? 3 : 1);
    EXPECT_EQ(errors[0].code, errors[0].to.is_v4() ? 3 : 4);
    EXPECT_EQ(errors[0].quoted, IcmpError::kQuote);
    EXPECT_TRUE(std::equal(errors[0].quote.begin(), errors[0].quote.end(), bytes.begin()));
    EXPECT_EQ(::poll(entries.data(), entries.size(), 0), 0) << to;
  }
}

// RFC 6951 §5.3: the checksum is there in both families, and IPv6 packets without one are not asked for.
TEST(UdpLink, TheUdpChecksumIsOn) {
  End a;
  for (const int descriptor : a.link->descriptors()) {
    for (const auto& [level, option] :
         {std::pair<int, int>{SOL_SOCKET, SO_NO_CHECK}, std::pair<int, int>{IPPROTO_UDP, UDP_NO_CHECK6_TX},
          std::pair<int, int>{IPPROTO_UDP, UDP_NO_CHECK6_RX}}) {
      int value = -1;
      socklen_t length = sizeof value;
      ASSERT_EQ(::getsockopt(descriptor, level, option, &value, &length), 0);
      EXPECT_EQ(value, 0);
    }
  }
}

struct UdpLinkOnItsOwnLoopback : testing::Test {
  void SetUp() override { test::require_own_network(); }
};

// RFC 6951 §5.6; RFC 9260 §6.9, §7.3: DF is set, the stack is told what fits, and says what IP may fragment.
// RFC 8200 §8.1: a UDP packet without a checksum is dropped where the receiver has not asked for such; RFC 6951 §5.3
// gives no reason to.
TEST(UdpLink, OverIpv6NothingWithoutAUdpChecksumIsTaken) {
  End end;
  if (!end.has_v6()) GTEST_SKIP() << "no IPv6 here";
  const Descriptor sender(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(end.link->port());
  to.sin6_addr = IN6ADDR_LOOPBACK_INIT;
  const auto send = [&](bool without_checksum, unsigned seed) {
    const int on = without_checksum ? 1 : 0;
    ASSERT_EQ(::setsockopt(sender.number(), SOL_UDP, UDP_NO_CHECK6_TX, &on, sizeof on), 0);
    const auto bytes = pattern(100, seed);
    ASSERT_EQ(
        ::sendto(sender.number(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to),
        100);
  };
  send(true, 1);
  send(false, 2);
  ASSERT_EQ(end.await(1), 1U);
  EXPECT_TRUE(equal(end.received[0].bytes, pattern(100, 2)));
}

TEST_F(UdpLinkOnItsOwnLoopback, APacketTooLargeForItsInterfaceIsReportedAndGoesInFragmentsOnlyWhereItMay) {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto set_mtu = [&](int mtu) {
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_mtu = mtu;
    ASSERT_EQ(::ioctl(socket.number(), SIOCSIFMTU, &request), 0) << std::strerror(errno);
  };
  End a;
  End b;
  set_mtu(1400);
  const auto bytes = pattern(1452 * 3, 7);
  for (const char* const to : {"127.0.0.1", "::1"}) {
    b.received.clear();
    const std::array runs{single(b.at(to), std::span(bytes).first(800)), Transmit{b.at(to), {}, bytes, 1452},
                          single(b.at(to), std::span(bytes).first(1452))};
    a.link->send(runs);
    ASSERT_EQ(b.await(1), 1U) << to;
    const auto errors = a.link->take_errors();
    ASSERT_EQ(errors.size(), 4U) << to;
    EXPECT_EQ(errors[0].mtu, 1400U);
    EXPECT_EQ(errors[0].to.text(), to);
    EXPECT_EQ(errors[0].udp_port, b.link->port());
    Transmit fragmented{b.at(to), {}, bytes, 1452};
    fragmented.may_fragment = true;
    a.link->send({&fragmented, 1});
    ASSERT_EQ(b.await(4), 4U) << to;
    EXPECT_TRUE(a.link->take_errors().empty());
  }
  set_mtu(65536);
}

// Each change of DF costs a system call: small packets, which fit every link, go without one.
TEST(UdpLink, SmallPacketsGoWithOrWithoutDfAsTheLargeOnesBefore) {
  End a;
  End b;
  const int descriptor = a.link->descriptors().front();
  const auto discovery = [&] {
    int value = -1;
    socklen_t length = sizeof value;
    EXPECT_EQ(::getsockopt(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, &value, &length), 0);
    return value;
  };
  const auto bytes = pattern(1000, 3);
  std::size_t arrived = 0;
  const auto send = [&](std::initializer_list<std::pair<std::size_t, bool>> packets) {
    std::vector<Transmit> runs;
    for (const auto& [size, may_fragment] : packets) {
      runs.push_back(single(b.at("127.0.0.1"), std::span(bytes).first(size)));
      runs.back().may_fragment = may_fragment;
    }
    a.link->send(runs);
    arrived += runs.size();
    EXPECT_EQ(b.await(arrived), arrived);
    return discovery();
  };
  const int with_df = discovery();
  EXPECT_EQ(send({{400, true}}), with_df);
  const int without = send({{1000, true}});
  EXPECT_NE(without, with_df);
  EXPECT_EQ(send({{400, false}}), without);
  EXPECT_EQ(send({{400, false}, {1000, true}, {400, false}}), without);
  EXPECT_EQ(send({{400, true}, {1000, false}, {400, true}}), with_df);
  EXPECT_EQ(send({{1000, false}, {1000, true}}), without);
}

// RFC 6458 §8.1.12: what a run says of DSCP and flow label is in its packets, split ones too, and in no others.
TEST(UdpLink, TrafficClassAndFlowLabelAreInThePackets) {
  for (const bool v6 : {false, true}) {
    End sender({.gso = !v6});
    if (v6 && !sender.has_v6()) continue;
    const char* const ip = v6 ? "::1" : "127.0.0.1";
    const Descriptor hears(::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    SocketAddress name{};
    socklen_t length = store(name, {*IpAddress::parse(ip), 0});
    ASSERT_EQ(::bind(hears.number(), &name.any, length), 0);
    ASSERT_EQ(::getsockname(hears.number(), &name.any, &length), 0);
    ASSERT_TRUE(v6 ? switch_on(hears.number(), IPPROTO_IPV6, IPV6_RECVTCLASS) &&
                         switch_on(hears.number(), IPPROTO_IPV6, kFlowInfo)
                   : switch_on(hears.number(), IPPROTO_IP, IP_RECVTOS));
    const std::vector<std::byte> bytes(2000);
    Transmit marked{load(name), *IpAddress::parse(ip), bytes, 1000};
    marked.traffic_class = 0xB8;
    marked.flow_label = 0x54321;
    const std::array runs{marked, Transmit{load(name), {}, std::span(bytes).first(900), 900}};
    sender.link->send(runs);
    std::vector<std::uint32_t> heard;
    for (int i = 0; i < 3; ++i) {
      pollfd entry{hears.number(), POLLIN, 0};
      ASSERT_EQ(::poll(&entry, 1, 5000), 1);
      std::array<std::byte, 2000> room;
      Control control;
      iovec vector{room.data(), room.size()};
      msghdr header{};
      header.msg_iov = &vector;
      header.msg_iovlen = 1;
      header.msg_control = control.bytes.data();
      header.msg_controllen = sizeof control;
      const ssize_t got = ::recvmsg(hears.number(), &header, 0);
      std::uint32_t flow = 0;
      for (cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr; each = CMSG_NXTHDR(&header, each)) {
        std::uint32_t value = 0;
        std::memcpy(&value, CMSG_DATA(each), std::min<std::size_t>(each->cmsg_len - CMSG_LEN(0), sizeof value));
        if (each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == kFlowInfo)
          flow |= ntohl(value) & 0xFFFFF;
        else
          flow |= value << 20;
      }
      heard.push_back(got == 900 ? flow : flow + 1);
    }
    const std::uint32_t wanted = (v6 ? 0x0B854321U : 0x0B800000U) + 1;
    EXPECT_EQ(heard, (std::vector<std::uint32_t>{wanted, wanted, heard.back()})) << ip;
    EXPECT_EQ(heard.back() & ~0xFFFFFU & 0x0B800000U, 0U) << ip;  // the kernel may give it a label of its own
  }
}

}  // namespace
}  // namespace netsctp::link
