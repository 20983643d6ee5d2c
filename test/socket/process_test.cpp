// Several processes on one host: each role is this program executed again (main.cpp), so that no stack is inherited.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/entropy.hpp"
#include "engine/port_claims.hpp"
#include "socket/backend.hpp"
#include "sockets.hpp"

int play_role(const std::string& role);

namespace netsctp::test {
namespace {

// A child process in a role; its first line of output is a port number.
class Child {
 public:
  explicit Child(const char* role, std::uint16_t port = 0) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(ends[1], 1);
      ::setenv("SOCKET_TEST_ROLE", role, 1);
      ::setenv("SOCKET_TEST_PORT", std::to_string(port).c_str(), 1);
      ::execl("/proc/self/exe", "socket_tests", nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    output_ = ends[0];
  }
  ~Child() {
    (void)end(SIGKILL);
    ::close(output_);
  }
  std::string line() {
    std::string text;
    char byte = 0;
    while (::read(output_, &byte, 1) == 1 && byte != '\n') text += byte;
    return text;
  }
  // Exit status, or -signal.
  int end(int signal = 0) {
    if (process_ <= 0) return 0;
    if (signal != 0) ::kill(process_, signal);
    int status = 0;
    ::waitpid(std::exchange(process_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t process_ = 0;
  int output_ = -1;
};

int echo_server(std::uint16_t port) {
  auto listening = listener(port);
  (void)!::write(1, (std::to_string(port) + "\n").c_str(), std::to_string(port).size() + 1);
  while (true) {
    SocketPtr one;
    if (listening->accept(one, nullptr, nullptr, 0) != 0) return 1;
    while (true) {
      const Received got = receive(one);
      if (got.result <= 0) break;
      if (got.text == "exit") return 0;  // with everything left open
      (void)send_text(one, got.text);
    }
    (void)one->close();
  }
}

TEST(Processes, TalkToEachOther) {
  Child server("echo");
  const auto port = static_cast<std::uint16_t>(std::stoi(server.line()));
  auto client = make();
  be_patient(client);
  ASSERT_EQ(connect_to(client, SocketAddress::v4("127.0.0.1", port)), 0);
  for (int i = 0; i < 100; ++i) {
    ASSERT_GT(send_text(client, std::to_string(i)), 0);
    ASSERT_EQ(receive(client).text, std::to_string(i));
  }
  auto second = make();
  const auto same = SocketAddress::v4("127.0.0.1", port);
  EXPECT_EQ(second->bind(same.get(), same.length), -EADDRINUSE);  // a port is taken host-wide
  EXPECT_EQ(second->close(), 0);
  ASSERT_EQ(send_text(client, "exit"), 4);
  EXPECT_EQ(receive(client).result, 0);  // exit says goodbye as close does
  EXPECT_EQ(server.end(), 0);
  EXPECT_EQ(client->close(), 0);
}

class Randomness final : public Entropy {
 public:
  void fill(std::span<std::byte> out) noexcept override { std::ranges::fill(out, std::byte{7}); }
};

// Whether another process could have the port.
bool is_free_for_others(std::uint16_t port) {
  Randomness randomness;
  auto others =
      engine::PortClaims::open(socket::backend().link == "udp" ? socket::backend().udp_port : std::uint16_t{0});
  EXPECT_TRUE(others);
  return others && others->claim(port, {}, true, false, randomness).ok();
}

// Connects, closes both ends and tells the client's port.
std::uint16_t port_of_a_connection(const SocketPtr& server, bool bound) {
  const auto client = make();
  if (bound) (void)bind_to(client, SocketAddress::v4("0.0.0.0", 0));
  EXPECT_EQ(connect_to(client, name_of(server)), 0);
  const std::uint16_t port = name_of(client).port();
  EXPECT_EQ(client->close(), 0);
  EXPECT_EQ(accept_one(server)->close(), 0);
  return port;
}

TEST(Processes, APortThatWasAskedForIsFreeForAllOnceItsSocketHasGone) {
  std::uint16_t port = 0;
  const auto server = listener(port);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(is_free_for_others(port_of_a_connection(server, true)));
}

TEST(Processes, PortsThatCameWithAssociationsAreUsedAgain) {
  std::uint16_t port = 0;
  const auto server = listener(port);
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 40; ++i) ports.insert(port_of_a_connection(server, false));
  EXPECT_LE(ports.size(), engine::PortClaims::kMinSpares + 1);
  EXPECT_FALSE(is_free_for_others(*ports.begin()));
  const auto own = make();
  EXPECT_EQ(bind_to(own, SocketAddress::v4("0.0.0.0", *ports.begin())), *ports.begin());
}

TEST(Processes, AKilledPeerIsReplacedAtOnce) {
  Child server("echo");
  const auto port = static_cast<std::uint16_t>(std::stoi(server.line()));
  auto client = make();
  be_patient(client);
  ASSERT_EQ(connect_to(client, SocketAddress::v4("127.0.0.1", port)), 0);
  ASSERT_EQ(send_text(client, "a"), 1);
  ASSERT_EQ(receive(client).text, "a");
  EXPECT_EQ(server.end(SIGKILL), -SIGKILL);
  Child again("echo", port);
  ASSERT_EQ(again.line(), std::to_string(port));
  // What is sent to the successor is out of the blue there: an ABORT tells (RFC 9260 §8.4).
  // The delayed SACK of "a" may have been first.
  const ssize_t sent = send_text(client, "b");
  if (sent == 1) {
    EXPECT_EQ(receive(client).result, -ECONNRESET);
  } else {
    EXPECT_EQ(sent, -ECONNRESET);
  }
  EXPECT_EQ(client->close(), 0);
  client = make();
  be_patient(client);
  ASSERT_EQ(connect_to(client, SocketAddress::v4("127.0.0.1", port)), 0);
  ASSERT_EQ(send_text(client, "c"), 1);
  EXPECT_EQ(receive(client).text, "c");
  EXPECT_EQ(client->close(), 0);
}

TEST(Processes, AForkedChildThatExitsDoesNotDisturb) {
  Pair pair;
  const pid_t child = ::fork();
  if (child == 0) std::exit(0);  // runs the exit handlers
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(send_text(pair.client, "still here"), 10);
  EXPECT_EQ(receive(pair.server).text, "still here");
}

}  // namespace
}  // namespace netsctp::test

int play_role(const std::string& role) {
  const auto port = static_cast<std::uint16_t>(std::atoi(std::getenv("SOCKET_TEST_PORT")));
  if (role == "echo") return netsctp::test::echo_server(port);
  return 1;
}
