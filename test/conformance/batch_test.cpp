// Packets that the stack takes in together are answered as if they had come one by one; what is sent fills packets.
#include <gmock/gmock.h>

#include "conformance/observed.hpp"

namespace netsctp::conformance {
namespace {

constexpr std::uint32_t kFirst = 1000;  // the peer's initial TSN

std::vector<ByteString> data_packet(std::uint32_t tsn) {
  return {data({.tsn = tsn, .ssn = static_cast<std::uint16_t>(tsn - kFirst)})};
}

TEST(Together, PacketsOfAnAssociationAreAcknowledgedTogether_9260_6_2) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends_together({data_packet(kFirst), data_packet(kFirst + 1), data_packet(kFirst + 2)});
  EXPECT_EQ(sack_in(peer.expect_only(ChunkType::kSack)).cumulative, kFirst + 2);
  peer.expect_silence();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(peer.receives(), "data");
}

TEST(Together, TheTimerOfADelayedSackRunsFromTheLastPacket_9260_6_2) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends_together({data_packet(kFirst)});
  peer.ignore_packets();
  peer.sends_together({data_packet(kFirst + 1)});
  EXPECT_EQ(peer.advance_to_packet(1s), 200ms);
  EXPECT_EQ(sack_in(peer.expect_only(ChunkType::kSack)).cumulative, kFirst + 1);
}

TEST(Together, AfterAnAbortTheRestIsOutOfTheBlue_9260_8_4) {
  Peer peer;
  peer.bring_to(State::kEstablished);
  peer.sends_together({data_packet(kFirst), {abort_chunk()}, data_packet(kFirst + 1)});
  EXPECT_EQ(peer.receives(), "data");
  EXPECT_FALSE(peer.receives());
  EXPECT_EQ(peer.state(), State::kClosed);
  const Reply reply = peer.expect_only(ChunkType::kAbort);
  EXPECT_EQ(reply.header.verification_tag, peer.stack_tag());  // reflected
  peer.expect_silence();
}

TEST(Together, APacketToNobodysAddressIsOutOfTheBlueThoughTheLastOneWasNot_9260_8_4) {
  PeerConfig config;
  config.stack_addresses = {ip("10.0.0.1"), ip("10.0.0.2")};
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  peer.sends(data({.tsn = kFirst}));
  peer.ignore_packets();
  peer.sends(data({.tsn = kFirst + 1, .ssn = 1}), {.to = ip("10.0.0.9")});
  peer.expect_only(ChunkType::kAbort);
  EXPECT_EQ(peer.state(), State::kEstablished);
}

TEST(FullPackets, LongMessagesFillTheirPackets_9260_6_10) {
  PeerConfig config;
  config.peer.a_rwnd = 1'000'000;
  Peer peer(config);
  peer.bring_to(State::kEstablished);
  const std::string message(2000, 'x');
  peer.user_sends(full());
  const std::uint32_t first = peer.stack_tsn();
  for (int i = 0; i < 8; ++i) EXPECT_FALSE(peer.user_sends(message));
  peer.ignore_packets();  // those that went before there was more
  std::vector<std::size_t> sizes;
  std::uint32_t last = first + static_cast<std::uint32_t>(peer.status().unacked_chunks) - 1;
  while (peer.status().buffered_bytes != 0) {
    peer.sends(sack(last, 1'000'000));
    while (const auto reply = peer.next()) {
      sizes.push_back(reply->bytes.size());
      for (const wire::Data& one : data_in(*reply)) last = one.tsn;
    }
  }
  ASSERT_GE(sizes.size(), 4U);
  sizes.pop_back();  // the end of what there is
  EXPECT_THAT(sizes, testing::Each(sizes.front()));
}

}  // namespace
}  // namespace netsctp::conformance
