// Stream re-configuration, the peer's side: RE-CONFIG in, its requests and our answers, and what is held back meanwhile
// (RFC 6525 §5.2.1 to §5.2.6).
#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.hpp"
#include "core/association.hpp"
#include "core/stack_state.hpp"
#include "core/stream_reset.hpp"

namespace netsctp::core {
namespace {

using Kind = Reconfiguration::Request::Kind;
using Result = Reconfiguration::Result;
using Type = wire::ParameterType;

constexpr std::size_t kMaxStreams = 65535;

std::vector<StreamId> read_streams(wire::Bytes list) {
  std::vector<StreamId> streams;
  streams.reserve(list.size() / 2);
  for (; list.size() >= 2; list = list.subspan(2)) streams.push_back(load_big<std::uint16_t>(list.data()));
  return streams;
}

bool all_below(const std::vector<StreamId>& streams, std::size_t limit) noexcept {
  return std::all_of(streams.begin(), streams.end(), [limit](StreamId one) { return one < limit; });
}

bool is_known(const wire::Parameter& one) noexcept {
  return one.kind() >= Type::kOutgoingSsnReset && one.kind() <= Type::kAddIncomingStreams;
}

// RFC 6525 §3.1: what may stand together in one chunk, in either order.
bool may_stand_together(Type one, Type other) noexcept {
  const auto are = [&](Type a, Type b) { return (one == a && other == b) || (one == b && other == a); };
  return are(Type::kOutgoingSsnReset, Type::kIncomingSsnReset) ||
         are(Type::kAddOutgoingStreams, Type::kAddIncomingStreams) ||
         are(Type::kReConfigResponse, Type::kOutgoingSsnReset) || are(Type::kReConfigResponse, Type::kReConfigResponse);
}

// RFC 6525 §4.1 to §4.6: the lengths of values; lists are of 16-bit numbers.
bool is_well_formed(const wire::Parameter& parameter) noexcept {
  const std::size_t size = parameter.value().size();
  switch (parameter.kind()) {
    case Type::kOutgoingSsnReset:
      return size >= 12 && size % 2 == 0;
    case Type::kIncomingSsnReset:
      return size >= 4 && size % 2 == 0;
    case Type::kSsnTsnReset:
      return size == 4;
    default:
      return size == 8;
  }
}

}  // namespace

bool Association::on_reconfiguration(const wire::Chunk& chunk, Time now) noexcept {
  if (!stream_reset_) return on_unknown_chunk(chunk);
  // While DATA may come, so may what is said of its numbers.
  if (!may_send_data() && state_ != State::kShutdownSent) {
    ++stack_.counters.discarded_unexpected_chunk;
    return true;
  }
  std::array<wire::Parameter, 2> parameters;
  std::size_t count = 0;
  wire::ParameterReader reader(chunk.value());
  bool allowed = true;
  while (const auto parameter = reader.next()) {
    if (!is_known(*parameter)) break;  // RFC 6525 §4: nor what follows it
    if (count == 2 || (count == 1 && !may_stand_together(parameters[0].kind(), parameter->kind()))) {
      allowed = false;
      break;
    }
    parameters[count++] = *parameter;
  }
  if (reader.malformed() || (allowed && count == 0)) {
    ++stack_.counters.discarded_malformed_chunk;
    return true;
  }
  if (!allowed) {  // RFC 6525 §3.1
    ++stack_.counters.discarded_malformed_chunk;
    queue_error(wire::CauseCode::kProtocolViolation, {});
    return true;
  }
  for (std::size_t i = 0; i < count && state_ != State::kClosed; ++i) {
    if (parameters[i].kind() == Type::kReConfigResponse) {
      on_reconfiguration_response(parameters[i].value(), now);
    } else {
      on_reconfiguration_request(parameters[i]);
    }
  }
  return state_ != State::kClosed;
}

// ---- Answers

void Association::answer(std::uint32_t sequence, Reconfiguration::Result result) noexcept {
  answer(Reconfiguration::Response{sequence, result});
}

void Association::answer(const Reconfiguration::Response& response) noexcept {
  remember(response);
  queue_answer(response);
}

void Association::remember(const Reconfiguration::Response& response) noexcept {
  auto& last = reconfiguration_.use().last;
  const auto same = std::find_if(last.begin(), last.end(),
                                 [&](const auto& one) { return one && one->sequence == response.sequence; });
  if (same != last.end()) {
    *same = response;
    return;
  }
  // The peer repeats nothing but its latest chunk: of three the one with the lowest number (RFC 9260 §1.6) goes.
  const auto precedes = [](std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; };
  auto oldest = last.begin();
  for (auto at = last.begin(); at != last.end(); ++at) {
    if (*oldest && (!*at || precedes((*at)->sequence, (*oldest)->sequence))) oldest = at;
  }
  if (!*oldest || precedes((*oldest)->sequence, response.sequence)) *oldest = response;
}

void Association::queue_answer(const Reconfiguration::Response& response) noexcept {
  auto& due = reconfiguration_.use().due;
  sack_now_ = true;  // RFC 6525 §5.2.1
  const auto same =
      std::find_if(due.begin(), due.end(), [&](const auto& one) { return one.sequence == response.sequence; });
  if (same != due.end()) {
    *same = response;
  } else if (due.size() < Reconfiguration::kMaxDue) {
    due.push_back(response);
  }
}

// ---- Requests

// RFC 6525 §5.2.1: the same again for what is the same again.
bool Association::asked_before(std::uint32_t sequence) noexcept {
  const auto& state = reconfiguration_.read();
  for (const auto* own : {&state.request, &state.buffered}) {
    if (!*own || (*own)->response_to != sequence) continue;
    // Our own request is the answer. It is on its way, or waits for the rest of a message.
    if (!(*own)->sent) queue_answer({sequence, Result::kInProgress});
    return true;
  }
  if (sequence == expected_request_) return false;
  const auto found = std::find_if(state.last.begin(), state.last.end(),
                                  [&](const auto& one) { return one && one->sequence == sequence; });
  queue_answer(found != state.last.end() ? **found : Reconfiguration::Response{sequence, Result::kBadSequenceNumber});
  return true;
}

void Association::on_reconfiguration_request(const wire::Parameter& parameter) noexcept {
  if (!is_well_formed(parameter)) {
    ++stack_.counters.discarded_malformed_chunk;
    return;
  }
  const wire::Bytes value = parameter.value();
  const auto sequence = load_big<std::uint32_t>(value.data());
  if (asked_before(sequence)) return;
  // Where data belongs is not known until our own request is answered: the peer shall ask again then.
  if (awaits_association_reset() && parameter.kind() != Type::kSsnTsnReset) {
    return queue_answer({sequence, Result::kInProgress});
  }
  ++expected_request_;
  const auto allowed = [&](std::uint8_t what) { return (parameters_->allowed_reconfigurations & what) != 0; };
  // Once we shut down we begin nothing any more.
  const bool may_begin = state_ == State::kEstablished || state_ == State::kShutdownPending;
  switch (parameter.kind()) {
    case Type::kOutgoingSsnReset:
      return on_outgoing_reset(sequence, value.subspan(4));
    case Type::kIncomingSsnReset:
      if (!allowed(kAllowStreamReset) || !may_begin) return answer(sequence, Result::kDenied);
      return on_incoming_reset(sequence, value.subspan(4));
    case Type::kSsnTsnReset:
      if (!allowed(kAllowAssociationReset) || !may_begin) return answer(sequence, Result::kDenied);
      if (reconfiguration_.use().request || reconfiguration_.use().deferred)
        return answer(sequence, Result::kAlreadyInProgress);
      // Not before all of ours has arrived: what RFC 6525 §5.2.4 G3 gives up would be lost.
      reconfiguration_.use().deferred = {true, sequence, {}, {}};
      answer(sequence, Result::kInProgress);
      return perform_deferred();
    default:
      if (!allowed(kAllowStreamChange) || !may_begin) return answer(sequence, Result::kDenied);
      return on_added_streams(sequence, load_big<std::uint16_t>(value.data() + 4),
                              parameter.kind() == Type::kAddOutgoingStreams);
  }
}

// RFC 6525 §5.2.2. `value`: what follows the sequence number.
void Association::on_outgoing_reset(std::uint32_t sequence, wire::Bytes value) noexcept {
  std::vector<StreamId> streams = read_streams(value.subspan(8));
  const bool allowed = (parameters_->allowed_reconfigurations & kAllowStreamReset) != 0;
  const bool known = all_below(streams, inbound_streams_);
  // RFC 6525 §5.2.2 E1: it may answer an Incoming SSN Reset of ours; what else it names has an answer of its own.
  if (auto& request = reconfiguration_.use().request; request && request->sent) {
    const auto response_to = load_big<std::uint32_t>(value.data());
    for (const auto& part : request->parts) {
      if (part.sequence != response_to || part.kind != Kind::kResetIncoming || part.answered) continue;
      if (!allowed || !known) tell_outcome(*request, part, {false, true});
      mark_answered(response_to);
      break;
    }
  }
  if (!allowed) return answer(sequence, Result::kDenied);
  if (!known) return answer(sequence, Result::kWrongSsn);
  if (reconfiguration_.use().deferred) return answer(sequence, Result::kAlreadyInProgress);
  const Tsn last = received_.cumulative().widen(load_big<std::uint32_t>(value.data() + 4));
  reconfiguration_.use().deferred = {false, sequence, last, std::move(streams)};
  answer(sequence, Result::kInProgress);  // E2; E5 takes its place if nothing is missing
  perform_deferred();
}

// RFC 6525 §5.2.3.
void Association::on_incoming_reset(std::uint32_t sequence, wire::Bytes list) noexcept {
  std::vector<StreamId> streams = read_streams(list);
  if (!all_below(streams, outbound_streams_)) return answer(sequence, Result::kWrongSsn);
  if (!fits_request(streams.size(), 1)) return answer(sequence, Result::kDenied);
  const auto covers = [&](const std::vector<StreamId>& all) {
    if (all.empty() || streams.empty()) return all.empty();
    std::vector<bool> listed(kMaxStreams + 1);
    for (const StreamId one : all) listed[one] = true;
    return std::all_of(streams.begin(), streams.end(), [&](StreamId one) { return listed[one]; });
  };
  const auto& request = reconfiguration_.use().request;
  // What is being reset, or has just been, needs nothing.
  const bool in_flight = request && request->awaits(Kind::kResetOutgoing) && covers(request->streams);
  const auto& done = reconfiguration_.use().now_reset;
  if (in_flight || (done && covers(*done) && send_queue_.begins_anew(streams))) {
    return answer(sequence, Result::kNothingToDo);
  }
  // Each would wait for the other's Outgoing SSN Reset.
  if (request && request->has(Kind::kResetIncoming)) return answer(sequence, Result::kAlreadyInProgress);
  Reconfiguration::Request own;
  own.parts.push_back({Kind::kResetOutgoing});
  own.streams = std::move(streams);
  ask_in_return(std::move(own), sequence);  // F1
}

// RFC 6525 §5.2.5, and §5.2.6 if not `inbound`.
void Association::on_added_streams(std::uint32_t sequence, std::uint16_t more, bool inbound) noexcept {
  const std::size_t limit = inbound ? parameters_->max_inbound_streams : kMaxStreams;
  const std::size_t total = std::size_t{inbound ? inbound_streams_ : outbound_streams_} + more;
  if (more == 0 || total > limit) return answer(sequence, Result::kDenied);
  if (!inbound) {
    Reconfiguration::Request own;
    own.parts.push_back({Kind::kAddOutgoing, 0, false, more});
    return ask_in_return(std::move(own), sequence);
  }
  inbound_streams_ = static_cast<std::uint16_t>(total);
  answer(sequence, Result::kPerformed);
  stack_.emit(*this, StreamsChanged{{}, inbound_streams_, outbound_streams_, more, 0});
  // RFC 6525 §5.2.6: some peers say nothing else to an Add Incoming Streams of ours.
  if (auto& request = reconfiguration_.use().request; request && request->sent) {
    for (const auto& part : request->parts) {
      if (part.kind != Kind::kAddIncoming || part.answered || part.count != more) continue;
      mark_answered(part.sequence);
      break;
    }
  }
}

// Our own request, now or after the one in flight (RFC 6525 §5.1.1).
void Association::ask_in_return(Reconfiguration::Request&& own, std::uint32_t sequence) noexcept {
  // An Outgoing SSN Reset is the answer itself (RFC 6525 §5.2.2 E1); Add Outgoing Streams cannot say so.
  const bool answers = own.has(Kind::kResetOutgoing);
  if (reconfiguration_.use().request && reconfiguration_.use().buffered)
    return answer(sequence, Result::kAlreadyInProgress);
  if (answers) own.response_to = sequence;
  if (!answers) answer(sequence, Result::kPerformed);
  if (!reconfiguration_.use().request) return request_reconfiguration(std::move(own));
  reconfiguration_.use().buffered = std::move(own);
  if (answers) queue_answer({sequence, Result::kInProgress});
}

// ---- What waits

// Does what the peer asked for once nothing is missing any more (RFC 6525 §5.2.2 E2 to E5, §5.2.4).
void Association::perform_deferred() noexcept {
  if (!reconfiguration_.is_used() || !reconfiguration_.read().deferred) return;
  const auto& waiting = *reconfiguration_.use().deferred;
  if (waiting.all) {
    if (!outstanding_.empty() || send_queue_.mid_message()) return;
    Reconfiguration::Response response{waiting.sequence, Result::kPerformed, true};
    // RFC 6525 §5.2.4 G1, G2, §5.1.7 D3, D4. G3: all of ours is acknowledged.
    response.sender_next_tsn = outstanding_.next_tsn().wire();
    response.receiver_next_tsn = (received_.cumulative() + 1 + (std::uint64_t{1} << 31)).wire();
    reconfiguration_.use().deferred.reset();
    reconfiguration_.use().now_reset.reset();
    restart_numbering(response.sender_next_tsn, response.receiver_next_tsn);
    numbering_restarted_ = true;
    answer(response);  // G6
    stack_.emit(*this, AssociationReset{{}, response.sender_next_tsn, response.receiver_next_tsn});
    allow_burst();
    return;
  }
  if (waiting.last > received_.cumulative()) return;
  if (const auto partial = reassembly_.partial_stream()) {
    // A message that is being handed out in parts comes first, and what waits behind it; unless its rest is held back.
    if (!held_by_reset(*partial, waiting.last + 1)) return;
    return abort_with(wire::CauseCode::kProtocolViolation, {}, AssociationChanged::Reason::kProtocolError);
  }
  const auto done = std::move(*reconfiguration_.use().deferred);
  reconfiguration_.use().deferred.reset();
  // RFC 6525 §5.2.2 E3. In the middle of a message it cannot be.
  const bool possible = reassembly_.reset_sequence_numbers(done.streams, done.last, stack_.delivered);
  if (!possible) return abort_with(wire::CauseCode::kProtocolViolation, {}, AssociationChanged::Reason::kProtocolError);
  deliver(last_data_path_);
  answer(done.sequence, Result::kPerformed);  // E5
  stack_.emit(*this, StreamsReset{{}, true, false, done.streams});
  release_held(received_.highest() + 1);  // E4
}

// Whether data may be of the time after a reset that is not done yet: of streams to be reset (RFC 6525 §5.2.2 E2); or
// any at all, while the peer may already have performed the association reset that we asked for (§5.2.7 H5).
bool Association::held_by_reset(StreamId stream, Tsn tsn) const noexcept {
  if (!reconfiguration_.is_used()) return false;
  if (awaits_association_reset()) return true;
  const auto& deferred = reconfiguration_.read().deferred;
  if (!deferred || deferred->all || tsn <= deferred->last) return false;
  const auto& streams = deferred->streams;
  return streams.empty() || std::find(streams.begin(), streams.end(), stream) != streams.end();
}

void Association::hold(Fragment&& fragment) noexcept {
  if (fragment.payload.size() * 4 < fragment.payload.capacity()) {  // it must not pin a large buffer
    if (Slice copy = stack_.pool.copy(fragment.payload.bytes())) fragment.payload = std::move(copy);
  }
  held_.use().add(std::move(fragment));
}

// RFC 9260 §6.2: room for what is below. Of what is held the highest above `floor` is as if it had not arrived.
bool Association::drop_held(Tsn floor) noexcept {
  if (!held_.is_used()) return false;
  HeldData& held = held_.use();
  Ring<Fragment>& all = held.fragments;
  std::size_t highest = all.size();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].tsn > floor && (highest == all.size() || all[i].tsn > all[highest].tsn)) highest = i;
  }
  if (highest == all.size()) return false;
  std::swap(all[highest], all.back());
  held.bytes -= all.back().payload.size();
  received_.forget(all.back().tsn);
  all.pop_back();
  reneged_ = true;
  return true;
}

// Processes what was held, if its TSN is below `before`. False: the association has ended by it.
bool Association::release_held(Tsn before) noexcept {
  for (std::size_t count = held_.read().fragments.size(); count > 0; --count) {
    HeldData& held = held_.use();
    Fragment one = std::move(held.fragments.front());
    held.fragments.pop_front();
    if (one.tsn >= before) {
      held.fragments.push_back(std::move(one));
      continue;
    }
    held.bytes -= one.payload.size();
    if (reassembly_.add(std::move(one), stack_.delivered) == Reassembly::Outcome::kViolation) {
      stack_.delivered.clear();
      abort_with(wire::CauseCode::kProtocolViolation, {}, AssociationChanged::Reason::kProtocolError);
      return false;
    }
    if (reassembly_.in_partial_delivery()) end_cut_short_delivery(last_data_path_);
  }
  if (held_.read().fragments.empty()) held_.reset();
  deliver_partially();
  deliver(last_data_path_);
  return true;
}

}  // namespace netsctp::core
