// Partial reliability: giving up messages, telling the peer by FORWARD TSN, and being told (RFC 3758 §3.5, §3.6, §4.1;
// RFC 7496 §3).
#include "core/partial.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/association.hpp"
#include "core/stack_state.hpp"
#include "wire/extension.hpp"

namespace netsctp::core {
namespace {

using Policy = Reliability::Policy;

// What is beyond these goes with the next FORWARD TSN.
constexpr std::size_t kMaxSkips = 512;
constexpr std::uint64_t kMaxForward = 4095;  // receivers keep track of so many TSNs at least: Linux of no more

}  // namespace

void AbandonedCounters::count(Policy policy, StreamId stream, bool sent) noexcept {
  if (policy == Policy::kReliable) return;
  const std::size_t index = static_cast<std::size_t>(policy) - 1;
  for (ByPolicy* const counters : {&total_, &streams_[stream]}) {
    ++(sent ? (*counters)[index].sent : (*counters)[index].unsent);
  }
}

Abandoned AbandonedCounters::of_stream(Policy policy, StreamId stream) const noexcept {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? Abandoned{} : pick(found->second, policy);
}

Abandoned AbandonedCounters::pick(const ByPolicy& counters, Policy policy) noexcept {
  if (policy != Policy::kReliable) return counters[static_cast<std::size_t>(policy) - 1];
  Abandoned sum;
  for (const Abandoned& one : counters) {
    sum.unsent += one.unsent;
    sum.sent += one.sent;
  }
  return sum;
}

// ---- Giving up

// Before anything is sent or sent again (RFC 3758 §4.1 TR3, TR4): gives up what would be next, until something is next
// that may be sent. What is behind that waits for its turn, so that nothing is looked at again and again.
void Association::give_up(Time now) noexcept {
  if (!has_limited_messages_) return;
  give_up_unsent(now);
  if (!partial_reliability_) return;
  const auto next = [this] { return outstanding_.next_retransmit(outstanding_.cumulative_ack_point() + 1); };
  for (auto tsn = next(); tsn && tried_enough(*tsn, now); tsn = next()) abandon_sent(*tsn);
  update_forward_tsn(now);
}

void Association::give_up_unsent(Time now) noexcept {
  if (!has_limited_messages_) return;
  while (const OutgoingMessage* const message = send_queue_.front()) {
    if (message->expires_at > now) return;
    // A message that is partly sent can be given up only if the peer can be told.
    if (message->transmitted && !partial_reliability_) return;
    abandon_front();
  }
}

// RFC 7496 §3.1: if the retransmissions of any of its chunks would exceed the limit. The congestion window was cut when
// the chunk was marked, as RFC 3758 §3.5 F5 wants it.
bool Association::tried_enough(Tsn tsn, Time now) const noexcept {
  const Outstanding::Chunk& chunk = outstanding_.chunk(tsn);
  const Reliability& wanted = chunk.message->reliability;
  if (wanted.policy == Policy::kReliable || !partial_reliability_) return false;
  return (wanted.policy == Policy::kRetransmissions && chunk.retransmissions >= wanted.value) ||
         chunk.message->expires_at <= now;
}

// The first message of the send queue, begun or not.
void Association::abandon_front() noexcept {
  OutgoingMessage* const message = send_queue_.drop_front();
  if (!message->transmitted) {
    // RFC 3758 §4.1 TR3: no TSN is assigned.
    abandoned_.use().count(message->reliability.policy, message->stream, false);
    fail_message(message, 0);
  } else {
    abandon_chunks(outstanding_.add_missing_end(*message));
  }
}

void Association::abandon_sent(Tsn tsn) noexcept {
  OutgoingMessage* const message = outstanding_.chunk(tsn).message;
  if (message->taken < message->payload.size()) {
    // RFC 3758 §3.5 A3: the whole message. The end that will not be sent gets a TSN that is never used, lest the peer
    // sees a message without an end followed by another.
    (void)send_queue_.drop_front();
    (void)outstanding_.add_missing_end(*message);
  }
  abandon_chunks(tsn);
}

void Association::abandon_chunks(Tsn tsn) noexcept {
  OutgoingMessage* const message = outstanding_.chunk(tsn).message;
  const std::size_t in_flight = outstanding_.in_flight_payload();
  outstanding_.abandon(tsn);
  peer_rwnd_ += in_flight - outstanding_.in_flight_payload();  // RFC 9260 §6.2.1: as what is marked for retransmission
  for (PathId i = 0; i < paths_.size(); ++i) {
    if (outstanding_.in_flight(i) == 0) paths_[i].t3_deadline = kNever;  // RFC 9260 §6.3.2 R2
  }
  if (!outstanding_.has_retransmits()) fast_retransmit_packet_ = false;
  abandoned_.use().count(message->reliability.policy, message->stream, true);
  report_failed(*message, 0);
  message->payload.reset();
  message->taken = 0;  // nothing more of it will be taken
}

// RFC 7496 §3.2: makes room for a message by giving up less important ones.
void Association::make_room(std::size_t bytes, const Reliability& for_message, Time now) noexcept {
  if (!partial_reliability_ || !has_limited_messages_) return;
  const std::uint32_t priority = for_message.policy == Policy::kPriority ? for_message.value : 0;
  const bool reliable = for_message.policy != Policy::kPriority;  // more important than all that have a priority
  const auto less_important = [&](const OutgoingMessage& message) {
    return message.reliability.policy == Policy::kPriority && (reliable || message.reliability.value > priority);
  };
  const std::size_t goal = buffered_bytes() > bytes ? buffered_bytes() - bytes : 0;
  // What has not been sent costs nothing to give up; of that the least important, of those the last.
  for (OutgoingMessage* const message : send_queue_.remove_least_important(bytes, less_important)) {
    abandoned_.use().count(message->reliability.policy, message->stream, false);
    fail_message(message, 0);
  }
  if (buffered_bytes() > goal) abandon_least_important(goal, less_important);
  update_forward_tsn(now);
}

// Of what was sent the least important, of those the first.
template <typename Predicate>
void Association::abandon_least_important(std::size_t goal, Predicate&& less_important) noexcept {
  std::vector<Tsn> candidates;
  const OutgoingMessage* before = nullptr;
  for (Tsn tsn = outstanding_.cumulative_ack_point() + 1; tsn < outstanding_.next_tsn(); tsn = tsn + 1) {
    const OutgoingMessage& message = *outstanding_.chunk(tsn).message;
    if (std::exchange(before, &message) != &message && !message.abandoned && less_important(message)) {
      candidates.push_back(tsn);
    }
  }
  const auto value = [this](Tsn tsn) { return outstanding_.chunk(tsn).message->reliability.value; };
  std::stable_sort(candidates.begin(), candidates.end(), [&](Tsn one, Tsn other) { return value(one) > value(other); });
  for (const Tsn tsn : candidates) {
    if (buffered_bytes() <= goal) return;
    abandon_sent(tsn);
  }
}

// ---- FORWARD TSN out

bool Association::forward_tsn_wanted() const noexcept {
  return outstanding_.advanced_ack_point() > outstanding_.cumulative_ack_point();
}

// RFC 3758 §3.5 C2, C3: whatever may be skipped is told at once the first time.
void Association::update_forward_tsn(Time now) noexcept {
  if (!forward_tsn_wanted()) {
    forward_tsn_due_ = false;
    return;
  }
  if (outstanding_.advanced_ack_point() > forwarded_.read().to) forward_tsn_due_ = true;
  guard_forward_tsn(now);
}

// RFC 3758 §3.5 C5: a T3-rtx runs as long as the peer has not confirmed a FORWARD TSN.
void Association::guard_forward_tsn(Time now) noexcept {
  if (!forward_tsn_wanted() || !may_send_data()) return;
  const bool running = std::any_of(paths_.begin(), paths_.end(), [](const Path& p) { return p.t3_deadline != kNever; });
  if (!running) start_t3(data_path(), now, false);
}

// After a SACK (RFC 3758 §3.5 C3), and whether it is time to repeat what was said (F2: once a round trip).
void Association::forward_tsn_after_sack(Time now) noexcept {
  if (!has_limited_messages_) return;
  if (!forward_tsn_wanted()) {
    forward_tsn_due_ = false;
    return;
  }
  const Path& path = paths_[data_path()];
  const Duration round_trip = path.timeout.srtt() > Duration::zero() ? path.timeout.srtt() : path.timeout.rto();
  // What did not go into the last one goes as soon as that was answered.
  const Forwarded& before = forwarded_.read();
  const bool answered = outstanding_.cumulative_ack_point() >= before.point;
  if (answered || outstanding_.advanced_ack_point() > before.to || now - before.at >= round_trip) {
    forward_tsn_due_ = true;
  }
  guard_forward_tsn(now);
}

void Association::write_forward_tsn(wire::PacketWriter& writer, PathId path, Time now) noexcept {
  // RFC 3758 §3.5 C4: each stream once, with the highest SSN given up; no more than fit.
  if (writer.room() < wire::kForwardTsnHeaderSize) return;
  std::array<wire::StreamSkip, kMaxSkips> skips;
  const std::size_t most = std::min(kMaxSkips, (writer.room() - wire::kForwardTsnHeaderSize) / 4);
  std::size_t count = 0;
  const Tsn last = std::min(outstanding_.advanced_ack_point(), outstanding_.cumulative_ack_point() + kMaxForward);
  Tsn point = outstanding_.cumulative_ack_point();
  const OutgoingMessage* before = nullptr;
  for (Tsn tsn = point + 1; tsn <= last; point = tsn, tsn = tsn + 1) {
    const OutgoingMessage& message = *outstanding_.chunk(tsn).message;
    if (message.unordered || &message == std::exchange(before, &message)) continue;
    const auto end = skips.begin() + static_cast<std::ptrdiff_t>(count);
    const auto found = std::find_if(skips.begin(), end, [&](const auto& one) { return one.stream == message.stream; });
    if (found == end) {
      if (count == most) break;
      ++count;
    }
    *found = {message.stream, message.ssn};
  }
  if (point == outstanding_.cumulative_ack_point()) return;  // in the next packet then
  if (!writer.forward_tsn(point.wire(), std::span(skips).first(count))) return;
  forward_tsn_due_ = false;
  forwarded_.use() = {outstanding_.advanced_ack_point(), point, now};
  start_t3(path, now, false);  // C5
  ++stack_.counters.forward_tsns_sent;
}

// ---- FORWARD TSN in

bool Association::on_forward_tsn(const wire::Chunk& chunk, PathId from) noexcept {
  // RFC 3758 §3.3: unless both said that they can do it, it is a chunk like any that is not known.
  if (!partial_reliability_) return on_unknown_chunk(chunk);
  if (state_ != State::kEstablished && state_ != State::kShutdownPending && state_ != State::kShutdownSent) {
    ++stack_.counters.discarded_unexpected_chunk;
    return true;
  }
  const std::optional<wire::ForwardTsn> forward = wire::parse_forward_tsn(chunk);
  if (!forward) {
    ++stack_.counters.discarded_malformed_chunk;
    return true;
  }
  packet_has_data_ = true;  // RFC 3758 §3.6: SACKs as for DATA
  const Tsn tsn = received_.cumulative().widen(forward->new_cumulative_tsn);
  if (tsn <= received_.cumulative()) {
    sack_now_ = true;  // RFC 3758 §3.6: out of date; the SACK may have been lost
    return true;
  }
  if (tsn > received_.cumulative() + TsnMap::kMaxOffset) {  // farther than DATA could have been
    ++stack_.counters.discarded_tsn_too_far;
    sack_now_ = true;
    return true;
  }
  ++stack_.counters.forward_tsns_received;
  packet_has_new_data_ = true;
  const Tsn before = received_.cumulative();
  received_.advance_to(tsn);
  if (const std::optional<Reassembly::Aborted> aborted = reassembly_.abort_partial_delivery(tsn)) {
    stack_.emit(*this, PartialDeliveryAborted{aborted->stream, aborted->ssn, aborted->unordered});
  }
  reassembly_.forward(before, tsn, stack_.delivered);
  for (std::size_t i = 0; i < forward->skips(); ++i) {
    const wire::StreamSkip skip = forward->skip(i);
    if (skip.stream < inbound_streams_) reassembly_.skip(skip.stream, skip.ssn, tsn, stack_.delivered);
  }
  deliver_partially();  // what was behind the message that will not come may fill the buffer
  deliver(from);
  return true;
}

}  // namespace netsctp::core
