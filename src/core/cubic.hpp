// CUBIC's window (draft-ietf-tcpm-rfc8312bis-15, which became RFC 9438) in congestion avoidance: how it grows with time
// since the last loss, and what a loss remembers. Sizes in bytes; `pmdcs` is its segment. Slow start is
// congestion.cpp's.
#pragma once

#include <cstddef>

#include "base/time.hpp"

namespace netsctp::core {

class Cubic {
 public:
  static constexpr double kBeta = 0.7;                             // §4.6
  static constexpr double kC = 0.4;                                // §5.1, segments per second cubed
  static constexpr double kAlpha = 3 * (1 - kBeta) / (1 + kBeta);  // §4.3

  // `bytes` were acknowledged in congestion avoidance with the window fully used; the window that results, not below
  // `cwnd`.
  [[nodiscard]] std::size_t grown(std::size_t cwnd, std::size_t bytes, Duration srtt, std::size_t pmdcs,
                                  Time now) noexcept;
  // The window was not fully used: time stands still until it is again (§4.2, §5.8).
  void limited(Time now) noexcept;
  // A loss with this window; remembers it (§4.6, §4.7). The window that is left, before bounds.
  [[nodiscard]] std::size_t lost(std::size_t cwnd, std::size_t pmdcs) noexcept;
  // §4.8: T3-rtx expired. ssthresh, before bounds.
  [[nodiscard]] std::size_t timed_out(std::size_t cwnd, std::size_t pmdcs) noexcept;

 private:
  void begin_epoch(std::size_t cwnd, std::size_t pmdcs, Time now) noexcept;

  // In segments.
  double w_max_ = 0;     // 0: none known
  double prior_ = 0;     // cwnd_prior
  double w_est_ = 0;     // what Reno would have
  double k_ = 0;         // seconds
  double rest_ = 0;      // of growth, less than a byte
  Time epoch_ = kNever;  // kNever: begins with the next growth
  Time limited_since_ = kNever;
};

}  // namespace netsctp::core
