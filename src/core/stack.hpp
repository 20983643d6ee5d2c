// Every association of one instance: a value you feed and drain. Datagrams, commands and the time go in; packets,
// events and one deadline come out (RFC 9260 §11 is the shape of the commands). No I/O, no clock, no threads, no global
// state. Not thread-safe: one lock around it (src/engine). `now` never goes backwards between calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include "base/address.hpp"
#include "base/buffer_pool.hpp"
#include "base/entropy.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "core/counters.hpp"
#include "core/datagram.hpp"
#include "core/event.hpp"
#include "core/parameters.hpp"
#include "core/partial.hpp"
#include "core/types.hpp"

namespace netsctp::core {

class Association;
class StackState;

// A local SCTP port with its addresses: what bind() makes.
struct EndpointConfig {
  std::uint16_t port = 0;            // SCTP port, host order; the caller has made sure that it is free on this host
  std::vector<IpAddress> addresses;  // local addresses, none of them 0.0.0.0 or ::. What INIT and INIT ACK announce.
  bool any_v4 = false;  // accepts packets to every IPv4 (IPv6) address of the host; `addresses` then holds the
  bool any_v6 = false;  // host's current addresses, to be announced
  AssociationParameters parameters;  // for associations to come
};

struct ConnectRequest {
  std::vector<IpAddress> peers;  // at least one; all CONFIRMED from the start (§5.4 rule 1); the first becomes primary
  std::uint16_t port = 0;        // peer's SCTP port, host order
  std::uint16_t remote_udp_port = 0;                // RFC 6951; 0: StackConfig::default_remote_port
  std::optional<AssociationParameters> parameters;  // else the endpoint's
};

struct SendRequest {
  Slice payload;  // from Stack::allocate(); not empty; taken over
  StreamId stream = 0;
  std::uint32_t ppid = 0;     // as it shall be on the wire (network order, opaque)
  std::uint32_t context = 0;  // given back with SendFailed
  bool unordered = false;
  bool immediate = false;       // SCTP_SACK_IMMEDIATELY
  std::optional<IpAddress> to;  // SCTP_ADDR_OVER: this peer address instead of the primary
  Reliability reliability{};    // RFC 3758, RFC 7496
};

struct PathStatus {
  enum class State : std::uint8_t { kUnconfirmed, kActive, kInactive, kPotentiallyFailed };
  Address address;  // peer's IP and SCTP port
  State state = State::kActive;
  bool primary = false;
  std::size_t cwnd = 0;  // bytes
  std::size_t ssthresh = 0;
  std::size_t in_flight = 0;
  Duration srtt{};  // zero: not measured yet
  Duration rto{};
  std::size_t mtu = 0;  // bytes, IP header included
  std::uint32_t error_count = 0;
  std::uint16_t remote_udp_port = 0;
  PathParameters parameters;
};

struct AssociationStatus {
  AssociationId id = 0;
  EndpointId endpoint = 0;
  State state = State::kClosed;
  std::uint16_t local_port = 0;
  std::uint16_t peer_port = 0;
  std::uint32_t local_tag = 0;
  std::uint32_t peer_tag = 0;
  std::uint16_t outbound_streams = 0;
  std::uint16_t inbound_streams = 0;
  std::size_t peer_rwnd = 0;
  std::size_t local_rwnd = 0;           // what the next SACK would advertise
  std::size_t unacked_chunks = 0;       // sent, not cumulatively acknowledged
  std::size_t pending_messages = 0;     // queued, not completely sent
  std::size_t buffered_bytes = 0;       // payload queued or outstanding: what a send buffer holds
  std::size_t fragmentation_point = 0;  // largest payload that goes unfragmented
  unsigned error_count = 0;
  bool stream_reset = false;         // RFC 6525: agreed with the peer
  bool partial_reliability = false;  // RFC 3758: agreed with the peer
  AssociationParameters parameters;
  std::vector<IpAddress> local_addresses;
  std::vector<PathStatus> paths;
};

class Stack {
 public:
  // `pool` and `entropy` must outlive the stack.
  Stack(const StackConfig& config, BufferPool& pool, Entropy& entropy, Time now);
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  // --- feed and drain -------------------------------------------------------------------------------------------
  void receive(Datagram&& datagram, Time now) noexcept;
  // The same for each of them in turn, with less work for those of one association in a row. Takes them.
  void receive(std::span<Datagram> datagrams, Time now) noexcept;
  void on_icmp(const IcmpError& error, Time now) noexcept;  // §10: anything; what is not about us is discarded
  void expire(Time now) noexcept;                           // call when now >= next_timeout(); harmless at any time
  // Adds packets to the batch until there are no more or it is full. True: packets were added; call again with a fresh
  // batch.
  bool transmit(TransmitBatch& batch, Time now) noexcept;
  // Whether there is neither anything to transmit nor an event to poll.
  [[nodiscard]] bool is_settled() const noexcept;
  [[nodiscard]] std::optional<Time> next_timeout() const noexcept;
  bool poll_event(Event& event) noexcept;  // false: no more

  // --- endpoints ------------------------------------------------------------------------------------------------
  // Errors: EINVAL (no address, port 0), EADDRINUSE (another endpoint of this stack holds port and address).
  [[nodiscard]] Result<EndpointId> open(const EndpointConfig& config);
  // The endpoint must have no associations left (EBUSY).
  std::error_code close(EndpointId endpoint) noexcept;
  // Accepts INITs, at most `backlog` associations that have not been accepted() yet; further ones are refused with an
  // ABORT.
  void listen(EndpointId endpoint, std::size_t backlog) noexcept;
  void stop_listening(EndpointId endpoint) noexcept;
  void accepted(AssociationId id) noexcept;  // it no longer counts against the backlog
  // EADDRINUSE, EINVAL (unknown endpoint; last address removed). Running associations keep their addresses.
  std::error_code add_address(EndpointId endpoint, const IpAddress& address);
  std::error_code remove_address(EndpointId endpoint, const IpAddress& address);
  // Defaults for associations to come. nullptr: no such endpoint.
  [[nodiscard]] AssociationParameters* parameters(EndpointId endpoint) noexcept;
  [[nodiscard]] const EndpointConfig* endpoint(EndpointId endpoint) const noexcept;

  // --- associations ---------------------------------------------------------------------------------------------
  // ASSOCIATE (§11.1.2). Errors: EINVAL (no peer address, port 0), EISCONN (an association with one of the addresses is
  // up), EALREADY (it is being set up), ENOBUFS (max_associations), EADDRNOTAVAIL (no local address of a family the
  // peer has).
  [[nodiscard]] Result<AssociationId> connect(EndpointId endpoint, const ConnectRequest& request, Time now);
  // A block for a message to send; null if memory is short. The caller bounds sizes (the send buffer).
  [[nodiscard]] Slice allocate(std::size_t size) noexcept;
  // SEND (§11.1.5). Errors: EINVAL (stream out of range, empty payload, unknown destination), ESRCH (no such
  // association), EPIPE (shutdown has begun). Messages sent before the association is up wait (the stream is checked
  // once the peer's count is known).
  std::error_code send(AssociationId id, SendRequest&& request, Time now) noexcept;
  std::error_code shutdown(AssociationId id, Time now) noexcept;  // SHUTDOWN (§11.1.3); ESRCH
  std::error_code abort(AssociationId id, std::span<const std::byte> reason,
                        Time now) noexcept;  // §11.1.4; ESRCH
  // The user has taken `bytes` of payload of DataArrived events: the window opens (§6.2 C).
  void consumed(AssociationId id, std::size_t bytes) noexcept;
  // Asks for one SendSpace event the next time bytes leave the send buffer (or the association ends).
  void want_send_space(AssociationId id) noexcept;
  // Asks for one SenderDry event as soon as nothing is queued or outstanding.
  void want_sender_dry(AssociationId id) noexcept;

  // Statistics of one association; nullptr: there is none.
  [[nodiscard]] const AssociationCounters* association_counters(AssociationId id) const noexcept;
  // The stream scheduler (RFC 8260 §3). ESRCH.
  std::error_code set_scheduler(AssociationId id, Scheduler scheduler) noexcept;
  // Scheduler::kPriority: a stream's value, lower is served first (RFC 8260 §3.4); without effect for the others, as
  // on Linux. ESRCH; EINVAL: no such stream.
  std::error_code set_stream_value(AssociationId id, StreamId stream, std::uint16_t value) noexcept;
  [[nodiscard]] Result<std::uint16_t> stream_value(AssociationId id, StreamId stream) const noexcept;

  // Stream re-configuration (RFC 6525), told of by StreamsReset, AssociationReset and StreamsChanged. Errors: ESRCH;
  // ENOPROTOOPT (not agreed with the peer, or not allowed by allowed_reconfigurations); ENOTCONN (not ESTABLISHED);
  // EINPROGRESS (another request is not answered yet); EAGAIN (an association reset less than 30 s after the last one);
  // EINVAL (no such stream, too many). No `streams`: all.
  std::error_code reset_streams(AssociationId id, bool outgoing, bool incoming, std::vector<StreamId> streams,
                                Time now) noexcept;
  std::error_code reset_association(AssociationId id, Time now) noexcept;
  std::error_code add_streams(AssociationId id, std::uint16_t outgoing, std::uint16_t incoming, Time now) noexcept;
  // Frees at least `bytes` of the send buffer, if it can, by giving up messages that are less important than one of
  // `reliability` (RFC 7496 §3.2); each is reported by SendFailed.
  void make_room(AssociationId id, std::size_t bytes, const Reliability& reliability, Time now) noexcept;
  // Messages given up under a policy, kReliable: under any (RFC 7496 §4.3, §4.4). Nothing if there is no such
  // association.
  [[nodiscard]] std::optional<Abandoned> abandoned(AssociationId id, Reliability::Policy policy,
                                                   std::optional<StreamId> stream = {}) const noexcept;

  [[nodiscard]] bool exists(AssociationId id) const noexcept;
  [[nodiscard]] std::size_t buffered_bytes(AssociationId id) const noexcept;   // 0 if it does not exist
  [[nodiscard]] std::size_t in_flight_bytes(AssociationId id) const noexcept;  // payload; 0 if it does not exist
  [[nodiscard]] std::optional<AssociationStatus> status(AssociationId id) const;
  [[nodiscard]] AssociationId find(EndpointId endpoint, const Address& peer) const noexcept;  // 0: none
  [[nodiscard]] std::vector<AssociationId> associations(EndpointId endpoint) const;
  [[nodiscard]] std::size_t association_count() const noexcept;

  // Per-association and per-path settings (§11.1.6, 11.1.9, 11.1.10, 11.1.12, 11.1.13). ESRCH; EINVAL (no such path).
  [[nodiscard]] const AssociationParameters* association_parameters(AssociationId id) const noexcept;  // nullptr: ESRCH
  void set_association_parameters(AssociationId id, const AssociationParameters& parameters) noexcept;
  std::error_code set_primary(AssociationId id, const IpAddress& address, Time now) noexcept;
  std::error_code set_path(AssociationId id, const IpAddress& address, const PathParameters& parameters,
                           Time now) noexcept;
  std::error_code request_heartbeat(AssociationId id, const IpAddress& address, Time now) noexcept;
  std::error_code set_remote_udp_port(AssociationId id, const IpAddress& address, std::uint16_t port) noexcept;

  [[nodiscard]] const Counters& counters() const noexcept;
  void check_consistent() const noexcept;  // debug: aborts the process if an invariant does not hold

 private:
  std::unique_ptr<StackState> state_;
};

}  // namespace netsctp::core
