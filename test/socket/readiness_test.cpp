// The descriptor's readiness in poll and epoll, level and edge triggered.
#include <sys/epoll.h>
#include <unistd.h>

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

}  // namespace
}  // namespace netsctp::test
