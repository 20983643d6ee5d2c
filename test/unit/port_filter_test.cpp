// The classic BPF program of the raw link, run by the kernel: attached to one end of a socket pair that packets are
// written into. The kernel also checks what a program must be (jumps, returns) before it takes it.
#include "link/port_filter.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <set>
#include <vector>

#include "link/descriptor.hpp"

namespace netsctp::link {
namespace {

constexpr std::uint8_t kData = 0;
constexpr std::uint8_t kInit = 1;
constexpr std::uint8_t kSack = 3;
constexpr std::uint8_t kHeartbeat = 4;

class Kernel {
 public:
  explicit Kernel(std::vector<sock_filter> program) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    in_ = Descriptor(ends[0]);
    out_ = Descriptor(ends[1]);
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    EXPECT_EQ(::setsockopt(ends[1], SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter), 0);
  }
  // Whether the packet passes, whole.
  [[nodiscard]] bool accepts(const std::vector<std::byte>& packet) const {
    EXPECT_EQ(::send(in_.number(), packet.data(), packet.size(), MSG_NOSIGNAL), static_cast<ssize_t>(packet.size()));
    std::vector<std::byte> copy(packet.size() + 1);
    const ssize_t received = ::recv(out_.number(), copy.data(), copy.size(), 0);
    EXPECT_TRUE(received < 0 || static_cast<std::size_t>(received) == packet.size()) << "cut to " << received;
    return received >= 0;
  }

 private:
  Descriptor in_;
  Descriptor out_;
};

std::vector<std::byte> packet(std::uint16_t port, std::uint8_t first_chunk = kData, std::size_t ip_header = 0) {
  std::vector<std::byte> bytes(ip_header + 32, std::byte{0xEE});
  if (ip_header != 0) bytes[0] = static_cast<std::byte>(0x40 | ip_header / 4);
  bytes[ip_header + 2] = static_cast<std::byte>(port >> 8);
  bytes[ip_header + 3] = static_cast<std::byte>(port & 0xFF);
  bytes[ip_header + 12] = std::byte{first_chunk};
  return bytes;
}

std::vector<std::uint16_t> spread(std::size_t count) {
  std::set<std::uint16_t> ports;
  for (std::uint32_t i = 1; ports.size() < count; ++i) ports.insert(static_cast<std::uint16_t>(i * 40503 % 65535 + 1));
  return {ports.begin(), ports.end()};
}

TEST(PortFilter, WithoutPortsEverythingIsDropped) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    const Kernel kernel(port_filter(family, {}, false));
    EXPECT_FALSE(kernel.accepts(packet(5000, kInit, family == Family::kIpv4 ? 20 : 0)));
  }
}

TEST(PortFilter, OnlyOwnPortsPass) {
  const std::vector<std::uint16_t> ports{1, 5000, 5001, 65535};
  const Kernel kernel(port_filter(Family::kIpv6, ranges_of(ports), false));
  for (const std::uint16_t port : ports) EXPECT_TRUE(kernel.accepts(packet(port))) << port;
  const std::vector<std::uint16_t> others{0, 2, 4999, 5002, 65534};
  for (const std::uint16_t port : others) EXPECT_FALSE(kernel.accepts(packet(port))) << port;
}

TEST(PortFilter, AnIpv4HeaderMayBeOfAnyLength) {
  const std::vector<std::uint16_t> ports{5000};
  const Kernel kernel(port_filter(Family::kIpv4, ranges_of(ports), false));
  for (std::size_t header = 20; header <= 60; header += 4) {
    EXPECT_TRUE(kernel.accepts(packet(5000, kData, header))) << header;
    EXPECT_FALSE(kernel.accepts(packet(5001, kData, header))) << header;
  }
}

TEST(PortFilter, EveryPortIsSortedRightAmongMany) {
  const std::vector<std::uint16_t> ports = spread(kMaxRanges);
  ASSERT_EQ(ranges_of(ports).size(), kMaxRanges);
  const Kernel kernel(port_filter(Family::kIpv6, ranges_of(ports), false));
  for (std::uint32_t port = 0; port <= 65535; ++port) {
    const auto number = static_cast<std::uint16_t>(port);
    ASSERT_EQ(kernel.accepts(packet(number)), std::ranges::binary_search(ports, number)) << port;
  }
}

TEST(PortFilter, TooManyPortsMakeItCoarserAndNeverDropOne) {
  for (const std::size_t count : {kMaxRanges + 1, std::size_t{1000}, std::size_t{28'000}}) {
    const std::vector<std::uint16_t> ports = spread(count);
    const std::vector<PortRange> ranges = ranges_of(ports);
    EXPECT_EQ(ranges.size(), kMaxRanges);
    const Kernel kernel(port_filter(Family::kIpv4, ranges, true));
    for (const std::uint16_t port : ports) ASSERT_TRUE(kernel.accepts(packet(port, kData, 20))) << port;
  }
}

TEST(PortFilter, TheSmallestGapsCloseFirst) {
  const std::vector<std::uint16_t> ports{10, 11, 13, 20, 22, 50};
  using Ranges = std::vector<PortRange>;
  EXPECT_EQ(ranges_of(ports), (Ranges{{10, 11}, {13, 13}, {20, 20}, {22, 22}, {50, 50}}));
  EXPECT_EQ(ranges_of(ports, 3), (Ranges{{10, 13}, {20, 22}, {50, 50}}));
  EXPECT_EQ(ranges_of(ports, 1), (Ranges{{10, 50}}));
  EXPECT_EQ(ranges_of({}, 1), Ranges{});
}

TEST(PortFilter, StraysAreWhatBeginsOrEndsAnAssociation) {
  const std::vector<std::uint16_t> ports{5000};
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    const std::size_t header = family == Family::kIpv4 ? 24 : 0;
    const Kernel kernel(port_filter(family, ranges_of(ports), true));
    EXPECT_TRUE(kernel.accepts(packet(5000, kData, header)));
    for (const std::uint8_t type : {kData, kSack, std::uint8_t{15}, std::uint8_t{64}, std::uint8_t{192}})
      EXPECT_FALSE(kernel.accepts(packet(5001, type, header))) << int{type};
    for (const std::uint8_t type : {kInit, kHeartbeat, std::uint8_t{6}, std::uint8_t{8}, std::uint8_t{10}})
      EXPECT_TRUE(kernel.accepts(packet(5001, type, header))) << int{type};
  }
}

TEST(PortFilter, WhatIsTooShortIsDropped) {
  const std::vector<std::uint16_t> ports{0xEEEE};
  for (const bool strays : {false, true}) {
    const Kernel v4(port_filter(Family::kIpv4, ranges_of(ports), strays));
    const Kernel v6(port_filter(Family::kIpv6, ranges_of(ports), strays));
    for (std::size_t length = 1; length < 4; ++length) {
      const std::vector<std::byte> noise(length, std::byte{0xEE});
      EXPECT_FALSE(v4.accepts(noise));
      EXPECT_FALSE(v6.accepts(noise));
    }
  }
}

}  // namespace
}  // namespace netsctp::link
