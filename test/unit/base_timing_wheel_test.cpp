// TimingWheel against an ordered map: random schedules, re-arming, cancelling, small steps and jumps of days.
#include "base/timing_wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

namespace netsctp {
namespace {

using namespace std::chrono_literals;

Time at(Duration since_start) {
  return Time{since_start};
}

TEST(TimingWheel, IsEmptyAtFirst) {
  TimingWheel wheel;
  EXPECT_EQ(wheel.next(), std::nullopt);
  EXPECT_EQ(wheel.pop_due(at(24h)), nullptr);
}

TEST(TimingWheel, FiresAtTheDeadlineAndNotBefore) {
  for (const Duration delay :
       {Duration(1ns), Duration(1us), Duration(1ms), Duration(3s), Duration(2h), Duration(90000h)}) {
    TimingWheel wheel(at(17ms));
    TimerNode node;
    const Time deadline = at(17ms) + delay;
    wheel.schedule(node, deadline);
    EXPECT_EQ(node.deadline(), deadline);
    EXPECT_EQ(wheel.next(), deadline);
    EXPECT_EQ(wheel.pop_due(deadline - 1ns), nullptr);
    EXPECT_EQ(wheel.next(), deadline);
    EXPECT_EQ(wheel.pop_due(deadline), &node);
    EXPECT_EQ(node.deadline(), kNever);
    EXPECT_EQ(wheel.next(), std::nullopt);
  }
}

TEST(TimingWheel, ADeadlineInThePastIsDueAtOnce) {
  TimingWheel wheel(at(10s));
  TimerNode node;
  wheel.schedule(node, at(3s));
  EXPECT_LE(*wheel.next(), at(3s));
  EXPECT_EQ(wheel.pop_due(at(10s)), &node);
}

TEST(TimingWheel, ReArmingForLaterFiresOnlyThen) {
  TimingWheel wheel;
  TimerNode node;
  wheel.schedule(node, at(1s));
  wheel.schedule(node, at(5s));
  EXPECT_LE(*wheel.next(), at(5s));
  EXPECT_EQ(wheel.pop_due(at(1s)), nullptr);
  EXPECT_EQ(wheel.next(), at(5s));
  EXPECT_EQ(wheel.pop_due(at(5s)), &node);
}

TEST(TimingWheel, ReArmingForEarlierFiresThen) {
  TimingWheel wheel;
  TimerNode node;
  wheel.schedule(node, at(5h));
  wheel.schedule(node, at(1s));
  EXPECT_EQ(wheel.next(), at(1s));
  EXPECT_EQ(wheel.pop_due(at(1s)), &node);
}

TEST(TimingWheel, CancellingAndNeverTakeTheTimerOut) {
  TimingWheel wheel;
  TimerNode first, second;
  wheel.schedule(first, at(1s));
  wheel.schedule(second, at(2s));
  wheel.cancel(first);
  wheel.schedule(second, kNever);
  EXPECT_EQ(first.deadline(), kNever);
  EXPECT_EQ(second.deadline(), kNever);
  EXPECT_EQ(wheel.next(), std::nullopt);
  EXPECT_EQ(wheel.pop_due(at(10s)), nullptr);
  wheel.cancel(first);  // idle: nothing happens
}

TEST(TimingWheel, ADestroyedTimerIsCancelled) {
  TimingWheel wheel;
  {
    TimerNode node;
    wheel.schedule(node, at(1s));
  }
  EXPECT_EQ(wheel.next(), std::nullopt);
  EXPECT_EQ(wheel.pop_due(at(2s)), nullptr);
}

TEST(TimingWheel, TakesAnyTimeOfTheClock) {
  TimingWheel wheel(Time::min());
  TimerNode negative, zero, last;
  wheel.schedule(last, kNever - 1ns);
  wheel.schedule(zero, at(0ns));
  wheel.schedule(negative, at(-1ns));
  EXPECT_EQ(wheel.next(), at(-1ns));
  EXPECT_EQ(wheel.pop_due(at(-1ns)), &negative);
  EXPECT_EQ(wheel.pop_due(at(-1ns)), nullptr);
  EXPECT_EQ(wheel.pop_due(at(0ns)), &zero);
  EXPECT_EQ(wheel.next(), kNever - 1ns);
  EXPECT_EQ(wheel.pop_due(kNever - 1ns), &last);
}

TEST(TimingWheel, AnEarlierNowCountsAsTheLatest) {
  TimingWheel wheel;
  TimerNode node;
  EXPECT_EQ(wheel.pop_due(at(10s)), nullptr);
  wheel.schedule(node, at(5s));
  EXPECT_EQ(wheel.pop_due(at(1s)), &node);
}

// What the wheel is compared with: every armed timer by its deadline.
class WheelModel : public testing::TestWithParam<unsigned> {
 protected:
  Duration random_delay() {
    switch (random_() % 5) {
      case 0:
        return Duration(random_() % 2'000'000);
      case 1:
        return std::chrono::microseconds(random_() % 300'000);
      case 2:
        return std::chrono::milliseconds(random_() % 100'000);
      case 3:
        return std::chrono::seconds(random_() % 1'000'000);
      default:
        return -Duration(random_() % 1'000'000'000);
    }
  }
  Time random_step() {
    switch (random_() % 8) {
      case 0:
        return now_ + std::chrono::hours(random_() % 500);
      case 1:
        return now_ + std::chrono::seconds(random_() % 100);
      case 2:
        return now_;
      case 3: {  // exactly when the wheel asks for it
        const auto next = wheel_.next();
        return next ? std::max(now_, *next) : now_;
      }
      default:
        return now_ + Duration(random_() % 5'000'000);
    }
  }
  void forget(TimerNode* node) {
    const auto [begin, end] = armed_.equal_range(deadlines_[node]);
    armed_.erase(std::find_if(begin, end, [&](const auto& entry) { return entry.second == node; }));
    deadlines_.erase(node);
  }
  void arm(TimerNode* node, Time deadline) {
    if (deadlines_.count(node) != 0) forget(node);
    wheel_.schedule(*node, deadline);
    if (deadline == kNever) return;
    deadlines_[node] = deadline;
    armed_.emplace(deadline, node);
  }

  std::mt19937_64 random_{GetParam()};
  Time now_{Duration(static_cast<std::int64_t>(random_() >> 2))};
  TimingWheel wheel_{now_};
  std::vector<std::unique_ptr<TimerNode>> nodes_;
  std::map<TimerNode*, Time> deadlines_;
  std::multimap<Time, TimerNode*> armed_;
};

TEST_P(WheelModel, AgreesWithAnOrderedMap) {
  for (int i = 0; i < 200; ++i) nodes_.push_back(std::make_unique<TimerNode>());
  for (int step = 0; step < 20'000; ++step) {
    TimerNode* const node = nodes_[random_() % nodes_.size()].get();
    const auto armed = deadlines_.find(node);
    switch (random_() % 6) {
      case 0:  // later, as retransmission timers are re-armed
        arm(node, (armed != deadlines_.end() ? armed->second : now_) + Duration(random_() % 3'000'000'000));
        break;
      case 1:
        arm(node, kNever);
        break;
      default:
        arm(node, now_ + random_delay());
        break;
    }
    ASSERT_EQ(node->deadline(), deadlines_.count(node) != 0 ? deadlines_[node] : kNever);

    ASSERT_EQ(wheel_.next().has_value(), !armed_.empty());
    if (!armed_.empty()) {
      ASSERT_LE(*wheel_.next(), armed_.begin()->first);
    }
    if (random_() % 3 != 0) continue;

    now_ = random_step();
    const auto before = wheel_.next();
    std::set<TimerNode*> fired;
    while (TimerNode* due = wheel_.pop_due(now_)) {
      ASSERT_EQ(due->deadline(), kNever);
      ASSERT_TRUE(fired.insert(due).second);
      ASSERT_LE(deadlines_.at(due), now_);
      forget(due);
    }
    ASSERT_TRUE(armed_.empty() || armed_.begin()->first > now_) << "a due timer did not fire";
    const auto after = wheel_.next();
    if (after) {
      ASSERT_GT(*after, now_);  // calling pop_due() at next() always makes progress
    }
    if (before && *before > now_) {
      ASSERT_TRUE(fired.empty());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, WheelModel, testing::Range(0U, 10U));

TEST(TimingWheel, NextIsExactWhenNothingWasReArmed) {
  std::mt19937_64 random(5);
  TimingWheel wheel;
  std::vector<std::unique_ptr<TimerNode>> nodes;
  std::multiset<Time> deadlines;
  for (int i = 0; i < 1000; ++i) {
    const Time deadline = at(Duration(random() % (std::uint64_t{1} << (20 + random() % 30))));
    wheel.schedule(*nodes.emplace_back(std::make_unique<TimerNode>()), deadline);
    deadlines.insert(deadline);
  }
  Time now{};
  while (!deadlines.empty()) {
    ASSERT_EQ(wheel.next(), std::max(now, *deadlines.begin()));
    now = *wheel.next();
    while (wheel.pop_due(now) != nullptr) deadlines.erase(deadlines.begin());
  }
  EXPECT_EQ(wheel.next(), std::nullopt);
}

}  // namespace
}  // namespace netsctp
