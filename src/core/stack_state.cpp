// The tables of a stack, the way of a datagram to its association, and the feeding and draining of all of them.
#include "core/stack_state.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "wire/control.hpp"

namespace netsctp::core {

bool Endpoint::covers(const IpAddress& local) const noexcept {
  if (local.is_v4() ? config.any_v4 : config.any_v6) return true;
  return std::find(config.addresses.begin(), config.addresses.end(), local) != config.addresses.end();
}

StackState::StackState(const StackConfig& settings, BufferPool& buffers, Entropy& random, Time now)
    : config(settings),
      pool(buffers),
      entropy(random),
      wheel(now),
      cookies(random, settings.cookie_key_life, now),
      hash_of_peer_(random.u64(), random.u64()) {}

StackState::~StackState() {
  std::vector<Association*> all;
  for_each_association([&](Association& association) { all.push_back(&association); });
  for (Association* const association : all) destroy(*association);
}

std::uint32_t StackState::random_tag() noexcept {
  for (;;) {
    if (const std::uint32_t tag = entropy.u32(); tag != 0) return tag;
  }
}

std::uint32_t StackState::peer_hash(EndpointId id, const Address& peer) const noexcept {
  return static_cast<std::uint32_t>(hash_of_peer_(peer) ^ IdHash{}(id));
}

std::uint32_t StackState::id_hash(AssociationId id) noexcept {
  return static_cast<std::uint32_t>(IdHash{}(id));
}

bool StackState::register_address(Association& association, const IpAddress& address) noexcept {
  forget_recent();
  const Address peer{address, association.peer_port()};
  const std::uint32_t hash = peer_hash(association.endpoint(), peer);
  if (find(association.endpoint(), peer, hash) != nullptr) return false;
  by_peer_.insert(hash, association);
  return true;
}

void StackState::unregister_address(Association& association, const IpAddress& address) noexcept {
  forget_recent();
  by_peer_.erase(peer_hash(association.endpoint(), {address, association.peer_port()}), association);
}

Association* StackState::find(EndpointId id, const Address& peer) const noexcept {
  return find(id, peer, peer_hash(id, peer));
}

Association* StackState::find(EndpointId id, const Address& peer, std::uint32_t hash) const noexcept {
  return by_peer_.find(hash, [&](const Association& association) {
    return association.endpoint() == id && association.peer_port() == peer.port &&
           association.find_path(peer.ip) != kNoPath;
  });
}

Association* StackState::find(AssociationId id) const noexcept {
  return by_id_.find(id_hash(id), [id](const Association& association) { return association.id() == id; });
}

Association* StackState::find_by_addresses(EndpointId id, std::uint16_t peer_port,
                                           std::span<const IpAddress> addresses) const noexcept {
  for (const IpAddress& address : addresses) {
    if (Association* const association = find(id, {address, peer_port})) return association;
  }
  return nullptr;
}

Endpoint* StackState::endpoint(EndpointId id) noexcept {
  const std::unique_ptr<Endpoint>* const found = endpoints_.find(id);
  return found == nullptr ? nullptr : found->get();
}

const Endpoint* StackState::endpoint(EndpointId id) const noexcept {
  const std::unique_ptr<Endpoint>* const found = endpoints_.find(id);
  return found == nullptr ? nullptr : found->get();
}

std::span<const EndpointId> StackState::endpoints_of(std::uint16_t port) const noexcept {
  const std::vector<EndpointId>* const found = by_port_.find(port);
  return found == nullptr ? std::span<const EndpointId>{} : *found;
}

Endpoint* StackState::endpoint_for(std::uint16_t port, const IpAddress& local, EndpointId& id) noexcept {
  for (const EndpointId candidate : endpoints_of(port)) {
    Endpoint& one = *endpoint(candidate);
    if (!one.covers(local)) continue;
    id = candidate;
    return &one;
  }
  return nullptr;
}

bool StackState::port_taken(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4, bool any_v6,
                            EndpointId except) const noexcept {
  const std::span<const EndpointId> on_port = endpoints_of(port);
  return std::any_of(on_port.begin(), on_port.end(), [&](EndpointId id) {
    if (id == except) return false;
    const Endpoint& other = *endpoint(id);
    if ((any_v4 && other.config.any_v4) || (any_v6 && other.config.any_v6)) return true;
    const auto overlaps = [&](const IpAddress& theirs) { return theirs.is_v4() ? any_v4 : any_v6; };
    return std::any_of(other.config.addresses.begin(), other.config.addresses.end(), overlaps) ||
           std::any_of(addresses.begin(), addresses.end(), [&](const IpAddress& ours) { return other.covers(ours); });
  });
}

Result<EndpointId> StackState::open(const EndpointConfig& endpoint_config) {
  if (endpoint_config.port == 0 || endpoint_config.addresses.empty()) return std::errc::invalid_argument;
  if (port_taken(endpoint_config.port, endpoint_config.addresses, endpoint_config.any_v4, endpoint_config.any_v6, 0)) {
    return std::errc::address_in_use;
  }
  const EndpointId id = next_endpoint_++;
  forget_recent();
  endpoints_.insert(id, std::make_unique<Endpoint>(Endpoint{.config = endpoint_config}));
  by_port_.insert(endpoint_config.port, {}).first->push_back(id);
  return id;
}

void StackState::close(EndpointId id) noexcept {
  const Endpoint* const closing = endpoint(id);
  if (closing == nullptr) return;
  const std::uint16_t port = closing->config.port;
  std::vector<EndpointId>& on_port = *by_port_.find(port);
  std::erase(on_port, id);
  if (on_port.empty()) by_port_.erase(port);
  endpoints_.erase(id);
}

Association* StackState::create(EndpointId owner, std::uint16_t peer_port,
                                const AssociationParameters& given) noexcept {
  if (association_count() >= config.max_associations) return nullptr;
  Endpoint* const endpoint_of = endpoint(owner);
  do {
    if (next_association_ < kFirstAssociationId || next_association_ == INT32_MAX)
      next_association_ = kFirstAssociationId;
  } while (find(next_association_) != nullptr && ++next_association_);
  Association* const association =
      associations_.create(*this, next_association_, owner, endpoint_of->config.port, peer_port, given);
  if (association == nullptr) return nullptr;
  ++endpoint_of->associations;
  by_id_.insert(id_hash(next_association_++), *association);
  return association;
}

void StackState::destroy(Association& association) noexcept {
  wheel.cancel(association);
  association.ready_hook.unlink();
  forget_recent();
  if (received_ == &association) received_ = nullptr;
  by_id_.erase(id_hash(association.id()), association);
  associations_.destroy(&association);
}

bool StackState::settle(Association& association, Time now) noexcept {
  association.progress(now);
  if (association.state() == State::kClosed) {
    destroy(association);
    return false;
  }
  if (!association.ready_hook.is_linked() && association.has_output()) ready.push_back(association);
  if (const Time deadline = association.next_deadline(); deadline != association.deadline()) {
    wheel.schedule(association, deadline);
  }
  return true;
}

Association* StackState::find_by_packet(const Incoming& in) noexcept {
  const wire::CommonHeader& header = in.packet.header;
  if (recent_.association != nullptr && recent_.source_port == header.source_port &&
      recent_.destination_port == header.destination_port && recent_.from == in.datagram.from.ip &&
      recent_.to == in.datagram.to) {
    return recent_.association;
  }
  const std::span<const EndpointId> on_port = endpoints_of(header.destination_port);
  for (const EndpointId id : on_port) {
    Association* const association = find(id, {in.datagram.from.ip, header.source_port});
    if (association != nullptr && (endpoint(id)->covers(in.datagram.to) || association->has_local(in.datagram.to))) {
      recent_ = {association, in.datagram.from.ip, in.datagram.to, header.source_port, header.destination_port};
      return association;
    }
  }
  // RFC 9260 §5.1.2 D: an INIT ACK may come from an address of the peer that we do not know yet.
  if (in.first.kind() != wire::ChunkType::kInitAck) return nullptr;
  const std::optional<wire::Init> init = wire::parse_init(in.first);
  if (!init) return nullptr;
  const PeerParameters peer = read_peer_parameters(*init, in.datagram.from.ip);
  for (const EndpointId id : on_port) {
    if (!endpoint(id)->covers(in.datagram.to)) continue;
    return find_by_addresses(id, header.source_port, {peer.addresses.data(), peer.address_count});
  }
  return nullptr;
}

void StackState::receive(std::span<Datagram> datagrams, Time now) noexcept {
  for (Datagram& datagram : datagrams) {
    receive_one(datagram, now);
    datagram.bytes.reset();  // what was kept has slices of its own
  }
  settle_received(now);
}

void StackState::receive_one(const Datagram& datagram, Time now) noexcept {
  ++counters.packets_received;
  wire::PacketError error{};
  const std::optional<wire::Packet> packet = wire::parse_packet(datagram.bytes.bytes(), &error);
  if (!packet) {
    ++(error == wire::PacketError::kTooShort ? counters.discarded_too_short : counters.discarded_bad_checksum);
    return;
  }
  // RFC 9260 §8.4 rule 1. Port 0 is no port (§3.1).
  if (!datagram.from.ip.is_unicast() || !datagram.to.is_unicast() || packet->header.source_port == 0 ||
      packet->header.destination_port == 0) {
    ++counters.discarded_not_unicast;
    return;
  }
  wire::ChunkReader reader = packet->reader();
  const std::optional<wire::Chunk> first = reader.next();
  if (!first) {
    ++counters.discarded_malformed_chunk;
    return;
  }
  const Incoming in{*packet, datagram, *first};
  if (first->kind() == wire::ChunkType::kInit) {
    on_init(in, now);
    return;
  }
  if (packet->header.verification_tag == 0) {  // RFC 9260 §8.5.1 A: only INIT
    ++counters.discarded_bad_tag;
    return;
  }
  // RFC 9260 §6.10: INIT ACK and SHUTDOWN COMPLETE come alone.
  if (first->kind() == wire::ChunkType::kInitAck || first->kind() == wire::ChunkType::kShutdownComplete) {
    wire::ChunkReader rest = reader;
    if (rest.next()) {
      ++counters.discarded_bad_bundling;
      return;
    }
  }
  if (first->kind() == wire::ChunkType::kCookieEcho) {
    on_cookie_echo(in, reader, now);
    return;
  }
  Association* const association = find_by_packet(in);
  const bool setting_up = association != nullptr &&
                          (association->state() == State::kCookieWait || association->state() == State::kCookieEchoed);
  // RFC 9260 §8.5.1 E: a SHUTDOWN ACK while setting up is out of the blue.
  if (association == nullptr || (setting_up && wire::contains_chunk(*packet, wire::ChunkType::kShutdownAck))) {
    out_of_the_blue(in, now);
    return;
  }
  association->receive(*packet, datagram, now);
  settle_later(*association, now);
}

// What follows a packet of an association that is up may wait for the packets right behind it.
void StackState::settle_later(Association& association, Time now) noexcept {
  if (received_ != &association) settle_received(now);
  received_ = nullptr;
  if (association.state() == State::kEstablished) {
    received_ = &association;
  } else {
    settle(association, now);
  }
}

void StackState::settle_received(Time now) noexcept {
  if (Association* const association = std::exchange(received_, nullptr)) settle(*association, now);
}

void StackState::expire(Time now) noexcept {
  while (TimerNode* const node = wheel.pop_due(now)) {
    auto& association = static_cast<Association&>(*node);
    association.expire(now);
    settle(association, now);
  }
}

bool StackState::transmit_replies(TransmitBatch& batch) noexcept {
  while (!replies_.empty()) {
    const Reply& reply = replies_.front();
    const std::span<std::byte> space = batch.prepare(reply.packet.size());
    if (space.empty()) return false;
    std::memcpy(space.data(), reply.packet.data(), reply.packet.size());
    // No association would learn that it did not fit.
    const bool may_fragment = reply.packet.size() > Path::kMinMtu / 2;
    batch.commit(reply.packet.size(), reply.to, reply.from, {.may_fragment = may_fragment});
    ++counters.packets_sent;
    replies_.pop_front();
  }
  return true;
}

bool StackState::transmit(TransmitBatch& batch, Time now) noexcept {
  bool room = transmit_replies(batch);
  while (room) {
    Association* const association = ready.pop_front();
    if (association == nullptr) break;
    room = !association->transmit(batch, now);
    // An association that cannot go on (its packet would be empty) waits for its next event.
    if (settle(*association, now) && room) association->ready_hook.unlink();
  }
  return !batch.empty();
}

}  // namespace netsctp::core
