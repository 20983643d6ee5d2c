// RFC 9260 §3: the common header, chunks and parameters as such, and what is done with unknown ones.
#include "conformance/peer.hpp"
#include "wire/data.hpp"

namespace netsctp::conformance {
namespace {

constexpr std::uint8_t kStopSilently = 0x3E;  // unknown chunk types with the four combinations of the two high bits
constexpr std::uint8_t kStopAndReport = 0x7E;
constexpr std::uint8_t kSkip = 0xBE;
constexpr std::uint8_t kSkipAndReport = 0xFE;

TEST(Section3_1, PortZeroIsNoPort) {
  Peer peer;
  peer.sends(peer.own_init(), {.source_port = 0});
  peer.sends(peer.own_init(), {.destination_port = 0});
  peer.sends(shutdown_ack(), {.tag = 7, .source_port = 0});
  peer.expect_silence();
  core::EndpointConfig local;
  local.addresses = {ip("10.0.0.1")};
  EXPECT_EQ(peer.stack().open(local).error(), std::errc::invalid_argument);
  core::ConnectRequest request;
  request.peers = {ip("10.0.1.1")};
  EXPECT_EQ(peer.stack().connect(peer.endpoint(), request, peer.now()).error(), std::errc::invalid_argument);
}

TEST(Section3_1, EveryPacketCarriesTheTagOfThePeersInitOrInitAck) {
  for (const Role role : {Role::kInitiator, Role::kResponder}) {
    Peer peer;
    peer.bring_to(State::kEstablished, role);
    peer.user_sends("data");
    EXPECT_EQ(peer.expect(ChunkType::kData).header.verification_tag, peer.peer_tag());
    peer.sends(sack(peer.stack_tsn()));
    peer.sends(data({.tsn = peer.peer_tsn()}));
    EXPECT_EQ(peer.expect(ChunkType::kSack).header.verification_tag, peer.peer_tag());
    peer.user_shuts_down();
    EXPECT_EQ(peer.expect(ChunkType::kShutdown).header.verification_tag, peer.peer_tag());
  }
}

TEST(Section3_1, AnInitCarriesTagZero) {
  Peer peer;
  EXPECT_EQ(peer.connect().header.verification_tag, 0U);
  peer.advance_to_packet(2s);
  EXPECT_EQ(peer.expect_only(ChunkType::kInit).header.verification_tag, 0U);
}

TEST(Section3_2, ChunksAndParametersArePaddedWithAtMostThreeZeroBytes) {
  for (const std::string_view text : {"a", "ab", "abc", "abcd", "abcde"}) {
    Peer peer;
    peer.bring_to(State::kEstablished);
    peer.user_sends(text);
    const Reply reply = peer.expect_only(ChunkType::kData);
    const std::size_t length = reply.chunks[0].whole.size();
    EXPECT_EQ(length, 16 + text.size());  // the padding is not counted
    ASSERT_EQ(reply.bytes.size(), 12 + ((length + 3) & ~std::size_t{3}));
    for (std::size_t i = 12 + length; i < reply.bytes.size(); ++i) EXPECT_EQ(reply.bytes[i], std::byte{0});
  }
}

TEST(Section3_2, PaddingIsIgnoredWhateverItsBytes) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  ByteString first = data({.tsn = peer.peer_tsn(), .payload = "one"});
  first.push_back(std::byte{0xEE});  // where a zero byte belongs
  peer.sends({first, data({.tsn = peer.peer_tsn() + 1, .ssn = 1, .payload = "two"})});
  EXPECT_EQ(peer.receives(), "one");
  EXPECT_EQ(peer.receives(), "two");
}

TEST(Section3_2, TheLastChunkMayComeWithoutItsPadding) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends(data({.tsn = peer.peer_tsn(), .payload = "abc"}), {.pad_last = false});
  EXPECT_EQ(peer.receives(), "abc");
}

TEST(Section3_2, AChunkLengthThatCountsTheFinalPaddingIsAccepted) {
  Peer peer;
  InitFields fields = peer.own();
  fields.parameters = {join({parameter(0x8ABC, bytes_of("x")), bytes_of(std::string_view("\0\0\0", 3))})};
  peer.sends(init(fields));
  peer.expect_only(ChunkType::kInitAck);
}

TEST(Section3_2, FlagsThatAChunkDoesNotUseAreIgnored) {
  Peer peer;
  ByteString one = peer.own_init();
  one[1] = std::byte{0xFF};
  peer.sends(one);
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  EXPECT_EQ(ack.chunks[0].flags, 0);
  peer.learn(ack);
  peer.sends(chunk(ChunkType::kCookieEcho, 0xFF, ack.cookie()));
  EXPECT_EQ(peer.expect(ChunkType::kCookieAck).chunks[0].flags, 0);
  peer.sends(chunk(ChunkType::kShutdown, 0xFF, big(peer.stack_tsn() - 1)));
  EXPECT_EQ(peer.expect_only(ChunkType::kShutdownAck).chunks[0].flags, 0);
  peer.sends(chunk(ChunkType::kShutdownComplete, 0xFE));  // all but the T bit
  EXPECT_EQ(peer.state(), State::kClosed);
}

// Table 2, the four actions. A DATA chunk before and one after show what is processed.
struct UnknownChunkCase {
  std::uint8_t type;
  bool goes_on;
  bool reports;
};
class Section3_2_UnknownChunk : public ::testing::TestWithParam<UnknownChunkCase> {};

TEST_P(Section3_2_UnknownChunk, IsHandledByItsTwoHighBits) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  const ByteString unknown = chunk(GetParam().type, 5, bytes_of("unknown"));
  peer.sends({data({.tsn = peer.peer_tsn(), .payload = "before"}), unknown,
              data({.tsn = peer.peer_tsn() + 1, .ssn = 1, .payload = "behind"})});
  EXPECT_EQ(peer.receives(), "before");
  EXPECT_EQ(peer.receives(), GetParam().goes_on ? std::optional<std::string>("behind") : std::nullopt);
  std::optional<ByteString> reported;
  while (const auto reply = peer.next()) {
    if (reply->has(ChunkType::kError)) reported = reply->cause(CauseCode::kUnrecognizedChunkType);
    EXPECT_FALSE(reply->has(ChunkType::kAbort));
  }
  EXPECT_EQ(reported.has_value(), GetParam().reports);
  if (reported) {
    EXPECT_EQ(*reported, unknown);  // complete with type, flags and length
  }
  EXPECT_EQ(peer.state(), State::kEstablished);
}

INSTANTIATE_TEST_SUITE_P(, Section3_2_UnknownChunk,
                         ::testing::Values(UnknownChunkCase{kStopSilently, false, false},
                                           UnknownChunkCase{kStopAndReport, false, true},
                                           UnknownChunkCase{kSkip, true, false},
                                           UnknownChunkCase{kSkipAndReport, true, true},
                                           UnknownChunkCase{255, true, true}));

TEST(Section3_2, AnOversizedUnknownChunkIsNotEchoedBeyondThePathMtu) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends(chunk(kSkipAndReport, 0, ByteString(4000, std::byte{1})));
  while (const auto reply = peer.next()) EXPECT_LE(reply->bytes.size(), 1500U - 28U);
  EXPECT_EQ(peer.state(), State::kEstablished);
}

TEST(Section3_2, ManyUnknownChunksDoNotMakeMoreThanFewErrors) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends(std::vector<ByteString>(300, chunk(kSkipAndReport, 0)));
  std::size_t packets = 0;
  while (peer.next()) ++packets;
  EXPECT_LE(packets, 1U);
}

// §3.2.1, table 3, in INIT and INIT ACK: a known parameter behind the unknown one shows what is processed.
struct UnknownParameterCase {
  std::uint16_t type;
  bool goes_on;
  bool reports;
};
class Section3_2_1_UnknownParameter : public ::testing::TestWithParam<UnknownParameterCase> {
 protected:
  ByteString unknown() const { return parameter(GetParam().type, bytes_of("unknown")); }
  ByteString behind() const { return address_parameter(ip("10.0.1.7")); }
};

TEST_P(Section3_2_1_UnknownParameter, InAnInitIsReportedInTheInitAck) {
  Peer peer;
  InitFields fields = peer.own();
  fields.parameters = {unknown(), behind()};
  peer.sends(init(fields));
  const Reply ack = peer.expect_only(ChunkType::kInitAck);  // in all four cases
  const auto reported = ack.parameter(ParameterType::kUnrecognizedParameter);
  EXPECT_EQ(reported.has_value(), GetParam().reports);
  if (reported) {
    EXPECT_EQ(*reported, unknown());
  }
  peer.learn(ack);
  peer.sends(cookie_echo(ack.cookie()));
  EXPECT_EQ(peer.status().paths.size(), GetParam().goes_on ? 2U : 1U);
}

TEST_P(Section3_2_1_UnknownParameter, InAnInitAckIsReportedWithTheCookieEcho) {
  Peer peer;
  peer.connect();
  InitFields fields = peer.own();
  fields.parameters = {state_cookie(bytes_of("cookie!!")), unknown(), behind()};
  peer.sends(init_ack(fields));
  const Reply echo = peer.expect(ChunkType::kCookieEcho);  // in all four cases, and first in its packet
  EXPECT_EQ(echo.has(ChunkType::kError), GetParam().reports);
  if (echo.has(ChunkType::kError)) {
    EXPECT_EQ(echo.cause(CauseCode::kUnrecognizedParameters), unknown());
  }
  EXPECT_EQ(peer.status().paths.size(), GetParam().goes_on ? 2U : 1U);
}

INSTANTIATE_TEST_SUITE_P(, Section3_2_1_UnknownParameter,
                         ::testing::Values(UnknownParameterCase{0x3ABC, false, false},
                                           UnknownParameterCase{0x7ABC, false, true},
                                           UnknownParameterCase{0xBABC, true, false},
                                           UnknownParameterCase{0xFABC, true, true}));

TEST(Section3_2_1, AParameterLengthBeyondTheChunkIsRefused) {
  Peer peer;
  InitFields fields = peer.own();
  fields.parameters = {with_length(parameter(0xFABC, bytes_of("abcd")), 2000)};
  peer.sends(init(fields));
  EXPECT_EQ(peer.expect_only(ChunkType::kAbort).header.verification_tag, fields.tag);
  fields.parameters = {with_length(parameter(0xFABC, bytes_of("abcd")), 3)};
  peer.sends(init(fields));
  peer.expect_only(ChunkType::kAbort);
}

TEST(Section3_2_2, WithACookieTooLargeToBundleTheErrorWaitsForTheCookieAck) {
  Peer peer;
  peer.connect();
  InitFields fields = peer.own();
  const ByteString unknown = parameter(0xFABC, ByteString(600, std::byte{1}));
  fields.parameters = {state_cookie(ByteString(1000, std::byte{2})), unknown};
  peer.sends(init_ack(fields));
  EXPECT_FALSE(peer.expect(ChunkType::kCookieEcho).has(ChunkType::kError));
  peer.expect_silence();
  peer.sends(cookie_ack());
  EXPECT_EQ(peer.expect(ChunkType::kError).cause(CauseCode::kUnrecognizedParameters), unknown);
}

TEST(Section3_3_1, AnEmptyMessageIsNotSent) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  EXPECT_EQ(peer.user_sends(""), std::errc::invalid_argument);
  peer.expect_silence();
}

TEST(Section3_3_1, AnUnfragmentedMessageHasBothBAndE) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.user_sends("x");
  EXPECT_EQ(peer.expect_only(ChunkType::kData).chunks[0].flags & 3, wire::kDataFlagBeginning | wire::kDataFlagEnd);
}

TEST(Section3_3_1, FragmentsHaveSequentialTsnsOneSsnAndTheirPpidEach) {
  core::AssociationParameters parameters;
  parameters.max_fragment = 4;
  Peer peer({.parameters = parameters});
  peer.bring_to(State::kEstablished);
  core::SendRequest request;
  request.stream = 3;
  request.ppid = 0x01020304;
  peer.user_sends("abcdefghij", std::move(request));
  const Reply reply = peer.expect(ChunkType::kData);
  ASSERT_EQ(reply.count(ChunkType::kData), 3U);
  const std::uint8_t flags[] = {wire::kDataFlagBeginning, 0, wire::kDataFlagEnd};
  for (std::uint32_t i = 0; i < 3; ++i) {
    const wire::Data chunk = wire::parse_data(reply.chunks[i]).value();
    EXPECT_EQ(chunk.tsn, peer.stack_tsn() + i);
    EXPECT_EQ(chunk.ssn, 0);
    EXPECT_EQ(chunk.stream, 3);
    EXPECT_EQ(chunk.ppid, 0x01020304U);
    EXPECT_EQ(chunk.flags & 3, flags[i]);
  }
}

TEST(Section3_3_1, EveryFragmentOfAnUnorderedMessageHasTheUBit) {
  core::AssociationParameters parameters;
  parameters.max_fragment = 4;
  Peer peer({.parameters = parameters});
  peer.bring_to(State::kEstablished);
  core::SendRequest request;
  request.unordered = true;
  peer.user_sends("abcdefghij", std::move(request));
  const Reply reply = peer.expect(ChunkType::kData);
  ASSERT_EQ(reply.count(ChunkType::kData), 3U);
  for (const wire::Chunk& one : reply.chunks) EXPECT_TRUE(one.flags & wire::kDataFlagUnordered);
}

TEST(Section3_3_1, TheSsnOfUnorderedDataIsIgnoredAndNothingIsReordered) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  const std::uint8_t flags = wire::kDataFlagBeginning | wire::kDataFlagEnd | wire::kDataFlagUnordered;
  peer.sends(data({.tsn = peer.peer_tsn() + 1, .ssn = 777, .payload = "second", .flags = flags}));
  EXPECT_EQ(peer.receives(), "second");
  peer.sends(data({.tsn = peer.peer_tsn(), .ssn = 777, .payload = "first", .flags = flags}));
  EXPECT_EQ(peer.receives(), "first");
}

TEST(Section3_3_5, AHeartbeatIsAnsweredWithAllItContained) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  const ByteString value = join({parameter(1, bytes_of("abcd")), parameter(0x8FFF, bytes_of("efgh"))});
  peer.sends(chunk(ChunkType::kHeartbeat, 0, value));
  const Reply reply = peer.expect_only(ChunkType::kHeartbeatAck);
  const auto echoed = reply.chunks[0].value();
  EXPECT_EQ(ByteString(echoed.begin(), echoed.end()), value);
}

TEST(Section3_3_5, AnOversizedHeartbeatIsNotEchoedBeyondThePathMtu) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends(heartbeat(ByteString(4000, std::byte{1})));
  while (const auto reply = peer.next()) EXPECT_LE(reply->bytes.size(), 1500U - 28U);
}

TEST(Section3_3_7, AnAbortWithAFormatErrorIsSilentlyDiscarded) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends(abort_chunk(false, with_length(cause(CauseCode::kUserInitiatedAbort, bytes_of("why!")), 100)));
  peer.sends(abort_chunk(false, with_length(cause(CauseCode::kUserInitiatedAbort, bytes_of("why!")), 3)));
  peer.sends(with_length(abort_chunk(), 3));
  peer.expect_silence();
  EXPECT_EQ(peer.state(), State::kEstablished);
}

TEST(Section3_3_10_3, StalenessIsRoundedUp) {
  core::AssociationParameters parameters;
  parameters.cookie_life = 10s;
  Peer peer({.parameters = parameters});
  peer.sends(peer.own_init());
  const Reply ack = peer.expect_only(ChunkType::kInitAck);
  peer.advance(10s + 1ns);
  peer.sends(cookie_echo(ack.cookie()), {.tag = ack.init().initiate_tag});
  EXPECT_EQ(peer.expect_only(ChunkType::kError).cause(CauseCode::kStaleCookie), big(std::uint32_t{1}));
}

}  // namespace
}  // namespace netsctp::conformance
