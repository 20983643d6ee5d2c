// What an association that is set up and does nothing costs its stack: a bound, so that growth is noticed. Counted by
// the C library, which tells nothing under the sanitizers.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <variant>
#include <vector>

#include "core/stack.hpp"
#include "sim/random.hpp"

namespace netsctp::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kAssociations = 1000;
constexpr Time kNow{1s};  // it stands still
// Bytes of heap for each: of the association with one path, and of each path more. Tables, which double as they grow,
// included.
constexpr std::size_t kMostOfAssociation = 1250;
constexpr std::size_t kMostOfPath = 320;

struct Side {
  Side(std::vector<IpAddress> own, std::uint64_t seed) : addresses(std::move(own)), entropy(seed) {}

  core::EndpointId open(std::uint16_t port) {
    core::EndpointConfig config;
    config.port = port;
    config.addresses = addresses;
    return stack.open(config).value();
  }

  std::vector<IpAddress> addresses;
  SeededEntropy entropy;
  BufferPool pool;
  core::Stack stack{core::StackConfig{}, pool, entropy, kNow};
};

// Until nothing is left to be carried. True: something was.
bool carry(Side& from, Side& to) {
  std::vector<std::byte> buffer(65'000);
  core::TransmitBatch batch(buffer);
  if (!from.stack.transmit(batch, kNow)) return false;
  for (const core::Transmit& run : batch.runs()) {
    for (std::size_t at = 0; at < run.bytes.size(); at += run.segment_size) {
      const std::size_t size = std::min<std::size_t>(run.segment_size, run.bytes.size() - at);
      to.stack.receive({{from.addresses.front(), 9899}, run.to.ip, to.pool.copy(run.bytes.subspan(at, size))}, kNow);
    }
  }
  return true;
}

void take_events(Side& side) {
  for (core::Event event; side.stack.poll_event(event);) {
    const auto* const change = std::get_if<core::AssociationChanged>(&event.what);
    if (change != nullptr && change->inbound) side.stack.accepted(event.association);
  }
}

std::size_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// Fills the server with associations of a client that then vanishes.
void set_up(Side& server, std::vector<IpAddress> client_addresses) {
  Side client(std::move(client_addresses), 2);
  for (std::size_t i = 0; i < kAssociations; ++i) {
    core::ConnectRequest request;
    request.peers = {server.addresses.front()};
    request.port = 5000;
    ASSERT_TRUE(client.stack.connect(client.open(static_cast<std::uint16_t>(10'000 + i)), request, kNow));
    for (bool busy = true; busy;) {
      busy = carry(client, server);
      busy = carry(server, client) || busy;
      take_events(client);
      take_events(server);
    }
  }
}

// Of each association with so many paths, the first thousand, which fill what all share, not counted.
std::size_t bytes_each(std::vector<IpAddress> first, std::vector<IpAddress> second) {
  Side server({IpAddress::v4(0x0A000001)}, 1);
  server.stack.listen(server.open(5000), kAssociations);
  set_up(server, std::move(first));
  const std::size_t before = heap_bytes();
  set_up(server, std::move(second));
  const std::size_t after = heap_bytes();
  EXPECT_EQ(server.stack.association_count(), 2 * kAssociations);
  std::printf("%zu bytes each\n", (after - before) / kAssociations);
  return (after - before) / kAssociations;
}

TEST(IdleMemory, AnAssociationWithOnePathStaysWithinItsBound) {
  EXPECT_LE(bytes_each({IpAddress::v4(0x0A000101)}, {IpAddress::v4(0x0A000102)}), kMostOfAssociation);
}

TEST(IdleMemory, ASecondPathCostsNoMoreThanItsBound) {
  EXPECT_LE(bytes_each({IpAddress::v4(0x0A000101), IpAddress::v4(0x0A000201)},
                       {IpAddress::v4(0x0A000102), IpAddress::v4(0x0A000202)}),
            kMostOfAssociation + kMostOfPath);
}

}  // namespace
}  // namespace netsctp::sim
