// Whether a thread that has just asked its peer something should look for the answer for a moment before it sleeps: to
// sleep and be woken takes longer than an answer from the same host or rack. It learns from the waits before: after a
// few short ones it is worth it, and each time that it was not, more short ones are needed. So a program whose answers
// take longer pays for hardly a look. Guarded by the engine's lock.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/time.hpp"

namespace netsctp::engine {

class QuickAnswers {
 public:
  static constexpr Duration kLook = std::chrono::microseconds(50);

  // On a single CPU nobody could answer while a thread looks.
  explicit QuickAnswers(bool several_cpus = ::sysconf(_SC_NPROCESSORS_ONLN) > 1) noexcept
      : several_cpus_(several_cpus) {}

  [[nodiscard]] bool expected() const noexcept { return several_cpus_ && short_waits_ >= needed_; }

  // A wait for an answer is over. `looked`: expected() was true when it began.
  void waited(Duration time, bool looked) noexcept {
    if (time <= kLook) {
      short_waits_ = std::min(short_waits_ + 1, kMost);
      if (looked) needed_ = kFew;
    } else {
      short_waits_ = 0;
      if (looked) needed_ = std::min(needed_ * 2, kMost);
    }
  }

 private:
  static constexpr unsigned kFew = 4;
  static constexpr unsigned kMost = 1024;

  bool several_cpus_;
  unsigned short_waits_ = 0;  // on end
  unsigned needed_ = kFew;
};

}  // namespace netsctp::engine
