// Stream re-configuration: requests of the user and of the peer, and their answers (RFC 6525 §5).
#include "core/stream_reset.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "core/association.hpp"
#include "core/stack_state.hpp"

namespace netsctp::core {
namespace {

using Kind = Reconfiguration::Request::Kind;
using Result = Reconfiguration::Result;

constexpr std::size_t kMaxStreams = 65535;

std::error_code error(std::errc code) noexcept {
  return std::make_error_code(code);
}

std::vector<StreamId> read_streams(wire::Bytes list) {
  std::vector<StreamId> streams;
  for (; list.size() >= 2; list = list.subspan(2)) streams.push_back(load_big<std::uint16_t>(list.data()));
  return streams;
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
  reconfiguration_ = {};
  // RFC 6525 §4.1: sequence numbers begin with the initial TSNs.
  reconfiguration_.next_sequence = local_initial_tsn_;
  reconfiguration_.expected_sequence = peer_initial_tsn;
  timer(Timer::kReconfiguration) = kNever;
}

// ---- Requests of the user

std::error_code Association::may_request(std::uint8_t permission) const noexcept {
  // RFC 6525 §5.1.1: only if the peer said that it can.
  if (!stream_reset_ || (parameters_.allowed_reconfigurations & permission) == 0) {
    return error(std::errc::no_protocol_option);
  }
  if (state_ != State::kEstablished) return error(std::errc::not_connected);
  if (reconfiguration_.request) return error(std::errc::operation_in_progress);
  return {};
}

void Association::request_reconfiguration(Reconfiguration::Request&& request) noexcept {
  for (auto& part : request.parts) part.sequence = reconfiguration_.next_sequence++;
  reconfiguration_.request = std::move(request);
  reconfiguration_.request_due = true;
  reconfiguration_.counts_errors = true;
}

// Both parameters of a request that lists so many streams, in one packet of any path.
bool Association::fits_request(std::size_t streams) const noexcept {
  return streams * 4 + 64 <= fragment_size();
}

std::error_code Association::reset_streams(bool outgoing, bool incoming, std::vector<StreamId>&& streams) noexcept {
  if (const auto refused = may_request(kAllowStreamReset)) return refused;
  if ((!outgoing && !incoming) || (outgoing && !all_below(streams, outbound_streams_)) ||
      (incoming && !all_below(streams, inbound_streams_)) || !fits_request(streams.size())) {
    return error(std::errc::invalid_argument);
  }
  Reconfiguration::Request request;
  request.streams = std::move(streams);
  if (outgoing) request.parts.push_back({Kind::kResetOutgoing});
  if (incoming) request.parts.push_back({Kind::kResetIncoming});
  request_reconfiguration(std::move(request));
  return {};
}

std::error_code Association::reset_association() noexcept {
  if (const auto refused = may_request(kAllowAssociationReset)) return refused;
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

// RFC 6525 §5.1.2 A1, §5.1.4 C2: no message begins until the peer has answered. All streams wait: the order of sending
// is that of send().
bool Association::holds_new_messages() const noexcept {
  const auto& request = reconfiguration_.request;
  return request && (request->has(Kind::kResetOutgoing) || request->has(Kind::kResetAll));
}

bool Association::reconfiguration_due() const noexcept {
  if (!may_send_data()) return false;
  if (!reconfiguration_.due.empty()) return true;
  if (!reconfiguration_.request_due) return false;
  const auto& request = *reconfiguration_.request;
  // A message that is partly sent keeps its SSN: it is completed first.
  if (request.has(Kind::kResetOutgoing) && send_queue_.mid_message()) return false;
  // RFC 6525 §5.1.4 C2: nothing may be outstanding.
  return !request.has(Kind::kResetAll) || (outstanding_.empty() && !send_queue_.mid_message());
}

void Association::write_reconfiguration(wire::PacketWriter& writer, PathId path, Time now) noexcept {
  if (!reconfiguration_.due.empty()) {
    if (!writer.open(wire::ChunkType::kReConfig, 0)) return;
    for (const auto& one : reconfiguration_.due) {
      std::vector<std::byte> value;
      append(value, one.sequence, static_cast<std::uint32_t>(one.result));
      if (one.has_tsns) append(value, one.sender_next_tsn, one.receiver_next_tsn);
      if (!writer.parameter(wire::ParameterType::kReConfigResponse, value)) {
        writer.cancel();
        return;
      }
    }
    writer.close();
    reconfiguration_.due.clear();
  }
  if (!reconfiguration_due() || !writer.open(wire::ChunkType::kReConfig, 0)) return;
  auto& request = *reconfiguration_.request;
  if (!request.sent) request.last_assigned_tsn = (outstanding_.next_tsn() - 1).wire();
  for (const auto& part : request.parts) {
    std::vector<std::byte> value;
    append(value, part.sequence);
    auto type = wire::ParameterType::kOutgoingSsnReset;
    switch (part.kind) {
      case Kind::kResetOutgoing:
        append(value, request.response_to.value_or(reconfiguration_.expected_sequence - 1), request.last_assigned_tsn);
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
    if (!writer.parameter(type, value)) {
      writer.cancel();
      return;
    }
  }
  writer.close();
  request.sent = true;
  reconfiguration_.request_due = false;
  reconfiguration_path_ = path;
  timer(Timer::kReconfiguration) = now + paths_[path].timeout.rto();  // RFC 6525 §5.1.1
}

void Association::on_reconfiguration_timer() noexcept {
  if (!reconfiguration_.request) return;
  if (reconfiguration_.counts_errors) {
    Path& path = paths_[reconfiguration_path_];
    path.timeout.back_off(parameters_.rto_max);
    path_error(reconfiguration_path_);
    count_association_error();
    if (state_ == State::kClosed) return;
  }
  reconfiguration_.request_due = true;
}

// ---- RE-CONFIG in

bool Association::on_reconfiguration(const wire::Chunk& chunk, Time now) noexcept {
  if (!stream_reset_) return on_unknown_chunk(chunk);
  if (!may_send_data()) {
    ++stack_.counters.discarded_unexpected_chunk;
    return true;
  }
  wire::ParameterReader check(chunk.value());
  std::size_t count = 0;
  while (check.next()) ++count;
  if (check.malformed() || count == 0 || count > 2) {  // RFC 6525 §3.1: one or two
    ++stack_.counters.discarded_malformed_chunk;
    return true;
  }
  wire::ParameterReader reader(chunk.value());
  while (const auto parameter = reader.next()) {
    if (state_ == State::kClosed) return false;
    if (parameter->kind() == wire::ParameterType::kReConfigResponse) {
      on_reconfiguration_response(parameter->value(), now);
    } else {
      on_reconfiguration_request(*parameter, now);
    }
  }
  return state_ != State::kClosed;
}

void Association::answer(std::uint32_t sequence, Reconfiguration::Result result) noexcept {
  answer(Reconfiguration::Response{sequence, result});
}

void Association::answer(const Reconfiguration::Response& response) noexcept {
  auto& last = reconfiguration_.last;
  const auto same = std::find_if(last.begin(), last.end(),
                                 [&](const auto& one) { return one && one->sequence == response.sequence; });
  if (same != last.end()) {
    *same = response;
  } else {
    last[1] = last[0];
    last[0] = response;
  }
  if (reconfiguration_.due.size() < 2) reconfiguration_.due.push_back(response);
  sack_now_ = true;  // RFC 6525 §5.2.1
}

void Association::on_reconfiguration_request(const wire::Parameter& parameter, Time now) noexcept {
  const wire::Bytes value = parameter.value();
  std::size_t fixed = 4;
  bool listed = false;
  switch (parameter.kind()) {
    case wire::ParameterType::kOutgoingSsnReset:
      fixed = 12;
      listed = true;
      break;
    case wire::ParameterType::kIncomingSsnReset:
      listed = true;
      break;
    case wire::ParameterType::kSsnTsnReset:
      break;
    case wire::ParameterType::kAddOutgoingStreams:
    case wire::ParameterType::kAddIncomingStreams:
      fixed = 8;
      break;
    default:
      return;
  }
  if (value.size() < fixed || (listed ? value.size() % 2 != 0 : value.size() != fixed)) {
    ++stack_.counters.discarded_malformed_chunk;
    return;
  }
  const auto sequence = load_big<std::uint32_t>(value.data());
  for (const auto& one : reconfiguration_.last) {
    if (!one || one->sequence != sequence || sequence == reconfiguration_.expected_sequence) continue;
    // RFC 6525 §5.2.1: the same again for what is the same again.
    const Reconfiguration::Response again = *one;
    answer(again);
    return;
  }
  const auto& request = reconfiguration_.request;
  if (request && request->response_to == sequence) return;  // answered by our own request, which is on its way
  if (sequence != reconfiguration_.expected_sequence) {
    if (reconfiguration_.due.size() < 2) {
      reconfiguration_.due.push_back(Reconfiguration::Response{sequence, Result::kBadSequenceNumber});
    }
    return;
  }
  ++reconfiguration_.expected_sequence;
  const auto allowed = [&](std::uint8_t what) { return (parameters_.allowed_reconfigurations & what) != 0; };
  switch (parameter.kind()) {
    case wire::ParameterType::kOutgoingSsnReset: {
      // RFC 6525 §5.2.2 E1: it may answer a request of ours.
      mark_answered(load_big<std::uint32_t>(value.data() + 4));
      std::vector<StreamId> streams = read_streams(value.subspan(12));
      if (!allowed(kAllowStreamReset)) return answer(sequence, Result::kDenied);
      if (!all_below(streams, inbound_streams_)) return answer(sequence, Result::kWrongSsn);
      reconfiguration_.deferred = {sequence, load_big<std::uint32_t>(value.data() + 8), std::move(streams)};
      if (!perform_deferred_reset()) answer(sequence, Result::kInProgress);  // E2
      return;
    }
    case wire::ParameterType::kIncomingSsnReset: {
      std::vector<StreamId> streams = read_streams(value.subspan(4));
      if (!allowed(kAllowStreamReset)) return answer(sequence, Result::kDenied);
      if (!all_below(streams, outbound_streams_)) return answer(sequence, Result::kWrongSsn);
      if (!fits_request(streams.size())) return answer(sequence, Result::kDenied);
      if (request) {
        // RFC 6525 §5.2.3: what is being reset already needs nothing.
        const bool overlaps = request->has(Kind::kResetOutgoing) && request->streams.empty();
        return answer(sequence, overlaps ? Result::kNothingToDo : Result::kAlreadyInProgress);
      }
      Reconfiguration::Request own;
      own.parts.push_back({Kind::kResetOutgoing});
      own.streams = std::move(streams);
      own.response_to = sequence;
      request_reconfiguration(std::move(own));  // F1
      return;
    }
    case wire::ParameterType::kSsnTsnReset: {
      if (!allowed(kAllowAssociationReset)) return answer(sequence, Result::kDenied);
      if (request || send_queue_.mid_message()) return answer(sequence, Result::kAlreadyInProgress);
      Reconfiguration::Response response{sequence, Result::kPerformed, true};
      response.sender_next_tsn = outstanding_.next_tsn().wire();                                    // G2
      response.receiver_next_tsn = (received_.cumulative() + 1 + (std::uint64_t{1} << 31)).wire();  // G1
      if (!outstanding_.empty()) on_cumulative_ack((outstanding_.next_tsn() - 1).wire(), now);      // G3
      restart_numbering(response.sender_next_tsn, response.receiver_next_tsn);                      // G4, G5
      answer(response);
      stack_.emit(*this, AssociationReset{{}, response.sender_next_tsn, response.receiver_next_tsn});
      return;
    }
    default: {
      const auto more = load_big<std::uint16_t>(value.data() + 4);
      const bool inbound = parameter.kind() == wire::ParameterType::kAddOutgoingStreams;
      const std::size_t limit = inbound ? parameters_.max_inbound_streams : kMaxStreams;
      const std::size_t total = std::size_t{inbound ? inbound_streams_ : outbound_streams_} + more;
      if (!allowed(kAllowStreamChange) || more == 0 || total > limit) return answer(sequence, Result::kDenied);
      if (inbound) {  // RFC 6525 §5.2.5
        inbound_streams_ = static_cast<std::uint16_t>(total);
        answer(sequence, Result::kPerformed);
        stack_.emit(*this, StreamsChanged{{}, inbound_streams_, outbound_streams_});
        return;
      }
      if (request) return answer(sequence, Result::kAlreadyInProgress);
      Reconfiguration::Request own;  // RFC 6525 §5.2.6
      own.parts.push_back({Kind::kAddOutgoing, 0, false, more});
      request_reconfiguration(std::move(own));
      answer(sequence, Result::kPerformed);
      return;
    }
  }
}

// RFC 6525 §5.2.2 E2 to E5: once all that was sent before the request has arrived. True: done.
bool Association::perform_deferred_reset() noexcept {
  auto& deferred = reconfiguration_.deferred;
  if (!deferred || received_.cumulative().widen(deferred->last_tsn) > received_.cumulative()) return false;
  reassembly_.reset_sequence_numbers(deferred->streams, received_.cumulative(), delivered_);
  deliver(last_data_path_);
  answer(deferred->sequence, Result::kPerformed);
  stack_.emit(*this, StreamsReset{{}, true, false, std::move(deferred->streams)});
  deferred.reset();
  return true;
}

// TSNs begin where the two agreed, SSNs with 0 (RFC 6525 §5.2.4 G5, §5.2.7 H5). Nothing is outstanding.
void Association::restart_numbering(std::uint32_t own_next_tsn, std::uint32_t peer_next_tsn) noexcept {
  outstanding_.restart(Tsn::initial(own_next_tsn));
  forwarded_to_ = forwarded_point_ = {};
  forward_tsn_due_ = false;
  fast_recovery_exit_.reset();
  received_ = TsnMap(Tsn::initial(peer_next_tsn));
  reassembly_.reset();
  send_queue_.reset_sequence_numbers();
}

void Association::mark_answered(std::uint32_t sequence) noexcept {
  auto& request = reconfiguration_.request;
  if (!request) return;
  for (auto& part : request->parts) {
    if (part.sequence == sequence) part.answered = true;
  }
  if (!request->answered()) return;
  request.reset();
  reconfiguration_.request_due = false;
  timer(Timer::kReconfiguration) = kNever;
  allow_burst();
}

void Association::on_reconfiguration_response(wire::Bytes value, Time now) noexcept {
  if (value.size() != 8 && value.size() != 16) {
    ++stack_.counters.discarded_malformed_chunk;
    return;
  }
  const auto sequence = load_big<std::uint32_t>(value.data());
  const auto result = static_cast<Result>(load_big<std::uint32_t>(value.data() + 4));
  auto& request = reconfiguration_.request;
  if (!request || !request->sent) return;
  const auto found = std::find_if(request->parts.begin(), request->parts.end(),
                                  [&](const auto& one) { return one.sequence == sequence && !one.answered; });
  if (found == request->parts.end()) return;  // RFC 6525 §5.2.7 H1
  error_count_ = 0;
  if (result == Result::kInProgress) {  // H2: ask again later; the peer is there
    reconfiguration_.counts_errors = false;
    timer(Timer::kReconfiguration) = now + paths_[reconfiguration_path_].timeout.rto();
    return;
  }
  const bool good = result == Result::kPerformed || result == Result::kNothingToDo;
  const ReconfigurationOutcome outcome{result == Result::kDenied, !good && result != Result::kDenied};
  switch (found->kind) {
    case Kind::kResetOutgoing:
      if (good) send_queue_.reset_sequence_numbers(request->streams);  // H4
      stack_.emit(*this, StreamsReset{outcome, false, true, request->streams});
      break;
    case Kind::kResetIncoming:
      // Success comes as the peer's Outgoing SSN Reset.
      if (result != Result::kPerformed) stack_.emit(*this, StreamsReset{outcome, true, false, request->streams});
      break;
    case Kind::kResetAll: {
      std::uint32_t own = outstanding_.next_tsn().wire();
      std::uint32_t theirs = (received_.cumulative() + 1).wire();
      if (good && value.size() == 16) {  // H5
        theirs = load_big<std::uint32_t>(value.data() + 8);
        own = load_big<std::uint32_t>(value.data() + 12);
        restart_numbering(own, theirs);
      }
      stack_.emit(*this, AssociationReset{outcome, own, theirs});
      break;
    }
    case Kind::kAddOutgoing:
      if (good) outbound_streams_ = static_cast<std::uint16_t>(outbound_streams_ + found->count);  // H6
      stack_.emit(*this, StreamsChanged{outcome, inbound_streams_, outbound_streams_});
      break;
    case Kind::kAddIncoming:
      // Success comes as the peer's Add Outgoing Streams.
      if (!good) stack_.emit(*this, StreamsChanged{outcome, inbound_streams_, outbound_streams_});
      break;
  }
  mark_answered(sequence);
}

}  // namespace netsctp::core
