// Every option, with every length and every wrong argument, answers as a Linux kernel does: linux_errno_table.txt is
// what option_probe.c printed there. RFC 6458 §8.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "option_probe.h"
#include "sockets.hpp"

namespace netsctp::test {
namespace {

int open_socket(int domain, int type) {
  auto opened = socket::open(domain, type);
  return opened ? (*opened)->descriptor() : -opened.error().value();
}
int bind_it(int fd, const sockaddr* address, socklen_t length) {
  return socket::lookup(fd)->bind(address, length);
}
int listen_it(int fd, int backlog) {
  return socket::lookup(fd)->listen(backlog);
}
int accept_it(int fd) {
  SocketPtr accepted;
  const int error = socket::lookup(fd)->accept(accepted, nullptr, nullptr, 0);
  return error != 0 ? error : accepted->descriptor();
}
int connect_it(int fd, const sockaddr* address, socklen_t length) {
  return socket::lookup(fd)->connect(address, length);
}
int name_it(int fd, sockaddr* address, socklen_t* length) {
  return socket::lookup(fd)->getsockname(address, length);
}
int get_it(int fd, int level, int option, void* value, socklen_t* length) {
  return socket::lookup(fd)->getsockopt(level, option, value, length);
}
int set_it(int fd, int level, int option, const void* value, socklen_t length) {
  return socket::lookup(fd)->setsockopt(level, option, value, length);
}
int close_it(int fd) {
  return socket::lookup(fd)->close();
}

using Table = std::map<std::string, std::string>;  // the case -> its answer

Table read_table(std::istream& in) {
  Table table;
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(": ");
    if (colon != std::string::npos) table[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return table;
}

TEST(LinuxErrno, EveryOptionAnswersEveryArgumentAsLinuxDoes) {
  const probe_calls calls{open_socket, bind_it, listen_it, accept_it, connect_it, name_it, get_it, set_it, close_it};
  char* text = nullptr;
  std::size_t size = 0;
  FILE* const out = ::open_memstream(&text, &size);
  probe_all(&calls, out);
  std::fclose(out);
  const std::string printed(text, size);
  std::free(text);
  if (const char* const path = std::getenv("OPTION_PROBE_OUTPUT")) std::ofstream(path) << printed;
  std::istringstream ours_in(printed);
  std::ifstream linux_in("socket/linux_errno_table.txt");
  const Table ours = read_table(ours_in);
  const Table theirs = read_table(linux_in);
  ASSERT_GT(theirs.size(), 1000U) << "socket/linux_errno_table.txt is not here";
  std::size_t compared = 0;
  for (const auto& [name, expected] : theirs) {
    ++compared;
    const auto at = ours.find(name);
    EXPECT_EQ(at != ours.end() ? at->second : "(no such case)", expected) << name;
  }
  EXPECT_GT(compared, 1000U);
}

}  // namespace
}  // namespace netsctp::test
