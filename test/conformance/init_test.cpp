// RFC 9260 §3.3.2, §3.3.3, §5.1.1, §5.1.2: what an INIT and an INIT ACK must be, and what is learned from them.
#include <algorithm>

#include "conformance/peer.hpp"

namespace netsctp::conformance {
namespace {

constexpr std::uint32_t kTag = 0xCAFE0001;

void expect_abort(Peer& peer, std::uint32_t tag, std::optional<CauseCode> cause = {}) {
  const Reply reply = peer.expect_only(ChunkType::kAbort);
  EXPECT_EQ(reply.header.verification_tag, tag);
  EXPECT_EQ(reply.chunks[0].flags, 0);  // the tag is the receiver's own: T clear
  if (cause) {
    EXPECT_TRUE(reply.cause(*cause).has_value());
  }
  peer.expect_silence();
}

// --- INIT -----------------------------------------------------------------------------------------------------------

TEST(Section3_3_2, AnInitWithTagZeroIsSilentlyDiscarded) {
  Peer peer;
  peer.sends(init({.tag = 0}));
  peer.expect_silence();
}

struct BadInit {
  const char* what;
  InitFields fields;
};
class Section3_3_2_BadInit : public ::testing::TestWithParam<BadInit> {};

TEST_P(Section3_3_2_BadInit, IsAnsweredWithAnAbortCarryingItsInitiateTag) {
  Peer peer;
  peer.sends(init(GetParam().fields));
  expect_abort(peer, kTag, CauseCode::kInvalidMandatoryParameter);
  EXPECT_EQ(peer.state(), State::kClosed);
}

TEST_P(Section3_3_2_BadInit, DoesNotChangeAnAssociation) {
  for (const State state : {State::kCookieWait, State::kCookieEchoed, State::kEstablished, State::kShutdownPending,
                            State::kShutdownSent, State::kShutdownReceived, State::kShutdownAckSent}) {
    Peer peer;
    peer.bring_to(state);
    peer.sends(init(GetParam().fields));
    expect_abort(peer, kTag);
    EXPECT_EQ(peer.state(), state);
  }
}

INSTANTIATE_TEST_SUITE_P(, Section3_3_2_BadInit,
                         ::testing::Values(BadInit{"window", {.tag = kTag, .a_rwnd = 1499}},
                                           BadInit{"OS", {.tag = kTag, .outbound_streams = 0}},
                                           BadInit{"MIS", {.tag = kTag, .inbound_streams = 0}}),
                         [](const auto& bad) { return bad.param.what; });

TEST(Section3_3_2, AWindowOf1500IsEnough) {
  Peer peer;
  peer.sends(init({.a_rwnd = 1500}));
  peer.expect_only(ChunkType::kInitAck);
}

TEST(Section3_3_2, AnInitTooShortForItsFixedPartIsDiscarded) {
  Peer peer;
  ByteString one = init();
  one.resize(16);
  peer.sends(with_length(one, 16));
  peer.expect_silence();
}

TEST(Section3_3_2, OurInitIsWhatItMustBe) {
  Peer peer;
  const Reply reply = peer.connect();
  EXPECT_EQ(reply.chunks[0].flags, 0);
  const wire::Init init = reply.init();
  EXPECT_NE(init.initiate_tag, 0U);
  EXPECT_GE(init.a_rwnd, 1500U);
  EXPECT_GT(init.outbound_streams, 0);
  EXPECT_GT(init.inbound_streams, 0);
}

TEST(Section3_3_2, InitialTsnAndTagAreRandom) {
  std::vector<std::uint32_t> seen;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Peer peer({.seed = seed});
    const wire::Init one = peer.connect().init();
    seen.push_back(one.initial_tsn);
    seen.push_back(one.initiate_tag);
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

TEST(Section3_3_2, AHostNameIsAnsweredWithAnAbort) {
  Peer peer;
  const ByteString name = parameter(ParameterType::kHostNameAddress, bytes_of(std::string_view("host\0", 5)));
  peer.sends(init({.tag = kTag, .parameters = {name}}));
  const Reply reply = peer.expect_only(ChunkType::kAbort);
  EXPECT_EQ(reply.header.verification_tag, kTag);
  EXPECT_EQ(reply.cause(CauseCode::kUnresolvableAddress), name);
  EXPECT_EQ(reply.to.ip, ip("10.0.1.1"));
}

TEST(Section3_3_2, TheHostNameTypeAmongSupportedAddressTypesIsIgnored) {
  Peer peer({.stack_addresses = {ip("10.0.0.1"), ip("10.0.0.2")}});
  peer.sends(init(
      {.parameters = {parameter(ParameterType::kSupportedAddressTypes, big(std::uint16_t{11}, std::uint16_t{5}))}}));
  EXPECT_EQ(peer.expect_only(ChunkType::kInitAck).addresses().size(), 2U);
}

TEST(Section3_3_2, ASingleHomedEndpointListsNoAddress) {
  Peer peer;
  EXPECT_TRUE(peer.connect().addresses().empty());
  Peer other;
  other.sends(other.own_init());
  EXPECT_TRUE(other.expect_only(ChunkType::kInitAck).addresses().empty());
}

TEST(Section3_3_2_1_2, NoIpv4MappedAddressIsSent) {
  Peer peer({.stack_addresses = {ip("10.0.0.1"), ip("2001:db8::1")}});
  for (const IpAddress& one : peer.connect().addresses()) EXPECT_EQ(one, one.unmapped());
  EXPECT_EQ(peer.path(ip("10.0.1.1")).address.ip, ip("10.0.1.1"));
}

// --- INIT ACK
// ---------------------------------------------------------------------------------------------------------

TEST(Section3_3_3, AnInitAckWithTagZeroDestroysTheAssociationAndIsAnsweredWithAReflectedAbort) {
  Peer peer;
  peer.connect();
  peer.sends(init_ack({.tag = 0, .parameters = {state_cookie(bytes_of("cook"))}}));
  const Reply reply = peer.expect_only(ChunkType::kAbort);
  EXPECT_EQ(reply.chunks[0].flags, wire::kFlagTagReflected);
  EXPECT_EQ(reply.header.verification_tag, peer.stack_tag());
  EXPECT_EQ(peer.state(), State::kClosed);
  EXPECT_EQ(peer.expect_event<core::AssociationChanged>().what, core::AssociationChanged::What::kCannotStart);
}

TEST(Section3_3_3, AnInitAckWithASmallWindowIsDiscardedAndTheAssociationStays) {
  Peer peer;
  peer.connect();
  peer.sends(init_ack({.tag = kTag, .a_rwnd = 1499, .parameters = {state_cookie(bytes_of("cook"))}}));
  expect_abort(peer, kTag, CauseCode::kInvalidMandatoryParameter);
  EXPECT_EQ(peer.state(), State::kCookieWait);
  peer.advance_to_packet(2s);
  peer.expect_only(ChunkType::kInit);  // T1-init still runs
}

TEST(Section3_3_3, AnInitAckWithoutStreamsDestroysTheAssociation) {
  for (const bool outbound : {true, false}) {
    Peer peer;
    peer.connect();
    InitFields fields{.tag = kTag, .parameters = {state_cookie(bytes_of("cook"))}};
    (outbound ? fields.outbound_streams : fields.inbound_streams) = 0;
    peer.sends(init_ack(fields));
    expect_abort(peer, kTag, CauseCode::kInvalidMandatoryParameter);
    EXPECT_EQ(peer.state(), State::kClosed);
  }
}

TEST(Section3_3_3, AnInitAckWithAHostNameIsAnsweredWithAnAbort) {
  Peer peer;
  peer.connect();
  const ByteString name = parameter(ParameterType::kHostNameAddress, bytes_of(std::string_view("host\0", 5)));
  peer.sends(init_ack({.tag = kTag, .parameters = {state_cookie(bytes_of("cook")), name}}));
  expect_abort(peer, kTag, CauseCode::kUnresolvableAddress);
  EXPECT_EQ(peer.state(), State::kClosed);
}

TEST(Section3_3_3, AnInitAckWithoutACookieIsAnsweredWithAnAbortThatNamesIt) {
  Peer peer;
  peer.connect();
  peer.sends(init_ack({.tag = kTag}));
  const Reply reply = peer.expect_only(ChunkType::kAbort);  // RFC 9260 §5.1: the Initiate Tag as tag, the cause named
  EXPECT_EQ(reply.header.verification_tag, kTag);
  EXPECT_EQ(reply.cause(CauseCode::kMissingMandatoryParameter), big(std::uint32_t{1}, std::uint16_t{7}));
  EXPECT_EQ(peer.state(), State::kClosed);
}

TEST(Section3_3_3, BadInitAcksInOtherStatesAreSilentlyDiscarded) {
  for (const State state : {State::kCookieEchoed, State::kEstablished, State::kShutdownPending, State::kShutdownSent,
                            State::kShutdownReceived, State::kShutdownAckSent}) {
    Peer peer;
    peer.bring_to(state);
    const ByteString cookie = state_cookie(bytes_of("cook"));
    peer.sends(init_ack({.tag = 0, .parameters = {cookie}}));
    peer.sends(init_ack({.tag = kTag, .outbound_streams = 0, .parameters = {cookie}}));
    peer.sends(init_ack({.tag = kTag, .inbound_streams = 0, .parameters = {cookie}}));
    peer.expect_silence();
    EXPECT_EQ(peer.state(), state);
  }
}

TEST(Section3_3_3, AnInitAckLargerThanAPacketOfThePathIsTaken) {
  Peer peer;
  peer.connect();
  InitFields fields = peer.own();
  fields.parameters = {state_cookie(bytes_of("cook"))};
  for (std::uint32_t i = 0; i < 1000; ++i)
    fields.parameters.push_back(address_parameter(IpAddress::v4(0x0A020000 + i)));
  peer.sends(init_ack(fields));
  peer.expect(ChunkType::kCookieEcho);
}

// --- streams
// ----------------------------------------------------------------------------------------------------------

TEST(Section5_1_1, NoMoreOutboundStreamsThanThePeerTakes) {
  core::AssociationParameters parameters;
  parameters.outbound_streams = 10;
  parameters.max_inbound_streams = 7;
  for (const Role role : {Role::kInitiator, Role::kResponder}) {
    Peer peer({.parameters = parameters, .peer = {.outbound_streams = 5, .inbound_streams = 3}});
    peer.bring_to(State::kEstablished, role);
    EXPECT_EQ(peer.status().outbound_streams, 3);
    EXPECT_EQ(peer.status().inbound_streams, 5);
    core::SendRequest last;
    last.stream = 2;
    EXPECT_FALSE(peer.user_sends("x", std::move(last)));
    core::SendRequest beyond;
    beyond.stream = 3;
    EXPECT_EQ(peer.user_sends("x", std::move(beyond)), std::errc::invalid_argument);
  }
}

TEST(Section5_1_1, TheOsOfAnInitAckIsNotAboveTheMisOfTheInit) {
  Peer peer;
  peer.sends(init({.inbound_streams = 2}));
  EXPECT_EQ(peer.expect_only(ChunkType::kInitAck).init().outbound_streams, 2);
}

TEST(Section5_1_1, BothSidesStateOsAndMis) {
  core::AssociationParameters parameters;
  parameters.outbound_streams = 12;
  parameters.max_inbound_streams = 34;
  Peer initiator({.parameters = parameters});
  const wire::Init init = initiator.connect().init();
  EXPECT_EQ(init.outbound_streams, 12);
  EXPECT_EQ(init.inbound_streams, 34);
  Peer responder({.parameters = parameters, .peer = {.inbound_streams = 100}});
  responder.sends(responder.own_init());
  const wire::Init ack = responder.expect_only(ChunkType::kInitAck).init();
  EXPECT_EQ(ack.outbound_streams, 12);
  EXPECT_EQ(ack.inbound_streams, 34);
}

TEST(Section5_1_1, DataQueuedForAStreamThatThePeerDoesNotTakeIsNotSent) {
  Peer peer({.peer = {.inbound_streams = 1}});
  peer.connect();
  core::SendRequest request;
  request.stream = 5;
  peer.user_sends("too far", std::move(request));
  peer.sends(peer.own_init_ack());
  EXPECT_FALSE(peer.expect(ChunkType::kCookieEcho).has(ChunkType::kData));
  peer.sends(cookie_ack());
  peer.expect_silence();
  EXPECT_TRUE(peer.find_event<core::SendFailed>().has_value());
}

// --- addresses
// --------------------------------------------------------------------------------------------------------

TEST(Section5_1_2, WithoutAddressParametersTheSourceIsTheOnlyAddress) {
  Peer peer;
  peer.bring_to(State::kEstablished, Role::kResponder);
  ASSERT_EQ(peer.status().paths.size(), 1U);
  EXPECT_EQ(peer.status().paths[0].address, (Address{ip("10.0.1.1"), Peer::kPeerPort}));
}

TEST(Section5_1_2, AllListedAddressesAndTheSourceAreRecorded) {
  const std::vector<IpAddress> listed{ip("10.0.1.2"), ip("10.0.1.3")};
  for (const Role role : {Role::kInitiator, Role::kResponder}) {
    Peer peer({.peer = {.parameters = {address_parameter(listed[0]), address_parameter(listed[1])}}});
    peer.bring_to(State::kEstablished, role);
    EXPECT_EQ(peer.status().paths.size(), 3U);
    for (const char* one : {"10.0.1.1", "10.0.1.2", "10.0.1.3"}) EXPECT_EQ(peer.path(ip(one)).address.ip, ip(one));
  }
}

TEST(Section5_1_2, WhatTheUserNamedIsForgottenUnlessThePeerListsIt) {
  for (const bool pinned : {false, true}) {
    Peer peer({.peer_addresses = {ip("10.0.1.2"), ip("10.0.1.1"), ip("10.0.1.3")}});
    peer.connect();
    core::SendRequest request;
    if (pinned) request.to = ip("10.0.1.2");  // a message that is on its way to one of them keeps them
    EXPECT_FALSE(peer.user_sends("hello", std::move(request)));
    InitFields fields = peer.own();
    fields.parameters = {address_parameter(ip("10.0.1.3"))};
    fields.parameters.push_back(state_cookie(bytes_of("cookie")));
    peer.sends(init_ack(fields), {.from = ip("10.0.1.1")});
    EXPECT_EQ(peer.status().paths.size(), pinned ? 3U : 2U);
    EXPECT_EQ(peer.expect(ChunkType::kCookieEcho).to.ip, ip("10.0.1.1"));
    EXPECT_EQ(peer.path(ip("10.0.1.3")).address.ip, ip("10.0.1.3"));
  }
}

TEST(Section5_1_2, AddressesThatNoPacketCanBeSentToAreNotRecorded) {
  Peer peer({.peer = {.parameters = {address_parameter(ip("224.0.0.1")), address_parameter(ip("0.0.0.0")),
                                     address_parameter(ip("255.255.255.255"))}}});
  peer.bring_to(State::kEstablished, Role::kResponder);
  EXPECT_EQ(peer.status().paths.size(), 1U);
}

TEST(Section5_1_2, TheInitAckMayComeFromAnAddressNotKnownYet) {
  Peer peer({.peer = {.parameters = {address_parameter(ip("10.0.1.1"))}}});
  peer.connect();
  peer.sends(peer.own_init_ack(), {.from = ip("10.0.1.9")});
  EXPECT_EQ(peer.state(), State::kCookieEchoed);
  EXPECT_EQ(peer.path(ip("10.0.1.9")).state, core::PathStatus::State::kUnconfirmed);
}

TEST(Section5_1_2, AddressesOfAFamilyThatTheEndpointLacksAreIgnoredWithoutAnError) {
  for (const Role role : {Role::kInitiator, Role::kResponder}) {
    Peer peer({.peer = {.parameters = {address_parameter(ip("2001:db8::9")), address_parameter(ip("10.0.1.2"))}}});
    peer.bring_to(State::kEstablished, role);
    EXPECT_EQ(peer.status().paths.size(), 2U);
    EXPECT_EQ(peer.path(ip("10.0.1.2")).address.ip, ip("10.0.1.2"));
  }
}

TEST(Section5_1_2, TheAnswerListsOnlyAddressesOfTheTypesThatThePeerSupports) {
  const std::vector<IpAddress> both{ip("10.0.0.1"), ip("10.0.0.2"), ip("2001:db8::1")};
  {
    Peer peer({.stack_addresses = both});
    peer.sends(init({.parameters = {parameter(ParameterType::kSupportedAddressTypes, big(std::uint16_t{5}))}}));
    EXPECT_EQ(peer.expect_only(ChunkType::kInitAck).addresses(), (std::vector{both[0], both[1]}));
  }
  {  // Without the parameter any type is supported.
    Peer peer({.stack_addresses = both});
    peer.sends(init());
    EXPECT_EQ(peer.expect_only(ChunkType::kInitAck).addresses().size(), 3U);
  }
  {  // The family of the source, and that of listed addresses, count too.
    Peer peer({.stack_addresses = both});
    peer.sends(init({.parameters = {parameter(ParameterType::kSupportedAddressTypes, big(std::uint16_t{6}))}}));
    EXPECT_EQ(peer.expect_only(ChunkType::kInitAck).addresses().size(), 3U);
  }
  {
    Peer peer({.stack_addresses = both});
    peer.sends(init({.parameters = {parameter(ParameterType::kSupportedAddressTypes, big(std::uint16_t{5})),
                                    address_parameter(ip("2001:db8::2"))}}));
    EXPECT_EQ(peer.expect_only(ChunkType::kInitAck).addresses().size(), 3U);
  }
}

TEST(Section5_1_2, TheInitSaysWhichAddressTypesAreSupported) {
  Peer four;
  EXPECT_EQ(four.connect().parameter(ParameterType::kSupportedAddressTypes), big(std::uint16_t{5}));
  Peer both({.stack_addresses = {ip("10.0.0.1"), ip("2001:db8::1")}});
  EXPECT_EQ(both.connect().parameter(ParameterType::kSupportedAddressTypes), big(std::uint16_t{5}, std::uint16_t{6}));
}

}  // namespace
}  // namespace netsctp::conformance
