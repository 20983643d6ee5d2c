// Congestion window of one path (RFC 9260 §7.2). A value: told of acknowledgements and losses, asked for cwnd.
// All sizes in bytes, DATA chunk headers and padding included (§7.2). PMDCS: what fits a packet of the path's MTU.
#pragma once

#include <cstddef>

#include "base/time.hpp"

namespace netsctp::core {

class Congestion {
 public:
  // RFC 9260 §7.2.1: the initial window, and ssthresh arbitrarily high. Also after a change of route (§7.2.5).
  void initialize(std::size_t pmdcs, bool ipv4) noexcept;

  // A SACK acknowledged `bytes` for the first time; `flight_before` was outstanding on the path before it arrived.
  void acknowledged(std::size_t bytes, std::size_t flight_before, bool in_fast_recovery, std::size_t pmdcs) noexcept;
  // RFC 9260 §7.2.2: all data was acknowledged.
  void all_acknowledged() noexcept { partial_bytes_acked_ = 0; }
  // RFC 9260 §7.2.3: loss seen in SACKs, once per fast recovery.
  void lost(std::size_t pmdcs) noexcept;
  // RFC 9260 §7.2.3, §6.3.3 E1: T3-rtx expired.
  void timed_out(std::size_t pmdcs) noexcept;
  // RFC 9260 §7.2.1: nothing was sent for `idle`; the window decays once per RTO.
  void idle(Duration idle, Duration rto, std::size_t pmdcs) noexcept;

  [[nodiscard]] std::size_t window() const noexcept { return cwnd_; }
  [[nodiscard]] std::size_t slow_start_threshold() const noexcept { return ssthresh_; }
  [[nodiscard]] std::size_t partial_bytes_acked() const noexcept { return partial_bytes_acked_; }

 private:
  std::size_t cwnd_ = 0;
  std::size_t ssthresh_ = 0;
  std::size_t partial_bytes_acked_ = 0;
};

}  // namespace netsctp::core
