// RFC 9260 §6.2: DATA in, SACK out.
#include <gmock/gmock.h>

#include "conformance/observed.hpp"
#include "core/tsn_map.hpp"

namespace netsctp::conformance {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr std::uint32_t kFirst = 1000;  // the peer's initial TSN

// An association on which the first DATA, acknowledged at once (RFC 9260 §5.1), has been.
struct Established : testing::Test {
  Peer peer;
  Established() : Established(PeerConfig{}) {}
  explicit Established(PeerConfig config) : peer(std::move(config)) {
    peer.bring_to(State::kEstablished);
    peer.sends(data({.tsn = kFirst}));
    peer.expect_only(ChunkType::kSack);
    EXPECT_TRUE(peer.receives());
    peer.user_consumes(4);
  }
  void deliver(std::uint32_t tsn, std::string_view payload = "data") {
    peer.sends(data({.tsn = tsn, .ssn = static_cast<std::uint16_t>(tsn - kFirst), .payload = payload}));
  }
};
struct Section6_2 : Established {};

TEST(Section5_1, FirstDataIsAcknowledgedAtOnce) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends(data({.tsn = kFirst}));
  EXPECT_EQ(sack_in(peer.expect_only(ChunkType::kSack)).cumulative, kFirst);
}

TEST_F(Section6_2, EverySecondPacketIsAcknowledged) {
  deliver(kFirst + 1);
  peer.expect_silence();
  deliver(kFirst + 2);
  EXPECT_EQ(sack_in(peer.expect_only(ChunkType::kSack)).cumulative, kFirst + 2);
  deliver(kFirst + 3);
  peer.expect_silence();
}

TEST_F(Section6_2, PacketsAreCountedNotChunks) {
  peer.sends(
      {data({.tsn = kFirst + 1, .ssn = 1}), data({.tsn = kFirst + 2, .ssn = 2}), data({.tsn = kFirst + 3, .ssn = 3})});
  peer.expect_silence();
}

TEST_F(Section6_2, AcknowledgedWithin200Milliseconds) {
  deliver(kFirst + 1);
  peer.expect_silence_for(199ms);
  peer.advance(1ms);
  EXPECT_EQ(sack_in(peer.expect_only(ChunkType::kSack)).cumulative, kFirst + 1);
}

TEST(Section6_2_Delay, NeverMoreThan500Milliseconds) {
  PeerConfig config;
  config.parameters.sack_delay = 5s;
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  peer.sends(data({.tsn = kFirst}));
  peer.ignore_packets();
  peer.sends(data({.tsn = kFirst + 1, .ssn = 1}));
  EXPECT_EQ(peer.advance_to_packet(5s), 500ms);
}

TEST_F(Section6_2, TheImmediateBitIsObeyed) {
  peer.sends(data({.tsn = kFirst + 1, .ssn = 1, .flags = 0x0B}));
  peer.expect_only(ChunkType::kSack);
}

TEST_F(Section6_2, DuplicatesAreAcknowledgedAtOnceAndReported) {
  deliver(kFirst);
  const auto first = sack_in(peer.expect_only(ChunkType::kSack));
  EXPECT_EQ(first.cumulative, kFirst);
  EXPECT_THAT(first.duplicates, ElementsAre(kFirst));
  EXPECT_FALSE(peer.receives());  // and given to the user once only
  deliver(kFirst);
  EXPECT_THAT(sack_in(peer.expect_only(ChunkType::kSack)).duplicates, ElementsAre(kFirst));  // each once
  EXPECT_EQ(peer.stack().counters().duplicate_tsns, 2U);
}

TEST_F(Section6_2, OneSackPerPacketWhateverIsInIt) {
  std::vector<ByteString> chunks;
  for (std::uint32_t i = 0; i < 20; ++i) chunks.push_back(data({.tsn = kFirst + 2 + 2 * i, .flags = 0x0F}));
  chunks.push_back(data({.tsn = kFirst}));
  peer.sends(chunks);
  EXPECT_EQ(peer.expect_only(ChunkType::kSack).count(ChunkType::kSack), 1U);
  peer.expect_silence();
}

TEST_F(Section6_2, NoSackWithoutData) {
  peer.expect_silence_for(2s);
}

TEST_F(Section6_2, ChunkWithoutUserDataAborts) {
  peer.sends(data({.tsn = kFirst + 1, .payload = ""}));
  const Reply reply = peer.expect_only(ChunkType::kAbort);
  EXPECT_EQ(reply.cause(CauseCode::kNoUserData), big(kFirst + 1));
  EXPECT_EQ(peer.state(), State::kClosed);
  EXPECT_EQ(peer.expect_event<core::AssociationChanged>().what, core::AssociationChanged::What::kLost);
}

TEST_F(Section6_2, OneByteIsUserData) {  // Length 17
  deliver(kFirst + 1, "x");
  EXPECT_EQ(peer.receives(), "x");
}

TEST_F(Section6_2, ChunkShorterThanItsHeaderIsIgnored) {  // Length 15
  ByteString chunk = with_length(data({.tsn = kFirst + 1, .payload = ""}), 15);
  chunk.pop_back();
  peer.sends(chunk);
  EXPECT_EQ(peer.state(), State::kEstablished);
  EXPECT_EQ(peer.stack().counters().discarded_malformed_chunk, 1U);
  EXPECT_FALSE(peer.receives());
}

TEST_F(Section6_2, TsnsFarAheadAreNotTaken) {
  for (const std::uint32_t ahead : {0x7FFFFFFFU, 0x7FFFFFFEU, 1'000'000U, 65'537U}) {
    deliver(kFirst + ahead);
    const auto sack = sack_in(peer.expect_only(ChunkType::kSack));
    EXPECT_EQ(sack.cumulative, kFirst);
    EXPECT_TRUE(sack.gaps.empty());
    EXPECT_FALSE(peer.receives());
  }
  deliver(kFirst + 0x80000000U);  // half the number space away: behind rather than ahead
  EXPECT_TRUE(sack_in(peer.expect_only(ChunkType::kSack)).gaps.empty());
  deliver(kFirst + 1);
  EXPECT_EQ(peer.receives(), "data");  // nothing came of it
}

TEST_F(Section6_2, TheFarthestTsnAGapBlockCanTellIsTaken) {
  deliver(kFirst + 65'535);
  EXPECT_THAT(sack_in(peer.expect_only(ChunkType::kSack)).gaps, ElementsAre(Pair(65'535, 65'535)));
}

// ---- Wrong states

class Section6_2WrongState : public testing::TestWithParam<State> {};
TEST_P(Section6_2WrongState, DataIsDiscarded) {
  Peer peer;
  peer.bring_to(GetParam());
  const auto received = peer.stack().counters().data_chunks_received;
  peer.sends(data({.tsn = kFirst}));
  while (const auto reply = peer.next()) EXPECT_FALSE(reply->has(ChunkType::kSack)) << reply->text();
  EXPECT_FALSE(peer.receives());
  EXPECT_EQ(peer.stack().counters().data_chunks_received, received);
}
INSTANTIATE_TEST_SUITE_P(Section6, Section6_2WrongState,
                         testing::Values(State::kCookieWait, State::kCookieEchoed, State::kShutdownReceived,
                                         State::kShutdownAckSent));

class Section6_2RightState : public testing::TestWithParam<State> {};
TEST_P(Section6_2RightState, DataIsTaken) {
  Peer peer;
  peer.bring_to(GetParam());
  peer.sends(data({.tsn = kFirst}));
  EXPECT_EQ(peer.receives(), "data");
}
INSTANTIATE_TEST_SUITE_P(Section6, Section6_2RightState,
                         testing::Values(State::kEstablished, State::kShutdownPending, State::kShutdownSent));

// RFC 9260 §9.2, §6.2: SHUTDOWN acknowledges; a SACK goes along for what it cannot say.
TEST(Section6_2_Shutdown, GapsAreToldByASackBesideShutdown) {
  Peer peer;
  peer.bring_to(State::kShutdownSent);
  peer.sends(data({.tsn = kFirst + 2, .ssn = 2}));
  const Reply reply = peer.expect(ChunkType::kSack);
  EXPECT_THAT(sack_in(reply).gaps, ElementsAre(Pair(3, 3)));
  EXPECT_TRUE(reply.has(ChunkType::kShutdown) || peer.expect_only(ChunkType::kShutdown).chunks.size() == 1);
}

// A peer with much to send must not be left without a window because SHUTDOWN cannot tell of it.
TEST(Section6_2_Shutdown, TheWindowIsReopenedWhileShuttingDown) {
  PeerConfig config;
  config.parameters.receive_buffer = 8000;
  Peer peer(config);
  peer.bring_to(State::kShutdownSent);
  std::size_t room = 8000;
  std::uint32_t tsn = kFirst;
  for (int i = 0; i < 100; ++i) {
    ASSERT_GE(room, 1000U) << "after " << i;
    peer.sends(data({.tsn = tsn, .ssn = static_cast<std::uint16_t>(tsn - kFirst), .payload = std::string(1000, 'x')}));
    room -= 1000;
    ++tsn;
    ASSERT_TRUE(peer.receives());
    peer.user_consumes(1000);
    while (const auto reply = peer.next()) {
      if (reply->has(ChunkType::kSack)) room = sack_in(*reply).a_rwnd;
    }
  }
}

// ---- Receive window. Payload counts, on both sides.

struct SmallWindow : Established {
  static PeerConfig config() {
    PeerConfig config;
    config.parameters.receive_buffer = 8000;
    return config;
  }
  SmallWindow() : Established(config()) {}
  // Fills it with 8 messages of 1,000 bytes that are not read.
  std::uint32_t fill() {
    std::uint32_t tsn = kFirst;
    for (int i = 0; i < 8; ++i) deliver(++tsn, std::string(1000, 'x'));
    peer.ignore_packets();
    return tsn;
  }
};
struct Section6_2Window : SmallWindow {};

TEST_F(Section6_2Window, TheAdvertisedWindowIsBufferMinusPayloadHeld) {
  deliver(kFirst + 1, std::string(1001, 'x'));
  deliver(kFirst + 2, std::string(999, 'x'));
  EXPECT_EQ(sack_in(peer.expect_only(ChunkType::kSack)).a_rwnd, 8000U - 2000U);
}

TEST_F(Section6_2Window, AFullWindowIsAdvertisedAsZeroAndNewDataIsDropped) {
  const std::uint32_t last = fill();
  deliver(last + 1, "overflow");
  const auto sack = sack_in(peer.expect_only(ChunkType::kSack));  // at once
  EXPECT_EQ(sack.a_rwnd, 0U);
  EXPECT_EQ(sack.cumulative, last);
  EXPECT_TRUE(sack.gaps.empty());
  EXPECT_EQ(peer.stack().counters().discarded_window_full, 1U);
}

TEST_F(Section6_2Window, NoUpdateBeforeAQuarterIsFree) {
  fill();
  peer.user_consumes(1000);
  peer.expect_silence_for(1s);
  peer.user_consumes(1000);
  EXPECT_EQ(sack_in(peer.expect_only(ChunkType::kSack)).a_rwnd, 2000U);
  peer.user_consumes(1000);
  peer.expect_silence_for(1s);
}

TEST_F(Section6_2Window, ASliverIsNotAdvertised) {
  const std::uint32_t last = fill();
  deliver(last + 1, "overflow");
  peer.ignore_packets();
  peer.user_consumes(500);
  deliver(last + 1, "overflow");
  EXPECT_EQ(sack_in(peer.expect_only(ChunkType::kSack)).a_rwnd, 0U);
  // RFC 9260 §6.2: what comes while the window is 0 is dropped, also if there is some room.
  EXPECT_EQ(peer.stack().counters().discarded_window_full, 2U);
}

TEST_F(Section6_2Window, AnAdvertisedWindowIsNotTakenBack) {
  std::uint32_t tsn = kFirst;
  std::size_t told = 8000;
  for (int i = 0; i < 26; ++i) {
    deliver(++tsn, std::string(300, 'x'));
    told -= 300;
    while (const auto reply = peer.next()) EXPECT_GE(sack_in(*reply).a_rwnd, told);
  }
}

// The TSN missing lets everything held go; the highest one held gives way to it.
TEST_F(Section6_2Window, AnOlderTsnReplacesTheHighestHeld) {
  std::uint32_t tsn = kFirst + 1;  // which is missing
  for (int i = 0; i < 8; ++i) deliver(++tsn, std::string(1000, 'x'));
  peer.ignore_packets();
  deliver(tsn + 1, "dropped");
  auto sack = sack_in(peer.expect_only(ChunkType::kSack));
  EXPECT_EQ(sack.a_rwnd, 0U);
  EXPECT_THAT(sack.gaps, ElementsAre(Pair(2, 9)));
  deliver(kFirst + 1, std::string(1000, 'x'));
  sack = sack_in(peer.expect_only(ChunkType::kSack));
  EXPECT_EQ(sack.cumulative, tsn - 1);  // without the one dropped for it
  EXPECT_TRUE(sack.gaps.empty());
  deliver(tsn, std::string(1000, 'y'));  // which is welcome again later
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(peer.receives()) << i;
    peer.user_consumes(1000);
  }
}

TEST_F(Section6_2Window, TheMissingTsnComesInByReplacingAnother) {
  std::uint32_t tsn = kFirst + 2;
  for (int i = 0; i < 8; ++i) deliver(++tsn, std::string(1000, 'x'));
  peer.ignore_packets();
  deliver(kFirst + 2, "fits");  // between: not the next, but below the highest
  EXPECT_THAT(sack_in(peer.expect_only(ChunkType::kSack)).gaps, ElementsAre(Pair(2, 9)));
}

// A message larger than the buffer goes up in parts (RFC 9260 §6.9).
TEST_F(Section6_2Window, AMessageLargerThanTheBufferGoesUpInParts) {
  std::uint32_t tsn = kFirst;
  std::size_t received = 0;
  for (int i = 0; i < 20; ++i) {
    const std::uint8_t flags = i == 0 ? 0x02 : i == 19 ? 0x01 : 0x00;
    peer.sends(data({.tsn = ++tsn, .ssn = 1, .payload = std::string(1000, 'x'), .flags = flags}));
    while (const auto arrived = peer.find_event<core::DataArrived>()) {
      received += arrived->piece.payload.size();
      peer.user_consumes(arrived->piece.payload.size());
    }
  }
  EXPECT_EQ(received, 20'000U);
}

// Thousands of messages of one byte, none of them read: payload is small, memory is not.
TEST_F(Section6_2Window, TinyMessagesAreBoundedInMemory) {
  std::uint32_t tsn = kFirst;
  for (int i = 0; i < 10'000; ++i) {
    deliver(++tsn, "x");
    peer.ignore_packets();
    if (peer.stack().counters().discarded_window_full > 0) break;
  }
  EXPECT_GT(peer.stack().counters().discarded_window_full, 0U);
  EXPECT_EQ(peer.status().local_rwnd, 0U);
}

TEST_F(Section6_2Window, TinyMessagesOutOfOrderAreBoundedInMemory) {
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    deliver(kFirst + 2 + i, "x");
    peer.ignore_packets();
    if (peer.stack().counters().discarded_window_full > 0) break;
  }
  EXPECT_GT(peer.stack().counters().discarded_window_full, 0U);
}

TEST_F(Section6_2Window, RunsAreBounded) {
  for (std::uint32_t i = 0; i < 3000; ++i) {
    deliver(kFirst + 2 + 2 * i, "x");
    peer.ignore_packets();
  }
  EXPECT_GT(peer.stack().counters().discarded_tsn_too_far + peer.stack().counters().discarded_window_full, 0U);
  EXPECT_EQ(peer.state(), State::kEstablished);
}

}  // namespace
}  // namespace netsctp::conformance
