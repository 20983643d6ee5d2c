// One association (TCB): what RFC 9260 §14.2 lists, and the chapters of the RFC that work on it, each in its own file:
//   association.cpp          creation, one packet in (tag check §8.5, chunk switch), events, the end
//   handshake_initiator.cpp  §5.1 as initiator, §5.2.3 to §5.2.6
//   handshake_responder.cpp  §5.2.1, §5.2.2, §5.2.4 (with the stateless part in StackState)
//   receive.cpp              §6.2: DATA in, when a SACK is due, the receive window
//   acknowledge.cpp          §6.2.1, §7.2: SACK in
//   partial.cpp              RFC 3758: messages given up, FORWARD TSN
//   stream_reset.cpp         RFC 6525: RE-CONFIG, what we ask for
//   stream_reset_peer.cpp    and what the peer asks for
//   recovery.cpp             RFC 8985: loss detection by time, if it is chosen
//   pacing.cpp               BBR, if it is chosen: what its models are told, when data may go
//   transmit.cpp             §6.1, §6.10: the only writer of its packets
//   timers.cpp               §6.3, §8.1: deadlines and what their expiry means
//   path_management.cpp      §5.4, §6.4, §8.2, §8.3
//   path_mtu.cpp             RFC 8899: probes of the path MTU
//   termination.cpp          §9
//   icmp.cpp                 §10 (with finding the association in StackState)
// Input changes state and marks what is due; transmit() alone writes. StackState::settle() follows every call from
// outside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "base/intrusive_list.hpp"
#include "base/rare.hpp"
#include "base/ring.hpp"
#include "base/shared.hpp"
#include "base/timing_wheel.hpp"
#include "core/bbr_paths.hpp"
#include "core/cookie.hpp"
#include "core/datagram.hpp"
#include "core/event.hpp"
#include "core/outstanding.hpp"
#include "core/parameters.hpp"
#include "core/path.hpp"
#include "core/peer_parameters.hpp"
#include "core/rack.hpp"
#include "core/reassembly.hpp"
#include "core/send_queue.hpp"
#include "core/stack.hpp"
#include "core/stream_reset.hpp"
#include "core/timer_table.hpp"
#include "core/tsn_map.hpp"
#include "core/types.hpp"
#include "wire/packet_writer.hpp"

namespace netsctp::core {

class StackState;

class Association final : public TimerNode {
 public:
  Association(StackState& stack, AssociationId id, EndpointId endpoint, std::uint16_t local_port,
              std::uint16_t peer_port, const AssociationParameters& parameters) noexcept;
  ~Association();
  Association(const Association&) = delete;
  Association& operator=(const Association&) = delete;

  ListHook ready_hook;  // in StackState::ready while there is something to transmit

  // --- setup ---------------------------------------------------------------------------------------------------------
  // ASSOCIATE: sends INIT (§5.1 A). False if an address belongs to another association.
  bool start(const ConnectRequest& request, Time now) noexcept;
  // A valid COOKIE ECHO without an association (§5.1.5 step 5). False as above.
  bool start_from_cookie(const Cookie& cookie, Time now) noexcept;
  // A COOKIE ECHO for this association (§5.2.4). False: the rest of the packet is to be dropped.
  bool on_cookie_echo(const Cookie& cookie, PathId from, Time now) noexcept;
  // Fills what an INIT ACK and its cookie say of us when an INIT arrives for this association (§5.2.1, §5.2.2).
  void describe(Cookie& cookie) noexcept;
  [[nodiscard]] bool adds_addresses(const PeerParameters& peer) const noexcept;
  [[nodiscard]] bool is_new_address(const IpAddress& address) const noexcept;
  // The COOKIE ACK goes where the COOKIE ECHO came from (§6.4), if that is an address of the peer.
  void answer_on(PathId from) noexcept {
    if (from != kNoPath) reply_path_ = from;
  }

  // --- packets and time ----------------------------------------------------------------------------------------------
  void receive(const wire::Packet& packet, const Datagram& datagram, Time now) noexcept;
  // The packet has passed the tag check and came through this UDP port; 0: not encapsulated.
  void follow_udp_port(PathId from, std::uint16_t port) noexcept {
    if (from != kNoPath) paths_[from].remote_udp_port = port;  // RFC 6951 §5.4
  }
  // Handles the chunks of `reader` in order; the packet's tag has been checked.
  void receive_chunks(wire::ChunkReader& reader, const Datagram& datagram, PathId from, Time now) noexcept;
  void resend_shutdown_ack() noexcept;                     // §9.2: an INIT in SHUTDOWN-ACK-SENT
  bool transmit(TransmitBatch& batch, Time now) noexcept;  // true: the batch is full and there is more
  void expire(Time now) noexcept;
  // §10: whether the quoted packet is one of this association's, and what the message means for it.
  [[nodiscard]] bool has_sent(const IcmpError& error) const noexcept;
  void on_too_big(const IcmpError& error, Time now) noexcept;
  void on_no_sctp_there(const IcmpError& error) noexcept;
  void on_udp_refused(const IcmpError& error, Time now) noexcept;
  void on_unreachable(const IpAddress& address, Time now) noexcept;
  // Moves on what depends on everything else (§9.2 with nothing outstanding, §6.1 A); StackState::settle calls it.
  void progress(Time now) noexcept;
  [[nodiscard]] Time next_deadline() const noexcept;
  [[nodiscard]] bool has_output() noexcept { return next_packet_path().has_value(); }

  // --- commands ------------------------------------------------------------------------------------------------------
  std::error_code send(SendRequest&& request, Time now) noexcept;
  void shutdown(Time now) noexcept;
  void abort(std::span<const std::byte> reason) noexcept;
  [[nodiscard]] bool consumed(std::size_t bytes) noexcept;  // true: a window update is due
  std::error_code reset_streams(bool outgoing, bool incoming, std::vector<StreamId>&& streams) noexcept;
  std::error_code reset_association(Time now) noexcept;
  std::error_code add_streams(std::uint16_t outgoing, std::uint16_t incoming) noexcept;
  void make_room(std::size_t bytes, const Reliability& for_message, Time now) noexcept;
  void want_send_space() noexcept { send_space_wanted_ = true; }
  void want_sender_dry() noexcept;
  std::error_code set_primary(const IpAddress& address) noexcept;
  std::error_code set_path(const IpAddress& address, const PathParameters& parameters, Time now) noexcept;
  std::error_code request_heartbeat(const IpAddress& address) noexcept;
  std::error_code set_remote_udp_port(const IpAddress& address, std::uint16_t port) noexcept;

  // --- what others may know
  // --------------------------------------------------------------------------------------------
  [[nodiscard]] AssociationId id() const noexcept { return id_; }
  [[nodiscard]] EndpointId endpoint() const noexcept { return endpoint_; }
  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] std::uint16_t peer_port() const noexcept { return peer_port_; }
  [[nodiscard]] bool is_pending() const noexcept { return pending_; }
  void accepted() noexcept { pending_ = false; }
  void set_pending() noexcept { pending_ = true; }
  [[nodiscard]] std::size_t in_flight_bytes() const noexcept { return outstanding_.in_flight_payload(); }
  [[nodiscard]] std::size_t buffered_bytes() const noexcept {
    return send_queue_.bytes() + outstanding_.payload_bytes();
  }
  [[nodiscard]] const AbandonedCounters& abandoned() const noexcept { return abandoned_.read(); }
  [[nodiscard]] const AssociationParameters& parameters() const noexcept { return *parameters_; }
  void set_parameters(const AssociationParameters& parameters) noexcept;
  [[nodiscard]] const AssociationCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] SendQueue& send_queue() noexcept { return send_queue_; }
  [[nodiscard]] std::uint16_t outbound_streams() const noexcept { return outbound_streams_; }
  [[nodiscard]] std::span<const Path> paths() const noexcept { return paths_; }
  [[nodiscard]] PathId find_path(const IpAddress& address) const noexcept;  // kNoPath: none
  [[nodiscard]] bool has_local(const IpAddress& address) const noexcept;
  [[nodiscard]] bool tags_match(const Cookie& cookie) const noexcept;  // both, §5.2.4 step 3
  [[nodiscard]] AssociationStatus status() const;
  void check_consistent() const noexcept;

 private:
  struct HeartbeatReply {  // a HEARTBEAT to be answered with all it contained (§8.3)
    PathId path;
    Slice value;
  };
  struct Setup {  // in COOKIE-WAIT and COOKIE-ECHOED
    bool init_due = false;
    bool cookie_echo_due = false;
    bool resent = false;                    // INIT or COOKIE ECHO: Karn
    unsigned attempts = 0;                  // retransmissions of INIT, then of COOKIE ECHO
    unsigned stale_cookies = 0;             // how often the peer refused a cookie as too old (§5.2.6)
    std::uint32_t cookie_preservative = 0;  // milliseconds to ask for (§5.2.6)
    std::uint32_t peer_adaptation = 0;      // RFC 5061 §4.2.6; 0: none
    Time sent_at{};                         // last INIT or COOKIE ECHO
    Duration rto{};
    Slice cookie;  // to be echoed
  };
  struct Refusal {            // RFC 6951 §5.5: ICMP says that nobody is at the peer's UDP port
    Time until{};             // when it may be about the same flight of packets
    std::uint64_t heard = 0;  // packets_received when it was first said
  };
  struct Forwarded {  // by the last FORWARD TSN (RFC 3758)
    Tsn to;           // the Advanced.Peer.Ack.Point then
    Tsn point;        // what it said: less, if not all of it fitted
    Time at{};
  };
  struct HeldData {  // arrived, but perhaps sent after a reset that is not done yet (RFC 6525)
    Ring<Fragment> fragments;
    std::size_t bytes = 0;

    void add(Fragment&& fragment) noexcept {
      bytes += fragment.payload.size();
      fragments.push_back(std::move(fragment));
    }
  };

  // association.cpp
  [[nodiscard]] bool tag_accepted(const wire::Packet& packet, const wire::Chunk& first) noexcept;
  bool on_chunk(const wire::Chunk& chunk, const Datagram& datagram, PathId from, Time now) noexcept;
  bool on_unknown_chunk(const wire::Chunk& chunk) noexcept;
  void queue_error(wire::CauseCode code, wire::Bytes value) noexcept;
  void enter(State state) noexcept { state_ = state; }
  void come_up(bool inbound, std::uint32_t peer_adaptation, Time now) noexcept;
  void note_activity(Time now) noexcept;
  // Ends the association: reports it and everything unsent (§11.2.5, §11.2.2).
  void finish(AssociationChanged::What what, AssociationChanged::Reason reason, std::uint16_t cause = 0,
              wire::Bytes abort_chunk = {}) noexcept;
  void report_sender_dry() noexcept;
  void fail_messages(std::uint16_t cause) noexcept;
  void report_failed(const OutgoingMessage& message, std::uint16_t cause) noexcept;
  void fail_message(OutgoingMessage* message, std::uint16_t cause) noexcept;
  void fail_messages_beyond_streams() noexcept;  // §5.1.1
  // Sends ABORT with one cause, then finishes (§9.1).
  void abort_with(wire::CauseCode code, wire::Bytes value, AssociationChanged::Reason reason) noexcept;

  // handshake_initiator.cpp
  bool on_init_ack(const wire::Chunk& chunk, const Datagram& datagram, Time now) noexcept;
  void adopt_peer(const PeerParameters& peer, const Datagram& datagram) noexcept;
  void forget_unlisted(const PeerParameters& peer, const IpAddress& source) noexcept;
  void on_cookie_ack(Time now) noexcept;
  void guard_early_data(Time now) noexcept;
  void on_stale_cookie(const wire::Parameter& cause, Time now) noexcept;
  void on_t1(Time now) noexcept;
  void start_over(Time now) noexcept;
  void apply_cookie(const Cookie& cookie) noexcept;
  void restart(const Cookie& cookie, PathId from, Time now) noexcept;
  void keep_only(std::span<const IpAddress> addresses) noexcept;

  // receive.cpp
  bool on_data(const wire::Chunk& chunk, const Datagram& datagram, PathId from, Time now) noexcept;
  bool make_room(Tsn tsn) noexcept;
  void deliver_partially() noexcept;
  void end_cut_short_delivery(PathId from) noexcept;
  void deliver(PathId from) noexcept;
  void data_packet_done(PathId from, Time now) noexcept;
  [[nodiscard]] std::size_t window_room() const noexcept;  // payload bytes that could be taken in now
  [[nodiscard]] std::size_t advertised_window() const noexcept;
  [[nodiscard]] bool window_closed() const noexcept;
  [[nodiscard]] bool window_update_due() const noexcept;

  // acknowledge.cpp
  void on_sack(const wire::Chunk& chunk, Time now) noexcept;
  void on_cumulative_ack(std::uint32_t cumulative, Time now) noexcept;
  void apply(const Outstanding::SackOutcome& outcome, std::span<const std::size_t> flight_before, Time now) noexcept;
  [[nodiscard]] std::size_t packets_acknowledged(const Outstanding::SackOutcome& outcome) const noexcept;
  [[nodiscard]] bool window_fully_used(Path& path, std::size_t flight_before, Time now) const noexcept;

  void enter_fast_recovery(const Outstanding::SackOutcome& outcome) noexcept;

  // recovery.cpp
  void choose_loss_detection() noexcept;
  void examine_by_time(const wire::Sack& sack, Outstanding::SackOutcome& outcome, Time now) noexcept;
  void examine_probe(PathId id, const wire::Sack& sack) noexcept;
  void mark_late_chunks(Outstanding::SackOutcome& outcome, Time now) noexcept;
  void schedule_probe(PathId id, Time now) noexcept;
  void expire_recovery(Time now) noexcept;
  void send_probe(PathId id, Time now) noexcept;

  // pacing.cpp
  // There is one, or there is to be one.
  [[nodiscard]] bool wants_model() const noexcept {
    return bbr_ || parameters_->congestion_control == CongestionControl::kBbr;
  }
  void choose_model(Time now) noexcept;
  void note_nothing_to_send(Time now) noexcept;
  void update_model(PathId id, Time now) noexcept;
  void model_timed_out(PathId id, std::size_t bytes_lost, Time now) noexcept;
  [[nodiscard]] Bbr::Moment moment(PathId path, Time now) const noexcept;
  [[nodiscard]] bool on_pace(PathId path) const noexcept { return !bbr_ || pace_allows(path); }
  [[nodiscard]] bool pace_allows(PathId path) const noexcept;

  // transmit.cpp
  [[nodiscard]] std::optional<PathId> next_packet_path() noexcept;
  [[nodiscard]] std::optional<PathId> next_data_path() noexcept;
  [[nodiscard]] std::size_t packet_limit(PathId path) const noexcept;
  [[nodiscard]] PacketMarks packet_marks(const Path& to, bool may_fragment) const noexcept;
  void write_packet(wire::PacketWriter& writer, PathId path, Time now) noexcept;
  void write_init(wire::PacketWriter& writer, Time now) noexcept;
  void write_cookie_echo(wire::PacketWriter& writer, PathId path, Time now) noexcept;
  void write_control(wire::PacketWriter& writer, PathId path, Time now) noexcept;
  void write_errors(wire::PacketWriter& writer) noexcept;
  void write_heartbeat(wire::PacketWriter& writer, PathId id, Time now) noexcept;
  void write_sack(wire::PacketWriter& writer) noexcept;
  void write_shutdown(wire::PacketWriter& writer, PathId path, Time now) noexcept;
  void write_data(wire::PacketWriter& writer, PathId path, Time now) noexcept;
  bool write_retransmissions(wire::PacketWriter& writer, PathId path, Time now) noexcept;
  bool write_new_data(wire::PacketWriter& writer, PathId path, Time now) noexcept;
  [[nodiscard]] bool may_send_data() const noexcept;
  [[nodiscard]] bool window_open(PathId path) const noexcept;
  [[nodiscard]] bool fills_window_alone(PathId path) const noexcept;
  [[nodiscard]] bool peer_window_allows(std::size_t payload) const noexcept;
  [[nodiscard]] bool nagle_holds(PathId path) const noexcept;
  [[nodiscard]] std::size_t fragment_size() const noexcept;  // payload of a full DATA chunk (AMDCS, §7.3)
  [[nodiscard]] PathId sack_path() const noexcept;
  [[nodiscard]] bool sack_fits_before_data(const wire::PacketWriter& writer) noexcept;
  [[nodiscard]] bool burst_over() const noexcept;
  void allow_burst(std::size_t acked_packets = 0) noexcept;  // §6.1 D
  void end_burst_of_the_past(Time now) noexcept;
  void start_t3(PathId path, Time now, bool restart) noexcept;

  // partial.cpp
  void give_up(Time now) noexcept;
  void give_up_unsent(Time now) noexcept;
  [[nodiscard]] bool tried_enough(Tsn tsn, Time now) const noexcept;
  template <typename Predicate>
  void abandon_least_important(std::size_t goal, Predicate&& less_important) noexcept;
  void abandon_front() noexcept;
  void abandon_sent(Tsn tsn) noexcept;
  void abandon_chunks(Tsn tsn) noexcept;
  [[nodiscard]] bool forward_tsn_wanted() const noexcept;
  void update_forward_tsn(Time now) noexcept;
  void guard_forward_tsn(Time now) noexcept;
  void forward_tsn_after_sack(Time now) noexcept;
  void write_forward_tsn(wire::PacketWriter& writer, PathId path, Time now) noexcept;
  bool on_forward_tsn(const wire::Chunk& chunk, PathId from) noexcept;

  // stream_reset.cpp
  void begin_reconfiguration(std::uint32_t peer_initial_tsn) noexcept;
  [[nodiscard]] std::error_code may_request(std::uint8_t permission) const noexcept;
  [[nodiscard]] static bool fits_request(std::size_t streams, std::size_t lists) noexcept;
  [[nodiscard]] std::size_t request_packet_size() const noexcept;
  void request_reconfiguration(Reconfiguration::Request&& request) noexcept;
  [[nodiscard]] bool holds_new_messages() const noexcept;
  [[nodiscard]] bool awaits_association_reset() const noexcept;
  [[nodiscard]] bool reconfiguration_due() const noexcept;
  [[nodiscard]] bool request_sendable() const noexcept;
  void write_reconfiguration(wire::PacketWriter& writer, PathId path, Time now) noexcept;
  [[nodiscard]] std::size_t write_answers(wire::PacketWriter& writer) const noexcept;
  [[nodiscard]] bool write_request(wire::PacketWriter& writer) const noexcept;
  void on_reconfiguration_timer() noexcept;
  void mark_answered(std::uint32_t sequence) noexcept;
  void tell_outcome(const Reconfiguration::Request& request, const Reconfiguration::Request::Part& part,
                    ReconfigurationOutcome outcome) noexcept;
  void fail_request() noexcept;
  void on_reconfiguration_response(wire::Bytes value, Time now) noexcept;
  void on_association_reset_done(std::uint32_t peer_next_tsn, std::uint32_t own_next_tsn) noexcept;
  void restart_numbering(std::uint32_t own_next_tsn, std::uint32_t peer_next_tsn) noexcept;

  // stream_reset_peer.cpp
  bool on_reconfiguration(const wire::Chunk& chunk, Time now) noexcept;
  void answer(std::uint32_t sequence, Reconfiguration::Result result) noexcept;
  void answer(const Reconfiguration::Response& response) noexcept;
  void queue_answer(const Reconfiguration::Response& response) noexcept;
  void remember(const Reconfiguration::Response& response) noexcept;
  void on_reconfiguration_request(const wire::Parameter& parameter) noexcept;
  [[nodiscard]] bool asked_before(std::uint32_t sequence) noexcept;
  void on_outgoing_reset(std::uint32_t sequence, wire::Bytes value) noexcept;
  void on_incoming_reset(std::uint32_t sequence, wire::Bytes list) noexcept;
  void on_added_streams(std::uint32_t sequence, std::uint16_t more, bool inbound) noexcept;
  void ask_in_return(Reconfiguration::Request&& own, std::uint32_t sequence) noexcept;
  void perform_deferred() noexcept;
  [[nodiscard]] bool held_by_reset(StreamId stream, Tsn tsn) const noexcept;
  void hold(Fragment&& fragment) noexcept;
  [[nodiscard]] bool drop_held(Tsn floor) noexcept;
  bool release_held(Tsn before) noexcept;

  // timers.cpp
  void on_t3(PathId id, Time now) noexcept;
  void on_t2(Time now) noexcept;
  void count_association_error() noexcept;  // §8.1; may finish

  // path_management.cpp
  [[nodiscard]] bool speaks(Family family) const noexcept;                     // our endpoint has an address of it
  PathId add_path(const IpAddress& address, std::uint16_t udp_port) noexcept;  // kNoPath: no room or taken
  void choose_local_addresses(const IpAddress& announced_to) noexcept;
  [[nodiscard]] IpAddress choose_local(const IpAddress& peer, PathId index) const noexcept;
  void confirm(PathId id, Time now) noexcept;
  void path_error(PathId id) noexcept;                 // §8.2
  void path_answered(PathId id) noexcept;              // §8.2
  void probe_potentially_failed(Path& path) noexcept;  // RFC 7829 §3.2
  void switch_primary() noexcept;                      // RFC 7829 §5
  [[nodiscard]] PathId data_path() const noexcept;
  [[nodiscard]] PathId alternate_path(PathId avoid) const noexcept;
  [[nodiscard]] PathId retransmit_path(const Outstanding::Chunk& chunk) const noexcept;
  bool on_heartbeat(const wire::Chunk& chunk, PathId from, const Datagram& datagram) noexcept;
  void on_heartbeat_ack(const wire::Chunk& chunk, Time now) noexcept;
  void on_heartbeat_timer(PathId id, Time now) noexcept;
  void schedule_heartbeat(PathId id, Time from) noexcept;
  void start_heartbeats(Time now) noexcept;
  void emit_path(PathId id, PathChanged::What what) noexcept;

  // path_mtu.cpp
  [[nodiscard]] static bool may_search(const Path& path) noexcept;
  [[nodiscard]] std::size_t largest_probe(const Path& path) const noexcept;
  void begin_search(const Path& busy, Time now) noexcept;
  [[nodiscard]] bool mtu_probe_due(PathId id) const noexcept {  // RFC 9260 §8.3: no HEARTBEAT while shutting down
    return mtu_probes_due_ && paths_[id].search.read().probe_due() && may_send_data();
  }
  void on_search_timer(Time now) noexcept;
  void continue_search(Path& path, Time now) noexcept;
  void follow_search(Path& path) noexcept;
  void write_mtu_probe(wire::PacketWriter& writer, PathId id, Time now) noexcept;
  bool on_mtu_probe_answer(wire::Bytes info, Time now) noexcept;  // false: it is of a HEARTBEAT
  void suspect_black_hole(Path& path) noexcept;

  // icmp.cpp
  [[nodiscard]] static bool quotes_init(const IcmpError& error) noexcept;

  // termination.cpp
  bool on_abort(const wire::Chunk& chunk) noexcept;
  void on_shutdown(const wire::Chunk& chunk, Time now) noexcept;
  void on_shutdown_ack(const Datagram& datagram) noexcept;
  void begin_shutdown_sent(Time now) noexcept;
  void begin_shutdown_ack_sent(Time now) noexcept;
  [[nodiscard]] bool all_data_acknowledged() const noexcept { return send_queue_.empty() && outstanding_.empty(); }

  static constexpr std::size_t kMaxHeartbeatReplies = 4;
  static constexpr std::size_t kMaxErrors = 8;
  static constexpr unsigned kMaxEmptyPackets = 16;
  static constexpr unsigned kAttemptsWithData = 2;  // COOKIE ECHOs
  // Real memory of a small received piece beside its payload, and how much of it a receive buffer may cost in all.
  static constexpr std::size_t kPieceMemory = 384;
  static constexpr std::size_t kMemoryPerReceiveBuffer = 8;

  // What each packet touches comes first, chapter by chapter, so that it lies together in memory; what few associations
  // need is made when they first do.

  // --- identity ------------------------------------------------------------------------------------------------------
  StackState& stack_;
  Shared<AssociationParameters> parameters_;
  const AssociationId id_;
  const EndpointId endpoint_;
  const std::uint16_t local_port_;
  const std::uint16_t peer_port_;
  std::uint32_t local_tag_ = 0;
  std::uint32_t peer_tag_ = 0;  // 0: not known yet
  State state_ = State::kClosed;
  bool pending_ = false;  // counts against its endpoint's backlog
  bool inbound_ = false;  // the peer began

  // --- of the packet under examination -------------------------------------------------------------------------------
  bool had_gaps_ = false;  // before it
  bool packet_has_new_data_ = false;
  bool packet_has_data_ = false;
  bool packet_has_error_ = false;

  // --- control due ---------------------------------------------------------------------------------------------------
  bool sack_now_ = false;
  bool cookie_ack_due_ = false;
  bool shutdown_due_ = false;
  bool shutdown_ack_due_ = false;
  bool forward_tsn_due_ = false;
  bool mtu_probes_due_ = false;  // of some path (RFC 8899)
  PathId setup_path_ = 0;        // where INIT and COOKIE ECHO go
  PathId reply_path_ = 0;        // COOKIE ACK
  PathId error_path_ = 0;        // ERROR
  PathId shutdown_path_ = 0;
  PathId reconfiguration_path_ = 0;

  // --- addresses -----------------------------------------------------------------------------------------------------
  PathId primary_ = 0;
  std::vector<Path> paths_;
  TimerTable timers_;
  AssociationCounters counters_;

  // --- receiving -----------------------------------------------------------------------------------------------------
  PathId last_data_path_ = kNoPath;
  bool first_data_ = true;            // §5.1: the first DATA is acknowledged at once
  bool reneged_ = false;              // data reported in a gap was dropped again (§6.2)
  bool partial_reliability_ = false;  // RFC 3758: agreed
  std::uint16_t inbound_streams_ = 0;
  unsigned packets_unacked_ = 0;  // packets with DATA since the last SACK
  std::size_t unread_bytes_ = 0;  // delivered, not consumed()
  std::size_t unread_pieces_ = 0;
  std::size_t advertised_left_ = 0;  // what the peer believes our window to be
  TsnMap received_;
  Reassembly reassembly_;

  // --- sending -------------------------------------------------------------------------------------------------------
  std::uint16_t outbound_streams_ = 0;
  bool fast_retransmit_packet_ = false;  // one packet ignoring cwnd is due (§7.2.4 step 3)
  PathId beyond_window_ = kNoPath;       // a packet of new data ignoring cwnd is due there (RFC 8985 §7.3)
  bool send_space_wanted_ = false;
  bool sender_dry_wanted_ = false;
  bool probe_due_ = false;             // a zero window probe may go (§6.1 A)
  bool probing_ = false;               // one was sent into a closed window
  bool sack_since_t3_ = false;         // the peer still answers: timeouts of probes count no errors (§6.1 A)
  bool has_pinned_messages_ = false;   // a message was ever sent to a path of its own
  bool has_limited_messages_ = false;  // a message that may be given up was ever sent (RFC 3758)
  unsigned error_count_ = 0;           // §8.1
  unsigned timeouts_on_end_ = 0;       // of T3-rtx since data was last acknowledged
  std::size_t peer_rwnd_ = 0;          // §6.2.1: what the peer can still take
  std::size_t burst_left_ = 0;         // packets of new data until the next opportunity (§6.1 D)
  SendQueue send_queue_;
  Outstanding outstanding_;
  std::optional<Tsn> fast_recovery_exit_;  // §7.2.4 step 6
  std::unique_ptr<Racks> rack_;            // nullptr: RFC 9260's loss detection
  std::unique_ptr<BbrPaths> bbr_;          // nullptr: another congestion control

  // --- stream re-configuration (RFC 6525) ----------------------------------------------------------------------------
  Rare<Reconfiguration> reconfiguration_;
  Rare<HeldData> held_;
  std::uint32_t next_request_ = 0;      // sequence number of our next request
  std::uint32_t expected_request_ = 0;  // and of the peer's
  bool stream_reset_ = false;           // agreed
  bool numbering_restarted_ = false;    // once: SACKs of the old numbers may still be on their way

  // --- seldom --------------------------------------------------------------------------------------------------------
  std::uint32_t local_initial_tsn_ = 0;
  std::uint32_t local_tie_tag_ = 0;  // §5.2.2: random, once an INIT came for this association
  std::uint32_t peer_tie_tag_ = 0;
  Shared<std::vector<IpAddress>> local_addresses_;  // announced to the peer
  Rare<Setup> setup_;
  Rare<Ring<HeartbeatReply>> heartbeat_replies_;  // not empty
  Rare<Ring<Slice>> errors_;                      // causes to be sent in an ERROR chunk; not empty
  Rare<Refusal> refusal_;
  Rare<Forwarded> forwarded_;
  Rare<AbandonedCounters> abandoned_;
};

}  // namespace netsctp::core
