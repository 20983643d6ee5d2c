// IpAddress and Address: text, parsing, classification.
#include "base/address.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "base/bytes.hpp"

namespace netsctp {
namespace {

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

TEST(IpAddress, TextAndParsingAreInverse) {
  for (const char* text : {"192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1%2",
                           "ff02::1%4294967295", "2001:db8:1:2:3:4:5:6"}) {
    EXPECT_EQ(ip(text).text(), text);
  }
}

TEST(IpAddress, RefusesWhatIsNotAnAddress) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      "localhost"sv,
                                      "192.0.2"sv,
                                      "192.0.2.1.5"sv,
                                      "192.0.2.256"sv,
                                      " 192.0.2.1"sv,
                                      "192.0.2.1 "sv,
                                      ":"sv,
                                      ":::"sv,
                                      "2001:db8::1%1"sv,
                                      "192.0.2.1%1"sv,
                                      "fe80::1%"sv,
                                      "fe80::1%eth0"sv,
                                      "fe80::1%0"sv,
                                      "fe80::1%-1"sv,
                                      "fe80::1%4294967296"sv,
                                      "fe80::1%1%2"sv,
                                      "%1"sv,
                                      "[::1]"sv,
                                      "192.0.2.1\0"sv,
                                      "::1\0x"sv,
                                      "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd"sv}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

TEST(IpAddress, AMappedIpv4AddressIsHeldAsIpv4) {
  EXPECT_EQ(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
  EXPECT_TRUE(ip("::ffff:192.0.2.1").is_v4());
  EXPECT_TRUE(ip("::fffe:192.0.2.1").is_v6());
}

TEST(IpAddress, IsMadeFromNumbersAndBytes) {
  EXPECT_EQ(IpAddress::v4(0xc0000201).text(), "192.0.2.1");
  EXPECT_EQ(IpAddress::v4(ip("192.0.2.7").bytes.data()), ip("192.0.2.7"));
  EXPECT_EQ(IpAddress::v6(ip("fe80::1").bytes.data(), 3).text(), "fe80::1%3");
  EXPECT_EQ(IpAddress::v6(ip("2001:db8::1").bytes.data(), 3).text(), "2001:db8::1") << "a global address has no scope";
  EXPECT_EQ(IpAddress::any(Family::kIpv4), ip("0.0.0.0"));
  EXPECT_EQ(IpAddress::any(Family::kIpv6), ip("::"));
  EXPECT_EQ(IpAddress().text(), "none");
  EXPECT_EQ(IpAddress().size(), 0U);
}

TEST(IpAddress, KnowsItsKind) {
  EXPECT_TRUE(ip("0.0.0.0").is_any());
  EXPECT_TRUE(ip("::").is_any());
  EXPECT_FALSE(ip("::1").is_any());
  EXPECT_FALSE(IpAddress().is_any());
  EXPECT_TRUE(ip("127.255.0.1").is_loopback());
  EXPECT_TRUE(ip("::1").is_loopback());
  EXPECT_FALSE(ip("128.0.0.1").is_loopback());
  EXPECT_FALSE(ip("1::1").is_loopback());
  EXPECT_TRUE(ip("224.0.0.1").is_multicast());
  EXPECT_TRUE(ip("239.255.255.255").is_multicast());
  EXPECT_TRUE(ip("ff02::1").is_multicast());
  EXPECT_FALSE(ip("240.0.0.1").is_multicast());
  EXPECT_TRUE(ip("255.255.255.255").is_broadcast());
  EXPECT_FALSE(ip("ffff:ffff::").is_broadcast());
  EXPECT_TRUE(ip("169.254.1.1").is_link_local());
  EXPECT_TRUE(ip("febf::1").is_link_local());
  EXPECT_FALSE(ip("fec0::1").is_link_local());
  for (const char* text : {"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "fc00::1", "fdff::1"}) {
    EXPECT_TRUE(ip(text).is_private()) << text;
  }
  for (const char* text : {"11.0.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1", "fe00::1", "2001:db8::1"}) {
    EXPECT_FALSE(ip(text).is_private()) << text;
  }
  EXPECT_TRUE(ip("192.0.2.1").is_unicast());
  EXPECT_FALSE(ip("255.255.255.255").is_unicast());
  EXPECT_FALSE(ip("ff02::1").is_unicast());
  EXPECT_FALSE(ip("::").is_unicast());
  EXPECT_FALSE(IpAddress().is_unicast());
}

TEST(Address, PutsIpv6InBrackets) {
  EXPECT_EQ((Address{ip("192.0.2.1"), 9899}).text(), "192.0.2.1:9899");
  EXPECT_EQ((Address{ip("::1"), 9899}).text(), "[::1]:9899");
  EXPECT_EQ((Address{ip("fe80::1%2"), 1}).text(), "[fe80::1%2]:1");
}

TEST(Bytes, LoadsAndStoresAreBigEndianAtAnyAlignment) {
  std::array<std::byte, 16> bytes{};
  store_big(bytes.data() + 1, std::uint64_t{0x0102030405060708});
  for (std::size_t i = 1; i <= 8; ++i) EXPECT_EQ(std::to_integer<std::size_t>(bytes[i]), i);
  EXPECT_EQ(load_big<std::uint16_t>(bytes.data() + 3), 0x0304);
  EXPECT_EQ(load_big<std::uint32_t>(bytes.data() + 3), 0x03040506U);
  EXPECT_EQ(load_big<std::uint8_t>(bytes.data() + 8), 8);
}

}  // namespace
}  // namespace netsctp
