// The C API: connections, plain messages, options. RFC 6458 §3, §4, §8; errors as Linux gives them.
#include <fcntl.h>
#include <netsctp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <net/sctp.hpp>

#include <array>
#include <thread>

#include "c_sockets.hpp"

namespace {

using namespace c_sockets;

TEST(CApi, TellsItsVersionAndWhatServes) {
  EXPECT_EQ(netsctp_version(), net::sctp::version());
  ASSERT_NE(netsctp_backend(), nullptr);
  EXPECT_TRUE(std::string_view(netsctp_backend()) == "stack" || std::string_view(netsctp_backend()) == "kernel");
  EXPECT_EQ(netsctp_backend_reason(), net::sctp::backend_info().reason);
}

// --- sockets and connections

TEST(CApi, SocketRefusesWhatIsNotSctp) {
  EXPECT_EQ(failure(netsctp_socket(AF_UNIX, SOCK_STREAM, 0)), EAFNOSUPPORT);
  EXPECT_EQ(failure(netsctp_socket(AF_INET, SOCK_DGRAM, IPPROTO_SCTP)), ESOCKTNOSUPPORT);
  EXPECT_EQ(failure(netsctp_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)), EPROTONOSUPPORT);
  EXPECT_EQ(failure(netsctp_socket(AF_INET, SOCK_STREAM | 0x100000, IPPROTO_SCTP)), EINVAL);
}

TEST(CApi, SocketTakesItsFlags) {
  const Descriptor sd = open(SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC);
  EXPECT_NE(::fcntl(sd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(sd, F_GETFD) & FD_CLOEXEC, 0);
  const Descriptor zero(netsctp_socket(AF_INET6, SOCK_STREAM, 0));
  EXPECT_GE(zero, 0);
}

TEST(CApi, EveryCallTellsAClosedDescriptorFromAForeignOne) {
  const int foreign = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  Descriptor gone = open(SOCK_STREAM);
  const int closed = gone.release();
  ASSERT_EQ(netsctp_close(closed), 0);
  Name name = v4("127.0.0.1", 1);
  sockaddr* list = nullptr;
  char byte = 0;
  iovec part{&byte, 1};
  msghdr message{};
  mmsghdr several{};
  sctp_status status{};
  socklen_t length = sizeof status;
  for (const auto& [sd, error] : {std::pair(foreign, ENOTSOCK), {closed, EBADF}, {-1, EBADF}, {1 << 30, EBADF}}) {
    EXPECT_EQ(failure(netsctp_bind(sd, name.get(), name.length)), error);
    EXPECT_EQ(failure(netsctp_listen(sd, 1)), error);
    EXPECT_EQ(failure(netsctp_accept(sd, nullptr, nullptr)), error);
    EXPECT_EQ(failure(netsctp_accept4(sd, nullptr, nullptr, 0)), error);
    EXPECT_EQ(failure(netsctp_connect(sd, name.get(), name.length)), error);
    EXPECT_EQ(failure(netsctp_shutdown(sd, SHUT_WR)), error);
    EXPECT_EQ(failure(netsctp_close(sd)), error);
    EXPECT_EQ(failure(netsctp_getsockname(sd, name.get(), &name.length)), error);
    EXPECT_EQ(failure(netsctp_getpeername(sd, name.get(), &name.length)), error);
    EXPECT_EQ(failure(netsctp_send(sd, &byte, 1, 0)), error);
    EXPECT_EQ(failure(netsctp_sendto(sd, &byte, 1, 0, nullptr, 0)), error);
    EXPECT_EQ(failure(netsctp_sendmsg(sd, &message, 0)), error);
    EXPECT_EQ(failure(netsctp_sendmmsg(sd, &several, 1, 0)), error);
    EXPECT_EQ(failure(netsctp_write(sd, &byte, 1)), error);
    EXPECT_EQ(failure(netsctp_writev(sd, &part, 1)), error);
    EXPECT_EQ(failure(netsctp_recv(sd, &byte, 1, 0)), error);
    EXPECT_EQ(failure(netsctp_recvfrom(sd, &byte, 1, 0, nullptr, nullptr)), error);
    EXPECT_EQ(failure(netsctp_recvmsg(sd, &message, 0)), error);
    EXPECT_EQ(failure(netsctp_recvmmsg(sd, &several, 1, 0, nullptr)), error);
    EXPECT_EQ(failure(netsctp_read(sd, &byte, 0)), error);
    EXPECT_EQ(failure(netsctp_readv(sd, &part, 1)), error);
    EXPECT_EQ(failure(netsctp_getsockopt(sd, IPPROTO_SCTP, SCTP_STATUS, &status, &length)), error);
    EXPECT_EQ(failure(netsctp_setsockopt(sd, IPPROTO_SCTP, SCTP_NODELAY, &status, 4)), error);
    EXPECT_EQ(failure(netsctp_ioctl(sd, FIONREAD, &status)), error);
    EXPECT_EQ(failure(netsctp_bindx(sd, name.get(), 1, SCTP_BINDX_ADD_ADDR)), error);
    EXPECT_EQ(failure(netsctp_connectx(sd, name.get(), 1, nullptr)), error);
    EXPECT_EQ(failure(netsctp_peeloff(sd, 3)), error);
    EXPECT_EQ(failure(netsctp_peeloff_flags(sd, 3, 0)), error);
    EXPECT_EQ(failure(netsctp_getpaddrs(sd, 0, &list)), error);
    EXPECT_EQ(failure(netsctp_getladdrs(sd, 0, &list)), error);
    EXPECT_EQ(failure(netsctp_opt_info(sd, 0, SCTP_STATUS, &status, &length)), error);
    EXPECT_EQ(failure(netsctp_sctp_send(sd, &byte, 1, nullptr, 0)), error);
    EXPECT_EQ(failure(netsctp_sendx(sd, &byte, 1, nullptr, 0, nullptr, 0)), error);
    EXPECT_EQ(failure(netsctp_sctp_sendmsg(sd, &byte, 1, nullptr, 0, 0, 0, 0, 0, 0)), error);
    EXPECT_EQ(failure(netsctp_sendv(sd, &part, 1, nullptr, 0, nullptr, 0, SCTP_SENDV_NOINFO, 0)), error);
    EXPECT_EQ(failure(netsctp_sctp_recvmsg(sd, &byte, 1, nullptr, nullptr, nullptr, nullptr)), error);
    EXPECT_EQ(failure(netsctp_recvv(sd, &part, 1, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr)), error);
  }
  ::close(foreign);
}

TEST(CApi, NullPointersAreAnsweredAsLinuxDoes) {
  auto [client, server] = connected();
  const Descriptor fresh = open(SOCK_STREAM);
  Name name;
  socklen_t negative = static_cast<socklen_t>(-1);
  EXPECT_EQ(failure(netsctp_bind(fresh, nullptr, sizeof(sockaddr_in))), EFAULT);
  EXPECT_EQ(failure(netsctp_bind(fresh, nullptr, 0)), EINVAL);
  EXPECT_EQ(failure(netsctp_bind(fresh, name.get(), sizeof name.storage + 1)), EINVAL);
  EXPECT_EQ(failure(netsctp_connect(fresh, nullptr, sizeof(sockaddr_in))), EFAULT);
  EXPECT_EQ(failure(netsctp_connect(fresh, name.get(), 1)), EINVAL);
  EXPECT_EQ(failure(netsctp_getsockname(client, name.get(), nullptr)), EFAULT);
  EXPECT_EQ(failure(netsctp_getsockname(client, nullptr, &name.length)), EFAULT);
  EXPECT_EQ(failure(netsctp_getpeername(client, name.get(), &negative)), EINVAL);
  EXPECT_EQ(failure(netsctp_accept(fresh, name.get(), nullptr)), EINVAL);  // it does not listen: told first

  EXPECT_EQ(failure(netsctp_send(client, nullptr, 1, MSG_NOSIGNAL)), EFAULT);
  EXPECT_EQ(failure(netsctp_send(client, nullptr, 0, MSG_NOSIGNAL)), EINVAL);  // RFC 6458 §3.1.4: no empty message
  EXPECT_EQ(failure(netsctp_sendmsg(client, nullptr, 0)), EFAULT);
  EXPECT_EQ(failure(netsctp_sendmmsg(client, nullptr, 1, 0)), EFAULT);
  EXPECT_EQ(failure(netsctp_writev(client, nullptr, 1)), EFAULT);
  EXPECT_EQ(failure(netsctp_writev(client, nullptr, -1)), EINVAL);
  msghdr message{};
  message.msg_iovlen = 1;
  EXPECT_EQ(failure(netsctp_sendmsg(client, &message, 0)), EFAULT);
  message.msg_iovlen = 1025;
  EXPECT_EQ(failure(netsctp_sendmsg(client, &message, 0)), EMSGSIZE);
  char byte = 'x';
  iovec part{&byte, 1};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_controllen = 64;
  EXPECT_EQ(failure(netsctp_sendmsg(client, &message, 0)), EFAULT);

  ASSERT_EQ(send_text(client, "stays"), 5);
  EXPECT_EQ(failure(netsctp_recv(server, nullptr, 5, 0)), EFAULT);
  EXPECT_EQ(failure(netsctp_recvfrom(server, &byte, 1, 0, name.get(), nullptr)), EFAULT);
  EXPECT_EQ(failure(netsctp_recvmsg(server, nullptr, 0)), EFAULT);
  EXPECT_EQ(failure(netsctp_recvmmsg(server, nullptr, 1, 0, nullptr)), EFAULT);
  EXPECT_EQ(failure(netsctp_readv(server, nullptr, 1)), EFAULT);
  EXPECT_EQ(receive_text(server), "stays");  // nothing of it was lost

  int value = 0;
  EXPECT_EQ(failure(netsctp_getsockopt(client, IPPROTO_SCTP, SCTP_NODELAY, &value, nullptr)), EFAULT);
  EXPECT_EQ(failure(netsctp_getsockopt(client, IPPROTO_SCTP, SCTP_NODELAY, &value, &negative)), EINVAL);
  EXPECT_EQ(failure(netsctp_setsockopt(client, IPPROTO_SCTP, SCTP_NODELAY, &value, negative)), EINVAL);
  EXPECT_EQ(failure(netsctp_setsockopt(client, IPPROTO_SCTP, SCTP_NODELAY, nullptr, sizeof value)), EFAULT);
  EXPECT_EQ(failure(netsctp_ioctl(client, FIONREAD, nullptr)), EFAULT);
}

TEST(CApi, AOneToOneConnectionRunsOverIPv4) {
  const Descriptor waiting = listener(SOCK_STREAM);
  Name to = name_of(waiting);
  const Descriptor client = open(SOCK_STREAM);
  ASSERT_EQ(netsctp_connect(client, to.get(), to.length), 0);
  EXPECT_EQ(failure(netsctp_connect(client, to.get(), to.length)), EISCONN);
  Name from;
  const Descriptor server(netsctp_accept4(waiting, from.get(), &from.length, SOCK_NONBLOCK));
  ASSERT_GE(server, 0);
  EXPECT_EQ(from.length, sizeof(sockaddr_in));
  EXPECT_EQ(from.port(), name_of(client).port());
  Name peer;
  ASSERT_EQ(netsctp_getpeername(client, peer.get(), &peer.length), 0);
  EXPECT_EQ(peer.port(), to.port());
  EXPECT_EQ(failure(netsctp_recv(server, &from, 1, 0)), EAGAIN);

  ASSERT_EQ(netsctp_shutdown(client, SHUT_WR), 0);
  pollfd ready{server, POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
  EXPECT_EQ(receive_text(server), "");
  EXPECT_EQ(failure(netsctp_shutdown(client, 7)), EINVAL);
}

TEST(CApi, AOneToOneConnectionRunsOverIPv6) {
  auto [client, server] = connected(v6("::1", 0));
  ASSERT_EQ(send_text(client, "six"), 3);
  char buffer[16];
  Name from;
  ASSERT_EQ(netsctp_recvfrom(server, buffer, sizeof buffer, 0, from.get(), &from.length), 3);
  EXPECT_EQ(from.storage.ss_family, AF_INET6);
  EXPECT_EQ(from.length, sizeof(sockaddr_in6));
}

TEST(CApi, CallsInTheWrongStateAreRefused) {
  const Descriptor fresh = open(SOCK_STREAM);
  Name name;
  EXPECT_EQ(failure(netsctp_getpeername(fresh, name.get(), &name.length)), ENOTCONN);
  EXPECT_EQ(failure(netsctp_shutdown(fresh, SHUT_WR)), ENOTCONN);
  EXPECT_EQ(failure(netsctp_accept(fresh, nullptr, nullptr)), EINVAL);
  EXPECT_EQ(failure(netsctp_accept4(fresh, nullptr, nullptr, 1)), EINVAL);
  EXPECT_EQ(failure(netsctp_recv(fresh, &name, 1, 0)), ENOTCONN);
  const Descriptor many = listener(SOCK_SEQPACKET);
  EXPECT_EQ(failure(netsctp_accept(many, nullptr, nullptr)), EOPNOTSUPP);
  EXPECT_EQ(failure(netsctp_shutdown(many, SHUT_RD)), EOPNOTSUPP);
  Name taken = name_of(many);
  EXPECT_EQ(failure(netsctp_bind(fresh, taken.get(), taken.length)), EADDRINUSE);
}

TEST(CApi, CloseEndsACallThatBlocksInAnotherThread) {
  Descriptor waiting = listener(SOCK_STREAM);
  const int sd = waiting.release();
  int error = 0;
  std::thread blocked([&] {
    if (netsctp_accept(sd, nullptr, nullptr) < 0) error = errno;
  });
  EXPECT_EQ(netsctp_close(sd), 0);  // before or after it blocks: both must end it
  blocked.join();
  EXPECT_EQ(error, EBADF);
}

// --- messages

TEST(CApi, ReadAndWriteKeepMessages) {
  auto [client, server] = connected();
  EXPECT_EQ(netsctp_write(client, "one", 3), 3);
  std::array<char, 2> first{'t', 'w'};
  std::array<char, 1> second{'o'};
  const iovec out[]{{first.data(), first.size()}, {second.data(), second.size()}};
  EXPECT_EQ(netsctp_writev(client, out, 2), 3);
  EXPECT_EQ(netsctp_writev(client, out, 0), 0);
  char buffer[16];
  EXPECT_EQ(netsctp_read(server, buffer, 0), 0);
  ASSERT_EQ(netsctp_read(server, buffer, sizeof buffer), 3);
  EXPECT_EQ(std::string_view(buffer, 3), "one");
  const iovec in[]{{buffer, 1}, {buffer + 8, 8}};
  EXPECT_EQ(netsctp_readv(server, in, 0), 0);
  ASSERT_EQ(netsctp_readv(server, in, 2), 3);
  EXPECT_EQ(buffer[0], 't');
  EXPECT_EQ(std::string_view(buffer + 8, 2), "wo");
}

TEST(CApi, AMessageComesInPiecesAndMsgEorMarksTheLast) {  // RFC 6458 §3.1.4
  auto [client, server] = connected();
  ASSERT_EQ(send_text(client, "abcdef"), 6);
  char buffer[4];
  iovec part{buffer, sizeof buffer};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  EXPECT_EQ(receive_text(server, MSG_PEEK), "abcdef");
  ASSERT_EQ(netsctp_recvmsg(server, &message, 0), 4);
  EXPECT_EQ(message.msg_flags & MSG_EOR, 0);
  ASSERT_EQ(netsctp_recvmsg(server, &message, 0), 2);
  EXPECT_NE(message.msg_flags & MSG_EOR, 0);
}

TEST(CApi, OneToManySetsUpAnAssociationBySending) {  // RFC 6458 §7.5
  const Descriptor server = listener(SOCK_SEQPACKET);
  const Descriptor client = open(SOCK_SEQPACKET);
  Name to = name_of(server);
  ASSERT_EQ(netsctp_sendto(client, "hello", 5, 0, to.get(), to.length), 5);
  char buffer[16];
  Name from;
  ASSERT_EQ(netsctp_recvfrom(server, buffer, sizeof buffer, 0, from.get(), &from.length), 5);
  ASSERT_EQ(netsctp_sendto(server, "back", 4, 0, from.get(), from.length), 4);
  EXPECT_EQ(receive_text(client), "back");
}

TEST(CApi, SeveralMessagesGoInOneCall) {
  auto [client, server] = connected();
  std::array<char, 3> letters{'a', 'b', 'c'};
  std::array<iovec, 3> parts{};
  std::array<mmsghdr, 3> messages{};
  for (std::size_t i = 0; i < messages.size(); ++i) {
    parts[i] = {&letters[i], 1};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  ASSERT_EQ(netsctp_sendmmsg(client, messages.data(), 3, 0), 3);
  EXPECT_EQ(messages[2].msg_len, 1U);
  letters = {};
  ASSERT_EQ(netsctp_recvmmsg(server, messages.data(), 3, 0, nullptr), 3);
  EXPECT_EQ(std::string_view(letters.data(), 3), "abc");

  // MSG_WAITFORONE: what is there, without waiting for the rest.
  ASSERT_EQ(send_text(client, "d"), 1);
  EXPECT_EQ(netsctp_recvmmsg(server, messages.data(), 3, MSG_WAITFORONE, nullptr), 1);
  EXPECT_EQ(letters[0], 'd');

  // A timeout is looked at after each message.
  ASSERT_EQ(send_text(client, "e"), 1);
  timespec none{0, 0};
  EXPECT_EQ(netsctp_recvmmsg(server, messages.data(), 3, 0, &none), 1);
  timespec wrong{0, -1};
  EXPECT_EQ(failure(netsctp_recvmmsg(server, messages.data(), 3, 0, &wrong)), EINVAL);
  EXPECT_EQ(failure(netsctp_recvmmsg(server, messages.data(), 3, MSG_DONTWAIT, nullptr)), EAGAIN);

  // Only the first failure is an error.
  messages[1].msg_hdr.msg_iov = nullptr;
  EXPECT_EQ(netsctp_sendmmsg(client, messages.data(), 3, 0), 1);
  EXPECT_EQ(failure(netsctp_sendmmsg(client, messages.data() + 1, 2, 0)), EFAULT);
}

// --- options

TEST(CApi, OptionsAreSetAndRead) {
  const Descriptor sd = open(SOCK_STREAM);
  turn_on(sd, SCTP_NODELAY);
  int value = 0;
  socklen_t length = sizeof value;
  ASSERT_EQ(netsctp_getsockopt(sd, IPPROTO_SCTP, SCTP_NODELAY, &value, &length), 0);
  EXPECT_EQ(value, 1);
  length = sizeof value;
  ASSERT_EQ(netsctp_getsockopt(sd, SOL_SOCKET, SO_TYPE, &value, &length), 0);
  EXPECT_EQ(value, SOCK_STREAM);
  EXPECT_EQ(failure(netsctp_getsockopt(sd, IPPROTO_SCTP, 9999, &value, &length)), ENOPROTOOPT);
  EXPECT_EQ(failure(netsctp_setsockopt(sd, IPPROTO_SCTP, SCTP_NODELAY, &value, 1)), EINVAL);
}

TEST(CApi, IoctlTellsWhatWaits) {
  auto [client, server] = connected();
  int bytes = -1;
  ASSERT_EQ(netsctp_ioctl(server, FIONREAD, &bytes), 0);
  EXPECT_EQ(bytes, 0);
  ASSERT_EQ(send_text(client, "twelve bytes"), 12);
  ASSERT_EQ(send_text(client, "more"), 4);
  pollfd ready{server, POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
  ASSERT_EQ(netsctp_ioctl(server, FIONREAD, &bytes), 0);
  EXPECT_EQ(bytes, 12);  // the next message, not all
  EXPECT_EQ(receive_text(server), "twelve bytes");
  EXPECT_EQ(receive_text(server), "more");

  int on = 1;
  ASSERT_EQ(netsctp_ioctl(server, FIONBIO, &on), 0);
  EXPECT_EQ(failure(netsctp_recv(server, &bytes, 1, 0)), EAGAIN);
  EXPECT_EQ(failure(netsctp_ioctl(server, TCGETS, &on)), ENOTTY);
  const Descriptor waiting = listener(SOCK_STREAM);
  EXPECT_EQ(failure(netsctp_ioctl(waiting, FIONREAD, &bytes)), ENOTCONN);
}

TEST(CApi, IoctlTellsWhatThePeerHasNotAcknowledged) {
  if (std::string_view(netsctp_backend()) != "stack") GTEST_SKIP() << "the kernel's SCTP has no TIOCOUTQ";
  auto [client, server] = connected();
  int bytes = -1;
  ASSERT_EQ(netsctp_ioctl(client, TIOCOUTQ, &bytes), 0);
  EXPECT_EQ(bytes, 0);
  const std::string message(1000, 'x');
  pollfd writable{client, POLLOUT, 0};
  do {  // until both buffers are full: a full send buffer alone empties again
    while (netsctp_send(client, message.data(), message.size(), MSG_DONTWAIT) > 0) {
    }
  } while (::poll(&writable, 1, 500) == 1);
  ASSERT_EQ(errno, EAGAIN);
  ASSERT_EQ(netsctp_ioctl(client, TIOCOUTQ, &bytes), 0);
  EXPECT_GT(bytes, 100'000);
}

}  // namespace
