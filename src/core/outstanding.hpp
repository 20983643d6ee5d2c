// DATA chunks that were sent and are not yet cumulatively acknowledged: a ring indexed by TSN (RFC 9260 §6.2.1, §6.7,
// §7.2.4). Applies SACKs to the chunks and says what changed; what that means for windows and timers is
// acknowledge.cpp's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/ring.hpp"
#include "base/slab.hpp"
#include "base/time.hpp"
#include "core/bbr_paths.hpp"
#include "core/outgoing_message.hpp"
#include "core/rack.hpp"
#include "core/types.hpp"
#include "wire/sack.hpp"

namespace netsctp::core {

inline constexpr std::size_t kMaxPaths = 32;  // peer addresses an association uses; more are ignored

class Outstanding {
 public:
  // One enum in one place, never membership in parallel sets.
  enum class ChunkState : std::uint8_t {
    kInFlight,
    kToRetransmit,  // marked by T3-rtx or fast retransmit, waiting for its turn; not in flight
    kAcked,         // by a gap ack block, which the peer may still take back
    kAbandoned,     // given up (RFC 3758 §3.5 A2): neither in flight nor ever sent again
  };

  struct Chunk {
    OutgoingMessage* message = nullptr;
    Time sent_at{};            // last transmission
    std::uint32_t offset = 0;  // in message->payload
    std::uint16_t length = 0;  // payload bytes
    std::uint8_t flags = 0;    // wire::kDataFlag...
    PathId path = kNoPath;     // where it was last sent
    ChunkState state = ChunkState::kInFlight;
    std::uint8_t missing_reports = 0;   // since it was last sent; saturates
    std::uint16_t retransmissions = 0;  // saturates
    bool retransmitted = false;         // or reneged. Karn: no RTT from it (RFC 9260 §6.3.1 C5)
    bool fast_retransmitted = false;    // ineligible for another fast retransmit (§7.2.4 step 5)
    bool timed_out = false;             // T3-rtx marked it: may go elsewhere (§6.4)
    bool moved = false;                 // it went to more than one address: which one it reached is not known

    // Bytes that count against cwnd and flightsize: header and padding included (RFC 9260 §7.2).
    [[nodiscard]] std::size_t wire_size() const noexcept { return (std::size_t{16} + length + 3) & ~std::size_t{3}; }
  };

  struct PathOutcome {
    std::size_t newly_acked_bytes = 0;  // wire_size() sums of chunks not acknowledged before
    bool reached = false;               // a chunk sent to this path only was among them (RFC 7829 §3.2 9, 10)
    bool earliest_acked = false;        // the lowest outstanding TSN of this path was among them (§6.3.2 R3)
    bool missing_again = false;         // a TSN once gap-acked is missing now (§6.3.2 R4)
    bool fast_retransmit = false;       // chunks last sent here were marked just now
  };
  struct SackOutcome {
    bool cumulative_advanced = false;
    std::size_t freed_payload = 0;  // payload bytes that left the ring: room in the send buffer
    bool any_newly_acked = false;
    std::size_t newly_acked_chunks = 0;
    bool marked_for_fast_retransmit = false;  // at least one chunk reached three missing reports
    std::optional<Time> rtt_sent_at;  // sent_at of the highest newly acked chunk fit for an RTT sample (§6.3.1 C5)
    PathId rtt_path = kNoPath;
    std::array<PathOutcome, kMaxPaths> paths{};
  };
  // Who is told of chunks that arrive or are lost, of those that were chosen.
  struct Watchers {
    Racks* racks = nullptr;  // by path
    BbrPaths* bbr = nullptr;
  };

  Outstanding(Tsn initial_tsn, Slab<OutgoingMessage>& messages) noexcept;
  ~Outstanding();
  Outstanding(const Outstanding&) = delete;
  Outstanding& operator=(const Outstanding&) = delete;

  [[nodiscard]] Tsn next_tsn() const noexcept;              // of the next new chunk
  [[nodiscard]] Tsn cumulative_ack_point() const noexcept;  // starts at the Initial TSN minus one (§5.1)
  [[nodiscard]] bool empty() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] std::size_t in_flight(PathId path) const noexcept;  // flightsize of one path, wire_size() bytes
  [[nodiscard]] std::size_t in_flight() const noexcept;             // of all paths
  [[nodiscard]] std::size_t in_flight_payload() const noexcept;     // payload bytes, for the peer's rwnd (§6.2.1)
  [[nodiscard]] std::size_t payload_bytes() const noexcept;         // payload of everything held, for the send buffer

  // RFC 9260 §6.1: no more than 2^16 - 1 ordered messages of a stream may be in the send window. We hold no more chunks
  // than that, of whatever stream: the offsets of Gap Ack Blocks reach no farther. When full, no new chunk may be
  // added.
  [[nodiscard]] bool full() const noexcept { return chunks_.size() >= kMaxChunks; }

  // Adds a chunk just sent to `path`, and returns its TSN. `path` < kMaxPaths; 0 < `length` <= 65,519. Counts it in
  // message->unacked. The message is destroyed through the slab when its last fragment has been taken and all of them
  // are cumulatively acknowledged.
  Tsn add(OutgoingMessage* message, std::size_t offset, std::size_t length, std::uint8_t flags, PathId path,
          Time now) noexcept;

  // Applies a SACK whose cumulative TSN is not below cumulative_ack_point() and not above the highest TSN sent, in the
  // order of §6.2.1 and §7.2.4: gap handling before the cumulative point moves. `in_fast_recovery` selects which
  // missing TSNs count (HTNA, §7.2.4). Blocks that make no sense (start 0, start > end, ending above the highest TSN
  // sent, not in ascending order as §6.7 wants them) are ignored. Costs time in proportion to the TSNs from the old
  // cumulative point up to the highest that this SACK or the last one reported. A cumulative TSN out of range changes
  // nothing.
  // With racks among the `watchers` missing reports mark nothing: mark_late() does.
  SackOutcome on_sack(Tsn cumulative, const wire::Sack& sack, bool in_fast_recovery,
                      const Watchers* watchers = nullptr) noexcept;
  // Only the cumulative part (SHUTDOWN, §9.2): gap-acked chunks stay as they are.
  SackOutcome on_cumulative_ack(Tsn cumulative, const Watchers* watchers = nullptr) noexcept;

  // RFC 8985 §6.2 step 5: marks what is in flight to `path` and lost by the clock; true if there was any. `wait_until`:
  // when the last of those will be lost that may only be late, if that is later than what it was or it was kNever.
  bool mark_late(PathId path, const Rack& rack, Duration window, Time now, Time& wait_until,
                 BbrPaths* bbr = nullptr) noexcept;
  // Marks one chunk that is in flight. Returns its payload bytes.
  std::size_t mark_lost(Tsn tsn) noexcept;
  // The highest TSN in flight to `path`. Costs time in proportion to those above it.
  [[nodiscard]] std::optional<Tsn> highest(PathId path) const noexcept;
  [[nodiscard]] std::size_t gap_acked() const noexcept { return acked_; }  // chunks held that were acknowledged

  // T3-rtx expired for `path` (§6.3.3 E3): marks all its in-flight chunks for retransmission. Returns the payload bytes
  // marked (they return to the peer's rwnd, §6.2.1 C).
  std::size_t mark_all_lost(PathId path) noexcept;
  // Is any chunk marked for retransmission (§6.1 C: they go before new data)?
  [[nodiscard]] bool has_retransmits() const noexcept;
  // The lowest TSN marked for retransmission at or above `from`. O(1) amortized.
  [[nodiscard]] std::optional<Tsn> next_retransmit(Tsn from) const noexcept;
  // cumulative_ack_point() < tsn < next_tsn().
  [[nodiscard]] const Chunk& chunk(Tsn tsn) const noexcept;
  // The chunk, which was marked for retransmission, goes out again, to `path`.
  void retransmitted(Tsn tsn, PathId path, Time now) noexcept;
  // The lowest TSN in flight to `path`, to know when T3-rtx restarts (§6.1). Amortized cheap.
  [[nodiscard]] std::optional<Tsn> earliest(PathId path) const noexcept;

  // RFC 3758 §3.5 A2, A3: gives up the message of chunk `tsn`, all its chunks. They count as nothing from now on, and
  // free their share of the send buffer, but stay until the peer's cumulative TSN has passed them. The message must
  // have all its fragments here, or add_missing_end() must have been called.
  void abandon(Tsn tsn) noexcept;
  // A message that is partly taken will not be taken any further: its end becomes a TSN of its own that is abandoned
  // from the beginning. Returns it.
  Tsn add_missing_end(OutgoingMessage& message) noexcept;
  // Advanced.Peer.Ack.Point (RFC 3758 §3.5 A1, C1, C2): what the peer's cumulative TSN would be if it skipped all that
  // was abandoned. Amortized O(1).
  [[nodiscard]] Tsn advanced_ack_point() const noexcept;

  // The association ends: gives up messages one by one, each once, oldest first, whether or not some of their fragments
  // were acknowledged. nullptr when none is left; the caller destroys them. The ring is empty afterwards. A message
  // that is still partly in the send queue is left to SendQueue::pop_abandoned(): the two together give up each message
  // once, in either order (this one first is oldest first).
  OutgoingMessage* pop_abandoned() noexcept;
  // Restart: TSNs begin at `initial_tsn`. The ring must be empty.
  void restart(Tsn initial_tsn) noexcept;

  // Aborts the process if a counter or a search hint disagrees with the chunks. O(size()): for debug builds and tests.
  void check_consistent() const noexcept;

 private:
  static constexpr std::size_t kMaxChunks = 0xFFFF;
  static constexpr std::uint8_t kMissingReportsToRetransmit = 3;

  struct PathFlight {
    std::size_t bytes = 0;  // wire_size() sum of the chunks in flight to this path; 0: there is none
    Tsn earliest;           // no chunk in flight to this path is below; meaningless while bytes is 0
  };
  using Earliest = std::array<std::optional<Tsn>, kMaxPaths>;

  [[nodiscard]] Chunk& at(Tsn tsn) noexcept { return chunks_[static_cast<std::size_t>(tsn - base_)]; }
  [[nodiscard]] const Chunk& at(Tsn tsn) const noexcept { return chunks_[static_cast<std::size_t>(tsn - base_)]; }
  [[nodiscard]] bool acceptable(Tsn cumulative) const noexcept;

  // A chunk's state changes only in these four.
  void enter_flight(Tsn tsn, Chunk& chunk) noexcept;
  void mark_for_retransmission(Tsn tsn, Chunk& chunk) noexcept;
  void mark_acked(Chunk& chunk) noexcept;
  void mark_abandoned(Chunk& chunk) noexcept;
  void leave_state(const Chunk& chunk) noexcept;  // the first half of each of them

  [[nodiscard]] Earliest earliest_of_paths() const noexcept;
  void acknowledge(Tsn tsn, Chunk& chunk, const Earliest& earliest, SackOutcome& outcome) noexcept;
  void pop_acknowledged(Tsn cumulative, const Earliest& earliest, SackOutcome& outcome) noexcept;
  void on_hole(Tsn first, Tsn last, Tsn missing_below, SackOutcome& outcome) noexcept;
  OutgoingMessage* pop_front_chunk() noexcept;

  Slab<OutgoingMessage>& messages_;
  Ring<Chunk> chunks_;  // of TSNs base_, base_ + 1, ...
  Tsn base_;
  Tsn highest_gap_acked_;  // no kAcked chunk is above
  std::size_t payload_bytes_ = 0;
  std::size_t in_flight_payload_ = 0;
  std::size_t in_flight_bytes_ = 0;
  // Where to begin searching is remembered, so that searches do not begin at the front again and again: hence mutable.
  mutable Ring<PathFlight> flights_;  // by path, as far as used
  std::size_t to_retransmit_ = 0;     // chunks in kToRetransmit; while there are any, they are all within
  mutable Tsn lowest_to_retransmit_;
  mutable Tsn highest_to_retransmit_;
  mutable Tsn advanced_;  // all from base_ to it are kAbandoned
  Time last_retransmission_ = Time::min();
  std::size_t acked_ = 0;               // chunks in kAcked
  const Watchers* watchers_ = nullptr;  // while a SACK is applied
};

}  // namespace netsctp::core
