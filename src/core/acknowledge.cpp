// SACK in: the peer's window, congestion control, RTT, fast retransmit (RFC 9260 §6.2.1, §6.3.2, §7.2).
#include <algorithm>
#include <array>

#include "core/association.hpp"
#include "core/stack_state.hpp"
#include "wire/sack.hpp"

namespace netsctp::core {

void Association::on_sack(const wire::Chunk& chunk, Time now) noexcept {
  // RFC 9260 §6: not before ESTABLISHED, not once nothing can be outstanding any more.
  if (state_ != State::kEstablished && state_ != State::kShutdownPending && state_ != State::kShutdownReceived) {
    ++stack_.counters.discarded_unexpected_chunk;
    return;
  }
  const std::optional<wire::Sack> sack = wire::parse_sack(chunk);
  if (!sack) {
    ++stack_.counters.discarded_malformed_chunk;
    return;
  }
  ++counters_.sacks_received;
  if (sack->gap_blocks != 0) counters_.seldom.use().gap_acks_received += sack->gap_blocks;
  const Tsn cumulative = outstanding_.cumulative_ack_point().widen(sack->cumulative_tsn_ack);
  if (cumulative < outstanding_.cumulative_ack_point()) return;  // RFC 9260 §6.2.1 D i: out of order
  if (cumulative >= outstanding_.next_tsn()) {
    if (numbering_restarted_) return;  // RFC 6525 §5.2.7 H5: of the numbers before, 2^31 away
    // RFC 9260 §12.4: an acknowledgement of what was never sent cannot come from a sane peer.
    abort_with(wire::CauseCode::kProtocolViolation, {}, AssociationChanged::Reason::kProtocolError);
    return;
  }
  sack_since_t3_ = true;
  std::array<std::size_t, kMaxPaths> flight_before{};
  for (PathId i = 0; i < paths_.size(); ++i) flight_before[i] = outstanding_.in_flight(i);
  const bool was_advancing = cumulative > outstanding_.cumulative_ack_point();
  choose_loss_detection();
  if (wants_model()) choose_model(now);
  if (bbr_) note_nothing_to_send(now);
  if (rack_) {
    for (PathId i = 0; i < paths_.size(); ++i) (*rack_)[i].begin(now);
  }
  const Outstanding::Watchers watchers{rack_.get(), bbr_.get()};
  Outstanding::SackOutcome outcome =
      outstanding_.on_sack(cumulative, *sack, fast_recovery_exit_.has_value(), rack_ || bbr_ ? &watchers : nullptr);
  if (rack_) examine_by_time(*sack, outcome, now);
  apply(outcome, flight_before, now);

  // RFC 9260 §6.2.1 D ii: what the peer can take beyond what is on its way.
  const std::size_t in_flight = outstanding_.in_flight_payload();
  peer_rwnd_ = sack->a_rwnd > in_flight ? sack->a_rwnd - in_flight : 0;
  if (probing_ && was_advancing) probing_ = false;
  if (probing_ && peer_rwnd_ > 0) {
    // The window opened while a probe was unanswered: it was dropped; send it again now instead of after a backed-off
    // T3.
    probing_ = false;
    for (PathId i = 0; i < paths_.size(); ++i) {
      peer_rwnd_ += outstanding_.mark_all_lost(i);
      paths_[i].t3_deadline = kNever;
    }
  }
}

// SHUTDOWN's Cumulative TSN Ack (§9.2).
void Association::on_cumulative_ack(std::uint32_t wire_cumulative, Time now) noexcept {
  const Tsn cumulative = outstanding_.cumulative_ack_point().widen(wire_cumulative);
  if (cumulative <= outstanding_.cumulative_ack_point() || cumulative >= outstanding_.next_tsn()) return;
  std::array<std::size_t, kMaxPaths> flight_before{};
  for (PathId i = 0; i < paths_.size(); ++i) flight_before[i] = outstanding_.in_flight(i);
  if (wants_model()) choose_model(now);
  const Outstanding::Watchers watchers{nullptr, bbr_.get()};
  apply(outstanding_.on_cumulative_ack(cumulative, bbr_ ? &watchers : nullptr), flight_before, now);
}

void Association::apply(const Outstanding::SackOutcome& outcome, std::span<const std::size_t> flight_before,
                        Time now) noexcept {
  const Tsn cumulative = outstanding_.cumulative_ack_point();
  const bool in_fast_recovery = fast_recovery_exit_.has_value();
  if (outcome.any_newly_acked || outcome.cumulative_advanced) {
    error_count_ = 0;  // RFC 9260 §8.1
    if (outcome.any_newly_acked) timeouts_on_end_ = 0;
    // RFC 3758 §3.5: a FORWARD TSN was answered.
    if (!outcome.any_newly_acked) path_answered(data_path());
    // Before the timers, which restart with the RTO that results (RFC 9260 §6.3.2 R3).
    if (outcome.rtt_sent_at && outcome.rtt_path < paths_.size()) {
      Path& path = paths_[outcome.rtt_path];
      if (now >= path.next_rtt_sample) {  // RFC 9260 §6.3.1 C4: once per round trip
        path.timeout.measured(now - *outcome.rtt_sent_at, *parameters_);
        path.next_rtt_sample = now + path.timeout.srtt();
      }
      path.congestion.measured(now - *outcome.rtt_sent_at, cumulative.wire(), outstanding_.next_tsn().wire());
    }
  }
  const std::size_t packets = packets_acknowledged(outcome);
  for (PathId i = 0; i < paths_.size(); ++i) {
    Path& path = paths_[i];
    const Outstanding::PathOutcome& mine = outcome.paths[i];
    if (mine.newly_acked_bytes > 0) {
      // RFC 9260 §8.2. RFC 7829 §3.2 9: what was sent elsewhere too shows nothing of a path that is suspected.
      if (mine.reached || path.state == Path::State::kActive) path_answered(i);
      if (mine.reached) path.timeouts = 0;
      path.one_packet = false;
      path.congestion.select(parameters_->congestion_control);
      path.congestion.acknowledged({.bytes = mine.newly_acked_bytes,
                                    .packets = packets,
                                    .fully_used = window_fully_used(path, flight_before[i], now),
                                    .in_fast_recovery = in_fast_recovery,
                                    .srtt = path.timeout.srtt(),
                                    .now = now},
                                   path.pmdcs());
      if (bbr_) update_model(i, now);
      begin_search(path, now);
    }
    // RFC 9260 §6.3.2 R2, R3, R4.
    if (outstanding_.in_flight(i) == 0) {
      path.t3_deadline = kNever;
    } else if (mine.earliest_acked) {
      start_t3(i, now, true);
    } else if (mine.missing_again) {
      start_t3(i, now, false);
    }
  }
  // RFC 9260 §6.2.1 D iv. First of all, for what is lost beyond the exit point is a loss of its own.
  if (fast_recovery_exit_ && cumulative >= *fast_recovery_exit_) {
    fast_recovery_exit_.reset();
    if (rack_) std::for_each(rack_->begin(), rack_->end(), [](Rack& rack) { rack.recovered(); });
    if (bbr_) std::for_each(bbr_->models.begin(), bbr_->models.end(), [](Bbr& model) { model.recovered(); });
  }
  // RFC 9260 §7.2.4 (note): window growth by what was acknowledged comes first, the cut for what was lost after it.
  enter_fast_recovery(outcome);
  give_up(now);  // RFC 3758 §4.1 TR4, after the congestion windows were cut (§3.5 F5)
  if (!outstanding_.has_retransmits()) fast_retransmit_packet_ = false;  // acknowledged after all
  forward_tsn_after_sack(now);
  if (outstanding_.empty()) {
    for (Path& path : paths_) path.congestion.all_acknowledged();
  }
  if (outcome.freed_payload > 0 && send_space_wanted_) {
    send_space_wanted_ = false;
    stack_.emit(*this, SendSpace{});
  }
  if (bbr_) bbr_->chunks.forget_below(cumulative + 1);
  report_sender_dry();
  allow_burst(packets);
  if (rack_ && (outcome.cumulative_advanced || outcome.marked_for_fast_retransmit || outstanding_.gap_acked() != 0)) {
    for (PathId i = 0; i < paths_.size(); ++i) schedule_probe(i, now);
  }
}

// RFC 9260 §7.2.4: chunks were found to be lost.
void Association::enter_fast_recovery(const Outstanding::SackOutcome& outcome) noexcept {
  if (!outcome.marked_for_fast_retransmit) return;
  ++stack_.counters.fast_retransmits;
  for (PathId i = 0; bbr_ && i < bbr_->models.size(); ++i) {
    if (outcome.paths[i].fast_retransmit) bbr_->models[i].recovery_begins();
  }
  if (fast_recovery_exit_) return;
  for (PathId i = 0; i < paths_.size(); ++i) {
    if (outcome.paths[i].fast_retransmit) paths_[i].congestion.lost(paths_[i].pmdcs());
  }
  fast_recovery_exit_ = outstanding_.next_tsn() - 1;  // step 6
  fast_retransmit_packet_ = true;                     // step 3
  if (rack_) {
    for (Rack& rack : *rack_) rack.probe.end.reset();  // RFC 8985 §7.1
  }
}

// How many packets the newly acknowledged chunks came in: as many chunks in each as fit, one at least.
std::size_t Association::packets_acknowledged(const Outstanding::SackOutcome& outcome) const noexcept {
  if (outcome.newly_acked_chunks == 0) return 0;
  std::size_t bytes = 0;
  for (PathId i = 0; i < paths_.size(); ++i) bytes += outcome.paths[i].newly_acked_bytes;
  const std::size_t in_each = std::max<std::size_t>(paths_[primary_].pmdcs() * outcome.newly_acked_chunks / bytes, 1);
  return std::max<std::size_t>(outcome.newly_acked_chunks / in_each, 1);
}

// RFC 9260 §7.2.1, §7.2.2: was cwnd or more outstanding before the SACK? Of several SACKs that are taken in together
// the first says so for all: after each of them what waits would have gone out.
bool Association::window_fully_used(Path& path, std::size_t flight_before, Time now) const noexcept {
  if (flight_before >= path.congestion.window()) path.window_full_at = now;
  return path.window_full_at == now && (flight_before >= path.congestion.window() || !send_queue_.empty());
}

}  // namespace netsctp::core
