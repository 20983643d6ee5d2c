// The send window: states of the chunks in it, SACKs, loss marks (RFC 9260 §6.2.1, §6.3, §7.2.4).
#include "core/outstanding.hpp"

#include <algorithm>
#include <cstdlib>

namespace netsctp::core {
namespace {

struct TsnRange {  // both ends included
  Tsn first;
  Tsn last;
};

// Walks the Gap Ack Blocks of a SACK that make sense, as ascending disjoint ranges. A peer cannot make us look at a TSN
// twice.
class GapRanges {
 public:
  GapRanges(Tsn cumulative, Tsn highest_sent, const wire::Sack& sack) noexcept
      : cumulative_(cumulative), highest_sent_(highest_sent), end_of_last_(cumulative), sack_(sack) {}

  [[nodiscard]] std::optional<TsnRange> next() noexcept {
    while (index_ < sack_.gap_blocks) {
      const wire::GapBlock block = sack_.gap_block(index_++);
      const TsnRange range{cumulative_ + block.start, cumulative_ + block.end};
      // RFC 9260 §6.7: blocks go from the lowest to the highest TSN. None acknowledges what was never sent.
      if (range.first <= end_of_last_ || range.last < range.first || range.last > highest_sent_) continue;
      end_of_last_ = range.last;
      return range;
    }
    return std::nullopt;
  }

 private:
  Tsn cumulative_;
  Tsn highest_sent_;
  Tsn end_of_last_;
  const wire::Sack& sack_;
  std::size_t index_ = 0;
};

}  // namespace

Outstanding::Outstanding(Tsn initial_tsn, Slab<OutgoingMessage>& messages) noexcept : messages_(messages) {
  restart(initial_tsn);
}

Outstanding::~Outstanding() {
  while (OutgoingMessage* message = pop_abandoned()) messages_.destroy(message);
}

Tsn Outstanding::next_tsn() const noexcept {
  return base_ + chunks_.size();
}

Tsn Outstanding::cumulative_ack_point() const noexcept {
  return base_ - 1;
}

bool Outstanding::empty() const noexcept {
  return chunks_.empty();
}

std::size_t Outstanding::size() const noexcept {
  return chunks_.size();
}

std::size_t Outstanding::in_flight(PathId path) const noexcept {
  return path < flights_.size() ? flights_[path].bytes : 0;
}

std::size_t Outstanding::in_flight() const noexcept {
  return in_flight_bytes_;
}

std::size_t Outstanding::in_flight_payload() const noexcept {
  return in_flight_payload_;
}

std::size_t Outstanding::payload_bytes() const noexcept {
  return payload_bytes_;
}

const Outstanding::Chunk& Outstanding::chunk(Tsn tsn) const noexcept {
  return at(tsn);
}

Tsn Outstanding::add(OutgoingMessage* message, std::size_t offset, std::size_t length, std::uint8_t flags, PathId path,
                     Time now) noexcept {
  const Tsn tsn = next_tsn();
  ++message->unacked;
  Chunk& chunk = chunks_.emplace_back();
  chunk.message = message;
  chunk.sent_at = now;
  chunk.offset = static_cast<std::uint32_t>(offset);
  chunk.length = static_cast<std::uint16_t>(length);
  chunk.flags = flags;
  chunk.path = path;
  payload_bytes_ += length;
  enter_flight(tsn, chunk);
  return tsn;
}

// ---- States of a chunk

void Outstanding::enter_flight(Tsn tsn, Chunk& chunk) noexcept {
  chunk.state = ChunkState::kInFlight;
  while (flights_.size() <= chunk.path) flights_.emplace_back();
  PathFlight& flight = flights_[chunk.path];
  if (flight.bytes == 0 || tsn < flight.earliest) flight.earliest = tsn;
  flight.bytes += chunk.wire_size();
  in_flight_bytes_ += chunk.wire_size();
  in_flight_payload_ += chunk.length;
}

void Outstanding::mark_for_retransmission(Tsn tsn, Chunk& chunk) noexcept {
  leave_state(chunk);
  chunk.state = ChunkState::kToRetransmit;
  if (to_retransmit_ == 0) {
    lowest_to_retransmit_ = highest_to_retransmit_ = tsn;
  } else {
    lowest_to_retransmit_ = std::min(lowest_to_retransmit_, tsn);
    highest_to_retransmit_ = std::max(highest_to_retransmit_, tsn);
  }
  ++to_retransmit_;
}

void Outstanding::mark_acked(Chunk& chunk) noexcept {
  leave_state(chunk);
  chunk.state = ChunkState::kAcked;
  ++acked_;
}

void Outstanding::mark_abandoned(Chunk& chunk) noexcept {
  leave_state(chunk);
  chunk.state = ChunkState::kAbandoned;
  payload_bytes_ -= chunk.length;
}

void Outstanding::leave_state(const Chunk& chunk) noexcept {
  switch (chunk.state) {
    case ChunkState::kInFlight:
      flights_[chunk.path].bytes -= chunk.wire_size();
      in_flight_bytes_ -= chunk.wire_size();
      in_flight_payload_ -= chunk.length;
      break;
    case ChunkState::kToRetransmit:
      --to_retransmit_;
      break;
    case ChunkState::kAcked:
      --acked_;
      break;
    case ChunkState::kAbandoned:
      payload_bytes_ += chunk.length;
      break;
  }
}

// ---- Acknowledgements

bool Outstanding::acceptable(Tsn cumulative) const noexcept {
  return cumulative >= cumulative_ack_point() && cumulative < next_tsn();
}

Outstanding::SackOutcome Outstanding::on_sack(Tsn cumulative, const wire::Sack& sack, bool in_fast_recovery,
                                              const Watchers* watchers) noexcept {
  SackOutcome outcome;
  if (!acceptable(cumulative)) return outcome;
  watchers_ = watchers;
  const Tsn highest_sent = next_tsn() - 1;
  const Earliest earliest = earliest_of_paths();
  outcome.cumulative_advanced = cumulative > cumulative_ack_point();

  // RFC 9260 §6.7: what the Gap Ack Blocks report has arrived, also if it was waiting to be retransmitted.
  Tsn highest_newly_acked = cumulative;
  Tsn highest_reported = cumulative;
  GapRanges blocks(cumulative, highest_sent, sack);
  while (const auto range = blocks.next()) {
    for (Tsn tsn = range->first; tsn <= range->last; tsn = tsn + 1) {
      Chunk& chunk = at(tsn);
      // RFC 3758 §3.5 A2: what was abandoned counts as acknowledged already.
      if (chunk.state == ChunkState::kAcked || chunk.state == ChunkState::kAbandoned) continue;
      acknowledge(tsn, chunk, earliest, outcome);
      highest_newly_acked = tsn;
    }
    highest_reported = range->last;
  }

  // What is between the blocks and after them has not arrived, or not any more.
  // RFC 9260 §7.2.4: a miss indication is for TSNs below the highest newly acknowledged one (HTNA); in Fast Recovery,
  // if the Cumulative TSN Ack Point advances, for all TSNs reported missing.
  const Tsn missing_below = in_fast_recovery && outcome.cumulative_advanced ? highest_reported : highest_newly_acked;
  Tsn hole = cumulative + 1;
  GapRanges holes(cumulative, highest_sent, sack);
  while (const auto range = holes.next()) {
    on_hole(hole, range->first - 1, missing_below, outcome);
    hole = range->last + 1;
  }
  on_hole(hole, highest_gap_acked_, missing_below, outcome);
  highest_gap_acked_ = highest_reported;

  pop_acknowledged(cumulative, earliest, outcome);
  watchers_ = nullptr;
  return outcome;
}

Outstanding::SackOutcome Outstanding::on_cumulative_ack(Tsn cumulative, const Watchers* watchers) noexcept {
  SackOutcome outcome;
  if (!acceptable(cumulative)) return outcome;
  outcome.cumulative_advanced = cumulative > cumulative_ack_point();
  watchers_ = watchers;
  pop_acknowledged(cumulative, earliest_of_paths(), outcome);
  watchers_ = nullptr;
  return outcome;
}

Outstanding::Earliest Outstanding::earliest_of_paths() const noexcept {
  Earliest result{};
  for (std::size_t path = 0; path < flights_.size(); ++path) result[path] = earliest(static_cast<PathId>(path));
  return result;
}

// A chunk is acknowledged that was not before.
void Outstanding::acknowledge(Tsn tsn, Chunk& chunk, const Earliest& earliest, SackOutcome& outcome) noexcept {
  PathOutcome& path = outcome.paths[chunk.path];
  outcome.any_newly_acked = true;
  ++outcome.newly_acked_chunks;
  path.newly_acked_bytes += chunk.wire_size();
  if (!chunk.moved) path.reached = true;
  // RFC 9260 §6.3.2 R3: the earliest outstanding TSN of an address restarts its T3-rtx.
  if (earliest[chunk.path] == tsn) path.earliest_acked = true;
  // RFC 9260 §6.3.1 C5 (Karn): never from a retransmitted chunk, nor if a lower one was retransmitted since this one
  // was sent; the latter is simplified to any one. A later sent_at is a higher TSN, for none of these was sent twice.
  const bool fit = !chunk.retransmitted && chunk.sent_at > last_retransmission_;
  if (fit && (!outcome.rtt_sent_at || chunk.sent_at > *outcome.rtt_sent_at)) {
    outcome.rtt_sent_at = chunk.sent_at;
    outcome.rtt_path = chunk.path;
  }
  if (watchers_ != nullptr && watchers_->racks != nullptr) {
    (*watchers_->racks)[chunk.path].delivered(tsn, chunk.sent_at, chunk.retransmitted);
  }
  if (watchers_ != nullptr && watchers_->bbr != nullptr) {
    watchers_->bbr->acknowledged(chunk.path, tsn, chunk.sent_at, chunk.wire_size(), chunk.retransmitted);
  }
  mark_acked(chunk);
}

// The SACK does not report `first` to `last`, which are above its Cumulative TSN Ack.
void Outstanding::on_hole(Tsn first, Tsn last, Tsn missing_below, SackOutcome& outcome) noexcept {
  const bool by_time = watchers_ != nullptr && watchers_->racks != nullptr;
  for (Tsn tsn = first; tsn <= last; tsn = tsn + 1) {
    Chunk& chunk = at(tsn);
    switch (chunk.state) {
      case ChunkState::kAcked:
        // RFC 9260 §6.2.1 D iii, §6.3.2 R4: the receiver reneged; this is one miss indication. When it was acknowledged
        // first is no longer known, so it tells nothing of the round trip.
        leave_state(chunk);
        enter_flight(tsn, chunk);
        chunk.missing_reports = 1;
        chunk.retransmitted = true;
        outcome.paths[chunk.path].missing_again = true;
        break;
      case ChunkState::kInFlight:
        if (tsn >= missing_below || by_time) break;
        if (chunk.missing_reports < UINT8_MAX) ++chunk.missing_reports;
        // RFC 9260 §7.2.4 steps 1 and 5: the third indication marks it for retransmission, once only.
        if (chunk.missing_reports < kMissingReportsToRetransmit || chunk.fast_retransmitted) break;
        if (watchers_ != nullptr && watchers_->bbr != nullptr) watchers_->bbr->lost(chunk.path, tsn, chunk.wire_size());
        mark_for_retransmission(tsn, chunk);
        chunk.fast_retransmitted = true;
        outcome.marked_for_fast_retransmit = true;
        outcome.paths[chunk.path].fast_retransmit = true;
        break;
      case ChunkState::kToRetransmit:
      case ChunkState::kAbandoned:
        break;
    }
  }
}

// RFC 9260 §6.7: what the Cumulative TSN Ack covers leaves the transmit queue.
void Outstanding::pop_acknowledged(Tsn cumulative, const Earliest& earliest, SackOutcome& outcome) noexcept {
  while (base_ <= cumulative) {
    Chunk& chunk = chunks_.front();
    if (chunk.state != ChunkState::kAbandoned) {
      if (chunk.state != ChunkState::kAcked) acknowledge(base_, chunk, earliest, outcome);
      outcome.freed_payload += chunk.length;
    }
    if (OutgoingMessage* done = pop_front_chunk()) messages_.destroy(done);
  }
}

// Returns the chunk's message if this was the last of it: nothing is outstanding, nothing left in the send queue.
OutgoingMessage* Outstanding::pop_front_chunk() noexcept {
  const Chunk& chunk = chunks_.front();
  OutgoingMessage* message = chunk.message;
  leave_state(chunk);
  payload_bytes_ -= chunk.length;
  chunks_.pop_front();
  base_ = base_ + 1;
  --message->unacked;
  return message->unacked == 0 && message->taken == message->payload.size() ? message : nullptr;
}

// ---- Losses

std::size_t Outstanding::mark_all_lost(PathId path) noexcept {
  std::size_t marked = 0;
  for (auto tsn = earliest(path); tsn; tsn = earliest(path)) {
    Chunk& chunk = at(*tsn);
    marked += chunk.length;
    chunk.timed_out = true;
    mark_for_retransmission(*tsn, chunk);
  }
  return marked;
}

bool Outstanding::mark_late(PathId path, const Rack& rack, Duration window, Time now, Time& wait_until,
                            BbrPaths* bbr) noexcept {
  bool any = false;
  const std::optional<Tsn> first = earliest(path);
  if (!first) return false;
  for (Tsn tsn = *first; tsn < next_tsn(); tsn = tsn + 1) {
    Chunk& chunk = at(tsn);
    if (chunk.state != ChunkState::kInFlight || chunk.path != path) continue;
    if (!rack.sent_before(tsn, chunk.sent_at)) {
      if (!chunk.retransmitted) break;  // what follows was sent later still
      continue;
    }
    const Time lost_at = rack.lost_at(chunk.sent_at, window);
    if (lost_at <= now) {
      if (bbr != nullptr) bbr->lost(path, tsn, chunk.wire_size());
      mark_for_retransmission(tsn, chunk);
      any = true;
    } else {
      wait_until = wait_until == kNever ? lost_at : std::max(wait_until, lost_at);
    }
  }
  return any;
}

std::size_t Outstanding::mark_lost(Tsn tsn) noexcept {
  Chunk& chunk = at(tsn);
  mark_for_retransmission(tsn, chunk);
  return chunk.length;
}

std::optional<Tsn> Outstanding::highest(PathId path) const noexcept {
  for (Tsn tsn = next_tsn(); tsn > base_; tsn = tsn - 1) {
    const Chunk& chunk = at(tsn - 1);
    if (chunk.state == ChunkState::kInFlight && chunk.path == path) return tsn - 1;
  }
  return std::nullopt;
}

bool Outstanding::has_retransmits() const noexcept {
  return to_retransmit_ != 0;
}

std::optional<Tsn> Outstanding::next_retransmit(Tsn from) const noexcept {
  if (to_retransmit_ == 0) return std::nullopt;
  lowest_to_retransmit_ = std::max(lowest_to_retransmit_, base_);
  const bool from_lowest = from <= lowest_to_retransmit_;
  const Tsn start = std::max(from, lowest_to_retransmit_);
  for (Tsn tsn = start; tsn <= highest_to_retransmit_; tsn = tsn + 1) {
    if (at(tsn).state != ChunkState::kToRetransmit) continue;
    if (from_lowest) lowest_to_retransmit_ = tsn;
    return tsn;
  }
  // There are some below `from` only.
  highest_to_retransmit_ = std::min(highest_to_retransmit_, start - 1);
  return std::nullopt;
}

void Outstanding::retransmitted(Tsn tsn, PathId path, Time now) noexcept {
  Chunk& chunk = at(tsn);
  if (lowest_to_retransmit_ == tsn) lowest_to_retransmit_ = tsn + 1;
  leave_state(chunk);
  chunk.moved = chunk.moved || chunk.path != path;
  chunk.path = path;
  chunk.sent_at = now;
  chunk.missing_reports = 0;
  chunk.retransmitted = true;
  if (chunk.retransmissions < UINT16_MAX) ++chunk.retransmissions;
  chunk.timed_out = false;
  last_retransmission_ = now;
  enter_flight(tsn, chunk);
}

std::optional<Tsn> Outstanding::earliest(PathId path) const noexcept {
  if (in_flight(path) == 0) return std::nullopt;
  PathFlight& flight = flights_[path];
  Tsn tsn = std::max(flight.earliest, base_);
  while (at(tsn).state != ChunkState::kInFlight || at(tsn).path != path) tsn = tsn + 1;
  flight.earliest = tsn;
  return tsn;
}

// ---- Abandoned messages

Tsn Outstanding::add_missing_end(OutgoingMessage& message) noexcept {
  const Tsn tsn = next_tsn();
  ++message.unacked;
  Chunk& chunk = chunks_.emplace_back();
  chunk.message = &message;
  chunk.path = 0;
  chunk.state = ChunkState::kAbandoned;
  return tsn;
}

void Outstanding::abandon(Tsn tsn) noexcept {
  OutgoingMessage* const message = at(tsn).message;
  message->abandoned = true;
  // RFC 9260 §6.9: the chunks of a message have consecutive TSNs.
  Tsn first = tsn;
  while (first > base_ && at(first - 1).message == message) first = first - 1;
  for (; first < next_tsn() && at(first).message == message; first = first + 1) {
    if (at(first).state != ChunkState::kAbandoned) mark_abandoned(at(first));
  }
}

Tsn Outstanding::advanced_ack_point() const noexcept {
  advanced_ = std::max(advanced_, cumulative_ack_point());
  while (advanced_ + 1 < next_tsn() && at(advanced_ + 1).state == ChunkState::kAbandoned) advanced_ = advanced_ + 1;
  return advanced_;
}

// ---- The end

OutgoingMessage* Outstanding::pop_abandoned() noexcept {
  while (!chunks_.empty()) {
    if (OutgoingMessage* message = pop_front_chunk()) return message;
  }
  return nullptr;
}

void Outstanding::restart(Tsn initial_tsn) noexcept {
  base_ = initial_tsn;
  highest_gap_acked_ = cumulative_ack_point();
  advanced_ = cumulative_ack_point();
  last_retransmission_ = Time::min();
}

void Outstanding::check_consistent() const noexcept {
  const auto require = [](bool condition) {
    if (!condition) std::abort();
  };
  std::array<std::size_t, kMaxPaths> flight{};
  std::size_t flight_payload = 0;
  std::size_t payload = 0;
  std::size_t to_retransmit = 0;
  std::size_t acked = 0;
  for (Tsn tsn = base_; tsn < next_tsn(); tsn = tsn + 1) {
    const Chunk& chunk = at(tsn);
    require(chunk.message != nullptr && chunk.message->unacked != 0 && chunk.path < kMaxPaths);
    require(chunk.message->abandoned == (chunk.state == ChunkState::kAbandoned));
    require(chunk.length != 0 || chunk.state == ChunkState::kAbandoned);
    if (chunk.state != ChunkState::kAbandoned) payload += chunk.length;
    switch (chunk.state) {
      case ChunkState::kInFlight:
        flight[chunk.path] += chunk.wire_size();
        flight_payload += chunk.length;
        require(tsn >= flights_[chunk.path].earliest);
        break;
      case ChunkState::kToRetransmit:
        ++to_retransmit;
        require(tsn >= lowest_to_retransmit_ && tsn <= highest_to_retransmit_);
        break;
      case ChunkState::kAcked:
        require(tsn <= highest_gap_acked_);
        ++acked;
        break;
      case ChunkState::kAbandoned:
        break;
    }
  }
  std::size_t flight_total = 0;
  for (std::size_t path = 0; path < kMaxPaths; ++path) {
    require(flight[path] == in_flight(static_cast<PathId>(path)));
    flight_total += flight[path];
  }
  require(flight_total == in_flight_bytes_ && flight_payload == in_flight_payload_);
  require(payload == payload_bytes_ && to_retransmit == to_retransmit_ && acked == acked_);
}

}  // namespace netsctp::core
