// Reassembly under a byte-driven network. The first byte chooses the peer: a conforming one, whose messages must all
// come out whole, once, in order and as soon as a naive model says so; or a hostile one, of which nothing is expected
// but sense.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <vector>

#include "core/reassembly.hpp"
#include "wire/types.hpp"

namespace {

using namespace netsctp;
using core::Fragment;
using core::Piece;
using core::Reassembly;
using core::StreamId;
using core::Tsn;

void require(bool holds) {
  if (!holds) std::abort();
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  [[nodiscard]] bool empty() const { return size_ == 0; }
  std::uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

std::byte pattern(Tsn tsn, std::size_t i) {
  return static_cast<std::byte>(tsn.value * 31 + i);
}

Slice payload(BufferPool& pool, Tsn tsn, std::size_t size, bool inside_large_buffer) {
  const std::size_t offset = inside_large_buffer ? 100 : 0;
  Slice block = pool.allocate(inside_large_buffer ? 65536 : size);
  for (std::size_t i = 0; i < size; ++i) block.writable()[offset + i] = pattern(tsn, i);
  return block.subslice(offset, size);
}

bool intact(const Piece& piece, std::size_t size) {
  if (piece.payload.size() != size) return false;
  for (std::size_t i = 0; i < size; ++i) {
    if (piece.payload.data()[i] != pattern(piece.tsn, i)) return false;
  }
  return true;
}

// One message at a time, its pieces in sequence from the one with `first` to the one with `last`.
class PieceOrder {
 public:
  void see(const Piece& piece) {
    require(piece.first != open_);
    if (open_) {
      require(piece.tsn == previous_.tsn + 1 && piece.stream == previous_.stream &&
              piece.unordered == previous_.unordered && (piece.unordered || piece.ssn == previous_.ssn));
    }
    open_ = !piece.last;
    previous_ = piece;
    previous_.payload.reset();
  }
  void abort() { open_ = false; }
  [[nodiscard]] bool open() const { return open_; }

 private:
  bool open_ = false;
  Piece previous_;
};

class ConformingPeer {
 public:
  explicit ConformingPeer(Input in) : in_(in), base_(Tsn::initial(std::uint32_t{0} - in_.byte())) {}

  void run() {
    while (!in_.empty()) {
      step();
      check();
    }
    for (std::size_t i = done_; i < sent_.size(); ++i) deliver(i, false);
    check();
    require(done_ == sent_.size() && !reassembly_.in_partial_delivery());
    require(reassembly_.bytes() == 0 && reassembly_.pinned_bytes() == 0 && pool_.outstanding_bytes() == 0);
  }

 private:
  enum class Where : std::uint8_t { kOnTheWay, kHeld, kUp };
  struct Chunk {
    StreamId stream;
    std::uint16_t ssn;
    std::uint8_t flags;
    std::uint16_t size;
    Where where = Where::kOnTheWay;

    [[nodiscard]] bool first() const { return (flags & wire::kDataFlagBeginning) != 0; }
    [[nodiscard]] bool last() const { return (flags & wire::kDataFlagEnd) != 0; }
    [[nodiscard]] bool unordered() const { return (flags & wire::kDataFlagUnordered) != 0; }
  };

  Tsn tsn(std::size_t index) const { return base_ + index; }

  void send(StreamId stream, bool unordered, unsigned fragments, std::uint16_t size) {
    const std::uint16_t ssn = unordered ? in_.byte() : next_ssn_[stream]++;
    for (unsigned i = 0; i < fragments; ++i) {
      unsigned flags = unordered ? wire::kDataFlagUnordered : 0U;
      if (i == 0) flags |= wire::kDataFlagBeginning;
      if (i + 1 == fragments) flags |= wire::kDataFlagEnd;
      sent_.push_back({stream, ssn, static_cast<std::uint8_t>(flags), size});
    }
  }

  void deliver(std::size_t index, bool inside_large_buffer) {
    Chunk& chunk = sent_[index];
    if (chunk.where == Where::kUp) return;  // the TSN map's to refuse
    const std::size_t before = reassembly_.bytes();
    const bool again = chunk.where == Where::kHeld;
    chunk.where = Where::kHeld;
    const auto outcome = reassembly_.add({tsn(index), chunk.stream, chunk.ssn, static_cast<std::uint32_t>(index),
                                          chunk.flags, payload(pool_, tsn(index), chunk.size, inside_large_buffer)},
                                         out_);
    require(outcome == Reassembly::Outcome::kTaken);
    if (again) require(out_.empty() && reassembly_.bytes() == before);
    drain();
  }

  void drain() {
    for (; !out_.empty(); out_.pop_front()) {
      const Piece& piece = out_.front();
      order_.see(piece);
      const auto index = static_cast<std::size_t>(piece.tsn - base_);
      Chunk& chunk = sent_[index];
      require(chunk.where == Where::kHeld);
      chunk.where = Where::kUp;
      require(piece.first == chunk.first() && piece.last == chunk.last() && piece.unordered == chunk.unordered());
      require(piece.stream == chunk.stream && piece.ppid == index && intact(piece, chunk.size));
      if (!piece.unordered) {
        require(piece.ssn == chunk.ssn && chunk.ssn == up_ssn_[chunk.stream]);
        if (piece.last) ++up_ssn_[chunk.stream];
      }
    }
    while (done_ < sent_.size() && sent_[done_].where == Where::kUp) ++done_;
  }

  // The TSN below which everything has been received.
  std::size_t received() const {
    std::size_t index = done_;
    while (index < sent_.size() && sent_[index].where != Where::kOnTheWay) ++index;
    return index;
  }

  void step() {
    const std::uint8_t operation = in_.byte();
    switch (operation % 8) {
      case 0:
      case 1: {
        static constexpr std::array<StreamId, 4> kStreams{0, 1, 40, 65535};
        const std::uint8_t shape = in_.byte();
        send(kStreams[shape & 3], (shape & 12) == 12, 1 + (shape >> 4 & 7U), (shape & 0x80) != 0 ? 300 : 3);
        break;
      }
      case 2:
        if (done_ < sent_.size()) deliver(received() < sent_.size() ? received() : done_, operation > 128);
        break;
      case 3:
      case 4:
        if (done_ < sent_.size()) deliver(done_ + in_.byte() % (sent_.size() - done_), operation > 128);
        break;
      case 5: {
        const std::size_t floor = operation > 128 ? received() : done_ + operation;
        std::size_t highest = sent_.size();
        while (highest > done_ && sent_[highest - 1].where != Where::kHeld) --highest;
        const auto dropped = reassembly_.drop_highest(tsn(floor) - 1);
        if (highest > done_ && highest > floor) {
          require(dropped == tsn(highest - 1));
          sent_[highest - 1].where = Where::kOnTheWay;
        } else {
          require(!dropped);
        }
        break;
      }
      case 6: {
        const bool was = reassembly_.in_partial_delivery();
        const bool began = reassembly_.start_partial_delivery(out_);
        require(began == !out_.empty() && !(was && began));
        require(reassembly_.in_partial_delivery() == (was || began));
        drain();
        break;
      }
      default:
        if (operation == 255) {  // restart
          reassembly_.reset();
          order_ = {};
          next_ssn_.clear();
          up_ssn_.clear();
          base_ = base_ + sent_.size() + in_.byte();
          sent_.clear();
          done_ = 0;
        }
        break;
    }
  }

  // What is held, and that nothing is held that should have gone up.
  void check() {
    reassembly_.check_consistent();
    require(reassembly_.in_partial_delivery() == order_.open());
    std::size_t bytes = 0;
    for (std::size_t i = done_; i < sent_.size();) {
      std::size_t end = i;
      bool complete = true;
      for (;; ++end) {
        if (sent_[end].where == Where::kHeld) bytes += sent_[end].size;
        complete = complete && sent_[end].where == Where::kHeld;
        if (sent_[end].last()) break;
      }
      const bool its_turn = sent_[i].unordered() || sent_[i].ssn == up_ssn_[sent_[i].stream];
      require(!(complete && its_turn) || order_.open());
      // Of the message in partial delivery nothing is held that continues it.
      const bool started = sent_[i].where == Where::kUp;
      if (started && sent_[end].where != Where::kUp) {
        std::size_t next = i;
        while (sent_[next].where == Where::kUp) ++next;
        require(sent_[next].where == Where::kOnTheWay);
      }
      i = end + 1;
      if (i < sent_.size() && !sent_[i].first()) std::abort();
    }
    require(reassembly_.bytes() == bytes);
    require(reassembly_.pinned_bytes() >= bytes);
    require(pool_.outstanding_bytes() <= reassembly_.pinned_bytes());
  }

  Input in_;
  Tsn base_;
  BufferPool pool_;
  Reassembly reassembly_{pool_};
  Ring<Piece> out_;
  PieceOrder order_;
  std::vector<Chunk> sent_;
  std::size_t done_ = 0;  // all before have gone up
  std::map<StreamId, std::uint16_t> next_ssn_;
  std::map<StreamId, std::uint16_t> up_ssn_;
};

class HostilePeer {
 public:
  explicit HostilePeer(Input in) : in_(in) {
    partial_reliability_ = (in_.byte() & 1) != 0;
    reassembly_.set_partial_reliability(partial_reliability_);
  }

  void run() {
    while (!in_.empty()) {
      step();
      look();
      reassembly_.check_consistent();
      require(reassembly_.bytes() <= outstanding_);  // less what was old
      require(reassembly_.in_partial_delivery() == order_.open());
      if (const auto next = reassembly_.partial_delivery_cut_short()) {
        require(partial_reliability_);
        give_up(*next, *next - 1);
        look();
        require(!reassembly_.partial_delivery_cut_short());
      }
      require(pool_.outstanding_bytes() <= reassembly_.pinned_bytes());
    }
    reassembly_.reset();
    require(reassembly_.bytes() == 0 && reassembly_.pinned_bytes() == 0 && pool_.outstanding_bytes() == 0);
  }

 private:
  void step() {
    const std::uint8_t operation = in_.byte();
    if (operation >= 250) {
      static_cast<void>(reassembly_.start_partial_delivery(out_));
      return;
    }
    if (operation >= 230 && operation < 240) {
      if (partial_reliability_) forward();
      return;
    }
    if (operation >= 240) {
      if (const auto dropped = reassembly_.drop_highest(std::max(cumulative_, base_ + in_.byte()))) {
        outstanding_ -= given_.at(*dropped);
        given_.erase(*dropped);
      }
      return;
    }
    const Tsn tsn = base_ + in_.byte();
    if (given_.contains(tsn)) return;
    const std::size_t size = 1 + operation / 16U;
    const std::uint8_t names = in_.byte();
    const Fragment copy{
        tsn, static_cast<StreamId>(names & 3),         static_cast<std::uint16_t>((names >> 2 & 3) - (names >> 7)),
        0,   static_cast<std::uint8_t>(operation & 7), payload(pool_, tsn, size, (names & 0x40) != 0)};
    Fragment fragment = copy;
    const std::size_t before = reassembly_.bytes();
    if (reassembly_.add(std::move(fragment), out_) == Reassembly::Outcome::kViolation) {
      require(out_.empty() && reassembly_.bytes() == before);
      return;
    }
    given_.emplace(tsn, size);
    outstanding_ += size;
  }

  void look() {
    for (; !out_.empty(); out_.pop_front()) {
      const Piece& piece = out_.front();
      order_.see(piece);
      const auto given = given_.find(piece.tsn);
      require(given != given_.end() && intact(piece, given->second) && up_.insert(piece.tsn).second);
      outstanding_ -= given->second;
    }
  }

  // RFC 3758 §3.6, with skips that make sense or not.
  void forward() {
    const Tsn tsn = std::max(cumulative_, base_ + in_.byte());
    give_up(tsn, tsn);
    for (std::uint8_t skips = in_.byte() & 3; skips > 0; --skips) {
      const std::uint8_t names = in_.byte();
      reassembly_.skip(static_cast<StreamId>(names & 3), static_cast<std::uint16_t>((names >> 2 & 7) - (names >> 7)),
                       tsn, out_);
    }
    for (Tsn at = base_; at <= tsn; at = at + 1) given_.try_emplace(at, 0);  // will not come any more
  }
  void give_up(Tsn until, Tsn tsn) {
    if (reassembly_.abort_partial_delivery(until)) {
      require(!reassembly_.in_partial_delivery());
      order_.abort();
    }
    reassembly_.forward(std::min(cumulative_, tsn), tsn, out_);
    cumulative_ = std::max(cumulative_, tsn);
  }

  Input in_;
  bool partial_reliability_ = false;
  const Tsn base_ = Tsn::initial(0xFFFFFFF0);
  Tsn cumulative_ = base_ - 1;
  BufferPool pool_;
  Reassembly reassembly_{pool_};
  Ring<Piece> out_;
  PieceOrder order_;
  std::map<Tsn, std::size_t> given_;  // sizes
  std::set<Tsn> up_;
  std::size_t outstanding_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  if ((in.byte() & 3) == 0) {
    HostilePeer(in).run();
  } else {
    ConformingPeer(in).run();
  }
  return 0;
}
