// Stream re-configuration through sockets: RFC 6525 §6, with the flags and numbers that Linux 6.1 tells.
#include "sockets.hpp"

namespace netsctp::test {
namespace {

struct ResetPair {
  SocketPtr listening = make();
  SocketPtr client = make();
  SocketPtr server;
  explicit ResetPair(std::uint32_t client_allows = 7, std::uint32_t server_allows = 7) {
    allow(listening, server_allows);
    allow(client, client_allows);
    for (const auto& socket : {listening, client}) {
      EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_RECONFIG_SUPPORTED, sctp_assoc_value{0, 1}), 0);
      subscribe(socket, {SCTP_STREAM_RESET_EVENT, SCTP_ASSOC_RESET_EVENT, SCTP_STREAM_CHANGE_EVENT});
      const int on = 1;
      EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_RECVRCVINFO, on), 0);
    }
    const std::uint16_t port = bind_to(listening, SocketAddress::v4("127.0.0.1", 0));
    EXPECT_EQ(listening->listen(1), 0);
    EXPECT_EQ(connect_to(client, SocketAddress::v4("127.0.0.1", port)), 0);
    server = accept_one(listening);
  }
  static void allow(const SocketPtr& socket, std::uint32_t what) {
    EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, sctp_assoc_value{0, what}), 0);
  }
};

int reset_streams(const SocketPtr& socket, std::uint16_t flags, const std::vector<std::uint16_t>& streams) {
  std::vector<std::byte> value(sizeof(sctp_reset_streams) + streams.size() * 2);
  sctp_reset_streams head{};
  head.srs_flags = flags;
  head.srs_number_streams = static_cast<std::uint16_t>(streams.size());
  std::memcpy(value.data(), &head, sizeof head);
  if (!streams.empty()) std::memcpy(value.data() + sizeof head, streams.data(), streams.size() * 2);
  return socket->setsockopt(IPPROTO_SCTP, SCTP_RESET_STREAMS, value.data(), static_cast<socklen_t>(value.size()));
}

// The notification that comes next, as 16-bit words without its type and its association.
std::string event_of(const SocketPtr& socket, std::uint16_t type) {
  const Received got = receive(socket);
  if (got.result < 12 || (got.flags & MSG_NOTIFICATION) == 0) return "no notification: " + got.text;
  std::vector<std::uint16_t> words(static_cast<std::size_t>(got.result) / 2);
  std::memcpy(words.data(), got.text.data(), words.size() * 2);
  if (words[0] != type || words[2] != got.result) return "another type or length";
  std::string text = std::to_string(words[1]) + ":";
  for (std::size_t i = 6; i < words.size(); ++i) text += " " + std::to_string(words[i]);
  return text;
}

TEST(StreamReset, NothingWithoutTheExtensionOrPermission_6525_5_1_1) {
  Pair pair;
  EXPECT_EQ(reset_streams(pair.client, SCTP_STREAM_RESET_OUTGOING, {}), -ENOPROTOOPT);
  sctp_assoc_value value{};
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_RECONFIG_SUPPORTED, value), 0);
  EXPECT_EQ(value.assoc_value, 0U);
  ResetPair closed(0, 0);
  EXPECT_EQ(get(closed.client, IPPROTO_SCTP, SCTP_RECONFIG_SUPPORTED, value), 0);
  EXPECT_EQ(value.assoc_value, 1U);
  EXPECT_EQ(reset_streams(closed.client, SCTP_STREAM_RESET_OUTGOING, {}), -ENOPROTOOPT);
  EXPECT_EQ(set(closed.client, IPPROTO_SCTP, SCTP_RESET_ASSOC, sctp_assoc_t{0}), -ENOPROTOOPT);
  EXPECT_EQ(set(closed.client, IPPROTO_SCTP, SCTP_ADD_STREAMS, sctp_add_streams{0, 0, 1}), -ENOPROTOOPT);
}

// As Linux: IP carries it in fragments.
TEST(StreamReset, AListMayBeLongerThanAPacket_6525_4_1) {
  ResetPair pair;
  std::vector<std::uint16_t> list(2000, 1);
  list.front() = 0;
  EXPECT_EQ(send_text(pair.client, "old"), 3);
  EXPECT_EQ(receive(pair.server).info.rcv_ssn, 0);
  EXPECT_EQ(reset_streams(pair.client, SCTP_STREAM_RESET_OUTGOING, list), 0);
  std::string told = ": 0";
  for (std::size_t i = 1; i < list.size(); ++i) told += " 1";
  EXPECT_EQ(event_of(pair.server, SCTP_STREAM_RESET_EVENT), "1" + told);
  EXPECT_EQ(event_of(pair.client, SCTP_STREAM_RESET_EVENT), "2" + told);
  EXPECT_EQ(send_text(pair.client, "new"), 3);
  EXPECT_EQ(receive(pair.server).info.rcv_ssn, 0);
}

TEST(StreamReset, OutgoingStreamsBeginWithZeroAndBothAreTold_6525_6_1_1) {
  ResetPair pair;
  for (std::uint16_t ssn = 0; ssn < 2; ++ssn) {
    EXPECT_EQ(send_text(pair.client, "old"), 3);
    EXPECT_EQ(receive(pair.server).info.rcv_ssn, ssn);
  }
  EXPECT_EQ(reset_streams(pair.client, SCTP_STREAM_RESET_OUTGOING, {0, 1}), 0);
  EXPECT_EQ(event_of(pair.server, SCTP_STREAM_RESET_EVENT), "1: 0 1");
  EXPECT_EQ(event_of(pair.client, SCTP_STREAM_RESET_EVENT), "2: 0 1");
  EXPECT_EQ(send_text(pair.client, "new"), 3);
  EXPECT_EQ(receive(pair.server).info.rcv_ssn, 0);
  EXPECT_EQ(reset_streams(pair.client, SCTP_STREAM_RESET_OUTGOING, {77}), -EINVAL);
  EXPECT_EQ(reset_streams(pair.client, 0, {0}), -EINVAL);
}

TEST(StreamReset, BothDirectionsAtOnce_6525_6_3_2) {
  ResetPair pair;
  EXPECT_EQ(reset_streams(pair.client, SCTP_STREAM_RESET_OUTGOING | SCTP_STREAM_RESET_INCOMING, {}), 0);
  EXPECT_EQ(event_of(pair.server, SCTP_STREAM_RESET_EVENT), "1:");
  EXPECT_EQ(event_of(pair.client, SCTP_STREAM_RESET_EVENT), "2:");
  EXPECT_EQ(event_of(pair.client, SCTP_STREAM_RESET_EVENT), "1:");
  EXPECT_EQ(event_of(pair.server, SCTP_STREAM_RESET_EVENT), "2:");
}

TEST(StreamReset, AddedStreamsCanBeUsed_6525_6_3_4) {
  ResetPair pair;
  const sctp_sndinfo info{.snd_sid = 12, .snd_flags = 0, .snd_ppid = 0, .snd_context = 0, .snd_assoc_id = 0};
  EXPECT_EQ(send_text(pair.client, "too early", MSG_NOSIGNAL, nullptr, &info), -EINVAL);
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_ADD_STREAMS, sctp_add_streams{0, 0, 5}), 0);
  EXPECT_EQ(event_of(pair.client, SCTP_STREAM_CHANGE_EVENT), "0: 0 5");
  EXPECT_EQ(event_of(pair.server, SCTP_STREAM_CHANGE_EVENT), "0: 5 0");
  EXPECT_EQ(send_text(pair.client, "on twelve", MSG_NOSIGNAL, nullptr, &info), 9);
  EXPECT_EQ(receive(pair.server).info.rcv_sid, 12);
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_ADD_STREAMS, sctp_add_streams{0, 3, 0}), 0);
  EXPECT_EQ(event_of(pair.client, SCTP_STREAM_CHANGE_EVENT), "0: 3 0");
  EXPECT_EQ(event_of(pair.server, SCTP_STREAM_CHANGE_EVENT), "0: 0 3");
  sctp_status status{};
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_STATUS, status), 0);
  EXPECT_EQ(status.sstat_outstrms, 15);
  EXPECT_EQ(status.sstat_instrms, 13);
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_ADD_STREAMS, sctp_add_streams{0, 0, 0}), -EINVAL);
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_ADD_STREAMS, sctp_add_streams{0, 0, 65535}), -EINVAL);
}

TEST(StreamReset, AssociationReset_6525_6_3_3) {
  ResetPair pair;
  EXPECT_EQ(send_text(pair.client, "old"), 3);
  EXPECT_EQ(receive(pair.server).text, "old");
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_RESET_ASSOC, sctp_assoc_t{0}), 0);
  const Received at_client = receive(pair.client);
  const Received at_server = receive(pair.server);
  sctp_assoc_reset_event ours{};
  sctp_assoc_reset_event theirs{};
  ASSERT_EQ(at_client.result, ssize_t{sizeof ours});
  ASSERT_EQ(at_server.result, ssize_t{sizeof ours});
  std::memcpy(&ours, at_client.text.data(), sizeof ours);
  std::memcpy(&theirs, at_server.text.data(), sizeof theirs);
  EXPECT_EQ(ours.assocreset_type, SCTP_ASSOC_RESET_EVENT);
  EXPECT_EQ(ours.assocreset_flags, 0);
  EXPECT_EQ(ours.assocreset_local_tsn, theirs.assocreset_remote_tsn);
  EXPECT_EQ(ours.assocreset_remote_tsn, theirs.assocreset_local_tsn);
  EXPECT_EQ(send_text(pair.client, "new"), 3);
  const Received got = receive(pair.server);
  EXPECT_EQ(got.info.rcv_tsn, ours.assocreset_local_tsn);
  EXPECT_EQ(got.info.rcv_ssn, 0);
  // RFC 6525 §5.1.4: not twice within 30 seconds.
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_RESET_ASSOC, sctp_assoc_t{0}), -EAGAIN);
}

TEST(StreamReset, WhatThePeerDeniesIsTold_6525_6_1) {
  ResetPair pair(7, 0);
  EXPECT_EQ(reset_streams(pair.client, SCTP_STREAM_RESET_OUTGOING, {3}), 0);
  EXPECT_EQ(event_of(pair.client, SCTP_STREAM_RESET_EVENT), "6: 3");
  EXPECT_EQ(reset_streams(pair.client, SCTP_STREAM_RESET_INCOMING, {}), 0);
  EXPECT_EQ(event_of(pair.client, SCTP_STREAM_RESET_EVENT), "5:");
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_ADD_STREAMS, sctp_add_streams{0, 3, 0}), 0);
  EXPECT_EQ(event_of(pair.client, SCTP_STREAM_CHANGE_EVENT), "4: 3 0");
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_RESET_ASSOC, sctp_assoc_t{0}), 0);
  EXPECT_EQ(receive(pair.client).result, ssize_t{sizeof(sctp_assoc_reset_event)});
}

}  // namespace
}  // namespace netsctp::test
