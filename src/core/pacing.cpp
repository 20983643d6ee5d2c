// BBR at work (bbr.hpp): what its models are told, and when what they hold back may go. Where another congestion
// control is chosen, nothing here but choose_model() is called, and that only to end it.
#include <algorithm>
#include <new>

#include "core/association.hpp"
#include "core/stack_state.hpp"

namespace netsctp::core {

// Before anything is sent or acknowledged.
void Association::choose_model(Time now) noexcept {
  const bool wanted = parameters_->congestion_control == CongestionControl::kBbr;
  if (wanted != (bbr_ != nullptr)) bbr_.reset(wanted ? new (std::nothrow) BbrPaths : nullptr);
  if (!bbr_) return;
  bbr_->now = now;
  for (std::size_t i = bbr_->models.size(); i < paths_.size(); ++i) {
    const Path& path = paths_[i];
    bbr_->models.emplace_back(path.congestion.window(), path.timeout.srtt(), path.pmdcs(), stack_.entropy.u64(), now);
  }
}

// draft-ietf-ccwg-bbr-06 §4.1.2.4: asked before an event changes anything.
void Association::note_nothing_to_send(Time now) noexcept {
  bbr_->begin(now);
  if (outstanding_.has_retransmits()) return;
  for (PathId i = 0; i < std::min(bbr_->models.size(), paths_.size()); ++i) {
    if (send_queue_.empty() || nagle_holds(i)) bbr_->models[i].nothing_to_send(outstanding_.in_flight(i));
  }
}

// A SACK was applied to the chunks of a path.
void Association::update_model(PathId id, Time now) noexcept {
  bbr_->models[id].updated(moment(id, now));
  paths_[id].congestion.follow(bbr_->models[id].window());
}

// T3-rtx has marked what was in flight to the path.
void Association::model_timed_out(PathId id, std::size_t bytes_lost, Time now) noexcept {
  bbr_->models[id].timed_out(bytes_lost, moment(id, now));
  paths_[id].congestion.follow(bbr_->models[id].window());
}

Bbr::Moment Association::moment(PathId path, Time now) const noexcept {
  return {outstanding_.in_flight(path), paths_[path].pmdcs(), now};
}

// Whether data may go to the path now, as far as its rate is concerned; if not, next_deadline() says when.
bool Association::pace_allows(PathId path) const noexcept {
  // A probe of RFC 8985 §7.3 waits for nothing; and where nothing was ever sent there is no pace yet.
  if (path == beyond_window_ || path >= bbr_->models.size()) return true;
  const Pacer& pacer = bbr_->models[path].pacer();
  if (pacer.may_send(bbr_->now)) return true;
  bbr_->send_at = std::min(bbr_->send_at, pacer.next_send());
  return false;
}

}  // namespace netsctp::core
