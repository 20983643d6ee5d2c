#include "core/congestion.hpp"

#include <algorithm>
#include <limits>

namespace netsctp::core {
namespace {

constexpr std::size_t kBatchPackets = 8;  // a SACK for more comes from a receiver that takes in packets by batches

}  // namespace

void Congestion::initialize(std::size_t pmdcs, bool ipv4) noexcept {
  // RFC 9260 §7.2.1: min(4 * PMDCS, max(2 * PMDCS, 4404)) with IPv4, 4344 with IPv6.
  cwnd_ = std::min(4 * pmdcs, std::max(2 * pmdcs, std::size_t{ipv4 ? 4404u : 4344u}));
  ssthresh_ = std::numeric_limits<std::size_t>::max() / 2;
  partial_bytes_acked_ = 0;
}

void Congestion::acknowledged(std::size_t bytes, std::size_t flight_before, bool in_fast_recovery,
                              std::size_t pmdcs) noexcept {
  const bool fully_utilized = flight_before >= cwnd_;
  if (cwnd_ <= ssthresh_) {
    // RFC 9260 §7.2.1: only a fully used window grows, not in fast recovery, by at most L * PMDCS. L is 1, but more for a
    // receiver that acknowledges a batch of packets at once: as if it had acknowledged each second packet (§6.2).
    const std::size_t most = bytes <= kBatchPackets * pmdcs ? pmdcs : bytes / 2;
    if (fully_utilized && !in_fast_recovery) cwnd_ += std::min(bytes, most);
    return;
  }
  // RFC 9260 §7.2.2: one PMDCS per window acknowledged. A cwnd that stays the same in fast recovery (§7.2.4 step 6) is
  // not credited for later either.
  if (in_fast_recovery) return;
  partial_bytes_acked_ += bytes;
  if (partial_bytes_acked_ < cwnd_) return;
  if (fully_utilized) {
    partial_bytes_acked_ -= cwnd_;
    cwnd_ += pmdcs;
  } else {
    partial_bytes_acked_ = cwnd_;
  }
}

void Congestion::lost(std::size_t pmdcs) noexcept {
  ssthresh_ = std::max(cwnd_ / 2, 4 * pmdcs);
  cwnd_ = ssthresh_;
  partial_bytes_acked_ = 0;
}

void Congestion::timed_out(std::size_t pmdcs) noexcept {
  ssthresh_ = std::max(cwnd_ / 2, 4 * pmdcs);
  cwnd_ = pmdcs;
  partial_bytes_acked_ = 0;
}

void Congestion::idle(Duration idle, Duration rto, std::size_t pmdcs) noexcept {
  if (idle < rto || rto <= Duration::zero()) return;
  const std::size_t floor = 4 * pmdcs;
  if (cwnd_ <= floor) return;
  ssthresh_ = cwnd_;  // RFC 9260 §7.2.1: before the first adjustment
  for (auto periods = idle / rto; periods > 0 && cwnd_ > floor; --periods) cwnd_ = std::max(cwnd_ / 2, floor);
}

}  // namespace netsctp::core
