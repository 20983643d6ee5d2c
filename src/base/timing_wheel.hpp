// A hierarchical timing wheel: scheduling, re-arming and cancelling cost O(1) whatever the number of timers and however
// far the deadlines. It reads no clock: the time comes in with pop_due(). Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/intrusive_list.hpp"
#include "base/time.hpp"

namespace netsctp {

// One timer, a base or a member of whatever it belongs to. Destroying it cancels it.
class TimerNode {
 public:
  // kNever when it is not scheduled.
  [[nodiscard]] Time deadline() const noexcept { return deadline_; }

 private:
  friend class TimingWheel;

  ListHook hook_;
  Time deadline_ = kNever;
  Time placed_ = kNever;  // the deadline for which it was linked: its slot is looked at no later than that
};

class TimingWheel {
 public:
  explicit TimingWheel(Time start = Time{}) noexcept : now_(start) {}
  TimingWheel(const TimingWheel&) = delete;
  TimingWheel& operator=(const TimingWheel&) = delete;

  // Schedules or re-arms; kNever cancels. A deadline in the past is due at once. Re-arming for later is one store: the
  // node moves on only when its old slot comes up.
  void schedule(TimerNode& node, Time deadline) noexcept;
  void cancel(TimerNode& node) noexcept;

  // A node whose deadline is not after `now`, its deadline reset to kNever; nullptr if there is none. Nodes due
  // together come in no particular order. Time does not go back: an earlier `now` counts as the latest one given.
  [[nodiscard]] TimerNode* pop_due(Time now) noexcept;

  // When to call pop_due() next: never later than the earliest deadline, and exactly that one unless the earliest timer
  // was cancelled or re-armed; then pop_due() at that time may return nothing, but next() has moved on. Nothing: no
  // timers.
  [[nodiscard]] std::optional<Time> next() const noexcept;

 private:
  // Level 0 has slots of one tick (2^20 ns, about a millisecond); a slot of each further level spans all slots of the
  // level below. Eight levels cover every 64-bit time.
  static constexpr unsigned kTickBits = 20;
  static constexpr unsigned kSlotBits = 6;
  static constexpr std::size_t kSlots = std::size_t{1} << kSlotBits;
  static constexpr std::size_t kLevels = 8;

  using Nodes = IntrusiveList<TimerNode, &TimerNode::hook_>;
  struct Slot {
    Nodes nodes;
    Time earliest = kNever;  // not later than the earliest deadline among the nodes
    void add(TimerNode& node) noexcept;
  };

  static std::uint64_t tick_of(Time time) noexcept;
  static std::size_t slot_index(std::uint64_t tick, std::size_t level) noexcept;
  void link(TimerNode& node) noexcept;
  void advance(Time now) noexcept;

  // A node lies on the level of the highest digit (of kSlotBits bits) in which the ticks of its deadline and of now_
  // differ. So all of a level is due before any of the next, and slots of a level in order of their index.
  Time now_;
  Slot due_;                                               // deadline not after now_ when it was linked
  mutable std::array<std::uint64_t, kLevels> occupied_{};  // bit per slot; may be set for a slot that has become empty
  std::array<std::array<Slot, kSlots>, kLevels> levels_;
};

}  // namespace netsctp
