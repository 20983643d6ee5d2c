// A network namespace of the test's own, with a loopback interface that is up: raw sockets in it hear nobody else.
#pragma once

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "link/descriptor.hpp"

namespace netsctp::test {

// Moves this thread (and those it starts) into one; once per process. Empty, or why that cannot be.
inline std::string enter_own_network() {
  static const std::string result = [] {
    // Where the user is not root, a user namespace makes him root of this one.
    if (::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
      return "no network namespace can be made here, which takes root or a user namespace: " +
             std::string(std::strerror(errno));
    const link::Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (::ioctl(socket.number(), SIOCSIFFLAGS, &request) != 0)
      return "the loopback interface cannot be brought up: " + std::string(std::strerror(errno));
    return std::string();
  }();
  return result;
}

// For SetUp(): the test is skipped, with the reason, where there can be none; where nothing may be skipped it fails.
inline void require_own_network() {
  const std::string why = enter_own_network();
  if (why.empty()) return;
  ASSERT_EQ(std::getenv("CI"), nullptr) << why;
  GTEST_SKIP() << why;
}

}  // namespace netsctp::test
