// Feeding and draining one Stack; see host.hpp.
#include "sim/host.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "sim/network.hpp"

namespace netsctp::sim {

namespace {
constexpr unsigned kMostRoundsAtOneTime = 100'000;
}

Host::Host(Network& network, HostConfig config, std::uint64_t seed)
    : network_(network),
      config_(std::move(config)),
      entropy_(seed),
      batch_buffer_(config_.batch_bytes),
      batch_(std::make_unique<core::TransmitBatch>(std::span<std::byte>(batch_buffer_))) {
  restart();
}

Host::~Host() {
  event_ = {};  // may hold a slice of the pool
  stack_.reset();
}

bool Host::has_address(const IpAddress& address) const noexcept {
  return std::ranges::find(config_.addresses, address) != config_.addresses.end();
}

void Host::crash() {
  stack_.reset();
  wake_at_ = kNever;
  dirty_ = false;
}

void Host::restart() {
  crash();
  stack_ = std::make_unique<core::Stack>(config_.stack, pool_, entropy_, network_.now());
}

void Host::receive(const Packet& packet) {
  if (!running()) return;
  Slice block = pool_.allocate(std::max({config_.receive_block, packet.bytes.size(), std::size_t{1}}));
  if (!packet.bytes.empty()) std::memcpy(block.writable(), packet.bytes.data(), packet.bytes.size());
  core::Datagram datagram{packet.from, packet.to.ip, block.first(packet.bytes.size())};
  block.reset();
  call([&](core::Stack& stack) { stack.receive(std::move(datagram), network_.now()); });
}

void Host::wake() {
  ++wakes_;
  call([&](core::Stack& stack) { stack.expire(network_.now()); });
}

void Host::settle(bool more_now) {
  if (!dirty_ || (more_now && config_.receives_batches)) return;
  drain();
}

void Host::drain() {
  for (unsigned round = 0; dirty_; ++round) {
    if (round > kMostRoundsAtOneTime) throw std::runtime_error("simulation: " + name() + " never becomes quiet");
    dirty_ = false;
    for (;;) {
      bool added = false;
      {
        const StackCall scope;
        added = stack_->transmit(*batch_, network_.now());
      }
      if (!added && batch_->empty()) break;
      send(*batch_);
      batch_->clear();
      if (++round > kMostRoundsAtOneTime) throw std::runtime_error("simulation: " + name() + " never stops sending");
    }
    for (;;) {
      bool polled = false;
      {
        const StackCall scope;
        polled = stack_->poll_event(event_);
      }
      if (!polled) break;
      if (on_event) on_event(std::move(event_));
      if (!running()) return;
      event_ = {};
    }
  }
  const StackCall scope;
  if (config_.check_every != 0 && ++steps_ % config_.check_every == 0) stack_->check_consistent();
  const std::optional<Time> next = stack_->next_timeout();
  wake_at_ = next ? std::max(*next, network_.now()) : kNever;
}

void Host::send(const core::TransmitBatch& batch) {
  for (const core::Transmit& run : batch.runs()) {
    if (run.segment_size == 0 || run.bytes.empty()) throw std::runtime_error("simulation: an empty run was sent");
    const IpAddress from = run.from.family == Family::kNone
                               ? *std::ranges::find(addresses(), run.to.ip.family, &IpAddress::family)
                               : run.from;
    if (!has_address(from)) throw std::runtime_error("simulation: " + name() + " sent from " + from.text());
    for (std::size_t at = 0; at < run.bytes.size(); at += run.segment_size) {
      const std::size_t length = std::min<std::size_t>(run.segment_size, run.bytes.size() - at);
      network_.send({from, udp_port()}, run.to, run.bytes.subspan(at, length), run.may_fragment);
    }
  }
}

}  // namespace netsctp::sim
