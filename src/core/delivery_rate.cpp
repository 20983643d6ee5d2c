#include "core/delivery_rate.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace netsctp::core {

SentChunk& SentChunks::at(Tsn tsn) noexcept {
  // Numbers have begun anew.
  if (tsn < base_ || tsn - end() > kMostAtOnce) chunks_.clear();
  if (chunks_.empty()) base_ = tsn;
  while (end() <= tsn) chunks_.emplace_back();
  return chunks_[static_cast<std::size_t>(tsn - base_)];
}

void DeliveryRate::sent(SentChunk& chunk, std::size_t in_flight, std::size_t bytes, Time now) noexcept {
  if (in_flight == 0) first_send_time_ = delivered_time_ = now;
  chunk.delivered_time = delivered_time_;
  chunk.first_send_time = first_send_time_;
  chunk.delivered = delivered_;
  chunk.lost = lost_;
  chunk.tx_in_flight = static_cast<std::uint32_t>(in_flight + bytes);
  chunk.is_app_limited = is_app_limited();
}

bool DeliveryRate::is_newest(Tsn tsn, Time sent_at) const noexcept {
  return !sample_.has_data || sent_at > first_send_time_ || (sent_at == first_send_time_ && tsn > last_acked_);
}

void DeliveryRate::acknowledged(SentChunk& chunk, Tsn tsn, Time sent_at, std::size_t bytes, bool retransmitted,
                                Time now) noexcept {
  if (!chunk.is_known()) return;
  delivered_ += bytes;
  delivered_time_ = now;
  sample_.newly_acked += bytes;
  if (!retransmitted) {  // Karn; §5.5.7.1: of those that one SACK acknowledges, the shortest
    sample_.rtt = std::min(sample_.rtt, now - sent_at);
    min_rtt_ = std::min(min_rtt_, sample_.rtt);
  }
  if (is_newest(tsn, sent_at)) {
    sample_.has_data = true;
    sample_.prior_delivered = chunk.delivered;
    sample_.is_app_limited = chunk.is_app_limited;
    sample_.tx_in_flight = chunk.tx_in_flight;
    sample_.lost = chunk.lost;  // becomes a difference in take_sample()
    // §4.1.1.2.4: not faster than it was sent, nor than it was acknowledged.
    interval_ = std::max(sent_at - chunk.first_send_time, now - chunk.delivered_time);
    first_send_time_ = sent_at;
    last_acked_ = tsn;
  }
  chunk.delivered_time = kNever;
}

RateSample DeliveryRate::take_sample() noexcept {
  if (app_limited_ != 0 && delivered_ > app_limited_) app_limited_ = 0;
  RateSample sample = std::exchange(sample_, {});
  if (!sample.has_data) return sample;
  sample.delivered = delivered_ - sample.prior_delivered;
  sample.lost = lost_ - sample.lost;
  // Shorter than any round trip: an original arrived after all, and not what was sent again.
  if (interval_ > Duration::zero() && interval_ >= min_rtt_) {
    sample.delivery_rate = static_cast<double>(sample.delivered) / std::chrono::duration<double>(interval_).count();
  }
  return sample;
}

void DeliveryRate::mark_app_limited(std::size_t in_flight) noexcept {
  app_limited_ = std::max<std::uint64_t>(delivered_ + in_flight, 1);
}

}  // namespace netsctp::core
