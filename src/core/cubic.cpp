#include "core/cubic.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace netsctp::core {
namespace {

double seconds(Duration duration) noexcept {
  return std::chrono::duration<double>(duration).count();
}

double segments(std::size_t bytes, std::size_t pmdcs) noexcept {
  return static_cast<double>(bytes) / static_cast<double>(pmdcs);
}

}  // namespace

void Cubic::begin_epoch(std::size_t cwnd, std::size_t pmdcs, Time now) noexcept {
  const double window = segments(cwnd, pmdcs);
  epoch_ = now;
  limited_since_ = kNever;
  rest_ = 0;
  w_est_ = window;  // §4.3
  // §4.2; §4.8 and §4.10: after a timeout, or slow start without a loss, the plateau is where we are.
  if (w_max_ <= window) {
    w_max_ = window;
    k_ = 0;
  } else {
    k_ = std::cbrt((w_max_ - window) / kC);
  }
  if (prior_ == 0) prior_ = window;
}

std::size_t Cubic::grown(std::size_t cwnd, std::size_t bytes, Duration srtt, std::size_t pmdcs, Time now) noexcept {
  if (epoch_ == kNever) begin_epoch(cwnd, pmdcs, now);
  if (limited_since_ != kNever) epoch_ += now - std::exchange(limited_since_, kNever);
  const double window = segments(cwnd, pmdcs);
  const double acked = segments(bytes, pmdcs);
  // §4.3: as fast as Reno once it is where it was before the loss.
  w_est_ += (w_est_ >= prior_ ? 1.0 : kAlpha) * acked / window;
  const auto at = [this](double t) { return kC * (t - k_) * (t - k_) * (t - k_) + w_max_; };
  const double t = seconds(now - epoch_);
  double next = window;
  if (at(t) < w_est_) {
    next = std::max(window, w_est_);  // §4.3: the Reno-friendly region
  } else {
    const double target = std::clamp(at(t + seconds(srtt)), window, 1.5 * window);  // §4.2
    next = window + (target - window) / window * acked;                             // §4.4, §4.5
  }
  const double grown = (next - window) * static_cast<double>(pmdcs) + rest_;
  const auto whole = static_cast<std::size_t>(std::max(grown, 0.0));
  rest_ = std::max(grown, 0.0) - static_cast<double>(whole);
  return cwnd + whole;
}

void Cubic::limited(Time now) noexcept {
  if (epoch_ != kNever && limited_since_ == kNever) limited_since_ = now;
}

std::size_t Cubic::lost(std::size_t cwnd, std::size_t pmdcs) noexcept {
  const double window = segments(cwnd, pmdcs);
  prior_ = window;
  // §4.7: below the last maximum somebody else has come; make room sooner.
  w_max_ = window < w_max_ ? window * (1 + kBeta) / 2 : window;
  epoch_ = kNever;
  return static_cast<std::size_t>(static_cast<double>(cwnd) * kBeta);
}

std::size_t Cubic::timed_out(std::size_t cwnd, std::size_t pmdcs) noexcept {
  prior_ = segments(cwnd, pmdcs);
  w_max_ = 0;
  epoch_ = kNever;
  return static_cast<std::size_t>(static_cast<double>(cwnd) * kBeta);
}

}  // namespace netsctp::core
