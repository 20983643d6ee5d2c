// Every test process has a UDP port of its own, so that runs do not hear each other. Roles are played by this program,
// executed again (test/socket/process_test.cpp).
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

int play_role(const std::string& role);

int main(int count, char** arguments) {
  ::setenv("NETSCTP_BACKEND", "stack", 0);  // the environment may ask for the kernel: test/vm
  if (const char* const role = std::getenv("SOCKET_TEST_ROLE")) return play_role(role);
  const int probe = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  socklen_t length = sizeof name;
  (void)::bind(probe, reinterpret_cast<const sockaddr*>(&name), length);
  (void)::getsockname(probe, reinterpret_cast<sockaddr*>(&name), &length);
  ::close(probe);
  ::setenv("NETSCTP_UDP_PORT", std::to_string(ntohs(name.sin_port)).c_str(), 1);
  ::testing::InitGoogleTest(&count, arguments);
  return RUN_ALL_TESTS();
}
