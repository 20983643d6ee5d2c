// When the next packets of a path may leave, so that they leave at a rate: some go at once (a quantum), then nothing
// until their time has passed (draft-ietf-ccwg-bbr-06 §5.6.2, §5.6.3). What the rate is, others say.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "base/time.hpp"

namespace netsctp::core {

class Pacer {
 public:
  // Bytes a second, and how many of them may leave at once.
  void set(double rate, std::size_t quantum) noexcept {
    rate_ = rate;
    quantum_ = quantum;
  }
  [[nodiscard]] double rate() const noexcept { return rate_; }
  [[nodiscard]] std::size_t quantum() const noexcept { return quantum_; }

  [[nodiscard]] bool may_send(Time now) const noexcept {
    return next_send_ <= now || (quantum_began_ == now && quantum_left_ > 0);
  }
  [[nodiscard]] Time next_send() const noexcept { return next_send_; }  // once may_send() is false

  void sent(std::size_t bytes, Time now) noexcept {
    if (next_send_ <= now) {
      quantum_began_ = now;
      quantum_left_ = quantum_;
      // Who is woken late, as every timer wakes, makes up for it, by a quantum at most: the rate would not be reached.
      next_send_ = std::max(next_send_, now - time_of(quantum_));
    }
    quantum_left_ -= std::min(quantum_left_, bytes);
    next_send_ += time_of(bytes);
  }

 private:
  [[nodiscard]] Duration time_of(std::size_t bytes) const noexcept {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(static_cast<double>(bytes) / rate_));
  }

  double rate_ = 1;
  std::size_t quantum_ = 0;
  std::size_t quantum_left_ = 0;
  Time next_send_{};
  Time quantum_began_{};
};

}  // namespace netsctp::core
