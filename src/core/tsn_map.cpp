// See tsn_map.hpp. Runs are few (kMaxRuns) and lie in one sorted vector: a search is a bisection, an insertion moves at
// most 16 KiB, and the usual arrivals (next in order, next after the highest) search nothing.
#include "core/tsn_map.hpp"

#include <algorithm>

namespace netsctp::core {

// The first run that ends at or after `tsn`. Out-of-order arrivals are mostly above everything: that is looked at
// first.
std::size_t TsnMap::run_at_or_after(Tsn tsn) const noexcept {
  const std::vector<Run>& runs = runs_.read();
  if (runs.empty() || runs.back().last < tsn) return runs.size();
  const auto found =
      std::lower_bound(runs.begin(), runs.end(), tsn, [](const Run& run, Tsn value) { return run.last < value; });
  return static_cast<std::size_t>(found - runs.begin());
}

// Whether `tsn`, for which run_at_or_after() gave `index`, prolongs the run below or the run at `index`.
bool TsnMap::continues_run_below(std::size_t index, Tsn tsn) const noexcept {
  return index > 0 && runs_.read()[index - 1].last + 1 == tsn;
}
bool TsnMap::precedes_run(std::size_t index, Tsn tsn) const noexcept {
  return index < runs() && tsn + 1 == runs_.read()[index].first;
}

TsnMap::Arrival TsnMap::classify(Tsn tsn) const noexcept {
  return classify(tsn, run_at_or_after(tsn));
}

TsnMap::Arrival TsnMap::classify(Tsn tsn, std::size_t index) const noexcept {
  if (tsn <= cumulative_) return Arrival::kDuplicate;
  if (tsn > cumulative_ + kMaxOffset) return Arrival::kTooFar;
  if (index < runs() && runs_.read()[index].first <= tsn) return Arrival::kDuplicate;
  const bool opens_run = tsn != cumulative_ + 1 && !continues_run_below(index, tsn) && !precedes_run(index, tsn);
  return opens_run && runs() >= kMaxRuns ? Arrival::kTooFar : Arrival::kNew;
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
  std::vector<Run>& runs = runs_.use();
  const auto at = runs.begin() + static_cast<std::ptrdiff_t>(index);
  if (below && above) {
    runs[index - 1].last = runs[index].last;
    runs.erase(at);
  } else if (below) {
    runs[index - 1].last = tsn;
  } else if (above) {
    runs[index].first = tsn;
  } else {
    runs.insert(at, Run{tsn, tsn});
  }
  return arrival;
}

void TsnMap::note_duplicate(Tsn tsn) noexcept {
  if (duplicates().size() < kMaxDuplicates) duplicates_.use().push_back(tsn.wire());
}

// RFC 9260 §6.2: a dropped DATA chunk is left out of the Gap Ack Blocks until it has come again. What the Cumulative
// TSN Ack covers is the peer's to forget, not ours: it is never taken back.
void TsnMap::forget(Tsn tsn) noexcept {
  const std::size_t index = run_at_or_after(tsn);
  if (tsn <= cumulative_ || index == runs() || runs_.read()[index].first > tsn) return;
  std::vector<Run>& runs = runs_.use();
  Run& run = runs[index];
  const auto at = runs.begin() + static_cast<std::ptrdiff_t>(index);
  if (run.first == run.last) {
    runs.erase(at);
  } else if (tsn == run.last) {
    run.last = tsn - 1;
  } else if (tsn == run.first) {
    run.first = tsn + 1;
  } else {
    const Run lower{run.first, tsn - 1};
    run.first = tsn + 1;
    runs.insert(at, lower);
  }
}

void TsnMap::advance_to(Tsn tsn) noexcept {
  if (tsn <= cumulative_) return;
  cumulative_ = tsn;
  if (!has_gaps()) return;
  std::vector<Run>& runs = runs_.use();
  // The run that `tsn` falls into or touches is now in sequence too (RFC 9260 §6.2: the latest sequential TSN).
  std::size_t passed = run_at_or_after(tsn);
  if (passed < runs.size() && runs[passed].first <= tsn + 1) cumulative_ = runs[passed++].last;
  runs.erase(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(passed));
}

Tsn TsnMap::highest() const noexcept {
  return has_gaps() ? runs_.read().back().last : cumulative_;
}

// RFC 9260 §3.3.4: start and end are offsets from the Cumulative TSN Ack. If not all fit, the lowest are told: they are
// nearest to being of use.
std::size_t TsnMap::gap_blocks(std::span<wire::GapBlock> out) const noexcept {
  const std::vector<Run>& runs = runs_.read();
  const std::size_t count = std::min(out.size(), runs.size());
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = {static_cast<std::uint16_t>(runs[i].first - cumulative_),
              static_cast<std::uint16_t>(runs[i].last - cumulative_)};
  }
  return count;
}

}  // namespace netsctp::core
