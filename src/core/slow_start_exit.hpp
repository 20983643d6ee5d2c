// When to leave slow start before it overflows the queue of the bottleneck: HyStart++ (RFC 9406 §4.2). Its slow start
// is RFC 9260 §7.2.1's or grows less than that, which "by at most" there allows. Once a round trip's smallest RTT has
// risen clearly above that of the round before, growth goes on at a quarter of the pace; if the RTT falls again in the
// rest of the round it was noise, otherwise slow start ends with the round. Only the first slow start of a path is
// watched (RFC 9406 §4.3). Before that, a single RTT that has risen so far says that the window need no longer double.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace netsctp::core {

class SlowStartExit {
 public:
  // A round trip was measured by a SACK in slow start; `acknowledged` and `next` are the low 32 bits of the Cumulative
  // TSN Ack and of the TSN to be sent next. True: slow start is over.
  bool measured(Duration rtt, std::uint32_t acknowledged, std::uint32_t next) noexcept;
  // A loss or a timeout ended it.
  void end() noexcept { over_ = true; }
  // By what to divide the growth of slow start.
  [[nodiscard]] unsigned divisor() const noexcept { return css_baseline_ != kNone && !over_ ? kGrowthDivisor : 1; }
  // While it watches: a measurement has shown that a queue grows, if only from the bursts of a window that doubles.
  [[nodiscard]] bool queue_seen() const noexcept { return queue_seen_ && !over_; }
  // The path changed: watches again.
  void restart() noexcept { *this = {}; }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  // RFC 9406 §4.3: the constants it recommends, but for one; times in microseconds. Of its L, 8 where packets are not
  // paced, congestion.cpp makes less.
  static constexpr std::uint32_t kMinThreshold = 4'000;
  static constexpr std::uint32_t kMaxThreshold = 16'000;
  static constexpr std::uint32_t kRttDivisor = 8;
  static constexpr std::uint8_t kSamples = 8;
  static constexpr unsigned kGrowthDivisor = 4;
  // CSS_ROUNDS, the round in which it began included; not 5, in which the window grows to almost twice its size.
  static constexpr std::uint8_t kRounds = 1;

  std::uint32_t last_round_ = kNone;     // smallest RTT of the round before
  std::uint32_t current_round_ = kNone;  // and of this one so far
  std::uint32_t css_baseline_ = kNone;   // set: conservative slow start; what the RTT must fall below to resume
  std::uint32_t round_end_ = 0;          // TSN whose acknowledgement ends the round
  std::uint8_t samples_ = 0;             // of this round; saturates
  std::uint8_t css_rounds_ = 0;
  bool started_ = false;
  bool over_ = false;
  bool queue_seen_ = false;
};

}  // namespace netsctp::core
