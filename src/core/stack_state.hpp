// What all associations of one stack share: tables, timers, the ready list, events, and the stateless half of the
// protocol (RFC 9260 §5.1 as responder, §8.4). Internal to the core; stack.hpp is the face.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <utility>
#include <vector>

#include "base/flat_map.hpp"
#include "base/hash.hpp"
#include "base/pointer_table.hpp"
#include "base/ring.hpp"
#include "base/shared.hpp"
#include "base/slab.hpp"
#include "base/timing_wheel.hpp"
#include "core/association.hpp"
#include "core/cookie.hpp"
#include "core/stack.hpp"
#include "wire/packet_writer.hpp"

namespace netsctp::core {

struct Endpoint {
  EndpointConfig config;
  bool listening = false;
  std::size_t backlog = 0;
  std::size_t pending = 0;  // established by a peer, not accepted yet
  std::size_t associations = 0;

  [[nodiscard]] bool covers(const IpAddress& local) const noexcept;
};

// A packet that no association sends (INIT ACK, ABORT, SHUTDOWN COMPLETE, ERROR): written at once, sent with the next
// batch.
struct Reply {
  Address to;
  IpAddress from;
  Slice packet;
};

class StackState {
 public:
  StackState(const StackConfig& settings, BufferPool& buffers, Entropy& random, Time now);
  ~StackState();
  StackState(const StackState&) = delete;
  StackState& operator=(const StackState&) = delete;

  // --- shared by the associations --------------------------------------------------------------------------------
  const StackConfig config;
  BufferPool& pool;
  Entropy& entropy;
  Counters counters;
  TimingWheel wheel;
  IntrusiveList<Association, &Association::ready_hook> ready;
  Ring<Event> events;
  Ring<Piece> delivered;  // scratch of all associations: filled and emptied within one call
  CookieJar cookies;
  Slab<OutgoingMessage> messages;
  SharedValues<AssociationParameters> parameter_sets;
  SharedValues<PathParameters> path_parameter_sets;
  SharedValues<std::vector<IpAddress>> address_lists;
  std::pmr::unsynchronized_pool_resource
      nodes;  // of reassembly: what it held once it can hold again without allocating

  [[nodiscard]] std::uint32_t random_tag() noexcept;  // never 0 (RFC 9260 §5.3.1)
  template <typename What>
  void emit(const Association& association, What&& what) noexcept {
    // In its place at once: pieces of messages come by the million.
    events.emplace_back(association.id(), association.endpoint(), std::forward<What>(what));
  }

  // Registers `address` as one of the association's peer addresses; false if another association of the endpoint has
  // it.
  bool register_address(Association& association, const IpAddress& address) noexcept;
  void unregister_address(Association& association, const IpAddress& address) noexcept;
  [[nodiscard]] Association* find(EndpointId id, const Address& peer) const noexcept;
  [[nodiscard]] Association* find(AssociationId id) const noexcept;
  [[nodiscard]] Endpoint* endpoint(EndpointId id) noexcept;
  [[nodiscard]] const Endpoint* endpoint(EndpointId id) const noexcept;

  // Makes an association in CLOSED; nullptr if there are too many or memory is short.
  Association* create(EndpointId owner, std::uint16_t peer_port, const AssociationParameters& given) noexcept;
  // After each call into an association: its timers and its place in the ready list, or its end: false then.
  bool settle(Association& association, Time now) noexcept;

  // --- datagrams and time ------------------------------------------------------------------------------------------
  void receive(std::span<Datagram> datagrams, Time now) noexcept;
  void on_icmp(const IcmpError& error, Time now) noexcept;  // icmp.cpp
  void expire(Time now) noexcept;
  bool transmit(TransmitBatch& batch, Time now) noexcept;
  [[nodiscard]] bool is_settled() const noexcept { return ready.empty() && events.empty() && replies_.empty(); }

  // --- stateless replies (stateless.cpp) -----------------------------------------------------------------------------
  // `write` fills the packet; returns false if the queue is full.
  template <typename Write>
  bool reply(const Address& to, const IpAddress& from, std::uint16_t source_port, std::uint16_t destination_port,
             std::uint32_t tag, Write&& write) noexcept {
    if (replies_.size() >= kMaxReplies) {
      ++counters.discarded_replies;
      return false;
    }
    Slice buffer = pool.allocate(kReplySize);
    if (!buffer) return false;
    wire::PacketWriter writer({buffer.writable(), kReplySize}, {source_port, destination_port, tag});
    write(writer);
    const std::size_t size = writer.finish().size();
    replies_.push_back({to, from, buffer.subslice(0, size)});
    return true;
  }

  // --- endpoints -----------------------------------------------------------------------------------------------------
  [[nodiscard]] Result<EndpointId> open(const EndpointConfig& endpoint_config);
  [[nodiscard]] bool port_taken(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4, bool any_v6,
                                EndpointId except) const noexcept;
  void close(EndpointId id) noexcept;
  void forget_recent() noexcept { recent_ = {}; }  // what find_by_packet() goes by has changed
  template <typename Visit>
  void for_each_association(Visit&& visit) const {
    by_id_.for_each(visit);
  }
  [[nodiscard]] std::size_t association_count() const noexcept { return by_id_.size(); }

 private:
  // The packet under examination, for the chapters below.
  struct Incoming {
    const wire::Packet& packet;
    const Datagram& datagram;
    wire::Chunk first;
  };
  struct IdHash {
    std::uint64_t operator()(std::int64_t id) const noexcept {
      return static_cast<std::uint64_t>(id) * 0x9E3779B97F4A7C15u >> 16;
    }
  };

  [[nodiscard]] Association* find(EndpointId id, const Address& peer, std::uint32_t hash) const noexcept;
  [[nodiscard]] std::uint32_t peer_hash(EndpointId id, const Address& peer) const noexcept;
  [[nodiscard]] static std::uint32_t id_hash(AssociationId id) noexcept;
  [[nodiscard]] std::span<const EndpointId> endpoints_of(std::uint16_t port) const noexcept;
  [[nodiscard]] Endpoint* endpoint_for(std::uint16_t port, const IpAddress& local, EndpointId& id) noexcept;
  void receive_one(const Datagram& datagram, Time now) noexcept;
  void settle_later(Association& association, Time now) noexcept;
  void settle_received(Time now) noexcept;
  [[nodiscard]] Association* find_by_packet(const Incoming& in) noexcept;
  [[nodiscard]] Association* find_by_addresses(EndpointId id, std::uint16_t peer_port,
                                               std::span<const IpAddress> addresses) const noexcept;

  // handshake_responder.cpp
  void on_init(const Incoming& in, Time now) noexcept;
  void refuse_init(const Incoming& in, std::uint32_t tag, wire::CauseCode cause, wire::Bytes value,
                   bool has_cause) noexcept;
  void answer_init(const Incoming& in, const PeerParameters& peer, EndpointId id, Association* existing,
                   Time now) noexcept;
  void on_cookie_echo(const Incoming& in, wire::ChunkReader& rest, Time now) noexcept;
  void report_stale_cookie(const Incoming& in, const Cookie& cookie, Duration age) noexcept;
  Association* accept_cookie(const Cookie& cookie, EndpointId id, Time now) noexcept;
  // stateless.cpp
  void out_of_the_blue(const Incoming& in, Time now) noexcept;
  [[nodiscard]] bool may_reply(Time now) noexcept;

  void destroy(Association& association) noexcept;
  bool transmit_replies(TransmitBatch& batch) noexcept;

  static constexpr std::size_t kMaxReplies = 1024;
  static constexpr std::size_t kReplySize = 1440;  // fits the smallest common path; INIT ACKs may be large (§3.3.3)

  FlatMap<EndpointId, std::unique_ptr<Endpoint>, IdHash> endpoints_;
  FlatMap<std::uint16_t, std::vector<EndpointId>, IdHash> by_port_;  // none of the lists is empty
  Slab<Association> associations_;
  PointerTable<Association> by_id_;
  const SeededHash hash_of_peer_;
  PointerTable<Association> by_peer_;  // an entry for each of its paths
  // Where the last packet belonged: the next one often belongs there too.
  struct Recent {
    Association* association = nullptr;
    IpAddress from;
    IpAddress to;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
  };
  Recent recent_;
  Association* received_ = nullptr;  // has received and is to be settled before receive() returns
  Ring<Reply> replies_;
  AssociationId next_association_ = kFirstAssociationId;
  EndpointId next_endpoint_ = 1;
  Time reply_window_start_{};  // rate limit of replies to the out of the blue
  unsigned replies_in_window_ = 0;
};

}  // namespace netsctp::core
