// How packets travel and time passes; see network.hpp.
#include "sim/network.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "sim/host.hpp"

namespace netsctp::sim {

namespace {

constexpr std::size_t kUdpHeader = 8;
constexpr std::size_t kRecordPackets = 100'000;
constexpr std::size_t kRecordBytes = 48'000'000;
constexpr std::uint64_t kMostStepsAtOneTime = 1'000'000;

std::size_t size_with_headers(const Packet& packet) {
  return packet.bytes.size() + kUdpHeader + (packet.to.ip.is_v6() ? 40U : 20U);
}

}  // namespace

Network::Network(std::uint64_t seed) : random_(seed) {}
Network::~Network() = default;

Host& Network::add_host(HostConfig config) {
  hosts_.push_back(std::make_unique<Host>(*this, std::move(config), random_.next()));
  return *hosts_.back();
}

Network::Link& Network::find_link(const IpAddress& from, const IpAddress& to) {
  for (Link& link : links_) {
    if (link.from == from && link.to == to) return link;
  }
  return links_.emplace_back(Link{.from = from, .to = to, .config = default_link});
}

LinkConfig& Network::link(const IpAddress& from, const IpAddress& to) {
  return find_link(from, to).config;
}

void Network::set_links(Host& a, Host& b, const LinkConfig& config) {
  for (const IpAddress& one : a.addresses()) {
    for (const IpAddress& other : b.addresses()) {
      link(one, other) = config;
      link(other, one) = config;
    }
  }
}

void Network::cut(const IpAddress& address) {
  if (!is_cut(address)) cut_.push_back(address);
}

void Network::heal(const IpAddress& address) {
  std::erase(cut_, address);
}

bool Network::is_cut(const IpAddress& address) const {
  return std::ranges::find(cut_, address) != cut_.end();
}

void Network::translate(const IpAddress& inside, std::uint16_t outside_port) {
  std::erase_if(translations_, [&](const Address& entry) { return entry.ip == inside; });
  translations_.push_back({inside, outside_port});
}

void Network::at(Time when, std::function<void()> action) {
  queue_.push({std::max(when, now_), order_++, nullptr, std::move(action)});
}

Fate Network::judge(Link& link, const Packet& packet, std::size_t size) {
  const std::uint64_t number_here = link.packets++;
  const std::uint64_t number = counted_++;
  if (number < 64 && ((loss_mask >> number) & 1) != 0) return Fate::kMasked;
  if (number_here < 64 && ((link.config.loss_mask >> number_here) & 1) != 0) return Fate::kMasked;
  if (drop && drop(packet)) return Fate::kFiltered;
  if (is_cut(packet.from.ip) || is_cut(packet.to.ip)) return Fate::kCut;
  if (size > link.config.mtu && !packet.may_fragment) return Fate::kTooBig;
  if (random_.chance(link.config.loss)) return Fate::kLost;
  return Fate::kDelivered;
}

void Network::corrupt(std::vector<std::byte>& bytes) {
  for (std::uint64_t flips = random_.between(1, 4); flips > 0; --flips) {
    bytes[random_.below(bytes.size())] ^= std::byte{1} << random_.below(8);
  }
}

void Network::send(const Address& from, const Address& to, std::span<const std::byte> bytes, bool may_fragment) {
  auto packet = std::make_shared<Packet>();
  packet->sent = now_;
  packet->from = from;
  packet->to = to;
  packet->bytes.assign(bytes.begin(), bytes.end());
  packet->may_fragment = may_fragment;
  for (const Address& entry : translations_) {
    if (entry.ip == from.ip) packet->from.port = entry.port;
  }
  ++packets_sent_;

  Link& link = find_link(from.ip, to.ip);
  const std::size_t size = size_with_headers(*packet);
  packet->fate = judge(link, *packet, size);

  // The link sends one packet after the other; `free_at` lies ahead by what waits in its queue.
  Time sent_at = now_;
  if (packet->fate == Fate::kDelivered && link.config.bandwidth != 0) {
    const double seconds_per_byte = 8.0 / static_cast<double>(link.config.bandwidth);
    const auto duration_of = [&](std::size_t count) {
      return Duration(static_cast<Duration::rep>(static_cast<double>(count) * seconds_per_byte * 1e9));
    };
    const Time begin = std::max(now_, link.free_at);
    if (begin - now_ > duration_of(link.config.queue)) {
      packet->fate = Fate::kQueueFull;
    } else {
      sent_at = link.free_at = begin + duration_of(size);
    }
  }
  if (packet->fate != Fate::kDelivered) {
    note(std::move(packet));
    return;
  }

  const LinkConfig config = link.config;  // a copy: find_link() may move the links
  const auto arrival = [&] {
    Time time = sent_at + config.delay;
    if (random_.chance(config.reordering)) {
      time +=
          Duration(static_cast<Duration::rep>(random_.fraction() * static_cast<double>(config.reorder_delay.count())));
    }
    return time;
  };
  if (random_.chance(config.duplication)) {
    auto copy = std::make_shared<Packet>(*packet);
    copy->duplicate = true;
    queue_.push({arrival(), order_++, copy, nullptr});
    note(std::move(copy));
  }
  if (!packet->bytes.empty() && random_.chance(config.corruption)) {
    packet->corrupted = true;
    corrupt(packet->bytes);
  }
  queue_.push({arrival(), order_++, packet, nullptr});
  note(std::move(packet));
}

void Network::note(std::shared_ptr<const Packet> packet) {
  if (!recording_) return;
  record_bytes_ += packet->bytes.size();
  record_.push_back(std::move(packet));
  while (record_.size() > kRecordPackets || record_bytes_ > kRecordBytes) {
    record_bytes_ -= record_.front()->bytes.size();
    record_.pop_front();
  }
}

void Network::stop_recording() noexcept {
  recording_ = false;
  record_.clear();
  record_bytes_ = 0;
}

void Network::deliver(const Packet& packet) {
  std::optional<std::uint16_t> outside;
  for (const Address& entry : translations_) {
    if (entry.ip == packet.to.ip) outside = entry.port;
  }
  for (const auto& host : hosts_) {
    if (!host->has_address(packet.to.ip)) continue;
    if (packet.to.port == outside.value_or(host->udp_port())) host->receive(packet);
    return;
  }
}

bool Network::step(Time limit) {
  Time next = queue_.empty() ? kNever : queue_.top().when;
  Host* waking = nullptr;
  for (const auto& host : hosts_) {
    if (host->wake_at() < next) {
      next = host->wake_at();
      waking = host.get();
    }
  }
  if (next > limit || next == kNever) return false;
  if (next > now_) {
    now_ = next;
    steps_now_ = 0;
  } else if (++steps_now_ > kMostStepsAtOneTime) {
    throw std::runtime_error("simulation: time does not pass any more");
  }
  if (waking != nullptr) {
    waking->wake();
  } else {
    const Happening happening = queue_.top();
    queue_.pop();
    if (happening.packet != nullptr) {
      deliver(*happening.packet);
    } else {
      happening.action();
    }
  }
  const bool more_now = !queue_.empty() && queue_.top().when <= now_;
  for (const auto& host : hosts_) host->settle(more_now);
  return true;
}

void Network::run_until(Time when) {
  for (const auto& host : hosts_) host->settle(false);
  while (step(when)) {
  }
  now_ = std::max(now_, when);
}

bool Network::run_until(const std::function<bool()>& predicate, Time deadline) {
  for (const auto& host : hosts_) host->settle(false);
  while (!predicate()) {
    if (!step(deadline)) {
      now_ = std::max(now_, deadline);
      return predicate();
    }
  }
  return true;
}

}  // namespace netsctp::sim
