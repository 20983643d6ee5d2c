// The only writer of an association's packets (RFC 9260 §6.1, §6.10): asks what is due, chooses where it goes, fills
// packets.
#include <algorithm>
#include <utility>

#include "base/bytes.hpp"
#include "core/association.hpp"
#include "core/stack_state.hpp"

namespace netsctp::core {

bool Association::transmit(TransmitBatch& batch, Time now) noexcept {
  if (bbr_) bbr_->now = now;
  unsigned empty_packets = 0;
  for (;;) {
    give_up(now);  // RFC 3758 §4.1 TR3, TR4: before anything is sent
    const std::optional<PathId> path = next_packet_path();
    if (!path) return false;
    Path& to = paths_[*path];
    const bool is_mtu_probe = mtu_probe_due(*path);
    const std::span<std::byte> space = batch.prepare(packet_limit(*path));
    if (space.empty()) return true;
    // RFC 9260 §3.1: the tag is the one that the peer gave; §8.5.1 A: INIT goes with tag 0.
    const std::uint32_t tag = state_ == State::kCookieWait ? 0 : peer_tag_;
    wire::PacketWriter writer(space, {local_port_, peer_port_, tag});
    write_packet(writer, *path, now);
    if (writer.empty()) {  // what was due turned out not to be sendable: something else may be
      if (++empty_packets > kMaxEmptyPackets) return false;
      continue;
    }
    counters_.control_chunks_sent += writer.control_chunks();
    const std::size_t size = writer.finish().size();
    // RFC 9260 §6.9: a chunk that was cut for a larger path MTU; or the user has fixed the MTU and wants no discovery.
    const bool may_fragment = !is_mtu_probe && (size > to.max_packet || to.parameters->path_mtu != 0);
    batch.commit(size, {to.address, to.remote_udp_port}, to.local, packet_marks(to, may_fragment));
    ++stack_.counters.packets_sent;
    ++counters_.packets_sent;
  }
}

// RFC 6458 §8.1.12: what was set for the path; else what the socket has for all of the family.
PacketMarks Association::packet_marks(const Path& to, bool may_fragment) const noexcept {
  const std::uint8_t usual = to.address.is_v4() ? parameters_->traffic_class_v4 : parameters_->traffic_class_v6;
  return {may_fragment, to.parameters->dscp.value_or(usual), to.parameters->flow_label.value_or(0)};
}

// RFC 9260 §7.3: a chunk that was sent before the path's MTU became smaller cannot be cut any more; it goes whole, and
// IP fragments it. So does a list of streams that cannot be cut either.
std::size_t Association::packet_limit(PathId path) const noexcept {
  if (mtu_probe_due(path)) {
    return paths_[path].packet_in(paths_[path].search.read().probe_size(), stack_.config.link_overhead);
  }
  const std::size_t usual = paths_[path].max_packet;
  const std::size_t limit = path == data_path() ? std::max(usual, request_packet_size()) : usual;
  if (!may_send_data() || !outstanding_.has_retransmits()) return limit;
  const std::optional<Tsn> tsn = outstanding_.next_retransmit(outstanding_.cumulative_ack_point() + 1);
  return tsn ? std::max(limit, wire::kCommonHeaderSize + outstanding_.chunk(*tsn).wire_size()) : limit;
}

// Where the next packet goes, if one is due at all.
std::optional<PathId> Association::next_packet_path() noexcept {
  switch (state_) {
    case State::kClosed:
      return {};
    case State::kCookieWait:
      return setup_.read().init_due ? std::optional(setup_path_) : std::nullopt;
    case State::kCookieEchoed:
      // RFC 9260 §5.1 C: nothing but the COOKIE ECHO and what is bundled with it until the COOKIE ACK is here.
      return setup_.read().cookie_echo_due ? std::optional(setup_path_) : std::nullopt;
    default:
      break;
  }
  if (cookie_ack_due_) return reply_path_;
  if (heartbeat_replies_.is_used()) return heartbeat_replies_.read().front().path;
  for (PathId i = 0; i < paths_.size(); ++i) {
    if (paths_[i].heartbeat_due || mtu_probe_due(i)) return i;
  }
  if (errors_.is_used() && paths_[error_path_].confirmed) return error_path_;
  if (sack_now_) return sack_path();
  if (forward_tsn_due_ && may_send_data()) return data_path();
  if (reconfiguration_due()) return data_path();
  if (shutdown_due_ || shutdown_ack_due_) return shutdown_path_;
  return next_data_path();
}

std::optional<PathId> Association::next_data_path() noexcept {
  if (!may_send_data()) return {};
  if (outstanding_.has_retransmits()) {
    // RFC 9260 §6.1 C: what is marked for retransmission goes before anything new.
    const std::optional<Tsn> tsn = outstanding_.next_retransmit(outstanding_.cumulative_ack_point() + 1);
    if (!tsn) return {};
    const PathId path = retransmit_path(outstanding_.chunk(*tsn));
    if (fast_retransmit_packet_ || (window_open(path) && on_pace(path))) return path;
    return {};
  }
  const std::optional<SendQueue::Next> next = send_queue_.peek(fragment_size());
  if (!next || outstanding_.full()) return {};
  if (holds_new_messages() && !send_queue_.mid_message()) return {};
  PathId path = next->path == kNoPath ? data_path() : next->path;
  if (paths_[path].state != Path::State::kActive) path = data_path();  // RFC 9260 §6.4.1
  if (!peer_window_allows(next->length) || !window_open(path) || nagle_holds(path)) return {};
  if (burst_over() || !on_pace(path)) return {};
  return path;
}

void Association::write_packet(wire::PacketWriter& writer, PathId path, Time now) noexcept {
  if (state_ == State::kCookieWait) {
    write_init(writer, now);
    return;
  }
  if (state_ == State::kCookieEchoed) {
    write_cookie_echo(writer, path, now);
    return;
  }
  if (mtu_probe_due(path)) {
    write_mtu_probe(writer, path, now);
    return;
  }
  write_control(writer, path, now);
  // RFC 9260 §6.1: what was received is acknowledged along with whatever goes out.
  if (path == sack_path() && (sack_now_ || (packets_unacked_ > 0 && sack_fits_before_data(writer)))) write_sack(writer);
  if (shutdown_due_ || shutdown_ack_due_) {
    // RFC 9260 §6.10: SHUTDOWN and SHUTDOWN ACK come last, without DATA.
    if (path == shutdown_path_) write_shutdown(writer, path, now);
    return;
  }
  if (forward_tsn_due_ && may_send_data() && path == data_path()) write_forward_tsn(writer, path, now);
  if (path == data_path() && reconfiguration_due()) write_reconfiguration(writer, path, now);
  // RFC 9260 §5.4: DATA only to confirmed addresses.
  if (may_send_data() && paths_[path].confirmed) write_data(writer, path, now);
}

void Association::write_init(wire::PacketWriter& writer, Time now) noexcept {
  Setup& setup = setup_.use();
  setup.init_due = false;
  setup.sent_at = now;
  writer.open_init(wire::ChunkType::kInit, local_tag_,
                   static_cast<std::uint32_t>(std::min<std::size_t>(parameters_->receive_buffer, 0xFFFFFFFFu)),
                   parameters_->outbound_streams, parameters_->max_inbound_streams, local_initial_tsn_);
  if (setup.cookie_preservative != 0) {  // RFC 9260 §3.3.2.1.3
    std::array<std::byte, 4> increment;
    store_big(increment.data(), setup.cookie_preservative);
    writer.parameter(wire::ParameterType::kCookiePreservative, increment);
  }
  if (parameters_->adaptation != 0) {  // RFC 5061 §4.2.6
    std::array<std::byte, 4> indication;
    store_big(indication.data(), parameters_->adaptation);
    writer.parameter(wire::ParameterType::kAdaptationIndication, indication);
  }
  bool v4 = false;
  bool v6 = false;
  for (const IpAddress& local : *local_addresses_) {
    (local.is_v4() ? v4 : v6) = true;
    // A single address is said by the packet's source, which a NAT may change (RFC 9260 §3.3.2.1.2).
    if (local_addresses_->size() > 1) writer.address(local);
  }
  // RFC 9260 §3.3.2.1.5: which families we can use.
  std::array<std::byte, 4> types;
  std::size_t length = 0;
  const auto add_type = [&](wire::ParameterType type) {
    store_big(&types[length], static_cast<std::uint16_t>(type));
    length += 2;
  };
  if (v4) add_type(wire::ParameterType::kIpv4Address);
  if (v6) add_type(wire::ParameterType::kIpv6Address);
  writer.parameter(wire::ParameterType::kSupportedAddressTypes, wire::Bytes(types).first(length));
  if (parameters_->stream_reset) {  // RFC 6525 §5.1.1
    const std::array<std::byte, 2> chunks{static_cast<std::byte>(wire::ChunkType::kReConfig),
                                          static_cast<std::byte>(wire::ChunkType::kForwardTsn)};
    writer.parameter(wire::ParameterType::kSupportedExtensions,
                     wire::Bytes(chunks).first(parameters_->partial_reliability ? 2 : 1));
  }
  if (parameters_->partial_reliability) writer.parameter(wire::ParameterType::kForwardTsnSupported);  // RFC 3758 §3.3.1
  writer.close();
}

void Association::write_cookie_echo(wire::PacketWriter& writer, PathId path, Time now) noexcept {
  Setup& setup = setup_.use();
  setup.cookie_echo_due = false;
  setup.sent_at = now;
  // RFC 9260 §3.2.2, §3.3.11: the cookie as it came, first in its packet.
  if (!writer.chunk(wire::ChunkType::kCookieEcho, 0, setup.cookie.bytes())) {
    // A cookie larger than a packet of this path cannot be echoed without IP fragmentation below us.
    finish(AssociationChanged::What::kCannotStart, AssociationChanged::Reason::kProtocolError);
    return;
  }
  // RFC 9260 §5.4: to an unconfirmed address only together with a HEARTBEAT.
  if (!paths_[path].confirmed) write_heartbeat(writer, path, now);
  if (errors_.is_used()) write_control(writer, path, now);
  // RFC 9260 §5.1 C. Not for ever: with DATA the packet may be too large for the path.
  if (paths_[path].confirmed && setup.attempts < kAttemptsWithData) write_data(writer, path, now);
}

void Association::write_control(wire::PacketWriter& writer, PathId path, Time now) noexcept {
  // RFC 9260 §12.4: whatever one packet asks for is answered in one.
  if (cookie_ack_due_ && path == reply_path_) {
    // RFC 9260 §5.1 D: first in its packet; §5.4: to an unconfirmed address only together with a HEARTBEAT.
    writer.chunk(wire::ChunkType::kCookieAck, 0);
    cookie_ack_due_ = false;
    if (!paths_[path].confirmed) write_heartbeat(writer, path, now);
  }
  while (heartbeat_replies_.is_used() && heartbeat_replies_.read().front().path == path) {
    Ring<HeartbeatReply>& replies = heartbeat_replies_.use();
    // RFC 9260 §3.3.6, §8.3: all that the HEARTBEAT contained, unchanged.
    if (!writer.chunk(wire::ChunkType::kHeartbeatAck, 0, replies.front().value.bytes()) && !writer.empty()) return;
    replies.pop_front();
    if (replies.empty()) heartbeat_replies_.reset();
  }
  if (paths_[path].heartbeat_due) write_heartbeat(writer, path, now);
  if (errors_.is_used() && path == error_path_ && paths_[path].confirmed) write_errors(writer);
}

void Association::write_errors(wire::PacketWriter& writer) noexcept {
  if (!writer.open(wire::ChunkType::kError, 0)) return;
  Ring<Slice>& errors = errors_.use();
  bool any = false;
  while (!errors.empty()) {
    const wire::Bytes cause = errors.front().bytes();
    if (!writer.cause(static_cast<wire::CauseCode>(load_big<std::uint16_t>(cause.data())),
                      cause.subspan(wire::kCauseHeaderSize))) {
      break;
    }
    any = true;
    errors.pop_front();
  }
  any ? writer.close() : writer.cancel();
  if (!any && writer.empty()) errors.pop_front();  // it will never fit: the path's MTU has become smaller
  if (errors.empty()) errors_.reset();
}

void Association::write_heartbeat(wire::PacketWriter& writer, PathId id, Time now) noexcept {
  Path& path = paths_[id];
  // RFC 9260 §8.3, §5.4: the time, the address, and a nonce that only the owner of the address can return.
  const std::uint64_t nonce = stack_.entropy.u64() | 1;  // 0: none expected
  std::array<std::byte, 40> info{};
  store_big(info.data(), static_cast<std::int64_t>(now.time_since_epoch().count()));
  store_big(&info[8], nonce);
  info[16] = std::byte{id};
  std::copy(path.address.bytes.begin(), path.address.bytes.end(), info.begin() + 20);
  if (!writer.open(wire::ChunkType::kHeartbeat, 0)) return;
  if (!writer.parameter(wire::ParameterType::kHeartbeatInfo, info)) {
    writer.cancel();
    return;
  }
  writer.close();
  path.heartbeat_due = false;
  path.heartbeat_unanswered = true;
  path.heartbeat_nonce = nonce;
  path.heartbeat_sent_at = path.last_rtt_chunk_at = now;
  path.heartbeat_deadline = now + path.timeout.rto();  // then it counts as lost (§8.3)
}

void Association::write_sack(wire::PacketWriter& writer) noexcept {
  std::array<wire::GapBlock, TsnMap::kMaxRuns> gaps;
  const std::size_t count = received_.gap_blocks(gaps);
  const std::size_t window = advertised_window();
  if (!writer.sack(received_.cumulative().wire(), static_cast<std::uint32_t>(window), std::span(gaps).first(count),
                   received_.duplicates())) {
    return;
  }
  ++counters_.sacks_sent;
  advertised_left_ = window;
  received_.clear_duplicates();
  packets_unacked_ = 0;
  sack_now_ = false;
  timers_.stop(Timer::kSack);
}

void Association::write_shutdown(wire::PacketWriter& writer, PathId path, Time now) noexcept {
  const bool written =
      shutdown_due_ ? writer.shutdown(received_.cumulative().wire()) : writer.chunk(wire::ChunkType::kShutdownAck, 0);
  if (!written) return;
  shutdown_due_ = shutdown_ack_due_ = false;
  // RFC 9260 §9.2: T2-shutdown runs from the sending of SHUTDOWN or SHUTDOWN ACK.
  timers_.start(Timer::kT2, now + paths_[path].timeout.rto());
}

bool Association::may_send_data() const noexcept {
  // RFC 9260 §6.
  return state_ == State::kEstablished || state_ == State::kShutdownPending || state_ == State::kShutdownReceived;
}

bool Association::window_open(PathId path) const noexcept {
  if (path == beyond_window_) return true;
  const std::size_t in_flight = outstanding_.in_flight(path);
  if (paths_[path].one_packet && in_flight > 0) return false;  // RFC 9260 §7.2.3
  return in_flight < paths_[path].congestion.window();         // RFC 9260 §6.1 B
}

// RFC 9260 §6.1: a packet that fills the congestion window by itself asks for its SACK at once: no second one will come
// to end the receiver's delay.
bool Association::fills_window_alone(PathId path) const noexcept {
  return outstanding_.in_flight(path) == 0 && paths_[path].congestion.window() <= paths_[path].pmdcs();
}

bool Association::peer_window_allows(std::size_t payload) const noexcept {
  if (payload <= peer_rwnd_) return true;  // RFC 9260 §6.1 A
  return probe_due_ && outstanding_.in_flight() == 0;
}

// Holds back less than a full packet while something is in flight, as RFC 1122 §4.2.3.4 does (RFC 9260 §6.1 A, SWS;
// §6.10 bundling). Where packets may be much larger than Ethernet's, what would fill one of those is enough.
bool Association::nagle_holds(PathId path) const noexcept {
  if (parameters_->no_delay || state_ != State::kEstablished || outstanding_.in_flight() == 0 ||
      send_queue_.mid_message()) {
    return false;
  }
  const std::size_t bytes = send_queue_.bytes() - send_queue_.held_bytes();
  const std::size_t messages = send_queue_.message_count() - send_queue_.held_count();
  const std::size_t queued = bytes + messages * wire::kDataHeaderSize;
  constexpr std::size_t kFullEnough = 1460;
  return queued < std::min(paths_[path].pmdcs(), kFullEnough);
}

std::size_t Association::fragment_size() const noexcept {
  // RFC 9260 §7.3: the smallest PMDCS of all paths (AMDCS), so that a retransmission fits any of them.
  std::size_t smallest = Path::kMaxMtu;
  for (const Path& path : paths_) smallest = std::min(smallest, path.pmdcs());
  const std::size_t payload = smallest - wire::kDataHeaderSize;
  return parameters_->max_fragment == 0 ? payload : std::min(payload, parameters_->max_fragment);
}

// RFC 9260 §6.7: SACK goes where the last DATA came from, unless that address is not confirmed yet (§5.4).
PathId Association::sack_path() const noexcept {
  if (last_data_path_ != kNoPath && paths_[last_data_path_].confirmed) return last_data_path_;
  return data_path();
}

// RFC 9260 §6.2: a SACK that is not due yet must not cost a packet of its own: only beside control chunks, or if the
// DATA chunk that is due still fits (RFC 9260 §6.9).
bool Association::sack_fits_before_data(const wire::PacketWriter& writer) noexcept {
  if (!writer.empty()) return true;
  std::size_t due = 0;
  if (const std::optional<Tsn> tsn = outstanding_.next_retransmit(outstanding_.cumulative_ack_point() + 1)) {
    due = outstanding_.chunk(*tsn).wire_size();
  } else if (const std::optional<SendQueue::Next> next = send_queue_.peek(fragment_size())) {
    due = wire::padded(wire::kDataHeaderSize + next->length);
  }
  return wire::kSackHeaderSize + due <= writer.room();
}

// RFC 9260 §6.1 D. What is paced comes in no bursts that matter.
bool Association::burst_over() const noexcept {
  return parameters_->max_burst != 0 && burst_left_ == 0 && !bbr_;
}

// RFC 9260 §6.1 D: Max.Burst packets at each SACK. One that acknowledges many packets (a receiver that batches) counts
// as one for each second packet, as §6.2 would have the receiver send them: else a sender whose flight has become small
// would never fill its window again.
void Association::allow_burst(std::size_t acked_packets) noexcept {
  if (paths_.empty()) return;
  const std::size_t fresh = parameters_->max_burst * std::max<std::size_t>((acked_packets + 1) / 2, 1);
  // What an earlier SACK allowed is not taken back by a send in between.
  burst_left_ = acked_packets > 0 ? fresh : std::max(burst_left_, fresh);
}

// RFC 9260 §6.1 D: after a round trip with nothing in flight, nothing is known of what the network bears at once.
void Association::end_burst_of_the_past(Time now) noexcept {
  if (paths_.empty() || outstanding_.in_flight() != 0) return;
  const Path& path = paths_[data_path()];
  if (now - path.last_data_at > 2 * path.timeout.srtt()) burst_left_ = 0;  // what was sent last took one
}

void Association::start_t3(PathId path, Time now, bool restart) noexcept {
  Path& to = paths_[path];
  // RFC 9260 §5.1 C: DATA bundled with the COOKIE ECHO is guarded by T1-cookie.
  if (state_ == State::kCookieEchoed) return;
  if (restart || to.t3_deadline == kNever) to.t3_deadline = now + to.timeout.rto();  // RFC 9260 §6.3.2 R1
}

void Association::write_data(wire::PacketWriter& writer, PathId path, Time now) noexcept {
  Path& to = paths_[path];
  if (wants_model()) choose_model(now);
  if (outstanding_.in_flight(path) == 0 && !all_data_acknowledged()) {
    to.congestion.idle(now - to.last_data_at, to.timeout.rto(), to.pmdcs());  // RFC 9260 §7.2.1
    to.last_data_at = now;
  }
  bool sent = false;
  if (outstanding_.has_retransmits()) sent = write_retransmissions(writer, path, now);
  if (!outstanding_.has_retransmits()) sent = write_new_data(writer, path, now) || sent;
  if (!sent) return;
  start_t3(path, now, false);
  to.last_data_at = now;
}

bool Association::write_retransmissions(wire::PacketWriter& writer, PathId path, Time now) noexcept {
  const bool ignore_window = fast_retransmit_packet_;  // RFC 9260 §7.2.4 step 3
  if (!ignore_window && !(window_open(path) && on_pace(path))) return false;
  bool sent = false;
  bool immediate = fills_window_alone(path);
  Tsn from = outstanding_.cumulative_ack_point() + 1;
  while (const std::optional<Tsn> tsn = outstanding_.next_retransmit(from)) {
    if (has_limited_messages_ && tried_enough(*tsn, now)) {  // RFC 3758 §4.1 TR4
      abandon_sent(*tsn);
      from = *tsn + 1;
      continue;
    }
    const Outstanding::Chunk& chunk = outstanding_.chunk(*tsn);
    if (retransmit_path(chunk) != path || writer.room() < chunk.wire_size()) break;
    // RFC 9260 §6.1 B: the packet may pass cwnd by less than one PMDCS.
    const std::size_t in_flight = outstanding_.in_flight(path);
    if (!ignore_window && in_flight > 0 &&
        in_flight + chunk.wire_size() > paths_[path].congestion.window() + paths_[path].pmdcs() - 1) {
      break;
    }
    const OutgoingMessage& message = *chunk.message;
    const auto flags = static_cast<std::uint8_t>(chunk.flags | (immediate ? wire::kDataFlagImmediate : 0));
    immediate = false;
    writer.data(tsn->wire(), message.stream, message.ssn, message.ppid, flags,
                message.payload.bytes().subspan(chunk.offset, chunk.length));
    // RFC 9260 §6.1, §7.2.4 step 4: the timer restarts with the earliest chunk of its address.
    const std::optional<Tsn> lowest = outstanding_.earliest(path);
    const bool earliest = chunk.path == path && (!lowest || *tsn < *lowest);
    peer_rwnd_ -= std::min<std::size_t>(peer_rwnd_, chunk.length);
    if (bbr_) bbr_->sent(path, *tsn, chunk.wire_size(), moment(path, now));
    outstanding_.retransmitted(*tsn, path, now);
    if (earliest) start_t3(path, now, true);
    ++stack_.counters.retransmitted_chunks;
    ++counters_.seldom.use().retransmitted_chunks;
    sent = true;
    from = *tsn + 1;
  }
  if (sent) fast_retransmit_packet_ = false;
  return sent;
}

bool Association::write_new_data(wire::PacketWriter& writer, PathId path, Time now) noexcept {
  if (!window_open(path) || burst_over() || !on_pace(path)) return false;
  // Room is made for a packet that goes out anyway; one that carries nothing else yet waits for more to bundle.
  if (writer.empty() && nagle_holds(path)) return false;
  bool sent = false;
  const bool beyond_window = path == beyond_window_;
  bool immediate = fills_window_alone(path);
  const std::size_t limit = fragment_size();
  for (;;) {
    give_up_unsent(now);  // RFC 3758 §4.1 TR3
    const std::size_t room = writer.room() - std::min(writer.room(), wire::kDataHeaderSize);
    const std::optional<SendQueue::Next> next = send_queue_.peek(limit, room);
    if (!next) break;
    if (holds_new_messages() && !send_queue_.mid_message()) break;
    const std::size_t size = wire::padded(wire::kDataHeaderSize + next->length);
    PathId wanted = next->path == kNoPath ? data_path() : next->path;
    if (paths_[wanted].state != Path::State::kActive) wanted = data_path();
    if (wanted != path || writer.room() < size || outstanding_.full()) break;
    if (!peer_window_allows(next->length)) break;
    const std::size_t window = paths_[path].congestion.window();
    if (!beyond_window && outstanding_.in_flight(path) + size > window + paths_[path].pmdcs() - 1) break;
    if (next->length > peer_rwnd_) {  // a zero window probe: this chunk and no more (RFC 9260 §6.1 A)
      probe_due_ = false;
      probing_ = true;
      sack_since_t3_ = false;
    }
    const SendQueue::Taken taken = send_queue_.take(limit, room);
    std::uint8_t flags = taken.flags;
    peer_rwnd_ -= std::min(peer_rwnd_, taken.length);
    if (bbr_) bbr_->sent(path, outstanding_.next_tsn(), size, moment(path, now));
    const Tsn tsn = outstanding_.add(taken.message, taken.offset, taken.length, flags, path, now);
    // RFC 9260 §6.1: so does the last chunk before a shutdown.
    if ((flags & wire::kDataFlagEnd) != 0 && send_queue_.empty() && state_ == State::kShutdownPending) immediate = true;
    if (std::exchange(immediate, false)) flags |= wire::kDataFlagImmediate;
    writer.data(tsn.wire(), taken.message->stream, taken.message->ssn, taken.message->ppid, flags,
                taken.message->payload.bytes().subspan(taken.offset, taken.length));
    paths_[path].last_rtt_chunk_at = now;
    ++stack_.counters.data_chunks_sent;
    ++(taken.message->unordered ? counters_.seldom.use().unordered_chunks_sent : counters_.ordered_chunks_sent);
    note_activity(now);
    sent = true;
  }
  if (sent && burst_left_ > 0) --burst_left_;
  if (beyond_window) {
    beyond_window_ = kNoPath;
  } else if (sent) {
    schedule_probe(path, now);
  }
  return sent;
}

}  // namespace netsctp::core
