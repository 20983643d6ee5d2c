// Deadlines of an association and what their expiry means (RFC 9260 §6.3.3, §8.1, §9.2; T1 is the initiator's,
// heartbeats are path management's).
#include <algorithm>

#include "core/association.hpp"
#include "core/stack_state.hpp"

namespace netsctp::core {

Time Association::next_deadline() const noexcept {
  Time earliest = timers_.earliest();
  for (const Path& path : paths_) earliest = std::min({earliest, path.t3_deadline, path.heartbeat_deadline});
  if (rack_) {
    for (const Rack& rack : *rack_) earliest = std::min({earliest, rack.reorder_at, rack.probe.at});
  }
  if (bbr_) earliest = std::min(earliest, bbr_->send_at);
  return earliest;
}

void Association::expire(Time now) noexcept {
  const auto due = [&](Timer which) {
    if (state_ == State::kClosed || timers_.at(which) > now) return false;
    timers_.stop(which);
    return true;
  };
  if (bbr_) note_nothing_to_send(now);
  if (due(Timer::kT1)) on_t1(now);
  if (due(Timer::kT5)) {
    // RFC 9260 §9.2: the shutdown took too long altogether.
    abort_with(wire::CauseCode::kProtocolViolation, {}, AssociationChanged::Reason::kUnreachable);
  }
  if (due(Timer::kT2)) on_t2(now);
  if (due(Timer::kReconfiguration)) on_reconfiguration_timer();
  if (due(Timer::kSack)) sack_now_ = true;
  if (due(Timer::kProbe)) probe_due_ = true;
  if (due(Timer::kMtuSearch)) on_search_timer(now);
  if (due(Timer::kAutoclose)) shutdown(now);  // RFC 6458 §8.1.8
  for (PathId i = 0; i < paths_.size() && state_ != State::kClosed; ++i) {
    if (paths_[i].t3_deadline <= now) on_t3(i, now);
    if (state_ != State::kClosed && paths_[i].heartbeat_deadline <= now) on_heartbeat_timer(i, now);
  }
  if (state_ == State::kClosed) return;
  expire_recovery(now);
  allow_burst();
}

void Association::on_t3(PathId id, Time now) noexcept {
  Path& path = paths_[id];
  path.t3_deadline = kNever;
  ++stack_.counters.t3_expirations;
  path.timeout.back_off(parameters_->rto_max);  // RFC 9260 §6.3.3 E2
  const std::size_t bytes_lost = outstanding_.in_flight(id);
  peer_rwnd_ += outstanding_.mark_all_lost(id);       // RFC 9260 §6.3.3 E3, §6.2.1 C
  if (forward_tsn_wanted()) forward_tsn_due_ = true;  // RFC 3758 §3.5 A5
  // A timeout ends fast recovery: slow start takes over.
  fast_recovery_exit_.reset();
  fast_retransmit_packet_ = false;
  burst_left_ = 0;
  beyond_window_ = kNoPath;
  if (rack_) {
    for (Rack& rack : *rack_) {
      rack.reorder_at = kNever;
      rack.probe = {};  // RFC 8985 §7.1
    }
  }
  // RFC 9260 §6.1 A: a peer that keeps its window closed and answers is not failing, nor is the path congested.
  if (probing_ && sack_since_t3_) {
    sack_since_t3_ = false;
    return;
  }
  path.congestion.timed_out(path.pmdcs());  // RFC 9260 §6.3.3 E1
  if (bbr_) model_timed_out(id, bytes_lost, now);
  path.one_packet = true;  // RFC 9260 §7.2.3
  path_error(id);          // RFC 9260 §8.2
  ++timeouts_on_end_;
  if (path.timeouts < UINT8_MAX) ++path.timeouts;
  suspect_black_hole(path);
  count_association_error();  // RFC 9260 §8.1
}

void Association::on_t2(Time now) noexcept {
  Path& path = paths_[shutdown_path_];
  path.timeout.back_off(parameters_->rto_max);
  path_error(shutdown_path_);
  count_association_error();  // RFC 9260 §9.2: at most Association.Max.Retrans times
  if (state_ == State::kClosed) return;
  if (const PathId next = alternate_path(shutdown_path_); next != kNoPath) shutdown_path_ = next;
  if (state_ == State::kShutdownSent) {
    shutdown_due_ = true;
    // RFC 9260 §3.3.8: SHUTDOWN cannot say that data reported in a gap was given up again; the SACK that did may be
    // lost.
    if (reneged_) sack_now_ = true;
  }
  if (state_ == State::kShutdownAckSent) shutdown_ack_due_ = true;
  timers_.start(Timer::kT2, now + paths_[shutdown_path_].timeout.rto());
}

void Association::count_association_error() noexcept {
  if (++error_count_ <= parameters_->max_retransmissions) return;
  // RFC 9260 §8.1: the peer is unreachable. An ABORT tells it, should it hear us after all.
  const Path& to = paths_[data_path()];
  stack_.reply({to.address, to.remote_udp_port}, to.local, local_port_, peer_port_, peer_tag_,
               [](wire::PacketWriter& writer) { writer.chunk(wire::ChunkType::kAbort, 0); });
  finish(AssociationChanged::What::kLost, AssociationChanged::Reason::kUnreachable);
}

void Association::progress(Time now) noexcept {
  if (state_ == State::kClosed) return;
  if (bbr_) bbr_->begin(now);
  give_up(now);
  report_sender_dry();
  perform_deferred();
  if (state_ == State::kClosed) return;
  // While the peer may have begun new numbers that we do not know yet, nothing can be ended in order.
  if (all_data_acknowledged() && !awaits_association_reset()) {
    if (state_ == State::kShutdownPending)
      begin_shutdown_sent(now);  // RFC 9260 §9.2
    else if (state_ == State::kShutdownReceived)
      begin_shutdown_ack_sent(now);
  }
  // RFC 9260 §6.1 A: data waits, nothing is in flight, and the peer's window is shut: probe after one RTO.
  const bool stuck = may_send_data() && outstanding_.in_flight() == 0 && !outstanding_.has_retransmits() &&
                     !send_queue_.empty() && [&] {
                       const auto next = send_queue_.peek(fragment_size());
                       return next && next->length > peer_rwnd_;
                     }();
  if (!stuck) {
    timers_.stop(Timer::kProbe);
    probe_due_ = false;
  } else if (!probe_due_ && !timers_.runs(Timer::kProbe)) {
    timers_.start(Timer::kProbe, now + paths_[data_path()].timeout.rto());
  }
}

}  // namespace netsctp::core
