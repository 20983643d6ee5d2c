// What a simulation test starts from: a seeded network with two hosts and their users. If the test fails, it says with
// which seed and where the packets are (a pcapng file). NETSCTP_SEED=n runs one seed only; NETSCTP_SIM_SEEDS=n tries
// that many.
#pragma once

#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/host.hpp"
#include "sim/network.hpp"
#include "sim/pcapng.hpp"
#include "sim/traffic.hpp"
#include "sim/user.hpp"

namespace netsctp::sim {

[[nodiscard]] inline std::optional<std::uint64_t> number_from_environment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') return std::nullopt;
  return std::strtoull(text, nullptr, 0);
}

// Seeds for one of `parts` equal parts of a property test.
[[nodiscard]] inline std::vector<std::uint64_t> seeds(std::uint64_t part = 0, std::uint64_t parts = 1) {
  std::vector<std::uint64_t> chosen;
  if (const auto only = number_from_environment("NETSCTP_SEED")) {
    if (*only % parts == part) chosen.push_back(*only);
    return chosen;
  }
  const std::uint64_t count = number_from_environment("NETSCTP_SIM_SEEDS").value_or(1000);
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    if (seed % parts == part) chosen.push_back(seed);
  }
  return chosen;
}

// 0 to count - 1, to be used as loss mask and seed both.
[[nodiscard]] inline std::vector<std::uint64_t> loss_masks(std::uint64_t count) {
  if (const auto only = number_from_environment("NETSCTP_SEED")) return {*only};
  std::vector<std::uint64_t> masks;
  for (std::uint64_t mask = 0; mask < count; ++mask) masks.push_back(mask);
  return masks;
}

[[nodiscard]] inline IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}

struct SimulationConfig {
  std::uint64_t seed = number_from_environment("NETSCTP_SEED").value_or(1);
  HostConfig a{.name = "a", .addresses = {ip("10.0.0.1")}};
  HostConfig b{.name = "b", .addresses = {ip("10.0.1.1")}};
};

class Simulation {
 public:
  static constexpr std::uint16_t kPort = 5000;

  explicit Simulation(SimulationConfig config = {})
      : network(config.seed),
        host_a(network.add_host(std::move(config.a))),
        host_b(network.add_host(std::move(config.b))),
        seed_(config.seed) {
    running = this;
    std::signal(SIGABRT, [](int) {  // an invariant of the core did not hold
      if (running != nullptr) running->tell();
      std::signal(SIGABRT, SIG_DFL);
      std::abort();
    });
  }
  ~Simulation() {
    running = nullptr;
    if (failures_ != failure_count() || exceptions_ != std::uncaught_exceptions()) tell();
  }
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  Network network;
  Host& host_a;
  Host& host_b;
  User a{host_a, 0xA};
  User b{host_b, 0xB};

  struct Parts {  // for structured bindings
    Network& network;
    Host& host_a;
    Host& host_b;
    User& a;
    User& b;
  };
  [[nodiscard]] Parts parts() { return {network, host_a, host_b, a, b}; }

  void open() {
    a.open(kPort);
    b.open(kPort);
  }
  // Both users have their side of one association, begun by a; it is up on return.
  core::AssociationId connect(Duration limit = std::chrono::seconds(60)) {
    a.connect(host_b, kPort);
    EXPECT_TRUE(network.run_until([&] { return is_up(); }, limit)) << "the association did not come up";
    return a.latest()->id;
  }
  [[nodiscard]] bool is_up() {
    return a.latest() != nullptr && a.latest()->up && b.latest() != nullptr && b.latest()->up;
  }
  [[nodiscard]] bool has_received_all(User& receiver, User& sender) {
    return receiver.latest() != nullptr && sender.latest() != nullptr &&
           receiver.latest()->inbox.size() >= sender.latest()->outbox.size();
  }
  void expect_received_all(User& receiver, User& sender) {
    ASSERT_NE(receiver.latest(), nullptr);
    ASSERT_NE(sender.latest(), nullptr);
    EXPECT_EQ(what_is_wrong(sender.latest()->outbox, sender.key(), receiver.latest()->inbox), "")
        << "from " << sender.host().name() << " to " << receiver.host().name();
  }
  // A graceful end begun by one side: both are told, nothing is left behind (§9.2). On a network that reorders, one of
  // them may be told of an ABORT: the other, who is done, answers a late packet with it (§8.4), and it can overtake
  // SHUTDOWN COMPLETE.
  void expect_shutdown(User& first, Duration limit = std::chrono::seconds(300), bool reorders = false) {
    first.shutdown(first.latest()->id);
    EXPECT_TRUE(network.run_until([&] { return a.latest()->ended && b.latest()->ended; }, limit))
        << "no end of shutdown";
    unsigned aborted = 0;
    for (User* user : {&a, &b}) {
      ASSERT_TRUE(user->latest()->end.has_value()) << user->host().name();
      const core::AssociationChanged& end = *user->latest()->end;
      if (reorders && end.reason == core::AssociationChanged::Reason::kAbortedByPeer && ++aborted == 1) continue;
      EXPECT_EQ(end.what, core::AssociationChanged::What::kShutdownComplete) << user->host().name();
    }
    expect_nothing_left();
  }
  // No association, no timer, no buffer.
  void expect_nothing_left() {
    for (User* user : {&a, &b}) {
      user->set_reading({});
      Host& host = user->host();
      host.stack().check_consistent();
      EXPECT_EQ(host.stack().association_count(), 0U) << host.name();
      EXPECT_EQ(host.stack().next_timeout(), std::nullopt) << host.name();
      EXPECT_EQ(host.pool().outstanding_bytes(), 0U) << host.name();
    }
  }

 private:
  static inline Simulation* running = nullptr;

  static int failure_count() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    return test == nullptr ? 0 : test->result()->total_part_count();
  }
  void tell() const {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = test == nullptr ? "simulation" : std::string(test->test_suite_name()) + "." + test->name();
    std::string file = name;
    for (char& c : file) {
      if (c == '/') c = '_';
    }
    const std::string path = ::testing::TempDir() + "netsctp_" + file + "_" + std::to_string(seed_) + ".pcapng";
    const bool written = write_pcapng(path, network.record());
    std::fprintf(stderr, "seed %llu; again with: NETSCTP_SEED=%llu sim_tests --gtest_filter=%s\npackets: %s\n",
                 static_cast<unsigned long long>(seed_), static_cast<unsigned long long>(seed_), name.c_str(),
                 written ? path.c_str() : "could not be written");
  }

  std::uint64_t seed_;
  int failures_ = failure_count();
  int exceptions_ = std::uncaught_exceptions();
};

}  // namespace netsctp::sim
