// Parameter walking (RFC 9260 §3.2.1) and address parameters (§3.3.2.1.1, §3.3.2.1.2).
#include "wire/parameter.hpp"

#include <gtest/gtest.h>

#include "unit/wire_test_bytes.hpp"

namespace netsctp::wire {
namespace {

std::optional<Parameter> first(Bytes bytes) {
  return ParameterReader(bytes).next();
}

TEST(WireParameters, ComeInOrderWithoutTheirPadding) {
  const Exact bytes(bytes_of({0, 7, 0, 6, 1, 2, 0xff, 0xff, 0x80, 0, 0, 4, 0, 9, 0, 8, 0, 0, 0, 1}));
  ParameterReader reader(bytes.view());
  auto parameter = reader.next();
  ASSERT_TRUE(parameter);
  EXPECT_EQ(parameter->kind(), ParameterType::kStateCookie);
  EXPECT_EQ(vector_of(parameter->value()), bytes_of({1, 2}));
  parameter = reader.next();
  ASSERT_TRUE(parameter);
  EXPECT_EQ(parameter->kind(), ParameterType::kEcnCapable);
  EXPECT_TRUE(parameter->value().empty());
  parameter = reader.next();
  ASSERT_TRUE(parameter);
  EXPECT_EQ(parameter->whole.size(), 8U);
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.malformed());
}

// RFC 9260 §3.2: Chunk Length leaves out the padding of the last parameter, but one that counts it is accepted.
TEST(WireParameters, TheLastOneMayComeWithOrWithoutItsPadding) {
  for (const auto& bytes : {bytes_of({0, 7, 0, 5, 1}), bytes_of({0, 7, 0, 5, 1, 0, 0, 0})}) {
    const Exact exact(bytes);
    ParameterReader reader(exact.view());
    const auto parameter = reader.next();
    ASSERT_TRUE(parameter);
    EXPECT_EQ(parameter->value().size(), 1U);
    EXPECT_FALSE(reader.next());
    EXPECT_FALSE(reader.malformed());
  }
}

TEST(WireParameters, LengthsBelowFourOrBeyondTheEndStopTheWalk) {
  for (unsigned length : {0U, 1U, 2U, 3U, 9U, 255U}) {
    const Exact exact(bytes_of({0, 7, 0, length, 0, 7, 0, 4}));
    ParameterReader reader(exact.view());
    EXPECT_FALSE(reader.next()) << length;
    EXPECT_TRUE(reader.malformed()) << length;
    EXPECT_FALSE(reader.next()) << "it stays that way";
  }
}

TEST(WireParameters, AreSafeCutAtEveryByte) {
  const ByteVector whole = bytes_of({0, 5, 0, 8, 192, 0, 2, 1, 0, 12, 0, 6, 0, 5, 0, 0, 0, 7, 0, 7, 1, 2, 3});
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const Exact exact(Bytes(whole).first(size));
    ParameterReader reader(exact.view());
    std::size_t count = 0;
    while (reader.next()) ++count;
    EXPECT_EQ(count, (size >= 8) + (size >= 14) + (size >= 23)) << size;
    // Whole parameters, the second with any part of its two bytes of padding.
    const bool clean = size == 0 || size == 8 || (size >= 14 && size <= 16) || size == 23;
    EXPECT_EQ(reader.malformed(), !clean) << size;
  }
}

TEST(WireAddressParameter, GivesIpv4AndIpv6Addresses) {
  const ByteVector v4 = bytes_of({0, 5, 0, 8, 192, 0, 2, 1});
  EXPECT_EQ(parse_address(*first(v4)), IpAddress::parse("192.0.2.1"));
  const ByteVector v6 = bytes_of({0, 6, 0, 20, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  EXPECT_EQ(parse_address(*first(v6)), IpAddress::parse("2001:db8::1"));
  const ByteVector mapped = bytes_of({0, 6, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1});
  EXPECT_EQ(parse_address(*first(mapped)), IpAddress::parse("192.0.2.1"));
}

TEST(WireAddressParameter, RefusesOtherLengthsAndTypes) {
  for (unsigned type : {5U, 6U, 11U}) {
    for (unsigned length = 4; length <= 24; ++length) {
      ByteVector bytes = bytes_of({0, type, 0, length});
      bytes.resize(length, std::byte{1});
      const Exact exact(bytes);
      const bool right = (type == 5 && length == 8) || (type == 6 && length == 20);
      EXPECT_EQ(parse_address(*first(exact.view())).has_value(), right) << type << ' ' << length;
    }
  }
}

}  // namespace
}  // namespace netsctp::wire
