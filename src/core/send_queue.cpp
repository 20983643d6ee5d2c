// Fragmentation, flags and stream sequence numbers of outgoing messages (RFC 9260 §6.5, §6.9).
#include "core/send_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "wire/types.hpp"

namespace netsctp::core {
namespace {

// RFC 9260 §3.3.1: the Length field has 16 bits and counts the header.
constexpr std::size_t kMaxChunkPayload = 0xFFFF - wire::kDataHeaderSize;
// A first fragment below this is not worth a chunk of its own.
constexpr std::size_t kLeastFirstFragment = 16;

}  // namespace

SendQueue::~SendQueue() {
  while (OutgoingMessage* message = pop_abandoned()) messages_.destroy(message);
}

void SendQueue::push(OutgoingMessage* message) noexcept {
  queued_bytes_ += message->payload.size();
  if (is_held(message->stream)) {
    held_.use().messages.push_back(message);
    held_.use().bytes += message->payload.size();
  } else if (scheduler_ == Scheduler::kFirstCome) {
    queue_.push_back(message);
  } else {
    waiting_.use()[message->stream].push_back(message);
    ++waiting_count_;
  }
}

bool SendQueue::is_held(StreamId stream) const noexcept {
  const std::vector<StreamId>& streams = held_.read().streams;
  return std::binary_search(streams.begin(), streams.end(), stream);
}

void SendQueue::hold(const std::vector<StreamId>& streams) {
  Held& held = held_.use();
  held.streams = streams;
  std::sort(held.streams.begin(), held.streams.end());
  const auto sift = [&](Ring<OutgoingMessage*>& ring) {
    for (std::size_t left = ring.size(); left > 0; --left) {  // once round: those that stay keep their order
      OutgoingMessage* const message = ring.front();
      ring.pop_front();
      const bool holds = message->taken == 0 && is_held(message->stream);
      (holds ? held.messages : ring).push_back(message);
      if (holds) held.bytes += message->payload.size();
    }
  };
  sift(queue_);
  if (waiting_count_ == 0) return;
  auto& waiting = waiting_.use();
  for (auto at = waiting.begin(); at != waiting.end();) {
    waiting_count_ -= at->second.size();
    sift(at->second);
    waiting_count_ += at->second.size();
    at = at->second.empty() ? waiting.erase(at) : std::next(at);
  }
}

void SendQueue::release() noexcept {
  if (!held_.is_used()) return;
  Ring<OutgoingMessage*> messages = std::move(held_.use().messages);
  held_.reset();
  Ring<OutgoingMessage*> later;
  if (scheduler_ == Scheduler::kFirstCome && !messages.empty()) {
    std::swap(later, queue_);
    if (mid_message()) {
      queue_.push_back(later.front());
      later.pop_front();
    }
  }
  for (; !messages.empty(); messages.pop_front()) {
    OutgoingMessage* const message = messages.front();
    if (scheduler_ == Scheduler::kFirstCome) {
      queue_.push_back(message);
    } else {
      waiting_.use()[message->stream].push_back(message);
      ++waiting_count_;
    }
  }
  for (; !later.empty(); later.pop_front()) queue_.push_back(later.front());
}

void SendQueue::set_scheduler(Scheduler scheduler) noexcept {
  if (scheduler == scheduler_) return;
  if (scheduler == Scheduler::kFirstCome) {
    while (waiting_count_ != 0) choose();  // in the order of the scheduler that ends
  } else {
    Ring<OutgoingMessage*> all;
    std::swap(all, queue_);
    if (mid_message()) {
      queue_.push_back(all.front());
      all.pop_front();
    }
    for (; !all.empty(); all.pop_front()) {
      waiting_.use()[all.front()->stream].push_back(all.front());
      ++waiting_count_;
    }
  }
  scheduler_ = scheduler;
  if (scheduler_ != Scheduler::kPriority) priorities_.reset();
}

void SendQueue::set_priority(StreamId stream, std::uint16_t priority) noexcept {
  if (scheduler_ == Scheduler::kPriority) priorities_.use()[stream] = priority;
}

std::uint16_t SendQueue::priority(StreamId stream) const noexcept {
  const auto at = priorities_.read().find(stream);
  return at == priorities_.read().end() ? std::uint16_t{0} : at->second;
}

// RFC 8260 §3.2: streams take turns. §3.4: the lowest value first; within one value streams take turns too.
std::map<StreamId, Ring<OutgoingMessage*>>::iterator SendQueue::next_stream() noexcept {
  auto& waiting = waiting_.use();
  const auto after_last = waiting.upper_bound(last_served_);
  auto best = after_last != waiting.end() ? after_last : waiting.begin();
  if (scheduler_ != Scheduler::kPriority) return best;
  auto at = best;
  for (std::size_t count = waiting.size(); count > 0; --count) {
    if (priority(at->first) < priority(best->first)) best = at;
    if (++at == waiting.end()) at = waiting.begin();
  }
  return best;
}

void SendQueue::choose() noexcept {
  const auto at = next_stream();
  last_served_ = at->first;
  queue_.push_back(at->second.front());
  at->second.pop_front();
  if (at->second.empty()) waiting_.use().erase(at);
  --waiting_count_;
}

std::size_t SendQueue::next_length(const OutgoingMessage& message, std::size_t max_payload,
                                   std::size_t room) const noexcept {
  const std::size_t limit = std::min(max_payload, kMaxChunkPayload);
  const std::size_t left = message.payload.size() - message.taken;
  if (fragment_size_ != 0) return std::min({fragment_size_, limit, left});
  // RFC 9260 §6.9: fragment what does not fit. Without padding between the fragments' bytes.
  const bool is_cut = left > limit;
  return is_cut && room < limit && room >= kLeastFirstFragment ? room & ~std::size_t{3} : std::min(limit, left);
}

std::optional<SendQueue::Next> SendQueue::peek(std::size_t max_payload, std::size_t room) noexcept {
  if (offers_nothing() || max_payload == 0) return std::nullopt;
  if (queue_.empty()) choose();
  const OutgoingMessage& message = *queue_.front();
  const std::size_t length = next_length(message, max_payload, room);
  return Next{length, message.path, message.taken + length == message.payload.size()};
}

SendQueue::Taken SendQueue::take(std::size_t max_payload, std::size_t room) noexcept {
  OutgoingMessage& message = *queue_.front();
  const std::size_t offset = message.taken;
  const std::size_t length = next_length(message, max_payload, room);
  std::uint8_t flags = message.unordered ? wire::kDataFlagUnordered : std::uint8_t{0};
  // RFC 9260 §6.9 step 3: B on the first chunk of a message, E on the last, both if it is the only one.
  if (offset == 0) {
    flags |= wire::kDataFlagBeginning;
    message.transmitted = true;
    fragment_size_ = std::min(max_payload, kMaxChunkPayload);
    // RFC 9260 §6.5: unordered messages take no sequence number. §6.9 step 2: all fragments carry the same one.
    if (!message.unordered) message.ssn = next_sequence_number(message.stream);
  }
  message.taken += length;
  queued_bytes_ -= length;
  if (message.taken == message.payload.size()) {
    flags |= wire::kDataFlagEnd;
    // RFC 9260 §6.1: the user's wish for an immediate SACK goes with the last chunk.
    if (message.immediate) flags |= wire::kDataFlagImmediate;
    fragment_size_ = 0;
    queue_.pop_front();
  }
  return {&message, offset, length, flags};
}

std::uint16_t SendQueue::next_sequence_number(StreamId stream) noexcept {
  if (next_ssn_.size() <= stream) next_ssn_.resize(std::size_t{stream} + 1);
  return next_ssn_[stream]++;  // RFC 9260 §6.5: after 65535 comes 0
}

std::size_t SendQueue::message_count() const noexcept {
  return queue_.size() + waiting_count_ + held_count();
}

bool SendQueue::mid_message() const noexcept {
  return fragment_size_ != 0;
}

bool SendQueue::mid_message_of(StreamId stream) const noexcept {
  return mid_message() && queue_.front()->stream == stream;
}

OutgoingMessage* SendQueue::pop_abandoned() noexcept {
  release();
  while (message_count() != 0) {
    if (queue_.empty()) choose();
    OutgoingMessage* message = queue_.front();
    queue_.pop_front();
    queued_bytes_ -= message->payload.size() - message->taken;
    fragment_size_ = 0;
    if (message->unacked == 0) return message;
    message->taken = message->payload.size();
  }
  return nullptr;
}

OutgoingMessage* SendQueue::drop_front() noexcept {
  OutgoingMessage* const message = queue_.front();
  queue_.pop_front();
  queued_bytes_ -= message->payload.size() - message->taken;
  fragment_size_ = 0;
  return message;
}

const OutgoingMessage* SendQueue::front() noexcept {
  if (offers_nothing()) return nullptr;
  if (queue_.empty()) choose();
  return queue_.front();
}

// `candidates` are in the order of the queue, and not begun.
std::vector<OutgoingMessage*> SendQueue::remove_largest_values(std::vector<OutgoingMessage*> candidates,
                                                               std::size_t bytes) {
  std::reverse(candidates.begin(), candidates.end());
  std::stable_sort(candidates.begin(), candidates.end(), [](const OutgoingMessage* one, const OutgoingMessage* other) {
    return one->reliability.value > other->reliability.value;
  });
  std::size_t count = 0;
  for (std::size_t sum = 0; count < candidates.size() && sum < bytes; ++count) sum += candidates[count]->payload.size();
  candidates.resize(count);
  if (candidates.empty()) return candidates;
  for (OutgoingMessage* const message : candidates) {
    message->abandoned = true;  // to find them by, below
    queued_bytes_ -= message->payload.size();
    if (is_held(message->stream)) held_.use().bytes -= message->payload.size();
  }
  const auto sweep = [](Ring<OutgoingMessage*>& ring) {  // once round: those that stay keep their order
    std::size_t removed = 0;
    for (std::size_t left = ring.size(); left > 0; --left) {
      OutgoingMessage* const message = ring.front();
      ring.pop_front();
      message->abandoned ? static_cast<void>(++removed) : ring.push_back(message);
    }
    return removed;
  };
  sweep(queue_);
  if (held_.is_used()) sweep(held_.use().messages);
  if (waiting_count_ != 0) {
    auto& waiting = waiting_.use();
    for (auto at = waiting.begin(); at != waiting.end();) {
      waiting_count_ -= sweep(at->second);
      at = at->second.empty() ? waiting.erase(at) : std::next(at);
    }
  }
  for (OutgoingMessage* const message : candidates) message->abandoned = false;  // the caller's to say
  return candidates;
}

// After a restart only: nothing is held.
std::vector<OutgoingMessage*> SendQueue::remove_streams_from(StreamId first) noexcept {
  std::vector<OutgoingMessage*> removed;
  while (waiting_count_ != 0 && waiting_.read().rbegin()->first >= first) {
    for (auto& ring = waiting_.use().rbegin()->second; !ring.empty(); ring.pop_front()) {
      queued_bytes_ -= ring.front()->payload.size();
      removed.push_back(ring.front());
      --waiting_count_;
    }
    waiting_.use().erase(std::prev(waiting_.use().end()));
  }
  for (std::size_t count = queue_.size(); count > 0; --count) {  // once round: those that stay keep their order
    OutgoingMessage* const message = queue_.front();
    queue_.pop_front();
    if (message->taken != 0 || message->stream < first) {
      queue_.push_back(message);
    } else {
      queued_bytes_ -= message->payload.size();
      removed.push_back(message);
    }
  }
  return removed;
}

void SendQueue::reset_sequence_numbers(const std::vector<StreamId>& streams) noexcept {
  if (streams.empty()) reset_sequence_numbers();
  for (const StreamId stream : streams) {
    if (stream < next_ssn_.size()) next_ssn_[stream] = 0;
  }
}

bool SendQueue::begins_anew(const std::vector<StreamId>& streams) const noexcept {
  const auto used = [this](StreamId stream) { return stream < next_ssn_.size() && next_ssn_[stream] != 0; };
  if (!streams.empty()) return std::none_of(streams.begin(), streams.end(), used);
  return std::all_of(next_ssn_.begin(), next_ssn_.end(), [](std::uint16_t ssn) { return ssn == 0; });
}

void SendQueue::reset_sequence_numbers() noexcept {
  next_ssn_.clear();
}

}  // namespace netsctp::core
