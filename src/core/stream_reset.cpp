// Stream re-configuration, our side: requests of the user, RE-CONFIG out, and the peer's answers (RFC 6525 §5.1,
// §5.2.7).
#include "core/stream_reset.hpp"

#include <algorithm>
#include <utility>

#include "base/bytes.hpp"
#include "core/association.hpp"
#include "core/stack_state.hpp"

namespace netsctp::core {
namespace {

using Kind = Reconfiguration::Request::Kind;
using Result = Reconfiguration::Result;

constexpr std::size_t kMaxStreams = 65535;
constexpr Duration kSegmentLifetime = std::chrono::seconds(30);  // RFC 6525 §5.1.4
constexpr unsigned kMaxBackOff = 16;

std::error_code error(std::errc code) noexcept {
  return std::make_error_code(code);
}

bool all_below(const std::vector<StreamId>& streams, std::size_t limit) noexcept {
  return std::all_of(streams.begin(), streams.end(), [limit](StreamId one) { return one < limit; });
}

template <typename... Int>
void append(std::vector<std::byte>& to, Int... values) {
  const auto put = [&](auto value) {
    const std::size_t at = to.size();
    to.resize(at + sizeof value);
    store_big(&to[at], value);
  };
  (put(values), ...);
}

}  // namespace

void Association::begin_reconfiguration(std::uint32_t peer_initial_tsn) noexcept {
  reconfiguration_.reset();
  // RFC 6525 §4.1: sequence numbers begin with the initial TSNs.
  next_request_ = local_initial_tsn_;
  expected_request_ = peer_initial_tsn;
  timers_.stop(Timer::kReconfiguration);
  numbering_restarted_ = false;
  held_.reset();
}

// ---- Requests of the user

std::error_code Association::may_request(std::uint8_t permission) const noexcept {
  // RFC 6525 §5.1.1: only if the peer said that it can.
  if (!stream_reset_ || (parameters_->allowed_reconfigurations & permission) == 0) {
    return error(std::errc::no_protocol_option);
  }
  if (state_ != State::kEstablished) return error(std::errc::not_connected);
  // RFC 6525 §5.1.1: one at a time.
  if (reconfiguration_.read().request || (reconfiguration_.read().deferred && reconfiguration_.read().deferred->all)) {
    return error(std::errc::operation_in_progress);
  }
  return {};
}

void Association::request_reconfiguration(Reconfiguration::Request&& request) noexcept {
  // RFC 6525 §5.1.2 A2, §5.1.3 B1, §5.1.4 C1: each request its own number, one after the other.
  for (auto& part : request.parts) part.sequence = next_request_++;
  // RFC 6525 §5.1.2 A1: until the peer has answered; what has begun keeps its SSN and is completed first.
  if (request.has(Kind::kResetOutgoing)) send_queue_.hold(request.streams);
  reconfiguration_.use().request = std::move(request);
  reconfiguration_.use().request_due = true;
  reconfiguration_.use().counts_errors = true;
  reconfiguration_.use().back_off = 0;
}

// A request with `lists` lists of so many streams, in one packet. As Linux: one that is longer than the path's MTU goes
// whole, and IP fragments it.
bool Association::fits_request(std::size_t streams, std::size_t lists) noexcept {
  constexpr std::size_t kLargest = 65'000;  // with all headers, less than IP's 65,535
  return streams * 2 * lists + 64 <= kLargest;
}

// Of the packet that a request needs for itself; 0 if none is due.
std::size_t Association::request_packet_size() const noexcept {
  if (!request_sendable()) return 0;
  const auto& request = *reconfiguration_.read().request;
  constexpr std::size_t kPart = wire::kParameterHeaderSize + 12;  // RFC 6525 §4.1: the longest but for its list
  return wire::kCommonHeaderSize + wire::kChunkHeaderSize +
         request.parts.size() * (kPart + wire::padded(request.streams.size() * 2));
}

std::error_code Association::reset_streams(bool outgoing, bool incoming, std::vector<StreamId>&& streams) noexcept {
  if (const auto refused = may_request(kAllowStreamReset)) return refused;
  if ((!outgoing && !incoming) || (outgoing && !all_below(streams, outbound_streams_)) ||
      (incoming && !all_below(streams, inbound_streams_)) ||
      !fits_request(streams.size(), outgoing && incoming ? 2 : 1)) {
    return error(std::errc::invalid_argument);
  }
  Reconfiguration::Request request;
  request.streams = std::move(streams);
  if (outgoing) request.parts.push_back({Kind::kResetOutgoing});
  if (incoming) request.parts.push_back({Kind::kResetIncoming});
  request_reconfiguration(std::move(request));
  return {};
}

std::error_code Association::reset_association(Time now) noexcept {
  if (const auto refused = may_request(kAllowAssociationReset)) return refused;
  // What is deferred holds back some data and this all: one at a time.
  if (reconfiguration_.use().deferred) return error(std::errc::operation_in_progress);
  // RFC 6525 §5.1.4: one within a maximum segment lifetime, lest old TSNs are taken for new ones.
  const auto& last = reconfiguration_.read().association_reset_at;
  if (last && now - *last < kSegmentLifetime) {
    return error(std::errc::resource_unavailable_try_again);
  }
  reconfiguration_.use().association_reset_at = now;
  Reconfiguration::Request request;
  request.parts.push_back({Kind::kResetAll});
  request_reconfiguration(std::move(request));
  return {};
}

std::error_code Association::add_streams(std::uint16_t outgoing, std::uint16_t incoming) noexcept {
  if (const auto refused = may_request(kAllowStreamChange)) return refused;
  if ((outgoing == 0 && incoming == 0) || std::size_t{outbound_streams_} + outgoing > kMaxStreams ||
      std::size_t{inbound_streams_} + incoming > kMaxStreams) {
    return error(std::errc::invalid_argument);
  }
  Reconfiguration::Request request;
  if (outgoing != 0) request.parts.push_back({Kind::kAddOutgoing, 0, false, outgoing});
  if (incoming != 0) request.parts.push_back({Kind::kAddIncoming, 0, false, incoming});
  request_reconfiguration(std::move(request));
  return {};
}

// ---- RE-CONFIG out

// RFC 6525 §5.1.2 A1, §5.1.4 C2: no message of any stream begins until the peer has answered.
bool Association::holds_new_messages() const noexcept {
  if (!reconfiguration_.is_used()) return false;
  const auto& request = reconfiguration_.read().request;
  if (request && request->streams.empty() && request->awaits(Kind::kResetOutgoing)) return true;
  if (request && request->has(Kind::kResetAll)) return true;
  return reconfiguration_.read().deferred && reconfiguration_.read().deferred->all;
}

bool Association::awaits_association_reset() const noexcept {
  if (!reconfiguration_.is_used()) return false;
  const auto& request = reconfiguration_.read().request;
  return request && request->sent && request->has(Kind::kResetAll);
}

bool Association::reconfiguration_due() const noexcept {
  if (!reconfiguration_.is_used()) return false;
  if (!reconfiguration_.read().due.empty() && (may_send_data() || state_ == State::kShutdownSent)) return true;
  return request_sendable();
}

bool Association::request_sendable() const noexcept {
  if (!reconfiguration_.is_used()) return false;
  if (!reconfiguration_.read().request_due || !may_send_data()) return false;
  const auto& request = *reconfiguration_.read().request;
  if (request.has(Kind::kResetOutgoing)) {
    const auto& streams = request.streams;
    if (streams.empty()) return !send_queue_.mid_message();
    return std::none_of(streams.begin(), streams.end(),
                        [this](StreamId one) { return send_queue_.mid_message_of(one); });
  }
  if (!request.has(Kind::kResetAll)) return true;
  // RFC 6525 §5.1.4 C2: nothing may be outstanding. And what is held for a reset of the peer's must have been sorted.
  return outstanding_.empty() && !send_queue_.mid_message() && !reconfiguration_.read().deferred;
}

void Association::write_reconfiguration(wire::PacketWriter& writer, PathId path, Time now) noexcept {
  auto& state = reconfiguration_.use();
  bool asks = request_sendable();
  if (asks && !state.request->sent) {
    state.request->last_assigned_tsn = (outstanding_.next_tsn() - 1).wire();  // RFC 6525 §5.1.2 A3
    // RFC 6525 §5.1.2 A4.
    state.request->response_sequence = state.request->response_to.value_or(expected_request_ - 1);
  }
  while (!state.due.empty() || asks) {
    if (!writer.open(wire::ChunkType::kReConfig, 0)) return;
    const std::size_t answers = write_answers(writer);
    // RFC 6525 §3.1: an Outgoing SSN Reset may go with one answer (§5.2.1: shall, if both answer one chunk), other
    // requests with none.
    const bool may_ask =
        state.due.empty() || (answers == 1 && state.due.size() == 1 && asks && state.request->parts.size() == 1 &&
                              state.request->has(Kind::kResetOutgoing));
    const bool asked = asks && may_ask && write_request(writer);
    if (answers == 0 && !asked) {
      writer.cancel();
      // The path's MTU has become smaller: it will never fit.
      if (writer.empty()) state.due.empty() ? fail_request() : state.due.clear();
      return;
    }
    writer.close();
    state.due.erase(state.due.begin(), state.due.begin() + static_cast<std::ptrdiff_t>(answers));
    if (!asked) continue;
    asks = false;
    state.request->sent = true;
    state.request_due = false;
    state.counts_errors = true;
    reconfiguration_path_ = path;
    timers_.start(Timer::kReconfiguration, now + paths_[path].timeout.rto());  // RFC 6525 §5.1.1
  }
}

// As many as the packet has room for, two at most (RFC 6525 §3.1): how many.
std::size_t Association::write_answers(wire::PacketWriter& writer) const noexcept {
  std::size_t count = 0;
  for (const auto& one : reconfiguration_.read().due) {
    std::vector<std::byte> value;
    append(value, one.sequence, static_cast<std::uint32_t>(one.result));  // RFC 6525 §5.1.7 D1, D2
    if (one.has_tsns) append(value, one.sender_next_tsn, one.receiver_next_tsn);
    if (count == 2 || !writer.parameter(wire::ParameterType::kReConfigResponse, value)) break;
    ++count;
  }
  return count;
}

bool Association::write_request(wire::PacketWriter& writer) const noexcept {
  const auto& request = *reconfiguration_.read().request;
  for (const auto& part : request.parts) {
    std::vector<std::byte> value;
    append(value, part.sequence);
    auto type = wire::ParameterType::kOutgoingSsnReset;
    switch (part.kind) {
      case Kind::kResetOutgoing:
        append(value, request.response_sequence, request.last_assigned_tsn);
        for (const StreamId one : request.streams) append(value, one);
        break;
      case Kind::kResetIncoming:
        type = wire::ParameterType::kIncomingSsnReset;
        for (const StreamId one : request.streams) append(value, one);
        break;
      case Kind::kResetAll:
        type = wire::ParameterType::kSsnTsnReset;
        break;
      case Kind::kAddOutgoing:
      case Kind::kAddIncoming:
        type = part.kind == Kind::kAddOutgoing ? wire::ParameterType::kAddOutgoingStreams
                                               : wire::ParameterType::kAddIncomingStreams;
        append(value, part.count, std::uint16_t{0});
        break;
    }
    if (!writer.parameter(type, value)) return false;
  }
  return true;
}

// RFC 6525 §5.1.1: doubled at every expiration, counted as an error of path and association, and asked again.
void Association::on_reconfiguration_timer() noexcept {
  if (!reconfiguration_.use().request) return;
  if (!may_send_data() || state_ == State::kShutdownReceived) {  // the peer has other things to do than to answer
    fail_request();
    return;
  }
  if (reconfiguration_.use().counts_errors) {
    Path& path = paths_[reconfiguration_path_];
    path.timeout.back_off(parameters_->rto_max);
    path_error(reconfiguration_path_);
    count_association_error();
    if (state_ == State::kClosed) return;
  }
  reconfiguration_.use().request_due = true;
}

// ---- Answers

void Association::on_reconfiguration_response(wire::Bytes value, Time now) noexcept {
  if (value.size() != 8 && value.size() != 16) {
    ++stack_.counters.discarded_malformed_chunk;
    return;
  }
  const auto sequence = load_big<std::uint32_t>(value.data());
  const auto result = static_cast<Result>(load_big<std::uint32_t>(value.data() + 4));
  auto& request = reconfiguration_.use().request;
  if (!request || !request->sent) return;
  const auto found = std::find_if(request->parts.begin(), request->parts.end(),
                                  [&](const auto& one) { return one.sequence == sequence && !one.answered; });
  if (found == request->parts.end()) return;  // RFC 6525 §5.2.7 H1
  error_count_ = 0;
  if (result == Result::kInProgress) {  // RFC 6525 §5.2.7 H2: ask again later; the peer is there
    reconfiguration_.use().counts_errors = false;
    reconfiguration_.use().back_off = std::min(reconfiguration_.use().back_off + 1, kMaxBackOff);
    const Duration wait = paths_[reconfiguration_path_].timeout.rto() * (1 << (reconfiguration_.use().back_off - 1));
    timers_.start(Timer::kReconfiguration, now + std::min<Duration>(wait, parameters_->rto_max));
    // The peer waits for its own data to be acknowledged, and that for room.
    if (found->kind == Kind::kResetAll && window_room() == 0) release_held(received_.highest() + 1);
    return;
  }
  // RFC 6525 §5.2.7 H3.
  const bool has_tsns = value.size() == 16;
  const bool good =
      (result == Result::kPerformed || result == Result::kNothingToDo) && (found->kind != Kind::kResetAll || has_tsns);
  const ReconfigurationOutcome outcome{result == Result::kDenied, !good && result != Result::kDenied};
  switch (found->kind) {
    case Kind::kResetOutgoing:
      if (good) {
        // RFC 6525 §5.2.2 E2: the peer has all that was sent before. That is as good as a SACK, and from now on no
        // FORWARD TSN may name the old SSNs.
        on_cumulative_ack(request->last_assigned_tsn, now);
        send_queue_.reset_sequence_numbers(request->streams);  // H4
        reconfiguration_.use().now_reset = request->streams;
      }
      if (request->response_to && result == Result::kPerformed) {
        remember({*request->response_to, Result::kPerformed});
      }
      break;
    case Kind::kResetAll:
      if (good) {
        on_association_reset_done(load_big<std::uint32_t>(value.data() + 8),
                                  load_big<std::uint32_t>(value.data() + 12));
      } else {
        release_held(received_.highest() + 1);
      }
      break;
    case Kind::kAddOutgoing:
      if (good) outbound_streams_ = static_cast<std::uint16_t>(outbound_streams_ + found->count);  // H6
      break;
    case Kind::kResetIncoming:
    case Kind::kAddIncoming:
      break;
  }
  if (state_ == State::kClosed) return;
  // What comes in return for these, if all is well, is the peer's own request (RFC 6525 §5.2.3 F1, §5.2.6).
  const bool in_return = (found->kind == Kind::kResetIncoming && result == Result::kPerformed) ||
                         (found->kind == Kind::kAddIncoming && good);
  const bool told = found->kind == Kind::kResetAll && good;  // before what arrived since
  if (!in_return && !told) tell_outcome(*request, *found, outcome);
  mark_answered(sequence);
}

void Association::tell_outcome(const Reconfiguration::Request& request, const Reconfiguration::Request::Part& part,
                               ReconfigurationOutcome outcome) noexcept {
  switch (part.kind) {
    case Kind::kResetOutgoing:
    case Kind::kResetIncoming: {
      const bool outgoing = part.kind == Kind::kResetOutgoing;
      stack_.emit(*this, StreamsReset{outcome, !outgoing, outgoing, request.streams});
      break;
    }
    case Kind::kResetAll:
      stack_.emit(*this,
                  AssociationReset{outcome, outstanding_.next_tsn().wire(), (received_.cumulative() + 1).wire()});
      break;
    case Kind::kAddOutgoing:
      stack_.emit(*this, StreamsChanged{outcome, inbound_streams_, outbound_streams_, 0, part.count});
      break;
    case Kind::kAddIncoming:
      stack_.emit(*this, StreamsChanged{outcome, inbound_streams_, outbound_streams_, part.count, 0});
      break;
  }
}

// RFC 6525 §5.2.7 H1; and what had to wait for it begins.
void Association::mark_answered(std::uint32_t sequence) noexcept {
  auto& request = reconfiguration_.use().request;
  for (auto& part : request->parts) {
    if (part.sequence != sequence) continue;
    part.answered = true;
    if (part.kind == Kind::kResetOutgoing) send_queue_.release();
  }
  if (!request->answered()) return;
  request.reset();
  reconfiguration_.use().request_due = false;
  timers_.stop(Timer::kReconfiguration);
  if (auto next = std::exchange(reconfiguration_.use().buffered, std::nullopt))
    request_reconfiguration(std::move(*next));
  allow_burst();
}

// Nothing of ours will be answered any more (RFC 6525 §6.1: failed).
void Association::fail_request() noexcept {
  timers_.stop(Timer::kReconfiguration);
  if (!reconfiguration_.is_used()) return;
  reconfiguration_.use().request_due = false;
  reconfiguration_.use().buffered.reset();
  if (reconfiguration_.use().deferred && reconfiguration_.use().deferred->all) reconfiguration_.use().deferred.reset();
  const auto request = std::exchange(reconfiguration_.use().request, std::nullopt);
  if (!request) return;
  send_queue_.release();
  for (const auto& part : request->parts) {
    if (!part.answered) tell_outcome(*request, part, {false, true});
  }
  if (request->has(Kind::kResetAll) && state_ != State::kClosed) release_held(received_.highest() + 1);
  allow_burst();
}

// RFC 6525 §5.2.7 H5. Nothing of ours is outstanding; what arrived since we asked was held, and is of the new numbers
// from `peer_next_tsn` on.
void Association::on_association_reset_done(std::uint32_t peer_next_tsn, std::uint32_t own_next_tsn) noexcept {
  const Tsn begins = received_.cumulative().widen(peer_next_tsn);
  if (!release_held(begins)) return;
  // What has been acknowledged stays so.
  const Tsn first = Tsn::initial(peer_next_tsn);
  TsnMap renumbered(first);
  const auto beyond = received_.highest() - begins;
  for (std::int64_t i = 0; i <= beyond && beyond <= static_cast<std::int64_t>(TsnMap::kMaxOffset); ++i) {
    const auto offset = static_cast<std::uint64_t>(i);
    if (received_.classify(begins + offset) == TsnMap::Arrival::kDuplicate) renumbered.add(first + offset);
  }
  HeldData newer;
  if (held_.is_used()) std::swap(newer, held_.use());
  restart_numbering(own_next_tsn, peer_next_tsn);
  received_ = std::move(renumbered);
  for (; !newer.fragments.empty(); newer.fragments.pop_front()) {
    Fragment& one = newer.fragments.front();
    one.tsn = first + (one.tsn.value - begins.value);
    held_.use().add(std::move(one));
  }
  numbering_restarted_ = true;
  reconfiguration_.use().now_reset.reset();
  stack_.emit(*this, AssociationReset{{}, own_next_tsn, peer_next_tsn});
  release_held(received_.highest() + 1);
}

// TSNs begin where the two agreed, SSNs with 0 (RFC 6525 §5.2.4 G4, G5, §5.2.7 H5). Nothing of ours is outstanding, and
// what has not arrived of the old numbers will not.
void Association::restart_numbering(std::uint32_t own_next_tsn, std::uint32_t peer_next_tsn) noexcept {
  outstanding_.restart(Tsn::initial(own_next_tsn));
  forwarded_.reset();
  forward_tsn_due_ = false;
  fast_recovery_exit_.reset();
  rack_.reset();
  bbr_.reset();
  send_queue_.reset_sequence_numbers();
  // RFC 6525 §5.2.4 G4: as if a FORWARD TSN of all had come.
  const Tsn end = received_.highest() + 1;
  if (const std::optional<Reassembly::Aborted> aborted = reassembly_.abort_partial_delivery(end)) {
    stack_.emit(*this, PartialDeliveryAborted{aborted->stream, aborted->ssn, aborted->unordered});
  }
  reassembly_.forward(received_.cumulative(), end, stack_.delivered);
  reassembly_.finish(stack_.delivered);
  deliver(last_data_path_);
  received_ = TsnMap(Tsn::initial(peer_next_tsn));
  reneged_ = false;
}

}  // namespace netsctp::core
