// Random networks, users and parameters from a seed; what must hold on all of them (RFC 9260 §1.5: reliable, ordered
// within a stream, no duplicates): every message arrives once and whole, the association ends cleanly, nothing is left
// behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "sim/simulation.hpp"

namespace netsctp::sim {
namespace {

constexpr std::uint64_t kParts = 10;

struct Scenario {
  SimulationConfig config;
  TrafficShape a_to_b;
  TrafficShape b_to_a;
  bool reorders = false;
};

IpAddress address_of(unsigned host, unsigned index, Family family) {
  const std::string number = std::to_string(index + 1);
  return family == Family::kIpv4 ? ip(("10." + number + "." + std::to_string(host) + ".1").c_str())
                                 : ip(("2001:db8:" + number + "::" + std::to_string(host + 1)).c_str());
}

// The first addresses are of one family, so that the two hosts can reach each other; the others are of any.
void choose_addresses(SimulationConfig& config, Random& random) {
  const Family first = random.pick({Family::kIpv4, Family::kIpv6});
  const bool mixed = random.chance(0.4);
  unsigned number = 0;
  for (HostConfig* host : {&config.a, &config.b}) {
    host->addresses.clear();
    for (unsigned index = 0, count = static_cast<unsigned>(random.between(1, 3)); index < count; ++index) {
      const Family family = index == 0 || !mixed ? first : random.pick({Family::kIpv4, Family::kIpv6});
      host->addresses.push_back(address_of(number, index, family));
    }
    ++number;
  }
}

void choose_hosts(SimulationConfig& config, std::size_t mtu, Random& random) {
  for (HostConfig* host : {&config.a, &config.b}) {
    host->stack.path_mtu = random.chance(0.7) ? mtu : random.between(576, mtu);
    host->batch_bytes = random.pick<std::size_t>({9'000, 20'000, 65'000, 200'000});
    host->receive_block = random.pick<std::size_t>({0, 2048, 65'536});
    host->receives_batches = random.chance(0.5);
    host->check_every = 8;
    host->stack.largest_mtu = host->batch_bytes;
  }
}

void choose_parameters(core::AssociationParameters& parameters, Random& random) {
  parameters.outbound_streams = 64;
  parameters.receive_buffer = random.pick<std::size_t>({1'500, 4'096, 16'000, 65'536, 212'992, 1'000'000});
  parameters.partial_delivery_point = random.pick<std::size_t>({0, 0, 2'000, 20'000});
  parameters.sack_frequency = random.pick({1U, 2U, 2U, 4U});
  parameters.sack_delay = random.pick<Duration>({200ms, 200ms, 20ms, 500ms});
  parameters.max_burst = random.pick({0U, 4U, 4U, 10U});
  parameters.max_fragment = random.chance(0.3) ? random.between(64, 3'000) : 0;
  parameters.no_delay = random.chance(0.5);
  parameters.max_init_retransmits = 12;
  parameters.rto_min = random.pick<Duration>({1s, 1s, 300ms});
  parameters.path.heartbeat_interval = random.pick<Duration>({30s, 30s, 2s});
  parameters.loss_detection = random.pick({core::LossDetection::kRfc9260, core::LossDetection::kRack});
  parameters.congestion_control =
      random.pick({core::CongestionControl::kRfc9260, core::CongestionControl::kCubic, core::CongestionControl::kBbr});
}

LinkConfig choose_link(std::size_t mtu, Scenario& scenario, Random& random) {
  LinkConfig link;
  link.delay = std::chrono::microseconds(random.chance(0.2) ? 0 : random.between(0, 100'000));
  link.bandwidth = random.pick<std::uint64_t>({0, 0, 1'000'000, 10'000'000, 100'000'000});
  link.queue = random.pick<std::size_t>({30'000, 100'000, 1'000'000});
  link.loss = random.chance(0.5) ? 0 : random.fraction() * 0.1;
  link.duplication = random.chance(0.5) ? 0 : random.fraction() * 0.05;
  link.reordering = random.chance(0.5) ? 0 : random.fraction() * 0.3;
  link.reorder_delay = std::chrono::milliseconds(random.between(1, 50));
  link.corruption = random.chance(0.7) ? 0 : random.fraction() * 0.02;
  link.mtu = mtu;
  if (link.reordering > 0 || link.duplication > 0) scenario.reorders = true;
  return link;
}

TrafficShape choose_traffic(Random& random) {
  TrafficShape shape;
  shape.max_size = random.pick<std::size_t>({10, 1'000, 3'000, 60'000});
  shape.count = std::min<std::size_t>(random.between(0, 400), 400'000 / shape.max_size);
  shape.streams = random.pick<std::uint16_t>({1, 2, 10, 64});
  shape.unordered = random.pick({0.0, 0.0, 0.3, 1.0});
  return shape;
}

void choose_user(User& user, Random& random) {
  choose_parameters(user.parameters, random);
  user.send_buffer = random.pick<std::size_t>({20'000, 100'000, 212'992});
  if (random.chance(0.4)) {
    user.reading = {.bytes_per_turn = random.between(2'000, 50'000),
                    .turn = std::chrono::milliseconds(random.between(5, 100))};
  }
}

void run_scenario(std::uint64_t seed, Duration& longest) {
  Random random = Random(seed ^ 0x5CE2A210);
  Scenario scenario;
  scenario.config.seed = seed;
  const std::size_t mtu = random.pick<std::size_t>({576, 1280, 1400, 1500, 1500, 4000, 9000});
  choose_addresses(scenario.config, random);
  choose_hosts(scenario.config, mtu, random);
  // Hosts that search for the path MTU may begin with one that is too large, and nobody tells them.
  const bool searches = random.chance(0.3);
  if (searches && mtu >= 1280 && random.chance(0.4)) {
    for (HostConfig* host : {&scenario.config.a, &scenario.config.b}) {
      host->stack.path_mtu = random.pick<std::size_t>({1500, 4000, 9000});
    }
  }
  Simulation simulation(scenario.config);
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  for (const IpAddress& one : host_a.addresses()) {
    for (const IpAddress& other : host_b.addresses()) {
      network.link(one, other) = choose_link(mtu, scenario, random);
      network.link(other, one) = choose_link(mtu, scenario, random);
    }
  }
  // Paths of different delay reorder as well.
  if (host_a.addresses().size() > 1 || host_b.addresses().size() > 1) scenario.reorders = true;
  choose_user(a, random);
  choose_user(b, random);
  for (User* user : {&a, &b}) user->parameters.path.probe_interval = searches ? 5'000 : 0;
  simulation.open();

  // The users send before the association is up, or after.
  const auto sent_by_a = make_traffic(choose_traffic(random), random);
  const auto sent_by_b = make_traffic(choose_traffic(random), random);
  const bool early = random.chance(0.5);
  const Time begin = network.now();
  a.connect(host_b, Simulation::kPort);
  if (early) a.send(a.latest()->id, sent_by_a);
  ASSERT_TRUE(network.run_until([&] { return simulation.is_up(); }, 300s)) << "no handshake";
  if (!early) a.send(a.latest()->id, sent_by_a);
  b.send(b.latest()->id, sent_by_b);

  // Either all is read and then the association ends, or the end is asked for as soon as the stacks hold all there is
  // to send: then too everything arrives (§9.2: SHUTDOWN waits for outstanding data).
  const bool hasty = random.chance(0.4);
  const auto handed_over = [&] { return a.latest()->all_handed_over() && b.latest()->all_handed_over(); };
  const auto arrived = [&] { return simulation.has_received_all(a, b) && simulation.has_received_all(b, a); };
  const auto ended = [&] { return a.latest()->ended || b.latest()->ended; };
  const Duration limit = 600s;
  ASSERT_TRUE(network.run_until([&] { return ended() || (hasty ? handed_over() : arrived()); }, limit))
      << a.latest()->inbox.size() << " of " << sent_by_b.size() << " arrived at a, " << b.latest()->inbox.size()
      << " of " << sent_by_a.size() << " at b";
  ASSERT_FALSE(ended()) << "it must survive this much loss";
  if (random.chance(0.2)) {
    a.shutdown(a.latest()->id);
    b.shutdown(b.latest()->id);
    simulation.expect_shutdown(a, limit, scenario.reorders);
  } else {
    simulation.expect_shutdown(random.chance(0.5) ? a : b, limit, scenario.reorders);
  }
  longest = std::max(longest, network.now() - begin);
  simulation.expect_received_all(a, b);
  simulation.expect_received_all(b, a);
}

class Property : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Property, EveryMessageArrivesOnceAndNothingIsLeft) {
  Duration longest{};
  for (const std::uint64_t seed : seeds(GetParam(), kParts)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ASSERT_NO_THROW(run_scenario(seed, longest));
    if (HasFailure()) return;
  }
  std::printf("longest: %.1f simulated seconds\n", static_cast<double>(longest.count()) / 1e9);
}
INSTANTIATE_TEST_SUITE_P(Seeds, Property, ::testing::Range(std::uint64_t{0}, kParts));

}  // namespace
}  // namespace netsctp::sim
