// One-to-one sockets: bind, listen, accept, connect, names, shutdown, close (RFC 6458 §4).
#include <fcntl.h>

#include <set>
#include <thread>

#include "sockets.hpp"

namespace netsctp::test {
namespace {

using Address = SocketAddress;

TEST(OneToOne, ConnectsSendsAndSaysGoodbye_6458_4) {
  Pair pair;
  EXPECT_EQ(send_text(pair.client, "hello"), 5);
  const Received got = receive(pair.server);
  EXPECT_EQ(got.text, "hello");
  EXPECT_NE(got.flags & MSG_EOR, 0);
  EXPECT_EQ(got.from.text(), "127.0.0.1");
  EXPECT_EQ(got.from.port(), name_of(pair.client).port());
  EXPECT_EQ(send_text(pair.server, "and back"), 8);
  EXPECT_EQ(receive(pair.client).text, "and back");
  EXPECT_EQ(pair.client->close(), 0);
  EXPECT_EQ(pair.client->close(), -EBADF);
  EXPECT_EQ(receive(pair.server).result, 0);
  EXPECT_EQ(receive(pair.server).result, 0);
}

TEST(OneToOne, NamesAreThoseOfBothEnds_6458_4_1_9) {
  Pair pair;
  Address peer;
  peer.length = sizeof peer.storage;
  EXPECT_EQ(pair.client->getpeername(peer.get(), &peer.length), 0);
  EXPECT_EQ(peer.port(), pair.port);
  EXPECT_EQ(peer.text(), "127.0.0.1");
  EXPECT_EQ(peer.length, sizeof(sockaddr_in));
  EXPECT_EQ(name_of(pair.server).port(), pair.port);
  EXPECT_EQ(pair.listening->getpeername(peer.get(), &peer.length), -ENOTCONN);
}

TEST(OneToOne, BindHasItsErrors_6458_4_1_2) {
  auto first = make();
  const std::uint16_t port = bind_to(first, Address::v4("127.0.0.1", 0));
  EXPECT_GE(port, 32768);
  const Address same = Address::v4("127.0.0.1", port);
  EXPECT_EQ(first->bind(same.get(), same.length), -EINVAL);
  auto second = make();
  EXPECT_EQ(second->bind(same.get(), same.length), -EADDRINUSE);
  const Address foreign = Address::v4("192.0.2.1", 0);
  EXPECT_EQ(second->bind(foreign.get(), foreign.length), -EADDRNOTAVAIL);
  const Address six = Address::v6("::1", 0);
  EXPECT_EQ(second->bind(six.get(), six.length), -EINVAL);
  EXPECT_EQ(second->bind(same.get(), 7), -EINVAL);
  const Address other = Address::v4("127.0.0.2", port);
  EXPECT_EQ(second->bind(other.get(), other.length), 0);
  EXPECT_EQ(first->close(), 0);
  auto third = make();
  EXPECT_EQ(third->bind(same.get(), same.length), 0);  // given back
  EXPECT_EQ(second->close(), 0);
  EXPECT_EQ(third->close(), 0);
}

TEST(OneToOne, ConnectHasItsErrors_6458_4_1_5) {
  Pair pair;
  const Address there = Address::v4("127.0.0.1", pair.port);
  EXPECT_EQ(connect_to(pair.client, there), -EISCONN);
  EXPECT_EQ(connect_to(pair.listening, there), -EISCONN);
  auto fresh = make();
  EXPECT_EQ(connect_to(fresh, Address::v6("::1", 5)), -EINVAL);
  SocketPtr none;
  EXPECT_EQ(fresh->accept(none, nullptr, nullptr, 0), -EINVAL);
  EXPECT_EQ(fresh->shutdown(SHUT_WR), -ENOTCONN);
  EXPECT_EQ(receive(fresh).result, -ENOTCONN);
  EXPECT_EQ(send_text(fresh, "x"), -EPIPE);
  EXPECT_EQ(fresh->close(), 0);
}

TEST(OneToOne, NobodyCanHavePortZero_9260_3_1) {
  auto fresh = make();
  EXPECT_EQ(connect_to(fresh, Address::v4("127.0.0.1", 0)), -EINVAL);
  EXPECT_EQ(fresh->close(), 0);
}

TEST(OneToOne, NobodyListeningRefuses) {
  auto bound = make();
  const std::uint16_t port = bind_to(bound, Address::v4("127.0.0.1", 0));
  auto client = make();
  be_patient(client);
  EXPECT_EQ(connect_to(client, Address::v4("127.0.0.1", port)), -ECONNREFUSED);
  EXPECT_EQ(connect_to(client, Address::v4("127.0.0.1", port)), -ECONNREFUSED);  // may be tried again
  EXPECT_EQ(bound->listen(1), 0);
  EXPECT_EQ(connect_to(client, Address::v4("127.0.0.1", port)), 0);
  EXPECT_EQ(client->close(), 0);
  EXPECT_EQ(bound->close(), 0);
}

TEST(OneToOne, NobodyThereTimesOut) {
  auto client = make();
  be_unanswered(client);
  const sctp_rtoinfo quick{0, 20, 40, 20};
  ASSERT_EQ(set(client, IPPROTO_SCTP, SCTP_RTOINFO, quick), 0);
  const sctp_initmsg once{0, 0, 2, 40};
  ASSERT_EQ(set(client, IPPROTO_SCTP, SCTP_INITMSG, once), 0);
  be_patient(client);
  EXPECT_EQ(connect_to(client, Address::v4(silent_host(), 4)), -ETIMEDOUT);
  EXPECT_EQ(client->close(), 0);
}

TEST(OneToOne, NonBlockingConnectCompletesWithPollout) {
  std::uint16_t port = 0;
  auto listening = listener(port);
  auto client = make(SOCK_STREAM | SOCK_NONBLOCK);
  EXPECT_EQ(poll_for(client, POLLIN | POLLOUT, 0), 0);
  EXPECT_EQ(connect_to(client, Address::v4("127.0.0.1", port)), -EINPROGRESS);
  EXPECT_EQ(poll_for(client, POLLOUT), POLLOUT);
  int error = -1;
  EXPECT_EQ(get(client, SOL_SOCKET, SO_ERROR, error), 0);
  EXPECT_EQ(error, 0);
  EXPECT_EQ(poll_for(listening, POLLIN), POLLIN);
  SocketPtr server;
  Address peer;
  peer.length = sizeof peer.storage;
  ASSERT_EQ(listening->accept(server, peer.get(), &peer.length, SOCK_NONBLOCK), 0);
  EXPECT_EQ(peer.text(), "127.0.0.1");
  EXPECT_EQ(receive(server).result, -EAGAIN);
  EXPECT_EQ(poll_for(listening, POLLIN, 0), 0);
  for (const auto& each : {client, server, listening}) EXPECT_EQ(each->close(), 0);
}

TEST(OneToOne, NonBlockingConnectFailsWithPollerr) {
  auto bound = make();
  const std::uint16_t port = bind_to(bound, Address::v4("127.0.0.1", 0));
  auto client = make(SOCK_STREAM | SOCK_NONBLOCK);
  ASSERT_EQ(connect_to(client, Address::v4("127.0.0.1", port)), -EINPROGRESS);
  EXPECT_NE(poll_for(client, POLLOUT) & POLLERR, 0);
  int error = 0;
  EXPECT_EQ(get(client, SOL_SOCKET, SO_ERROR, error), 0);
  EXPECT_EQ(error, ECONNREFUSED);
  EXPECT_EQ(poll_for(client, 0, 0) & POLLERR, 0);
  EXPECT_EQ(bound->listen(1), 0);
  EXPECT_EQ(connect_to(client, Address::v4("127.0.0.1", port)), -EINPROGRESS);  // the same socket again
  EXPECT_EQ(poll_for(client, POLLOUT), POLLOUT);
  EXPECT_EQ(client->close(), 0);
  EXPECT_EQ(bound->close(), 0);
}

TEST(OneToOne, LingerZeroAborts_6458_8_1_4) {
  Pair pair;
  const linger now{1, 0};
  ASSERT_EQ(set(pair.client, SOL_SOCKET, SO_LINGER, now), 0);
  EXPECT_EQ(pair.client->close(), 0);
  EXPECT_NE(poll_for(pair.server, POLLIN) & POLLERR, 0);
  EXPECT_EQ(receive(pair.server).result, -ECONNRESET);
  EXPECT_EQ(receive(pair.server).result, -ENOTCONN);
  EXPECT_EQ(send_text(pair.server, "x"), -EPIPE);
}

TEST(OneToOne, UnreadDataMakesCloseAnAbort) {
  Pair pair;
  EXPECT_EQ(send_text(pair.client, "nobody reads this"), 17);
  EXPECT_NE(poll_for(pair.server, POLLIN) & POLLIN, 0);
  EXPECT_EQ(pair.server->close(), 0);
  EXPECT_EQ(receive(pair.client).result, -ECONNRESET);
}

TEST(OneToOne, DataSentBeforeCloseStillArrives_6458_4_1_6) {
  Pair pair;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(send_text(pair.client, std::string(1000, 'x')), 1000);
  EXPECT_EQ(pair.client->close(), 0);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(receive(pair.server).result, 1000);
  EXPECT_EQ(receive(pair.server).result, 0);
}

TEST(OneToOne, LingerWaitsForDelivery_6458_8_1_4) {
  Pair pair;
  const linger while_it_lasts{1, 5};
  ASSERT_EQ(set(pair.client, SOL_SOCKET, SO_LINGER, while_it_lasts), 0);
  EXPECT_EQ(send_text(pair.client, "bye"), 3);
  EXPECT_EQ(pair.client->close(), 0);
  EXPECT_NE(poll_for(pair.server, POLLIN, 0) & POLLIN, 0);  // all has been said when close returns
  EXPECT_EQ(receive(pair.server).text, "bye");
  EXPECT_EQ(receive(pair.server).result, 0);
}

TEST(OneToOne, ShutdownEndsTheAssociationGracefully_6458_4_1_7) {
  Pair pair;
  EXPECT_EQ(send_text(pair.client, "last"), 4);
  EXPECT_EQ(pair.client->shutdown(SHUT_WR), 0);
  const ssize_t more = send_text(pair.client, "more");
  EXPECT_TRUE(more == -ESHUTDOWN || more == -EPIPE) << more;  // it ends, or has ended
  EXPECT_EQ(receive(pair.server).text, "last");
  EXPECT_EQ(receive(pair.server).result, 0);
  EXPECT_NE(poll_for(pair.server, POLLRDHUP) & POLLRDHUP, 0);
  // As Linux: only the peer's end of input is an end of input.
  EXPECT_EQ(receive(pair.client).result, -ENOTCONN);
  EXPECT_EQ(poll_for(pair.client, POLLIN, 0), 0);
  EXPECT_EQ(pair.client->shutdown(7), -EINVAL);
  EXPECT_EQ(pair.client->shutdown(SHUT_RDWR), 0);
  EXPECT_NE(poll_for(pair.client, POLLIN) & POLLHUP, 0);
}

TEST(OneToOne, ShutReadOnlyStopsReading_6458_4_1_7) {
  Pair pair;
  EXPECT_EQ(send_text(pair.client, "early"), 5);
  EXPECT_NE(poll_for(pair.server, POLLIN), 0);
  EXPECT_EQ(pair.server->shutdown(SHUT_RD), 0);
  EXPECT_EQ(receive(pair.server).text, "early");  // as Linux: what has come is read
  EXPECT_EQ(receive(pair.server).result, 0);
  EXPECT_EQ(send_text(pair.server, "still"), 5);
  EXPECT_EQ(receive(pair.client).text, "still");
}

TEST(OneToOne, BacklogBoundsWhoWaits_6458_4_1_3) {
  std::uint16_t port = 0;
  auto listening = listener(port, SOCK_STREAM, "127.0.0.1", 2);
  std::vector<SocketPtr> clients;
  int refused = 0;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(make());
    be_patient(clients.back());
    const int outcome = connect_to(clients.back(), Address::v4("127.0.0.1", port));
    EXPECT_TRUE(outcome == 0 || outcome == -ECONNREFUSED || outcome == -ECONNRESET) << outcome;
    if (outcome != 0) ++refused;
  }
  EXPECT_EQ(refused, 2);  // as Linux: one more than the backlog waits
  for (const auto& each : clients) EXPECT_EQ(each->close(), 0);
  EXPECT_EQ(listening->close(), 0);
}

TEST(OneToOne, ListenZeroStopsListening_6458_4_1_3) {
  std::uint16_t port = 0;
  auto listening = listener(port);
  int accepting = 0;
  EXPECT_EQ(get(listening, SOL_SOCKET, SO_ACCEPTCONN, accepting), 0);
  EXPECT_EQ(accepting, 1);
  EXPECT_EQ(listening->listen(0), 0);
  auto client = make();
  be_patient(client);
  EXPECT_EQ(connect_to(client, Address::v4("127.0.0.1", port)), -ECONNREFUSED);
  EXPECT_EQ(client->close(), 0);
  EXPECT_EQ(listening->close(), 0);
}

TEST(OneToOne, DataBeforeAcceptIsKept) {
  std::uint16_t port = 0;
  auto listening = listener(port);
  auto client = make();
  be_patient(client);
  ASSERT_EQ(connect_to(client, Address::v4("127.0.0.1", port)), 0);
  EXPECT_EQ(send_text(client, "early"), 5);
  EXPECT_EQ(client->close(), 0);
  auto server = accept_one(listening);
  be_patient(server);
  EXPECT_EQ(receive(server).text, "early");
  EXPECT_EQ(receive(server).result, 0);
  EXPECT_EQ(server->close(), 0);
  EXPECT_EQ(listening->close(), 0);
}

TEST(OneToOne, CloseWakesBlockedCallsWithEbadf) {
  Pair pair;
  std::thread reader([&] { EXPECT_EQ(receive(pair.server).result, -EBADF); });
  std::thread acceptor([&] {
    SocketPtr none;
    EXPECT_EQ(pair.listening->accept(none, nullptr, nullptr, 0), -EBADF);
  });
  // Either they wait already, or they find it closed: both are EBADF.
  EXPECT_EQ(pair.server->close(), 0);
  EXPECT_EQ(pair.listening->close(), 0);
  reader.join();
  acceptor.join();
}

// Each takes what it was woken for, however they and those that need not wait mix.
TEST(OneToOne, ThreadsThatWaitInAcceptGetAnAssociationEach_6458_4_1_4) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 8;
  std::uint16_t port = 0;
  const SocketPtr listening = listener(port, SOCK_STREAM, "127.0.0.1", kThreads * kRounds);
  be_patient(listening);
  std::vector<std::uint16_t> peers[kThreads];
  std::vector<std::thread> acceptors;
  for (auto& mine : peers) {
    acceptors.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        const SocketPtr server = accept_one(listening);
        Address peer;
        peer.length = sizeof peer.storage;
        if (server == nullptr || server->getpeername(peer.get(), &peer.length) != 0) return;
        mine.push_back(peer.port());
      }
    });
  }
  std::vector<SocketPtr> clients;
  std::set<std::uint16_t> expected;
  for (int i = 0; i < kThreads * kRounds; ++i) {
    clients.push_back(make());
    ASSERT_EQ(connect_to(clients.back(), Address::v4("127.0.0.1", port)), 0);
    expected.insert(name_of(clients.back()).port());
  }
  for (auto& acceptor : acceptors) acceptor.join();
  std::set<std::uint16_t> accepted;
  for (const auto& mine : peers) accepted.insert(mine.begin(), mine.end());
  EXPECT_EQ(accepted, expected);
}

TEST(OneToOne, ReceiveTimeoutIsEagain) {
  Pair pair;
  const timeval soon{0, 20'000};
  ASSERT_EQ(set(pair.server, SOL_SOCKET, SO_RCVTIMEO, soon), 0);
  EXPECT_EQ(receive(pair.server).result, -EAGAIN);
}

TEST(OneToOne, FcntlNonBlockingCounts) {
  Pair pair;
  ASSERT_EQ(::fcntl(pair.server->descriptor(), F_SETFL, O_NONBLOCK), 0);
  EXPECT_EQ(receive(pair.server).result, -EAGAIN);
  EXPECT_EQ(socket::lookup(pair.server->descriptor()), pair.server);
  const int descriptor = pair.server->descriptor();
  EXPECT_EQ(pair.server->close(), 0);
  EXPECT_EQ(socket::lookup(descriptor), nullptr);
}

TEST(OneToOne, Ipv6SocketsServeBothFamilies_6458_8_1_15) {
  auto listening = make(SOCK_STREAM, AF_INET6);
  const std::uint16_t port = bind_to(listening, Address::v6("::", 0));
  ASSERT_EQ(listening->listen(8), 0);
  be_patient(listening);
  auto four = make();
  auto six = make(SOCK_STREAM, AF_INET6);
  be_patient(four);
  be_patient(six);
  ASSERT_EQ(connect_to(four, Address::v4("127.0.0.1", port)), 0);
  SocketPtr server;
  Address peer;
  peer.length = sizeof peer.storage;
  ASSERT_EQ(listening->accept(server, peer.get(), &peer.length, 0), 0);
  EXPECT_EQ(peer.text(), "::ffff:127.0.0.1");
  EXPECT_EQ(set(server, IPPROTO_SCTP, SCTP_I_WANT_MAPPED_V4_ADDR, int{0}), 0);
  peer.length = sizeof peer.storage;
  ASSERT_EQ(server->getpeername(peer.get(), &peer.length), 0);
  EXPECT_EQ(peer.text(), "127.0.0.1");
  EXPECT_EQ(server->close(), 0);
  ASSERT_EQ(connect_to(six, Address::v6("::1", port)), 0);
  ASSERT_EQ(listening->accept(server, peer.get(), &(peer.length = sizeof peer.storage), 0), 0);
  EXPECT_EQ(peer.text(), "::1");
  for (const auto& each : {four, six, server, listening}) EXPECT_EQ(each->close(), 0);
}

TEST(OneToOne, V6OnlyKnowsNoIpv4) {
  auto socket = make(SOCK_STREAM, AF_INET6);
  EXPECT_EQ(set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1), 0);
  EXPECT_EQ(connect_to(socket, Address::v4("127.0.0.1", 5)), -EINVAL);
  EXPECT_EQ(connect_to(socket, Address::v6("::ffff:127.0.0.1", 5)), -EINVAL);
  bind_to(socket, Address::v6("::1", 0));
  EXPECT_EQ(set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0), -EINVAL);
  EXPECT_EQ(socket->close(), 0);
}

TEST(Open, HasItsErrors) {
  EXPECT_EQ(socket::open(AF_UNIX, SOCK_STREAM).error().value(), EAFNOSUPPORT);
  EXPECT_EQ(socket::open(AF_INET, SOCK_DGRAM).error().value(), ESOCKTNOSUPPORT);
}

}  // namespace
}  // namespace netsctp::test
