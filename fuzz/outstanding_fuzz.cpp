// Outstanding against a naive model: bytes are a list of operations (send, SACK, loss, retransmission, abandon), and
// after each one everything that can be asked must be the same (RFC 9260 §6.2.1, §6.3, §6.7, §7.2.4).
#include "core/outstanding.hpp"

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <vector>

#include "base/buffer_pool.hpp"
#include "unit/sack_with_blocks.hpp"

namespace netsctp::core {
namespace {

using State = Outstanding::ChunkState;
using Outcome = Outstanding::SackOutcome;

constexpr PathId kPaths = 4;
constexpr std::size_t kMaxChunks = 400;

void require(bool condition) {
  if (!condition) std::abort();
}

struct ModelChunk {
  OutgoingMessage* message;
  std::size_t length;
  PathId path;
  Time sent_at;
  State state = State::kInFlight;
  std::size_t missing = 0;
  bool retransmitted = false;
  bool fast_retransmitted = false;

  std::size_t wire_size() const { return (16 + length + 3) / 4 * 4; }
};

struct ModelMessage {
  std::size_t size = 0;
  std::size_t taken = 0;
  std::size_t outstanding = 0;
};

// Both sides of the comparison.
class Comparison {
 public:
  explicit Comparison(FuzzedDataProvider& input)
      : input_(input), point_(Tsn::initial(input.ConsumeIntegral<std::uint32_t>()) - 1), window_(point_ + 1, slab_) {}
  ~Comparison() { abandon(); }

  void step() {
    switch (input_.ConsumeIntegralInRange(0, 9)) {
      case 0:
      case 1:
        return add();
      case 2:
      case 3:
      case 4:
        return sack();
      case 5:
        return cumulative_ack();
      case 6:
        return lose();
      case 7:
        return retransmit();
      case 8:
        return give_up();
      default:
        if (input_.ConsumeProbability<float>() < 0.95F) {
          now_ += Duration(input_.ConsumeIntegral<std::uint16_t>());
        } else {
          restart();
        }
    }
  }

  void compare() {
    window_.check_consistent();
    require(window_.cumulative_ack_point() == point_ && window_.next_tsn() == point_ + 1 + chunks_.size());
    require(window_.size() == chunks_.size() && window_.empty() == chunks_.empty());
    std::size_t payload = 0;
    std::size_t flight_payload = 0;
    std::map<PathId, std::size_t> flight;
    std::map<PathId, Tsn> earliest;
    std::optional<Tsn> lost;
    const Tsn ask_from = point_ + input_.ConsumeIntegralInRange<std::size_t>(0, chunks_.size() + 1);
    for (const auto& [tsn, model] : chunks_) {
      const Outstanding::Chunk& chunk = window_.chunk(tsn);
      require(chunk.message == model.message && chunk.length == model.length && chunk.path == model.path);
      require(chunk.state == model.state && chunk.sent_at == model.sent_at);
      require(chunk.missing_reports == std::min<std::size_t>(model.missing, 255));
      require(chunk.retransmitted == model.retransmitted && chunk.fast_retransmitted == model.fast_retransmitted);
      if (model.state != State::kAbandoned) payload += model.length;
      if (model.state == State::kInFlight) {
        flight_payload += model.length;
        flight[model.path] += model.wire_size();
        earliest.try_emplace(model.path, tsn);
      }
      if (model.state == State::kToRetransmit && tsn >= ask_from && !lost) lost = tsn;
    }
    require(window_.payload_bytes() == payload && window_.in_flight_payload() == flight_payload);
    for (PathId path = 0; path < kPaths; ++path) {
      require(window_.in_flight(path) == flight[path]);
      const auto found = earliest.find(path);
      require(window_.earliest(path) == (found == earliest.end() ? std::nullopt : std::optional(found->second)));
    }
    require(window_.next_retransmit(ask_from) == lost);
    Tsn advanced = point_;
    while (chunks_.contains(advanced + 1) && chunks_.at(advanced + 1).state == State::kAbandoned)
      advanced = advanced + 1;
    require(window_.advanced_ack_point() == advanced);
    require(slab_.live() == messages_.size());
    for (const auto& [message, model] : messages_) require(message->unacked == model.outstanding);
  }

 private:
  void add() {
    if (chunks_.size() >= kMaxChunks) return;
    if (partly_ == nullptr) {
      partly_ = slab_.create();
      partly_->payload = pool_.allocate(input_.ConsumeIntegralInRange<std::size_t>(1, 255));
      messages_[partly_].size = partly_->payload.size();
    }
    ModelMessage& message = messages_[partly_];
    const std::size_t length = input_.ConsumeIntegralInRange<std::size_t>(1, message.size - message.taken);
    const PathId path = any_path();
    partly_->taken += length;
    const Tsn tsn = window_.add(partly_, message.taken, length, 0, path, now_);
    require(tsn == point_ + 1 + chunks_.size());
    chunks_.emplace(tsn, ModelChunk{partly_, length, path, now_});
    message.taken += length;
    ++message.outstanding;
    if (message.taken == message.size) partly_ = nullptr;
  }

  void sack() {
    const Tsn cumulative = any_cumulative();
    const bool in_fast_recovery = input_.ConsumeBool();
    std::vector<wire::GapBlock> blocks;
    std::set<Tsn> reported;
    Tsn last = cumulative;
    while (blocks.size() < 20 && input_.ConsumeBool()) {
      wire::GapBlock block;
      if (input_.ConsumeIntegralInRange(0, 15) == 0) {
        block = {input_.ConsumeIntegral<std::uint16_t>(), input_.ConsumeIntegral<std::uint16_t>()};
      } else {
        block.start = static_cast<std::uint16_t>((last - cumulative) + input_.ConsumeIntegralInRange(0, 6));
        block.end = static_cast<std::uint16_t>(block.start + input_.ConsumeIntegralInRange(0, 6));
      }
      blocks.push_back(block);
      const Tsn first = cumulative + block.start;
      const Tsn end = cumulative + block.end;
      if (first <= last || end < first || end > highest_sent()) continue;
      for (Tsn tsn = first; tsn <= end; tsn = tsn + 1) reported.insert(tsn);
      last = end;
    }
    const test::SackWithBlocks built(blocks);
    check(window_.on_sack(cumulative, built.sack(), in_fast_recovery), cumulative, &reported, in_fast_recovery);
  }

  void cumulative_ack() {
    const Tsn cumulative = any_cumulative();
    check(window_.on_cumulative_ack(cumulative), cumulative, nullptr, false);
  }

  // The rules once more, one after the other over all chunks. No `reported`: only the cumulative part.
  void check(const Outcome& outcome, Tsn cumulative, const std::set<Tsn>* reported, bool in_fast_recovery) {
    std::map<PathId, Tsn> earliest;
    std::set<Tsn> newly;
    std::array<Outstanding::PathOutcome, kPaths> paths{};
    std::optional<Time> rtt;
    for (auto& [tsn, chunk] : chunks_) {
      if (chunk.state == State::kInFlight) earliest.try_emplace(chunk.path, tsn);
    }
    for (auto& [tsn, chunk] : chunks_) {
      const bool acked = tsn <= cumulative || (reported != nullptr && reported->contains(tsn));
      if (!acked || chunk.state == State::kAcked || chunk.state == State::kAbandoned) continue;
      newly.insert(tsn);
      paths[chunk.path].newly_acked_bytes += chunk.wire_size();
      const auto found = earliest.find(chunk.path);
      if (found != earliest.end() && found->second == tsn) paths[chunk.path].earliest_acked = true;
      if (!chunk.retransmitted && chunk.sent_at > last_retransmission_) rtt = chunk.sent_at;
      chunk.state = State::kAcked;
    }
    bool marked = false;
    for (auto& [tsn, chunk] : chunks_) {
      if (reported == nullptr || tsn <= cumulative || reported->contains(tsn)) continue;
      const bool all_count = in_fast_recovery && cumulative > point_;
      if (chunk.state == State::kAcked) {
        chunk.state = State::kInFlight;
        chunk.missing = 1;
        chunk.retransmitted = true;
        paths[chunk.path].missing_again = true;
      } else if (chunk.state == State::kInFlight) {
        const bool below_reported = !reported->empty() && tsn < *reported->rbegin();
        const bool below_newly = !newly.empty() && tsn < *newly.rbegin();
        if (!(all_count ? below_reported : below_newly)) continue;
        ++chunk.missing;
        if (chunk.missing < 3 || chunk.fast_retransmitted) continue;
        chunk.state = State::kToRetransmit;
        chunk.fast_retransmitted = true;
        paths[chunk.path].fast_retransmit = true;
        marked = true;
      }
    }
    require(outcome.cumulative_advanced == (cumulative > point_) && outcome.any_newly_acked == !newly.empty());
    require(outcome.marked_for_fast_retransmit == marked && outcome.rtt_sent_at == rtt);
    for (PathId path = 0; path < kPaths; ++path) {
      require(outcome.paths[path].newly_acked_bytes == paths[path].newly_acked_bytes);
      require(outcome.paths[path].earliest_acked == paths[path].earliest_acked);
      require(outcome.paths[path].missing_again == paths[path].missing_again);
      require(outcome.paths[path].fast_retransmit == paths[path].fast_retransmit);
    }
    std::size_t freed = 0;
    while (!chunks_.empty() && chunks_.begin()->first <= cumulative) freed += pop_front();
    require(outcome.freed_payload == freed);
  }

  std::size_t pop_front() {
    const ModelChunk chunk = chunks_.begin()->second;
    chunks_.erase(chunks_.begin());
    point_ = point_ + 1;
    ModelMessage& message = messages_[chunk.message];
    if (--message.outstanding == 0 && message.taken == message.size) messages_.erase(chunk.message);
    return chunk.state == State::kAbandoned ? 0 : chunk.length;
  }

  // RFC 3758 §3.5: any message, whole or not.
  void give_up() {
    if (chunks_.empty()) return;
    Tsn tsn = point_ + input_.ConsumeIntegralInRange<std::size_t>(1, chunks_.size());
    OutgoingMessage* const message = chunks_.at(tsn).message;
    if (message->abandoned) return;
    if (message == partly_) {
      tsn = window_.add_missing_end(*message);
      require(tsn == highest_sent() + 1);
      ModelChunk end{message, 0, 0, Time{}};
      end.state = State::kAbandoned;
      chunks_.emplace(tsn, end);
      ++messages_[message].outstanding;
      partly_ = nullptr;
    }
    window_.abandon(tsn);
    message->payload.reset();
    message->taken = 0;
    for (auto& [at, chunk] : chunks_) {
      if (chunk.message == message) chunk.state = State::kAbandoned;
    }
    messages_[message].taken = messages_[message].size;
  }

  void lose() {
    const PathId path = any_path();
    std::size_t expected = 0;
    for (auto& [tsn, chunk] : chunks_) {
      if (chunk.state != State::kInFlight || chunk.path != path) continue;
      chunk.state = State::kToRetransmit;
      expected += chunk.length;
    }
    require(window_.mark_all_lost(path) == expected);
  }

  void retransmit() {
    const Tsn from = point_ + input_.ConsumeIntegralInRange<std::size_t>(0, chunks_.size() + 1);
    const PathId path = any_path();
    const auto tsn = window_.next_retransmit(from);
    if (!tsn) return;
    window_.retransmitted(*tsn, path, now_);
    ModelChunk& chunk = chunks_.at(*tsn);
    chunk.state = State::kInFlight;
    chunk.path = path;
    chunk.sent_at = now_;
    chunk.missing = 0;
    chunk.retransmitted = true;
    last_retransmission_ = now_;
  }

  // A message partly added stays ours, as the send queue's it would be.
  void abandon() {
    std::vector<OutgoingMessage*> expected;
    for (const auto& [tsn, chunk] : chunks_) {
      if (chunk.message != partly_ && (expected.empty() || expected.back() != chunk.message)) {
        expected.push_back(chunk.message);
      }
    }
    for (OutgoingMessage* message : expected) {
      require(window_.pop_abandoned() == message);
      slab_.destroy(message);
      messages_.erase(message);
    }
    require(window_.pop_abandoned() == nullptr && window_.empty());
    if (partly_ != nullptr) {
      require(partly_->unacked == 0);
      messages_.erase(partly_);
      slab_.destroy(partly_);
      partly_ = nullptr;
    }
    point_ = highest_sent();
    chunks_.clear();
    require(slab_.live() == 0 && messages_.empty());
  }

  void restart() {
    abandon();
    point_ = Tsn::initial(input_.ConsumeIntegral<std::uint32_t>()) - 1;
    last_retransmission_ = Time::min();
    window_.restart(point_ + 1);
  }

  PathId any_path() { return input_.ConsumeIntegralInRange<PathId>(0, kPaths - 1); }
  Tsn highest_sent() const { return point_ + chunks_.size(); }
  Tsn any_cumulative() {
    return point_ + input_.ConsumeIntegralInRange<std::size_t>(0, std::min<std::size_t>(chunks_.size(), 15));
  }

  FuzzedDataProvider& input_;
  BufferPool pool_;
  Slab<OutgoingMessage> slab_;
  Time now_{};
  Time last_retransmission_ = Time::min();
  Tsn point_;
  std::map<Tsn, ModelChunk> chunks_;
  std::map<OutgoingMessage*, ModelMessage> messages_;
  OutgoingMessage* partly_ = nullptr;
  Outstanding window_;
};

}  // namespace
}  // namespace netsctp::core

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  netsctp::core::Comparison comparison(input);
  while (input.remaining_bytes() > 0) {
    comparison.step();
    comparison.compare();
  }
  return 0;
}
