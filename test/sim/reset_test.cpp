// Stream re-configuration on bad networks (RFC 6525): streams are reset and added while messages flow both ways, and
// every message still arrives once and in order within its stream.
#include <gtest/gtest.h>

#include <array>

#include "sim/faulty_links.hpp"
#include "sim/simulation.hpp"

namespace netsctp::sim {
namespace {

// How often the user was told that something it asked for was done, and that it failed.
struct Told {
  unsigned done = 0;
  unsigned failed = 0;
};
Told told(const User& user) {
  Told result;
  const auto count = [&](const core::ReconfigurationOutcome& outcome) {
    ++(outcome.denied || outcome.failed ? result.failed : result.done);
  };
  for (const Report& report : user.reports()) {
    if (const auto* one = std::get_if<core::StreamsReset>(&report.event.what)) count(one->outcome);
    if (const auto* one = std::get_if<core::AssociationReset>(&report.event.what)) count(one->outcome);
    if (const auto* one = std::get_if<core::StreamsChanged>(&report.event.what)) count(one->outcome);
  }
  return result;
}

void reconfigure(User& user, Random& random, bool all) {
  user.host().call([&](core::Stack& stack) {
    const auto id = user.latest()->id;
    const Time now = user.host().network().now();
    switch (random.between(0, all ? 4 : 3)) {
      case 0:
        (void)stack.reset_streams(id, true, false, {}, now);
        break;
      case 1:
        (void)stack.reset_streams(id, true, true, {0, 3}, now);
        break;
      case 2:
        (void)stack.reset_streams(id, false, true, {static_cast<core::StreamId>(random.between(0, 7))}, now);
        break;
      case 3:
        (void)stack.add_streams(id, static_cast<std::uint16_t>(random.between(0, 2)),
                                static_cast<std::uint16_t>(random.between(0, 2)), now);
        break;
      default:
        (void)stack.reset_association(id, now);
        break;
    }
    stack.check_consistent();
  });
}

TEST(StreamReset, NothingIsLostNorOutOfOrder) {
  Told total;
  for (std::uint64_t seed : seeds()) {
    if (seed % 4 != 0) continue;
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed ^ 0x6525);
    Simulation simulation({.seed = seed});
    const auto [network, host_a, host_b, a, b] = simulation.parts();
    const double loss = random.pick({0.0, 0.05, 0.2});
    for (auto* user : {&a, &b}) {
      user->parameters.stream_reset = true;
      user->parameters.allowed_reconfigurations = 7;
      user->parameters.receive_buffer = random.pick<std::size_t>({5000, 30'000, 212'992});
      user->parameters.partial_delivery_point = random.pick<std::size_t>({0, 3000});
      user->parameters.no_delay = random.chance(0.5);
      user->parameters.outbound_streams = 8;
      user->parameters.max_retransmissions = 30;
      user->parameters.max_init_retransmits = 20;
      user->parameters.path.max_retransmissions = 20;
    }
    make_links_faulty(network, random, [&] { return loss; });
    simulation.open();
    a.connect(host_b, Simulation::kPort);
    ASSERT_TRUE(network.run_until([&] { return simulation.is_up(); }, 900s)) << "no handshake";
    // SSN and TSN resets of both sides at once refuse each other, which is right and shows nothing: one side asks.
    const bool all = random.chance(0.5);
    for (int round = 0; round < 8; ++round) {
      for (auto* user : {&a, &b}) {
        user->send(user->latest()->id, make_traffic({.count = 12,
                                                     .max_size = random.pick<std::size_t>({10, 1000, 9000}),
                                                     .streams = 8,
                                                     .unordered = random.pick({0.0, 0.3})},
                                                    random));
        if (random.chance(0.7)) reconfigure(*user, random, all && user == &a);
      }
      network.run_for(std::chrono::milliseconds(random.between(0, round == 4 ? 40'000 : 1500)));
    }
    ASSERT_TRUE(network.run_until(
        [&] { return simulation.has_received_all(a, b) && simulation.has_received_all(b, a); }, 2000s))
        << a.latest()->ended << b.latest()->ended << " " << a.latest()->inbox.size() << " of "
        << b.latest()->outbox.size() << ", " << b.latest()->inbox.size() << " of " << a.latest()->outbox.size();
    simulation.expect_received_all(a, b);
    simulation.expect_received_all(b, a);
    network.run_for(120s);
    for (const User* user : {&a, &b}) {
      const Told one = told(*user);
      total.done += one.done;
      total.failed += one.failed;
    }
    simulation.expect_shutdown(a, 900s, true);
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(total.done, 500U);
  EXPECT_LT(total.failed, total.done / 4);
}

}  // namespace
}  // namespace netsctp::sim
