// A simulated machine: some addresses and one Stack, driven as src/engine drives one, but in virtual time.
// What its user does with associations is in user.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/buffer_pool.hpp"
#include "base/time.hpp"
#include "core/datagram.hpp"
#include "core/event.hpp"
#include "core/stack.hpp"
#include "sim/packet.hpp"
#include "sim/random.hpp"

namespace netsctp::sim {

class Network;

// Greater than zero while a host's Stack is being called: allocation_test.cpp counts only then.
inline int stack_calls_running = 0;

struct HostConfig {
  std::string name{};
  std::vector<IpAddress> addresses{};
  core::StackConfig stack{};
  std::uint16_t udp_port = 9899;
  std::size_t batch_bytes = 65'000;  // buffer handed to Stack::transmit(); must hold the largest packet
  std::size_t receive_block = 0;     // size of the block a packet arrives in, as a GRO buffer; 0: the packet's own
  bool receives_batches = false;     // hands over all packets of one moment before asking for output
  unsigned check_every = 16;         // Stack::check_consistent() after every so many steps; 0: never
};

class Host {
 public:
  Host(Network& network, HostConfig config, std::uint64_t seed);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  [[nodiscard]] Network& network() noexcept { return network_; }
  [[nodiscard]] const std::string& name() const noexcept { return config_.name; }
  [[nodiscard]] const std::vector<IpAddress>& addresses() const noexcept { return config_.addresses; }
  [[nodiscard]] const HostConfig& config() const noexcept { return config_; }
  [[nodiscard]] bool has_address(const IpAddress& address) const noexcept;
  [[nodiscard]] std::uint16_t udp_port() const noexcept { return config_.udp_port; }
  [[nodiscard]] BufferPool& pool() noexcept { return pool_; }
  // Inspection only: calls that change something go through call().
  [[nodiscard]] const core::Stack& stack() const noexcept { return *stack_; }
  [[nodiscard]] bool running() const noexcept { return stack_ != nullptr; }

  // A call of the user's into the stack; what it makes due is sent when the network settles. It may be called from
  // on_event.
  template <typename Call>
  auto call(Call&& what) {
    const StackCall scope;
    dirty_ = true;
    return what(*stack_);
  }

  void crash();    // the stack is gone without a word; packets to it vanish
  void restart();  // a new stack on the same addresses that knows nothing of the old one

  std::function<void(core::Event&&)> on_event;

  // For the network.
  void receive(const Packet& packet);
  void wake();
  [[nodiscard]] Time wake_at() const noexcept { return wake_at_; }
  [[nodiscard]] std::uint64_t wakes() const noexcept { return wakes_; }  // how often time alone called the stack
  void settle(bool more_now);  // sends and reports what is due, if anything happened here

 private:
  struct StackCall {
    StackCall() noexcept { ++stack_calls_running; }
    ~StackCall() { --stack_calls_running; }
    StackCall(const StackCall&) = delete;
    StackCall& operator=(const StackCall&) = delete;
  };

  void drain();
  void send(const core::TransmitBatch& batch);

  Network& network_;
  HostConfig config_;
  BufferPool pool_;
  SeededEntropy entropy_;
  std::unique_ptr<core::Stack> stack_;
  std::vector<std::byte> batch_buffer_;
  std::unique_ptr<core::TransmitBatch> batch_;
  core::Event event_;
  Time wake_at_ = kNever;
  bool dirty_ = false;
  unsigned steps_ = 0;
  std::uint64_t wakes_ = 0;
};

}  // namespace netsctp::sim
