// The simulator itself: what it promises to the other tests.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "sim/inspect.hpp"
#include "sim/simulation.hpp"

namespace netsctp::sim {
namespace {

std::uint64_t fingerprint_of_a_transfer(std::uint64_t seed) {
  SimulationConfig config;
  config.seed = seed;
  Simulation simulation(config);
  simulation.network.default_link = {.loss = 0.05, .duplication = 0.02, .reordering = 0.1, .corruption = 0.01};
  simulation.open();
  simulation.connect();
  Random random(7);
  simulation.a.send(simulation.a.latest()->id, make_traffic({.count = 100, .streams = 5}, random));
  simulation.network.run_for(30s);
  std::uint64_t fingerprint = 0;
  for (const auto& packet : simulation.network.record()) {
    fingerprint = mix(fingerprint ^ static_cast<std::uint64_t>(packet->sent.time_since_epoch().count()));
    for (const std::byte byte : packet->bytes) fingerprint = mix(fingerprint ^ static_cast<std::uint64_t>(byte));
  }
  return fingerprint;
}

TEST(Network, TheSameSeedGivesTheSamePackets) {
  EXPECT_EQ(fingerprint_of_a_transfer(3), fingerprint_of_a_transfer(3));
  EXPECT_NE(fingerprint_of_a_transfer(3), fingerprint_of_a_transfer(4));
}

TEST(Network, BandwidthDelayAndQueueAreKept) {
  Network network(1);
  const Address from{ip("10.0.0.1"), 1};
  Host& host = network.add_host({.name = "receiver", .addresses = {ip("10.0.1.1")}});
  const Address to{ip("10.0.1.1"), host.udp_port()};
  // 1,000 bytes with their headers take 8 ms at 1 Mbit/s; one is under way and two wait for it.
  network.link(from.ip, to.ip) = {.delay = 5ms, .bandwidth = 1'000'000, .queue = 2000};
  const std::vector<std::byte> bytes(1000 - 28);
  const Time begin = network.now();
  for (int i = 0; i < 4; ++i) network.send(from, to, bytes);
  EXPECT_EQ(network.record().at(2)->fate, Fate::kDelivered);
  EXPECT_EQ(network.record().at(3)->fate, Fate::kQueueFull);
  const auto received = [&] { return host.stack().counters().packets_received; };
  network.run_until(begin + 12ms);
  EXPECT_EQ(received(), 0U);
  network.run_until(begin + 13ms);
  EXPECT_EQ(received(), 1U);
  network.run_until(begin + 29ms);
  EXPECT_EQ(received(), 3U);
}

TEST(Network, MasksCutsAndSmallMtusDropPackets) {
  Network network(1);
  const Address from{ip("10.0.0.1"), 1};
  const Address to{ip("10.0.1.1"), 2};
  const std::vector<std::byte> small(100);
  const std::vector<std::byte> large(600);
  network.loss_mask = 0b1;
  network.link(from.ip, to.ip) = {.mtu = 576, .loss_mask = 0b10};
  network.send(from, to, small);
  network.send(from, to, small);
  network.send(from, to, small);
  network.send(from, to, large);
  network.cut(to.ip);
  network.send(from, to, small);
  network.heal(to.ip);
  network.send(from, to, small);
  std::vector<Fate> fates;
  for (const auto& packet : network.record()) fates.push_back(packet->fate);
  EXPECT_EQ(fates,
            (std::vector{Fate::kMasked, Fate::kMasked, Fate::kDelivered, Fate::kTooBig, Fate::kCut, Fate::kDelivered}));
}

TEST(Network, TheRecordIsAPcapngFileThatTsharkReads) {
  if (std::system("tshark --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no tshark";
  Simulation simulation;
  simulation.open();
  simulation.connect();
  const std::string path = ::testing::TempDir() + "netsctp_network_test.pcapng";
  ASSERT_TRUE(write_pcapng(path, simulation.network.record()));
  const std::string command = "tshark -r '" + path + "' -Y 'sctp.chunk_type == 10' 2>/dev/null | grep -q COOKIE_ECHO";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST(Network, ARewrittenUdpPortIsFollowed) {  // RFC 6951 §5.4
  Simulation simulation;
  const auto [network, host_a, host_b, a, b] = simulation.parts();
  simulation.open();
  network.translate(host_a.addresses()[0], 40'001);
  simulation.connect();
  a.send(a.latest()->id, Message{});
  b.send(b.latest()->id, Message{});
  EXPECT_TRUE(network.run_until([&] { return simulation.has_received_all(a, b); }, 5s));

  network.translate(host_a.addresses()[0], 40'002);  // the NAT forgot and took another port
  a.send(a.latest()->id, Message{});                 // b learns of it
  network.run_for(5s);
  b.send(b.latest()->id, Message{});
  EXPECT_TRUE(
      network.run_until([&] { return simulation.has_received_all(a, b) && simulation.has_received_all(b, a); }, 5s));
  EXPECT_EQ(host_b.stack().status(b.latest()->id)->paths.at(0).remote_udp_port, 40'002);
}

}  // namespace
}  // namespace netsctp::sim
