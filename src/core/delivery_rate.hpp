// How fast a path delivers: what is remembered of each chunk when it is sent, and the sample of the delivery rate that
// its acknowledgement gives (draft-ietf-ccwg-bbr-06 §4.1). A value for each path; it knows no windows and no timers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/ring.hpp"
#include "base/time.hpp"
#include "core/types.hpp"

namespace netsctp::core {

// §4.1.2.1.2, beside the chunk: its path's counts when it was last sent.
struct SentChunk {
  Time delivered_time = kNever;  // kNever: not known, or acknowledged
  Time first_send_time{};
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;
  std::uint32_t tx_in_flight = 0;  // bytes, itself included
  bool is_app_limited = false;

  [[nodiscard]] bool is_known() const noexcept { return delivered_time != kNever; }
};

// Those of an association: a ring indexed by TSN, as the chunks are.
class SentChunks {
 public:
  // The place of a chunk that is being sent.
  [[nodiscard]] SentChunk& at(Tsn tsn) noexcept;
  [[nodiscard]] SentChunk* find(Tsn tsn) noexcept {
    return tsn >= base_ && tsn < end() ? &chunks_[static_cast<std::size_t>(tsn - base_)] : nullptr;
  }
  // Those below are cumulatively acknowledged.
  void forget_below(Tsn tsn) noexcept {
    for (; !chunks_.empty() && base_ < tsn; base_ = base_ + 1) chunks_.pop_front();
  }

 private:
  static constexpr std::int64_t kMostAtOnce = 0x10000;  // more than a send window holds

  [[nodiscard]] Tsn end() const noexcept { return base_ + chunks_.size(); }

  Ring<SentChunk> chunks_;
  Tsn base_;
};

// §4.1.2.1.3: of all that one SACK acknowledges on a path.
struct RateSample {
  double delivery_rate = 0;  // bytes a second; 0: no reliable one
  std::uint64_t delivered = 0;
  std::uint64_t prior_delivered = 0;
  std::uint64_t lost = 0;        // since the newest chunk was sent
  std::size_t tx_in_flight = 0;  // when it was
  std::size_t newly_acked = 0;
  Duration rtt = Duration::max();  // max(): not measured
  bool is_app_limited = false;
  bool has_data = false;  // false: it acknowledged nothing
};

class DeliveryRate {
 public:
  // §4.1.2.2: a chunk goes out; the bytes in flight before it, and its own.
  void sent(SentChunk& chunk, std::size_t in_flight, std::size_t bytes, Time now) noexcept;
  // §4.1.2.3: it is acknowledged.
  void acknowledged(SentChunk& chunk, Tsn tsn, Time sent_at, std::size_t bytes, bool retransmitted, Time now) noexcept;
  void lost(std::size_t bytes) noexcept { lost_ += bytes; }
  // §4.1.2.3: that was all of this SACK.
  [[nodiscard]] RateSample take_sample() noexcept;

  // §4.1.2.4: nothing is left to send though more could be in flight: samples of the next round trip say little.
  void mark_app_limited(std::size_t in_flight) noexcept;
  [[nodiscard]] bool is_app_limited() const noexcept { return app_limited_ != 0; }

  [[nodiscard]] std::uint64_t delivered() const noexcept { return delivered_; }  // C.delivered
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }            // C.lost

 private:
  [[nodiscard]] bool is_newest(Tsn tsn, Time sent_at) const noexcept;

  std::uint64_t delivered_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t app_limited_ = 0;  // until more than this is delivered; 0: not limited
  Time delivered_time_{};
  Time first_send_time_{};
  Tsn last_acked_;
  Duration min_rtt_ = Duration::max();  // of the path's life
  RateSample sample_;                   // of the SACK under examination
  Duration interval_{};                 // and what it was measured over
};

}  // namespace netsctp::core
