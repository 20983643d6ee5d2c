// See reassembly.hpp. A message that can go up at once goes up without being stored. What must wait is kept as parts:
// runs of consecutive TSNs of one message, since its sender gives the fragments of a message consecutive TSNs (RFC 9260
// §6.9). Whatever arrives in whatever order, an arrival costs at most a few searches in ordered maps.
#include "core/reassembly.hpp"

#include <cstdlib>
#include <iterator>
#include <utility>

#include "wire/types.hpp"

namespace netsctp::core {
namespace {

// An ordered-map node: the value and three pointers and a color, rounded up.
constexpr std::size_t kNodeOverhead = 4 * sizeof(void*);

constexpr bool begins(const Fragment& fragment) noexcept {
  return (fragment.flags & wire::kDataFlagBeginning) != 0;
}
constexpr bool ends(const Fragment& fragment) noexcept {
  return (fragment.flags & wire::kDataFlagEnd) != 0;
}
constexpr bool is_unordered(const Fragment& fragment) noexcept {
  return (fragment.flags & wire::kDataFlagUnordered) != 0;
}

constexpr std::uint32_t turn_key(StreamId stream, std::uint16_t ssn) noexcept {
  return static_cast<std::uint32_t>(stream) << 16 | ssn;
}

void emit(Ring<Piece>& out, Fragment& fragment) noexcept {
  out.emplace_back(Piece{fragment.tsn, fragment.stream, fragment.ssn, fragment.ppid, is_unordered(fragment),
                         begins(fragment), ends(fragment), std::move(fragment.payload)});
}

void require(bool holds) noexcept {
  if (!holds) std::abort();
}

}  // namespace

Reassembly::Reassembly(BufferPool& pool, std::pmr::memory_resource* nodes) noexcept : pool_(pool), parts_(nodes) {}

// RFC 9260 §6.9: all fragments of a message have its stream, its U bit and its SSN. RFC 9260 §6.6: the SSN of an
// unordered one is ignored.
bool Reassembly::MessageId::covers(const Fragment& fragment) const noexcept {
  return stream == fragment.stream && unordered == is_unordered(fragment) && (unordered || ssn == fragment.ssn);
}

Reassembly::StreamState& Reassembly::stream_state(StreamId stream) noexcept {
  const std::size_t page = stream / kStreamsPerPage;
  if (page >= streams_.size()) streams_.resize(page + 1);
  if (!streams_[page]) streams_[page] = std::make_unique<StreamPage>();
  return (*streams_[page])[stream % kStreamsPerPage];
}

// RFC 9260 §6.6: an unordered message is for now, an ordered one when its stream has come to its SSN (first `first` is
// the TSN of its first fragment).
Reassembly::Turn Reassembly::turn_of(const MessageId& message, Tsn first) noexcept {
  if (message.unordered) return Turn::kNow;
  const StreamState& state = stream_state(message.stream);
  const auto ahead = static_cast<std::uint16_t>(message.ssn - state.next_ssn);
  if (ahead == 0) return Turn::kNow;
  // RFC 9260 §1.6: SSNs are serial numbers of 16 bits, so "behind" looks like 2^15 or more ahead. With small messages
  // that many can really be in flight behind a loss. They then have had TSNs: each message between the last one handed
  // out and this one took one at least. If there was no room for them, the SSN is behind.
  if (ahead < 0x8000 || !state.started) return Turn::kEarly;
  const auto room = static_cast<std::int32_t>(first.wire() - state.last_tsn);
  return static_cast<std::int32_t>(ahead) < room ? Turn::kEarly : Turn::kOld;
}

// RFC 9260 §3.3.1: a TSN with E is followed by one with B and the other way round; else both belong to one message.
// `below` and `above` hold the neighbouring TSNs, or are null if those are not held.
bool Reassembly::fits_between(const Fragment& fragment, const Part* below, const Part* above) const noexcept {
  const bool b = begins(fragment);
  const bool e = ends(fragment);
  // RFC 3758 §3.5: a message may have been given up before its end was sent.
  const bool cut_short = partial_reliability_ && b;
  const bool cuts_short = partial_reliability_ && !e && above != nullptr && above->begins;
  if (below != nullptr && ((below->ends != b && !cut_short) || (!b && !below->message.covers(fragment)))) return false;
  if (above != nullptr && !cuts_short && (above->begins != e || (!e && !above->message.covers(fragment)))) return false;
  if (partial_reliability_) return true;
  if (fragment.tsn == needs_beginning_ && !b) return false;
  if (fragment.tsn == needs_end_ && !e) return false;
  if (partial_ && fragment.tsn == partial_->next) {
    if (b || !partial_->message.covers(fragment)) return false;
  }
  return true;
}

Reassembly::Outcome Reassembly::add(Fragment&& fragment, Ring<Piece>& out) noexcept {
  const Tsn tsn = fragment.tsn;
  // The part above (may be none) and the one below; usually everything held is below.
  Parts::iterator above = parts_.end();
  Part* below = nullptr;
  Parts::iterator below_at = parts_.end();
  if (!parts_.empty()) {
    if (parts_.rbegin()->first > tsn) above = parts_.upper_bound(tsn);
    if (above != parts_.begin()) {
      below_at = std::prev(above);
      if (below_at->second.last >= tsn) return Outcome::kTaken;  // held already: not to be given twice
      if (below_at->second.last + 1 == tsn) below = &below_at->second;
    }
  }
  Part* const next = above != parts_.end() && above->first == tsn + 1 ? &above->second : nullptr;
  if (!fits_between(fragment, below, next)) return Outcome::kViolation;

  const bool b = begins(fragment);
  const bool e = ends(fragment);
  const bool joins_next = next != nullptr && !e && !next->begins;
  const bool is_cut_short = next != nullptr && !e && next->begins;
  if (partial_ && tsn == partial_->next && !b && partial_->message.covers(fragment)) {
    continue_partial(fragment, joins_next ? above : parts_.end(), out);
    return Outcome::kTaken;
  }
  if (b && below != nullptr && !below->ends) {  // RFC 3758 §3.5 A3: given up in the middle, its end will not come
    drop_cut_short(below_at, out);
    return add(std::move(fragment), out);
  }
  if (b && e && !partial_) {  // the usual case: nothing to put together, and mostly nothing to wait for
    const MessageId message{fragment.stream, fragment.ssn, is_unordered(fragment)};
    const Turn turn = turn_of(message, tsn);
    if (turn == Turn::kOld) return Outcome::kTaken;
    if (turn == Turn::kNow) {
      emit(out, fragment);
      needs_end_ = tsn - 1;
      message_done(message, tsn, out);
      return Outcome::kTaken;
    }
  }

  Parts::iterator home;
  Held* held = nullptr;
  if (below != nullptr && !b) {
    home = below_at;
    held = &attach(*below, below->fragments.end(), fragment);
    below->last = tsn;
    below->ends = e;
    if (joins_next) {
      below->last = next->last;
      below->ends = next->ends;
      below->fragments.splice(below->fragments.end(), next->fragments);
      close_part(above);
    }
  } else if (joins_next) {
    auto node = parts_.extract(above++);
    node.key() = tsn;
    home = parts_.insert(above, std::move(node));
    held = &attach(home->second, home->second.fragments.begin(), fragment);
    home->second.begins = b;
  } else {
    home = open_part(fragment, above);
    held = &attach(home->second, home->second.fragments.end(), fragment);
  }
  if (is_cut_short) {
    drop_cut_short(home, out);
    return Outcome::kTaken;
  }
  const bool gone = home->second.complete() && settle(home, out);
  if (!gone) shrink(*held);
  return Outcome::kTaken;
}

// What follows it begins another message: if its stream waits for it, it waits no more.
void Reassembly::drop_cut_short(Parts::iterator at, Ring<Piece>& out) noexcept {
  const MessageId message = at->second.message;
  const Tsn first = at->first;
  const Tsn last = at->second.last;
  const bool begins = at->second.begins;
  close_part(at);
  if (message.unordered || !begins || waiting_.read().skips.contains(message.stream)) return;
  if (turn_of(message, first) == Turn::kNow) skip(message.stream, message.ssn, last, out);
}

// A new part of one fragment, empty as yet, right before `above`.
Reassembly::Parts::iterator Reassembly::open_part(const Fragment& fragment, Parts::iterator above) noexcept {
  const Parts::iterator home = parts_.try_emplace(above, fragment.tsn, parts_.get_allocator().resource());
  Part& part = home->second;
  part.last = fragment.tsn;
  part.message = {fragment.stream, fragment.ssn, is_unordered(fragment)};
  part.begins = begins(fragment);
  part.ends = ends(fragment);
  part.place = Part::Place::kIncomplete;
  return home;
}

Reassembly::Held& Reassembly::attach(Part& part, std::pmr::list<Held>::iterator at, Fragment& fragment) noexcept {
  at = part.fragments.emplace(at);
  at->ppid = fragment.ppid;
  at->payload = std::move(fragment.payload);
  bytes_ += at->payload.size();
  pinned_ += at->payload.capacity();
  ++fragments_;
  return *at;
}

// It will have to wait: if its block is much larger than it, it moves to one of its own size, lest a small chunk pin a
// large receive buffer. Without memory for that, or without gain, it stays where it is.
void Reassembly::shrink(Held& held) noexcept {
  if (held.payload.size() * 4 >= held.payload.capacity()) return;
  Slice own = pool_.copy(held.payload.bytes());
  if (!own || own.capacity() >= held.payload.capacity()) return;
  pinned_ -= held.payload.capacity() - own.capacity();
  held.payload = std::move(own);
}

// The part has no fragments any more, or they do not matter any more.
void Reassembly::close_part(Parts::iterator part) noexcept {
  for (const Held& held : part->second.fragments) {
    bytes_ -= held.payload.size();
    pinned_ -= held.payload.capacity();
    --fragments_;
  }
  parts_.erase(part);
}

// A complete message: handed out if it is its turn, else kept for it. True if it is held no more.
bool Reassembly::settle(Parts::iterator at, Ring<Piece>& out) noexcept {
  Part& part = at->second;
  if (partial_) {
    waiting().backlog.insert(at->first);
    part.place = Part::Place::kBacklog;
    return false;
  }
  switch (turn_of(part.message, at->first)) {
    case Turn::kNow:
      hand_out(at, out);
      return true;
    case Turn::kEarly:
      // Two messages of one SSN cannot be: the second is treated like an old one.
      if (waiting().early.try_emplace(turn_key(part.message.stream, part.message.ssn), at).second) {
        part.place = Part::Place::kEarly;
        return false;
      }
      break;
    case Turn::kOld:
      break;
  }
  close_part(at);
  return true;
}

void Reassembly::hand_out(Parts::iterator at, Ring<Piece>& out) noexcept {
  const MessageId message = at->second.message;
  const Tsn last = at->second.last;
  needs_end_ = at->first - 1;
  move_pieces(at, out);
  message_done(message, last, out);
}

// Hands out all that the part has and closes it.
void Reassembly::move_pieces(Parts::iterator at, Ring<Piece>& out) noexcept {
  Part& part = at->second;
  for (Tsn tsn = at->first; !part.fragments.empty(); tsn = tsn + 1) {
    Held& held = part.fragments.front();
    bytes_ -= held.payload.size();
    pinned_ -= held.payload.capacity();
    out.emplace_back(Piece{tsn, part.message.stream, part.message.ssn, held.ppid, part.message.unordered,
                           part.begins && tsn == at->first, part.ends && tsn == part.last, std::move(held.payload)});
    part.fragments.pop_front();
    --fragments_;
  }
  close_part(at);
}

// The message that ended with `last` has been handed out: whatever waited for it follows (RFC 9260 §6.6).
void Reassembly::message_done(const MessageId& message, Tsn last, Ring<Piece>& out) noexcept {
  needs_beginning_ = last + 1;
  if (message.unordered) return;
  StreamState& state = stream_state(message.stream);
  for (;;) {
    ++state.next_ssn;  // RFC 9260 §6.5: 65535 is followed by 0
    state.started = true;
    state.last_tsn = last.wire();
    if (!waiting_.is_used()) return;
    const auto& early = waiting_.read().early;
    const auto found = early.find(turn_key(message.stream, state.next_ssn));
    if (found == early.end()) return;
    last = found->second->second.last;
    hand_out_early(found->second, out);
  }
}

// A complete message that waited for its turn.
void Reassembly::hand_out_early(Parts::iterator at, Ring<Piece>& out) noexcept {
  waiting().early.erase(turn_key(at->second.message.stream, at->second.message.ssn));
  needs_end_ = at->first - 1;
  needs_beginning_ = at->second.last + 1;
  move_pieces(at, out);
}

std::size_t Reassembly::bytes() const noexcept {
  return bytes_;
}

std::size_t Reassembly::pinned_bytes() const noexcept {
  const std::size_t alone = pinned_ + fragments_ * (sizeof(Held) + kNodeOverhead) +
                            parts_.size() * (sizeof(Parts::value_type) + kNodeOverhead);
  if (!waiting_.is_used()) return alone;
  const auto& [early, backlog, skips] = waiting_.read();
  return alone + early.size() * (sizeof *early.begin() + kNodeOverhead) +
         backlog.size() * (sizeof *backlog.begin() + kNodeOverhead) +
         skips.size() * (sizeof *skips.begin() + kNodeOverhead);
}

std::optional<Tsn> Reassembly::drop_highest(Tsn floor) noexcept {
  if (parts_.empty()) return std::nullopt;
  const Parts::iterator at = std::prev(parts_.end());
  Part& part = at->second;
  const Tsn tsn = part.last;
  if (tsn <= floor) return std::nullopt;
  if (part.place == Part::Place::kEarly) waiting().early.erase(turn_key(part.message.stream, part.message.ssn));
  if (part.place == Part::Place::kBacklog) waiting().backlog.erase(at->first);
  part.place = Part::Place::kIncomplete;

  const Held& held = part.fragments.back();
  bytes_ -= held.payload.size();
  pinned_ -= held.payload.capacity();
  --fragments_;
  part.fragments.pop_back();
  part.last = tsn - 1;
  part.ends = false;
  if (part.fragments.empty()) close_part(at);
  return tsn;
}

// RFC 9260 §6.9: no buffer for the rest of a message, so its beginning goes up now. Only the lowest TSNs qualify:
// whatever is below them has gone up, so that what is still to come of the message is the next to come.
bool Reassembly::start_partial_delivery(Ring<Piece>& out) noexcept {
  if (partial_ || parts_.empty()) return false;
  const Parts::iterator at = parts_.begin();
  const Part& part = at->second;
  if (!part.begins || part.ends) return false;
  if (turn_of(part.message, at->first) != Turn::kNow) return false;
  partial_ = Partial{part.last + 1, part.message};
  needs_end_ = at->first - 1;
  needs_beginning_ = Tsn{};  // what follows is the message itself
  move_pieces(at, out);
  return true;
}

bool Reassembly::in_partial_delivery() const noexcept {
  return partial_.has_value();
}

std::optional<StreamId> Reassembly::partial_stream() const noexcept {
  return partial_ ? std::optional(partial_->message.stream) : std::nullopt;
}

// `fragment` is what the message in partial delivery waits for; `above`, if any, continues it.
void Reassembly::continue_partial(Fragment& fragment, Parts::iterator above, Ring<Piece>& out) noexcept {
  Tsn last = fragment.tsn;
  bool done = ends(fragment);
  emit(out, fragment);
  if (above != parts_.end()) {
    last = above->second.last;
    done = above->second.ends;
    move_pieces(above, out);
  }
  if (!done) {
    partial_->next = last + 1;
    return;
  }
  const MessageId message = std::exchange(partial_, std::nullopt)->message;
  message_done(message, last, out);
  partial_done(out);
}

void Reassembly::partial_done(Ring<Piece>& out) noexcept {
  // What came together meanwhile. The order among streams is free; the lowest TSNs first is the sender's.
  if (!waiting_.is_used()) return;
  auto& backlog = waiting().backlog;
  while (!backlog.empty()) {
    const Parts::iterator at = parts_.find(*backlog.begin());
    backlog.erase(backlog.begin());
    at->second.place = Part::Place::kIncomplete;
    settle(at, out);
  }
  decltype(Waiting::skips) skips(waiting().skips.get_allocator());
  skips.swap(waiting().skips);  // of one allocator: nothing is copied
  for (const auto& [stream, one] : skips) skip(stream, one.ssn, one.tsn, out);
}

// ---- RFC 3758 §3.6

std::optional<Reassembly::Aborted> Reassembly::abort_partial_delivery(Tsn tsn) noexcept {
  if (!partial_ || partial_->next > tsn) return std::nullopt;
  const MessageId message = std::exchange(partial_, std::nullopt)->message;
  aborted_ = message;
  return Aborted{message.stream, message.ssn, message.unordered};
}

std::optional<Tsn> Reassembly::partial_delivery_cut_short() const noexcept {
  if (!partial_ || !parts_.contains(partial_->next)) return std::nullopt;  // a continuation would not be held
  return partial_->next;
}

void Reassembly::forward(Tsn before, Tsn tsn, Ring<Piece>& out) noexcept {
  // All below `before` are complete: only the one that `before` is in may lack something.
  Parts::iterator at = parts_.upper_bound(before);
  if (at != parts_.begin() && std::prev(at)->second.last >= before) --at;
  while (at != parts_.end() && at->first <= tsn + 1) {
    const Parts::iterator part = at++;
    const bool lacks_beginning = !part->second.begins;  // at or below tsn
    const bool lacks_more = !part->second.ends && part->second.last < tsn;
    if (lacks_beginning || lacks_more) close_part(part);
  }
  if (aborted_) message_done(*std::exchange(aborted_, std::nullopt), tsn, out);
  if (!partial_) partial_done(out);
}

void Reassembly::skip(StreamId stream, std::uint16_t ssn, Tsn tsn, Ring<Piece>& out) noexcept {
  if (partial_) {
    waiting().skips.insert_or_assign(stream, Skip{ssn, tsn});
    return;
  }
  StreamState& state = stream_state(stream);
  if (static_cast<std::uint16_t>(ssn - state.next_ssn) >= 0x8000) return;  // RFC 9260 §1.6: behind
  const auto& early = waiting_.read().early;
  const auto in_stream = [&](auto found) { return found != early.end() && found->first >> 16 == stream; };
  const auto until = static_cast<std::uint16_t>(ssn + 1);
  while (state.next_ssn != until) {
    // The first that is held at or after next_ssn, in the order of serial numbers.
    auto found = early.lower_bound(turn_key(stream, state.next_ssn));
    if (!in_stream(found)) found = early.lower_bound(turn_key(stream, 0));
    const auto left = static_cast<std::uint16_t>(until - state.next_ssn);
    if (!in_stream(found) ||
        static_cast<std::uint16_t>(static_cast<std::uint16_t>(found->first) - state.next_ssn) >= left) {
      break;
    }
    state.next_ssn = static_cast<std::uint16_t>(static_cast<std::uint16_t>(found->first) + 1);
    hand_out_early(found->second, out);
  }
  // Whatever follows without a gap.
  state.next_ssn = static_cast<std::uint16_t>(until - 1);
  message_done({stream, ssn, false}, tsn, out);
}

// ---- RFC 6525 §5.2.2, §5.2.4

// Whatever is complete, in the order of serial numbers, although what is missing between will not come.
void Reassembly::hand_out_all_early(StreamId stream, Ring<Piece>& out) noexcept {
  StreamState& state = stream_state(stream);
  const auto& early = waiting_.read().early;
  const auto in_stream = [&](auto found) { return found != early.end() && found->first >> 16 == stream; };
  for (;;) {
    auto found = early.lower_bound(turn_key(stream, state.next_ssn));
    if (!in_stream(found)) found = early.lower_bound(turn_key(stream, 0));
    if (!in_stream(found)) return;
    state.next_ssn = static_cast<std::uint16_t>(found->first + 1);
    hand_out_early(found->second, out);
  }
}

bool Reassembly::reset_sequence_numbers(const std::vector<StreamId>& streams, Tsn last, Ring<Piece>& out) noexcept {
  std::vector<bool> listed(streams.empty() ? 0 : std::size_t{0xFFFF} + 1);
  for (const StreamId stream : streams) listed[stream] = true;
  const auto affected = [&](StreamId stream) { return listed.empty() || listed[stream]; };
  for (const auto& [first, part] : parts_) {
    if (first > last) break;
    if (!part.complete() && !part.message.unordered && affected(part.message.stream)) return false;
  }
  const auto& early = waiting_.read().early;
  for (auto at = early.begin(); at != early.end();) {
    const auto stream = static_cast<StreamId>(at->first >> 16);
    if (affected(stream)) hand_out_all_early(stream, out);
    at = early.upper_bound(turn_key(stream, 0xFFFF));
  }
  for (std::size_t page = 0; page < streams_.size(); ++page) {
    for (std::size_t i = 0; streams_[page] && i < kStreamsPerPage; ++i) {
      if (affected(static_cast<StreamId>(page * kStreamsPerPage + i))) (*streams_[page])[i] = {};
    }
  }
  return true;
}

void Reassembly::finish(Ring<Piece>& out) noexcept {
  const auto& early = waiting_.read().early;
  while (!early.empty()) hand_out_all_early(static_cast<StreamId>(early.begin()->first >> 16), out);
  reset();
}

// RFC 9260 §5.2.4 A: after a restart of the peer everything starts anew.
void Reassembly::reset() noexcept {
  waiting_.reset();
  parts_.clear();
  streams_.clear();
  partial_.reset();
  needs_end_ = needs_beginning_ = Tsn{};
  bytes_ = fragments_ = pinned_ = 0;
}

void Reassembly::check_consistent() const noexcept {
  std::size_t bytes = 0, fragments = 0, pinned = 0, early = 0, backlog = 0;
  const Part* below = nullptr;
  const Waiting& waiting = waiting_.read();
  for (const auto& [first, part] : parts_) {
    require(first <= part.last && part.fragments.size() == static_cast<std::size_t>(part.last - first) + 1);
    if (below != nullptr) {
      require(below->last < first);
      if (below->last + 1 == first)
        require((below->ends || partial_reliability_) && part.begins);  // else they were one part
    }
    require(part.complete() == (part.place != Part::Place::kIncomplete));
    if (part.place == Part::Place::kEarly) {
      ++early;
      const auto found = waiting.early.find(turn_key(part.message.stream, part.message.ssn));
      require(!part.message.unordered && found != waiting.early.end() && &found->second->second == &part);
    } else if (part.place == Part::Place::kBacklog) {
      ++backlog;
      require(partial_.has_value() && waiting.backlog.contains(first));
    }
    for (const Held& held : part.fragments) {
      ++fragments;
      bytes += held.payload.size();
      pinned += held.payload.capacity();
    }
    if (partial_) require(partial_->next != first || part.begins || partial_reliability_);
    below = &part;
  }
  require(bytes == bytes_ && fragments == fragments_ && pinned == pinned_);
  require(early == waiting.early.size() && backlog == waiting.backlog.size());
  for (const auto& [key, at] : waiting.early) {
    const auto page = (key >> 16) / kStreamsPerPage;
    require(page < streams_.size() && streams_[page]);
    require((*streams_[page])[(key >> 16) % kStreamsPerPage].next_ssn != static_cast<std::uint16_t>(key));
  }
}

}  // namespace netsctp::core
