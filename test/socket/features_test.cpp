// Options with an effect: Adaptation Indication, autoclose, schedulers, statistics, thresholds, and the calls around
// them (RFC 6458 §3, §8; RFC 8260 §3).
#include <sys/mman.h>

#include <atomic>
#include <thread>

#include "sockets.hpp"

namespace netsctp::test {
namespace {

sctp_notification notification_of(const Received& received) {
  sctp_notification result{};
  std::memcpy(&result, received.text.data(), std::min(received.text.size(), sizeof result));
  return result;
}

// A one-to-many pair: `client` has an association of this id with `server`.
struct ManyPair {
  std::uint16_t port = 0;
  SocketPtr server;
  SocketPtr client;
  sctp_assoc_t id = 0;

  explicit ManyPair(const std::function<void(const SocketPtr&)>& prepare = {}) {
    server = make(SOCK_SEQPACKET);
    client = make(SOCK_SEQPACKET);
    for (const auto& each : {server, client}) {
      be_patient(each);
      if (prepare) prepare(each);
    }
    port = bind_to(server, SocketAddress::v4("127.0.0.1", 0));
    EXPECT_EQ(server->listen(8), 0);
    EXPECT_EQ(connect_to(client, SocketAddress::v4("127.0.0.1", port)), 0);
    id = only_id(client);
  }
  ~ManyPair() {
    for (const auto& each : {client, server}) (void)each->close();
  }
  static sctp_assoc_t only_id(const SocketPtr& socket) {
    std::uint32_t list[8] = {};
    EXPECT_EQ(get(socket, IPPROTO_SCTP, SCTP_GET_ASSOC_ID_LIST, list), 0);
    return static_cast<sctp_assoc_t>(list[1]);
  }
};

TEST(Features, TheAdaptationIndicationOfThePeerIsTold_6458_8_1_10) {
  ManyPair pair([](const SocketPtr& each) {
    const sctp_setadaptation indication{0xFEEDBEEF};
    EXPECT_EQ(set(each, IPPROTO_SCTP, SCTP_ADAPTATION_LAYER, indication), 0);
    subscribe(each, {SCTP_ASSOC_CHANGE, SCTP_ADAPTATION_INDICATION});
  });
  for (const auto& each : {pair.client, pair.server}) {  // §6.1.6: after SCTP_COMM_UP
    EXPECT_EQ(notification_of(receive(each)).sn_header.sn_type, SCTP_ASSOC_CHANGE);
    const auto told = notification_of(receive(each));
    EXPECT_EQ(told.sn_header.sn_type, SCTP_ADAPTATION_INDICATION);
    EXPECT_EQ(told.sn_adaptation_event.sai_adaptation_ind, 0xFEEDBEEFU);
    EXPECT_EQ(told.sn_adaptation_event.sai_length, sizeof(sctp_adaptation_event));
  }
}

TEST(Features, NoIndicationNoNotification_6458_6_1_6) {
  ManyPair pair([](const SocketPtr& each) { subscribe(each, {SCTP_ADAPTATION_INDICATION}); });
  EXPECT_EQ(receive(pair.client, MSG_DONTWAIT).result, -EAGAIN);
}

TEST(Features, AutocloseShutsAnIdleAssociationDown_6458_8_1_8) {
  ManyPair pair([](const SocketPtr& each) { subscribe(each, {SCTP_ASSOC_CHANGE}); });
  auto other = make(SOCK_SEQPACKET);
  be_patient(other);
  subscribe(other, {SCTP_ASSOC_CHANGE});
  EXPECT_EQ(set(other, IPPROTO_SCTP, SCTP_AUTOCLOSE, int{1}), 0);
  EXPECT_EQ(connect_to(other, SocketAddress::v4("127.0.0.1", pair.port)), 0);
  EXPECT_EQ(notification_of(receive(other)).sn_assoc_change.sac_state, SCTP_COMM_UP);
  EXPECT_EQ(notification_of(receive(other)).sn_assoc_change.sac_state, SCTP_SHUTDOWN_COMP);
  EXPECT_EQ(pair.id, ManyPair::only_id(pair.client));  // without the option it stays
  EXPECT_EQ(other->close(), 0);
}

TEST(Features, StatisticsCountWhatWasSentAndReceived) {
  ManyPair pair;
  sctp_sndinfo info{};
  info.snd_assoc_id = pair.id;
  EXPECT_EQ(send_text(pair.client, "ordered", 0, nullptr, &info), 7);
  info.snd_flags = SCTP_UNORDERED;
  EXPECT_EQ(send_text(pair.client, "unordered", 0, nullptr, &info), 9);
  EXPECT_EQ(receive(pair.server).result, 7);
  EXPECT_EQ(receive(pair.server).result, 9);
  sctp_assoc_stats sent{};
  sent.sas_assoc_id = pair.id;
  ASSERT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_GET_ASSOC_STATS, sent), 0);
  EXPECT_EQ(sent.sas_oodchunks, 1U);
  EXPECT_EQ(sent.sas_ouodchunks, 1U);
  EXPECT_EQ(sent.sas_rtxchunks, 0U);
  EXPECT_GE(sent.sas_opackets, 3U);
  EXPECT_GE(sent.sas_octrlchunks, 2U);  // INIT, COOKIE ECHO
  EXPECT_GT(sent.sas_maxrto, 0U);
  sctp_assoc_stats got{};
  got.sas_assoc_id = ManyPair::only_id(pair.server);
  ASSERT_EQ(get(pair.server, IPPROTO_SCTP, SCTP_GET_ASSOC_STATS, got), 0);
  EXPECT_EQ(got.sas_iodchunks, 1U);
  EXPECT_EQ(got.sas_iuodchunks, 1U);
  EXPECT_GE(got.sas_ipackets, 2U);
}

TEST(Features, ThresholdsAreReadBack_7829_7_2) {
  ManyPair pair;
  sctp_paddrthlds_v2 wanted{};
  wanted.spt_assoc_id = pair.id;
  wanted.spt_pathmaxrxt = 7;
  wanted.spt_pathpfthld = 2;
  wanted.spt_pathcpthld = 3;
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_PEER_ADDR_THLDS_V2, wanted), 0);
  const auto peer = SocketAddress::v4("127.0.0.1", pair.port);
  sctp_paddrthlds_v2 got{};
  got.spt_assoc_id = pair.id;
  std::memcpy(&got.spt_address, peer.get(), peer.length);
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_PEER_ADDR_THLDS_V2, got), 0);
  EXPECT_EQ(got.spt_pathmaxrxt, 7);
  EXPECT_EQ(got.spt_pathpfthld, 2);
  EXPECT_EQ(got.spt_pathcpthld, 3);
  const auto stranger = SocketAddress::v4("127.0.0.9", pair.port);
  std::memcpy(&got.spt_address, stranger.get(), stranger.length);
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_PEER_ADDR_THLDS_V2, got), -ENOENT);
}

TEST(Features, SchedulersAndTheirValuesAreReadBack_8260_4_3) {
  ManyPair pair;
  sctp_assoc_value scheduler{pair.id, SCTP_SS_PRIO};
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_STREAM_SCHEDULER, scheduler), 0);
  scheduler.assoc_value = 0;
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_STREAM_SCHEDULER, scheduler), 0);
  EXPECT_EQ(scheduler.assoc_value, static_cast<std::uint32_t>(SCTP_SS_PRIO));
  sctp_stream_value value{pair.id, 3, 42};
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_STREAM_SCHEDULER_VALUE, value), 0);
  value.stream_value = 0;
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_STREAM_SCHEDULER_VALUE, value), 0);
  EXPECT_EQ(value.stream_value, 42);
  for (std::uint16_t stream = 0; stream < 3; ++stream) {
    sctp_sndinfo info{};
    info.snd_sid = stream;
    info.snd_assoc_id = pair.id;
    EXPECT_EQ(send_text(pair.client, "x", 0, nullptr, &info), 1);
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(receive(pair.server).result, 1);
}

TEST(Features, UnreadablePointersAreEfault) {
  auto socket = make(SOCK_SEQPACKET);
  void* const nowhere = ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  socklen_t length = 4;
  EXPECT_EQ(socket->getsockopt(SOL_SOCKET, SO_RCVBUF, nowhere, &length), -EFAULT);
  EXPECT_EQ(socket->setsockopt(SOL_SOCKET, SO_RCVBUF, nowhere, 4), -EFAULT);
  EXPECT_EQ(socket->getsockopt(SOL_SOCKET, SO_RCVBUF, &length, static_cast<socklen_t*>(nowhere)), -EFAULT);
  EXPECT_EQ(socket->bind(static_cast<const sockaddr*>(nowhere), sizeof(sockaddr_in)), -EFAULT);
  EXPECT_EQ(socket->connect(static_cast<const sockaddr*>(nowhere), sizeof(sockaddr_in)), -EFAULT);
  EXPECT_EQ(socket->getsockname(static_cast<sockaddr*>(nowhere), &length), -EFAULT);
  sctp_getaddrs_old connectx{0, 16, static_cast<sockaddr*>(nowhere)};
  EXPECT_EQ(get(socket, IPPROTO_SCTP, SCTP_SOCKOPT_CONNECTX3, connectx), -EFAULT);
  EXPECT_EQ(socket->sendmsg(nullptr, 0), -EFAULT);
  EXPECT_EQ(socket->recvmsg(nullptr, 0), -EFAULT);
  EXPECT_EQ(socket->close(), 0);
  ::munmap(nowhere, 4096);
}

TEST(Features, ListenZeroWithoutListeningIsEinval) {
  auto socket = make(SOCK_SEQPACKET);
  EXPECT_EQ(socket->listen(0), -EINVAL);
  EXPECT_EQ(socket->close(), 0);
}

TEST(Features, ListenZeroOnOneToManyStopsNewAssociations_6458_3_1_3) {
  ManyPair pair;
  EXPECT_EQ(pair.server->listen(0), 0);
  auto late = make(SOCK_SEQPACKET);
  be_patient(late);
  EXPECT_EQ(connect_to(late, SocketAddress::v4("127.0.0.1", pair.port)), -ECONNREFUSED);
  sctp_sndinfo info{};
  info.snd_assoc_id = pair.id;
  EXPECT_EQ(send_text(pair.client, "still there", 0, nullptr, &info), 11);  // the running one goes on
  EXPECT_EQ(receive(pair.server).text, "still there");
  EXPECT_EQ(late->close(), 0);
}

TEST(Features, ConnectAgainOnOneToManyIsEisconn_6458_3_1_6) {
  ManyPair pair;
  EXPECT_EQ(connect_to(pair.client, SocketAddress::v4("127.0.0.1", pair.port)), -EISCONN);
  std::uint16_t other_port = 0;
  auto other = listener(other_port, SOCK_SEQPACKET);
  EXPECT_EQ(connect_to(pair.client, SocketAddress::v4("127.0.0.1", other_port)), 0);
  std::uint32_t count = 0;
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_GET_ASSOC_NUMBER, count), 0);
  EXPECT_EQ(count, 2U);
  EXPECT_EQ(other->close(), 0);
}

TEST(Features, SendallGoesToEveryAssociation_6458_5_3_4) {
  ManyPair pair;
  std::uint16_t other_port = 0;
  auto other = listener(other_port, SOCK_SEQPACKET);
  be_patient(other);
  EXPECT_EQ(connect_to(pair.client, SocketAddress::v4("127.0.0.1", other_port)), 0);
  sctp_sndinfo info{};
  info.snd_flags = SCTP_SENDALL;
  EXPECT_EQ(send_text(pair.client, "all", 0, nullptr, &info), 3);
  EXPECT_EQ(receive(pair.server).text, "all");
  EXPECT_EQ(receive(other).text, "all");
  EXPECT_EQ(other->close(), 0);
}

TEST(Features, PeekLeavesTheMessage) {
  ManyPair pair;
  sctp_sndinfo info{};
  info.snd_assoc_id = pair.id;
  EXPECT_EQ(send_text(pair.client, "message", 0, nullptr, &info), 7);
  const auto peeked = receive(pair.server, MSG_PEEK, 4);
  EXPECT_EQ(peeked.text, "mess");
  EXPECT_EQ(peeked.flags & MSG_EOR, 0);
  const auto first = receive(pair.server, 0, 4);
  EXPECT_EQ(first.text, "mess");
  EXPECT_EQ(first.flags & MSG_EOR, 0);
  const auto rest = receive(pair.server);
  EXPECT_EQ(rest.text, "age");
  EXPECT_NE(rest.flags & MSG_EOR, 0);
}

TEST(Features, DisabledFragmentationRefusesLongMessages_6458_8_1_11) {
  ManyPair pair;
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_DISABLE_FRAGMENTS, int{1}), 0);
  sctp_sndinfo info{};
  info.snd_assoc_id = pair.id;
  EXPECT_EQ(send_text(pair.client, std::string(70'000, 'x'), 0, nullptr, &info), -EMSGSIZE);
  EXPECT_EQ(send_text(pair.client, "short", 0, nullptr, &info), 5);
}

TEST(Features, SenderDryIsToldAtOnceAndAgain_6458_6_1_9) {
  ManyPair pair;
  subscribe(pair.client, {SCTP_SENDER_DRY_EVENT});
  sctp_event event{};
  event.se_assoc_id = pair.id;
  event.se_type = SCTP_SENDER_DRY_EVENT;
  event.se_on = 1;
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_EVENT, event), 0);
  EXPECT_EQ(notification_of(receive(pair.client)).sn_header.sn_type, SCTP_SENDER_DRY_EVENT);
  sctp_sndinfo info{};
  info.snd_assoc_id = pair.id;
  EXPECT_EQ(send_text(pair.client, "x", 0, nullptr, &info), 1);
  const auto told = notification_of(receive(pair.client));
  EXPECT_EQ(told.sn_header.sn_type, SCTP_SENDER_DRY_EVENT);
  EXPECT_EQ(told.sn_sender_dry_event.sender_dry_assoc_id, pair.id);
}

TEST(Features, AnAbortGivesUnsentMessagesBack_6458_6_1_4_6_1_11) {
  ManyPair pair;
  for (const auto type : {SCTP_SEND_FAILED, SCTP_SEND_FAILED_EVENT}) {
    sctp_event event{};
    event.se_assoc_id = pair.id;
    event.se_type = static_cast<std::uint16_t>(type);
    event.se_on = 1;
    EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_EVENT, event), 0);
  }
  // Nobody reads: the peer's window fills and messages stay behind.
  sctp_sndinfo info{};
  info.snd_assoc_id = pair.id;
  info.snd_context = 77;
  info.snd_ppid = 5;
  info.snd_sid = 2;
  const std::string large(20'000, 'y');
  while (send_text(pair.client, large, MSG_DONTWAIT, nullptr, &info) > 0) {
  }
  info.snd_flags = SCTP_ABORT;
  EXPECT_EQ(send_text(pair.client, "", 0, nullptr, &info), 0);
  bool old_form = false;
  bool new_form = false;
  for (Received told = receive(pair.client, MSG_DONTWAIT); told.result > 0; told = receive(pair.client, MSG_DONTWAIT)) {
    const auto head = notification_of(told);
    if (head.sn_header.sn_type == SCTP_SEND_FAILED) {
      old_form = true;
      EXPECT_EQ(head.sn_send_failed.ssf_info.sinfo_context, 77U);
      EXPECT_EQ(head.sn_send_failed.ssf_info.sinfo_stream, 2);
      EXPECT_TRUE(large.ends_with(told.text.substr(sizeof(sctp_send_failed))));  // Linux: in fragments
    } else if (head.sn_header.sn_type == SCTP_SEND_FAILED_EVENT) {
      new_form = true;
      EXPECT_EQ(head.sn_send_failed_event.ssfe_info.snd_ppid, 5U);
      EXPECT_TRUE(large.ends_with(told.text.substr(sizeof(sctp_send_failed_event))));
    }
  }
  EXPECT_TRUE(old_form);
  EXPECT_TRUE(new_form);
}

// A close wakes whoever is blocked in a call on the socket: EBADF, never a hang.
class CloseWhileBlocked : public ::testing::Test {
 protected:
  // Runs `call` in a thread, closes `socket` once the thread is about to block, and returns the call's result.
  template <class Call>
  static int closed_during(const SocketPtr& socket, Call call) {
    int result = 0;
    std::atomic<bool> begun = false;
    std::thread blocked([&] {
      begun = true;
      result = static_cast<int>(call());
    });
    while (!begun) std::this_thread::yield();
    for (int i = 0; i < 100; ++i) std::this_thread::yield();  // most often it blocks by now; EBADF either way
    EXPECT_EQ(socket->close(), 0);
    blocked.join();
    return result;
  }
};

TEST_F(CloseWhileBlocked, InReceive) {
  std::uint16_t port = 0;
  auto socket = listener(port, SOCK_SEQPACKET);
  EXPECT_EQ(closed_during(socket, [&] { return receive(socket).result; }), -EBADF);
}

TEST_F(CloseWhileBlocked, InAccept) {
  std::uint16_t port = 0;
  auto socket = listener(port);
  EXPECT_EQ(closed_during(socket,
                          [&] {
                            SocketPtr accepted;
                            return socket->accept(accepted, nullptr, nullptr, 0);
                          }),
            -EBADF);
}

TEST_F(CloseWhileBlocked, InConnect) {
  auto socket = make();
  be_unanswered(socket);
  EXPECT_EQ(closed_during(socket, [&] { return connect_to(socket, SocketAddress::v4(silent_host(), 4)); }), -EBADF);
}

TEST_F(CloseWhileBlocked, InSend) {
  ManyPair pair;
  sctp_sndinfo info{};
  info.snd_assoc_id = pair.id;
  const std::string large(60'000, 'z');
  EXPECT_EQ(closed_during(pair.client,
                          [&] {
                            ssize_t sent = 0;
                            while ((sent = send_text(pair.client, large, 0, nullptr, &info)) > 0) {
                            }
                            return sent;
                          }),
            -EBADF);
}

}  // namespace
}  // namespace netsctp::test
