// The descriptor's readiness in poll and epoll, level and edge triggered.
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>

#include "sockets.hpp"

namespace netsctp::test {
namespace {

class Epoll {
 public:
  Epoll(const SocketPtr& socket, std::uint32_t events) : descriptor_(::epoll_create1(EPOLL_CLOEXEC)) {
    epoll_event event{};
    event.events = events;
    EXPECT_EQ(::epoll_ctl(descriptor_, EPOLL_CTL_ADD, socket->descriptor(), &event), 0);
  }
  ~Epoll() { ::close(descriptor_); }
  [[nodiscard]] std::uint32_t wait(int timeout = kPatience) const {
    epoll_event event{};
    return ::epoll_wait(descriptor_, &event, 1, timeout) == 1 ? event.events : 0;
  }

 private:
  int descriptor_;
};

TEST(Readiness, PollFollowsTheReceiveQueue) {
  Pair pair;
  EXPECT_EQ(poll_for(pair.server, POLLIN | POLLOUT, 0), POLLOUT);
  EXPECT_EQ(send_text(pair.client, "a"), 1);
  EXPECT_EQ(send_text(pair.client, "b"), 1);
  EXPECT_EQ(poll_for(pair.server, POLLIN), POLLIN);
  EXPECT_EQ(receive(pair.server).text, "a");
  EXPECT_EQ(poll_for(pair.server, POLLIN), POLLIN);
  EXPECT_EQ(receive(pair.server).text, "b");
  EXPECT_EQ(poll_for(pair.server, POLLIN, 0), 0);
}

TEST(Readiness, LevelTriggeredEpollRepeats) {
  Pair pair;
  const Epoll epoll(pair.server, EPOLLIN);
  EXPECT_EQ(send_text(pair.client, "a"), 1);
  EXPECT_EQ(epoll.wait(), EPOLLIN);
  EXPECT_EQ(epoll.wait(0), EPOLLIN);
  EXPECT_EQ(receive(pair.server).text, "a");
  EXPECT_EQ(epoll.wait(0), 0U);
}

TEST(Readiness, EveryMessageIsAnEdge) {
  Pair pair;
  EXPECT_EQ(set(pair.client, IPPROTO_SCTP, SCTP_NODELAY, int{1}), 0);  // else each waits for the SACK of the last
  const Epoll epoll(pair.server, EPOLLIN | EPOLLET);
  for (int i = 0; i < 500; ++i) {  // nothing is read meanwhile
    ASSERT_EQ(send_text(pair.client, "x"), 1);
    ASSERT_EQ(epoll.wait(), EPOLLIN) << i;
  }
  EXPECT_EQ(epoll.wait(0), 0U);
  for (int i = 0; i < 500; ++i) ASSERT_EQ(receive(pair.server).text, "x");
  EXPECT_EQ(poll_for(pair.server, POLLIN, 0), 0);
  EXPECT_EQ(send_text(pair.client, "y"), 1);
  EXPECT_EQ(epoll.wait(), EPOLLIN);
}

TEST(Readiness, RoomToSendIsAnEdge) {
  Pair pair([](const SocketPtr& each) {
    EXPECT_EQ(set(each, SOL_SOCKET, SO_RCVBUF, int{10'000}), 0);
    EXPECT_EQ(set(each, SOL_SOCKET, SO_SNDBUF, int{10'000}), 0);
  });
  const Epoll epoll(pair.client, EPOLLOUT | EPOLLET);
  EXPECT_EQ(epoll.wait(), EPOLLOUT);
  int sent = 0;
  while (send_text(pair.client, std::string(500, 'x'), MSG_DONTWAIT) == 500) ASSERT_LT(++sent, 500);
  while (epoll.wait(200) != 0) {
    while (send_text(pair.client, std::string(500, 'x'), MSG_DONTWAIT) == 500) ASSERT_LT(++sent, 500);
  }
  for (int i = 0; i < sent; ++i) ASSERT_EQ(receive(pair.server).result, 500);
  EXPECT_EQ(epoll.wait(), EPOLLOUT);
}

TEST(Readiness, OneToManyIsReadableForNotifications) {
  std::uint16_t port = 0;
  auto server = listener(port, SOCK_SEQPACKET);
  subscribe(server, {SCTP_ASSOC_CHANGE});
  EXPECT_EQ(poll_for(server, POLLIN | POLLOUT, 0), POLLOUT);
  auto client = make();
  be_patient(client);
  ASSERT_EQ(connect_to(client, SocketAddress::v4("127.0.0.1", port)), 0);
  EXPECT_EQ(poll_for(server, POLLIN), POLLIN);
  EXPECT_NE(receive(server).flags & MSG_NOTIFICATION, 0);
  EXPECT_EQ(client->close(), 0);
  EXPECT_EQ(server->close(), 0);
}

// --- a descriptor that is made when somebody asks for it tells the same ----------------------------------------------

SocketPtr make_late(int type = SOCK_STREAM) {
  auto opened = socket::open(AF_INET, type, socket::DescriptorIs::kMadeWhenAsked);
  EXPECT_TRUE(opened.ok()) << opened.error().message();
  return opened ? *opened : nullptr;
}

// Both ends of an association without a descriptor yet.
struct LatePair {
  LatePair() {
    (void)bind_to(waiting, SocketAddress::v4("127.0.0.1", 0));
    EXPECT_EQ(waiting->listen(8), 0);
    EXPECT_EQ(connect_to(client, name_of(waiting)), 0);
    server = accept_one(waiting);
  }
  SocketPtr waiting = make_late();
  SocketPtr client = make_late();
  SocketPtr server;
};

std::size_t open_descriptors() {
  const auto all = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// All that poll() can say.
constexpr short kAll = POLLIN | POLLOUT | POLLRDHUP;

TEST(LateReadiness, SocketsTakeNoDescriptorUntilItIsAskedFor) {
  LatePair pair;
  const std::size_t before = open_descriptors();
  const auto another = make_late();
  ASSERT_EQ(connect_to(another, name_of(pair.waiting)), 0);
  const auto accepted = accept_one(pair.waiting);
  EXPECT_EQ(open_descriptors(), before + 1);  // that which claims the port of `another`
  EXPECT_GE(accepted->descriptor(), 0);
  EXPECT_EQ(open_descriptors(), before + 3);  // both ends of a pair
}

TEST(LateReadiness, TheDescriptorIsThatOfTheSocket) {
  LatePair pair;
  const int descriptor = pair.server->descriptor();
  ASSERT_GE(descriptor, 0);
  EXPECT_EQ(pair.server->descriptor(), descriptor);
  EXPECT_EQ(socket::lookup(descriptor), pair.server);
  EXPECT_EQ(pair.server->close(), 0);
  EXPECT_EQ(pair.server->descriptor(), -1);
  EXPECT_EQ(socket::lookup(descriptor), nullptr);
  EXPECT_EQ(pair.client->close(), 0);
  EXPECT_EQ(pair.client->descriptor(), -1);
}

TEST(LateReadiness, ItsFlagsAreThoseAskedFor) {
  auto opened = socket::open(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, socket::DescriptorIs::kMadeWhenAsked);
  ASSERT_TRUE(opened);
  be_unanswered(*opened);
  EXPECT_EQ(connect_to(*opened, SocketAddress::v4(silent_host(), 9)), -EINPROGRESS);
  EXPECT_NE(::fcntl((*opened)->descriptor(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(::fcntl((*opened)->descriptor(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(::fcntl((*opened)->descriptor(), F_SETFL, O_RDWR), 0);
  EXPECT_EQ((*opened)->close(), 0);
}

TEST(LateReadiness, WhatHasComeBeforeIsTold) {
  LatePair pair;
  EXPECT_EQ(send_text(pair.client, "a"), 1);
  EXPECT_EQ(receive(pair.server).text, "a");
  EXPECT_EQ(poll_for(pair.server, kAll, 0), POLLOUT);
  EXPECT_EQ(send_text(pair.server, "b"), 1);
  EXPECT_EQ(receive(pair.client, MSG_PEEK).text, "b");
  EXPECT_EQ(poll_for(pair.client, kAll, 0), POLLIN | POLLOUT);
  EXPECT_EQ(receive(pair.client).text, "b");
  EXPECT_EQ(poll_for(pair.client, kAll, 0), POLLOUT);
}

TEST(LateReadiness, AnUnconnectedSocketIsNotWritable) {
  EXPECT_EQ(poll_for(make_late(), kAll, 0), 0);
  EXPECT_EQ(poll_for(make_late(SOCK_SEQPACKET), kAll, 0), POLLOUT);
}

TEST(LateReadiness, WhoWaitsToBeAcceptedIsTold) {
  const auto waiting = make_late();
  (void)bind_to(waiting, SocketAddress::v4("127.0.0.1", 0));
  EXPECT_EQ(waiting->listen(8), 0);
  const auto client = make_late();
  EXPECT_EQ(connect_to(client, name_of(waiting)), 0);
  EXPECT_EQ(poll_for(waiting, POLLIN), POLLIN);
  accept_one(waiting);
  EXPECT_EQ(poll_for(waiting, kAll, 0), 0);
}

TEST(LateReadiness, TheEndIsTold) {
  LatePair pair;
  EXPECT_EQ(pair.client->shutdown(SHUT_WR), 0);
  EXPECT_EQ(receive(pair.server).result, 0);
  EXPECT_EQ(poll_for(pair.server, kAll, 0) & (POLLIN | POLLRDHUP), POLLIN | POLLRDHUP);
}

TEST(LateReadiness, AHangUpIsTold) {
  LatePair pair;
  EXPECT_EQ(pair.client->shutdown(SHUT_WR), 0);
  EXPECT_EQ(receive(pair.server).result, 0);
  EXPECT_EQ(pair.server->shutdown(SHUT_WR), 0);
  EXPECT_EQ(poll_for(pair.server, kAll, 0), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
}

TEST(LateReadiness, AnAbortIsTold) {
  LatePair pair;
  EXPECT_EQ(set(pair.client, SOL_SOCKET, SO_LINGER, linger{1, 0}), 0);
  EXPECT_EQ(pair.client->close(), 0);
  sctp_status status{};
  EXPECT_EQ(get(pair.server, IPPROTO_SCTP, SCTP_STATUS, status), -EINVAL);  // it has heard of it
  EXPECT_NE(poll_for(pair.server, kAll) & POLLERR, 0);
  EXPECT_EQ(receive(pair.server).result, -ECONNRESET);
}

TEST(LateReadiness, AFullSendBufferIsTold) {
  LatePair pair;
  EXPECT_EQ(set(pair.client, SOL_SOCKET, SO_SNDBUF, int{10'000}), 0);
  const std::string text(500, 'x');
  while (send_text(pair.client, text, MSG_DONTWAIT) == 500) {
  }
  EXPECT_EQ(poll_for(pair.client, kAll, 0), 0);
  while (receive(pair.server, MSG_DONTWAIT).result == 500 || poll_for(pair.client, POLLOUT, 0) == 0) {
  }
  EXPECT_EQ(poll_for(pair.client, POLLOUT), POLLOUT);
}

}  // namespace
}  // namespace netsctp::test
