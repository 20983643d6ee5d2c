#include "core/slow_start_exit.hpp"

#include <algorithm>
#include <chrono>

namespace netsctp::core {

bool SlowStartExit::measured(Duration rtt, std::uint32_t acknowledged, std::uint32_t next) noexcept {
  if (over_) return false;
  const auto count = std::chrono::duration_cast<std::chrono::microseconds>(rtt).count();
  const auto sample = static_cast<std::uint32_t>(std::clamp<decltype(count)>(count, 0, kNone - 1));
  // RFC 9406 §4.2: a round lasts until what was sent when it began is acknowledged.
  if (!started_ || static_cast<std::int32_t>(acknowledged - round_end_) >= 0) {
    if (css_baseline_ != kNone && ++css_rounds_ >= kRounds) {
      over_ = true;
      return true;
    }
    started_ = true;
    last_round_ = current_round_;
    current_round_ = kNone;
    samples_ = 0;
    round_end_ = next;
  }
  // RFC 9406 §4.2: RttThresh.
  const std::uint32_t threshold = std::clamp(last_round_ / kRttDivisor, kMinThreshold, kMaxThreshold);
  const auto risen = [&](std::uint32_t rtt_now) {
    return last_round_ != kNone && rtt_now >= last_round_ && rtt_now - last_round_ >= threshold;
  };
  if (risen(sample)) queue_seen_ = true;
  current_round_ = std::min(current_round_, sample);
  if (samples_ < kSamples) ++samples_;
  if (samples_ < kSamples) return false;
  if (css_baseline_ != kNone) {
    // RFC 9406 §4.2: the RTT has come down again: slow start goes on as before.
    if (current_round_ < css_baseline_) {
      css_baseline_ = kNone;
      css_rounds_ = 0;
    }
    return false;
  }
  if (risen(current_round_)) css_baseline_ = current_round_;
  return false;
}

}  // namespace netsctp::core
