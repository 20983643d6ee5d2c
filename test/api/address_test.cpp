// Addresses as values, and names of hosts.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <net/sctp.hpp>

#include <sstream>
#include <string>

namespace {

using namespace net;

TEST(Address, TextIsTheIpAndThePort) {
  const sctp::Address v4("192.0.2.1", 5556);
  EXPECT_EQ(v4.text(), "192.0.2.1:5556");
  EXPECT_EQ(v4.ip(), "192.0.2.1");
  EXPECT_TRUE(v4.is_v4());
  const sctp::Address v6("2001:db8::1", 1);
  EXPECT_EQ(v6.text(), "[2001:db8::1]:1");
  EXPECT_EQ(v6.ip(), "2001:db8::1");
  EXPECT_TRUE(v6.is_v6());
  std::ostringstream out;
  out << v4;
  EXPECT_EQ(out.str(), "192.0.2.1:5556");
  EXPECT_EQ(std::string(std::string_view(v6)), "[2001:db8::1]:1");
}

TEST(Address, NoAddressSaysSo) {
  const sctp::Address none;
  EXPECT_FALSE(none);
  EXPECT_EQ(none.text(), "none");
  sockaddr_storage storage;
  EXPECT_EQ(none.store(storage), 0U);
}

TEST(Address, TextThatIsNoAddressThrowsEinval) {
  for (const char* text : {"", "192.0.2", "192.0.2.256", "localhost", "::g", "1.2.3.4 ", "fe80::1%no-such-interface"}) {
    std::error_code error;
    const sctp::Address address(text, 1, error);
    EXPECT_EQ(error, std::errc::invalid_argument) << text;
    EXPECT_FALSE(address) << text;
    EXPECT_THROW(sctp::Address(text, 1), std::system_error) << text;
  }
}

TEST(Address, LongestTextFits) {
  const sctp::Address address("fe80:1111:2222:3333:4444:5555:6666:7777%4294967295", 65535);
  EXPECT_EQ(address.text(), "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535");
}

TEST(Address, SurvivesTheWayThroughSockaddr) {
  for (const char* text : {"192.0.2.1", "2001:db8::1", "0.0.0.0", "::"}) {
    const sctp::Address address(text, 4711);
    sockaddr_storage storage;
    const socklen_t length = address.store(storage);
    EXPECT_EQ(sctp::Address(reinterpret_cast<const sockaddr*>(&storage), length), address) << text;
  }
}

TEST(Address, MappedIpv4IsIpv4) {
  sockaddr_storage storage;
  const socklen_t length = sctp::Address("::1", 7).store(storage);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  v6->sin6_addr = {};
  v6->sin6_addr.s6_addr[10] = v6->sin6_addr.s6_addr[11] = 0xff;
  v6->sin6_addr.s6_addr[12] = 127;
  v6->sin6_addr.s6_addr[15] = 1;
  EXPECT_EQ(sctp::Address(reinterpret_cast<const sockaddr*>(&storage), length), sctp::Address("127.0.0.1", 7));
}

TEST(Address, ComparesByIpAndPort) {
  const sctp::Address address("192.0.2.1", 1);
  EXPECT_EQ(address, sctp::Address("192.0.2.1", 1));
  EXPECT_NE(address, address.with_port(2));
  EXPECT_NE(address, sctp::Address("192.0.2.2", 1));
  EXPECT_LT(address, address.with_port(2));
}

TEST(Address, AHostNameIsLookedUpAndFailureHasAWord) {
  EXPECT_EQ(sctp::resolve("127.0.0.1", 5).front(), sctp::Address("127.0.0.1", 5));
  std::error_code error;
  EXPECT_TRUE(sctp::resolve("no such host", 5, error).empty());
  EXPECT_EQ(error.category(), sctp::resolver_category());
  EXPECT_THROW((void)sctp::resolve("no such host", 5), std::system_error);
}

}  // namespace
