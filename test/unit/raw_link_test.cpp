// The raw link against itself over 127.0.0.0/8 and ::1, in a network namespace of its own (IP protocol 132).
#include "link/raw.hpp"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "base/bytes.hpp"
#include "unit/own_network.hpp"

namespace netsctp::link {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t kPort = 5000;

// A process's end: a link for some ports and the pool its buffers come from.
struct End {
  explicit End(std::vector<std::uint16_t> ports, bool strays = false) {
    auto opened = RawLink::open();
    EXPECT_TRUE(opened) << opened.error().message();
    if (opened) link = std::move(*opened);
    link->serve(ports, strays);
    received.reserve(4096);
  }
  bool wait(std::chrono::milliseconds patience) const {
    std::vector<pollfd> entries;
    for (const int descriptor : link->descriptors()) entries.push_back({descriptor, POLLIN, 0});
    return ::poll(entries.data(), entries.size(), static_cast<int>(patience.count())) > 0;
  }
  std::size_t await(std::size_t count, std::chrono::milliseconds patience = 5s) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (received.size() < count) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0 || !wait(left)) break;
      link->receive(pool, received, 256, Link::kAllDescriptors);
    }
    return received.size();
  }

  BufferPool pool;
  std::vector<Datagram> received;
  std::unique_ptr<RawLink> link;
};

std::vector<std::byte> packet(std::size_t size, std::uint16_t port = kPort, std::uint8_t first_chunk = 0) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * 31 + (i >> 8)) & 0xff);
  store_big(&bytes[0], std::uint16_t{6000});
  store_big(&bytes[2], port);
  if (size > 12) bytes[12] = std::byte{first_chunk};
  return bytes;
}

Transmit single(const char* to, std::span<const std::byte> bytes, const char* from = nullptr) {
  return {{*IpAddress::parse(to), 0},
          from != nullptr ? *IpAddress::parse(from) : IpAddress{},
          bytes,
          static_cast<std::uint16_t>(bytes.size())};
}

struct RawLinkOnLoopback : testing::Test {
  void SetUp() override { test::require_own_network(); }
};

TEST_F(RawLinkOnLoopback, DescribesItself) {
  EXPECT_EQ(RawLink::availability(), 0);
  const End end({});
  EXPECT_EQ(end.link->description().rfind("IP protocol 132, IPv4", 0), 0U);
  EXPECT_EQ(end.link->overhead(), 0U);
}

TEST_F(RawLinkOnLoopback, APacketArrivesWithItsAddressesAndWithoutItsIpHeader) {
  End end({kPort});
  const auto bytes = packet(100);
  for (const auto& [to, from] : {std::pair{"127.0.0.5", "127.0.0.9"}, std::pair{"::1", "::1"}}) {
    end.received.clear();
    const Transmit run = single(to, bytes, from);
    end.link->send({&run, 1});
    ASSERT_EQ(end.await(1), 1U) << to;
    EXPECT_EQ(end.received[0].from.ip.text(), from);
    EXPECT_EQ(end.received[0].from.port, 0);
    EXPECT_EQ(end.received[0].to.text(), to);
    EXPECT_TRUE(std::ranges::equal(end.received[0].bytes.bytes(), bytes));
  }
}

TEST_F(RawLinkOnLoopback, ARunIsCutIntoItsPackets) {
  End end({kPort});
  std::vector<std::byte> run_bytes;
  for (int i = 0; i < 100; ++i) std::ranges::copy(packet(i == 99 ? 300 : 600), std::back_inserter(run_bytes));
  Transmit run = single("127.0.0.1", run_bytes);
  run.segment_size = 600;
  end.link->send({&run, 1});
  ASSERT_EQ(end.await(100), 100U);
  EXPECT_EQ(end.received[98].bytes.size(), 600U);
  EXPECT_EQ(end.received[99].bytes.size(), 300U);
}

// RFC 6458 §8.1.12: what a run says of DSCP is in the IP header of its packets, and of no others.
TEST_F(RawLinkOnLoopback, TheTrafficClassIsInTheIpHeader) {
  End end({kPort});
  const Descriptor hears(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_SCTP));
  ASSERT_TRUE(static_cast<bool>(hears));
  const auto bytes = packet(100);
  Transmit marked = single("127.0.0.1", bytes, "127.0.0.1");
  marked.traffic_class = 0xB8;
  const Transmit runs[] = {marked, single("127.0.0.1", bytes)};
  end.link->send(runs);
  for (const int wanted : {0xB8, 0}) {
    pollfd entry{hears.number(), POLLIN, 0};
    ASSERT_EQ(::poll(&entry, 1, 5000), 1);
    std::array<unsigned char, 256> datagram{};
    ASSERT_EQ(::recv(hears.number(), datagram.data(), datagram.size(), 0), 120);
    EXPECT_EQ(datagram[1], wanted);  // RFC 791 §3.1
  }
}

TEST_F(RawLinkOnLoopback, NobodyIsWokenForOthersPorts) {
  End mine({kPort});
  End other({kPort + 1});
  End neither({});
  const auto bytes = packet(100);
  const Transmit runs[] = {single("127.0.0.1", bytes), single("::1", bytes)};
  mine.link->send(runs);
  EXPECT_EQ(mine.await(2), 2U);
  EXPECT_FALSE(other.wait(0ms));
  EXPECT_FALSE(neither.wait(0ms));
  // Both get a copy where both want it.
  other.link->serve(std::vector<std::uint16_t>{kPort, kPort + 1}, false);
  mine.link->send(runs);
  EXPECT_EQ(mine.await(4), 4U);
  EXPECT_EQ(other.await(2), 2U);
}

TEST_F(RawLinkOnLoopback, StraysComeToThoseWhoTakeThem) {
  End mine({kPort}, true);
  const auto init = packet(100, 9, 1);
  const auto data = packet(100, 9, 0);
  const Transmit runs[] = {single("127.0.0.1", data), single("127.0.0.1", init)};
  mine.link->send(runs);
  ASSERT_EQ(mine.await(1), 1U);
  EXPECT_TRUE(std::ranges::equal(mine.received[0].bytes.bytes(), init));
  EXPECT_FALSE(mine.wait(0ms));
}

TEST_F(RawLinkOnLoopback, ALargePacketComesWhole) {
  End end({kPort});
  const auto bytes = packet(60'000);
  const Transmit run = single("127.0.0.1", bytes);
  end.link->send({&run, 1});
  ASSERT_EQ(end.await(1), 1U);
  EXPECT_TRUE(std::ranges::equal(end.received[0].bytes.bytes(), bytes));
}

// RFC 9260 §6.9, §7.3: the stack is told what fits, and says what IP may fragment.
TEST_F(RawLinkOnLoopback, APacketTooLargeForItsInterfaceIsReportedAndGoesInFragmentsOnlyWhereItMay) {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto set_mtu = [&](int mtu) {
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_mtu = mtu;
    ASSERT_EQ(::ioctl(socket.number(), SIOCSIFMTU, &request), 0) << std::strerror(errno);
  };
  End end({kPort});
  set_mtu(1400);
  const auto small = packet(800);
  const auto large = packet(1472);
  for (const char* const to : {"127.0.0.1", "::1"}) {
    end.received.clear();
    const Transmit runs[] = {single(to, small), single(to, large), single(to, small)};
    end.link->send(runs);
    ASSERT_EQ(end.await(2), 2U) << to;
    EXPECT_EQ(end.received[1].bytes.size(), small.size());
    const auto errors = end.link->take_errors();
    ASSERT_EQ(errors.size(), 1U) << to;
    EXPECT_EQ(errors[0].mtu, 1400U);
    EXPECT_EQ(errors[0].to.text(), to);
    EXPECT_EQ(errors[0].type, errors[0].to.is_v4() ? ICMP_DEST_UNREACH : ICMP6_PACKET_TOO_BIG);
    EXPECT_EQ(errors[0].quoted, IcmpError::kQuote);
    EXPECT_TRUE(std::equal(errors[0].quote.begin(), errors[0].quote.end(), large.begin()));
    EXPECT_TRUE(end.link->take_errors().empty());
    Transmit fragmented = single(to, large);
    fragmented.may_fragment = true;
    end.link->send({&fragmented, 1});
    ASSERT_EQ(end.await(3), 3U) << to;
    EXPECT_TRUE(std::ranges::equal(end.received[2].bytes.bytes(), large));
    EXPECT_TRUE(end.link->take_errors().empty());
  }
  EXPECT_EQ(end.link->errors().send_too_large, 2U);
  EXPECT_EQ(end.link->counters().send_refused, 0U);
  set_mtu(65536);
}

// What a router sends back reaches the link with what it quotes, and the sockets still work.
TEST_F(RawLinkOnLoopback, IcmpErrorsAreTakenIn) {
  End end({kPort});
  const Descriptor icmp(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
  ASSERT_TRUE(static_cast<bool>(icmp));
  // ICMP header, then the packet's IP header and its beginning (RFC 792).
  std::vector<std::byte> message(8 + 20);
  message[0] = std::byte{ICMP_DEST_UNREACH};
  message[1] = std::byte{ICMP_FRAG_NEEDED};
  store_big(&message[6], std::uint16_t{1300});
  message[8] = std::byte{0x45};
  store_big(&message[10], std::uint16_t{1500});
  message[16] = std::byte{64};
  message[17] = std::byte{132};
  const std::uint32_t local = 0x7F000001;
  store_big(&message[20], local);
  store_big(&message[24], std::uint32_t{0x7F000063});
  std::ranges::copy(packet(40), std::back_inserter(message));
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < message.size(); i += 2) sum += load_big<std::uint16_t>(&message[i]);
  while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  store_big(&message[2], static_cast<std::uint16_t>(~sum));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(local);
  ASSERT_EQ(::sendto(icmp.number(), message.data(), message.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to),
            static_cast<ssize_t>(message.size()));
  ASSERT_TRUE(end.wait(5s));
  EXPECT_EQ(end.link->receive(end.pool, end.received, 16, Link::kAllDescriptors), 0U);
  const auto errors = end.link->take_errors();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].to.text(), "127.0.0.99");
  EXPECT_EQ(errors[0].type, ICMP_DEST_UNREACH);
  EXPECT_EQ(errors[0].code, ICMP_FRAG_NEEDED);
  EXPECT_EQ(errors[0].mtu, 1300U);
  EXPECT_EQ(load_big<std::uint16_t>(&errors[0].quote[2]), kPort);
  EXPECT_FALSE(end.wait(0ms));  // nothing is left that would wake us again

  // A pending error costs no packet.
  ASSERT_GT(::sendto(icmp.number(), message.data(), message.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  ASSERT_TRUE(end.wait(5s));
  const auto bytes = packet(100);
  const Transmit run = single("127.0.0.1", bytes);
  end.link->send({&run, 1});
  EXPECT_EQ(end.await(1), 1U);
  EXPECT_EQ(end.link->counters().send_refused, 0U);
}

TEST_F(RawLinkOnLoopback, WhatTheKernelRefusesIsDroppedAndTheRestGoesOn) {
  End end({kPort});
  const auto bytes = packet(100);
  const Transmit runs[] = {single("127.0.0.1", bytes), single("192.0.2.1", bytes),
                           single("127.0.0.1", bytes, "192.0.2.7"), single("127.0.0.1", bytes)};
  end.link->send(runs);
  EXPECT_EQ(end.await(2), 2U);
  EXPECT_EQ(end.link->counters().send_refused, 2U);
}

}  // namespace
}  // namespace netsctp::link
