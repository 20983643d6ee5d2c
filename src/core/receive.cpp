// DATA in: what is taken, what a SACK will say and when it is due, and the receive window (RFC 9260 §6.2, §6.5, §6.7).
#include <algorithm>

#include "base/bytes.hpp"
#include "core/association.hpp"
#include "core/stack_state.hpp"
#include "wire/data.hpp"

namespace netsctp::core {

bool Association::on_data(const wire::Chunk& chunk, const Datagram& datagram, PathId from, Time now) noexcept {
  // RFC 9260 §6: only in these states; in all others DATA is discarded.
  if (state_ != State::kEstablished && state_ != State::kShutdownPending && state_ != State::kShutdownSent) {
    ++stack_.counters.discarded_unexpected_chunk;
    return true;
  }
  const std::optional<wire::Data> data = wire::parse_data(chunk);
  if (!data) {
    ++stack_.counters.discarded_malformed_chunk;
    return true;
  }
  if (data->payload.empty()) {
    // RFC 9260 §6.2, §3.3.10.9: the cause names the TSN.
    std::array<std::byte, 4> tsn_bytes;
    store_big(tsn_bytes.data(), data->tsn);
    abort_with(wire::CauseCode::kNoUserData, tsn_bytes, AssociationChanged::Reason::kProtocolError);
    return false;
  }
  ++stack_.counters.data_chunks_received;
  ++(data->is_unordered() ? counters_.seldom.use().unordered_chunks_received : counters_.ordered_chunks_received);
  note_activity(now);
  packet_has_data_ = true;
  if (data->is_immediate()) sack_now_ = true;  // RFC 9260 §6.2: the I bit asks for a SACK without delay
  const Tsn tsn = received_.cumulative().widen(data->tsn);
  switch (received_.classify(tsn)) {
    case TsnMap::Arrival::kDuplicate:
      ++stack_.counters.duplicate_tsns;
      ++counters_.seldom.use().duplicate_chunks;
      received_.note_duplicate(tsn);
      return true;
    case TsnMap::Arrival::kTooFar:
      ++stack_.counters.discarded_tsn_too_far;
      sack_now_ = true;
      return true;
    case TsnMap::Arrival::kNew:
      break;
  }
  if (window_closed() && !make_room(tsn)) {
    ++stack_.counters.discarded_window_full;
    sack_now_ = true;  // RFC 9260 §6.2: dropped, and told at once
    return true;
  }
  if (received_.add(tsn) != TsnMap::Arrival::kNew) {
    sack_now_ = true;
    return true;
  }
  packet_has_new_data_ = true;
  if (tsn > received_.cumulative()) ++counters_.seldom.use().out_of_order_tsns;
  if (data->stream >= inbound_streams_) {
    // RFC 9260 §6.5: acknowledged, reported (§3.3.10.1), discarded.
    std::array<std::byte, 4> value{};
    store_big(value.data(), data->stream);
    queue_error(wire::CauseCode::kInvalidStreamIdentifier, value);
    sack_now_ = true;
    return true;
  }
  const std::size_t size = data->payload.size();
  advertised_left_ -= std::min(advertised_left_, size);
  const auto offset = static_cast<std::size_t>(data->payload.data() - datagram.bytes.data());
  Fragment fragment{tsn, data->stream, data->ssn, data->ppid, data->flags, datagram.bytes.subslice(offset, size)};
  if (held_by_reset(data->stream, tsn)) {
    hold(std::move(fragment));
    return true;
  }
  if (reassembly_.add(std::move(fragment), stack_.delivered) == Reassembly::Outcome::kViolation) {
    stack_.delivered.clear();
    abort_with(wire::CauseCode::kProtocolViolation, {}, AssociationChanged::Reason::kProtocolError);
    return false;
  }
  if (reassembly_.in_partial_delivery()) end_cut_short_delivery(from);
  deliver_partially();
  deliver(from);
  return true;
}

// RFC 3758 §3.6: another message begins where the one in partial delivery should go on.
void Association::end_cut_short_delivery(PathId from) noexcept {
  const std::optional<Tsn> next = reassembly_.partial_delivery_cut_short();
  if (!next) return;
  deliver(from);  // what came before
  if (const auto aborted = reassembly_.abort_partial_delivery(*next)) {
    stack_.emit(*this, PartialDeliveryAborted{aborted->stream, aborted->ssn, aborted->unordered});
  }
  reassembly_.forward(*next - 1, *next - 1, stack_.delivered);
}

// RFC 9260 §6.9: a message too large for the receive buffer goes up in parts, lest both sides wait for ever.
void Association::deliver_partially() noexcept {
  const std::size_t held = reassembly_.bytes();
  const bool reached_point = parameters_->partial_delivery_point != 0 && held >= parameters_->partial_delivery_point;
  if (held > 0 && (reached_point || window_room() < std::min(fragment_size(), parameters_->receive_buffer / 4))) {
    reassembly_.start_partial_delivery(stack_.delivered);
  }
}

// RFC 9260 §6.2: with the window closed only a TSN below the highest one held may come in, in place of that one.
bool Association::make_room(Tsn tsn) noexcept {
  if (drop_held(tsn)) return true;
  const std::optional<Tsn> dropped = reassembly_.drop_highest(tsn);
  if (!dropped) return false;
  received_.forget(*dropped);
  reneged_ = true;
  return true;
}

void Association::deliver(PathId from) noexcept {
  while (!stack_.delivered.empty()) {
    Piece& piece = stack_.delivered.front();
    // A small message must not pin the large buffer it came in.
    if (piece.payload.size() * 4 < piece.payload.capacity() && unread_bytes_ > 0) {
      if (Slice copy = stack_.pool.copy(piece.payload.bytes())) piece.payload = std::move(copy);
    }
    unread_bytes_ += piece.payload.size();
    ++unread_pieces_;
    stack_.emit(*this, DataArrived{std::move(piece), received_.cumulative().wire(), from});
    stack_.delivered.pop_front();
  }
}

// After all chunks of a packet that carried DATA: is a SACK due, and when?
void Association::data_packet_done(PathId from, Time now) noexcept {
  if (from != kNoPath) last_data_path_ = from;
  ++packets_unacked_;
  // RFC 9260 §5.1: the first DATA at once. §6.2: duplicates alone at once, otherwise every second packet. §6.7: at once
  // while there are gaps, and when one was filled (RFC 5681 §4.2).
  if (first_data_ || !packet_has_new_data_ || received_.has_gaps() || had_gaps_ ||
      packets_unacked_ >= parameters_->sack_frequency || parameters_->sack_delay <= Duration::zero()) {
    sack_now_ = true;
  }
  first_data_ = false;
  if (state_ == State::kShutdownSent) {
    // RFC 9260 §9.2: answer each packet with DATA by SHUTDOWN, and by a SACK too: SHUTDOWN tells neither of gaps and
    // duplicates nor of a window that has opened again (§6.2) or of data given up again (§3.3.8).
    shutdown_due_ = true;
    timers_.start(Timer::kT2, now + paths_[data_path()].timeout.rto());
    sack_now_ = true;
    return;
  }
  if (!sack_now_ && !timers_.runs(Timer::kSack)) {
    // RFC 9260 §6.2: within SACK.Delay, never more than 500 ms.
    timers_.start(Timer::kSack, now + std::min<Duration>(parameters_->sack_delay, std::chrono::milliseconds(500)));
  }
}

std::size_t Association::window_room() const noexcept {
  const HeldData& by_reset = held_.read();
  const std::size_t held = reassembly_.bytes() + unread_bytes_ + by_reset.bytes;
  const std::size_t buffer = parameters_->receive_buffer;
  if (held >= buffer) return 0;
  // Payload is what a_rwnd speaks of; real memory has its own limit, so that tiny messages cannot grow us.
  // What a reset holds back pins at most four times its payload, see hold().
  const std::size_t memory = held + 3 * by_reset.bytes + (unread_pieces_ + by_reset.fragments.size()) * kPieceMemory +
                             reassembly_.pinned_bytes();
  const std::size_t memory_limit = buffer * kMemoryPerReceiveBuffer;
  if (memory >= memory_limit) return 0;
  return std::min(buffer - held, memory_limit - memory);
}

// RFC 9260 §6.2: what a SACK says. A sliver of a window is never opened, though one that the peer has been told of
// stands (silly window syndrome, RFC 1122 §4.2.3.3).
std::size_t Association::advertised_window() const noexcept {
  const std::size_t room = std::min<std::size_t>(window_room(), 0xFFFFFFFFu);
  const std::size_t sliver =
      std::min(paths_.empty() ? std::size_t{1500} : fragment_size(), parameters_->receive_buffer / 4);
  return room < sliver ? std::min(room, advertised_left_) : room;
}

// Whether advertised_window() is 0: asked for each DATA chunk, and mostly plain to see.
bool Association::window_closed() const noexcept {
  return (advertised_left_ == 0 || window_room() == 0) && advertised_window() == 0;
}

// RFC 9260 §6.2: a window update only when a quarter of the buffer has come free.
bool Association::window_update_due() const noexcept {
  return advertised_window() >= advertised_left_ + parameters_->receive_buffer / 4;
}

bool Association::consumed(std::size_t bytes) noexcept {
  const std::size_t before = unread_bytes_;
  unread_bytes_ -= std::min(unread_bytes_, bytes);
  // The number of pieces goes down in proportion: exact at both ends, near enough between.
  unread_pieces_ = before == 0 ? 0 : (unread_pieces_ * unread_bytes_ + before - 1) / before;
  if (state_ != State::kEstablished && state_ != State::kShutdownPending && state_ != State::kShutdownSent)
    return false;
  if (!window_update_due()) return false;
  sack_now_ = true;
  return true;
}

}  // namespace netsctp::core
