// Reassembly: fragments to messages, order within streams, partial delivery and bounds (RFC 9260 §3.3.1, §6.5, §6.6,
// §6.9).
#include "core/reassembly.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "wire/types.hpp"

namespace netsctp::core {
namespace {

using Outcome = Reassembly::Outcome;

constexpr std::uint8_t kB = wire::kDataFlagBeginning;
constexpr std::uint8_t kE = wire::kDataFlagEnd;
constexpr std::uint8_t kU = wire::kDataFlagUnordered;
constexpr std::uint8_t kWhole = kB | kE;

struct Chunk {  // of the test's sender; `at` counts from the first TSN
  unsigned at;
  std::uint8_t flags;
  std::string text = "x";
  StreamId stream = 0;
  std::uint16_t ssn = 0;
};

struct Message {
  std::string text;
  StreamId stream = 0;
  std::uint16_t ssn = 0;
  bool unordered = false;
  friend bool operator==(const Message&, const Message&) = default;
  friend void PrintTo(const Message& message, std::ostream* os) {
    *os << message.text << "@" << message.stream << (message.unordered ? "u" : "#") << message.ssn;
  }
};

class ReassemblyTest : public testing::Test {
 protected:
  Outcome add(const Chunk& chunk) {
    Fragment fragment{
        start + chunk.at, chunk.stream, chunk.ssn, 46, chunk.flags, pool.copy(std::as_bytes(std::span(chunk.text)))};
    const Outcome outcome = reassembly.add(std::move(fragment), out);
    reassembly.check_consistent();
    return outcome;
  }

  void take(const Chunk& chunk) { ASSERT_EQ(add(chunk), Outcome::kTaken) << "TSN " << chunk.at; }

  // The messages handed out so far, each of its pieces checked against RFC 9260 §6.9: in sequence, nothing in between.
  std::vector<Message> messages() {
    std::vector<Message> all;
    for (; !out.empty(); out.pop_front()) {
      const Piece& piece = out.front();
      EXPECT_NE(piece.first, open) << "at " << piece.tsn - start;
      if (piece.first) {
        all.push_back({{}, piece.stream, piece.ssn, piece.unordered});
      } else {
        EXPECT_EQ(piece.tsn, previous + 1);
        if (all.empty()) all.push_back({"...", piece.stream, piece.ssn, piece.unordered});
        EXPECT_EQ(piece.stream, all.back().stream);
      }
      EXPECT_EQ(piece.ppid, 46U);
      all.back().text.append(reinterpret_cast<const char*>(piece.payload.data()), piece.payload.size());
      open = !piece.last;
      previous = piece.tsn;
    }
    return all;
  }

  void expect_empty() {
    EXPECT_EQ(reassembly.bytes(), 0U);
    EXPECT_EQ(reassembly.pinned_bytes(), 0U);
    out.clear();
    EXPECT_EQ(pool.outstanding_bytes(), 0U);
  }

  Tsn start = Tsn::initial(7000);
  BufferPool pool;
  Reassembly reassembly{pool};
  Ring<Piece> out;
  bool open = false;  // a message's last piece is yet to come
  Tsn previous;
};

using Messages = std::vector<Message>;

TEST_F(ReassemblyTest, AMessageWhoseTurnItIsGoesUpAtOnceAndIsNotHeld) {  // RFC 9260 §6.6
  for (std::uint16_t i = 0; i < 3; ++i) {
    take({i, kWhole, std::to_string(i), 5, i});
    EXPECT_EQ(reassembly.bytes(), 0U);
    EXPECT_EQ(messages(), (Messages{{std::to_string(i), 5, i}}));
  }
  expect_empty();
}

TEST_F(ReassemblyTest, OneHandedOutPayloadIsTheSliceThatCameIn) {  // one copy in: none here
  Slice payload = pool.allocate(1000);
  const std::byte* const where = payload.data();
  ASSERT_EQ(reassembly.add({start, 0, 0, 0, kWhole, std::move(payload)}, out), Outcome::kTaken);
  EXPECT_EQ(out.front().payload.data(), where);
}

TEST_F(ReassemblyTest, MessagesThatArriveEarlyWaitForTheirTurnInTheStream) {  // RFC 9260 §6.6
  take({2, kWhole, "c", 1, 2});
  take({1, kWhole, "b", 1, 1});
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(reassembly.bytes(), 2U);
  take({3, kWhole, "other", 2, 0});  // another stream does not wait
  EXPECT_EQ(messages(), (Messages{{"other", 2, 0}}));
  take({0, kWhole, "a", 1, 0});
  EXPECT_EQ(messages(), (Messages{{"a", 1, 0}, {"b", 1, 1}, {"c", 1, 2}}));
  expect_empty();
}

TEST_F(ReassemblyTest, UnorderedMessagesWaitForNothingAndTheirSsnIsIgnored) {  // RFC 9260 §6.6
  take({4, kWhole | kU, "now", 1, 999});
  take({7, kB | kU, "two ", 1, 5});
  take({8, kE | kU, "parts", 1, 6});
  EXPECT_EQ(messages(), (Messages{{"now", 1, 999, true}, {"two parts", 1, 5, true}}));
  take({0, kWhole, "ordered", 1, 0});
  EXPECT_EQ(messages(), (Messages{{"ordered", 1, 0}}));
  expect_empty();
}

TEST_F(ReassemblyTest, EveryOrderOfArrivalHandsOutEachMessageWholeOnceAndInOrder) {  // RFC 9260 §6.6, §6.9
  const std::vector<Chunk> chunks{{0, kB, "a1", 0, 0},      {1, kE, "a2", 0, 0},      {2, kWhole, "s", 1, 0},
                                  {3, kB | kU, "u1", 0, 0}, {4, kE | kU, "u2", 0, 0}, {5, kWhole, "b", 0, 1},
                                  {6, kB, "t1", 1, 1},      {7, kE, "t2", 1, 1}};
  const Messages wanted{{"a1a2", 0, 0}, {"b", 0, 1}, {"s", 1, 0}, {"t1t2", 1, 1}, {"u1u2", 0, 0, true}};
  std::vector<unsigned> order(chunks.size());
  std::iota(order.begin(), order.end(), 0U);
  do {
    reassembly.reset();
    Messages all;
    for (const unsigned i : order) {
      ASSERT_EQ(add(chunks[i]), Outcome::kTaken);
      for (Message& message : messages()) all.push_back(std::move(message));
    }
    std::stable_sort(all.begin(), all.end(), [](const Message& a, const Message& b) {
      return std::pair(a.unordered, a.stream) < std::pair(b.unordered, b.stream);
    });
    ASSERT_EQ(all, wanted);
    ASSERT_EQ(reassembly.bytes(), 0U);
    ASSERT_EQ(reassembly.pinned_bytes(), 0U);
  } while (std::next_permutation(order.begin(), order.end()));
  expect_empty();
}

TEST_F(ReassemblyTest, EveryOrderOfArrivalWithPartialDeliveryAtEveryPointHandsOutWholeMessages) {  // RFC 9260 §6.9
  const std::vector<Chunk> chunks{{0, kB, "a1", 0, 0},      {1, 0, "a2", 0, 0},       {2, kE, "a3", 0, 0},
                                  {3, kB | kU, "u1", 0, 0}, {4, kE | kU, "u2", 0, 0}, {5, kWhole, "b", 0, 1}};
  const Messages wanted{{"a1a2a3", 0, 0}, {"b", 0, 1}, {"u1u2", 0, 0, true}};
  std::vector<unsigned> order(chunks.size());
  std::iota(order.begin(), order.end(), 0U);
  do {
    for (unsigned when = 0; when < 1U << chunks.size(); ++when) {
      reassembly.reset();
      for (const unsigned i : order) {
        ASSERT_EQ(add(chunks[i]), Outcome::kTaken);
        if ((when >> i & 1U) != 0) {
          const bool was = reassembly.in_partial_delivery();
          const bool began = reassembly.start_partial_delivery(out);
          ASSERT_EQ(reassembly.in_partial_delivery(), was || began);
          reassembly.check_consistent();
        }
      }
      Messages all = messages();
      std::stable_sort(all.begin(), all.end(),
                       [](const Message& a, const Message& b) { return a.unordered < b.unordered; });
      ASSERT_EQ(all, wanted);
      ASSERT_FALSE(open);
      ASSERT_FALSE(reassembly.in_partial_delivery());
      ASSERT_EQ(reassembly.bytes(), 0U);
      ASSERT_EQ(reassembly.pinned_bytes(), 0U);
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_F(ReassemblyTest, Ssn65535IsFollowedBySsn0) {  // RFC 9260 §6.5
  unsigned at = 0;
  for (unsigned ssn = 0; ssn < 65534; ++ssn) take({at++, kWhole, "x", 3, static_cast<std::uint16_t>(ssn)});
  EXPECT_EQ(out.size(), 65534U);
  messages();
  take({at + 2, kWhole, "first again", 3, 0});
  take({at + 3, kWhole, "second again", 3, 1});
  take({at + 1, kWhole, "last", 3, 65535});
  EXPECT_TRUE(out.empty());
  take({at, kWhole, "last but one", 3, 65534});
  EXPECT_EQ(messages(),
            (Messages{{"last but one", 3, 65534}, {"last", 3, 65535}, {"first again", 3, 0}, {"second again", 3, 1}}));
  expect_empty();
}

TEST_F(ReassemblyTest, AnSsnBehindTheStreamsNextIsDroppedQuietly) {  // RFC 9260 §6.6, §1.6
  for (std::uint16_t i = 0; i < 3; ++i) take({i, kWhole, "x", 0, i});
  messages();
  take({3, kWhole, "old", 0, 2});
  take({4, kB, "old", 0, 0});
  take({5, kE, "old", 0, 0});
  EXPECT_TRUE(out.empty());
  take({6, kWhole, "new", 0, 3});
  EXPECT_EQ(messages(), (Messages{{"new", 0, 3}}));
  expect_empty();
}

TEST_F(ReassemblyTest, MoreThan32767MessagesBehindALossAreNotTakenForOldOnes) {  // RFC 9260 §1.6, §6.6
  take({0, kWhole, "x", 0, 0});
  messages();
  for (unsigned i = 2; i < 60000; ++i) {
    ASSERT_EQ(reassembly.add({start + i, 0, static_cast<std::uint16_t>(i), 46, kWhole,
                              pool.copy(std::as_bytes(std::span("x", 1)))},
                             out),
              Outcome::kTaken);
  }
  reassembly.check_consistent();
  EXPECT_TRUE(out.empty());
  take({1, kWhole, "x", 0, 1});
  EXPECT_EQ(messages().size(), 59999U);
  expect_empty();
}

TEST_F(ReassemblyTest, TwoHeldMessagesOfOneSsnAreOneTooMany) {
  take({2, kWhole, "first", 0, 1});
  take({4, kWhole, "second", 0, 1});
  take({0, kWhole, "a", 0, 0});
  EXPECT_EQ(messages(), (Messages{{"a", 0, 0}, {"first", 0, 1}}));
  expect_empty();
}

TEST_F(ReassemblyTest, ATsnThatIsHeldIsNotTakenTwice) {
  take({1, kB, "one", 0, 0});
  take({2, 0, "two", 0, 0});
  take({1, kB, "again", 0, 0});
  take({2, 0, "again", 0, 0});
  EXPECT_EQ(reassembly.bytes(), 6U);
  take({3, kE, "three", 0, 0});
  EXPECT_EQ(messages(), (Messages{{"onetwothree", 0, 0}}));
  expect_empty();
}

TEST_F(ReassemblyTest, TsnZeroFollowsTheHighestInsideAMessage) {  // RFC 9260 §3.3.1
  start = Tsn::initial(0xFFFFFFFE);
  for (const unsigned at : {2U, 0U, 3U, 1U}) {
    take({at, static_cast<std::uint8_t>(at == 0 ? kB : at == 3 ? kE : 0), std::to_string(at), 0, 0});
  }
  EXPECT_EQ(out.back().tsn.wire(), 1U);
  EXPECT_EQ(messages(), (Messages{{"0123", 0, 0}}));
  expect_empty();
}

// RFC 9260 §3.3.1: what the B and E bits of neighbours say must agree, and one message has one stream, U bit and SSN.
struct Contradiction {
  const char* what;
  std::vector<Chunk> before;
  Chunk last;
};

class ReassemblyViolationTest : public ReassemblyTest, public testing::WithParamInterface<Contradiction> {};

TEST_P(ReassemblyViolationTest, IsAProtocolViolationAndChangesNothing) {
  for (const Chunk& chunk : GetParam().before) take(chunk);
  const std::size_t bytes = reassembly.bytes();
  const std::size_t pieces = out.size();
  EXPECT_EQ(add(GetParam().last), Outcome::kViolation);
  EXPECT_EQ(reassembly.bytes(), bytes);
  EXPECT_EQ(out.size(), pieces);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc9260Section3_3_1, ReassemblyViolationTest,
    testing::Values(Contradiction{"EndThenNoBeginning", {{1, kE}}, {2, 0}},
                    Contradiction{"EndBelowNoBeginning", {{2, 0}}, {1, kE}},
                    Contradiction{"NoEndThenBeginning", {{1, kB}}, {2, kB}},
                    Contradiction{"NoEndBelowBeginning", {{2, kWhole}}, {1, kB}},
                    Contradiction{"AnotherStreamAbove", {{1, kB, "x", 0}}, {2, kE, "x", 1}},
                    Contradiction{"AnotherStreamBelow", {{2, kE, "x", 0}}, {1, kB, "x", 1}},
                    Contradiction{"AnotherSsn", {{1, kB, "x", 0, 4}}, {2, 0, "x", 0, 5}},
                    Contradiction{"AnotherSsnBetween", {{1, kB, "x", 0, 4}, {3, kE, "x", 0, 5}}, {2, 0, "x", 0, 4}},
                    Contradiction{"UnorderedAfterOrdered", {{1, kB}}, {2, kE | kU}},
                    Contradiction{"OrderedAfterUnordered", {{1, kB | kU}}, {2, kE}},
                    Contradiction{"NoBeginningAfterAMessageHandedOut", {{0, kWhole}}, {1, kE, "x", 0, 1}},
                    Contradiction{"NoEndBeforeAMessageHandedOut", {{5, kWhole}}, {4, kB, "x", 0, 1}},
                    Contradiction{"NoBeginningAfterFragmentsHandedOut", {{0, kB}, {1, kE}}, {2, 0, "x", 0, 1}}),
    [](const auto& tested) { return std::string(tested.param.what); });

TEST_F(ReassemblyTest, PartialDeliveryHandsOutTheBeginningAndThenWhatFollowsInSequence) {  // RFC 9260 §6.9
  take({0, kB, "a", 0, 0});
  take({1, 0, "b", 0, 0});
  take({3, 0, "d", 0, 0});
  ASSERT_TRUE(reassembly.start_partial_delivery(out));
  EXPECT_TRUE(reassembly.in_partial_delivery());
  EXPECT_EQ(reassembly.bytes(), 1U);
  EXPECT_EQ(messages(), (Messages{{"ab", 0, 0}}));
  EXPECT_FALSE(reassembly.start_partial_delivery(out));
  take({2, 0, "c", 0, 0});
  EXPECT_EQ(messages(), (Messages{{"...cd", 0, 0}}));
  take({4, kE, "e", 0, 0});
  EXPECT_EQ(messages(), (Messages{{"...e", 0, 0}}));
  EXPECT_FALSE(reassembly.in_partial_delivery());
  EXPECT_FALSE(open);
  expect_empty();
}

TEST_F(ReassemblyTest, DuringPartialDeliveryCompleteMessagesOfAllStreamsWait) {  // RFC 9260 §6.9, RFC 6458 §6.1.7
  take({0, kB, "big", 0, 0});
  ASSERT_TRUE(reassembly.start_partial_delivery(out));
  take({5, kWhole, "1b", 1, 1});
  take({4, kWhole, "1a", 1, 0});
  take({3, kWhole | kU, "u", 2, 0});
  take({2, kWhole, "0b", 0, 1});
  EXPECT_EQ(messages(), (Messages{{"big", 0, 0}}));
  EXPECT_EQ(reassembly.bytes(), 7U);
  take({1, kE, "end", 0, 0});
  EXPECT_EQ(messages(), (Messages{{"...end", 0, 0}, {"0b", 0, 1}, {"u", 2, 0, true}, {"1a", 1, 0}, {"1b", 1, 1}}));
  expect_empty();
}

TEST_F(ReassemblyTest, PartialDeliveryOfAnUnorderedMessageLeavesTheStreamsOrderAlone) {  // RFC 9260 §6.6
  take({0, kB | kU, "big", 0, 9});
  ASSERT_TRUE(reassembly.start_partial_delivery(out));
  take({1, kE | kU, "end", 0, 9});
  take({2, kWhole, "a", 0, 0});
  EXPECT_EQ(messages(), (Messages{{"bigend", 0, 9, true}, {"a", 0, 0}}));
  expect_empty();
}

TEST_F(ReassemblyTest, PartialDeliveryNeedsABeginningWhoseTurnItIs) {  // RFC 9260 §6.6, §6.9
  EXPECT_FALSE(reassembly.start_partial_delivery(out));
  take({3, 0, "middle", 0, 1});
  EXPECT_FALSE(reassembly.start_partial_delivery(out));
  take({2, kB, "beginning", 0, 1});
  EXPECT_FALSE(reassembly.start_partial_delivery(out));  // SSN 0 comes first
  take({0, kWhole, "a", 0, 0});
  EXPECT_TRUE(reassembly.start_partial_delivery(out));
  EXPECT_EQ(messages(), (Messages{{"a", 0, 0}, {"beginningmiddle", 0, 1}}));
}

TEST_F(ReassemblyTest, AContradictionToTheMessageInPartialDeliveryIsAViolation) {  // RFC 9260 §3.3.1
  take({0, kB, "a", 2, 0});
  ASSERT_TRUE(reassembly.start_partial_delivery(out));
  EXPECT_EQ(add({1, kWhole, "x", 2, 1}), Outcome::kViolation);
  EXPECT_EQ(add({1, kE, "x", 3, 0}), Outcome::kViolation);
  EXPECT_EQ(add({1, kE, "x", 2, 1}), Outcome::kViolation);
  EXPECT_EQ(add({1, kE | kU, "x", 2, 0}), Outcome::kViolation);
  EXPECT_EQ(add({1, kE, "b", 2, 0}), Outcome::kTaken);
  EXPECT_EQ(messages(), (Messages{{"ab", 2, 0}}));
}

TEST_F(ReassemblyTest, TheHighestTsnIsDroppedFirstAndCanComeAgain) {  // RFC 9260 §6.2
  take({1, kB, "b1", 0, 1});
  take({2, kE, "b2", 0, 1});  // complete, waits for SSN 0
  take({4, kWhole, "d", 0, 3});
  EXPECT_EQ(reassembly.drop_highest(start), start + 4);
  reassembly.check_consistent();
  EXPECT_EQ(reassembly.drop_highest(start), start + 2);
  reassembly.check_consistent();
  EXPECT_EQ(reassembly.drop_highest(start + 1), std::nullopt);  // not above the floor
  EXPECT_EQ(reassembly.bytes(), 2U);
  take({0, kWhole, "a", 0, 0});
  EXPECT_EQ(messages(), (Messages{{"a", 0, 0}}));
  take({2, kE, "b2", 0, 1});
  EXPECT_EQ(messages(), (Messages{{"b1b2", 0, 1}}));
  EXPECT_EQ(reassembly.drop_highest(start), std::nullopt);
  expect_empty();
}

TEST_F(ReassemblyTest, AMessageThatLosesItsEndDuringPartialDeliveryIsNotHandedOut) {  // RFC 9260 §6.2, §6.9
  take({0, kB, "big", 0, 0});
  ASSERT_TRUE(reassembly.start_partial_delivery(out));
  take({2, kB, "u1", 1, 0});
  take({3, kE, "u2", 1, 0});
  EXPECT_EQ(reassembly.drop_highest(start), start + 3);
  reassembly.check_consistent();
  take({1, kE, "end", 0, 0});
  EXPECT_EQ(messages(), (Messages{{"bigend", 0, 0}}));
  take({3, kE, "u2", 1, 0});
  EXPECT_EQ(messages(), (Messages{{"u1u2", 1, 0}}));
  expect_empty();
}

TEST_F(ReassemblyTest, AfterARestartEverythingStartsAnew) {  // RFC 9260 §5.2.4 A
  take({0, kWhole, "a", 0, 0});
  take({3, kWhole, "held", 0, 3});
  take({5, kB, "held", 1, 0});
  messages();
  reassembly.reset();
  reassembly.check_consistent();
  EXPECT_EQ(pool.outstanding_bytes(), 0U);
  take({0, kWhole, "again", 0, 0});
  EXPECT_EQ(messages(), (Messages{{"again", 0, 0}}));
  expect_empty();
}

TEST_F(ReassemblyTest, AfterARestartTheOldTsnsSayNothingAboutTheNew) {  // RFC 9260 §5.2.4 A, §3.3.1
  take({4, kWhole, "old", 0, 0});
  messages();
  reassembly.reset();
  take({3, 0, "before it", 1, 0});
  take({5, 0, "after it", 1, 0});
}

TEST_F(ReassemblyTest, TinyHeldChunksDoNotPinLargeReceiveBuffers) {
  for (unsigned i = 1; i <= 100; ++i) {
    Slice buffer = pool.allocate(65536);
    std::memset(buffer.writable(), static_cast<int>(i), 65536);
    ASSERT_EQ(reassembly.add({start + i, 0, static_cast<std::uint16_t>(i), 46, kWhole, buffer.subslice(1000, 10)}, out),
              Outcome::kTaken);
  }
  EXPECT_EQ(reassembly.bytes(), 1000U);
  EXPECT_LE(reassembly.pinned_bytes(), 100U * 640);
  EXPECT_LE(pool.outstanding_bytes(), reassembly.pinned_bytes() + 100 * 64);
  take({0, kWhole, "x", 0, 0});
  ASSERT_EQ(out.size(), 101U);
  for (unsigned i = 1; i <= 100; ++i) {
    EXPECT_EQ(out[i].payload.size(), 10U);
    EXPECT_EQ(out[i].payload.bytes().back(), static_cast<std::byte>(i));
  }
  expect_empty();
}

TEST_F(ReassemblyTest, AFragmentThatCompletesItsMessageIsNotCopied) {
  take({0, kB, "a", 0, 0});
  Slice buffer = pool.allocate(65536);
  const std::byte* const where = buffer.data() + 100;
  ASSERT_EQ(reassembly.add({start + 1, 0, 0, 46, kE, buffer.subslice(100, 10)}, out), Outcome::kTaken);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out.back().payload.data(), where);
}

TEST_F(ReassemblyTest, EveryStreamCanBeUsed) {  // RFC 9260 §5.1.1: up to 65,535 and more
  for (unsigned i = 0; i < 65536; ++i) take({i, kWhole, "x", static_cast<StreamId>(65535 - i), 0});
  EXPECT_EQ(out.size(), 65536U);
  messages();
  expect_empty();
}

TEST_F(ReassemblyTest, DescendingFragmentsOfTheLargestWindowAreTakenWithoutDelay) {  // bounded work per arrival
  constexpr unsigned kCount = 65535;
  for (unsigned i = kCount; i-- > 0;) {
    const auto flags = static_cast<std::uint8_t>((i == 0 ? kB : 0) | (i == kCount - 1 ? kE : 0));
    ASSERT_EQ(reassembly.add({start + i, 0, 0, 46, flags, pool.copy(std::as_bytes(std::span("x", 1)))}, out),
              Outcome::kTaken);
  }
  EXPECT_EQ(out.size(), kCount);
  ASSERT_EQ(messages().size(), 1U);
  expect_empty();
}

// ---- RFC 3758 §3.6

class PartiallyReliableReassemblyTest : public ReassemblyTest {
 protected:
  PartiallyReliableReassemblyTest() { reassembly.set_partial_reliability(true); }
  void forward(unsigned before, unsigned at) {
    reassembly.forward(start + before, start + at, out);
    reassembly.check_consistent();
  }
  void skip(StreamId stream, std::uint16_t ssn, unsigned at) {
    reassembly.skip(stream, ssn, start + at, out);
    reassembly.check_consistent();
  }
};

TEST_F(PartiallyReliableReassemblyTest, Rfc3758Section3_6SkippedMessagesAreWaitedForNoMore) {
  take({1, kWhole, "b", 0, 1});
  take({3, kWhole, "d", 0, 3});
  take({4, kWhole, "e", 0, 4});
  take({6, kWhole, "g", 0, 6});
  take({7, kWhole, "other", 1, 1});
  skip(0, 2, 2);
  EXPECT_EQ(messages(), (Messages{{"b", 0, 1}, {"d", 0, 3}, {"e", 0, 4}}));
  skip(0, 2, 2);  // again
  skip(0, 1, 1);  // behind
  EXPECT_EQ(messages(), Messages{});
  take({5, kWhole, "f", 0, 5});
  EXPECT_EQ(messages(), (Messages{{"f", 0, 5}, {"g", 0, 6}}));
  skip(1, 1, 7);
  EXPECT_EQ(messages(), (Messages{{"other", 1, 1}}));
  expect_empty();
}

TEST_F(PartiallyReliableReassemblyTest, Rfc3758Section3_6SkipsGoAcrossTheWrapOfSsns) {
  skip(0, 0x7000, 0);
  skip(0, 0xEFFF, 1);
  skip(0, 0xFFFD, 2);
  take({4, kWhole, "after", 0, 0xFFFF});
  take({6, kWhole, "wrapped", 0, 1});
  take({8, kWhole, "later", 0, 3});
  skip(0, 1, 6);
  EXPECT_EQ(messages(), (Messages{{"after", 0, 0xFFFF}, {"wrapped", 0, 1}}));
  skip(0, 2, 7);
  EXPECT_EQ(messages(), (Messages{{"later", 0, 3}}));
  expect_empty();
}

TEST_F(PartiallyReliableReassemblyTest, Rfc3758Section3_6WhatLacksASkippedTsnIsDroppedAndNothingElse) {
  take({0, kB, "lacks its end", 0, 0});
  take({2, kE, "lacks its beginning", 0, 1});
  take({3, kB | kU, "lacks its middle", 1});
  take({5, kE | kU, "lacks its middle", 1});
  take({6, kB | kU, "to be ", 1});
  forward(0, 4);
  EXPECT_EQ(messages(), Messages{});
  take({7, kE | kU, "continued", 1});
  EXPECT_EQ(messages(), (Messages{{"to be continued", 1, 0, true}}));
  expect_empty();
}

TEST_F(PartiallyReliableReassemblyTest, Rfc3758Section3_6AMessageGoesOnBeyondWhatWasSkipped) {
  take({1, kB | kU, "be", 1});
  forward(0, 0);
  take({2, kE | kU, "gun", 1});
  EXPECT_EQ(messages(), (Messages{{"begun", 1, 0, true}}));
  take({4, kB | kU, "be", 1});
  forward(2, 4);  // up to its last held chunk
  take({5, kE | kU, "gun", 1});
  EXPECT_EQ(messages(), (Messages{{"begun", 1, 0, true}}));
  expect_empty();
}

TEST_F(PartiallyReliableReassemblyTest, Rfc3758Section3_6PartialDeliveryEndsAndWhatWaitedFollows) {
  take({0, kB, "begun", 0, 0});
  ASSERT_TRUE(reassembly.start_partial_delivery(out));
  messages();
  take({2, kWhole, "next", 0, 1});
  take({3, kWhole, "other", 1, 0});
  take({5, kWhole, "later", 2, 1});
  EXPECT_FALSE(reassembly.abort_partial_delivery(start + 0));
  skip(2, 0, 4);  // waits for the end of partial delivery
  const auto aborted = reassembly.abort_partial_delivery(start + 4);
  ASSERT_TRUE(aborted);
  EXPECT_EQ(aborted->stream, 0);
  EXPECT_EQ(aborted->ssn, 0);
  open = false;
  forward(0, 4);
  EXPECT_EQ(messages(), (Messages{{"next", 0, 1}, {"other", 1, 0}, {"later", 2, 1}}));
  EXPECT_FALSE(reassembly.in_partial_delivery());
  expect_empty();
}

TEST_F(PartiallyReliableReassemblyTest, Rfc3758Section3_5AnotherMessageInsteadOfTheRestEndsTheWait) {
  take({0, kB, "begun", 0, 0});
  take({1, kWhole, "next", 0, 1});
  EXPECT_EQ(messages(), (Messages{{"next", 0, 1}}));
  take({4, kWhole, "after", 0, 3});
  take({2, kB, "be", 0, 2});
  take({3, 0, "gun", 0, 2});
  EXPECT_EQ(messages(), (Messages{{"after", 0, 3}}));
  take({5, kB | kU, "be", 1});
  take({6, kWhole | kU, "whole", 1});
  EXPECT_EQ(messages(), (Messages{{"whole", 1, 0, true}}));
  expect_empty();
}

TEST_F(PartiallyReliableReassemblyTest, Rfc3758Section3_5ThatAnotherBeginsInsteadOfPartialDeliveryIsSeen) {
  take({0, kB, "begun", 0, 0});
  ASSERT_TRUE(reassembly.start_partial_delivery(out));
  messages();
  EXPECT_FALSE(reassembly.partial_delivery_cut_short());
  take({1, kWhole, "next", 0, 1});
  EXPECT_EQ(reassembly.partial_delivery_cut_short(), start + 1);
  EXPECT_TRUE(reassembly.abort_partial_delivery(start + 1));
  open = false;
  forward(0, 0);
  EXPECT_EQ(messages(), (Messages{{"next", 0, 1}}));
  expect_empty();
}

TEST_F(PartiallyReliableReassemblyTest, ForwardingPastManyCompleteMessagesIsQuick) {
  constexpr unsigned kCount = 30'000;
  for (unsigned i = 1; i <= kCount; ++i) {
    const auto ssn = static_cast<std::uint16_t>(i);
    Fragment one{start + i, 0, ssn, 46, kWhole, pool.copy(std::as_bytes(std::span("x", 1)))};
    ASSERT_EQ(reassembly.add(std::move(one), out), Outcome::kTaken);
  }
  // Walking over all that are held each time, this would take minutes.
  for (unsigned i = 0; i < kCount; ++i) reassembly.forward(start + kCount + i, start + kCount + i + 1, out);
  skip(0, 0, 0);
  EXPECT_EQ(messages().size(), kCount);
}

}  // namespace
}  // namespace netsctp::core
