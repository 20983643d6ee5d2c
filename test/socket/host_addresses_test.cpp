// The kept list of the host's addresses, in a network namespace of the test's own.
#include "socket/host_addresses.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace netsctp::socket {
namespace {

bool has(HostAddresses& host, const IpAddress& address) {
  const auto list = host.list(true, true);
  return std::find(list.begin(), list.end(), address) != list.end();
}

enum Outcome : int { kGood, kNoNamespace, kNoLoopback, kNotSeen, kStillThere, kWrongFamily };

int follow_a_change() {
  if (::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return kNoNamespace;
  constexpr std::array<std::byte, 4> kBytes{std::byte{192}, std::byte{0}, std::byte{2}, std::byte{7}};
  const IpAddress added = IpAddress::v4(kBytes.data());
  HostAddresses host;
  if (has(host, added)) return kStillThere;
  if (std::system("ip link set lo up && ip address add 192.0.2.7/32 dev lo") != 0) return kNoLoopback;
  if (!has(host, added)) return kNotSeen;
  const auto of_ipv6 = host.list(false, true);
  if (std::any_of(of_ipv6.begin(), of_ipv6.end(), [](const IpAddress& one) { return one.is_v4(); }))
    return kWrongFamily;
  if (std::system("ip address delete 192.0.2.7/32 dev lo") != 0) return kNoLoopback;
  return has(host, added) ? kStillThere : kGood;
}

TEST(HostAddresses, FollowTheInterfaces) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(follow_a_change());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNoNamespace && ::getenv("CI") == nullptr) {
    GTEST_SKIP() << "needs a network namespace of its own: root, or a user namespace";
  }
  EXPECT_EQ(WEXITSTATUS(status), kGood);
}

}  // namespace
}  // namespace netsctp::socket
