// Congestion window of one path (RFC 9260 §7.2). A value: told of acknowledgements and losses, asked for cwnd.
// All sizes in bytes, DATA chunk headers and padding included (§7.2). PMDCS: what fits a packet of the path's MTU.
// Instead of RFC 9260's, congestion avoidance can be CUBIC's (cubic.hpp), or the window can follow what BBR says
// (bbr.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/time.hpp"
#include "core/cubic.hpp"
#include "core/parameters.hpp"
#include "core/slow_start_exit.hpp"

namespace netsctp::core {

class Congestion {
 public:
  // What a SACK acknowledged for the first time.
  struct Acknowledged {
    std::size_t bytes = 0;
    std::size_t packets = 1;  // about; what a receiver that batches acknowledges by one SACK
    bool fully_used = false;  // cwnd or more was outstanding before the SACK arrived
    bool in_fast_recovery = false;
    Duration srtt{};
    Time now{};
  };

  // RFC 9260 §7.2.1: the initial window, and ssthresh arbitrarily high. Also after a change of route (§7.2.5).
  void initialize(std::size_t pmdcs, bool ipv4) noexcept;
  // Which rules apply from now on. RFC 9260's if memory is short.
  void select(CongestionControl which) noexcept;
  // BBR's window. Until another control is selected nothing else changes it.
  void follow(std::size_t window) noexcept {
    cwnd_ = window;
    follows_ = true;
  }

  void acknowledged(const Acknowledged& acknowledged, std::size_t pmdcs) noexcept;
  // A SACK measured the round trip; the TSNs as for SlowStartExit.
  void measured(Duration rtt, std::uint32_t cumulative, std::uint32_t next) noexcept;
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
  std::unique_ptr<Cubic> cubic_;  // nullptr: RFC 9260's own
  SlowStartExit slow_start_exit_;
  bool after_timeout_ = false;  // slow start follows a timeout
  bool follows_ = false;        // BBR's window
};

}  // namespace netsctp::core
