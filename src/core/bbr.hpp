// BBR, version 3 (draft-ietf-ccwg-bbr-06): congestion control by a model of the path, its rate and its round trip,
// instead of by losses. Of one path, selectable beside RFC 9260's and CUBIC's: told what was sent, acknowledged and
// lost, asked for the window and when to send. Sizes in bytes as they count against the window (RFC 9260 §7.2); SMSS is
// the path's PMDCS. The state machine (§5.3) is bbr.cpp's, the model and the control parameters (§5.5, §5.6) are
// bbr_model.cpp's. The draft's names are kept. Left out: the undoing of spurious recoveries (§5.5.11), which nothing
// here detects.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/time.hpp"
#include "core/delivery_rate.hpp"
#include "core/pacer.hpp"
#include "core/types.hpp"

namespace netsctp::core {

class Bbr {
 public:
  enum class State : std::uint8_t {
    kStartup,
    kDrain,
    kProbeBwDown,
    kProbeBwCruise,
    kProbeBwRefill,
    kProbeBwUp,
    kProbeRtt,
  };
  // What is the same for all that one event tells.
  struct Moment {
    std::size_t in_flight = 0;  // on this path
    std::size_t smss = 0;
    Time now{};
  };

  // §5.2.1. `srtt` is zero if it was not measured; `seed` makes the random choices.
  Bbr(std::size_t initial_cwnd, Duration srtt, std::size_t smss, std::uint64_t seed, Time now) noexcept;

  // §5.2.2: before a chunk of `bytes` goes out.
  void sent(SentChunk& chunk, std::size_t bytes, const Moment& moment) noexcept;
  // A SACK acknowledged it; after all of them, updated().
  void acknowledged(SentChunk& chunk, Tsn tsn, Time sent_at, std::size_t bytes, bool retransmitted, Time now) noexcept {
    rate_.acknowledged(chunk, tsn, sent_at, bytes, retransmitted, now);
  }
  // §5.2.4: it was found to be lost.
  void lost(const SentChunk& chunk, Tsn tsn, std::size_t bytes, Time now) noexcept;
  // A probe has repaired a loss that nothing else shows (RFC 8985 §7.4.2).
  void note_loss() noexcept;
  // §5.2.3: the SACK was applied.
  void updated(const Moment& moment) noexcept;
  // §4.1.2.4: nothing waits to be sent. Before anything changes by the event.
  void nothing_to_send(std::size_t in_flight) noexcept {
    if (in_flight < cwnd_) rate_.mark_app_limited(in_flight);
  }
  // §5.6.4.4: fast recovery begins, ends; T3-rtx expired, and what was in flight is lost.
  void recovery_begins() noexcept;
  void recovered() noexcept;
  void timed_out(std::size_t bytes_lost, const Moment& moment) noexcept;

  [[nodiscard]] std::size_t window() const noexcept { return cwnd_; }
  [[nodiscard]] const Pacer& pacer() const noexcept { return pacer_; }

  // For tests.
  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] double max_bw() const noexcept { return max_bw_.max(); }
  [[nodiscard]] double bw() const noexcept { return bw_; }
  [[nodiscard]] Duration min_rtt() const noexcept { return min_rtt_; }
  [[nodiscard]] bool full_bw_reached() const noexcept { return full_bw_reached_; }
  [[nodiscard]] std::size_t inflight_longterm() const noexcept { return inflight_longterm_; }
  [[nodiscard]] std::size_t inflight_shortterm() const noexcept { return inflight_shortterm_; }
  [[nodiscard]] double bw_shortterm() const noexcept { return bw_shortterm_; }

  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();  // Infinity, of volumes
  static constexpr double kNoRate = std::numeric_limits<double>::infinity();        // and of rates
  static constexpr double kLossThresh = 0.02;                                       // §2.8
  static constexpr double kBeta = 0.7;
  static constexpr Duration kProbeRttInterval = std::chrono::seconds(5);  // §2.16
  static constexpr Duration kProbeRttDuration = std::chrono::milliseconds(200);
  static constexpr Duration kMinRttFilterLen = std::chrono::seconds(10);

 private:
  // §2.14.
  enum class AckPhase : std::uint8_t { kInit, kRefilling, kProbeStarting, kProbeFeedback, kProbeStopping };

  // The largest value of this window and the one before.
  template <class Value>
  class TwoWindows {
   public:
    void update(Value value) noexcept { current_ = std::max(current_, value); }
    void advance() noexcept {
      if (current_ == Value{}) return;  // nothing was measured: what is known stays
      previous_ = current_;
      current_ = Value{};
    }
    [[nodiscard]] Value max() const noexcept { return std::max(previous_, current_); }

   private:
    Value previous_{};
    Value current_{};
  };

  // bbr.cpp: §5.3, §5.4
  void enter(State state) noexcept;
  void check_startup_done() noexcept;
  void check_drain_done() noexcept;
  void start_probe_bw_down() noexcept;
  void start_probe_bw_refill() noexcept;
  void start_probe_bw_up() noexcept;
  void update_probe_bw_cycle_phase() noexcept;
  [[nodiscard]] bool adapt_long_term_model() noexcept;
  [[nodiscard]] bool is_in_probe_bw() const noexcept {
    return state_ >= State::kProbeBwDown && state_ <= State::kProbeBwUp;
  }
  [[nodiscard]] bool is_probing_bw() const noexcept {
    return state_ == State::kStartup || state_ == State::kProbeBwRefill || state_ == State::kProbeBwUp;
  }
  [[nodiscard]] bool is_time_to_probe_bw() const noexcept;
  [[nodiscard]] bool is_time_to_cruise() const noexcept;
  [[nodiscard]] bool is_time_to_go_down() noexcept;
  void pick_probe_wait() noexcept;
  void raise_inflight_longterm_slope() noexcept;
  void probe_inflight_longterm_upward() noexcept;
  void update_min_rtt() noexcept;
  void check_probe_rtt() noexcept;
  void handle_probe_rtt() noexcept;
  void check_probe_rtt_done() noexcept;
  void restart_from_idle() noexcept;
  [[nodiscard]] std::uint32_t random() noexcept;

  // bbr_model.cpp: §5.5
  void start_round() noexcept { next_round_delivered_ = rate_.delivered(); }
  void update_round() noexcept;
  void update_latest_delivery_signals() noexcept;
  void update_congestion_signals() noexcept;
  void update_ack_aggregation() noexcept;
  void check_full_bw_reached() noexcept;
  void advance_latest_delivery_signals() noexcept;
  void adapt_lower_bounds() noexcept;
  void reset_congestion_signals() noexcept;
  void reset_short_term_model() noexcept;
  void reset_full_bw(double full_bw = 0) noexcept;
  [[nodiscard]] static bool is_inflight_too_high(std::uint64_t lost, std::size_t tx_in_flight) noexcept {
    return static_cast<double>(lost) > static_cast<double>(tx_in_flight) * kLossThresh;
  }
  void handle_inflight_too_high(std::size_t tx_in_flight, bool is_app_limited) noexcept;
  void end_recovery_after_timeout() noexcept;

  // bbr_model.cpp: §5.6
  void init_pacing_rate(Duration srtt) noexcept;
  void set_pacing_rate(double gain) noexcept;
  void set_send_quantum() noexcept;
  void set_cwnd() noexcept;
  void save_cwnd() noexcept;
  void restore_cwnd() noexcept { cwnd_ = std::max(cwnd_, prior_cwnd_); }
  [[nodiscard]] std::size_t bdp_multiple(double bw, double gain) const noexcept;
  [[nodiscard]] std::size_t quantization_budget(std::size_t inflight) const noexcept;
  [[nodiscard]] std::size_t target_inflight() const noexcept { return std::min(bdp_multiple(bw_, 1), cwnd_); }
  [[nodiscard]] std::size_t inflight_with_headroom() const noexcept;
  [[nodiscard]] std::size_t probe_rtt_cwnd() const noexcept;
  [[nodiscard]] std::size_t min_pipe_cwnd() const noexcept { return 4 * moment_.smss; }
  // C.is_cwnd_limited: at any time of the last round trip.
  [[nodiscard]] bool is_cwnd_limited() const noexcept { return cwnd_limited_ || cwnd_limited_before_; }

  Moment moment_;  // of the event under examination
  RateSample rs_;  // and what its SACK measured
  DeliveryRate rate_;
  Pacer pacer_;
  double pacing_gain_ = 0;
  double cwnd_gain_ = 0;
  std::size_t cwnd_;
  std::size_t initial_cwnd_;
  std::size_t prior_cwnd_ = 0;
  std::uint64_t random_;
  State state_ = State::kStartup;
  AckPhase ack_phase_ = AckPhase::kInit;
  bool round_start_ = false;
  bool idle_restart_ = false;
  bool cwnd_limited_ = false;
  bool cwnd_limited_before_ = false;
  bool in_recovery_ = false;
  bool after_timeout_ = false;  // it ends once so much is delivered:
  std::uint64_t recovered_at_ = 0;

  // §2.7
  std::uint64_t round_count_ = 0;
  std::uint64_t next_round_delivered_ = 0;
  std::uint64_t drain_start_round_ = 0;
  // §2.9, §2.10
  TwoWindows<double> max_bw_;  // of a ProbeBW cycle each
  double bw_ = 0;
  double bw_shortterm_ = kNoRate;
  double bw_latest_ = 0;
  std::size_t inflight_longterm_ = kNoLimit;
  std::size_t inflight_shortterm_ = kNoLimit;
  std::size_t inflight_latest_ = 0;
  std::uint64_t loss_round_delivered_ = 0;
  bool is_loss_in_round_ = false;
  bool loss_round_start_ = false;
  unsigned lost_ranges_ = 0;  // in this loss round
  Tsn last_lost_;
  // §2.12
  TwoWindows<std::size_t> extra_acked_;
  std::uint64_t extra_acked_delivered_ = 0;
  std::uint64_t extra_acked_round_ = 0;  // when its window began
  Time extra_acked_interval_start_;
  // §2.13
  double full_bw_ = 0;
  unsigned full_bw_count_ = 0;
  bool full_bw_now_ = false;
  bool full_bw_reached_ = false;
  // §2.14
  bool is_bw_probe_sample_ = false;
  bool prev_probe_too_high_ = false;
  bool prev_probe_precautionary_ = false;
  unsigned bw_probe_up_rounds_ = 0;
  std::size_t bw_probe_up_acked_ = 0;
  std::size_t probe_up_acked_per_inc_ = kNoLimit;
  std::uint64_t rounds_since_probe_up_ = 0;
  Duration bw_probe_wait_{};
  Time cycle_stamp_{};
  // §2.16
  Duration min_rtt_;  // max(): not measured
  Duration probe_rtt_min_delay_ = Duration::max();
  Time min_rtt_stamp_;
  Time probe_rtt_min_stamp_;
  Time probe_rtt_done_stamp_ = kNever;  // kNever: still too much in flight
  bool probe_rtt_round_done_ = false;
  bool probe_rtt_expired_ = false;
};

}  // namespace netsctp::core
