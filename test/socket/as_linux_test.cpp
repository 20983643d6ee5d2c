// What Linux' sockets do where RFC 6458 leaves it open or says otherwise: programs written for them count on it.
#include <fcntl.h>

#include <array>
#include <string>

#include "sockets.hpp"

namespace netsctp::test {
namespace {

struct Many {
  SocketPtr server = make(SOCK_SEQPACKET);
  SocketPtr client = make(SOCK_SEQPACKET);
  SocketAddress there;

  Many() {
    there = SocketAddress::v4("127.0.0.1", bind_to(server, SocketAddress::v4("127.0.0.1", 0)));
    EXPECT_EQ(server->listen(1), 0);
    for (const auto& each : {server, client}) {
      be_patient(each);
      EXPECT_EQ(set(each, IPPROTO_SCTP, SCTP_RECVRCVINFO, 1), 0);
    }
  }
  ~Many() {
    (void)client->close();
    (void)server->close();
  }
};

void do_not_wait(const SocketPtr& socket) {
  EXPECT_EQ(::fcntl(socket->descriptor(), F_SETFL, O_NONBLOCK), 0);
}

// What both ends of this host have to say to each other is said when a call returns: nothing here waits.
TEST(AsLinux, AcceptFollowsAConnectThatDoesNotWait) {
  std::uint16_t port = 0;
  const auto listening = listener(port);
  do_not_wait(listening);
  SocketPtr accepted;
  EXPECT_EQ(listening->accept(accepted, nullptr, nullptr, 0), -EAGAIN);
  const auto client = make();
  do_not_wait(client);
  EXPECT_EQ(connect_to(client, SocketAddress::v4("127.0.0.1", port)), -EINPROGRESS);
  EXPECT_NE(poll_for(client, POLLOUT, 0) & POLLOUT, 0);
  EXPECT_NE(poll_for(listening, POLLIN, 0) & POLLIN, 0);
  EXPECT_EQ(connect_to(client, SocketAddress::v4("127.0.0.1", port)), -EISCONN);
  ASSERT_EQ(listening->accept(accepted, nullptr, nullptr, 0), 0);
  for (const auto& each : {accepted, client, listening}) EXPECT_EQ(each->close(), 0);
}

TEST(AsLinux, AnAssociationThatHasSaidGoodbyeIsGoneAtOnce) {
  Many many;
  EXPECT_EQ(send_text(many.client, "x", 0, &many.there), 1);
  sctp_status status{};
  sctp_sndinfo eof{};
  eof.snd_assoc_id = status.sstat_assoc_id = receive(many.server).info.rcv_assoc_id;
  EXPECT_EQ(get(many.server, IPPROTO_SCTP, SCTP_STATUS, status), 0);
  eof.snd_flags = SCTP_EOF;
  EXPECT_EQ(send_text(many.server, "", 0, nullptr, &eof), 0);
  status.sstat_assoc_id = eof.snd_assoc_id;
  EXPECT_EQ(get(many.server, IPPROTO_SCTP, SCTP_STATUS, status), -EINVAL);
}

TEST(AsLinux, NothingCanBeSentOnWhatEndedBeforeItWasAccepted) {
  std::uint16_t port = 0;
  const auto listening = listener(port);
  const auto client = make();
  const auto there = SocketAddress::v4("127.0.0.1", port);
  ASSERT_EQ(connect_to(client, there), 0);
  const SocketAddress name = name_of(client);
  EXPECT_EQ(send_text(client, "last"), 4);
  EXPECT_EQ(client->close(), 0);
  const auto accepted = accept_one(listening);
  EXPECT_EQ(send_text(accepted, "x"), -EPIPE);
  EXPECT_EQ(send_text(accepted, "x", MSG_NOSIGNAL, &name), -EPIPE);
  EXPECT_EQ(receive(accepted).text, "last");
  EXPECT_EQ(receive(accepted).result, 0);
  for (const auto& each : {accepted, listening}) EXPECT_EQ(each->close(), 0);
}

TEST(AsLinux, OneToOneSocketsKnowNeitherEofNorAbort) {
  Pair pair;
  for (const int flag : {int{SCTP_EOF}, int{SCTP_ABORT}, SCTP_EOF | SCTP_ABORT}) {
    sctp_sndinfo info{};
    info.snd_flags = static_cast<std::uint16_t>(flag);
    EXPECT_EQ(send_text(pair.client, "", MSG_NOSIGNAL, nullptr, &info), -EINVAL);
  }
  EXPECT_EQ(send_text(pair.client, "still here"), 10);
  EXPECT_EQ(receive(pair.server).text, "still here");
}

TEST(AsLinux, ABranchedOffSocketKnowsThemAndNoNames) {
  Many many;
  EXPECT_EQ(send_text(many.client, "x", 0, &many.there), 1);
  sctp_peeloff_arg_t argument{};
  argument.associd = receive(many.server).info.rcv_assoc_id;
  socklen_t length = sizeof argument;
  ASSERT_GE(many.server->getsockopt(IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF, &argument, &length), 0);
  const SocketPtr branch = socket::lookup(argument.sd);
  be_patient(branch);
  const auto elsewhere = SocketAddress::v4("127.0.0.9", 9);
  EXPECT_EQ(send_text(branch, "here", MSG_NOSIGNAL, &elsewhere), 4);
  EXPECT_EQ(receive(many.client).text, "here");
  sctp_sndinfo eof{};
  eof.snd_flags = SCTP_EOF;
  subscribe(many.client, {SCTP_SHUTDOWN_EVENT});
  EXPECT_EQ(send_text(branch, "", MSG_NOSIGNAL, nullptr, &eof), 0);
  EXPECT_EQ(branch->close(), 0);
}

TEST(AsLinux, AnAbortsCausesAreToldWithoutTheHeadOfTheChunk_6458_6_1_1) {
  Many many;
  subscribe(many.server, {SCTP_ASSOC_CHANGE});
  EXPECT_EQ(connect_to(many.client, many.there), 0);
  sctp_sndinfo abort{};
  abort.snd_flags = SCTP_ABORT;
  EXPECT_GE(send_text(many.client, "why", 0, &many.there, &abort), 0);
  Received got = receive(many.server);
  while (got.result > 0 && got.notification().sn_assoc_change.sac_state == SCTP_COMM_UP) got = receive(many.server);
  ASSERT_EQ(got.notification().sn_assoc_change.sac_state, SCTP_COMM_LOST);
  // RFC 9260 §3.3.10.12: the code, the length, the reason.
  EXPECT_EQ(got.text.substr(sizeof(sctp_assoc_change), 7), std::string("\0\x0C\0\x07why", 7));
}

TEST(AsLinux, ALongMessageComesBackInItsFragments_6458_6_1_11) {
  Many many;
  subscribe(many.client, {SCTP_SEND_FAILED_EVENT});
  EXPECT_EQ(set(many.client, IPPROTO_SCTP, SCTP_MAXSEG, sctp_assoc_value{SCTP_FUTURE_ASSOC, 500}), 0);
  // Nobody reads: the peer's window closes, and what is behind it comes back, not more than may wait to be read.
  EXPECT_EQ(set(many.server, SOL_SOCKET, SO_RCVBUF, int{20'000}), 0);
  EXPECT_EQ(set(many.client, SOL_SOCKET, SO_SNDBUF, int{20'000}), 0);
  EXPECT_EQ(connect_to(many.client, many.there), 0);
  const std::string fill(20'000, 'x');
  while (send_text(many.client, fill, MSG_DONTWAIT, &many.there) > 0) continue;
  EXPECT_EQ(set(many.client, SOL_SOCKET, SO_SNDBUF, int{1'000'000}), 0);
  const std::string last = std::string(500, 'a') + std::string(500, 'b') + std::string(200, 'c');
  EXPECT_EQ(send_text(many.client, last, MSG_DONTWAIT, &many.there), 1200);
  sctp_sndinfo abort{};
  abort.snd_flags = SCTP_ABORT;
  EXPECT_GE(send_text(many.client, "", 0, &many.there, &abort), 0);
  std::string back;
  std::string flags;
  for (Received got = receive(many.client, MSG_DONTWAIT); got.result > 0; got = receive(many.client, MSG_DONTWAIT)) {
    const std::string bytes = got.text.substr(sizeof(sctp_send_failed_event));
    if (bytes.find('x') != std::string::npos) continue;
    back += bytes;
    flags += std::to_string(got.notification().sn_send_failed_event.ssfe_info.snd_flags) + " ";
    EXPECT_LE(bytes.size(), 500U);
  }
  EXPECT_EQ(back, last);
  EXPECT_EQ(flags, "2 0 1 ");
}

TEST(AsLinux, AnAddressNamesItsPathOnlyWithThePort) {
  Pair pair;
  for (const bool right : {true, false}) {
    const auto there = SocketAddress::v4("127.0.0.1", static_cast<std::uint16_t>(right ? pair.port : pair.port ^ 1));
    const int answer = right ? 0 : -EINVAL;
    sctp_paddrinfo info{};
    std::memcpy(&info.spinfo_address, &there.storage, sizeof there.storage);
    EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_GET_PEER_ADDR_INFO, info), answer);
    sctp_prim primary{};
    std::memcpy(&primary.ssp_addr, &there.storage, sizeof there.storage);
    EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_PRIMARY_ADDR, primary), answer);
    sctp_paddrparams parameters{};
    std::memcpy(&parameters.spp_address, &there.storage, sizeof there.storage);
    EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, parameters), answer);
    sctp_paddrthlds thresholds{};
    std::memcpy(&thresholds.spt_address, &there.storage, sizeof there.storage);
    EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_PEER_ADDR_THLDS, thresholds), right ? 0 : -ENOENT);
  }
}

// RFC 9260 §5.1.2: only what the peer lists is the peer's.
TEST(AsLinux, AnAddressThatThePeerDoesNotListIsForgotten_9260_5_1_2) {
  Many many;
  std::array<sockaddr_in, 2> both{};
  for (std::size_t i = 0; i < both.size(); ++i) {
    const auto each = SocketAddress::v4(i == 0 ? "127.0.0.1" : "127.0.4.1", many.there.port());
    std::memcpy(&both[i], &each.storage, sizeof both[i]);
  }
  const int id = many.client->setsockopt(IPPROTO_SCTP, SCTP_SOCKOPT_CONNECTX, both.data(), sizeof both);
  ASSERT_GT(id, 0);
  std::array<char, 512> buffer{};
  std::memcpy(buffer.data(), &id, sizeof id);
  socklen_t length = buffer.size();
  ASSERT_EQ(many.client->getsockopt(IPPROTO_SCTP, SCTP_GET_PEER_ADDRS, buffer.data(), &length), 0);
  EXPECT_EQ(reinterpret_cast<const sctp_getaddrs*>(buffer.data())->addr_num, 1U);
}

// SO_REUSEADDR and SCTP_REUSE_PORT (RFC 6458 §8.1.27): a port is shared as long as nobody listens on it.
TEST(AsLinux, SocketsThatAgreeShareAPort) {
  for (const bool many : {false, true}) {
    const int type = many ? SOCK_SEQPACKET : SOCK_STREAM;
    const auto one = make(SOCK_STREAM);
    const auto two = make(type);
    const auto three = make(SOCK_STREAM);
    EXPECT_EQ(set(one, IPPROTO_SCTP, SCTP_REUSE_PORT, 1), 0);
    EXPECT_EQ(many ? set(two, SOL_SOCKET, SO_REUSEADDR, 1) : set(two, IPPROTO_SCTP, SCTP_REUSE_PORT, 1), 0);
    const std::uint16_t port = bind_to(one, SocketAddress::v4("127.0.0.1", 0));
    EXPECT_EQ(set(one, IPPROTO_SCTP, SCTP_REUSE_PORT, 1), -EFAULT);
    const auto name = SocketAddress::v4("127.0.0.1", port);
    EXPECT_EQ(three->bind(name.get(), name.length), -EADDRINUSE);
    EXPECT_EQ(set(three, IPPROTO_SCTP, SCTP_REUSE_PORT, 1), 0);
    ASSERT_EQ(two->bind(name.get(), name.length), 0);
    EXPECT_EQ(two->listen(5), 0);
    EXPECT_EQ(one->listen(5), -EADDRINUSE);
    EXPECT_EQ(three->bind(name.get(), name.length), -EADDRINUSE);  // beside one that listens
    // The other sets up associations from there.
    std::uint16_t there = 0;
    const auto elsewhere = listener(there);
    EXPECT_EQ(connect_to(one, SocketAddress::v4("127.0.0.1", there)), 0);
    EXPECT_EQ(name_of(one).port(), port);
    const auto accepted = accept_one(elsewhere);
    EXPECT_EQ(send_text(one, "from a shared port"), 18);
    EXPECT_EQ(receive(accepted).text, "from a shared port");
    const auto client = make(SOCK_STREAM);
    EXPECT_EQ(connect_to(client, name), 0);
    EXPECT_EQ(two->close(), 0);
    EXPECT_EQ(connect_to(make(SOCK_STREAM), name), -ECONNREFUSED);
    EXPECT_EQ(send_text(one, "it goes on"), 10);
    EXPECT_EQ(receive(accepted).text, "it goes on");
    for (const auto& each : {one, three, elsewhere, accepted, client}) EXPECT_EQ(each->close(), 0);
  }
}

// SO_REUSEPORT: several sockets listen on one port, each takes a share of the associations, and who is left takes all.
TEST(AsLinux, SocketsOfOnePortListenTogether) {
  for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
    std::vector<SocketPtr> listeners;
    std::uint16_t port = 0;
    for (int i = 0; i < 2; ++i) {
      listeners.push_back(make(type));
      EXPECT_EQ(set(listeners.back(), SOL_SOCKET, SO_REUSEPORT, 1), 0);
      port = bind_to(listeners.back(), SocketAddress::v4("127.0.0.1", port));
      EXPECT_EQ(listeners.back()->listen(64), 0);
    }
    const auto name = SocketAddress::v4("127.0.0.1", port);
    const auto other = make(type);
    EXPECT_EQ(set(other, SOL_SOCKET, SO_REUSEADDR, 1), 0);
    EXPECT_EQ(other->bind(name.get(), name.length), -EADDRINUSE);
    std::vector<SocketPtr> clients;
    const auto come = [&clients, &name] {
      for (int i = 0; i < 16; ++i) {
        clients.push_back(make(SOCK_STREAM));
        ASSERT_EQ(connect_to(clients.back(), name), 0);
        ASSERT_EQ(send_text(clients.back(), "here"), 4);
      }
    };
    // How many of the 16 each listener got.
    const auto taken = [type, &listeners] {
      std::vector<int> counts(listeners.size());
      for (int left = 16; left > 0; --left) {
        std::vector<pollfd> entries;
        for (const auto& each : listeners) entries.push_back({each->descriptor(), POLLIN, 0});
        if (::poll(entries.data(), entries.size(), kPatience) <= 0) break;
        const std::size_t at = entries[0].revents != 0 ? 0 : 1;
        const SocketPtr from = type == SOCK_STREAM ? accept_one(listeners[at]) : listeners[at];
        EXPECT_EQ(receive(from).text, "here");
        ++counts[at];
        if (type == SOCK_STREAM) (void)from->close();
      }
      return counts;
    };
    come();
    const auto counts = taken();
    EXPECT_GT(counts[0], 0);
    EXPECT_GT(counts[1], 0);
    EXPECT_EQ(counts[0] + counts[1], 16);
    EXPECT_EQ(listeners[0]->close(), 0);
    listeners.erase(listeners.begin());
    come();
    EXPECT_EQ(taken(), std::vector<int>{16});
    EXPECT_EQ(listeners[0]->close(), 0);
    EXPECT_EQ(connect_to(make(SOCK_STREAM), name), -ECONNREFUSED);
    for (const auto& each : clients) EXPECT_EQ(each->close(), 0);
    EXPECT_EQ(other->close(), 0);
  }
}

TEST(AsLinux, MaxsegOfAnAssociationIsItsFragmentationPoint) {
  Pair pair;
  sctp_status status{};
  ASSERT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_STATUS, status), 0);
  sctp_assoc_value value{};
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_MAXSEG, value), 0);
  EXPECT_EQ(value.assoc_value, status.sstat_fragmentation_point);
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_MAXSEG, sctp_assoc_value{0, 700}), 0);
  EXPECT_EQ(get(pair.client, IPPROTO_SCTP, SCTP_MAXSEG, value), 0);
  EXPECT_EQ(value.assoc_value, 700U);
}

TEST(AsLinux, FlowLabelAndDscpAreKept_6458_8_1_12) {
  const auto socket = make(SOCK_STREAM, AF_INET6);
  sctp_paddrparams wanted{};
  wanted.spp_flags = SPP_IPV6_FLOWLABEL | SPP_DSCP;
  wanted.spp_ipv6_flowlabel = 0xABCDEF;
  wanted.spp_dscp = 0x5F;
  EXPECT_EQ(set(socket, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, wanted), 0);
  sctp_paddrparams found{};
  EXPECT_EQ(get(socket, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, found), 0);
  EXPECT_EQ(found.spp_flags & (SPP_IPV6_FLOWLABEL | SPP_DSCP), SPP_IPV6_FLOWLABEL | SPP_DSCP);
  EXPECT_EQ(found.spp_ipv6_flowlabel, 0xBCDEFU);  // 20 bits
  EXPECT_EQ(found.spp_dscp, 0x5C);                // the upper 6 bits
  // The older, shorter struct has neither.
  EXPECT_EQ(socket->setsockopt(IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &wanted, 152), -EINVAL);
  EXPECT_EQ(socket->close(), 0);
}

}  // namespace
}  // namespace netsctp::test
