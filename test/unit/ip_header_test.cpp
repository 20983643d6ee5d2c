// The IPv4 header before a raw packet (RFC 791 §3.1), right and hostile.
#include "link/ip_header.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace netsctp::link {
namespace {

std::vector<std::byte> datagram(std::size_t header, std::size_t payload) {
  std::vector<std::byte> bytes(header + payload, std::byte{0x55});
  bytes[0] = static_cast<std::byte>(0x40 | header / 4);
  bytes[2] = static_cast<std::byte>(bytes.size() >> 8);
  bytes[3] = static_cast<std::byte>(bytes.size() & 0xFF);
  bytes[6] = std::byte{0x40};  // DF
  bytes[7] = std::byte{0};
  bytes[9] = std::byte{132};
  const std::uint8_t addresses[] = {192, 0, 2, 1, 198, 51, 100, 2};
  for (std::size_t i = 0; i < 8; ++i) bytes[12 + i] = std::byte{addresses[i]};
  return bytes;
}

TEST(IpHeader, IsStrippedAndGivesTheAddresses) {
  const auto stripped = strip_ipv4(datagram(20, 40));
  ASSERT_TRUE(stripped);
  EXPECT_EQ(stripped->from.text(), "192.0.2.1");
  EXPECT_EQ(stripped->to.text(), "198.51.100.2");
  EXPECT_EQ(stripped->offset, 20U);
  EXPECT_EQ(stripped->length, 40U);
}

TEST(IpHeader, OptionsAreSkipped) {
  const auto stripped = strip_ipv4(datagram(60, 12));
  ASSERT_TRUE(stripped);
  EXPECT_EQ(stripped->offset, 60U);
  EXPECT_EQ(stripped->length, 12U);
}

TEST(IpHeader, WhatFollowsTheTotalLengthIsNoPayload) {
  auto bytes = datagram(20, 16);
  bytes.resize(64);  // padding of a short frame
  const auto stripped = strip_ipv4(bytes);
  ASSERT_TRUE(stripped);
  EXPECT_EQ(stripped->length, 16U);
}

TEST(IpHeader, AnEmptyPayloadIsNoError) {
  EXPECT_EQ(strip_ipv4(datagram(20, 0))->length, 0U);
}

TEST(IpHeader, ContradictingLengthsAreRefused) {
  for (std::size_t length = 0; length < 20; ++length) {
    auto bytes = datagram(20, 40);
    bytes.resize(length);
    EXPECT_FALSE(strip_ipv4(bytes)) << length;
  }
  auto bytes = datagram(20, 40);
  bytes[3] = std::byte{61};  // more than there is
  EXPECT_FALSE(strip_ipv4(bytes));
  bytes[3] = std::byte{19};  // less than the header
  EXPECT_FALSE(strip_ipv4(bytes));
  bytes = datagram(20, 4);
  bytes[0] = std::byte{0x4F};  // a header of 60 bytes in 24
  EXPECT_FALSE(strip_ipv4(bytes));
  bytes[0] = std::byte{0x44};  // one of 16
  EXPECT_FALSE(strip_ipv4(bytes));
}

TEST(IpHeader, OtherVersionsProtocolsAndFragmentsAreRefused) {
  auto bytes = datagram(20, 40);
  bytes[0] = std::byte{0x65};
  EXPECT_FALSE(strip_ipv4(bytes));
  bytes = datagram(20, 40);
  bytes[9] = std::byte{17};
  EXPECT_FALSE(strip_ipv4(bytes));
  bytes = datagram(20, 40);
  bytes[6] = std::byte{0x20};  // more fragments
  EXPECT_FALSE(strip_ipv4(bytes));
  bytes = datagram(20, 40);
  bytes[7] = std::byte{1};  // fragment offset
  EXPECT_FALSE(strip_ipv4(bytes));
}

// Whatever comes: nothing beyond the bytes is ever promised.
TEST(IpHeader, NoiseIsEitherRefusedOrWithinBounds) {
  std::minstd_rand random(1);
  for (int round = 0; round < 100'000; ++round) {
    std::vector<std::byte> bytes(random() % 100);
    for (std::byte& one : bytes) one = static_cast<std::byte>(random() >> 8);
    if (bytes.size() > 9 && round % 2 == 0) {  // else hardly one gets past the first check
      bytes[0] = static_cast<std::byte>(0x40 | (random() & 0x0F));
      bytes[2] = bytes[6] = bytes[7] = std::byte{0};
      bytes[9] = std::byte{132};
    }
    if (const auto stripped = strip_ipv4(bytes)) {
      ASSERT_LE(stripped->offset + stripped->length, bytes.size());
      ASSERT_GE(stripped->offset, 20U);
    }
  }
}

}  // namespace
}  // namespace netsctp::link
