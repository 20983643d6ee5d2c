// Whether a thread that waits for packets should look for them for a moment before it sleeps: to sleep and be woken
// takes longer than an answer from the same host or rack. It learns from the waits before: after a few short ones it is
// worth it, and each time that it was not, more short ones are needed. So a program whose packets take longer pays for
// hardly a look. Each kind of waiting learns for itself: answers may come at once to a server whom requests reach once
// an hour. Guarded by the engine's lock.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "base/time.hpp"

namespace netsctp::engine {

class QuickAnswers {
 public:
  static constexpr Duration kLook = std::chrono::microseconds(50);
  // What a wait takes longer because both ends slept: so long it may be, without a look, and count as short.
  static constexpr Duration kWakeUps = std::chrono::microseconds(50);
  // Before so many sleeps of one wait a thread looks: what it waits for takes a few packets (a handshake two), or else
  // comes late, among packets for others.
  static constexpr unsigned kLooks = 4;

  explicit QuickAnswers(long cpus = ::sysconf(_SC_NPROCESSORS_ONLN)) noexcept : cpus_(cpus) {}

  // `waiting`: how many threads of this process wait, this one included. There must be CPUs for those that answer, and
  // for the others, whose packets come too.
  [[nodiscard]] bool expected(std::size_t waiting = 1) const noexcept {
    return short_waits_ >= needed_ && static_cast<long>(waiting) < cpus_;
  }

  // Packets came after this time, or none did. `looked`: expected() was true when it began.
  void waited(Duration time, bool looked) noexcept {
    if (time <= (looked ? kLook : kLook + kWakeUps)) {
      short_waits_ = std::min(short_waits_ + 1, kMost);
      if (looked) needed_ = kFew;
    } else if (looked) {
      short_waits_ /= 2;  // after many that were worth it, one that was not is chance
      needed_ = std::min(needed_ * 2, kMost);
    } else {
      short_waits_ = 0;
    }
  }

 private:
  static constexpr unsigned kFew = 4;
  static constexpr unsigned kMost = 512;

  long cpus_;
  unsigned short_waits_ = 0;  // on end, but for what is forgiven
  unsigned needed_ = kFew;
};

}  // namespace netsctp::engine
