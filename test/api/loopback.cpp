// Set before any test: the UDP port (RFC 6951) and the watchdog.
#include "loopback.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

namespace {

constexpr unsigned kLongestTest = 60;  // seconds

class Surroundings : public testing::Environment {
 public:
  void SetUp() override {
    (void)std::signal(SIGPIPE, SIG_IGN);
    constexpr int kFirst = 20000;
    constexpr int kMany = 12000;  // below the ports the system hands out
    if (std::getenv("NETSCTP_UDP_PORT") == nullptr) {
      ::setenv("NETSCTP_UDP_PORT", std::to_string(kFirst + ::getpid() % kMany).c_str(), 1);
    }
  }
};

class Watchdog : public testing::EmptyTestEventListener {
 public:
  void OnTestStart(const testing::TestInfo&) override { ::alarm(kLongestTest); }
  void OnTestEnd(const testing::TestInfo&) override { ::alarm(0); }
};

const bool is_set_up = [] {
  testing::AddGlobalTestEnvironment(new Surroundings);
  testing::UnitTest::GetInstance()->listeners().Append(new Watchdog);
  return true;
}();

}  // namespace
