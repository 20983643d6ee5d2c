// BBR's model of the path and what follows from it for window and pacing (draft-ietf-ccwg-bbr-06 §5.5, §5.6).
#include <chrono>

#include "core/bbr.hpp"

namespace netsctp::core {
namespace {

using namespace std::chrono_literals;

constexpr double kPacingMargin = 0.99;              // §2.5 PacingMarginPercent
constexpr double kHeadroom = 0.15;                  // §2.8
constexpr std::uint64_t kExtraAckedRounds = 5;      // §2.12: ten round trips are two windows of five
constexpr std::size_t kMaxSendQuantum = 64 * 1024;  // §5.6.3
constexpr std::size_t kOffloadQuanta = 3;           // §5.5.8.1: both ends batch, as with UDP_SEGMENT and UDP_GRO

double seconds(Duration duration) noexcept {
  return std::chrono::duration<double>(duration).count();
}

std::size_t scaled(std::size_t bytes, double factor) noexcept {
  return static_cast<std::size_t>(static_cast<double>(bytes) * factor);
}

}  // namespace

// ---- Round trips and rates (§5.5.1 to §5.5.6)

void Bbr::update_round() noexcept {
  round_start_ = rs_.prior_delivered >= next_round_delivered_;
  if (!round_start_) return;
  start_round();
  ++round_count_;
  ++rounds_since_probe_up_;
  cwnd_limited_before_ = cwnd_limited_;
  cwnd_limited_ = false;
}

void Bbr::update_latest_delivery_signals() noexcept {
  bw_latest_ = std::max(bw_latest_, rs_.delivery_rate);
  inflight_latest_ = std::max(inflight_latest_, static_cast<std::size_t>(rs_.delivered));
  loss_round_start_ = rs_.prior_delivered >= loss_round_delivered_;
  if (loss_round_start_) loss_round_delivered_ = rate_.delivered();
}

void Bbr::update_congestion_signals() noexcept {
  update_round();
  // §5.5.4: what the application held back says nothing, unless it is faster all the same.
  if (rs_.delivery_rate >= max_bw_.max() || !rs_.is_app_limited) max_bw_.update(rs_.delivery_rate);
  if (!loss_round_start_) return;
  adapt_lower_bounds();
  is_loss_in_round_ = false;
}

void Bbr::advance_latest_delivery_signals() noexcept {
  if (!loss_round_start_) return;
  bw_latest_ = rs_.delivery_rate;
  inflight_latest_ = static_cast<std::size_t>(rs_.delivered);
}

void Bbr::reset_congestion_signals() noexcept {
  is_loss_in_round_ = false;
  bw_latest_ = 0;
  inflight_latest_ = 0;
}

// §5.5.9: how much more arrives at once than the rate explains.
void Bbr::update_ack_aggregation() noexcept {
  double expected = bw_ * seconds(moment_.now - extra_acked_interval_start_);
  if (static_cast<double>(extra_acked_delivered_) <= expected) {
    extra_acked_delivered_ = 0;
    extra_acked_interval_start_ = moment_.now;
    expected = 0;
  }
  extra_acked_delivered_ += rs_.newly_acked;
  const double extra = static_cast<double>(extra_acked_delivered_) - expected;
  if (round_count_ >= extra_acked_round_ + (full_bw_reached_ ? kExtraAckedRounds : 1)) {
    extra_acked_.advance();
    extra_acked_round_ = round_count_;
  }
  extra_acked_.update(std::min(static_cast<std::size_t>(std::max(extra, 0.0)), cwnd_));
}

// §5.3.1.2: three round trips of trying brought not a quarter more.
void Bbr::check_full_bw_reached() noexcept {
  if (full_bw_now_ || !round_start_ || rs_.is_app_limited) return;
  if (rs_.delivery_rate >= full_bw_ * 1.25) {
    reset_full_bw(rs_.delivery_rate);
    return;
  }
  full_bw_now_ = ++full_bw_count_ >= 3;
  if (full_bw_now_) full_bw_reached_ = true;
}

void Bbr::reset_full_bw(double full_bw) noexcept {
  full_bw_ = full_bw;
  full_bw_count_ = 0;
  full_bw_now_ = false;
}

// ---- Losses (§5.5.10)

void Bbr::note_loss() noexcept {
  if (!is_loss_in_round_) loss_round_delivered_ = rate_.delivered();
  is_loss_in_round_ = true;
}

void Bbr::lost(const SentChunk& chunk, Tsn tsn, std::size_t bytes, Time now) noexcept {
  if (!chunk.is_known()) return;
  moment_.now = now;
  rate_.lost(bytes);
  note_loss();
  if (tsn != last_lost_ + 1) ++lost_ranges_;
  last_lost_ = tsn;
  if (!is_bw_probe_sample_) return;
  const std::uint64_t lost_since = rate_.lost() - chunk.lost;
  if (!is_inflight_too_high(lost_since, chunk.tx_in_flight)) return;
  // §5.5.10.2: with how much of this chunk in flight the losses became too many.
  const double before = static_cast<double>(chunk.tx_in_flight) - static_cast<double>(bytes);
  const double lost_before = static_cast<double>(lost_since) - static_cast<double>(bytes);
  const double prefix = std::max((kLossThresh * before - lost_before) / (1 - kLossThresh), 0.0);
  handle_inflight_too_high(static_cast<std::size_t>(before + prefix), chunk.is_app_limited);
}

void Bbr::handle_inflight_too_high(std::size_t tx_in_flight, bool is_app_limited) noexcept {
  prev_probe_too_high_ = true;
  is_bw_probe_sample_ = false;  // once for each probe
  if (!is_app_limited) inflight_longterm_ = std::max(tx_in_flight, scaled(target_inflight(), kBeta));
  if (state_ == State::kProbeBwUp) start_probe_bw_down();
}

// §5.5.10.3: once for each round trip with losses that no probing explains.
void Bbr::adapt_lower_bounds() noexcept {
  if (is_probing_bw() || !is_loss_in_round_) return;
  if (bw_shortterm_ == kNoRate) bw_shortterm_ = max_bw_.max();
  if (inflight_shortterm_ == kNoLimit) inflight_shortterm_ = cwnd_;
  bw_shortterm_ = std::max(bw_latest_, kBeta * bw_shortterm_);
  inflight_shortterm_ = std::max(inflight_latest_, scaled(inflight_shortterm_, kBeta));
}

void Bbr::reset_short_term_model() noexcept {
  bw_shortterm_ = kNoRate;
  inflight_shortterm_ = kNoLimit;
}

// ---- Recovery (§5.6.4.4)

void Bbr::recovery_begins() noexcept {
  if (in_recovery_) return;
  save_cwnd();
  in_recovery_ = true;
}

void Bbr::recovered() noexcept {
  if (!in_recovery_ || after_timeout_) return;
  in_recovery_ = false;
  restore_cwnd();
}

void Bbr::timed_out(std::size_t bytes_lost, const Moment& moment) noexcept {
  moment_ = moment;
  rate_.lost(bytes_lost);
  note_loss();
  save_cwnd();
  in_recovery_ = after_timeout_ = true;
  recovered_at_ = rate_.delivered() + bytes_lost;
  cwnd_ = moment.in_flight + moment.smss;
}

// What was in flight at the timeout has gone again and arrived.
void Bbr::end_recovery_after_timeout() noexcept {
  if (!after_timeout_ || rate_.delivered() < recovered_at_) return;
  after_timeout_ = false;
  recovered();
}

void Bbr::save_cwnd() noexcept {
  const bool modulated = in_recovery_ || state_ == State::kProbeRtt;
  prior_cwnd_ = modulated ? std::max(prior_cwnd_, cwnd_) : cwnd_;
}

// ---- Pacing (§5.6.2, §5.6.3)

void Bbr::init_pacing_rate(Duration srtt) noexcept {
  const Duration round_trip = srtt > Duration::zero() ? srtt : Duration(1ms);
  pacer_.set(pacing_gain_ * static_cast<double>(initial_cwnd_) / seconds(round_trip), 0);
  set_send_quantum();
}

void Bbr::set_pacing_rate(double gain) noexcept {
  const double rate = gain * bw_ * kPacingMargin;
  if (!full_bw_reached_ && rate <= pacer_.rate()) return;
  pacer_.set(std::max(rate, static_cast<double>(moment_.smss)), pacer_.quantum());  // a packet a second goes always
}

void Bbr::set_send_quantum() noexcept {
  const auto of_a_millisecond = static_cast<std::size_t>(std::min(pacer_.rate() / 1000, double{kMaxSendQuantum}));
  pacer_.set(pacer_.rate(), std::max(of_a_millisecond, 2 * moment_.smss));
}

// ---- The window (§5.6.4)

std::size_t Bbr::bdp_multiple(double bw, double gain) const noexcept {
  if (min_rtt_ == Duration::max()) return initial_cwnd_;
  return static_cast<std::size_t>(gain * bw * seconds(min_rtt_));
}

std::size_t Bbr::quantization_budget(std::size_t inflight) const noexcept {
  const std::size_t budget = std::max({inflight, kOffloadQuanta * pacer_.quantum(), min_pipe_cwnd()});
  return state_ == State::kProbeBwUp ? budget + 2 * moment_.smss : budget;
}

// §5.3.3.9: leaves room for others.
std::size_t Bbr::inflight_with_headroom() const noexcept {
  if (inflight_longterm_ == kNoLimit) return kNoLimit;
  const std::size_t headroom = std::max(moment_.smss, scaled(inflight_longterm_, kHeadroom));
  return std::max(inflight_longterm_ - std::min(headroom, inflight_longterm_), min_pipe_cwnd());
}

std::size_t Bbr::probe_rtt_cwnd() const noexcept {
  return std::max(bdp_multiple(bw_, cwnd_gain_), min_pipe_cwnd());
}

void Bbr::set_cwnd() noexcept {
  const std::size_t max_inflight = quantization_budget(bdp_multiple(bw_, cwnd_gain_) + extra_acked_.max());
  if (full_bw_reached_) {
    cwnd_ = std::min(cwnd_ + rs_.newly_acked, max_inflight);
  } else if (cwnd_ < max_inflight || rate_.delivered() < initial_cwnd_) {
    cwnd_ += rs_.newly_acked;
  }
  cwnd_ = std::max(cwnd_, min_pipe_cwnd());
  if (state_ == State::kProbeRtt) cwnd_ = std::min(cwnd_, probe_rtt_cwnd());  // §5.6.4.5
  // §5.6.4.7: what losses say.
  std::size_t cap = kNoLimit;
  if (state_ == State::kProbeBwCruise || state_ == State::kProbeRtt) {
    cap = inflight_with_headroom();
  } else if (is_in_probe_bw()) {
    cap = inflight_longterm_;
  }
  cwnd_ = std::min(cwnd_, std::max(std::min(cap, inflight_shortterm_), min_pipe_cwnd()));
}

}  // namespace netsctp::core
