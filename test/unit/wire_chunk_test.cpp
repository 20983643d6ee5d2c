// Each chunk type from bytes laid out as RFC 9260 §3.3 draws them, and cut at every byte.
#include <gtest/gtest.h>

#include <cstring>

#include "unit/wire_test_bytes.hpp"
#include "wire/control.hpp"
#include "wire/data.hpp"
#include "wire/init.hpp"
#include "wire/sack.hpp"

namespace netsctp::wire {
namespace {

// A chunk of exactly these bytes; its Length field says so too.
class OneChunk {
 public:
  explicit OneChunk(Bytes bytes) : bytes_(bytes) {}
  [[nodiscard]] Chunk get() const {
    return {.type = std::to_integer<std::uint8_t>(bytes_.view()[0]),
            .flags = std::to_integer<std::uint8_t>(bytes_.view()[1]),
            .whole = bytes_.view()};
  }

 private:
  Exact bytes_;
};

TEST(WireData, IsReadAsDrawn) {  // RFC 9260 §3.3.1
  const OneChunk chunk(bytes_of({0, 0x0f, 0, 19, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 'a', 'b', 'c'}));
  const auto data = parse_data(chunk.get());
  ASSERT_TRUE(data);
  EXPECT_EQ(data->tsn, 0x01020304U);
  EXPECT_EQ(data->stream, 0x0506);
  EXPECT_EQ(data->ssn, 0x0708);
  EXPECT_EQ(std::memcmp(&data->ppid, "\x09\x0a\x0b\x0c", 4), 0) << "the payload protocol identifier keeps its bytes";
  EXPECT_TRUE(data->is_beginning() && data->is_end() && data->is_unordered() && data->is_immediate());
  EXPECT_EQ(vector_of(data->payload), bytes_of({'a', 'b', 'c'}));
}

TEST(WireData, FlagsAreTheLowFourBits) {
  for (unsigned flags = 0; flags < 256; ++flags) {
    ByteVector bytes(17);
    bytes[1] = static_cast<std::byte>(flags);
    const OneChunk chunk(bytes);
    const auto data = parse_data(chunk.get());
    ASSERT_TRUE(data);
    EXPECT_EQ(data->is_end(), (flags & 1) != 0);
    EXPECT_EQ(data->is_beginning(), (flags & 2) != 0);
    EXPECT_EQ(data->is_unordered(), (flags & 4) != 0);
    EXPECT_EQ(data->is_immediate(), (flags & 8) != 0);
  }
}

TEST(WireData, CutAtEveryByteNeedsItsHeader) {
  for (std::size_t size = 4; size <= 20; ++size) {
    const OneChunk chunk{ByteVector(size)};
    const auto data = parse_data(chunk.get());
    EXPECT_EQ(data.has_value(), size >= 16) << size;
    if (data) {
      EXPECT_EQ(data->payload.size(), size - 16);
    }
  }
}

TEST(WireInit, IsReadAsDrawn) {  // RFC 9260 §3.3.2
  const OneChunk chunk(bytes_of({1, 0,  0,    28,   0xde, 0xad, 0xbe, 0xef, 0, 1, 0x86, 0xa0, 0, 10,
                                 0, 20, 0xff, 0xff, 0xff, 0xff, 0,    5,    0, 8, 192,  0,    2, 1}));
  const auto init = parse_init(chunk.get());
  ASSERT_TRUE(init);
  EXPECT_EQ(init->initiate_tag, 0xdeadbeefU);
  EXPECT_EQ(init->a_rwnd, 100'000U);
  EXPECT_EQ(init->outbound_streams, 10);
  EXPECT_EQ(init->inbound_streams, 20);
  EXPECT_EQ(init->initial_tsn, 0xffffffffU);
  ParameterReader reader = init->reader();
  EXPECT_EQ(parse_address(*reader.next()), IpAddress::parse("192.0.2.1"));
  EXPECT_FALSE(reader.next());
}

TEST(WireInit, CutAtEveryByteNeedsItsFixedPart) {
  for (std::size_t size = 4; size <= 24; ++size) {
    const OneChunk chunk{ByteVector(size)};
    EXPECT_EQ(parse_init(chunk.get()).has_value(), size >= 20) << size;
  }
}

const auto kSackExample =
    bytes_of({3, 0, 0, 28, 0, 0, 0, 12, 0, 0, 0x12, 0x34, 0, 2, 0, 1, 0, 2, 0, 3, 0, 5, 0, 5, 0, 0, 0, 11});

TEST(WireSack, IsReadAsDrawn) {  // RFC 9260 §3.3.4, its example with one duplicate
  const OneChunk chunk(kSackExample);
  const auto sack = parse_sack(chunk.get());
  ASSERT_TRUE(sack);
  EXPECT_EQ(sack->cumulative_tsn_ack, 12U);
  EXPECT_EQ(sack->a_rwnd, 4660U);
  ASSERT_EQ(sack->gap_blocks, 2);
  EXPECT_EQ(sack->gap_block(0), (GapBlock{2, 3}));
  EXPECT_EQ(sack->gap_block(1), (GapBlock{5, 5}));
  ASSERT_EQ(sack->duplicates, 1);
  EXPECT_EQ(sack->duplicate_tsn(0), 11U);
}

TEST(WireSack, CountsMustFitTheLength) {
  for (std::size_t size = 4; size < kSackExample.size(); ++size) {
    const OneChunk chunk(Bytes(kSackExample).first(size));
    EXPECT_FALSE(parse_sack(chunk.get())) << size;
  }
  for (const std::size_t high_byte : {12U, 14U}) {
    ByteVector bytes = kSackExample;
    bytes[high_byte] = std::byte{0xff};
    const OneChunk chunk(bytes);
    EXPECT_FALSE(parse_sack(chunk.get()));
  }
}

TEST(WireHeartbeat, TheInfoParameterIsFound) {  // RFC 9260 §3.3.5
  const OneChunk chunk(bytes_of({4, 0, 0, 11, 0, 1, 0, 7, 'x', 'y', 'z'}));
  const auto info = parse_heartbeat_info(chunk.get());
  ASSERT_TRUE(info);
  EXPECT_EQ(vector_of(info->value()), bytes_of({'x', 'y', 'z'}));
}

TEST(WireHeartbeat, WithoutTheInfoParameterThereIsNothing) {
  for (const auto& bytes :
       {bytes_of({4, 0, 0, 4}), bytes_of({4, 0, 0, 8, 0, 2, 0, 4}), bytes_of({4, 0, 0, 8, 0, 1, 0, 0}),
        bytes_of({4, 0, 0, 8, 0, 1, 0, 5}), bytes_of({4, 0, 0, 7, 0, 1, 0})}) {
    const OneChunk chunk(bytes);
    EXPECT_FALSE(parse_heartbeat_info(chunk.get()));
  }
}

TEST(WireShutdown, HasALengthOfEight) {  // RFC 9260 §3.3.8
  for (std::size_t size = 4; size <= 12; ++size) {
    ByteVector bytes(size);
    bytes[size - 1] = std::byte{9};
    const OneChunk chunk(bytes);
    const auto tsn = parse_shutdown(chunk.get());
    EXPECT_EQ(tsn.has_value(), size == 8) << size;
    if (tsn) {
      EXPECT_EQ(*tsn, 9U);
    }
  }
}

TEST(WireAbort, TheTBitTellsAReflectedTag) {  // RFC 9260 §3.3.7, §3.3.13
  const OneChunk plain(bytes_of({6, 0, 0, 4})), reflected(bytes_of({6, 1, 0, 4}));
  EXPECT_FALSE(tag_reflected(plain.get()));
  EXPECT_TRUE(tag_reflected(reflected.get()));
}

TEST(WireError, CausesAreFoundByCode) {  // RFC 9260 §3.3.10
  const OneChunk chunk(bytes_of({9, 0, 0, 21, 0, 13, 0, 5, 'v', 0, 0, 0, 0, 3, 0, 8, 0, 1, 0, 0, 0xff}));
  const auto violation = find_cause(chunk.get(), CauseCode::kProtocolViolation);
  ASSERT_TRUE(violation);
  EXPECT_EQ(vector_of(violation->value()), bytes_of({'v'}));
  const auto stale = find_cause(chunk.get(), CauseCode::kStaleCookie);
  ASSERT_TRUE(stale);
  EXPECT_EQ(parse_staleness(*stale), 65536U);  // §3.3.10.3
  EXPECT_FALSE(find_cause(chunk.get(), CauseCode::kNoUserData));
}

TEST(WireError, AStaleCookieCauseHasALengthOfEight) {
  for (std::size_t size = 4; size <= 12; ++size) {
    ByteVector bytes(size);
    bytes[1] = std::byte{3};
    bytes[3] = static_cast<std::byte>(size);
    const Exact exact(bytes);
    EXPECT_EQ(parse_staleness(*ParameterReader(exact.view()).next()).has_value(), size == 8) << size;
  }
}

TEST(WireError, CausesAreSafeCutAtEveryByte) {
  const ByteVector whole = bytes_of({9, 0, 0, 20, 0, 13, 0, 5, 'v', 0, 0, 0, 0, 3, 0, 8, 0, 1, 0, 0});
  for (std::size_t size = 4; size <= whole.size(); ++size) {
    const OneChunk chunk(Bytes(whole).first(size));
    EXPECT_EQ(find_cause(chunk.get(), CauseCode::kProtocolViolation).has_value(), size >= 9) << size;
    EXPECT_EQ(find_cause(chunk.get(), CauseCode::kStaleCookie).has_value(), size >= 20) << size;
  }
}

}  // namespace
}  // namespace netsctp::wire
