// The timers of an association beside those of its paths: when each expires. Those that few associations ever start,
// or all but once, take no memory while none of them runs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/rare.hpp"
#include "base/time.hpp"

namespace netsctp::core {

enum class Timer : std::uint8_t { kSack, kProbe, kMtuSearch, kT1, kT2, kT5, kAutoclose, kReconfiguration, kCount };

class TimerTable {
 public:
  // kNever: it does not run.
  [[nodiscard]] Time at(Timer which) const noexcept {
    const auto index = static_cast<std::size_t>(which);
    return index < kUsual ? usual_[index] : seldom_.read()[index - kUsual];
  }
  [[nodiscard]] bool runs(Timer which) const noexcept { return at(which) != kNever; }
  [[nodiscard]] Time earliest() const noexcept {
    return seldom_.is_used() ? std::min(usual_.earliest(), seldom_.read().earliest()) : usual_.earliest();
  }

  // Or starts it anew.
  void start(Timer which, Time expiry) noexcept {
    const auto index = static_cast<std::size_t>(which);
    (index < kUsual ? usual_[index] : seldom_.use()[index - kUsual]) = expiry;
  }
  void stop(Timer which) noexcept {
    if (!runs(which)) return;
    start(which, kNever);
    if (seldom_.is_used() && seldom_.read().earliest() == kNever) seldom_.reset();
  }
  void stop_all() noexcept {
    usual_ = {};
    seldom_.reset();
  }

 private:
  template <std::size_t count>
  struct Deadlines : std::array<Time, count> {
    Deadlines() noexcept { this->fill(kNever); }
    [[nodiscard]] Time earliest() const noexcept { return *std::min_element(this->begin(), this->end()); }
  };
  static constexpr auto kUsual = static_cast<std::size_t>(Timer::kT1);

  Deadlines<kUsual> usual_;
  Rare<Deadlines<static_cast<std::size_t>(Timer::kCount) - kUsual>> seldom_;
};

}  // namespace netsctp::core
