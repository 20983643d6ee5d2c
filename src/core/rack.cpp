#include "core/rack.hpp"

namespace netsctp::core {

void Rack::delivered(Tsn tsn, Time sent_at, bool retransmitted) noexcept {
  const Duration rtt = now_ - sent_at;
  // RFC 8985 §6.2 step 3: an original arrived after one that was sent later.
  if (tsn > fack_) {
    fack_ = tsn;
  }
  if (!retransmitted && tsn < fack_before_) reordering_seen_ = true;
  if (retransmitted) {
    // RFC 8985 §6.2 step 2: too soon to be the answer to the retransmission.
    if (min_rtt() == Duration::max() || rtt < min_rtt()) return;
  } else {
    if (now_ - min_rtt_since_ >= kRttWindow) {
      min_rtt_before_ = min_rtt_;
      min_rtt_ = Duration::max();
      min_rtt_since_ = now_;
    }
    min_rtt_ = std::min(min_rtt_, rtt);
  }
  rtt_ = rtt;
  if (any_ && sent_before(tsn, sent_at)) return;
  any_ = true;
  sent_at_ = sent_at;
  tsn_ = tsn;
}

void Rack::adapt(bool duplicates, Tsn cumulative, Tsn next) noexcept {
  if (duplicate_round_ && cumulative >= *duplicate_round_) duplicate_round_.reset();
  if (duplicates && !duplicate_round_) {
    duplicate_round_ = next;
    ++multiplier_;
    persist_ = kPersist;
  }
}

void Rack::recovered() noexcept {
  if (persist_ > 0) --persist_;
  if (persist_ == 0) multiplier_ = 1;
}

Duration Rack::reordering_window(Duration srtt, bool recovering, std::size_t gap_acked) const noexcept {
  if (!reordering_seen_ && (recovering || gap_acked >= kReportsThreshold)) return Duration::zero();
  const Duration smallest = min_rtt() == Duration::max() ? srtt : min_rtt();
  return std::min(smallest / 4 * multiplier_, srtt);
}

Duration Rack::probe_timeout(Duration srtt, bool one_packet, Duration sack_delay) noexcept {
  if (srtt == Duration::zero()) return std::chrono::seconds(1);
  return 2 * srtt + (one_packet ? sack_delay : Duration::zero());
}

}  // namespace netsctp::core
