// The hierarchical timing wheel of timing_wheel.hpp.
#include "base/timing_wheel.hpp"

#include <algorithm>
#include <bit>

namespace netsctp {

void TimingWheel::Slot::add(TimerNode& node) noexcept {
  earliest = nodes.empty() ? node.placed_ : std::min(earliest, node.placed_);
  nodes.push_back(node);
}

// Ordered as the times are, negative ones included.
std::uint64_t TimingWheel::tick_of(Time time) noexcept {
  return (static_cast<std::uint64_t>(time.time_since_epoch().count()) ^ (std::uint64_t{1} << 63)) >> kTickBits;
}

std::size_t TimingWheel::slot_index(std::uint64_t tick, std::size_t level) noexcept {
  return (tick >> (level * kSlotBits)) & (kSlots - 1);
}

void TimingWheel::schedule(TimerNode& node, Time deadline) noexcept {
  if (deadline == kNever) return cancel(node);
  node.deadline_ = deadline;
  if (node.hook_.is_linked()) {
    if (deadline >= node.placed_) return;
    node.hook_.unlink();
  }
  link(node);
}

void TimingWheel::cancel(TimerNode& node) noexcept {
  node.deadline_ = kNever;
  node.hook_.unlink();
}

void TimingWheel::link(TimerNode& node) noexcept {
  node.placed_ = node.deadline_;
  if (node.deadline_ <= now_) return due_.add(node);
  const std::uint64_t tick = tick_of(node.deadline_);
  const std::uint64_t difference = tick ^ tick_of(now_);
  const std::size_t level =
      difference == 0 ? 0 : static_cast<std::size_t>(63 - std::countl_zero(difference)) / kSlotBits;
  const std::size_t index = slot_index(tick, level);
  levels_[level][index].add(node);
  occupied_[level] |= std::uint64_t{1} << index;
}

// Moves on to `now` and re-links the nodes of every slot that has begun by then: to due_, or to where they belong as
// seen from `now`. Slots that have not begun stay right: seen from `now`, the same digit is the highest that differs.
void TimingWheel::advance(Time now) noexcept {
  const std::uint64_t from = tick_of(now_);
  const std::uint64_t to = tick_of(now);
  Nodes begun;
  for (std::size_t level = 0; level < kLevels; ++level) {
    if (level > 0 && (from ^ to) >> (level * kSlotBits) == 0) break;  // no slot of this level or above has begun
    const bool passed_all = ((from ^ to) >> (level * kSlotBits)) >> kSlotBits != 0;
    const std::size_t current = slot_index(to, level);
    std::uint64_t slots = occupied_[level];
    if (!passed_all) slots &= ~std::uint64_t{0} >> (kSlots - 1 - current);
    for (; slots != 0; slots &= slots - 1) {
      const auto index = static_cast<std::size_t>(std::countr_zero(slots));
      Slot& slot = levels_[level][index];
      // The tick in progress is looked through only when something in it may be due.
      if (level == 0 && !passed_all && index == current && slot.earliest > now) continue;
      while (TimerNode* node = slot.nodes.pop_front()) begun.push_back(*node);
      occupied_[level] &= ~(std::uint64_t{1} << index);
    }
  }
  now_ = now;
  while (TimerNode* node = begun.pop_front()) link(*node);
}

TimerNode* TimingWheel::pop_due(Time now) noexcept {
  now = std::max(now, now_);
  for (bool advanced = false;; advanced = true) {
    while (TimerNode* node = due_.nodes.pop_front()) {
      if (node->deadline_ <= now) {
        node->deadline_ = kNever;
        return node;
      }
      link(*node);  // was re-armed for later
    }
    if (advanced) return nullptr;
    advance(now);
  }
}

std::optional<Time> TimingWheel::next() const noexcept {
  if (!due_.nodes.empty()) return due_.earliest;
  for (std::size_t level = 0; level < kLevels; ++level) {
    while (occupied_[level] != 0) {
      const Slot& slot = levels_[level][static_cast<std::size_t>(std::countr_zero(occupied_[level]))];
      if (!slot.nodes.empty()) return slot.earliest;
      occupied_[level] &= occupied_[level] - 1;  // its nodes have been cancelled
    }
  }
  return std::nullopt;
}

}  // namespace netsctp
