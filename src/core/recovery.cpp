// Loss detection by time (RFC 8985, rack.hpp) at work: when it looks for lost chunks, when a probe goes out and what
// its acknowledgement tells.
#include <algorithm>
#include <new>

#include "core/association.hpp"
#include "core/stack_state.hpp"

namespace netsctp::core {

void Association::choose_loss_detection() noexcept {
  const bool wanted = parameters_->loss_detection == LossDetection::kRack;
  if (wanted != (rack_ != nullptr)) rack_.reset(wanted ? new (std::nothrow) Racks : nullptr);
  if (rack_ && rack_->size() < paths_.size()) rack_->resize(paths_.size());
}

// RFC 8985 §6.2 steps 4 and 5, §7.4.2: after a SACK has been applied to the chunks, before windows and timers change.
void Association::examine_by_time(const wire::Sack& sack, Outstanding::SackOutcome& outcome, Time now) noexcept {
  const Tsn cumulative = outstanding_.cumulative_ack_point();
  for (PathId i = 0; i < paths_.size(); ++i) {
    Rack& rack = (*rack_)[i];
    rack.adapt(sack.duplicates != 0, cumulative, outstanding_.next_tsn());
    if (outcome.rtt_sent_at && outcome.rtt_path == i) rack.probe.sampled = true;
    examine_probe(i, sack);
  }
  mark_late_chunks(outcome, now);
}

// RFC 8985 §7.4.2: was the probe needed?
void Association::examine_probe(PathId id, const wire::Sack& sack) noexcept {
  Rack::Probe& probe = (*rack_)[id].probe;
  const Tsn cumulative = outstanding_.cumulative_ack_point();
  if (!probe.end || cumulative < *probe.end) return;
  bool twice = false;
  for (std::size_t i = 0; i < sack.duplicates && !twice; ++i) twice = sack.duplicate_tsn(i) == probe.end->wire();
  if (probe.is_retransmission && !twice) {
    if (cumulative == *probe.end) return;  // the next SACK tells
    // It repaired a loss that nothing else shows.
    if (!fast_recovery_exit_) paths_[id].congestion.lost(paths_[id].pmdcs());
    if (bbr_) bbr_->models[id].note_loss();
  }
  probe.end.reset();
}

void Association::mark_late_chunks(Outstanding::SackOutcome& outcome, Time now) noexcept {
  for (PathId i = 0; i < paths_.size(); ++i) {
    Rack& rack = (*rack_)[i];
    const Duration window =
        rack.reordering_window(paths_[i].timeout.srtt(), fast_recovery_exit_.has_value(), outstanding_.gap_acked());
    rack.reorder_at = kNever;
    if (outstanding_.mark_late(i, rack, window, now, rack.reorder_at, bbr_.get())) {
      outcome.marked_for_fast_retransmit = outcome.paths[i].fast_retransmit = true;
    }
  }
}

// RFC 8985 §7.2: not in recovery, nor while gaps are reported.
void Association::schedule_probe(PathId id, Time now) noexcept {
  if (!rack_) return;
  Rack& rack = (*rack_)[id];
  const Path& path = paths_[id];
  const std::size_t in_flight = outstanding_.in_flight(id);
  if (in_flight == 0 || fast_recovery_exit_ || path.one_packet || outstanding_.gap_acked() != 0) {
    rack.probe.at = kNever;
    return;
  }
  const Duration timeout = Rack::probe_timeout(path.timeout.srtt(), in_flight <= path.pmdcs(), parameters_->sack_delay);
  rack.probe.at = std::min(now + timeout, path.t3_deadline);
}

void Association::expire_recovery(Time now) noexcept {
  if (!rack_) return;
  bool any_reordered = false;
  for (PathId i = 0; i < paths_.size(); ++i) {
    Rack& rack = (*rack_)[i];
    any_reordered = any_reordered || rack.reorder_at <= now;
    if (rack.probe.at > now) continue;
    rack.probe.at = kNever;
    send_probe(i, now);
  }
  if (!any_reordered) return;
  Outstanding::SackOutcome outcome;
  mark_late_chunks(outcome, now);
  enter_fast_recovery(outcome);
}

// RFC 8985 §7.3: something new if there is, else the highest TSN again. T3-rtx starts anew and remains the last resort.
void Association::send_probe(PathId id, Time now) noexcept {
  Rack::Probe& probe = (*rack_)[id].probe;
  if (outstanding_.in_flight(id) == 0 || !may_send_data() || outstanding_.has_retransmits()) return;
  if (!probe.end && probe.sampled) {
    const std::optional<SendQueue::Next> next = send_queue_.peek(fragment_size());
    const bool something_new = next && next->path == kNoPath && id == data_path() && !outstanding_.full() &&
                               next->length <= peer_rwnd_ && !nagle_holds(id) && !holds_new_messages();
    if (something_new) {
      probe.end = outstanding_.next_tsn();
      beyond_window_ = id;
    } else {
      const std::optional<Tsn> highest = outstanding_.highest(id);
      if (!highest) return;
      probe.end = *highest;
      peer_rwnd_ += outstanding_.mark_lost(*highest);
      fast_retransmit_packet_ = true;
    }
    probe.is_retransmission = !something_new;
    probe.sampled = false;
    ++stack_.counters.tail_loss_probes;
  }
  start_t3(id, now, true);
}

}  // namespace netsctp::core
