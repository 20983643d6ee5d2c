// Many associations of one stack at the same time: demultiplexing, the ready list and the timers among many (RFC 9260
// §1.5.6).
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "sim/simulation.hpp"

namespace netsctp::sim {
namespace {

constexpr std::size_t kClients = 100;

TEST(Crowd, AHundredClientsAreServedAtOnce) {
  for (const double loss : {0.0, 0.05}) {
    SCOPED_TRACE("loss " + std::to_string(loss));
    Simulation simulation;  // its b serves; its a is one more client that stays silent
    Network& network = simulation.network;
    User& server = simulation.b;
    network.default_link = {.delay = 15ms, .loss = loss, .reordering = loss};
    simulation.open();
    Random random(11);
    std::vector<std::unique_ptr<User>> clients;
    for (std::size_t i = 0; i < kClients; ++i) {
      HostConfig config;
      config.addresses.push_back(IpAddress::v4(0x0A640000U + static_cast<std::uint32_t>(i)));
      clients.push_back(std::make_unique<User>(network.add_host(config), i));
      User& client = *clients.back();
      client.parameters.outbound_streams = 10;
      client.open(6000);
      client.connect(simulation.host_b, Simulation::kPort);
      client.send(client.latest()->id,
                  make_traffic({.count = 30, .max_size = 4000, .streams = 10, .unordered = 0.2}, random));
    }
    const auto received = [&] {
      std::size_t messages = 0;
      for (const auto& [id, conversation] : server.conversations()) messages += conversation.inbox.size();
      return messages;
    };
    ASSERT_TRUE(network.run_until([&] { return received() == kClients * 30; }, 300s)) << received();
    EXPECT_EQ(simulation.host_b.stack().association_count(), kClients);
    for (auto& [id, conversation] : server.conversations()) {
      const auto peer = simulation.host_b.stack().status(id)->paths.at(0).address.ip;
      const std::size_t client = load_big<std::uint32_t>(peer.bytes.data()) - 0x0A640000U;
      EXPECT_EQ(what_is_wrong(clients.at(client)->latest()->outbox, client, conversation.inbox), "") << client;
      server.send(id, std::vector<Message>(5, {.size = 100}));
    }
    const auto answered = [&] {
      return std::ranges::all_of(clients, [](const auto& client) { return client->latest()->inbox.size() == 5; });
    };
    EXPECT_TRUE(network.run_until(answered, 300s));
    for (const auto& client : clients) client->shutdown(client->latest()->id);
    const auto ended = [&] { return simulation.host_b.stack().association_count() == 0; };
    EXPECT_TRUE(network.run_until(ended, 300s));
    network.run_for(300s);
    simulation.expect_nothing_left();
    for (const auto& client : clients) {
      ASSERT_TRUE(client->latest()->end.has_value());
      EXPECT_EQ(client->latest()->end->what, core::AssociationChanged::What::kShutdownComplete);
      EXPECT_EQ(client->host().pool().outstanding_bytes(), 0U);
    }
  }
}

}  // namespace
}  // namespace netsctp::sim
