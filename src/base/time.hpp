// The time as the project speaks of it: handed in from outside, never read (only src/engine reads a clock).
#pragma once

#include <chrono>
#include <cstdint>

namespace netsctp {

using Duration = std::chrono::nanoseconds;

// Nanoseconds since an epoch that the caller chose. It has no now(): the protocol cannot read the time.
struct Clock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock, duration>;
  static constexpr bool is_steady = true;
};
using Time = Clock::time_point;

// No deadline.
inline constexpr Time kNever = Time::max();

}  // namespace netsctp
