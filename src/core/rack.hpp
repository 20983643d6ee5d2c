// Loss detection by time, RACK-TLP (RFC 8985) for SCTP: a chunk is lost when one that was sent later to the same
// address has arrived and a reordering window has passed; a probe goes out when nothing is heard for two round trips,
// before T3-rtx. Beside RFC 9260 §7.2.4, selectable. This is its state and arithmetic for each path of an association;
// which chunks there are is Outstanding's, what a loss means acknowledge.cpp's. DSACK is SCTP's report of duplicate
// TSNs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "core/types.hpp"

namespace netsctp::core {

class Rack {
 public:
  struct Probe {             // RFC 8985 §7.1
    std::optional<Tsn> end;  // one is on its way: its TSN
    bool is_retransmission = false;
    bool sampled = true;  // the RTT was measured since the last one
    Time at = kNever;     // when the next is due
  };

  // A SACK begins.
  void begin(Time now) noexcept {
    now_ = now;
    fack_before_ = fack_;
  }
  // RFC 8985 §6.2 steps 1 to 3: it acknowledged this chunk for the first time.
  void delivered(Tsn tsn, Time sent_at, bool retransmitted) noexcept;
  // RFC 8985 §6.2 step 4: after all delivered(). It has reported duplicates; what is acknowledged, what comes next.
  void adapt(bool duplicates, Tsn cumulative, Tsn next) noexcept;
  // A recovery has ended.
  void recovered() noexcept;

  // RFC 8985 §6.2 step 4. `gap_acked`: chunks acknowledged above the Cumulative TSN Ack.
  [[nodiscard]] Duration reordering_window(Duration srtt, bool recovering, std::size_t gap_acked) const noexcept;
  // RFC 8985 §6.2 step 5: was the chunk sent before the latest one that arrived?
  [[nodiscard]] bool sent_before(Tsn tsn, Time sent_at) const noexcept {
    return any_ && (sent_at != sent_at_ ? sent_at < sent_at_ : tsn < tsn_);
  }
  // From when on a chunk sent then, and before the latest one that arrived, is lost.
  [[nodiscard]] Time lost_at(Time sent_at, Duration window) const noexcept { return sent_at + rtt_ + window; }
  // RFC 8985 §7.2.
  [[nodiscard]] static Duration probe_timeout(Duration srtt, bool one_packet, Duration sack_delay) noexcept;

  [[nodiscard]] bool reordering_seen() const noexcept { return reordering_seen_; }
  [[nodiscard]] Duration min_rtt() const noexcept { return std::min(min_rtt_, min_rtt_before_); }

  Time reorder_at = kNever;  // when waiting for reordered chunks ends
  Probe probe;

 private:
  static constexpr std::size_t kReportsThreshold = 3;  // DupThresh
  static constexpr std::uint8_t kPersist = 16;         // recoveries for which a larger window stays
  static constexpr Duration kRttWindow = std::chrono::seconds(10);

  Time now_{};
  Time sent_at_{};  // RACK.xmit_ts, RACK.end_seq, RACK.rtt
  Tsn tsn_;
  Duration rtt_{};
  Duration min_rtt_ = Duration::max();  // of the last kRttWindow, and of the one before
  Duration min_rtt_before_ = Duration::max();
  Time min_rtt_since_{};
  Tsn fack_;
  Tsn fack_before_;  // when the SACK began
  std::optional<Tsn> duplicate_round_;
  std::uint32_t multiplier_ = 1;
  std::uint8_t persist_ = 0;
  bool any_ = false;
  bool reordering_seen_ = false;
};

// Of an association: one for each path, made only if this loss detection is chosen.
using Racks = std::vector<Rack>;

}  // namespace netsctp::core
