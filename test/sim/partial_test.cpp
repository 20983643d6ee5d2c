// Partial reliability on bad networks (RFC 3758): every message arrives at most once and whole, in order within its
// stream; what does not arrive was reported; nothing is left behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "sim/faulty_links.hpp"
#include "sim/simulation.hpp"

namespace netsctp::sim {
namespace {

using Policy = core::Reliability::Policy;

core::Reliability any_reliability(Random& random) {
  switch (random.between(0, 3)) {
    case 0:
      return {Policy::kTimed, static_cast<std::uint32_t>(random.between(1, 3000))};
    case 1:
    case 2:
      return {Policy::kRetransmissions, static_cast<std::uint32_t>(random.between(0, 2))};
    default:
      return {};
  }
}

void expect_honest(User& from, User& to) {
  std::set<std::uint32_t> failed;
  for (const Report& report : from.reports()) {
    if (const auto* one = std::get_if<core::SendFailed>(&report.event.what)) {
      EXPECT_TRUE(failed.insert(one->context).second) << "reported twice: " << one->context;
    }
  }
  const auto& sent = from.latest()->outbox;
  std::set<std::uint32_t> arrived;
  std::map<core::StreamId, std::uint32_t> last;
  for (const Received& one : to.latest()->inbox) {
    EXPECT_TRUE(arrived.insert(one.number).second) << "arrived twice: " << one.number;
    ASSERT_LT(one.number, sent.size());
    std::vector<std::byte> bytes(sent[one.number].size);
    fill_message(bytes, from.key(), one.number);
    EXPECT_TRUE(bytes == one.bytes) << "not whole: " << one.number;
    EXPECT_EQ(one.stream, sent[one.number].stream);
    if (one.unordered) continue;
    const auto [entry, fresh] = last.try_emplace(one.stream, one.number);
    if (!fresh) {
      EXPECT_LT(std::exchange(entry->second, one.number), one.number) << "out of order";
    }
  }
  for (std::uint32_t number = 0; number < sent.size(); ++number) {
    const bool limited = sent[number].reliability.policy != Policy::kReliable;
    EXPECT_TRUE(arrived.contains(number) || (limited && failed.contains(number))) << "lost: " << number;
    if (!limited) {
      EXPECT_FALSE(failed.contains(number));
    }
  }
}

TEST(PartialReliability, WhatDoesNotArriveIsReportedAndNothingIsLeft) {
  std::uint64_t abandoned = 0;
  for (std::uint64_t seed : seeds()) {
    if (seed % 5 != 0) continue;
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed ^ 0x3758);
    Simulation simulation({.seed = seed});
    const auto [network, host_a, host_b, a, b] = simulation.parts();
    for (auto* user : {&a, &b}) {
      user->parameters.partial_delivery_point = random.pick<std::size_t>({0, 0, 3000});
      user->parameters.receive_buffer = random.pick<std::size_t>({4096, 30'000, 212'992});
      user->parameters.no_delay = random.chance(0.5);
      user->parameters.outbound_streams = 8;
      user->parameters.max_retransmissions = 30;
      user->parameters.max_init_retransmits = 20;
      user->parameters.path.max_retransmissions = 20;
    }
    make_links_faulty(network, random, [&] { return random.fraction() * 0.25; });
    simulation.open();
    a.connect(host_b, Simulation::kPort);
    ASSERT_TRUE(network.run_until([&] { return simulation.is_up(); }, 900s)) << "no handshake";
    for (auto* user : {&a, &b}) {
      auto traffic = make_traffic({.count = 150,
                                   .max_size = random.pick<std::size_t>({10, 1000, 9000}),
                                   .streams = 8,
                                   .unordered = random.pick({0.0, 0.3})},
                                  random);
      for (Message& one : traffic) one.reliability = any_reliability(random);
      user->send(user->latest()->id, traffic);
    }
    // A shutdown waits until everything sent has arrived or was skipped.
    ASSERT_TRUE(
        network.run_until([&] { return a.latest()->all_handed_over() && b.latest()->all_handed_over(); }, 2000s))
        << a.latest()->ended << b.latest()->ended << " handed over: " << a.latest()->handed_over << ", "
        << b.latest()->handed_over << "; buffered: " << host_a.stack().buffered_bytes(a.latest()->id) << ", "
        << host_b.stack().buffered_bytes(b.latest()->id) << (a.latest()->end ? int(a.latest()->end->reason) : -1)
        << (b.latest()->end ? int(b.latest()->end->reason) : -1);
    const auto quiet = [&](User& user) {
      const auto status = user.host().stack().status(user.latest()->id);
      return !status || (status->unacked_chunks == 0 && status->pending_messages == 0);
    };
    ASSERT_TRUE(network.run_until([&] { return quiet(a) && quiet(b); }, 2000s)) << "something is stuck";
    for (auto* user : {&a, &b}) {
      ASSERT_FALSE(user->latest()->ended);
      const auto all = user->host().stack().abandoned(user->latest()->id, Policy::kReliable);
      abandoned += all->sent + all->unsent;
      EXPECT_EQ(user->host().stack().buffered_bytes(user->latest()->id), 0U);
    }
    network.run_for(10s);
    expect_honest(a, b);
    expect_honest(b, a);
    simulation.expect_shutdown(a, 900s, true);
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(abandoned, 100U);
}

}  // namespace
}  // namespace netsctp::sim
