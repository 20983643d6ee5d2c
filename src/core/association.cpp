// Creation, one packet in, events, and the end of an association.
#include "core/association.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/bytes.hpp"
#include "core/stack_state.hpp"
#include "wire/control.hpp"
#include "wire/data.hpp"

namespace netsctp::core {

Association::Association(StackState& stack, AssociationId id, EndpointId endpoint, std::uint16_t local_port,
                         std::uint16_t peer_port, const AssociationParameters& parameters) noexcept
    : stack_(stack),
      parameters_(stack.parameter_sets.of(parameters)),
      id_(id),
      endpoint_(endpoint),
      local_port_(local_port),
      peer_port_(peer_port),
      received_(Tsn::initial(0)),
      reassembly_(stack.pool, &stack.nodes),
      send_queue_(stack.messages),
      outstanding_(Tsn::initial(0), stack.messages),
      local_addresses_(stack.address_lists.of({})) {
  send_queue_.set_scheduler(parameters.scheduler);
}

Association::~Association() {
  for (const Path& path : paths_) stack_.unregister_address(*this, path.address);
  if (Endpoint* const owner = stack_.endpoint(endpoint_)) {
    --owner->associations;
    if (pending_) --owner->pending;
  }
}

bool Association::tag_accepted(const wire::Packet& packet, const wire::Chunk& first) noexcept {
  const std::uint32_t tag = packet.header.verification_tag;
  switch (first.kind()) {
    case wire::ChunkType::kAbort:             // RFC 9260 §8.5.1 B
    case wire::ChunkType::kShutdownComplete:  // RFC 9260 §8.5.1 C
      return wire::tag_reflected(first) ? peer_tag_ != 0 && tag == peer_tag_ : tag == local_tag_;
    default:
      return tag == local_tag_;  // RFC 9260 §8.5
  }
}

void Association::receive(const wire::Packet& packet, const Datagram& datagram, Time now) noexcept {
  wire::ChunkReader reader = packet.reader();
  wire::ChunkReader peek = reader;
  while (const std::optional<wire::Chunk> chunk = peek.next()) {
    if (tag_accepted(packet, *chunk)) continue;
    ++stack_.counters.discarded_bad_tag;
    return;
  }
  const PathId from = find_path(datagram.from.ip);
  follow_udp_port(from, datagram.from.port);
  receive_chunks(reader, datagram, from, now);
}

void Association::receive_chunks(wire::ChunkReader& reader, const Datagram& datagram, PathId from, Time now) noexcept {
  packet_has_data_ = packet_has_new_data_ = packet_has_error_ = false;
  ++counters_.packets_received;
  // RFC 9260 §6.4: an ERROR answers where the chunk came from, unless that address is not confirmed yet (§5.4).
  if (!errors_.is_used()) error_path_ = from != kNoPath && paths_[from].confirmed ? from : data_path();
  had_gaps_ = received_.has_gaps();
  // RFC 9260 §9.2: a peer that is heard is not failing. Its DATA restarts T2 (data_packet_done); its HEARTBEATs must
  // not, for a peer that missed our SHUTDOWN sends them for ever.
  if (state_ == State::kShutdownSent) error_count_ = 0;
  while (state_ != State::kClosed) {
    const std::optional<wire::Chunk> chunk = reader.next();
    if (!chunk) break;
    if (!on_chunk(*chunk, datagram, from, now)) break;
  }
  if (reader.malformed()) ++stack_.counters.discarded_malformed_chunk;
  if (packet_has_data_ && state_ != State::kClosed) {
    data_packet_done(from, now);
    perform_deferred();
  }
}

// False: nothing after it in this packet is to be processed.
bool Association::on_chunk(const wire::Chunk& chunk, const Datagram& datagram, PathId from, Time now) noexcept {
  if (chunk.kind() != wire::ChunkType::kData) ++counters_.control_chunks_received;
  switch (chunk.kind()) {
    case wire::ChunkType::kData:
      return on_data(chunk, datagram, from, now);
    case wire::ChunkType::kSack:
      on_sack(chunk, now);
      return true;
    case wire::ChunkType::kHeartbeat:
      return on_heartbeat(chunk, from, datagram);
    case wire::ChunkType::kHeartbeatAck:
      on_heartbeat_ack(chunk, now);
      return true;
    case wire::ChunkType::kInitAck:
      return on_init_ack(chunk, datagram, now);
    case wire::ChunkType::kCookieAck:
      on_cookie_ack(now);
      return true;
    case wire::ChunkType::kAbort:
      return on_abort(chunk);
    case wire::ChunkType::kShutdown:
      on_shutdown(chunk, now);
      return true;
    case wire::ChunkType::kShutdownAck:
      on_shutdown_ack(datagram);
      return false;
    case wire::ChunkType::kShutdownComplete:
      // RFC 9260 §8.5.1 C: only in SHUTDOWN-ACK-SENT does it end the association.
      if (state_ == State::kShutdownAckSent) {
        ++stack_.counters.associations_shut_down;
        finish(AssociationChanged::What::kShutdownComplete, AssociationChanged::Reason::kNone);
      } else {
        ++stack_.counters.discarded_unexpected_chunk;
      }
      return false;
    case wire::ChunkType::kError: {
      if (const auto stale = wire::find_cause(chunk, wire::CauseCode::kStaleCookie)) {
        on_stale_cookie(*stale, now);  // RFC 9260 §5.2.6: of no account in other states
        return true;
      }
      // One report for a packet: a peer must not fill our memory with reports of tiny ERROR chunks.
      if (state_ == State::kClosed || state_ == State::kCookieWait || std::exchange(packet_has_error_, true))
        return true;
      wire::ParameterReader causes(chunk.value());
      const auto first = causes.next();
      stack_.emit(*this, RemoteError{first ? first->type : std::uint16_t{0}, {chunk.whole.begin(), chunk.whole.end()}});
      return true;
    }
    case wire::ChunkType::kReConfig:
      return on_reconfiguration(chunk, now);
    case wire::ChunkType::kForwardTsn:
      return on_forward_tsn(chunk, from);
    case wire::ChunkType::kInit:        // RFC 9260 §6.10: never bundled
    case wire::ChunkType::kCookieEcho:  // RFC 9260 §3.2.2: only as the first chunk, which StackState handles
      ++stack_.counters.discarded_bad_bundling;
      return false;
    case wire::ChunkType::kEcne:  // RFC 9260 table 1: reserved, known and without effect here
    case wire::ChunkType::kCwr:
    case wire::ChunkType::kPad:  // RFC 4820 §3: made to be ignored
      return true;
    default:
      return on_unknown_chunk(chunk);
  }
}

bool Association::on_unknown_chunk(const wire::Chunk& chunk) noexcept {
  ++stack_.counters.unknown_chunks;
  const wire::UnknownAction action = wire::action_for_unknown_chunk(chunk.type);
  // RFC 9260 §3.2: the two high bits say whether to go on and whether to tell the sender.
  if (action.report) queue_error(wire::CauseCode::kUnrecognizedChunkType, chunk.whole);
  return !action.stop;
}

void Association::queue_error(wire::CauseCode code, wire::Bytes value) noexcept {
  const std::size_t length = wire::kCauseHeaderSize + value.size();
  // A cause that would not fit one packet is not sent at all: an echo must not outgrow the path.
  const PathId path = data_path();
  if (errors_.read().size() >= kMaxErrors || path == kNoPath ||
      wire::padded(length) + wire::kChunkHeaderSize + wire::kCommonHeaderSize > paths_[path].max_packet) {
    return;
  }
  Slice cause = stack_.pool.allocate(length);
  if (!cause) return;
  store_big(cause.writable(), static_cast<std::uint16_t>(code));
  store_big(cause.writable() + 2, static_cast<std::uint16_t>(length));
  std::copy(value.begin(), value.end(), cause.writable() + wire::kCauseHeaderSize);
  errors_.use().push_back(std::move(cause));
}

void Association::come_up(bool inbound, std::uint32_t peer_adaptation, Time now) noexcept {
  enter(State::kEstablished);
  inbound_ = inbound;
  error_count_ = 0;
  timers_.stop(Timer::kT1);
  advertised_left_ = window_room();
  setup_.reset();
  ++stack_.counters.associations_established;
  AssociationChanged up;
  up.inbound = inbound;
  up.outbound_streams = outbound_streams_;
  up.inbound_streams = inbound_streams_;
  stack_.emit(*this, std::move(up));
  if (peer_adaptation != 0) stack_.emit(*this, AdaptationIndicated{peer_adaptation});
  note_activity(now);
  start_heartbeats(now);
  allow_burst();
}

// RFC 6458 §8.1.8: the time without data begins anew.
void Association::note_activity(Time now) noexcept {
  if (parameters_->autoclose != Duration{}) timers_.start(Timer::kAutoclose, now + parameters_->autoclose);
}

// RFC 6458 §6.1.9: told at once if nothing is waiting now.
void Association::want_sender_dry() noexcept {
  sender_dry_wanted_ = true;
  report_sender_dry();
}

void Association::report_sender_dry() noexcept {
  if (!sender_dry_wanted_ || !may_send_data() || !all_data_acknowledged()) return;
  sender_dry_wanted_ = false;
  stack_.emit(*this, SenderDry{});
}

void Association::report_failed(const OutgoingMessage& message, std::uint16_t cause) noexcept {
  SendFailed failed;
  const auto bytes = message.payload.bytes();
  failed.payload.assign(bytes.begin(), bytes.end());
  failed.ppid = message.ppid;
  failed.context = message.context;
  failed.stream = message.stream;
  failed.unordered = message.unordered;
  failed.was_sent = message.transmitted;
  failed.cause = cause;
  failed.fragment_size = paths_.empty() ? 0 : fragment_size();
  stack_.emit(*this, std::move(failed));
  if (std::exchange(send_space_wanted_, false)) stack_.emit(*this, SendSpace{});
}

void Association::fail_message(OutgoingMessage* message, std::uint16_t cause) noexcept {
  if (!message->abandoned) report_failed(*message, cause);  // else it was when it was abandoned
  stack_.messages.destroy(message);
}

void Association::fail_messages(std::uint16_t cause) noexcept {
  // The queue first: it lets go of a message that is partly outstanding, which then belongs to the outstanding chunks
  // alone.
  std::vector<OutgoingMessage*> unsent;
  while (OutgoingMessage* const message = send_queue_.pop_abandoned()) unsent.push_back(message);
  while (OutgoingMessage* const message = outstanding_.pop_abandoned()) fail_message(message, cause);
  for (OutgoingMessage* const message : unsent) fail_message(message, cause);
}

// RFC 9260 §5.1.1: what was queued before the peer's limit was known and is for a stream beyond it must not be sent.
void Association::fail_messages_beyond_streams() noexcept {
  for (OutgoingMessage* const message : send_queue_.remove_streams_from(outbound_streams_)) {
    fail_message(message, static_cast<std::uint16_t>(wire::CauseCode::kInvalidStreamIdentifier));
  }
}

void Association::finish(AssociationChanged::What what, AssociationChanged::Reason reason, std::uint16_t cause,
                         wire::Bytes abort_chunk) noexcept {
  if (state_ == State::kClosed) return;
  enter(State::kClosed);
  timers_.stop_all();
  fail_request();
  fail_messages(cause);
  AssociationChanged changed;
  changed.what = what;
  changed.reason = reason;
  changed.inbound = inbound_;
  changed.cause = cause;
  changed.outbound_streams = outbound_streams_;
  changed.inbound_streams = inbound_streams_;
  changed.abort_chunk.assign(abort_chunk.begin(), abort_chunk.end());
  stack_.emit(*this, std::move(changed));
}

void Association::abort_with(wire::CauseCode code, wire::Bytes value, AssociationChanged::Reason reason) noexcept {
  if (state_ == State::kClosed) return;
  const bool setting_up = state_ == State::kCookieWait || state_ == State::kCookieEchoed;
  const PathId path = setting_up ? setup_path_ : data_path();
  // RFC 9260 §9.1: ABORT with the peer's tag. Before the peer's tag is known there is nobody to tell.
  if (path != kNoPath && peer_tag_ != 0) {
    const Path& to = paths_[path];
    stack_.reply({to.address, to.remote_udp_port}, to.local, local_port_, peer_port_, peer_tag_,
                 [&](wire::PacketWriter& writer) {
                   writer.open(wire::ChunkType::kAbort, 0);
                   if (!writer.cause(code, value)) writer.cause(code);
                   writer.close();
                 });
  }
  ++stack_.counters.associations_aborted;
  finish(setting_up ? AssociationChanged::What::kCannotStart : AssociationChanged::What::kLost, reason,
         static_cast<std::uint16_t>(code));
}

void Association::set_parameters(const AssociationParameters& parameters) noexcept {
  parameters_ = stack_.parameter_sets.of(parameters);
}

bool Association::has_local(const IpAddress& address) const noexcept {
  return std::find(local_addresses_->begin(), local_addresses_->end(), address) != local_addresses_->end();
}

std::error_code Association::send(SendRequest&& request, Time now) noexcept {
  switch (state_) {
    case State::kCookieWait:
    case State::kCookieEchoed:
    case State::kEstablished:
      break;
    default:  // RFC 9260 §9.2: no new data once shutdown has begun
      return std::make_error_code(std::errc::broken_pipe);
  }
  PathId path = kNoPath;
  if (request.to) {
    path = find_path(*request.to);
    if (path == kNoPath) return std::make_error_code(std::errc::invalid_argument);
    has_pinned_messages_ = true;
  }
  const std::uint16_t streams = state_ == State::kCookieWait ? parameters_->outbound_streams : outbound_streams_;
  // RFC 9260 §3.3.1: DATA is never empty.
  if (!request.payload || request.payload.size() == 0 || request.stream >= streams) {
    return std::make_error_code(std::errc::invalid_argument);
  }
  OutgoingMessage* const message = stack_.messages.create();
  if (message == nullptr) return std::make_error_code(std::errc::not_enough_memory);
  message->payload = std::move(request.payload);
  message->ppid = request.ppid;
  message->context = request.context;
  message->stream = request.stream;
  message->path = path;
  message->unordered = request.unordered;
  message->immediate = request.immediate;
  message->queued_at = now;
  message->reliability = request.reliability;
  if (request.reliability.policy != Reliability::Policy::kReliable) has_limited_messages_ = true;
  if (request.reliability.policy == Reliability::Policy::kTimed) {
    message->expires_at = now + std::chrono::milliseconds(request.reliability.value);
  }
  if (bbr_) note_nothing_to_send(now);
  send_queue_.push(message);
  end_burst_of_the_past(now);
  allow_burst();
  return {};
}

AssociationStatus Association::status() const {
  AssociationStatus status;
  status.id = id_;
  status.endpoint = endpoint_;
  status.state = state_;
  status.local_port = local_port_;
  status.peer_port = peer_port_;
  status.local_tag = local_tag_;
  status.peer_tag = peer_tag_;
  status.outbound_streams = outbound_streams_;
  status.inbound_streams = inbound_streams_;
  status.peer_rwnd = peer_rwnd_;
  status.local_rwnd = advertised_window();
  status.unacked_chunks = outstanding_.size();
  status.pending_messages = send_queue_.message_count();
  status.buffered_bytes = buffered_bytes();
  status.fragmentation_point = paths_.empty() ? 0 : fragment_size();
  status.error_count = error_count_;
  status.partial_reliability = partial_reliability_;
  status.stream_reset = stream_reset_;
  status.parameters = *parameters_;
  status.local_addresses = *local_addresses_;
  for (PathId i = 0; i < paths_.size(); ++i) {
    const Path& path = paths_[i];
    PathStatus one;
    one.address = {path.address, peer_port_};
    one.state = static_cast<PathStatus::State>(path.state);
    one.primary = i == primary_;
    one.cwnd = path.congestion.window();
    one.ssthresh = path.congestion.slow_start_threshold();
    one.in_flight = outstanding_.in_flight(i);
    one.srtt = path.timeout.srtt();
    one.rto = path.timeout.rto();
    one.mtu = path.mtu;
    one.error_count = path.error_count;
    one.remote_udp_port = path.remote_udp_port;
    one.parameters = *path.parameters;
    status.paths.push_back(one);
  }
  return status;
}

void Association::check_consistent() const noexcept {
  reassembly_.check_consistent();
  outstanding_.check_consistent();
  assert(stack_.delivered.empty());
  assert(primary_ < paths_.size());
  assert(state_ == State::kClosed || !local_addresses_->empty());
}

}  // namespace netsctp::core
