// Where messages go, how they are cut and what accompanies them: SCTP_ADDR_OVER, MSG_TRUNC, MSG_PEEK, partial delivery,
// interleaving, ancillary data of every type (RFC 6458 §5.3, §5.4, §6.1.7, §8.1.20).
#include "sockets.hpp"

namespace netsctp::test {
namespace {

// Control messages one behind the other.
class Ancillary {
 public:
  template <class Value>
  Ancillary& add(int type, const Value& value, std::size_t size = sizeof(Value)) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + CMSG_SPACE(size));
    cmsghdr header{};
    header.cmsg_level = IPPROTO_SCTP;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(size);
    std::memcpy(&bytes_[at], &header, sizeof header);
    std::memcpy(&bytes_[at + CMSG_LEN(0)], &value, std::min(size, sizeof value));
    return *this;
  }
  ssize_t send(const SocketPtr& socket, std::string_view text, const SocketAddress* to = nullptr,
               int flags = MSG_NOSIGNAL) {
    iovec part{const_cast<char*>(text.data()), text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = bytes_.data();
    message.msg_controllen = bytes_.size();
    if (to != nullptr) {
      message.msg_name = const_cast<sockaddr*>(to->get());
      message.msg_namelen = to->length;
    }
    return socket->sendmsg(&message, flags);
  }

 private:
  std::vector<char> bytes_;
};

SocketPtr bound_to(std::initializer_list<SocketAddress> addresses, int type, int domain = AF_INET) {
  auto socket = make(type, domain);
  be_patient(socket);
  std::vector<char> packed;
  for (const auto& each : addresses) {
    const auto* const bytes = reinterpret_cast<const char*>(each.get());
    packed.insert(packed.end(), bytes, bytes + each.length);
  }
  EXPECT_EQ(
      socket->setsockopt(IPPROTO_SCTP, SCTP_SOCKOPT_BINDX_ADD, packed.data(), static_cast<socklen_t>(packed.size())),
      0);
  return socket;
}

std::uint32_t peer_addresses(const SocketPtr& socket, sctp_assoc_t id) {
  alignas(8) char buffer[4096] = {};
  std::memcpy(buffer, &id, sizeof id);
  socklen_t length = sizeof buffer;
  EXPECT_EQ(socket->getsockopt(IPPROTO_SCTP, SCTP_GET_PEER_ADDRS, buffer, &length), 0);
  return reinterpret_cast<const sctp_getaddrs*>(buffer)->addr_num;
}

sctp_assoc_t only_id(const SocketPtr& socket) {
  std::uint32_t list[8] = {};
  EXPECT_EQ(get(socket, IPPROTO_SCTP, SCTP_GET_ASSOC_ID_LIST, list), 0);
  EXPECT_EQ(list[0], 1U);
  return static_cast<sctp_assoc_t>(list[1]);
}

void until_all_acknowledged(const SocketPtr& socket, sctp_assoc_t id = 0) {
  sctp_status status{};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatience);
  do {
    status.sstat_assoc_id = id;
    ASSERT_EQ(get(socket, IPPROTO_SCTP, SCTP_STATUS, status), 0);
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  } while (status.sstat_unackdata != 0 || status.sstat_penddata != 0);
}

// Both ends have 127.0.0.1 and 127.0.0.2; an address is answered from the same one, so the receiver sees the path.
TEST(Delivery, AddrOverSendsWhereTheNameSays_6458_5_3_4) {
  const auto server = bound_to({SocketAddress::v4("127.0.0.1", 0), SocketAddress::v4("127.0.0.2", 0)}, SOCK_SEQPACKET);
  ASSERT_EQ(server->listen(1), 0);
  const auto port = name_of(server).port();
  const auto client = bound_to({SocketAddress::v4("127.0.0.1", 0), SocketAddress::v4("127.0.0.2", 0)}, SOCK_SEQPACKET);
  const auto first = SocketAddress::v4("127.0.0.1", port);
  const auto second = SocketAddress::v4("127.0.0.2", port);
  ASSERT_EQ(connect_to(client, first), 0);
  ASSERT_EQ(peer_addresses(client, only_id(client)), 2U);
  sctp_paddrinfo path{};
  do {  // the second address is used once it is confirmed (RFC 9260 §5.4)
    path = {};
    path.spinfo_assoc_id = only_id(client);
    std::memcpy(&path.spinfo_address, second.get(), second.length);
    ASSERT_EQ(get(client, IPPROTO_SCTP, SCTP_GET_PEER_ADDR_INFO, path), 0);
  } while (path.spinfo_state == SCTP_UNCONFIRMED);
  EXPECT_EQ(send_text(client, "by the primary", 0, &second), 14);
  EXPECT_EQ(receive(server).from.text(), "127.0.0.1");
  sctp_sndinfo over{};
  over.snd_flags = SCTP_ADDR_OVER;
  EXPECT_EQ(send_text(client, "as named", 0, &second, &over), 8);
  EXPECT_EQ(receive(server).from.text(), "127.0.0.2");
  over.snd_assoc_id = only_id(client);
  EXPECT_EQ(send_text(client, "no name", 0, nullptr, &over), -EINVAL);
  EXPECT_EQ(client->close(), 0);
  EXPECT_EQ(server->close(), 0);
}

TEST(Delivery, MsgTruncNeitherCutsNorTellsMore_6458_3_1_4) {
  Pair pair;
  EXPECT_EQ(send_text(pair.client, "truncated?"), 10);
  const auto first = receive(pair.server, MSG_TRUNC, 4);
  EXPECT_EQ(first.text, "trun");
  EXPECT_EQ(first.flags & (MSG_TRUNC | MSG_EOR), 0);
  const auto rest = receive(pair.server, MSG_TRUNC);
  EXPECT_EQ(rest.text, "cated?");
  EXPECT_EQ(rest.flags & (MSG_TRUNC | MSG_EOR), MSG_EOR);
}

TEST(Delivery, PeekShowsTheRestOfAMessageReadInPieces) {
  Pair pair;
  EXPECT_EQ(send_text(pair.client, "piecemeal"), 9);
  EXPECT_EQ(receive(pair.server, 0, 5).text, "piece");
  for (int i = 0; i < 2; ++i) {
    const auto peeked = receive(pair.server, MSG_PEEK, 3);
    EXPECT_EQ(peeked.text, "mea");
    EXPECT_EQ(peeked.flags & MSG_EOR, 0);
  }
  const auto whole = receive(pair.server, MSG_PEEK);
  EXPECT_EQ(whole.text, "meal");
  EXPECT_NE(whole.flags & MSG_EOR, 0);
  EXPECT_EQ(receive(pair.server).text, "meal");
  EXPECT_EQ(receive(pair.server, MSG_DONTWAIT | MSG_PEEK).result, -EAGAIN);
}

TEST(Delivery, PeekOfANotificationLeavesIt) {
  constexpr int kNotificationAndEnd = static_cast<int>(MSG_NOTIFICATION) | static_cast<int>(MSG_EOR);
  auto server = make(SOCK_SEQPACKET);
  be_patient(server);
  const auto port = bind_to(server, SocketAddress::v4("127.0.0.1", 0));
  ASSERT_EQ(server->listen(1), 0);
  subscribe(server, {SCTP_ASSOC_CHANGE});
  auto client = make();
  ASSERT_EQ(connect_to(client, SocketAddress::v4("127.0.0.1", port)), 0);
  const auto cut = receive(server, MSG_PEEK, 4);
  EXPECT_EQ(cut.result, 4);
  EXPECT_EQ(cut.flags & kNotificationAndEnd, static_cast<int>(MSG_NOTIFICATION));
  const auto whole = receive(server);
  EXPECT_EQ(whole.text.size(), sizeof(sctp_assoc_change));
  EXPECT_EQ(whole.flags & kNotificationAndEnd, kNotificationAndEnd);
  EXPECT_EQ(client->close(), 0);
  EXPECT_EQ(server->close(), 0);
}

TEST(Delivery, InterleavingIsASwitch_6458_8_1_20) {  // as on Linux: level 2 would need I-DATA
  auto socket = make(SOCK_SEQPACKET);
  int level = -1;
  EXPECT_EQ(get(socket, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, level), 0);
  EXPECT_EQ(level, 0);
  for (const int wanted : {1, 2, 0}) {
    EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, wanted), 0);
    EXPECT_EQ(get(socket, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, level), 0);
    EXPECT_EQ(level, wanted != 0 ? 1 : 0);
  }
  EXPECT_EQ(socket->close(), 0);
}

// A server on which a message far larger than its receive buffer is in partial delivery.
struct Partial {
  static constexpr std::size_t kLarge = 8'000'000;
  SocketPtr server = make(SOCK_SEQPACKET);
  SocketPtr large = make(SOCK_SEQPACKET);
  SocketAddress there;
  std::size_t taken = 0;  // of the message

  explicit Partial(int interleave = 0) {
    be_patient(server);
    EXPECT_EQ(set(server, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, interleave), 0);
    EXPECT_EQ(set(server, IPPROTO_SCTP, SCTP_PARTIAL_DELIVERY_POINT, std::uint32_t{10'000}), 0);
    subscribe(server, {SCTP_PARTIAL_DELIVERY_EVENT});
    there = SocketAddress::v4("127.0.0.1", bind_to(server, SocketAddress::v4("127.0.0.1", 0)));
    EXPECT_EQ(server->listen(2), 0);
    be_patient(large);
    EXPECT_EQ(set(large, SOL_SOCKET, SO_SNDBUFFORCE, static_cast<int>(kLarge)), 0);
    sctp_sndinfo info{};
    info.snd_sid = 4;
    EXPECT_EQ(send_text(large, std::string(kLarge, 'L'), 0, &there, &info), static_cast<ssize_t>(kLarge));
    const auto begun = receive(server);
    EXPECT_GT(begun.result, 0);
    EXPECT_EQ(begun.flags & MSG_EOR, 0);
    taken = begun.text.size();
  }
  ~Partial() {
    EXPECT_EQ(large->close(), 0);
    EXPECT_EQ(server->close(), 0);
  }
  // Whether the message of another association comes before the end of the large one.
  bool small_one_comes_between() {
    auto small = make(SOCK_SEQPACKET);
    be_patient(small);
    EXPECT_EQ(send_text(small, "small", 0, &there), 5);
    until_all_acknowledged(small, only_id(small));
    bool before = false;
    while (true) {
      const auto got = receive(server, 0, 1'000'000);
      if (got.result <= 0 || (got.text[0] == 'L' && (got.flags & MSG_EOR) != 0)) break;
      before = before || got.text == "small";
    }
    if (!before) {
      EXPECT_EQ(receive(server).text, "small");
    }
    EXPECT_EQ(small->close(), 0);
    return before;
  }
};

TEST(Delivery, Level0LetsNothingComeBetweenThePiecesOfAMessage_6458_8_1_20) {
  EXPECT_FALSE(Partial(0).small_one_comes_between());
}

TEST(Delivery, Level1LetsOtherAssociationsComeBetween_6458_8_1_20) {
  EXPECT_TRUE(Partial(1).small_one_comes_between());
}

TEST(Delivery, PeekTakesNothingFromAMessageInPartialDelivery) {
  Partial partial;
  for (int i = 0; i < 3; ++i) {
    const auto peeked = receive(partial.server, MSG_PEEK, 1000);
    EXPECT_EQ(peeked.text, std::string(peeked.text.size(), 'L'));
    EXPECT_GT(peeked.result, 0);
    EXPECT_EQ(peeked.flags & MSG_EOR, 0);
  }
  std::size_t taken = partial.taken;
  Received got;
  do {
    got = receive(partial.server);
    ASSERT_GT(got.result, 0);
    taken += got.text.size();
  } while ((got.flags & MSG_EOR) == 0);
  EXPECT_EQ(taken, Partial::kLarge);
}

TEST(Delivery, AnAbortEndsPartialDeliveryWithAnEvent_6458_6_1_7) {
  Partial partial;
  sctp_sndinfo abort{};
  abort.snd_flags = SCTP_ABORT;
  abort.snd_assoc_id = only_id(partial.large);
  const sctp_assoc_t id = only_id(partial.server);
  EXPECT_EQ(send_text(partial.large, "", 0, nullptr, &abort), 0);
  Received got = receive(partial.server);
  while (got.result > 0 && (got.flags & MSG_NOTIFICATION) == 0) {
    EXPECT_EQ(got.flags & MSG_EOR, 0);
    got = receive(partial.server);
  }
  ASSERT_GE(got.result, static_cast<ssize_t>(sizeof(sctp_pdapi_event)));
  const auto& told = got.notification().sn_pdapi_event;
  EXPECT_EQ(told.pdapi_type, SCTP_PARTIAL_DELIVERY_EVENT);
  EXPECT_EQ(told.pdapi_length, sizeof told);
  EXPECT_EQ(told.pdapi_indication, static_cast<std::uint32_t>(SCTP_PARTIAL_DELIVERY_ABORTED));
  EXPECT_EQ(told.pdapi_stream, 4U);
  EXPECT_EQ(told.pdapi_assoc_id, id);
}

// --- ancillary data

TEST(Ancillary, InitShapesTheAssociationThatTheMessageBegins_6458_5_3_1) {
  std::uint16_t port = 0;
  auto server = listener(port, SOCK_SEQPACKET);
  auto client = make(SOCK_SEQPACKET);
  be_patient(client);
  const auto to = SocketAddress::v4("127.0.0.1", port);
  const sctp_initmsg init{3, 5, 0, 0};
  EXPECT_EQ(Ancillary().add(SCTP_INIT, init).send(client, "x", &to), 1);
  sctp_status status{};
  status.sstat_assoc_id = only_id(client);
  ASSERT_EQ(get(client, IPPROTO_SCTP, SCTP_STATUS, status), 0);
  EXPECT_EQ(status.sstat_outstrms, 3);
  EXPECT_EQ(status.sstat_instrms, 5);
  EXPECT_EQ(Ancillary().add(SCTP_INIT, init, sizeof init - 2).send(client, "x", &to), -EINVAL);
  EXPECT_EQ(client->close(), 0);
  EXPECT_EQ(server->close(), 0);
}

TEST(Ancillary, SndrcvTellsTheSameBothWays_6458_5_3_2) {
  Pair pair;
  sctp_event_subscribe events{};
  events.sctp_data_io_event = 1;
  ASSERT_EQ(set(pair.server, IPPROTO_SCTP, SCTP_EVENTS, events), 0);
  ASSERT_EQ(set(pair.server, IPPROTO_SCTP, SCTP_CONTEXT, sctp_assoc_value{0, 88}), 0);
  sctp_sndrcvinfo info{};
  info.sinfo_stream = 6;
  info.sinfo_flags = SCTP_UNORDERED;
  info.sinfo_ppid = htonl(7);
  info.sinfo_context = 9;
  EXPECT_EQ(Ancillary().add(SCTP_SNDRCV, info).send(pair.client, "old form"), 8);
  const auto got = receive(pair.server);
  ASSERT_TRUE(got.has_old_info);
  EXPECT_EQ(got.old_info.sinfo_stream, 6);
  EXPECT_EQ(got.old_info.sinfo_flags, SCTP_UNORDERED);
  EXPECT_EQ(got.old_info.sinfo_ppid, htonl(7));
  EXPECT_EQ(got.old_info.sinfo_context, 88U);  // the receiver's own
  EXPECT_GE(got.old_info.sinfo_assoc_id, 3);
  EXPECT_EQ(Ancillary().add(SCTP_SNDRCV, info).add(SCTP_SNDINFO, sctp_sndinfo{}).send(pair.client, "both"), -EINVAL);
}

TEST(Ancillary, SndinfoIsAnsweredByRcvinfoAndNxtinfo_6458_5_3_4) {
  Pair pair;
  for (const int option : {SCTP_RECVRCVINFO, SCTP_RECVNXTINFO}) EXPECT_EQ(set(pair.server, IPPROTO_SCTP, option, 1), 0);
  sctp_sndinfo info{};
  for (const std::uint16_t stream : {std::uint16_t{1}, std::uint16_t{2}}) {
    info.snd_sid = stream;
    info.snd_ppid = htonl(stream * 10U);
    EXPECT_EQ(Ancillary().add(SCTP_SNDINFO, info).send(pair.client, "message"), 7);
  }
  until_all_acknowledged(pair.client);
  auto got = receive(pair.server);
  ASSERT_TRUE(got.has_info && got.has_next);
  EXPECT_EQ(got.info.rcv_sid, 1);
  EXPECT_EQ(got.info.rcv_ppid, htonl(10));
  EXPECT_EQ(got.next.nxt_sid, 2);
  EXPECT_EQ(got.next.nxt_ppid, htonl(20));
  EXPECT_EQ(got.next.nxt_length, 7U);
  EXPECT_EQ(got.next.nxt_assoc_id, got.info.rcv_assoc_id);
  got = receive(pair.server);
  EXPECT_TRUE(got.has_info && !got.has_next);
}

TEST(Ancillary, PrinfoAndAuthinfoAreTaken_6458_5_3_7_5_3_8) {
  Pair pair;
  const sctp_prinfo lifetime{SCTP_PR_SCTP_TTL, 60'000};
  EXPECT_EQ(Ancillary().add(SCTP_PRINFO, lifetime).send(pair.client, "x"), 1);
  EXPECT_EQ(Ancillary().add(SCTP_PRINFO, sctp_prinfo{0x0001, 0}).send(pair.client, "x"), -EINVAL);
  EXPECT_EQ(Ancillary().add(SCTP_PRINFO, lifetime, 4).send(pair.client, "x"), -EINVAL);
  EXPECT_EQ(Ancillary().add(SCTP_AUTHINFO, sctp_authinfo{0}).send(pair.client, "y"), 1);
  EXPECT_EQ(Ancillary().add(SCTP_AUTHINFO, sctp_authinfo{1}).send(pair.client, "z"), 1);  // as Linux without AUTH
  EXPECT_EQ(Ancillary().add(SCTP_AUTHINFO, sctp_authinfo{0}, 1).send(pair.client, "y"), -EINVAL);
  for (const char* const text : {"x", "y", "z"}) EXPECT_EQ(receive(pair.server).text, text);
}

TEST(Ancillary, DstaddrGivesThePeerMoreAddresses_6458_5_3_9_5_3_10) {
  sctp_udpencaps nowhere{};  // a UDP port where nobody reads: no answer tells the peer's own list
  nowhere.sue_port = htons(silent_udp_port());
  in_addr second{};
  ::inet_pton(AF_INET, "127.0.0.2", &second);
  auto client = make(SOCK_SEQPACKET);
  ASSERT_EQ(set(client, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, nowhere), 0);
  const auto to = SocketAddress::v4("127.0.0.1", 7);
  EXPECT_EQ(Ancillary().add(SCTP_DSTADDRV4, second).send(client, "four", &to, MSG_DONTWAIT), 4);
  EXPECT_EQ(peer_addresses(client, only_id(client)), 2U);
  EXPECT_EQ(client->close(), 0);

  client = make(SOCK_SEQPACKET, AF_INET6);
  ASSERT_EQ(set(client, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, nowhere), 0);
  const auto mapped = SocketAddress::v6("::ffff:127.0.0.1", 7);
  EXPECT_EQ(Ancillary().add(SCTP_DSTADDRV6, second).send(client, "short", &mapped, MSG_DONTWAIT), -EINVAL);
  EXPECT_EQ(Ancillary().add(SCTP_DSTADDRV6, in6addr_loopback).send(client, "six", &mapped, MSG_DONTWAIT), 3);
  EXPECT_EQ(peer_addresses(client, only_id(client)), 2U);
  EXPECT_EQ(client->close(), 0);
}

TEST(Ancillary, WhatIsOnlyForReceiversIsRefused_6458_5_3) {
  Pair pair;
  EXPECT_EQ(Ancillary().add(SCTP_RCVINFO, sctp_rcvinfo{}).send(pair.client, "x"), -EINVAL);
  EXPECT_EQ(Ancillary().add(SCTP_NXTINFO, sctp_nxtinfo{}).send(pair.client, "x"), -EINVAL);
}

}  // namespace
}  // namespace netsctp::test
