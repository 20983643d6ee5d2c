// Common header and chunk walking (RFC 9260 §3.1, §3.2, §6.8, §6.10), and what unknown types ask for.
#include "wire/packet.hpp"

#include <gtest/gtest.h>

#include "unit/wire_test_bytes.hpp"
#include "wire/crc32c.hpp"

namespace netsctp::wire {
namespace {

TEST(WirePacket, TheCommonHeaderIsReadInNetworkOrder) {  // RFC 9260 §3.1
  ByteVector bytes = bytes_of({0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0, 0, 0, 0, 11, 0, 0, 4});
  store_crc32c(bytes);
  const auto packet = parse_packet(bytes);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->header.source_port, 0x1234);
  EXPECT_EQ(packet->header.destination_port, 0x5678);
  EXPECT_EQ(packet->header.verification_tag, 0x9abcdef0U);
  EXPECT_EQ(packet->chunks.size(), 4U);
}

TEST(WirePacket, ShortAndCorruptPacketsAreToldApart) {
  ByteVector bytes(16);
  PacketError error{};
  store_crc32c(bytes);
  for (std::size_t size = 0; size < 12; ++size) {
    const Exact part(Bytes(bytes).first(size));
    EXPECT_FALSE(parse_packet(part.view(), &error));
    EXPECT_EQ(error, PacketError::kTooShort);
    EXPECT_FALSE(parse_packet_unchecked(part.view()));
  }
  EXPECT_TRUE(parse_packet(bytes, &error));
  bytes[12] = std::byte{1};
  EXPECT_FALSE(parse_packet(bytes, &error));  // RFC 9260 §6.8
  EXPECT_EQ(error, PacketError::kBadChecksum);
  EXPECT_FALSE(parse_packet(bytes));
  EXPECT_TRUE(parse_packet_unchecked(bytes));
}

TEST(WirePacket, AHeaderWithoutChunksParses) {
  ByteVector bytes(12);
  store_crc32c(bytes);
  const auto packet = parse_packet(bytes);
  ASSERT_TRUE(packet);
  ChunkReader reader = packet->reader();
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.malformed());
}

TEST(WireChunks, ComeInOrderWithoutTheirPadding) {  // RFC 9260 §3.2, §6.10
  const Exact bytes(bytes_of({10, 1, 0, 5, 0xaa, 0xff, 0xff, 0xff, 11, 0, 0, 4, 0xfe, 0x80, 0, 8, 1, 2, 3, 4}));
  ChunkReader reader(bytes.view());
  auto chunk = reader.next();
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->kind(), ChunkType::kCookieEcho);
  EXPECT_EQ(chunk->flags, 1);
  EXPECT_EQ(vector_of(chunk->value()), bytes_of({0xaa}));
  chunk = reader.next();
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->kind(), ChunkType::kCookieAck);
  EXPECT_TRUE(chunk->value().empty());
  chunk = reader.next();
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->type, 0xfe);
  EXPECT_EQ(chunk->flags, 0x80);
  EXPECT_EQ(chunk->value().size(), 4U);
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.malformed());
}

TEST(WireChunks, TheLastOneMayComeWithoutItsPadding) {
  for (unsigned padding = 0; padding <= 3; ++padding) {
    ByteVector bytes = bytes_of({10, 0, 0, 5, 0xaa});
    bytes.resize(5 + padding);
    const Exact exact(bytes);
    ChunkReader reader(exact.view());
    const auto chunk = reader.next();
    ASSERT_TRUE(chunk);
    EXPECT_EQ(chunk->whole.size(), 5U);
    EXPECT_FALSE(reader.next());
    EXPECT_FALSE(reader.malformed());
  }
}

TEST(WireChunks, APartialChunkIsDroppedAndEndsThePacket) {  // RFC 9260 §6.10
  const ByteVector whole = bytes_of({11, 0, 0, 4, 10, 0, 0, 12, 1, 2, 3, 4, 5, 6, 7, 8});
  for (std::size_t size = 5; size < whole.size(); ++size) {
    const Exact exact(Bytes(whole).first(size));
    ChunkReader reader(exact.view());
    EXPECT_TRUE(reader.next());
    EXPECT_FALSE(reader.malformed());
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.malformed());
    EXPECT_FALSE(reader.next()) << "it stays that way";
  }
}

TEST(WireChunks, ALengthBelowFourEndsThePacket) {
  for (unsigned length = 0; length < 4; ++length) {
    const Exact exact(bytes_of({11, 0, 0, length, 11, 0, 0, 4}));
    ChunkReader reader(exact.view());
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.malformed());
  }
}

TEST(WireUnknown, TheTwoHighBitsOfAChunkTypeSayWhatToDo) {  // RFC 9260 §3.2 table 2
  for (unsigned type = 0; type < 256; ++type) {
    const UnknownAction action = action_for_unknown_chunk(static_cast<std::uint8_t>(type));
    EXPECT_EQ(action.stop, type < 128) << type;
    EXPECT_EQ(action.report, (type / 64) % 2 == 1) << type;
  }
}

TEST(WireUnknown, TheTwoHighBitsOfAParameterTypeSayWhatToDo) {  // RFC 9260 §3.2.1 table 3
  for (unsigned type = 0; type < 65536; ++type) {
    const UnknownAction action = action_for_unknown_parameter(static_cast<std::uint16_t>(type));
    ASSERT_EQ(action.stop, type < 0x8000) << type;
    ASSERT_EQ(action.report, (type / 0x4000) % 2 == 1) << type;
  }
}

}  // namespace
}  // namespace netsctp::wire
