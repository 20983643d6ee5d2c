// User messages that wait to be sent: fragmentation (RFC 9260 §6.9), stream sequence numbers (§6.5) and the choice
// among streams. Knows nothing of TSNs, windows or paths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/rare.hpp"
#include "base/ring.hpp"
#include "base/slab.hpp"
#include "core/outgoing_message.hpp"
#include "core/parameters.hpp"
#include "core/types.hpp"

namespace netsctp::core {

class SendQueue {
 public:
  explicit SendQueue(Slab<OutgoingMessage>& messages) noexcept : messages_(messages) {}
  ~SendQueue();
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;

  // What the next fragment will be, before deciding on a packet for it.
  struct Next {
    std::size_t length;  // payload bytes, at most the max_payload asked for
    PathId path;         // kNoPath: the primary
    bool message_end;    // E bit will be set
  };
  // One DATA chunk to be.
  struct Taken {
    OutgoingMessage* message;
    std::size_t offset;
    std::size_t length;
    std::uint8_t flags;  // wire::kDataFlagBeginning, End, Unordered, Immediate
  };

  // Takes the message over; its payload is not empty. Once its last fragment is taken it is forgotten here, and
  // destroyed by Outstanding when all fragments are cumulatively acknowledged.
  void push(OutgoingMessage* message) noexcept;

  // Which stream's message is next (RFC 8260 §3); what waits already is sorted anew.
  void set_scheduler(Scheduler scheduler) noexcept;
  // Scheduler::kPriority: lower is served first; streams of one priority take turns. Kept for that scheduler only.
  void set_priority(StreamId stream, std::uint16_t priority) noexcept;
  [[nodiscard]] std::uint16_t priority(StreamId stream) const noexcept;

  // The scheduler chooses among streams between messages; once a message's first fragment is taken, its others
  // follow (DATA chunks of a message have consecutive TSNs, RFC 9260 §6.9). `max_payload` is the room for payload in a
  // full-size packet (from the AMDCS), `room` what is left of the current one. A message that fits a packet is not
  // fragmented, and whether it goes into the current one is the caller's choice. One that does not fit begins with what
  // fits into `room`, if that is worth a chunk: so packets are full, and equal ones share a system call. Its other
  // fragments have one size, but for the last; if `max_payload` has become smaller meanwhile, what is left is cut by
  // that (it has no TSNs yet, so this is no re-fragmenting, §6.9). Nothing if the queue is empty or `max_payload` is 0.
  [[nodiscard]] std::optional<Next> peek(std::size_t max_payload, std::size_t room = SIZE_MAX) noexcept;
  // Takes exactly what peek() with the same arguments described; only after peek() gave something. Assigns the SSN with
  // the first fragment. Each fragment taken must be given to Outstanding::add() before the next call.
  Taken take(std::size_t max_payload, std::size_t room = SIZE_MAX) noexcept;

  // With those that are held.
  [[nodiscard]] bool empty() const noexcept { return queued_bytes_ == 0; }    // messages are never empty
  [[nodiscard]] std::size_t bytes() const noexcept { return queued_bytes_; }  // not yet taken
  [[nodiscard]] std::size_t message_count() const noexcept;                   // not completely taken
  [[nodiscard]] std::size_t held_bytes() const noexcept { return held_.read().bytes; }
  [[nodiscard]] std::size_t held_count() const noexcept { return held_.read().messages.size(); }

  [[nodiscard]] bool mid_message() const noexcept;                    // a message is partly taken
  [[nodiscard]] bool mid_message_of(StreamId stream) const noexcept;  // and it is of this stream

  // No message of these streams begins until release(): peek(), take() and front() pass them by (RFC 6525 §5.1.2 A1).
  void hold(const std::vector<StreamId>& streams);
  // What was held goes before what has not begun, in the order of push().
  void release() noexcept;

  // The message whose turn it is, the one that peek() and take() are about; nullptr if there is none.
  [[nodiscard]] const OutgoingMessage* front() noexcept;
  // Nothing more of it will be taken: it is the caller's, or its outstanding chunks'. There must be one.
  OutgoingMessage* drop_front() noexcept;
  // Removes messages not begun for which `less_important(message)`, those of the largest priority value first, of
  // equals the last first, until their sizes add up to `bytes` or there are no more; the caller destroys them.
  // O(n log n), however many they are.
  template <typename Predicate>
  [[nodiscard]] std::vector<OutgoingMessage*> remove_least_important(std::size_t bytes, Predicate&& less_important) {
    std::vector<OutgoingMessage*> candidates;
    for_each_not_begun([&](OutgoingMessage* message) {
      if (less_important(*message)) candidates.push_back(message);
    });
    return remove_largest_values(std::move(candidates), bytes);
  }

  // The association ends or restarts: gives up messages one by one, oldest first, for the send-failed report; the
  // caller destroys them. nullptr when empty. It gives up each message of which no fragment is outstanding. One of
  // which some are (the first at most) is only forgotten: nothing more of it will be taken, it is marked as completely
  // taken, and is Outstanding's to give up or to destroy.
  OutgoingMessage* pop_abandoned() noexcept;
  // Gives up, oldest first, the messages not begun yet that are for stream `first` or above; the caller destroys them.
  [[nodiscard]] std::vector<OutgoingMessage*> remove_streams_from(StreamId first) noexcept;
  // All SSNs from 0 again (restart, RFC 9260 §5.2.4 A).
  void reset_sequence_numbers() noexcept;
  // The same for some streams, if any are named (RFC 6525 §5.2.7 H4).
  void reset_sequence_numbers(const std::vector<StreamId>& streams) noexcept;
  // Whether the next ordered message of each of these streams, if none are named of all, gets SSN 0.
  [[nodiscard]] bool begins_anew(const std::vector<StreamId>& streams) const noexcept;

 private:
  struct Held {
    std::vector<StreamId> streams;    // sorted
    Ring<OutgoingMessage*> messages;  // of those, none begun, oldest first
    std::size_t bytes = 0;
  };

  template <typename Visit>
  void for_each_not_begun(Visit&& visit) {
    for (std::size_t i = 0; i < queue_.size(); ++i) {
      if (queue_[i]->taken == 0) visit(queue_[i]);
    }
    if (waiting_count_ != 0) {
      for (auto& [stream, ring] : waiting_.use()) {
        for (std::size_t i = 0; i < ring.size(); ++i) visit(ring[i]);
      }
    }
    for (std::size_t i = 0; i < held_count(); ++i) visit(held_.read().messages[i]);
  }
  [[nodiscard]] bool is_held(StreamId stream) const noexcept;
  [[nodiscard]] bool offers_nothing() const noexcept { return queue_.empty() && waiting_count_ == 0; }
  [[nodiscard]] std::vector<OutgoingMessage*> remove_largest_values(std::vector<OutgoingMessage*> candidates,
                                                                    std::size_t bytes);
  [[nodiscard]] std::size_t next_length(const OutgoingMessage& message, std::size_t max_payload,
                                        std::size_t room) const noexcept;
  [[nodiscard]] std::uint16_t next_sequence_number(StreamId stream) noexcept;

  Slab<OutgoingMessage>& messages_;
  void choose() noexcept;  // moves the scheduler's choice from `waiting_` to `queue_`
  [[nodiscard]] std::map<StreamId, Ring<OutgoingMessage*>>::iterator next_stream() noexcept;

  // First come, first served: all messages, not completely taken, oldest first; only the first may be partly taken.
  // Other schedulers: at most the message they have chosen; the others wait by stream.
  Ring<OutgoingMessage*> queue_;
  Rare<std::map<StreamId, Ring<OutgoingMessage*>>> waiting_;  // no empty rings
  Rare<Held> held_;                                           // between hold() and release()
  std::size_t waiting_count_ = 0;
  Scheduler scheduler_ = Scheduler::kFirstCome;
  StreamId last_served_ = 0xFFFF;
  Rare<std::map<StreamId, std::uint16_t>> priorities_;  // those that are not 0
  std::size_t queued_bytes_ = 0;
  std::size_t fragment_size_ = 0;        // by which the first message is cut; 0 until its first fragment is taken
  std::vector<std::uint16_t> next_ssn_;  // by stream, up to the highest one used
};

}  // namespace netsctp::core
