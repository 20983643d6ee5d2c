// Two stacks in one thread, back to back in memory, in virtual time. A run of packets is copied once into the
// receiver's pool on the way, as a socket would.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "core/stack.hpp"

namespace netsctp::bench {

using namespace netsctp::core;

inline constexpr std::uint16_t kServerPort = 5001;
inline constexpr std::uint16_t kUdpPort = 9899;
// Not unpredictable: a run is repeated exactly.
class Seed final : public Entropy {
 public:
  explicit Seed(std::uint64_t seed) noexcept : state_(seed) {}
  void fill(std::span<std::byte> out) noexcept override {
    for (std::byte& byte : out) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      byte = static_cast<std::byte>(state_ >> 56);
    }
  }

 private:
  std::uint64_t state_;
};

struct Host {
  Host(IpAddress ip, std::uint64_t seed, Time now)
      : address(ip), entropy(seed), stack(StackConfig{}, pool, entropy, now) {}

  EndpointId open(std::uint16_t port, bool no_delay = false, Duration sack_delay = std::chrono::milliseconds(200)) {
    EndpointConfig config;
    config.port = port;
    config.addresses = {address};
    config.parameters.no_delay = no_delay;
    config.parameters.sack_delay = sack_delay;
    return stack.open(config).value();
  }

  AssociationId connect(EndpointId endpoint, const Host& server, Time now) {
    ConnectRequest request;
    request.peers = {server.address};
    request.port = kServerPort;
    return stack.connect(endpoint, request, now).value();
  }

  // One copy, as a socket's send makes it.
  bool send(AssociationId association, std::span<const std::byte> message, Time now) {
    SendRequest request;
    request.payload = stack.allocate(message.size());
    std::memcpy(request.payload.writable(), message.data(), message.size());
    return !stack.send(association, std::move(request), now);
  }

  IpAddress address;
  Seed entropy;
  BufferPool pool;
  std::vector<std::byte> buffer = std::vector<std::byte>(65'536);
  TransmitBatch batch{buffer};
  Stack stack;
};

// Lets every packet through.
struct NoLoss {
  bool operator()() const noexcept { return false; }
};

// Carries one batch. A run arrives in one block, as UDP_GRO delivers it, and is cut there; without what `is_lost`.
template <typename IsLost = NoLoss>
bool carry(Host& from, Host& to, Time now, IsLost&& is_lost = {}) {
  if (!from.stack.transmit(from.batch, now)) return false;
  for (const Transmit& run : from.batch.runs()) {
    Slice block = to.pool.copy(run.bytes);
    for (std::size_t at = 0; at < block.size(); at += run.segment_size) {
      const std::size_t size = std::min<std::size_t>(run.segment_size, block.size() - at);
      if (is_lost()) continue;
      to.stack.receive({{from.address, kUdpPort}, to.address, block.subslice(at, size)}, now);
    }
  }
  from.batch.clear();
  return true;
}

struct Arrived {
  std::size_t bytes = 0;
  std::size_t messages = 0;
  AssociationId up = 0;
  bool ended = false;
};

// Takes all events, reading the data at once.
inline Arrived read(Host& host) {
  Arrived arrived;
  Event event;
  while (host.stack.poll_event(event)) {
    if (const auto* data = std::get_if<DataArrived>(&event.what)) {
      asm volatile("" : : "r"(data->piece.payload.data()) : "memory");  // somebody looks at it
      const std::size_t size = data->piece.payload.size();
      arrived.bytes += size;
      if (data->piece.last) ++arrived.messages;
      event.what = std::monostate{};
      host.stack.consumed(event.association, size);
    } else if (const auto* change = std::get_if<AssociationChanged>(&event.what)) {
      if (change->what == AssociationChanged::What::kUp) {
        arrived.up = event.association;
        if (change->inbound) host.stack.accepted(event.association);
      } else {
        arrived.ended = true;
      }
    }
  }
  return arrived;
}

// Two hosts and an association between them.
struct Pair {
  explicit Pair(bool no_delay = false) {
    client_endpoint = client.open(5000, no_delay);
    server.stack.listen(server.open(kServerPort, no_delay), 128);
    connect();
  }

  void connect() {
    client_association = client.connect(client_endpoint, server, now);
    server_association = 0;
    exchange([this](const Arrived&, const Arrived& at_server) {
      if (at_server.up != 0) server_association = at_server.up;
    });
  }

  // Carries packets to and fro until both ends are quiet.
  template <typename Seen>
  void exchange(Seen&& seen) {
    for (bool busy = true; busy;) {
      busy = carry(client, server, now);
      busy = carry(server, client, now) || busy;
      now += std::chrono::microseconds(10);
      seen(read(client), read(server));
    }
  }
  void exchange() {
    exchange([](const Arrived&, const Arrived&) {});
  }

  Time now{std::chrono::seconds(1)};
  Host client{IpAddress::v4(0x0A000001), 1, now};
  Host server{IpAddress::v4(0x0A000002), 2, now};
  EndpointId client_endpoint = 0;
  AssociationId client_association = 0;
  AssociationId server_association = 0;
};

}  // namespace netsctp::bench
