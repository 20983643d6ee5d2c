// CRC32c (RFC 9260 §6.8 and appendix A; vectors from RFC 3720 appendix B.4) and the treatment of the checksum field.
#include "wire/crc32c.hpp"

#include <gtest/gtest.h>

#include <random>

#include "unit/wire_test_bytes.hpp"

namespace netsctp::wire {
namespace {

// Bit by bit, straight from the definition: reflected polynomial 0x1EDC6F41.
std::uint32_t slow_crc32c(Bytes bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0);
  }
  return ~crc;
}

TEST(Crc32c, TheReferenceOfTheseTestsMatchesTheVectorsOfRfc3720) {
  ByteVector zeros(32), ones(32, std::byte{0xff}), rising, falling;
  for (unsigned i = 0; i < 32; ++i) {
    rising.push_back(static_cast<std::byte>(i));
    falling.push_back(static_cast<std::byte>(31 - i));
  }
  EXPECT_EQ(slow_crc32c(zeros), 0x8a9136aaU);
  EXPECT_EQ(slow_crc32c(ones), 0x62a8ab43U);
  EXPECT_EQ(slow_crc32c(rising), 0x46dd794eU);
  EXPECT_EQ(slow_crc32c(falling), 0x113fdb5cU);
}

TEST(Crc32c, ThirtyTwoZeroBytesAreStoredAsAA36918A) {  // RFC 9260 appendix A: least significant byte first
  ByteVector packet(32);
  EXPECT_EQ(crc32c(packet), 0x8a9136aaU);
  store_crc32c(packet);
  EXPECT_EQ(vector_of(Bytes(packet).subspan(8, 4)), bytes_of({0xaa, 0x36, 0x91, 0x8a}));
  EXPECT_TRUE(verify_crc32c(packet));
}

TEST(Crc32c, AgreesWithTheDefinitionForEveryLength) {
  std::mt19937 random(7);
  ByteVector bytes;
  for (std::size_t i = 0; i < 12; ++i) bytes.push_back(static_cast<std::byte>(random()));
  for (; bytes.size() < 1600; bytes.push_back(static_cast<std::byte>(random()))) {
    const Exact packet(bytes);
    ByteVector zeroed = bytes;
    for (std::size_t i = 8; i < 12; ++i) zeroed.at(i) = std::byte{0};
    ASSERT_EQ(crc32c(packet.view()), slow_crc32c(zeroed)) << bytes.size();
  }
}

TEST(Crc32c, TheChecksumFieldItselfCountsAsZero) {  // RFC 9260 §6.8 step 2
  ByteVector packet(40, std::byte{0x17});
  const std::uint32_t crc = crc32c(packet);
  packet[9] = std::byte{0x99};
  EXPECT_EQ(crc32c(packet), crc);
}

TEST(Crc32c, AnyChangedBitIsNoticed) {
  ByteVector packet(64, std::byte{0x3c});
  store_crc32c(packet);
  ASSERT_TRUE(verify_crc32c(packet));
  for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
    packet[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_FALSE(verify_crc32c(packet)) << bit;
    packet[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
  }
}

TEST(Crc32c, LessThanACommonHeaderIsNeverRight) {
  for (std::size_t size = 0; size < 12; ++size) EXPECT_FALSE(verify_crc32c(ByteVector(size)));
}

}  // namespace
}  // namespace netsctp::wire
