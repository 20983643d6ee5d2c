// See tsn_map.hpp. Runs are few (kMaxRuns) and lie in one sorted vector: a search is a bisection, an insertion moves at
// most 16 KiB, and the usual arrivals (next in order, next after the highest) search nothing.
#include "core/tsn_map.hpp"

#include <algorithm>

namespace netsctp::core {

// The first run that ends at or after `tsn`. Out-of-order arrivals are mostly above everything: that is looked at
// first.
std::size_t TsnMap::run_at_or_after(Tsn tsn) const noexcept {
  if (runs_.empty() || runs_.back().last < tsn) return runs_.size();
  const auto found =
      std::lower_bound(runs_.begin(), runs_.end(), tsn, [](const Run& run, Tsn value) { return run.last < value; });
  return static_cast<std::size_t>(found - runs_.begin());
}

// Whether `tsn`, for which run_at_or_after() gave `index`, prolongs the run below or the run at `index`.
bool TsnMap::continues_run_below(std::size_t index, Tsn tsn) const noexcept {
  return index > 0 && runs_[index - 1].last + 1 == tsn;
}
bool TsnMap::precedes_run(std::size_t index, Tsn tsn) const noexcept {
  return index < runs_.size() && tsn + 1 == runs_[index].first;
}

TsnMap::Arrival TsnMap::classify(Tsn tsn) const noexcept {
  return classify(tsn, run_at_or_after(tsn));
}

TsnMap::Arrival TsnMap::classify(Tsn tsn, std::size_t index) const noexcept {
  if (tsn <= cumulative_) return Arrival::kDuplicate;
  if (tsn > cumulative_ + kMaxOffset) return Arrival::kTooFar;
  if (index < runs_.size() && runs_[index].first <= tsn) return Arrival::kDuplicate;
  const bool opens_run = tsn != cumulative_ + 1 && !continues_run_below(index, tsn) && !precedes_run(index, tsn);
  return opens_run && runs_.size() >= kMaxRuns ? Arrival::kTooFar : Arrival::kNew;
}

TsnMap::Arrival TsnMap::add(Tsn tsn) noexcept {
  if (tsn == cumulative_ + 1) {  // always taken, whatever the bounds: it is what lets everything else go
    advance_to(tsn);
    return Arrival::kNew;
  }
  const std::size_t index = run_at_or_after(tsn);
  const Arrival arrival = classify(tsn, index);
  if (arrival != Arrival::kNew) return arrival;

  const bool below = continues_run_below(index, tsn);
  const bool above = precedes_run(index, tsn);
  const auto at = runs_.begin() + static_cast<std::ptrdiff_t>(index);
  if (below && above) {
    runs_[index - 1].last = runs_[index].last;
    runs_.erase(at);
  } else if (below) {
    runs_[index - 1].last = tsn;
  } else if (above) {
    runs_[index].first = tsn;
  } else {
    runs_.insert(at, Run{tsn, tsn});
  }
  return arrival;
}

void TsnMap::note_duplicate(Tsn tsn) noexcept {
  if (duplicates_.size() < kMaxDuplicates) duplicates_.push_back(tsn.wire());
}

// RFC 9260 §6.2: a dropped DATA chunk is left out of the Gap Ack Blocks until it has come again. What the Cumulative
// TSN Ack covers is the peer's to forget, not ours: it is never taken back.
void TsnMap::forget(Tsn tsn) noexcept {
  const std::size_t index = run_at_or_after(tsn);
  if (tsn <= cumulative_ || index == runs_.size() || runs_[index].first > tsn) return;
  Run& run = runs_[index];
  const auto at = runs_.begin() + static_cast<std::ptrdiff_t>(index);
  if (run.first == run.last) {
    runs_.erase(at);
  } else if (tsn == run.last) {
    run.last = tsn - 1;
  } else if (tsn == run.first) {
    run.first = tsn + 1;
  } else {
    const Run lower{run.first, tsn - 1};
    run.first = tsn + 1;
    runs_.insert(at, lower);
  }
}

void TsnMap::advance_to(Tsn tsn) noexcept {
  if (tsn <= cumulative_) return;
  cumulative_ = tsn;
  if (runs_.empty()) return;
  // The run that `tsn` falls into or touches is now in sequence too (RFC 9260 §6.2: the latest sequential TSN).
  std::size_t passed = run_at_or_after(tsn);
  if (passed < runs_.size() && runs_[passed].first <= tsn + 1) cumulative_ = runs_[passed++].last;
  runs_.erase(runs_.begin(), runs_.begin() + static_cast<std::ptrdiff_t>(passed));
}

Tsn TsnMap::highest() const noexcept {
  return runs_.empty() ? cumulative_ : runs_.back().last;
}

// RFC 9260 §3.3.4: start and end are offsets from the Cumulative TSN Ack. If not all fit, the lowest are told: they are
// nearest to being of use.
std::size_t TsnMap::gap_blocks(std::span<wire::GapBlock> out) const noexcept {
  const std::size_t count = std::min(out.size(), runs_.size());
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = {static_cast<std::uint16_t>(runs_[i].first - cumulative_),
              static_cast<std::uint16_t>(runs_[i].last - cumulative_)};
  }
  return count;
}

}  // namespace netsctp::core
