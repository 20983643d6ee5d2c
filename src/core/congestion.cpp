#include "core/congestion.hpp"

#include <algorithm>
#include <limits>
#include <new>

namespace netsctp::core {
namespace {

constexpr std::size_t kBatchPackets = 8;  // a SACK for more comes from a receiver that takes in packets by batches

}  // namespace

void Congestion::initialize(std::size_t pmdcs, bool ipv4) noexcept {
  // RFC 9260 §7.2.1: min(4 * PMDCS, max(2 * PMDCS, 4404)) with IPv4, 4344 with IPv6.
  cwnd_ = std::min(4 * pmdcs, std::max(2 * pmdcs, std::size_t{ipv4 ? 4404u : 4344u}));
  ssthresh_ = std::numeric_limits<std::size_t>::max() / 2;
  partial_bytes_acked_ = 0;
  after_timeout_ = follows_ = false;
  slow_start_exit_.restart();
  if (cubic_) *cubic_ = {};
}

void Congestion::select(CongestionControl which) noexcept {
  if (follows_ && which != CongestionControl::kBbr) {
    follows_ = false;
    ssthresh_ = cwnd_;  // what the path bears is known
  }
  if ((which == CongestionControl::kCubic) == (cubic_ != nullptr)) return;
  cubic_.reset(which == CongestionControl::kCubic ? new (std::nothrow) Cubic : nullptr);
}

void Congestion::acknowledged(const Acknowledged& acknowledged, std::size_t pmdcs) noexcept {
  // RFC 9260 §7.2.1, §7.2.4 step 6. What is not credited in fast recovery is not credited for later either.
  if (acknowledged.in_fast_recovery || follows_) return;
  const bool fully_used = acknowledged.fully_used;
  if (cwnd_ <= ssthresh_) {
    if (!fully_used) return;
    // RFC 9260 §7.2.1: by what was acknowledged, at most L * PMDCS. L is 2, for a SACK of every second packet, as §6.2
    // has it: the window doubles in a round trip (RFC 3465 §2.2). L is 1 once a queue was seen to grow, and after a
    // timeout (RFC 3465 §2.3): a SACK may then tell of packets that left the network long ago. CUBIC: as TCP.
    const bool doubles = !after_timeout_ && (cubic_ || !slow_start_exit_.queue_seen());
    const std::size_t limit = (doubles ? 2 : 1) * pmdcs;
    // One SACK for many packets (a receiver that takes them in batches) counts as those that it stands for: the window
    // grows as with any other receiver. Those of them that would find it above ssthresh count no longer.
    std::size_t sacks = acknowledged.packets > kBatchPackets ? acknowledged.packets / 2 : 1;
    if (cubic_) sacks = (acknowledged.packets + 1) / 2;
    if (after_timeout_) sacks = 1;
    const std::size_t growth = std::min(acknowledged.bytes, sacks * limit) / slow_start_exit_.divisor();
    cwnd_ += std::min(growth, ssthresh_ - cwnd_ + limit);
    return;
  }
  if (cubic_) {
    if (fully_used) {
      cwnd_ = cubic_->grown(cwnd_, acknowledged.bytes, acknowledged.srtt, pmdcs, acknowledged.now);
    } else {
      cubic_->limited(acknowledged.now);
    }
    return;
  }
  // RFC 9260 §7.2.2: one PMDCS per window acknowledged.
  partial_bytes_acked_ += acknowledged.bytes;
  if (partial_bytes_acked_ < cwnd_) return;
  if (fully_used) {
    partial_bytes_acked_ -= cwnd_;
    cwnd_ += pmdcs;
  } else {
    partial_bytes_acked_ = cwnd_;
  }
}

void Congestion::measured(Duration rtt, std::uint32_t cumulative, std::uint32_t next) noexcept {
  if (cwnd_ <= ssthresh_ && slow_start_exit_.measured(rtt, cumulative, next)) ssthresh_ = cwnd_;
}

void Congestion::lost(std::size_t pmdcs) noexcept {
  if (follows_) return;
  ssthresh_ = std::max(cubic_ ? cubic_->lost(cwnd_, pmdcs) : cwnd_ / 2, 4 * pmdcs);
  cwnd_ = ssthresh_;
  partial_bytes_acked_ = 0;
  after_timeout_ = false;
  slow_start_exit_.end();
}

void Congestion::timed_out(std::size_t pmdcs) noexcept {
  if (follows_) return;
  ssthresh_ = std::max(cubic_ ? cubic_->timed_out(cwnd_, pmdcs) : cwnd_ / 2, 4 * pmdcs);
  cwnd_ = pmdcs;
  partial_bytes_acked_ = 0;
  after_timeout_ = true;
  slow_start_exit_.end();
}

void Congestion::idle(Duration idle, Duration rto, std::size_t pmdcs) noexcept {
  if (follows_ || idle < rto || rto <= Duration::zero()) return;
  const std::size_t floor = 4 * pmdcs;
  if (cwnd_ <= floor) return;
  ssthresh_ = cwnd_;  // RFC 9260 §7.2.1: before the first adjustment
  for (auto periods = idle / rto; periods > 0 && cwnd_ > floor; --periods) cwnd_ = std::max(cwnd_ / 2, floor);
}

}  // namespace netsctp::core
