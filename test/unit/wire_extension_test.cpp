// Chunks of extensions: FORWARD TSN written and read, and every length that cannot be (RFC 3758 §3.2).
#include "wire/extension.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "unit/wire_test_bytes.hpp"
#include "wire/packet_writer.hpp"

namespace netsctp::wire {
namespace {

Chunk forward_tsn(Bytes whole) {
  return {static_cast<std::uint8_t>(ChunkType::kForwardTsn), 0, whole};
}

TEST(WireForwardTsn, IsWrittenByteByByteAsRfc3758Section3_2HasIt) {
  ByteVector buffer(100);
  PacketWriter writer(buffer, {1, 2, 3});
  ASSERT_TRUE(writer.forward_tsn(0x01020304, std::vector<StreamSkip>{{5, 6}, {0xFFFF, 0xFFFE}}));
  const Bytes packet = writer.finish();
  EXPECT_EQ(vector_of(packet.subspan(kCommonHeaderSize)),
            bytes_of({192, 0, 0, 16, 1, 2, 3, 4, 0, 5, 0, 6, 0xFF, 0xFF, 0xFF, 0xFE}));
}

TEST(WireForwardTsn, IsReadAsItWasWritten) {
  for (std::size_t count = 0; count < 20; ++count) {
    std::vector<StreamSkip> skips;
    for (std::size_t i = 0; i < count; ++i) {
      skips.push_back({static_cast<std::uint16_t>(i * 3000), static_cast<std::uint16_t>(65535 - i)});
    }
    ByteVector buffer(1000);
    PacketWriter writer(buffer, {1, 2, 3});
    ASSERT_TRUE(writer.forward_tsn(0xFFFFFFFF, skips));
    const auto packet = parse_packet(writer.finish());
    ASSERT_TRUE(packet);
    ChunkReader reader = packet->reader();
    const auto chunk = reader.next();
    ASSERT_TRUE(chunk);
    const auto parsed = parse_forward_tsn(*chunk);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->new_cumulative_tsn, 0xFFFFFFFF);
    ASSERT_EQ(parsed->skips(), count);
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(parsed->skip(i), skips[i]);
  }
}

TEST(WireForwardTsn, IsNotWrittenInPart) {
  const std::vector<StreamSkip> skips(3);
  for (std::size_t room = 0; room <= kForwardTsnHeaderSize + 12; ++room) {
    ByteVector buffer(kCommonHeaderSize + room);
    PacketWriter writer(buffer, {1, 2, 3});
    EXPECT_EQ(writer.forward_tsn(1, skips), room == kForwardTsnHeaderSize + 12);
    EXPECT_EQ(writer.empty(), room < kForwardTsnHeaderSize + 12);
  }
}

TEST(WireForwardTsn, OfALengthThatCannotBeIsRefused) {
  const ByteVector bytes(64, std::byte{192});
  for (std::size_t length = kChunkHeaderSize; length <= bytes.size(); ++length) {
    const Exact exact(Bytes(bytes).first(length));
    const auto parsed = parse_forward_tsn(forward_tsn(exact.view()));
    EXPECT_EQ(parsed.has_value(), length >= 8 && length % 4 == 0) << length;
    if (parsed) {
      EXPECT_EQ(parsed->skips(), (length - 8) / 4);
    }
  }
}

}  // namespace
}  // namespace netsctp::wire
