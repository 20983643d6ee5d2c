// Two stacks under a network that the input drives: bytes are a list of operations (deliver, drop, duplicate, reorder,
// corrupt, forge, let time pass, and every command of the face), and after each one what must always hold is checked:
// counters agree, memory and events are bounded, transmit() and expire() come to an end. When the input is used up the
// network becomes perfect: then nothing may be stuck, and all memory must come back.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "core/stack.hpp"
#include "wire/crc32c.hpp"
#include "wire/data.hpp"
#include "wire/packet.hpp"
#include "wire/parameter.hpp"

namespace netsctp::core {
namespace {

constexpr std::size_t kHosts = 2;
constexpr std::size_t kAddresses = 3;  // of each host
constexpr std::size_t kMaxAssociations = 6;
constexpr std::size_t kMaxInTransit = 400;
constexpr std::size_t kMaxSends = 400;
constexpr std::uint16_t kUdpPort = 9899;
constexpr std::array<std::uint16_t, 2> kPorts{5000, 5001};

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "does not hold: line %d\n", line);
  std::abort();
}

class Seeded final : public Entropy {
 public:
  explicit Seeded(std::uint64_t seed) : state_(seed | 1) {}
  void fill(std::span<std::byte> out) noexcept override {
    for (std::byte& byte : out) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      byte = static_cast<std::byte>(state_ >> 56);
    }
  }

 private:
  std::uint64_t state_;
};

IpAddress address_of(std::size_t host, std::size_t index) {
  return IpAddress::v4(static_cast<std::uint32_t>(0x0A000001u + (index << 8) + host));
}

struct InTransit {
  std::size_t to_host = 0;
  Address from;
  IpAddress to;
  std::vector<std::byte> bytes;
};

struct Host {
  Host(const StackConfig& config, BufferPool& pool, std::uint64_t seed, Time now)
      : entropy(seed), stack(config, pool, entropy, now) {}

  Seeded entropy;
  Stack stack;
  std::array<EndpointId, kPorts.size()> endpoints{};
  std::map<AssociationId, std::deque<Piece>> unread;
  std::uint32_t last_tsn = 0;      // sent
  std::uint32_t next_request = 0;  // of RE-CONFIG, one above the latest sent
};

class World {
 public:
  explicit World(FuzzedDataProvider& input) : input_(input) {
    StackConfig config;
    config.max_associations = kMaxAssociations;
    config.path_mtu = input_.PickValueInArray<std::size_t>({512, 576, 1500});
    for (std::size_t i = 0; i < kHosts; ++i) {
      Host& host = hosts_.emplace_back(config, pool_, input_.ConsumeIntegral<std::uint8_t>() + i, now_);
      for (std::size_t e = 0; e < kPorts.size(); ++e) {
        EndpointConfig endpoint;
        endpoint.port = kPorts[e];
        endpoint.any_v4 = input_.ConsumeBool();
        const std::size_t addresses =
            endpoint.any_v4 ? kAddresses : input_.ConsumeIntegralInRange<std::size_t>(1, kAddresses);
        for (std::size_t a = 0; a < addresses; ++a) endpoint.addresses.push_back(address_of(i, a));
        endpoint.parameters = any_parameters();
        receive_buffer_ = std::max(receive_buffer_, endpoint.parameters.receive_buffer);
        Result<EndpointId> opened = host.stack.open(endpoint);
        require(opened.ok());
        host.endpoints[e] = *opened;
        host.stack.listen(*opened, input_.ConsumeIntegralInRange<std::size_t>(0, 4));
      }
    }
  }

  // Mostly the interesting things happen to an association that is up.
  void begin() {
    if (input_.ConsumeIntegralInRange(0, 7) == 0) return;
    connect();
    for (int round_trips = 0; round_trips < 3; ++round_trips) {
      settle();
      deliver_all();
    }
  }

  void step() {
    switch (input_.ConsumeIntegralInRange(0, 25)) {
      case 0:
      case 1:
      case 2:
        return deliver_front();
      case 3:
      case 4:
        return deliver_all();
      case 5:
        return deliver_any();
      case 6:
        return drop();
      case 7:
        return duplicate();
      case 8:
      case 9:
        return corrupt();
      case 10:
      case 11:
        return forge();
      case 12:
      case 13:
        return pass_time();
      case 14:
        return connect();
      case 15:
      case 16:
        return send();
      case 17:
        return consume();
      case 18:
        return shut_down();
      case 19:
        return abort();
      case 20:
        return change_settings();
      case 21:
        return forge_data();
      case 22:
      case 23:
        return reconfigure();
      case 24:
        return forge_reconfiguration();
      default:
        return ask();
    }
  }

  void settle() {
    for (std::size_t i = 0; i < kHosts; ++i) drain(i);
    for (Host& host : hosts_) host.stack.check_consistent();
    // Blocks: what unread, held and queued data may cost, and what is in replies and errors at most.
    const std::size_t of_one = receive_buffer_ * 9 + 100'000;
    require(pool_.outstanding_bytes() <= sent_memory_ + kHosts * kMaxAssociations * of_one);
  }

  // From now on nothing is lost and users read at once: in bounded time nothing waits any more.
  void come_to_rest() {
    const Time end = now_ + std::chrono::hours(3);
    for (std::size_t round = 0; now_ < end; ++round) {
      require(round < 100'000);
      read_all();
      settle();
      while (!network_.empty()) {
        deliver_front();
        read_all();
        settle();
      }
      std::optional<Time> next;
      for (Host& host : hosts_) {
        const std::optional<Time> one = host.stack.next_timeout();
        if (one && (!next || *one < *next)) next = one;
      }
      if (!next) break;
      now_ = std::max(now_, *next);
    }
    for (std::size_t i = 0; i < kHosts; ++i) {
      Host& host = hosts_[i];
      for (const AssociationId id : ids(host)) {
        const std::optional<AssociationStatus> status = host.stack.status(id);
        require(status.has_value());
        // A peer that no longer has the address it was known by may stay half heard; and data nobody sent may hold a
        // receive window shut for good.
        if (honest_ && !addresses_changed_)
          require(status->state == State::kEstablished && status->buffered_bytes == 0);
        require(!host.stack.abort(id, {}, now_));
      }
    }
    settle();
    network_.clear();
    read_all();
    settle();
    for (Host& host : hosts_) {
      require(host.stack.association_count() == 0 && !host.stack.next_timeout());
      for (const EndpointId endpoint : host.endpoints) require(!host.stack.close(endpoint));
    }
    require(pool_.outstanding_bytes() == 0);
  }

 private:
  AssociationParameters any_parameters() {
    AssociationParameters parameters;
    parameters.receive_buffer = input_.PickValueInArray<std::size_t>({1500, 4000, 20'000});
    parameters.max_burst = input_.PickValueInArray<unsigned>({0, 1, 4});
    parameters.no_delay = input_.ConsumeBool();
    parameters.partial_reliability = input_.ConsumeProbability<float>() < 0.9F;
    parameters.outbound_streams = input_.PickValueInArray<std::uint16_t>({1, 10, 65535});
    parameters.max_inbound_streams = input_.PickValueInArray<std::uint16_t>({1, 10, 65535});
    parameters.max_fragment = input_.PickValueInArray<std::size_t>({0, 100, 1000});
    parameters.partial_delivery_point = input_.PickValueInArray<std::size_t>({0, 0, 3000});
    parameters.sack_frequency = input_.PickValueInArray<unsigned>({1, 2, 5});
    parameters.max_retransmissions = input_.PickValueInArray<std::uint16_t>({1, 10});
    parameters.path.max_retransmissions = input_.PickValueInArray<std::uint16_t>({0, 1, 5});
    parameters.stream_reset = input_.ConsumeBool();
    parameters.allowed_reconfigurations = input_.PickValueInArray<std::uint8_t>({7, 7, 7, 0, 1});
    return parameters;
  }

  std::vector<AssociationId> ids(const Host& host) const {
    std::vector<AssociationId> all;
    for (const EndpointId endpoint : host.endpoints) {
      const std::vector<AssociationId> some = host.stack.associations(endpoint);
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
  std::size_t any_host() { return input_.ConsumeIntegralInRange<std::size_t>(0, kHosts - 1); }
  AssociationId any_association(const Host& host) {
    const std::vector<AssociationId> all = ids(host);
    return all.empty() ? 0 : all[input_.ConsumeIntegralInRange<std::size_t>(0, all.size() - 1)];
  }
  IpAddress any_address(std::size_t host) {
    return address_of(host, input_.ConsumeIntegralInRange<std::size_t>(0, kAddresses - 1));
  }

  // --- the network -----------------------------------------------------------------------------------------------
  void deliver(const InTransit& packet) {
    Slice bytes = pool_.copy(packet.bytes);
    require(static_cast<bool>(bytes));
    hosts_[packet.to_host].stack.receive({packet.from, packet.to, std::move(bytes)}, now_);
  }
  void deliver_at(std::size_t index) {
    const InTransit packet = std::move(network_[index]);
    network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(index));
    deliver(packet);
  }
  void deliver_front() {
    if (!network_.empty()) deliver_at(0);
  }
  void deliver_all() {
    for (std::size_t count = network_.size(); count > 0 && !network_.empty(); --count) {
      deliver_front();
      settle();
    }
  }
  std::size_t any_packet() { return input_.ConsumeIntegralInRange<std::size_t>(0, network_.size() - 1); }
  void deliver_any() {
    if (!network_.empty()) deliver_at(any_packet());
  }
  void drop() {
    if (network_.empty()) return;
    network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(any_packet()));
  }
  void duplicate() {
    if (!network_.empty() && network_.size() < kMaxInTransit) network_.push_back(network_[any_packet()]);
  }
  void corrupt() {
    if (network_.empty()) return;
    InTransit packet = network_[any_packet()];
    for (int changes = input_.ConsumeIntegralInRange(1, 4); changes > 0; --changes) {
      const std::size_t last = std::min<std::size_t>(packet.bytes.size() - 1, 255);
      packet.bytes[input_.ConsumeIntegralInRange<std::size_t>(0, last)] =
          static_cast<std::byte>(input_.ConsumeIntegral<std::uint8_t>());
    }
    if (input_.ConsumeProbability<float>() < 0.2F) {
      packet.bytes.resize(input_.ConsumeIntegralInRange<std::size_t>(12, packet.bytes.size()));
    }
    if (!honest_) wire::store_crc32c(packet.bytes);
    deliver(packet);
  }

  // A packet of the peer that the peer never sent.
  std::optional<InTransit> forged_header(std::size_t& target) {
    if (honest_) return {};
    target = any_host();
    const AssociationId id = any_association(hosts_[target]);
    const std::optional<AssociationStatus> status = hosts_[target].stack.status(id);
    if (!status) return {};
    InTransit packet;
    packet.to_host = target;
    packet.from = {any_address(1 - target), kUdpPort};
    packet.to = any_address(target);
    packet.bytes.resize(12);
    const std::uint16_t peer_port = status->paths.empty() ? kPorts[0] : status->paths[0].address.port;
    store_big(packet.bytes.data(), peer_port);
    store_big(packet.bytes.data() + 2, status->local_port);
    store_big(packet.bytes.data() + 4,
              input_.ConsumeProbability<float>() < 0.1F ? status->peer_tag : status->local_tag);
    return packet;
  }
  void forge() {
    std::size_t target = 0;
    std::optional<InTransit> packet = forged_header(target);
    if (!packet) return;
    std::vector<std::byte>& bytes = packet->bytes;
    for (int chunks = input_.ConsumeIntegralInRange(1, 12); chunks > 0; --chunks) {
      const std::vector<std::uint8_t> body =
          input_.ConsumeBytes<std::uint8_t>(input_.ConsumeIntegralInRange<std::size_t>(0, 48));
      const std::size_t at = bytes.size();
      if (at + 56 > 1460) break;
      bytes.resize(at + (4 + body.size() + 3) / 4 * 4);
      bytes[at] = static_cast<std::byte>(input_.ConsumeBool()   ? input_.ConsumeIntegralInRange<std::uint8_t>(0, 14)
                                         : input_.ConsumeBool() ? std::uint8_t{192}
                                                                : input_.ConsumeIntegral<std::uint8_t>());
      bytes[at + 1] = static_cast<std::byte>(input_.ConsumeIntegral<std::uint8_t>());
      store_big(&bytes[at + 2], static_cast<std::uint16_t>(4 + body.size()));
      std::transform(body.begin(), body.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at) + 4,
                     [](std::uint8_t byte) { return static_cast<std::byte>(byte); });
      const bool acknowledges = bytes[at] == std::byte{3} || bytes[at] == std::byte{7};
      if (bytes[at] == std::byte{192} && body.size() >= 4) {  // FORWARD TSN: near what the other sent
        store_big(&bytes[at + 4], hosts_[1 - target].last_tsn + body[0] % 40u);
      }
      if (acknowledges && body.size() >= 4) {  // near what it sent
        store_big(&bytes[at + 4], hosts_[target].last_tsn - body[0] % 8u);
      }
    }
    wire::store_crc32c(bytes);
    deliver(*packet);
  }
  // A RE-CONFIG chunk with numbers near the right ones.
  void forge_reconfiguration() {
    std::size_t target = 0;
    std::optional<InTransit> packet = forged_header(target);
    if (!packet) return;
    std::vector<std::byte>& bytes = packet->bytes;
    const std::size_t chunk = bytes.size();
    bytes.resize(chunk + 4);
    bytes[chunk] = std::byte{130};
    const auto put = [&](auto value) {
      bytes.resize(bytes.size() + sizeof value);
      store_big(&bytes[bytes.size() - sizeof value], value);
    };
    for (int count = input_.ConsumeIntegralInRange(1, 3); count > 0; --count) {
      const std::size_t parameter = bytes.size();
      const auto type = input_.ConsumeIntegralInRange<std::uint16_t>(13, 19);
      put(type);
      put(std::uint16_t{0});
      const Host& numbered = hosts_[type == 16 ? target : 1 - target];
      put(numbered.next_request + input_.ConsumeIntegralInRange<std::uint32_t>(0, 3) - 1);
      if (type == 16) put(input_.ConsumeIntegralInRange<std::uint32_t>(0, 7));
      if (type == 13 || (type == 16 && input_.ConsumeBool())) {
        put(hosts_[target].next_request - input_.ConsumeIntegralInRange<std::uint32_t>(0, 2));
        put(hosts_[1 - target].last_tsn + input_.ConsumeIntegralInRange<std::uint32_t>(0, 3));
      }
      if (type >= 17) {
        put(input_.PickValueInArray<std::uint16_t>({0, 1, 5, 65000}));
        put(std::uint16_t{0});
      }
      if (type <= 14) {
        for (const StreamId one : any_streams()) put(one);
      }
      store_big(&bytes[parameter + 2], static_cast<std::uint16_t>(bytes.size() - parameter));
      bytes.resize((bytes.size() + 3) / 4 * 4);
    }
    store_big(&bytes[chunk + 2], static_cast<std::uint16_t>(bytes.size() - chunk));
    wire::store_crc32c(bytes);
    deliver(*packet);
  }
  void forge_data() {
    std::size_t target = 0;
    std::optional<InTransit> packet = forged_header(target);
    if (!packet) return;
    std::vector<std::byte>& bytes = packet->bytes;
    const std::size_t size = input_.PickValueInArray<std::size_t>({1, 1, 2, 30, 400});
    for (int chunks = input_.ConsumeIntegralInRange(1, 60); chunks > 0; --chunks) {
      const std::size_t at = bytes.size();
      if (at + 16 + size + 3 > 1460) break;
      bytes.resize(at + (16 + size + 3) / 4 * 4);
      bytes[at + 1] = static_cast<std::byte>(input_.ConsumeIntegralInRange<std::uint8_t>(0, 15));
      store_big(&bytes[at + 2], static_cast<std::uint16_t>(16 + size));
      store_big(&bytes[at + 4], hosts_[1 - target].last_tsn + input_.ConsumeIntegralInRange<std::uint32_t>(0, 40));
      store_big(&bytes[at + 8], static_cast<std::uint16_t>(input_.ConsumeIntegralInRange(0, 11)));
      store_big(&bytes[at + 10], static_cast<std::uint16_t>(input_.ConsumeIntegralInRange(0, 3)));
    }
    wire::store_crc32c(bytes);
    deliver(*packet);
  }

  // --- commands --------------------------------------------------------------------------------------------------
  void pass_time() {
    if (input_.ConsumeBool()) {
      const std::optional<Time> next = hosts_[any_host()].stack.next_timeout();
      if (next) now_ = std::max(now_, *next);
    } else {
      now_ += std::chrono::milliseconds(input_.ConsumeIntegralInRange(0, 5000));
    }
  }
  void connect() {
    const std::size_t i = any_host();
    ConnectRequest request;
    for (int count = input_.ConsumeIntegralInRange(1, 3); count > 0; --count)
      request.peers.push_back(any_address(1 - i));
    request.port = input_.PickValueInArray(kPorts);
    if (input_.ConsumeBool()) {
      request.parameters = any_parameters();
      receive_buffer_ = std::max(receive_buffer_, request.parameters->receive_buffer);
    }
    (void)hosts_[i].stack.connect(input_.PickValueInArray(hosts_[i].endpoints), request, now_);
  }
  void send() {
    const std::size_t i = any_host();
    Stack& stack = hosts_[i].stack;
    const AssociationId id = any_association(hosts_[i]);
    for (int count = input_.ConsumeIntegralInRange(1, 8); count > 0 && sends_ < kMaxSends; --count) {
      SendRequest request;
      request.payload = stack.allocate(input_.PickValueInArray<std::size_t>({1, 10, 300, 1400, 1452, 6000, 20'000}));
      std::fill_n(request.payload.writable(), request.payload.size(), std::byte{0x5A});
      const std::size_t memory = request.payload.capacity() + 64;
      request.stream = input_.PickValueInArray<StreamId>({0, 1, 9, 65534});
      request.unordered = input_.ConsumeBool();
      request.immediate = input_.ConsumeBool();
      request.reliability = any_reliability();
      if (input_.ConsumeProbability<float>() < 0.1F) {
        stack.make_room(id, request.payload.size(), request.reliability, now_);
      }
      if (input_.ConsumeProbability<float>() < 0.2F) request.to = any_address(1 - i);
      if (stack.send(id, std::move(request), now_)) return;
      ++sends_;
      sent_memory_ += memory;
    }
  }
  std::vector<StreamId> any_streams() {
    std::vector<StreamId> streams;
    for (int count = input_.ConsumeIntegralInRange(0, 3); count > 0; --count)
      streams.push_back(input_.PickValueInArray<StreamId>({0, 1, 9, 65534}));
    return streams;
  }
  void reconfigure() {
    Host& host = hosts_[any_host()];
    const AssociationId id = any_association(host);
    switch (input_.ConsumeIntegralInRange(0, 3)) {
      case 0:
        (void)host.stack.reset_association(id, now_);
        return;
      case 1: {
        const auto more = input_.PickValueInArray<std::uint16_t>({0, 1, 5, 60'000});
        (void)host.stack.add_streams(id, more, input_.PickValueInArray<std::uint16_t>({0, 1, 5, 60'000}), now_);
        return;
      }
      default: {
        const bool outgoing = input_.ConsumeBool();
        (void)host.stack.reset_streams(id, outgoing, input_.ConsumeBool(), any_streams(), now_);
        return;
      }
    }
  }
  Reliability any_reliability() {
    using Policy = Reliability::Policy;
    const auto value = input_.PickValueInArray<std::uint32_t>({0, 1, 2, 100, 3000});
    const Policy policy = input_.PickValueInArray<Policy>(
        {Policy::kReliable, Policy::kReliable, Policy::kTimed, Policy::kRetransmissions, Policy::kPriority});
    return {policy, value};
  }
  void consume() {
    Host& host = hosts_[any_host()];
    for (int count = input_.ConsumeIntegralInRange(1, 20); count > 0; --count) {
      if (host.unread.empty()) return;
      const auto first = host.unread.begin();
      const std::size_t size = first->second.front().payload.size();
      const AssociationId id = first->first;
      first->second.pop_front();
      if (first->second.empty()) host.unread.erase(first);
      host.stack.consumed(id, size);
    }
  }
  void read_all() {
    for (Host& host : hosts_) {
      for (auto& [id, pieces] : std::exchange(host.unread, {})) {
        for (const Piece& piece : pieces) host.stack.consumed(id, piece.payload.size());
      }
    }
  }
  void shut_down() {
    Host& host = hosts_[any_host()];
    (void)host.stack.shutdown(any_association(host), now_);
  }
  void abort() {
    Host& host = hosts_[any_host()];
    (void)host.stack.abort(any_association(host), {}, now_);
  }
  void change_settings() {
    const std::size_t i = any_host();
    Stack& stack = hosts_[i].stack;
    const AssociationId id = any_association(hosts_[i]);
    const IpAddress peer = any_address(1 - i);
    const EndpointId endpoint = input_.PickValueInArray(hosts_[i].endpoints);
    switch (input_.ConsumeIntegralInRange(0, 7)) {
      case 0:
        (void)stack.set_primary(id, peer, now_);
        return;
      case 1: {
        PathParameters parameters;
        parameters.heartbeat_interval = std::chrono::milliseconds(input_.ConsumeIntegralInRange(0, 30'000));
        parameters.heartbeat_enabled = true;  // come_to_rest() needs them
        parameters.max_retransmissions = input_.ConsumeIntegral<std::uint8_t>();
        parameters.path_mtu = input_.PickValueInArray<std::size_t>({0, 1, 600, 1500});
        (void)stack.set_path(id, peer, parameters, now_);
        return;
      }
      case 2:
        (void)stack.request_heartbeat(id, peer, now_);
        return;
      case 3:
        stack.accepted(id);
        return;
      case 4:
        stack.want_send_space(id);
        stack.want_sender_dry(id);
        return;
      case 5:
        addresses_changed_ = true;
        (void)stack.add_address(endpoint, any_address(i));
        return;
      case 6:
        addresses_changed_ = true;
        (void)stack.remove_address(endpoint, any_address(i));
        return;
      default:
        stack.listen(endpoint, input_.ConsumeIntegralInRange<std::size_t>(0, 4));
        return;
    }
  }
  void ask() {
    const Host& host = hosts_[any_host()];
    const AssociationId id = any_association(host);
    require(host.stack.exists(id) == (id != 0));
    if (id != 0) require(host.stack.buffered_bytes(id) == host.stack.status(id)->buffered_bytes);
    (void)host.stack.find(host.endpoints[0], {any_address(0), kPorts[0]});
  }

  // --- what comes out --------------------------------------------------------------------------------------------
  void drain(std::size_t i) {
    Host& host = hosts_[i];
    transmit(i);
    for (int rounds = 0;; ++rounds) {
      const std::optional<Time> next = host.stack.next_timeout();
      if (!next || *next > now_) break;
      require(rounds < 100);  // time stands still, and there is always something due
      host.stack.expire(now_);
      transmit(i);
    }
    Event event;
    for (int events = 0; host.stack.poll_event(event); ++events) {
      require(events < 3000);
      if (auto* const data = std::get_if<DataArrived>(&event.what)) {
        host.unread[event.association].push_back(std::move(data->piece));
      }
    }
  }
  void transmit(std::size_t i) {
    for (int batches = 0;; ++batches) {
      TransmitBatch batch(buffer_);
      if (!hosts_[i].stack.transmit(batch, now_)) return;
      require(batches < 200);
      for (const Transmit& run : batch.runs()) {
        for (std::span<const std::byte> rest = run.bytes; !rest.empty();) {
          const std::span<const std::byte> packet = rest.first(std::min<std::size_t>(rest.size(), run.segment_size));
          rest = rest.subspan(packet.size());
          put(i, run, packet);
        }
      }
    }
  }
  void put(std::size_t i, const Transmit& run, std::span<const std::byte> bytes) {
    const std::optional<wire::Packet> packet = wire::parse_packet(bytes);
    require(packet.has_value() && !packet->chunks.empty());
    wire::ChunkReader reader = packet->reader();
    while (const std::optional<wire::Chunk> chunk = reader.next()) {
      if (chunk->kind() == wire::ChunkType::kInit || chunk->kind() == wire::ChunkType::kInitAck) {
        hosts_[i].next_request = load_big<std::uint32_t>(chunk->value().data() + 12);
      }
      if (chunk->kind() == wire::ChunkType::kReConfig) {
        wire::ParameterReader parameters(chunk->value());
        while (const auto one = parameters.next()) {
          if (one->kind() != wire::ParameterType::kReConfigResponse)
            hosts_[i].next_request = load_big<std::uint32_t>(one->value().data()) + 1;
        }
        require(!parameters.malformed());
      }
      if (chunk->kind() != wire::ChunkType::kData) continue;
      const std::optional<wire::Data> data = wire::parse_data(*chunk);
      require(data && !data->payload.empty());
      hosts_[i].last_tsn = data->tsn;
    }
    require(!reader.malformed());
    if (network_.size() >= kMaxInTransit) return;
    const IpAddress from = run.from.family == Family::kNone ? address_of(i, 0) : run.from;
    network_.push_back({1 - i, {from, kUdpPort}, run.to.ip, {bytes.begin(), bytes.end()}});
  }

  FuzzedDataProvider& input_;
  BufferPool pool_;
  Time now_ = Time{} + std::chrono::seconds(1000);
  std::deque<Host> hosts_;
  std::deque<InTransit> network_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(100'000);
  std::size_t receive_buffer_ = 0;            // the largest of all
  const bool honest_ = input_.ConsumeBool();  // no packet is forged
  bool addresses_changed_ = false;
  std::size_t sends_ = 0;
  std::size_t sent_memory_ = 0;  // of everything ever sent
};

}  // namespace
}  // namespace netsctp::core

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  netsctp::core::World world(input);
  world.begin();
  while (input.remaining_bytes() > 0) {
    world.step();
    world.settle();
  }
  world.come_to_rest();
  return 0;
}
