// RFC 9260 §6.5 to §6.10: streams, order, gaps, checksum, fragments, bundling.
#include <gmock/gmock.h>

#include "conformance/observed.hpp"

namespace netsctp::conformance {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr std::uint32_t kFirst = 1000;
constexpr std::uint8_t kWhole = wire::kDataFlagBeginning | wire::kDataFlagEnd;

struct Up : testing::Test {
  Peer peer;
  std::uint32_t first = 0;
  explicit Up(PeerConfig config = {}) : peer(std::move(config)) {
    peer.bring_to(State::kEstablished);
    first = peer.stack_tsn();
  }
  void send_on(core::StreamId stream, std::string_view payload, bool unordered = false) {
    core::SendRequest request;
    request.stream = stream;
    request.unordered = unordered;
    EXPECT_FALSE(peer.user_sends(payload, std::move(request)));
  }
};
struct Section6_5 : Up {};
struct Section6_6 : Up {};
struct Section6_7 : Up {};
struct Section6_8 : Up {};
struct Section6_9 : Up {};
struct Section6_10 : Up {};

TEST_F(Section6_5, InvalidStreamIsAcknowledgedReportedAndDiscarded) {
  peer.sends(data({.tsn = kFirst, .stream = 10}));
  bool error = false;
  bool acknowledged = false;
  while (const auto reply = peer.next()) {
    if (reply->has(ChunkType::kError)) {
      error = true;
      EXPECT_EQ(reply->cause(CauseCode::kInvalidStreamIdentifier), big(std::uint16_t{10}, std::uint16_t{0}));
    }
    if (reply->has(ChunkType::kSack)) acknowledged = sack_in(*reply).cumulative == kFirst;
  }
  EXPECT_TRUE(error);
  EXPECT_TRUE(acknowledged);
  EXPECT_FALSE(peer.receives());
  peer.sends(data({.tsn = kFirst + 1, .stream = 9}));
  EXPECT_EQ(peer.receives(), "data");
}

TEST_F(Section6_5, ASendToAStreamThatIsNotThereIsRefused) {
  core::SendRequest request;
  request.stream = 10;
  EXPECT_TRUE(peer.user_sends("x", std::move(request)));
  peer.expect_silence();
}

TEST_F(Section6_5, SsnsBeginAtZeroPerStreamAndSkipUnordered) {
  std::vector<std::pair<int, int>> seen;
  const auto one = [&](core::StreamId stream, bool unordered = false) {
    send_on(stream, "x", unordered);
    const Reply reply = peer.expect(ChunkType::kData);
    const auto sent = data_in(reply).front();
    if (!unordered) seen.emplace_back(sent.stream, sent.ssn);
    peer.sends(sack(sent.tsn));
  };
  one(1);
  one(1);
  one(2);
  one(1, true);
  one(1);
  EXPECT_THAT(seen, ElementsAre(Pair(1, 0), Pair(1, 1), Pair(2, 0), Pair(1, 2)));
}

TEST_F(Section6_5, After65535ComesZero) {
  std::uint16_t ssn = 0;
  for (std::uint32_t i = 0; i <= 65'536; ++i) {
    send_on(0, "x");
    const Reply reply = peer.expect(ChunkType::kData);
    ssn = data_in(reply).front().ssn;
    ASSERT_EQ(ssn, static_cast<std::uint16_t>(i));
    peer.sends(sack(first + i));
  }
  EXPECT_EQ(ssn, 0);
}

TEST_F(Section6_5, ReceivedSsnsWrapToo) {
  for (std::uint32_t i = 0; i <= 65'540; ++i) {
    peer.sends(data({.tsn = kFirst + i, .ssn = static_cast<std::uint16_t>(i)}));
    ASSERT_TRUE(peer.receives()) << i;
    peer.user_consumes(4);
    peer.ignore_packets();
  }
}

TEST_F(Section6_6, OrderedMessagesWaitForTheirTurn) {
  peer.sends(data({.tsn = kFirst + 1, .ssn = 1, .payload = "second"}));
  EXPECT_FALSE(peer.receives());
  peer.sends(data({.tsn = kFirst + 2, .stream = 1, .payload = "other stream"}));
  EXPECT_EQ(peer.receives(), "other stream");
  peer.sends(data({.tsn = kFirst, .ssn = 0, .payload = "first"}));
  EXPECT_EQ(peer.receives(), "first");
  EXPECT_EQ(peer.receives(), "second");
}

TEST_F(Section6_6, UnorderedMessagesDoNotWaitAndTheirSsnIsIgnored) {
  peer.sends(data({.tsn = kFirst + 1, .ssn = 40'000, .payload = "now", .flags = kWhole | wire::kDataFlagUnordered}));
  EXPECT_EQ(peer.receives(), "now");
  peer.sends(data({.tsn = kFirst, .ssn = 0}));
  EXPECT_EQ(peer.receives(), "data");
}

TEST_F(Section6_7, AGapIsReportedAtOnceAndUntilItIsFilled) {
  peer.sends(data({.tsn = kFirst}));
  peer.ignore_packets();
  peer.sends(data({.tsn = kFirst + 2, .ssn = 2}));
  EXPECT_THAT(sack_in(peer.expect_only(ChunkType::kSack)).gaps, ElementsAre(Pair(2, 2)));
  peer.sends(data({.tsn = kFirst + 3, .ssn = 3}));
  EXPECT_THAT(sack_in(peer.expect_only(ChunkType::kSack)).gaps, ElementsAre(Pair(2, 3)));
  peer.sends(data({.tsn = kFirst + 5, .ssn = 5}));
  EXPECT_THAT(sack_in(peer.expect_only(ChunkType::kSack)).gaps, ElementsAre(Pair(2, 3), Pair(5, 5)));
  peer.sends(data({.tsn = kFirst + 1, .ssn = 1}));
  const auto filled = sack_in(peer.expect_only(ChunkType::kSack));
  EXPECT_EQ(filled.cumulative, kFirst + 3);
  EXPECT_THAT(filled.gaps, ElementsAre(Pair(2, 2)));
  peer.sends(data({.tsn = kFirst + 4, .ssn = 4}));
  EXPECT_TRUE(sack_in(peer.expect_only(ChunkType::kSack)).gaps.empty());
}

TEST_F(Section6_7, GapBlocksThatDoNotFitAreLeftOutFromTheTop) {
  for (int i = 0; i < 500; ++i) {
    peer.ignore_packets();
    peer.sends(data({.tsn = kFirst + 1 + 2 * static_cast<std::uint32_t>(i), .flags = kWhole | 0x04}));
  }
  const Reply reply = peer.expect_only(ChunkType::kSack);
  peer.expect_silence();
  EXPECT_LE(reply.bytes.size(), kPacket);
  const auto gaps = sack_in(reply).gaps;
  ASSERT_EQ(gaps.size(), (kPacket - 12 - 16) / 4);
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    EXPECT_EQ(gaps[i].first, static_cast<int>(2 + 2 * i));
    EXPECT_EQ(gaps[i].second, gaps[i].first);
  }
}

TEST_F(Section6_8, ABadChecksumIsDiscardedSilently) {
  peer.sends(data({.tsn = kFirst}), {.bad_checksum = true});
  peer.expect_silence();
  EXPECT_FALSE(peer.receives());
  EXPECT_EQ(peer.stack().counters().discarded_bad_checksum, 1U);
}

TEST_F(Section6_9, AMessageIsCutIntoPiecesOfOneSize) {
  send_on(3, std::string(2 * kFull + 100, 'x'), true);
  std::vector<std::pair<int, std::size_t>> seen;
  std::uint32_t tsn = first;
  while (const auto reply = peer.next()) {
    EXPECT_LE(reply->bytes.size(), kPacket);
    for (const wire::Data& one : data_in(*reply)) {
      EXPECT_EQ(one.tsn, tsn++);
      EXPECT_EQ(one.ssn, 0);
      EXPECT_TRUE(one.is_unordered());
      seen.emplace_back(one.flags & kWhole, one.payload.size());
    }
  }
  EXPECT_THAT(seen, ElementsAre(Pair(0x02, kFull), Pair(0x00, kFull), Pair(0x01, 100U)));
}

TEST_F(Section6_9, AMessageThatFitsIsNotCut) {
  peer.user_sends(full());
  const Reply reply = peer.expect_only(ChunkType::kData);
  EXPECT_EQ(reply.bytes.size(), kPacket);
  EXPECT_EQ(data_in(reply).front().flags & kWhole, kWhole);
}

// What was cut is not cut again: IP fragments it.
TEST_F(Section6_9, AChunkLargerThanTheShrunkenMtuIsRetransmittedWhole) {
  peer.user_sends(full());
  peer.ignore_packets();
  core::PathParameters small;
  small.path_mtu = 600;
  EXPECT_FALSE(peer.stack().set_path(peer.association(), ip("10.0.1.1"), small, peer.now()));
  peer.advance(1s);
  const Reply again = peer.expect_only(ChunkType::kData);
  EXPECT_EQ(data_in(again).front().payload.size(), kFull);
  peer.sends(sack(first));
  peer.user_sends(full());
  EXPECT_LE(peer.expect(ChunkType::kData).bytes.size(), 572U);  // new messages are cut by the new size
}

TEST_F(Section6_9, FragmentsAreReassembledInAnyOrder) {
  peer.sends(data({.tsn = kFirst + 2, .payload = "c", .flags = 0x01}));
  peer.sends(data({.tsn = kFirst, .payload = "a", .flags = 0x02}));
  EXPECT_FALSE(peer.receives());
  peer.sends(data({.tsn = kFirst + 1, .payload = "b", .flags = 0x00}));
  EXPECT_EQ(peer.receives(), "abc");
}

TEST_F(Section6_9, FragmentsThatContradictEachOtherAbort) {
  peer.sends(data({.tsn = kFirst, .payload = "a", .flags = 0x02}));
  peer.ignore_packets();
  peer.sends(data({.tsn = kFirst + 1, .ssn = 1, .payload = "b", .flags = 0x02}));
  peer.expect_only(ChunkType::kAbort);
}

TEST_F(Section6_10, ControlComesBeforeDataAndThePacketFits) {
  peer.sends(data({.tsn = kFirst}));
  peer.ignore_packets();
  peer.sends(data({.tsn = kFirst + 1, .ssn = 1}));
  peer.user_sends("answer");
  const Reply reply = peer.expect(ChunkType::kSack);
  EXPECT_EQ(reply.text(), "SACK DATA");
  EXPECT_LE(reply.bytes.size(), kPacket);
}

TEST_F(Section6_10, DataIsBundledInTheOrderOfTsnsAndNeverBeyondThePacket) {
  peer.user_sends("first");
  peer.expect_only(ChunkType::kData);
  for (int i = 0; i < 8; ++i) peer.user_sends(std::string(150, 'x'));
  peer.sends(sack(first));
  std::uint32_t tsn = first + 1;
  while (const auto reply = peer.next()) {
    EXPECT_LE(reply->bytes.size(), kPacket);
    EXPECT_GT(data_in(*reply).size(), 1U);
    for (const wire::Data& one : data_in(*reply)) EXPECT_EQ(one.tsn, tsn++);
  }
  EXPECT_EQ(tsn, first + 9);
}

TEST_F(Section6_10, ChunksAreProcessedInOrderAndAPartialOneIsDropped) {
  peer.sends({data({.tsn = kFirst, .payload = "one"}), with_length(data({.tsn = kFirst + 1, .ssn = 1}), 200)});
  EXPECT_EQ(peer.receives(), "one");
  EXPECT_FALSE(peer.receives());
  EXPECT_EQ(sack_in(peer.expect_only(ChunkType::kSack)).cumulative, kFirst);
}

}  // namespace
}  // namespace netsctp::conformance
