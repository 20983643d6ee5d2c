// The C API: the functions of RFC 6458 §9.
#include <netsctp.h>
#include <poll.h>

#include <map>

#include "c_sockets.hpp"

namespace {

using namespace c_sockets;

// What a listening one-to-many socket and one with an association to it have in common.
struct Many {
  Descriptor server = listener(SOCK_SEQPACKET);
  Descriptor client = open(SOCK_SEQPACKET);
  Name to = name_of(server);
};

// Receives the notification SCTP_ASSOC_CHANGE, which must be subscribed.
sctp_assoc_change receive_change(int sd) {
  sctp_assoc_change change{};
  char buffer[1024];
  int flags = 0;
  const ssize_t size = netsctp_sctp_recvmsg(sd, buffer, sizeof buffer, nullptr, nullptr, nullptr, &flags);
  EXPECT_GE(size, static_cast<ssize_t>(sizeof change));
  EXPECT_NE(flags & MSG_NOTIFICATION, 0);
  std::memcpy(&change, buffer, sizeof change);
  EXPECT_EQ(change.sac_type, SCTP_ASSOC_CHANGE);
  return change;
}

void subscribe_changes(int sd) {
  sctp_event event{};
  event.se_type = SCTP_ASSOC_CHANGE;
  event.se_on = 1;
  EXPECT_EQ(netsctp_setsockopt(sd, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof event), 0);
}

// The addresses of a packed array.
std::vector<Name> unpack(const sockaddr* addresses, int count) {
  std::vector<Name> result;
  const auto* at = reinterpret_cast<const std::byte*>(addresses);
  for (int i = 0; i < count; ++i) {
    Name name;
    std::memcpy(&name.storage.ss_family, at, sizeof name.storage.ss_family);
    name.length = static_cast<socklen_t>(netsctp_getaddrlen(name.storage.ss_family));
    std::memcpy(&name.storage, at, name.length);
    at += name.length;
    result.push_back(name);
  }
  return result;
}

TEST(CFunctions, AddressLengthsAreKnown) {
  EXPECT_EQ(netsctp_getaddrlen(AF_INET), 16);
  EXPECT_EQ(netsctp_getaddrlen(AF_INET6), 28);
  EXPECT_EQ(netsctp_getaddrlen(AF_UNIX), 0);
}

TEST(CFunctions, BindxAddsAndRemovesAddresses) {  // RFC 6458 §9.1
  const Descriptor sd = open(SOCK_STREAM);
  Packed both{v4("127.0.0.1", 0), v4("127.0.0.2", 0)};
  ASSERT_EQ(netsctp_bindx(sd, both.get(), both.count(), SCTP_BINDX_ADD_ADDR), 0) << std::strerror(errno);
  sockaddr* list = nullptr;
  ASSERT_EQ(netsctp_getladdrs(sd, 0, &list), 2);  // RFC 6458 §9.5
  const auto bound = unpack(list, 2);
  EXPECT_EQ(netsctp_freeladdrs(list), 0);
  EXPECT_NE(bound[0].port(), 0);
  EXPECT_EQ(bound[0].port(), bound[1].port());
  Packed second{v4("127.0.0.2", bound[0].port())};
  ASSERT_EQ(netsctp_bindx(sd, second.get(), 1, SCTP_BINDX_REM_ADDR), 0);
  ASSERT_EQ(netsctp_getladdrs(sd, 0, &list), 1);
  EXPECT_EQ(netsctp_freeladdrs(list), 0);

  EXPECT_EQ(failure(netsctp_bindx(sd, second.get(), 1, 3)), EINVAL);
  EXPECT_EQ(failure(netsctp_bindx(sd, second.get(), 0, SCTP_BINDX_ADD_ADDR)), EINVAL);
  EXPECT_EQ(failure(netsctp_bindx(sd, second.get(), -1, SCTP_BINDX_ADD_ADDR)), EINVAL);
  EXPECT_EQ(failure(netsctp_bindx(sd, nullptr, 1, SCTP_BINDX_ADD_ADDR)), EFAULT);
  Packed unknown{v4("127.0.0.3", 0)};
  unknown.get()->sa_family = AF_UNIX;
  EXPECT_EQ(failure(netsctp_bindx(sd, unknown.get(), 1, SCTP_BINDX_ADD_ADDR)), EINVAL);
}

TEST(CFunctions, AnUnboundSocketHasNoAddresses) {
  const Descriptor sd = open(SOCK_SEQPACKET);
  sockaddr* list = reinterpret_cast<sockaddr*>(&list);
  EXPECT_EQ(netsctp_getladdrs(sd, 0, &list), 0);
  EXPECT_EQ(list, nullptr);
  EXPECT_EQ(netsctp_freepaddrs(list), 0);
  EXPECT_EQ(failure(netsctp_getladdrs(sd, 0, nullptr)), EFAULT);
  EXPECT_EQ(failure(netsctp_getpaddrs(sd, 77, &list)), EINVAL);
}

TEST(CFunctions, ConnectxReachesAPeerWithSeveralAddresses) {  // RFC 6458 §9.9
  const Descriptor waiting = open(SOCK_STREAM);
  Packed local{v4("127.0.0.1", 0), v4("127.0.0.2", 0)};
  ASSERT_EQ(netsctp_bindx(waiting, local.get(), 2, SCTP_BINDX_ADD_ADDR), 0);
  ASSERT_EQ(netsctp_listen(waiting, 1), 0);
  const auto port = name_of(waiting).port();
  Packed peers{v4("127.0.0.2", port), v4("127.0.0.1", port)};
  const Descriptor client = open(SOCK_STREAM);
  sctp_assoc_t id = -1;
  ASSERT_EQ(netsctp_connectx(client, peers.get(), 2, &id), 0) << std::strerror(errno);
  EXPECT_GE(id, 3);
  sockaddr* list = nullptr;
  ASSERT_EQ(netsctp_getpaddrs(client, id, &list), 2);  // RFC 6458 §9.3
  for (const Name& each : unpack(list, 2)) EXPECT_EQ(each.port(), port);
  EXPECT_EQ(netsctp_freepaddrs(list), 0);

  EXPECT_EQ(failure(netsctp_connectx(client, peers.get(), 2, &id)), EISCONN);
  EXPECT_EQ(id, 0);
  EXPECT_EQ(failure(netsctp_connectx(client, peers.get(), 0, nullptr)), EINVAL);
  EXPECT_EQ(failure(netsctp_connectx(client, nullptr, 1, nullptr)), EFAULT);
}

TEST(CFunctions, ConnectxWithoutBlockingTellsTheAssociationAtOnce) {
  Many many;
  const Descriptor client = open(SOCK_SEQPACKET | SOCK_NONBLOCK);
  sctp_assoc_t id = 0;
  EXPECT_EQ(failure(netsctp_connectx(client, many.to.get(), 1, &id)), EINPROGRESS);
  EXPECT_GE(id, 3);
}

TEST(CFunctions, PeeloffMakesASocketOfAnAssociation) {  // RFC 6458 §9.2
  Many many;
  subscribe_changes(many.server);
  ASSERT_EQ(netsctp_sendto(many.client, "first", 5, 0, many.to.get(), many.to.length), 5);
  const auto change = receive_change(many.server);
  const Descriptor branch(netsctp_peeloff(many.server, change.sac_assoc_id));
  ASSERT_GE(branch, 0);
  EXPECT_EQ(receive_text(branch), "first");
  ASSERT_EQ(send_text(branch, "back"), 4);
  EXPECT_EQ(receive_text(many.client), "back");
  EXPECT_EQ(failure(netsctp_peeloff(many.server, change.sac_assoc_id)), EINVAL);
  EXPECT_EQ(failure(netsctp_peeloff(branch, change.sac_assoc_id)), EINVAL);
}

TEST(CFunctions, PeeloffFlagsApplyToTheNewSocket) {
  Many many;
  subscribe_changes(many.server);
  ASSERT_EQ(netsctp_sendto(many.client, "x", 1, 0, many.to.get(), many.to.length), 1);
  const auto change = receive_change(many.server);
  // As Linux: flags it does not know are not looked at.
  const Descriptor branch(netsctp_peeloff_flags(many.server, change.sac_assoc_id, SOCK_NONBLOCK | 1));
  ASSERT_GE(branch, 0);
  char byte = 0;
  while (netsctp_recv(branch, &byte, 1, 0) > 0) {
  }
  EXPECT_EQ(errno, EAGAIN);
}

TEST(CFunctions, OptInfoPutsTheAssociationWhereTheOptionHasIt) {  // RFC 6458 §8
  Many many;
  sctp_assoc_t id = 0;
  ASSERT_EQ(netsctp_connectx(many.client, many.to.get(), 1, &id), 0);
  sctp_status status{};
  socklen_t size = sizeof status;
  ASSERT_EQ(netsctp_opt_info(many.client, id, SCTP_STATUS, &status, &size), 0);
  EXPECT_EQ(status.sstat_assoc_id, id);
  EXPECT_EQ(status.sstat_state, SCTP_ESTABLISHED);
  sctp_sndrcvinfo old_defaults{};
  size = sizeof old_defaults;
  EXPECT_EQ(netsctp_opt_info(many.client, id, SCTP_DEFAULT_SEND_PARAM, &old_defaults, &size), 0);
  sctp_sndinfo defaults{};
  size = sizeof defaults;
  EXPECT_EQ(netsctp_opt_info(many.client, id, SCTP_DEFAULT_SNDINFO, &defaults, &size), 0);
  sctp_initmsg init{};
  size = sizeof init;
  EXPECT_EQ(netsctp_opt_info(many.client, id, SCTP_INITMSG, &init, &size), 0);
  EXPECT_NE(init.sinit_num_ostreams, 0);

  size = sizeof status;
  EXPECT_EQ(failure(netsctp_opt_info(many.client, 4711, SCTP_STATUS, &status, &size)), EINVAL);
  EXPECT_EQ(failure(netsctp_opt_info(many.client, id, SCTP_SOCKOPT_BINDX_ADD, &status, &size)), EOPNOTSUPP);
  EXPECT_EQ(failure(netsctp_opt_info(many.client, id, SCTP_STATUS, nullptr, &size)), EFAULT);
  EXPECT_EQ(failure(netsctp_opt_info(many.client, id, SCTP_STATUS, &status, nullptr)), EFAULT);
  size = 3;
  EXPECT_EQ(failure(netsctp_opt_info(many.client, id, SCTP_STATUS, &status, &size)), EINVAL);
}

// --- §9.12, §9.13

struct Attributed {
  ssize_t size = 0;
  std::string text;
  unsigned type = 99;
  socklen_t info_length = 0;
  sctp_recvv_rn info{};
  int flags = 0;
  Name from;
};

Attributed receive_attributed(int sd, socklen_t room = sizeof(sctp_recvv_rn), int flags = 0) {
  Attributed result;
  char buffer[1024];
  const iovec part{buffer, sizeof buffer};
  result.info_length = room;
  result.flags = flags;
  result.size = netsctp_recvv(sd, &part, 1, result.from.get(), &result.from.length, &result.info, &result.info_length,
                              &result.type, &result.flags);
  EXPECT_GE(result.size, 0) << std::strerror(errno);
  if (result.size > 0) result.text.assign(buffer, static_cast<std::size_t>(result.size));
  return result;
}

TEST(CFunctions, SendvSetsUpAnAssociationAndTellsItsId) {  // RFC 6458 §9.12
  Many many;
  turn_on(many.server, SCTP_RECVRCVINFO);
  std::string text = "attributes";
  const iovec parts[]{{text.data(), 4}, {text.data() + 4, 6}};
  sctp_sndinfo info{};
  info.snd_sid = 2;
  info.snd_ppid = htonl(46);
  info.snd_flags = SCTP_UNORDERED;
  ASSERT_EQ(netsctp_sendv(many.client, parts, 2, many.to.get(), 1, &info, sizeof info, SCTP_SENDV_SNDINFO, 0), 10)
      << std::strerror(errno);
  EXPECT_GE(info.snd_assoc_id, 3);
  const Attributed got = receive_attributed(many.server);
  EXPECT_EQ(got.text, "attributes");
  ASSERT_EQ(got.type, static_cast<unsigned>(SCTP_RECVV_RCVINFO));
  EXPECT_EQ(got.info_length, sizeof(sctp_rcvinfo));
  EXPECT_EQ(got.info.recvv_rcvinfo.rcv_sid, 2);
  EXPECT_EQ(got.info.recvv_rcvinfo.rcv_ppid, htonl(46));
  EXPECT_NE(got.info.recvv_rcvinfo.rcv_flags & SCTP_UNORDERED, 0);
  EXPECT_NE(got.flags & MSG_EOR, 0);
  EXPECT_EQ(got.from.port(), name_of(many.client).port());

  // By its id, without an address.
  ASSERT_EQ(netsctp_sendv(many.client, parts, 2, nullptr, 0, &info, sizeof info, SCTP_SENDV_SNDINFO, 0), 10);
  EXPECT_EQ(receive_attributed(many.server).text, "attributes");
}

TEST(CFunctions, SendvReachesAPeerWithSeveralAddresses) {
  const Descriptor server = open(SOCK_SEQPACKET);
  Packed local{v4("127.0.0.1", 0), v4("127.0.0.2", 0)};
  ASSERT_EQ(netsctp_bindx(server, local.get(), 2, SCTP_BINDX_ADD_ADDR), 0);
  ASSERT_EQ(netsctp_listen(server, 1), 0);
  const auto port = name_of(server).port();
  Packed peers{v4("127.0.0.1", port), v4("127.0.0.2", port)};
  const Descriptor client = open(SOCK_SEQPACKET);
  char byte = 'x';
  const iovec part{&byte, 1};
  ASSERT_EQ(netsctp_sendv(client, &part, 1, peers.get(), 2, nullptr, 0, SCTP_SENDV_NOINFO, 0), 1);
  EXPECT_EQ(receive_text(server), "x");
}

TEST(CFunctions, SendvTakesEachKindOfInfo) {
  auto [client, server] = connected();
  char byte = 'x';
  const iovec part{&byte, 1};
  sctp_prinfo lifetime{};
  lifetime.pr_policy = SCTP_PR_SCTP_TTL;
  lifetime.pr_value = 60'000;
  EXPECT_EQ(netsctp_sendv(client, &part, 1, nullptr, 0, &lifetime, sizeof lifetime, SCTP_SENDV_PRINFO, 0), 1);
  sctp_authinfo null_key{};
  EXPECT_EQ(netsctp_sendv(client, &part, 1, nullptr, 0, &null_key, sizeof null_key, SCTP_SENDV_AUTHINFO, 0), 1);
  sctp_sendv_spa all{};
  all.sendv_flags = SCTP_SEND_SNDINFO_VALID | SCTP_SEND_PRINFO_VALID | SCTP_SEND_AUTHINFO_VALID;
  all.sendv_sndinfo.snd_sid = 1;
  all.sendv_prinfo = lifetime;
  EXPECT_EQ(netsctp_sendv(client, &part, 1, nullptr, 0, &all, sizeof all, SCTP_SENDV_SPA, 0), 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(receive_text(server), "x");

  EXPECT_EQ(failure(netsctp_sendv(client, &part, 1, nullptr, 0, &all, 1, SCTP_SENDV_SPA, 0)), EINVAL);
  EXPECT_EQ(failure(netsctp_sendv(client, &part, 1, nullptr, 0, nullptr, sizeof all, SCTP_SENDV_SPA, 0)), EINVAL);
  EXPECT_EQ(failure(netsctp_sendv(client, &part, 1, nullptr, 0, &all, sizeof all, SCTP_SENDV_NOINFO, 0)), EINVAL);
  EXPECT_EQ(failure(netsctp_sendv(client, &part, 1, nullptr, 0, nullptr, 0, 99, 0)), EINVAL);
  EXPECT_EQ(failure(netsctp_sendv(client, &part, -1, nullptr, 0, nullptr, 0, SCTP_SENDV_NOINFO, 0)), EINVAL);
  EXPECT_EQ(failure(netsctp_sendv(client, &part, 1, nullptr, -1, nullptr, 0, SCTP_SENDV_NOINFO, 0)), EINVAL);
  EXPECT_EQ(failure(netsctp_sendv(client, &part, 1, nullptr, 1, nullptr, 0, SCTP_SENDV_NOINFO, 0)), EFAULT);
  EXPECT_EQ(failure(netsctp_sendv(client, nullptr, 1, nullptr, 0, nullptr, 0, SCTP_SENDV_NOINFO, 0)), EFAULT);
  all.sendv_flags = 0x80;
  EXPECT_EQ(failure(netsctp_sendv(client, &part, 1, nullptr, 0, &all, sizeof all, SCTP_SENDV_SPA, 0)), EINVAL);
}

TEST(CFunctions, SendvGivesAMessageUpWhenItsTimeIsOver) {  // RFC 6458 §9.12, RFC 7496 §4.1
  auto [client, server] = connected();
  sctp_event event{};
  event.se_type = SCTP_SEND_FAILED_EVENT;
  event.se_on = 1;
  ASSERT_EQ(netsctp_setsockopt(client, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof event), 0);
  const int room = 1'000'000;
  ASSERT_EQ(netsctp_setsockopt(client, SOL_SOCKET, SO_SNDBUF, &room, sizeof room), 0);
  const std::string fill(100'000, 'x');  // nobody reads: the peer's window closes
  for (int i = 0; i < 5; ++i) ASSERT_EQ(netsctp_send(client, fill.data(), fill.size(), 0), 100'000);
  sctp_prinfo lifetime{};
  lifetime.pr_policy = SCTP_PR_SCTP_TTL;
  lifetime.pr_value = 1;
  std::string late = "too late";
  const iovec part{late.data(), late.size()};
  ASSERT_EQ(netsctp_sendv(client, &part, 1, nullptr, 0, &lifetime, sizeof lifetime, SCTP_SENDV_PRINFO, 0), 8);
  pollfd nothing{client, POLLIN, 0};
  (void)::poll(&nothing, 1, 5);  // its time passes; without this all is read and sent within a millisecond
  sctp_prstatus status{};
  status.sprstat_policy = SCTP_PR_SCTP_TTL;
  do {  // one after the other: what is read makes room for what waits
    char buffer[65536];
    (void)netsctp_recv(server, buffer, sizeof buffer, 0);
    socklen_t size = sizeof status;
    ASSERT_EQ(netsctp_getsockopt(client, IPPROTO_SCTP, SCTP_PR_ASSOC_STATUS, &status, &size), 0);
  } while (status.sprstat_abandoned_unsent == 0);
  char told[256];
  const ssize_t length = netsctp_recv(client, told, sizeof told, 0);
  ASSERT_EQ(length, static_cast<ssize_t>(sizeof(sctp_send_failed_event) + late.size()));
  EXPECT_EQ(std::string(told + sizeof(sctp_send_failed_event), late.size()), late);
}

TEST(CFunctions, SendvEndsAnAssociation) {  // RFC 6458 §9.12: SCTP_EOF with no data
  Many many;
  subscribe_changes(many.server);
  ASSERT_EQ(netsctp_sendto(many.client, "x", 1, 0, many.to.get(), many.to.length), 1);
  sctp_sndinfo goodbye{};
  goodbye.snd_assoc_id = receive_change(many.server).sac_assoc_id;
  goodbye.snd_flags = SCTP_EOF;
  EXPECT_EQ(receive_text(many.server), "x");
  EXPECT_EQ(netsctp_sendv(many.server, nullptr, 0, nullptr, 0, &goodbye, sizeof goodbye, SCTP_SENDV_SNDINFO, 0), 0);
  EXPECT_EQ(receive_change(many.server).sac_state, SCTP_SHUTDOWN_COMP);
}

TEST(CFunctions, RecvvTellsTheNextMessageToo) {  // RFC 6458 §9.13
  auto [client, server] = connected();
  turn_on(client, SCTP_NODELAY);
  ASSERT_EQ(send_text(client, "one"), 3);
  ASSERT_EQ(send_text(client, "three"), 5);
  ASSERT_EQ(send_text(client, "end"), 3);
  sctp_status status{};
  do {  // all three must be there before the first is read
    socklen_t size = sizeof status;
    ASSERT_EQ(netsctp_opt_info(client, 0, SCTP_STATUS, &status, &size), 0);
  } while (status.sstat_unackdata != 0 || status.sstat_penddata != 0);
  EXPECT_EQ(receive_attributed(server, sizeof(sctp_recvv_rn), MSG_PEEK).type, unsigned{SCTP_RECVV_NOINFO});
  turn_on(server, SCTP_RECVRCVINFO);
  turn_on(server, SCTP_RECVNXTINFO);
  Attributed got = receive_attributed(server);
  EXPECT_EQ(got.text, "one");
  ASSERT_EQ(got.type, unsigned{SCTP_RECVV_RN});
  EXPECT_EQ(got.info_length, sizeof(sctp_recvv_rn));
  EXPECT_EQ(got.info.recvv_nxtinfo.nxt_length, 5U);
  got = receive_attributed(server, sizeof(sctp_rcvinfo));  // room for one of the two
  EXPECT_EQ(got.type, unsigned{SCTP_RECVV_RCVINFO});
  got = receive_attributed(server, 0);
  EXPECT_EQ(got.text, "end");
  EXPECT_EQ(got.type, unsigned{SCTP_RECVV_NOINFO});

  char byte = 0;
  const iovec part{&byte, 1};
  EXPECT_EQ(failure(netsctp_recvv(server, &part, -1, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr)), EINVAL);
  EXPECT_EQ(failure(netsctp_recvv(server, &part, 1, nullptr, nullptr, &byte, nullptr, nullptr, nullptr)), EFAULT);
  Name from;
  EXPECT_EQ(failure(netsctp_recvv(server, &part, 1, from.get(), nullptr, nullptr, nullptr, nullptr, nullptr)), EFAULT);
}

// --- the deprecated ones

TEST(CFunctions, SendmsgAndRecvmsgCarryStreamAndPpid) {  // RFC 6458 §9.7, §9.8
  Many many;
  sctp_event_subscribe events{};
  events.sctp_data_io_event = 1;
  ASSERT_EQ(netsctp_setsockopt(many.server, IPPROTO_SCTP, SCTP_EVENTS, &events, sizeof events), 0);
  ASSERT_EQ(
      netsctp_sctp_sendmsg(many.client, "text", 4, many.to.get(), many.to.length, htonl(7), SCTP_UNORDERED, 3, 0, 9),
      4);
  char buffer[16];
  Name from;
  sctp_sndrcvinfo info{};
  int flags = 0;
  ASSERT_EQ(netsctp_sctp_recvmsg(many.server, buffer, sizeof buffer, from.get(), &from.length, &info, &flags), 4);
  EXPECT_EQ(info.sinfo_stream, 3);
  EXPECT_EQ(info.sinfo_ppid, htonl(7));
  EXPECT_NE(info.sinfo_flags & SCTP_UNORDERED, 0);
  EXPECT_GE(info.sinfo_assoc_id, 3);
  EXPECT_NE(flags & MSG_EOR, 0);
  EXPECT_EQ(from.port(), name_of(many.client).port());

  // RFC 6458 §9.10: back by the association's id.
  info.sinfo_flags = 0;
  ASSERT_EQ(netsctp_sctp_send(many.server, "back", 4, &info, 0), 4);
  EXPECT_EQ(receive_text(many.client), "back");
  EXPECT_EQ(failure(netsctp_sctp_send(many.server, "lost", 4, nullptr, 0)), EPIPE);
  EXPECT_EQ(failure(netsctp_sctp_send(many.server, nullptr, 4, &info, 0)), EFAULT);
  EXPECT_EQ(failure(netsctp_sctp_recvmsg(many.server, buffer, 1, from.get(), nullptr, nullptr, nullptr)), EFAULT);
  EXPECT_EQ(failure(netsctp_sctp_sendmsg(many.client, "x", 1, many.to.get(), 2, 0, 0, 0, 0, 0)), EINVAL);
}

TEST(CFunctions, SendxTellsTheNewAssociation) {  // RFC 6458 §9.11
  Many many;
  sctp_sndrcvinfo info{};
  info.sinfo_stream = 1;
  ASSERT_EQ(netsctp_sendx(many.client, "x", 1, many.to.get(), 1, &info, 0), 1) << std::strerror(errno);
  EXPECT_GE(info.sinfo_assoc_id, 3);
  EXPECT_EQ(receive_text(many.server), "x");
  ASSERT_EQ(netsctp_sendx(many.client, "y", 1, nullptr, 0, &info, 0), 1);
  EXPECT_EQ(receive_text(many.server), "y");
  EXPECT_EQ(failure(netsctp_sendx(many.client, "z", 1, nullptr, -1, &info, 0)), EINVAL);
}

TEST(CFunctions, IPv4AndIPv6ShareAnAssociation) {
  const Descriptor server = open(SOCK_SEQPACKET, AF_INET6);
  Packed local{v6("::1", 0), v4("127.0.0.1", 0)};
  ASSERT_EQ(netsctp_bindx(server, local.get(), 2, SCTP_BINDX_ADD_ADDR), 0) << std::strerror(errno);
  ASSERT_EQ(netsctp_listen(server, 1), 0);
  const auto port = name_of(server).port();
  Packed peers{v4("127.0.0.1", port), v6("::1", port)};
  const Descriptor client = open(SOCK_SEQPACKET, AF_INET6);
  sctp_assoc_t id = 0;
  ASSERT_EQ(netsctp_connectx(client, peers.get(), 2, &id), 0) << std::strerror(errno);
  sockaddr* list = nullptr;
  ASSERT_EQ(netsctp_getpaddrs(client, id, &list), 2);
  std::map<bool, int> mapped;
  for (const Name& each : unpack(list, 2)) {
    ASSERT_EQ(each.storage.ss_family, AF_INET6);  // RFC 6458 §8.1.15
    ++mapped[IN6_IS_ADDR_V4MAPPED(&reinterpret_cast<const sockaddr_in6*>(&each.storage)->sin6_addr)];
  }
  EXPECT_EQ(netsctp_freepaddrs(list), 0);
  EXPECT_EQ(mapped[true], 1);
  EXPECT_EQ(mapped[false], 1);
}

}  // namespace
