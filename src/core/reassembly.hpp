// From DATA chunks to user messages: reassembly and ordering within streams (RFC 9260 §6.5, §6.6, §6.9).
// Is given each TSN once (tsn_map.hpp sees to that) and hands out pieces. Knows nothing of windows or SACKs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <set>
#include <vector>

#include "base/buffer_pool.hpp"
#include "base/rare.hpp"
#include "base/ring.hpp"
#include "core/types.hpp"

namespace netsctp::core {

struct Fragment {  // one DATA chunk
  Tsn tsn;
  StreamId stream = 0;
  std::uint16_t ssn = 0;
  std::uint32_t ppid = 0;  // as on the wire
  std::uint8_t flags = 0;  // wire::kDataFlag...
  Slice payload;           // not empty
};

// Part of a user message on its way up. The pieces of one message follow each other without another message between,
// from the one with `first` to the one with `last`; in partial delivery there may be time between them.
struct Piece {
  Tsn tsn;  // of this piece's chunk
  StreamId stream = 0;
  std::uint16_t ssn = 0;
  std::uint32_t ppid = 0;
  bool unordered = false;
  bool first = false;
  bool last = false;
  Slice payload;
};

class Reassembly {
 public:
  enum class Outcome : std::uint8_t {
    kTaken,      // stored or delivered
    kViolation,  // contradicts what is held: B/E bits that cannot be, another stream or SSN inside a message (RFC 9260
                 // §3.3.1); the association is to be aborted with a Protocol Violation
  };

  // `pool` must outlive this.
  // Both must outlive it. `nodes` supplies the bookkeeping of what is held; the stack hands in one that reuses its
  // memory.
  explicit Reassembly(BufferPool& pool, std::pmr::memory_resource* nodes = std::pmr::new_delete_resource()) noexcept;
  Reassembly(const Reassembly&) = delete;
  Reassembly& operator=(const Reassembly&) = delete;

  // Appends to `out` whatever became deliverable, in order.
  Outcome add(Fragment&& fragment, Ring<Piece>& out) noexcept;

  // Payload bytes held here, not yet handed out.
  [[nodiscard]] std::size_t bytes() const noexcept;
  // Real memory that is held, an upper bound: the blocks that the slices pin (small slices out of large buffers are
  // copied out on entry) and the bookkeeping for each.
  [[nodiscard]] std::size_t pinned_bytes() const noexcept;

  // Drops the fragment with the highest TSN above `floor` to make room (RFC 9260 §6.2); its TSN must then be forgotten
  // by the TsnMap too. Nothing if there is none.
  std::optional<Tsn> drop_highest(Tsn floor) noexcept;

  // Receive buffer exhausted: begins to hand out the message at the head of the lowest TSN although its end is missing
  // (RFC 9260 §6.9, RFC 6458 §6.1.7 partial delivery). Until its last piece has gone, no other message is handed out.
  // False if there is no beginning to hand out.
  bool start_partial_delivery(Ring<Piece>& out) noexcept;
  [[nodiscard]] bool in_partial_delivery() const noexcept;
  [[nodiscard]] std::optional<StreamId> partial_stream() const noexcept;  // the stream of that message

  // RFC 3758: the peer may give up messages, also in the middle, and so leave others whose neighbours never come. Then
  // less is a contradiction.
  void set_partial_reliability(bool on) noexcept { partial_reliability_ = on; }
  struct Aborted {
    StreamId stream;
    std::uint16_t ssn;
    bool unordered;
  };
  // The peer gave up whatever is missing up to `tsn` (RFC 3758 §3.6). The three in this order:
  // what is in partial delivery and will not be completed, if so;
  std::optional<Aborted> abort_partial_delivery(Tsn tsn) noexcept;
  // drops what is incomplete for want of a TSN up to `tsn`, and hands out what waited for the end of partial delivery;
  // `before`: the cumulative TSN until now;
  void forward(Tsn before, Tsn tsn, Ring<Piece>& out) noexcept;
  // no message of `stream` up to `ssn` is waited for any more: those held are handed out, and those that follow.
  void skip(StreamId stream, std::uint16_t ssn, Tsn tsn, Ring<Piece>& out) noexcept;

  // The TSN at which another message begins although the one in partial delivery has no end: it was given up, and
  // abort_partial_delivery() with this TSN and forward() with the one below are due.
  [[nodiscard]] std::optional<Tsn> partial_delivery_cut_short() const noexcept;

  // All up to `last` has arrived and there is no partial delivery. Hands out what still waits for its turn in these
  // streams (none named: all), which then begin with SSN 0 again (RFC 6525 §5.2.2 E3). False, and nothing done: an
  // ordered message of theirs has begun before `last` and ends behind it.
  [[nodiscard]] bool reset_sequence_numbers(const std::vector<StreamId>& streams, Tsn last, Ring<Piece>& out) noexcept;
  // No TSN used so far comes any more, and all SSNs start from 0: hands out what is complete and drops the rest (RFC
  // 6525 §5.2.4 G4, G5). No partial delivery.
  void finish(Ring<Piece>& out) noexcept;

  // The association restarted: everything held is dropped and all SSNs start from 0.
  void reset() noexcept;

  // Debug: aborts the process if an invariant does not hold.
  void check_consistent() const noexcept;

 private:
  // Two levels so that memory is in proportion to the streams used: 8 bytes each and a pointer for every eight, 576 KiB
  // for all 65,536 of them.
  struct StreamState {
    std::uint16_t next_ssn = 0;
    bool started = false;        // an ordered message has been handed out, and
    std::uint32_t last_tsn = 0;  // this was its last TSN, as on the wire
  };
  static constexpr std::size_t kStreamsPerPage = 8;
  using StreamPage = std::array<StreamState, kStreamsPerPage>;

  struct MessageId {  // what all fragments of a message share
    StreamId stream;
    std::uint16_t ssn;
    bool unordered;
    [[nodiscard]] bool covers(const Fragment& fragment) const noexcept;
  };

  struct Held {
    std::uint32_t ppid = 0;
    Slice payload;
  };

  // Consecutive TSNs of one message that are held; complete if it has both ends.
  struct Part {
    enum class Place : std::uint8_t { kIncomplete, kEarly, kBacklog };

    explicit Part(std::pmr::memory_resource* nodes) noexcept : fragments(nodes) {}

    Tsn last;
    MessageId message{};
    bool begins = false;  // its first fragment has B
    bool ends = false;    // its last fragment has E
    Place place = Place::kIncomplete;
    std::pmr::list<Held> fragments;

    [[nodiscard]] bool complete() const noexcept { return begins && ends; }
  };
  using Parts = std::pmr::map<Tsn, Part>;  // by first TSN; disjoint

  struct Partial {  // the message being handed out in pieces
    Tsn next;
    MessageId message;
  };

  enum class Turn : std::uint8_t { kNow, kEarly, kOld };

  [[nodiscard]] StreamState& stream_state(StreamId stream) noexcept;
  [[nodiscard]] Turn turn_of(const MessageId& message, Tsn first) noexcept;
  [[nodiscard]] bool fits_between(const Fragment& fragment, const Part* below, const Part* above) const noexcept;

  void drop_cut_short(Parts::iterator at, Ring<Piece>& out) noexcept;
  Parts::iterator open_part(const Fragment& fragment, Parts::iterator above) noexcept;
  Held& attach(Part& part, std::pmr::list<Held>::iterator at, Fragment& fragment) noexcept;
  void shrink(Held& held) noexcept;
  void close_part(Parts::iterator part) noexcept;

  bool settle(Parts::iterator at, Ring<Piece>& out) noexcept;
  void hand_out(Parts::iterator at, Ring<Piece>& out) noexcept;
  void move_pieces(Parts::iterator at, Ring<Piece>& out) noexcept;
  void message_done(const MessageId& message, Tsn last, Ring<Piece>& out) noexcept;
  void partial_done(Ring<Piece>& out) noexcept;
  void hand_out_early(Parts::iterator at, Ring<Piece>& out) noexcept;
  void hand_out_all_early(StreamId stream, Ring<Piece>& out) noexcept;
  void continue_partial(Fragment& fragment, Parts::iterator above, Ring<Piece>& out) noexcept;

  BufferPool& pool_;
  std::vector<std::unique_ptr<StreamPage>> streams_;
  Parts parts_;
  struct Skip {
    std::uint16_t ssn;
    Tsn tsn;
  };
  struct Waiting {
    explicit Waiting(std::pmr::memory_resource* nodes = std::pmr::new_delete_resource()) noexcept
        : early(nodes), backlog(nodes), skips(nodes) {}
    std::pmr::map<std::uint32_t, Parts::iterator> early;  // complete, not yet their stream's turn; by stream and SSN
    std::pmr::set<Tsn> backlog;                           // completed during partial delivery; by first TSN
    std::pmr::map<StreamId, Skip> skips;                  // told during partial delivery, to be done after it
  };
  [[nodiscard]] Waiting& waiting() noexcept { return waiting_.use(parts_.get_allocator().resource()); }
  Rare<Waiting> waiting_;
  std::optional<Partial> partial_;
  std::optional<MessageId> aborted_;  // between abort_partial_delivery() and forward()
  bool partial_reliability_ = false;
  Tsn needs_end_;        // what precedes the message handed out last must have E
  Tsn needs_beginning_;  // what follows it must have B
  std::size_t bytes_ = 0;
  std::size_t fragments_ = 0;
  std::size_t pinned_ = 0;  // block sizes only
};

}  // namespace netsctp::core
