// fork() in a program that uses the library: the parent's sockets go on in the parent, the child starts anew.
#include <gtest/gtest.h>
#include <netsctp.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <net/sctp.hpp>
#include <string>
#include <string_view>

namespace {

constexpr int kDeadline = 20;  // s

// A child that does `work` and says by its exit status at which step it failed; 0: at none.
int in_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(kDeadline);
    ::_exit(work());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

sockaddr_in loopback(std::uint16_t port_on_wire = 0) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = port_on_wire;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int listener(sockaddr_in& address) {
  const int descriptor = netsctp_socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);
  socklen_t length = sizeof address;
  EXPECT_EQ(netsctp_bind(descriptor, reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(netsctp_listen(descriptor, 5), 0);
  EXPECT_EQ(netsctp_getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length), 0);
  return descriptor;
}

int connected(const sockaddr_in& peer) {
  const int descriptor = netsctp_socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
  if (netsctp_connect(descriptor, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) == 0) return descriptor;
  netsctp_close(descriptor);
  return -1;
}

bool exchange(int from, int to) {
  std::array<char, 16> buffer{};
  return netsctp_send(from, "ping", 4, 0) == 4 && netsctp_recv(to, buffer.data(), buffer.size(), 0) == 4;
}

bool holds_open(const std::filesystem::path& file) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry, gone) == file) return true;
  }
  return false;
}

TEST(Fork, InTheChildTheParentsSocketsAreHungUpAndNobodys) {
  if (std::string_view(netsctp_backend()) != "stack") GTEST_SKIP() << "the kernel's sockets go on in both";
  sockaddr_in address = loopback();
  const int server = listener(address);
  const int client = connected(address);
  ASSERT_GE(client, 0);
  EXPECT_EQ(in_child([&] {
              pollfd both[]{{server, POLLIN, 0}, {client, POLLIN, 0}};
              if (::poll(both, 2, 0) != 2 || (both[0].revents & both[1].revents & POLLHUP) == 0) return 1;
              if (netsctp_send(client, "x", 1, 0) != -1 || errno != ENOTSOCK) return 2;
              if (netsctp_close(server) != -1 || errno != ENOTSOCK) return 3;
              return ::close(server) == 0 && ::close(client) == 0 ? 0 : 4;
            }),
            0);
  EXPECT_TRUE(exchange(client, server));  // the parent has not noticed
  netsctp_close(client);
  netsctp_close(server);
}

// A socket of the C++ API has a descriptor only once somebody has asked for it.
TEST(Fork, InTheChildASocketWithoutADescriptorIsHungUpToo) {
  if (std::string_view(netsctp_backend()) != "stack") GTEST_SKIP() << "the kernel's sockets go on in both";
  net::sctp::Socket server({.local_host = {"127.0.0.1"}, .listen = true});
  server.start_server();
  EXPECT_EQ(in_child([&] {
              pollfd entry{server.descriptor(), POLLIN, 0};
              if (entry.fd < 0 || ::poll(&entry, 1, 0) != 1 || (entry.revents & POLLHUP) == 0) return 1;
              return netsctp_close(entry.fd) == -1 && errno == ENOTSOCK ? 0 : 2;
            }),
            0);
  pollfd entry{server.descriptor(), POLLIN, 0};
  EXPECT_GE(entry.fd, 0);
  EXPECT_EQ(::poll(&entry, 1, 0), 0);
}

TEST(Fork, TheChildsOwnSocketsReachTheParentAndEachOther) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "the thread sanitizer allows no thread in the child of a process with threads";
#endif
  sockaddr_in address = loopback();
  const int server = listener(address);
  EXPECT_EQ(in_child([&] {
              const int to_parent = connected(address);
              if (to_parent < 0 || netsctp_send(to_parent, "hello", 5, 0) != 5) return 1;
              sockaddr_in own = loopback();
              const int own_server = listener(own);
              const int own_client = connected(own);
              if (own_client < 0 || !exchange(own_client, own_server)) return 2;
              if (netsctp_bind(netsctp_socket(AF_INET, SOCK_STREAM, 0), reinterpret_cast<sockaddr*>(&address),
                               sizeof address) != -1 ||
                  errno != EADDRINUSE) {
                return 3;  // the parent's port is taken
              }
              std::array<char, 16> buffer{};
              netsctp_shutdown(to_parent, SHUT_RDWR);
              return netsctp_recv(to_parent, buffer.data(), buffer.size(), 0) == 0 ? 0 : 4;
            }),
            0);
  std::array<char, 16> buffer{};
  EXPECT_EQ(netsctp_recv(server, buffer.data(), buffer.size(), MSG_DONTWAIT), 5);
  netsctp_close(server);
}

TEST(Fork, AChildThatOutlivesItsParentHoldsNoneOfItsPorts) {
  sockaddr_in address = loopback();
  const int server = listener(address);
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  char byte = 0;
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[1]);
    ::alarm(kDeadline);
    (void)!::write(ends[0], &byte, 1);
    (void)!::read(ends[0], &byte, 1);  // until the parent is through
    ::_exit(0);
  }
  ::close(ends[0]);
  EXPECT_EQ(::read(ends[1], &byte, 1), 1);
  netsctp_close(server);
  const int again = netsctp_socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);
  EXPECT_EQ(netsctp_bind(again, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  netsctp_close(again);
  ::close(ends[1]);
  ::waitpid(child, nullptr, 0);
}

TEST(Fork, TheChildLetsGoOfTheTraceWhoseLockItWouldHold) {
  if (std::string_view(netsctp_backend()) != "stack") GTEST_SKIP() << "the kernel's packets are not traced";
  const auto file =
      std::filesystem::canonical(::testing::TempDir()) / ("fork_trace_" + std::to_string(::getpid()) + ".pcapng");
  ASSERT_EQ(netsctp_trace(file.c_str()), 0);
  sockaddr_in address = loopback();
  const int server = listener(address);
  EXPECT_TRUE(holds_open(file));
  EXPECT_EQ(in_child([&] { return holds_open(file) ? 1 : 0; }), 0);
  EXPECT_TRUE(holds_open(file));  // the parent's goes on
  netsctp_trace(nullptr);
  netsctp_close(server);
  std::filesystem::remove(file);
}

}  // namespace
