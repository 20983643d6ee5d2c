// BBR's events and its state machine (draft-ietf-ccwg-bbr-06 §5.2 to §5.4).
#include "core/bbr.hpp"

namespace netsctp::core {
namespace {

using namespace std::chrono_literals;

constexpr double kStartupPacingGain = 2.77;  // §2.5: the rate doubles each round trip
constexpr double kDefaultCwndGain = 2;       // §2.6
constexpr unsigned kStartupFullLossCnt = 6;  // §5.3.1.3
constexpr std::uint64_t kMaxRenoRounds = 63;

struct Gains {
  double pacing;
  double cwnd;
};

// §5.6.1.
constexpr Gains gains_of(Bbr::State state) noexcept {
  switch (state) {
    case Bbr::State::kStartup:
      return {kStartupPacingGain, kDefaultCwndGain};
    case Bbr::State::kDrain:
      return {0.5, kDefaultCwndGain};
    case Bbr::State::kProbeBwDown:
      return {0.9, kDefaultCwndGain};
    case Bbr::State::kProbeBwUp:
      return {1.25, 2.25};
    case Bbr::State::kProbeRtt:
      return {1, 0.5};
    case Bbr::State::kProbeBwCruise:
    case Bbr::State::kProbeBwRefill:
      break;
  }
  return {1, kDefaultCwndGain};
}

}  // namespace

Bbr::Bbr(std::size_t initial_cwnd, Duration srtt, std::size_t smss, std::uint64_t seed, Time now) noexcept
    : moment_{0, smss, now},
      cwnd_(initial_cwnd),
      initial_cwnd_(initial_cwnd),
      random_(seed),
      extra_acked_interval_start_(now),
      min_rtt_(srtt > Duration::zero() ? srtt : Duration::max()),
      min_rtt_stamp_(now),
      probe_rtt_min_stamp_(now) {
  enter(State::kStartup);
  init_pacing_rate(srtt);
}

void Bbr::enter(State state) noexcept {
  state_ = state;
  pacing_gain_ = gains_of(state).pacing;
  cwnd_gain_ = gains_of(state).cwnd;
}

// ---- Events

void Bbr::sent(SentChunk& chunk, std::size_t bytes, const Moment& moment) noexcept {
  moment_ = moment;
  if (moment.in_flight == 0 && rate_.is_app_limited()) restart_from_idle();
  rate_.sent(chunk, moment.in_flight, bytes, moment.now);
  pacer_.sent(bytes, moment.now);
  if (moment.in_flight + bytes >= cwnd_) cwnd_limited_ = true;
}

void Bbr::updated(const Moment& moment) noexcept {
  moment_ = moment;
  const bool rtt_known = min_rtt_ != Duration::max();
  rs_ = rate_.take_sample();
  if (!rs_.has_data) return;
  update_latest_delivery_signals();
  update_congestion_signals();
  update_ack_aggregation();
  check_full_bw_reached();
  check_startup_done();
  check_drain_done();
  update_probe_bw_cycle_phase();
  update_min_rtt();
  check_probe_rtt();
  advance_latest_delivery_signals();
  bw_ = std::min(max_bw_.max(), bw_shortterm_);
  end_recovery_after_timeout();
  if (!rtt_known && min_rtt_ != Duration::max()) init_pacing_rate(min_rtt_);
  set_pacing_rate(pacing_gain_);
  set_send_quantum();
  set_cwnd();
}

// §5.4.1: the pipe is empty; it is filled at the rate that is known.
void Bbr::restart_from_idle() noexcept {
  idle_restart_ = true;
  extra_acked_interval_start_ = moment_.now;
  if (is_in_probe_bw()) {
    set_pacing_rate(1);
  } else if (state_ == State::kProbeRtt) {
    check_probe_rtt_done();
  }
}

// ---- Startup and Drain (§5.3.1, §5.3.2)

void Bbr::check_startup_done() noexcept {
  if (state_ != State::kStartup) return;
  // §5.3.1.3: many losses all through a round trip: what arrived in it is what the path bears.
  if (!full_bw_reached_ && in_recovery_ && loss_round_start_ && lost_ranges_ >= kStartupFullLossCnt &&
      is_inflight_too_high(rs_.lost, rs_.tx_in_flight)) {
    full_bw_reached_ = true;
    inflight_longterm_ = std::max(bdp_multiple(bw_, 1), inflight_latest_);
  }
  if (loss_round_start_) lost_ranges_ = 0;
  if (!full_bw_reached_) return;
  enter(State::kDrain);
  drain_start_round_ = round_count_;
}

void Bbr::check_drain_done() noexcept {
  if (state_ != State::kDrain) return;
  if (moment_.in_flight > quantization_budget(bdp_multiple(bw_, 1)) && round_count_ <= drain_start_round_ + 3) return;
  start_probe_bw_down();
}

// ---- ProbeBW (§5.3.3)

void Bbr::start_probe_bw_down() noexcept {
  reset_congestion_signals();
  probe_up_acked_per_inc_ = kNoLimit;
  pick_probe_wait();
  cycle_stamp_ = moment_.now;
  ack_phase_ = AckPhase::kProbeStopping;
  start_round();
  enter(State::kProbeBwDown);
}

void Bbr::start_probe_bw_refill() noexcept {
  reset_short_term_model();
  bw_probe_up_rounds_ = 0;
  bw_probe_up_acked_ = 0;
  prev_probe_precautionary_ = false;
  ack_phase_ = AckPhase::kRefilling;
  start_round();
  enter(State::kProbeBwRefill);
}

void Bbr::start_probe_bw_up() noexcept {
  is_bw_probe_sample_ = true;
  ack_phase_ = AckPhase::kProbeStarting;
  start_round();
  reset_full_bw(rs_.delivery_rate);
  enter(State::kProbeBwUp);
  raise_inflight_longterm_slope();
}

void Bbr::update_probe_bw_cycle_phase() noexcept {
  if (!full_bw_reached_) return;
  if (adapt_long_term_model()) return;
  switch (state_) {
    case State::kProbeBwDown:
      if (is_time_to_probe_bw()) {
        start_probe_bw_refill();
      } else if (is_time_to_cruise()) {
        enter(State::kProbeBwCruise);
      }
      break;
    case State::kProbeBwCruise:
      if (is_time_to_probe_bw()) start_probe_bw_refill();
      break;
    case State::kProbeBwRefill:
      if (round_start_) start_probe_bw_up();
      break;
    case State::kProbeBwUp:
      if (!is_time_to_go_down()) break;
      prev_probe_too_high_ = false;
      start_probe_bw_down();
      break;
    case State::kStartup:
    case State::kDrain:
    case State::kProbeRtt:
      break;
  }
}

// §5.3.3.9: what the acknowledgements mean for the long-term model. True: a new state was entered.
bool Bbr::adapt_long_term_model() noexcept {
  if (ack_phase_ == AckPhase::kProbeStarting && round_start_) ack_phase_ = AckPhase::kProbeFeedback;
  if (ack_phase_ == AckPhase::kProbeStopping && round_start_) {
    is_bw_probe_sample_ = false;
    ack_phase_ = AckPhase::kInit;
    if (is_in_probe_bw()) {
      if (!rs_.is_app_limited) max_bw_.advance();
      // §5.3.3.6: a probe that was cut short did no harm: again, this time to the end.
      if (prev_probe_precautionary_ && !prev_probe_too_high_) {
        start_probe_bw_refill();
        return true;
      }
    }
  }
  if (is_inflight_too_high(rs_.lost, rs_.tx_in_flight) || inflight_longterm_ == kNoLimit) return false;
  inflight_longterm_ = std::max(inflight_longterm_, rs_.tx_in_flight);
  if (state_ == State::kProbeBwUp) probe_inflight_longterm_upward();
  return false;
}

// §5.3.3.8.3: after two to three seconds, or as many round trips as Reno would need to grow by what is in flight.
bool Bbr::is_time_to_probe_bw() const noexcept {
  if (moment_.now > cycle_stamp_ + bw_probe_wait_) return true;
  return rounds_since_probe_up_ >= std::min<std::uint64_t>(target_inflight() / moment_.smss, kMaxRenoRounds);
}

void Bbr::pick_probe_wait() noexcept {
  rounds_since_probe_up_ = random() & 1;
  bw_probe_wait_ = 2s + Duration(1s) * (random() >> 16) / 0x10000;
}

bool Bbr::is_time_to_cruise() const noexcept {
  return moment_.in_flight <= inflight_with_headroom() &&
         moment_.in_flight <= quantization_budget(bdp_multiple(max_bw_.max(), 1));
}

bool Bbr::is_time_to_go_down() noexcept {
  if (prev_probe_too_high_ && moment_.in_flight >= inflight_longterm_) {
    prev_probe_precautionary_ = true;
    return true;
  }
  if (is_cwnd_limited() && cwnd_ >= inflight_longterm_) {
    reset_full_bw(rs_.delivery_rate);  // it is inflight_longterm that limits, not the path
    return false;
  }
  return full_bw_now_;
}

// §5.3.3.5: twice as steep each round trip.
void Bbr::raise_inflight_longterm_slope() noexcept {
  const std::size_t growth_this_round = std::size_t{1} << bw_probe_up_rounds_;
  bw_probe_up_rounds_ = std::min(bw_probe_up_rounds_ + 1, 30U);
  probe_up_acked_per_inc_ = std::max(cwnd_ / growth_this_round, moment_.smss);
}

void Bbr::probe_inflight_longterm_upward() noexcept {
  if (!is_cwnd_limited() || cwnd_ < inflight_longterm_) return;
  bw_probe_up_acked_ += rs_.newly_acked;
  const std::size_t steps = bw_probe_up_acked_ / probe_up_acked_per_inc_;
  bw_probe_up_acked_ -= steps * probe_up_acked_per_inc_;
  inflight_longterm_ += steps * moment_.smss;
  if (round_start_) raise_inflight_longterm_slope();
}

// ---- ProbeRTT (§5.3.4)

void Bbr::update_min_rtt() noexcept {
  const Time now = moment_.now;
  probe_rtt_expired_ = now > probe_rtt_min_stamp_ + kProbeRttInterval;
  if (rs_.rtt != Duration::max() && (rs_.rtt < probe_rtt_min_delay_ || probe_rtt_expired_)) {
    probe_rtt_min_delay_ = rs_.rtt;
    probe_rtt_min_stamp_ = now;
  }
  if (probe_rtt_min_delay_ < min_rtt_ || now > min_rtt_stamp_ + kMinRttFilterLen) {
    min_rtt_ = probe_rtt_min_delay_;
    min_rtt_stamp_ = probe_rtt_min_stamp_;
  }
}

void Bbr::check_probe_rtt() noexcept {
  if (state_ != State::kProbeRtt && probe_rtt_expired_ && !idle_restart_) {
    save_cwnd();
    enter(State::kProbeRtt);
    probe_rtt_done_stamp_ = kNever;
    ack_phase_ = AckPhase::kProbeStopping;
    start_round();
  }
  if (state_ == State::kProbeRtt) handle_probe_rtt();
  if (rs_.delivered > 0) idle_restart_ = false;
}

void Bbr::handle_probe_rtt() noexcept {
  rate_.mark_app_limited(moment_.in_flight);  // low rates are of our own making
  if (probe_rtt_done_stamp_ == kNever) {
    if (moment_.in_flight > probe_rtt_cwnd()) return;
    probe_rtt_done_stamp_ = moment_.now + kProbeRttDuration;
    probe_rtt_round_done_ = false;
    start_round();
    return;
  }
  if (round_start_) probe_rtt_round_done_ = true;
  if (probe_rtt_round_done_) check_probe_rtt_done();
}

void Bbr::check_probe_rtt_done() noexcept {
  if (probe_rtt_done_stamp_ == kNever || moment_.now <= probe_rtt_done_stamp_) return;
  probe_rtt_min_stamp_ = moment_.now;
  restore_cwnd();
  reset_short_term_model();
  if (full_bw_reached_) {
    start_probe_bw_down();
    enter(State::kProbeBwCruise);  // §5.3.4.4: there is room already
  } else {
    enter(State::kStartup);
  }
}

// A linear congruential generator: what is random need not be unpredictable.
std::uint32_t Bbr::random() noexcept {
  random_ = random_ * 6364136223846793005U + 1442695040888963407U;
  return static_cast<std::uint32_t>(random_ >> 32);
}

}  // namespace netsctp::core
