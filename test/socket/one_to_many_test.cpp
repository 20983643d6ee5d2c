// One-to-many sockets: implicit setup, notifications, peeloff, EOF and ABORT (RFC 6458 §3, §6, §7.5, §9.2).
#include "sockets.hpp"

namespace netsctp::test {
namespace {

using Address = SocketAddress;

struct Many {
  std::uint16_t port = 0;
  SocketPtr server;
  SocketPtr client = make(SOCK_SEQPACKET);
  Address there;

  Many() {
    server = listener(port, SOCK_SEQPACKET);
    there = Address::v4("127.0.0.1", port);
    be_patient(server);
    be_patient(client);
    EXPECT_EQ(set(server, IPPROTO_SCTP, SCTP_RECVRCVINFO, int{1}), 0);
    EXPECT_EQ(set(client, IPPROTO_SCTP, SCTP_RECVRCVINFO, int{1}), 0);
  }
  ~Many() {
    (void)client->close();
    (void)server->close();
  }
};

TEST(OneToMany, SendingSetsUpTheAssociation_6458_7_5) {
  Many many;
  sctp_sndinfo info{};
  info.snd_sid = 3;
  info.snd_ppid = htonl(46);
  EXPECT_EQ(send_text(many.client, "hello", 0, &many.there, &info), 5);
  const Received got = receive(many.server);
  EXPECT_EQ(got.text, "hello");
  ASSERT_TRUE(got.has_info);
  EXPECT_EQ(got.info.rcv_sid, 3);
  EXPECT_EQ(got.info.rcv_ppid, htonl(46));
  EXPECT_GE(got.info.rcv_assoc_id, 3);
  sctp_sndinfo back{};
  back.snd_assoc_id = got.info.rcv_assoc_id;
  back.snd_flags = SCTP_UNORDERED;
  EXPECT_EQ(send_text(many.server, "by id", 0, nullptr, &back), 5);
  const Received answer = receive(many.client);
  EXPECT_EQ(answer.text, "by id");
  EXPECT_EQ(answer.info.rcv_flags & SCTP_UNORDERED, SCTP_UNORDERED);
  EXPECT_EQ(send_text(many.server, "by name", 0, &got.from), 7);
  EXPECT_EQ(receive(many.client).text, "by name");
  std::uint32_t count = 0;
  EXPECT_EQ(get(many.server, IPPROTO_SCTP, SCTP_GET_ASSOC_NUMBER, count), 0);
  EXPECT_EQ(count, 1U);
}

TEST(OneToMany, CallsForOneToOneAreRefused) {
  Many many;
  SocketPtr none;
  EXPECT_EQ(many.server->accept(none, nullptr, nullptr, 0), -EOPNOTSUPP);
  EXPECT_EQ(many.server->shutdown(SHUT_WR), 0);  // as Linux: a listening socket, without effect
  EXPECT_EQ(many.server->shutdown(SHUT_RD), -EOPNOTSUPP);
  EXPECT_EQ(make(SOCK_SEQPACKET)->shutdown(SHUT_WR), -ENOTCONN);
  Address peer;
  peer.length = sizeof peer.storage;
  EXPECT_EQ(many.server->getpeername(peer.get(), &peer.length), -ENOTCONN);
  EXPECT_EQ(send_text(many.client, "to whom?"), -EPIPE);
  EXPECT_EQ(connect_to(many.client, many.there), 0);
  EXPECT_EQ(connect_to(many.client, many.there), -EISCONN);
}

TEST(OneToMany, NotificationsTellItsLife_6458_6_1) {
  Many many;
  subscribe(many.server, {SCTP_ASSOC_CHANGE, SCTP_SHUTDOWN_EVENT});
  subscribe(many.client, {SCTP_ASSOC_CHANGE});
  sctp_sndinfo eof{};
  eof.snd_flags = SCTP_EOF;
  EXPECT_EQ(send_text(many.client, "once", 0, &many.there), 4);
  const Received client_up = receive(many.client);
  EXPECT_NE(client_up.flags & MSG_NOTIFICATION, 0);
  EXPECT_EQ(client_up.notification().sn_assoc_change.sac_state, SCTP_COMM_UP);
  eof.snd_assoc_id = client_up.notification().sn_assoc_change.sac_assoc_id;
  EXPECT_EQ(send_text(many.client, "and gone", 0, nullptr, &eof), -EINVAL);  // as Linux: a goodbye has no data
  EXPECT_EQ(send_text(many.client, "", 0, nullptr, &eof), 0);
  Received got = receive(many.server);
  ASSERT_NE(got.flags & MSG_NOTIFICATION, 0);
  EXPECT_NE(got.flags & MSG_EOR, 0);
  EXPECT_EQ(got.notification().sn_header.sn_type, SCTP_ASSOC_CHANGE);
  EXPECT_EQ(got.notification().sn_assoc_change.sac_state, SCTP_COMM_UP);
  EXPECT_EQ(got.notification().sn_assoc_change.sac_length, got.text.size());
  EXPECT_EQ(receive(many.server).text, "once");
  EXPECT_EQ(receive(many.server).notification().sn_header.sn_type, SCTP_SHUTDOWN_EVENT);
  got = receive(many.server);
  EXPECT_EQ(got.notification().sn_assoc_change.sac_state, SCTP_SHUTDOWN_COMP);
  EXPECT_EQ(receive(many.client).notification().sn_assoc_change.sac_state, SCTP_SHUTDOWN_COMP);
}

TEST(OneToMany, AbortCarriesItsReason_6458_5_3_4) {
  Many many;
  subscribe(many.server, {SCTP_ASSOC_CHANGE});  // SCTP_FUTURE_ASSOC: associations to come
  EXPECT_EQ(connect_to(many.client, many.there), 0);
  sctp_sndinfo abort{};
  abort.snd_flags = SCTP_ABORT;
  EXPECT_GE(send_text(many.client, "too bad", 0, &many.there, &abort), 0);  // Linux: 0
  Received got = receive(many.server);
  while (got.result > 0 && got.notification().sn_assoc_change.sac_state == SCTP_COMM_UP) got = receive(many.server);
  EXPECT_EQ(got.notification().sn_assoc_change.sac_state, SCTP_COMM_LOST);
  EXPECT_NE(got.text.find("too bad"), std::string::npos);
}

TEST(OneToMany, PeeloffMakesASocketOfOneAssociation_6458_9_2) {
  Many many;
  EXPECT_EQ(send_text(many.client, "first", 0, &many.there), 5);
  EXPECT_NE(poll_for(many.server, POLLIN) & POLLIN, 0);
  sctp_peeloff_arg_t argument{};
  socklen_t length = sizeof argument;
  EXPECT_EQ(many.server->getsockopt(IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF, &argument, &length), -EINVAL);
  const Received peeked = receive(many.server, MSG_PEEK);
  argument.associd = peeked.info.rcv_assoc_id;
  length = sizeof argument;
  const int descriptor = many.server->getsockopt(IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF, &argument, &length);
  ASSERT_GE(descriptor, 0);
  EXPECT_EQ(argument.sd, descriptor);
  const SocketPtr branch = socket::lookup(descriptor);
  ASSERT_NE(branch, nullptr);
  be_patient(branch);
  EXPECT_EQ(receive(branch).text, "first");
  EXPECT_EQ(receive(many.server, MSG_DONTWAIT).result, -EAGAIN);
  EXPECT_EQ(send_text(branch, "yours"), 5);
  EXPECT_EQ(receive(many.client).text, "yours");
  EXPECT_EQ(branch->close(), 0);
}

TEST(OneToMany, TwoAddressesServeOneAssociation) {
  auto server = make(SOCK_SEQPACKET);
  sockaddr_in both[2];
  for (int i = 0; i < 2; ++i) {
    const Address each = Address::v4(i == 0 ? "127.0.0.1" : "127.0.0.2", 0);
    std::memcpy(&both[i], each.get(), sizeof both[i]);
  }
  ASSERT_EQ(server->setsockopt(IPPROTO_SCTP, SCTP_SOCKOPT_BINDX_ADD, both, sizeof both), 0);
  ASSERT_EQ(server->listen(1), 0);
  both[0].sin_port = both[1].sin_port = htons(name_of(server).port());
  auto client = make();
  be_patient(client);
  const int id = client->setsockopt(IPPROTO_SCTP, SCTP_SOCKOPT_CONNECTX, both, sizeof both);
  ASSERT_GE(id, 3);
  alignas(8) char buffer[4096] = {};
  socklen_t length = sizeof buffer;
  ASSERT_EQ(client->getsockopt(IPPROTO_SCTP, SCTP_GET_PEER_ADDRS, buffer, &length), 0);
  EXPECT_EQ(reinterpret_cast<const sctp_getaddrs*>(buffer)->addr_num, 2U);
  EXPECT_EQ(length, sizeof(sctp_getaddrs) + sizeof both);
  length = 20;
  EXPECT_EQ(client->getsockopt(IPPROTO_SCTP, SCTP_GET_PEER_ADDRS, buffer, &length), -ENOMEM);
  EXPECT_EQ(server->setsockopt(IPPROTO_SCTP, SCTP_SOCKOPT_BINDX_REM, &both[1], sizeof both[1]), 0);
  EXPECT_EQ(server->setsockopt(IPPROTO_SCTP, SCTP_SOCKOPT_BINDX_REM, &both[0], sizeof both[0]), -EBUSY);
  EXPECT_EQ(client->close(), 0);
  EXPECT_EQ(server->close(), 0);
}

}  // namespace
}  // namespace netsctp::test
