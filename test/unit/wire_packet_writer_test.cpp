// PacketWriter: every chunk written and read back, and what does not fit refused (RFC 9260 §3).
#include "wire/packet_writer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

#include "unit/wire_test_bytes.hpp"
#include "wire/control.hpp"
#include "wire/data.hpp"
#include "wire/init.hpp"

namespace netsctp::wire {
namespace {

constexpr CommonHeader kHeader{.source_port = 1, .destination_port = 2, .verification_tag = 3};

class WireWriter : public testing::Test {
 protected:
  // Finishes and reads back; the chunks must be all there.
  std::vector<Chunk> read_back(PacketWriter& writer) {
    const auto bytes = writer.finish();
    EXPECT_EQ(bytes.size() % 4, 0U);
    const auto packet = parse_packet(bytes);
    EXPECT_TRUE(packet);
    if (!packet) return {};
    EXPECT_EQ(packet->header.source_port, 1);
    EXPECT_EQ(packet->header.destination_port, 2);
    EXPECT_EQ(packet->header.verification_tag, 3U);
    std::vector<Chunk> chunks;
    ChunkReader reader = packet->reader();
    while (const auto chunk = reader.next()) chunks.push_back(*chunk);
    EXPECT_FALSE(reader.malformed());
    return chunks;
  }
  Bytes text(std::size_t length) const { return Bytes(letters_).first(length); }

  ByteVector buffer_ = ByteVector(1452, std::byte{0xee});
  ByteVector letters_ = ByteVector(70'000, std::byte{'x'});
};

TEST_F(WireWriter, APacketStartsEmpty) {
  PacketWriter writer(buffer_, kHeader);
  EXPECT_TRUE(writer.empty());
  EXPECT_EQ(writer.size(), 12U);
  EXPECT_EQ(writer.room(), 1440U);
  EXPECT_TRUE(read_back(writer).empty());
}

TEST_F(WireWriter, DataOfAnyLengthComesBack) {  // §3.3.1; padding is zero (§3.2)
  for (std::size_t length = 0; length < 10; ++length) {
    PacketWriter writer(buffer_, kHeader);
    ASSERT_TRUE(
        writer.data(0xfffffffe, 65535, 65534, 0x01020304, kDataFlagBeginning | kDataFlagUnordered, text(length)));
    const std::size_t size = writer.size();
    EXPECT_EQ(size, 12 + 16 + padded(length));
    const auto chunks = read_back(writer);
    ASSERT_EQ(chunks.size(), 1U);
    const auto data = parse_data(chunks[0]);
    ASSERT_TRUE(data);
    EXPECT_EQ(data->tsn, 0xfffffffeU);
    EXPECT_EQ(data->stream, 65535);
    EXPECT_EQ(data->ssn, 65534);
    EXPECT_EQ(data->ppid, 0x01020304U);
    EXPECT_EQ(data->flags, kDataFlagBeginning | kDataFlagUnordered);
    EXPECT_EQ(vector_of(data->payload), vector_of(text(length)));
    for (std::size_t i = 28 + length; i < size; ++i) EXPECT_EQ(buffer_[i], std::byte{0});
  }
}

TEST_F(WireWriter, ChunksAreBundledInOrder) {  // §6.10
  PacketWriter writer(buffer_, kHeader);
  ASSERT_TRUE(writer.chunk(ChunkType::kCookieEcho, 0, text(5)));
  ASSERT_TRUE(writer.sack(1, 2, {}, {}));
  ASSERT_TRUE(writer.data(1, 2, 3, 4, 3, text(3)));
  ASSERT_TRUE(writer.shutdown(77));
  ASSERT_TRUE(writer.chunk(ChunkType::kShutdownComplete, kFlagTagReflected));
  EXPECT_FALSE(writer.empty());
  const auto chunks = read_back(writer);
  ASSERT_EQ(chunks.size(), 5U);
  EXPECT_EQ(chunks[0].kind(), ChunkType::kCookieEcho);
  EXPECT_EQ(chunks[0].value().size(), 5U);
  EXPECT_EQ(chunks[1].kind(), ChunkType::kSack);
  EXPECT_EQ(chunks[2].kind(), ChunkType::kData);
  EXPECT_EQ(parse_shutdown(chunks[3]), 77U);
  EXPECT_TRUE(tag_reflected(chunks[4]));
}

TEST_F(WireWriter, ASackComesBack) {  // §3.3.4
  const std::vector<GapBlock> gaps{{2, 3}, {5, 5}, {65535, 65535}};
  const std::vector<std::uint32_t> duplicates{11, 0xffffffff};
  PacketWriter writer(buffer_, kHeader);
  ASSERT_TRUE(writer.sack(12, 4660, gaps, duplicates));
  const auto chunks = read_back(writer);
  ASSERT_EQ(chunks.size(), 1U);
  const auto sack = parse_sack(chunks[0]);
  ASSERT_TRUE(sack);
  EXPECT_EQ(sack->cumulative_tsn_ack, 12U);
  EXPECT_EQ(sack->a_rwnd, 4660U);
  ASSERT_EQ(sack->gap_blocks, 3);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(sack->gap_block(i), gaps[i]);
  ASSERT_EQ(sack->duplicates, 2);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(sack->duplicate_tsn(i), duplicates[i]);
}

TEST_F(WireWriter, ASackTakesTheLowestGapBlocksThatFitThenDuplicates) {  // §6.7
  std::vector<GapBlock> gaps;
  std::vector<std::uint32_t> duplicates;
  for (std::uint16_t i = 0; i < 10; ++i) {
    gaps.push_back({static_cast<std::uint16_t>(2 * i + 2), static_cast<std::uint16_t>(2 * i + 2)});
    duplicates.push_back(100U + i);
  }
  for (std::size_t room = 0; room < 120; ++room) {
    PacketWriter writer(std::span<std::byte>(buffer_).first(12 + room), kHeader);
    const bool written = writer.sack(1, 2, gaps, duplicates);
    ASSERT_EQ(written, room >= 16) << room;
    if (!written) {
      EXPECT_TRUE(writer.empty());
      continue;
    }
    const auto chunks = read_back(writer);
    const auto sack = parse_sack(chunks.at(0));
    ASSERT_TRUE(sack);
    const std::size_t fit = (room - 16) / 4;
    EXPECT_EQ(sack->gap_blocks, std::min<std::size_t>(fit, 10));
    EXPECT_EQ(sack->duplicates, std::min<std::size_t>(fit - sack->gap_blocks, 10));
    for (std::size_t i = 0; i < sack->gap_blocks; ++i) EXPECT_EQ(sack->gap_block(i), gaps[i]);
    for (std::size_t i = 0; i < sack->duplicates; ++i) EXPECT_EQ(sack->duplicate_tsn(i), duplicates[i]);
  }
}

TEST_F(WireWriter, ASackNeverOutgrowsItsLengthField) {
  ByteVector large(200'000);
  const std::vector<GapBlock> gaps(20'000);
  PacketWriter writer(large, kHeader);
  ASSERT_TRUE(writer.sack(1, 2, gaps, {}));
  const auto chunks = read_back(writer);
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(parse_sack(chunks[0])->gap_blocks, (65535 - 16) / 4);
}

TEST_F(WireWriter, AnInitWithParametersComesBack) {  // §3.3.2
  const auto v4 = IpAddress::parse("192.0.2.1"), v6 = IpAddress::parse("2001:db8::1");
  PacketWriter writer(buffer_, kHeader);
  ASSERT_TRUE(writer.open_init(ChunkType::kInitAck, 0xdeadbeef, 100'000, 10, 20, 0xffffffff));
  ASSERT_TRUE(writer.address(*v4));
  ASSERT_TRUE(writer.address(*v6));
  ASSERT_TRUE(writer.parameter(ParameterType::kEcnCapable));
  ASSERT_TRUE(writer.parameter(0xc00a, text(3)));
  ASSERT_TRUE(writer.parameter(ParameterType::kStateCookie, text(101)));
  writer.close();
  const auto chunks = read_back(writer);
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0].kind(), ChunkType::kInitAck);
  // §3.2: the padding of the parameter of 3 bytes is counted, that of the last one is not.
  EXPECT_EQ(chunks[0].whole.size(), 20U + 8 + 20 + 4 + 8 + 4 + 101);
  const auto init = parse_init(chunks[0]);
  ASSERT_TRUE(init);
  EXPECT_EQ(init->initiate_tag, 0xdeadbeefU);
  EXPECT_EQ(init->a_rwnd, 100'000U);
  EXPECT_EQ(init->outbound_streams, 10);
  EXPECT_EQ(init->inbound_streams, 20);
  EXPECT_EQ(init->initial_tsn, 0xffffffffU);
  ParameterReader reader = init->reader();
  EXPECT_EQ(parse_address(*reader.next()), v4);
  EXPECT_EQ(parse_address(*reader.next()), v6);
  EXPECT_EQ(reader.next()->kind(), ParameterType::kEcnCapable);
  EXPECT_EQ(reader.next()->value().size(), 3U);
  EXPECT_EQ(reader.next()->value().size(), 101U);
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.malformed());
}

TEST_F(WireWriter, AnAbortWithCausesComesBack) {  // §3.3.7, §3.3.10
  PacketWriter writer(buffer_, kHeader);
  ASSERT_TRUE(writer.open(ChunkType::kAbort, kFlagTagReflected));
  ASSERT_TRUE(writer.cause(CauseCode::kUserInitiatedAbort, text(6)));
  ASSERT_TRUE(writer.cause(CauseCode::kOutOfResource));
  writer.close();
  ASSERT_TRUE(writer.open(ChunkType::kHeartbeat, 0));
  ASSERT_TRUE(writer.parameter(ParameterType::kHeartbeatInfo, text(40)));
  writer.close();
  const auto chunks = read_back(writer);
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_TRUE(tag_reflected(chunks[0]));
  EXPECT_EQ(find_cause(chunks[0], CauseCode::kUserInitiatedAbort)->value().size(), 6U);
  EXPECT_TRUE(find_cause(chunks[0], CauseCode::kOutOfResource));
  EXPECT_EQ(parse_heartbeat_info(chunks[1])->value().size(), 40U);
}

TEST_F(WireWriter, AnOpenedChunkCanBeTakenBack) {
  PacketWriter writer(buffer_, kHeader);
  ASSERT_TRUE(writer.shutdown(1));
  const std::size_t size = writer.size();
  ASSERT_TRUE(writer.open(ChunkType::kError, 0));
  ASSERT_TRUE(writer.cause(CauseCode::kNoUserData, text(4)));
  writer.cancel();
  EXPECT_EQ(writer.size(), size);
  ASSERT_TRUE(writer.chunk(ChunkType::kCookieAck, 0));
  EXPECT_EQ(read_back(writer).size(), 2U);
}

// Each kind of addition, with every room from none to enough: it fits or it leaves the packet as it was.
TEST_F(WireWriter, WhatDoesNotFitIsRefusedAndLeavesNoTrace) {
  const auto fits_exactly_from = [&](std::size_t needed, auto add) {
    for (std::size_t room = 0; room <= needed + 8; ++room) {
      std::vector<std::byte> exact(12 + room);
      PacketWriter writer(exact, kHeader);
      const bool written = add(writer);
      EXPECT_EQ(written, room >= needed) << room << " of " << needed;
      EXPECT_EQ(writer.size(), written ? 12 + needed : 12) << room << " of " << needed;
      if (!written) {
        EXPECT_TRUE(read_back(writer).empty());
      }
    }
  };
  fits_exactly_from(4, [&](PacketWriter& writer) { return writer.chunk(ChunkType::kCookieAck, 0); });
  fits_exactly_from(12, [&](PacketWriter& writer) { return writer.chunk(ChunkType::kCookieEcho, 0, text(5)); });
  fits_exactly_from(20, [&](PacketWriter& writer) { return writer.data(1, 2, 3, 4, 3, text(1)); });
  fits_exactly_from(16, [&](PacketWriter& writer) { return writer.sack(1, 2, {}, {}); });
  fits_exactly_from(8, [&](PacketWriter& writer) { return writer.shutdown(1); });
  fits_exactly_from(4,
                    [&](PacketWriter& writer) { return writer.open(ChunkType::kError, 0) && (writer.close(), true); });
  fits_exactly_from(20, [&](PacketWriter& writer) {
    return writer.open_init(ChunkType::kInit, 1, 2, 3, 4, 5) && (writer.close(), true);
  });
}

TEST_F(WireWriter, AParameterThatDoesNotFitLeavesTheChunkAsItWas) {
  for (std::size_t room = 4; room <= 40; ++room) {
    std::vector<std::byte> exact(12 + room);
    PacketWriter writer(exact, kHeader);
    ASSERT_TRUE(writer.open(ChunkType::kError, 0));
    std::size_t written = 0;
    while (writer.cause(CauseCode::kUserInitiatedAbort, text(1))) ++written;
    EXPECT_EQ(written, (room - 4) / 8);
    const bool address = writer.address(*IpAddress::parse("192.0.2.1"));
    EXPECT_FALSE(address);
    writer.close();
    const auto chunks = read_back(writer);
    ASSERT_EQ(chunks.size(), 1U);
    EXPECT_EQ(chunks[0].whole.size(), written == 0 ? 4 : 4 + 8 * (written - 1) + 5);
  }
}

TEST_F(WireWriter, LengthsBeyondSixteenBitsAreRefused) {
  ByteVector large(200'000);
  PacketWriter writer(large, kHeader);
  EXPECT_FALSE(writer.chunk(ChunkType::kCookieEcho, 0, text(65'532)));
  EXPECT_FALSE(writer.data(1, 2, 3, 4, 3, text(65'520)));
  EXPECT_TRUE(writer.empty());
  EXPECT_TRUE(writer.chunk(ChunkType::kCookieEcho, 0, text(65'531)));
  ASSERT_TRUE(writer.open(ChunkType::kError, 0));
  EXPECT_FALSE(writer.parameter(1, text(65'532)));
  EXPECT_FALSE(writer.parameter(1, text(65'528)));
  EXPECT_TRUE(writer.parameter(1, text(65'500)));
  EXPECT_FALSE(writer.parameter(1, text(24))) << "the chunk would outgrow its Length";
  EXPECT_TRUE(writer.parameter(1, text(23)));
  writer.close();
  const auto chunks = read_back(writer);
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(chunks[1].whole.size(), 65'535U);
}

TEST_F(WireWriter, TheBufferIsUsedInMultiplesOfFour) {
  for (std::size_t size = 12; size < 24; ++size) {
    PacketWriter writer(std::span<std::byte>(buffer_).first(size), kHeader);
    EXPECT_EQ(writer.room(), (size & ~std::size_t{3}) - 12);
  }
}

}  // namespace
}  // namespace netsctp::wire
