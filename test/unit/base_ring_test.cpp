// Ring against std::deque, and what it promises about memory.
#include "base/ring.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>

namespace netsctp {
namespace {

TEST(Ring, OwnsNoMemoryUntilSomethingIsPutIn) {
  Ring<int> ring;
  EXPECT_EQ(ring.capacity(), 0U);
  EXPECT_TRUE(ring.empty());
  ring.push_back(1);
  EXPECT_EQ(ring.capacity(), 2U);
}

TEST(Ring, BehavesLikeADequeUnderRandomOperations) {
  std::mt19937 random(1);
  Ring<std::unique_ptr<int>> ring;
  std::deque<int> model;
  for (int step = 0; step < 200'000; ++step) {
    const bool filling = (step / 1000) % 2 == 0;
    if (model.empty() || random() % 100 < (filling ? 60U : 40U)) {
      ring.push_back(std::make_unique<int>(step));
      model.push_back(step);
    } else if (random() % 4 == 0) {
      ring.pop_back();
      model.pop_back();
    } else {
      ring.pop_front();
      model.pop_front();
    }
    if (random() % 5000 == 0) ring.shrink_to_fit();
    ASSERT_EQ(ring.size(), model.size());
    if (model.empty()) continue;
    ASSERT_EQ(*ring.front(), model.front());
    ASSERT_EQ(*ring.back(), model.back());
    const std::size_t index = random() % model.size();
    ASSERT_EQ(*ring[index], model[index]);
  }
}

TEST(Ring, DoesNotGrowWhileItsCapacitySuffices) {
  Ring<int> ring;
  ring.reserve(100);
  EXPECT_EQ(ring.capacity(), 128U);
  const int* const storage = &ring.emplace_back(0);
  for (int i = 1; i < 128; ++i) ring.push_back(i);
  EXPECT_EQ(&ring.front(), storage);
  for (int i = 0; i < 1000; ++i) {
    ring.pop_front();
    ring.push_back(i);
  }
  EXPECT_EQ(ring.capacity(), 128U);
}

TEST(Ring, ClearKeepsMemoryAndShrinkToFitGivesItBack) {
  auto token = std::make_shared<int>(0);
  Ring<std::shared_ptr<int>> ring;
  for (int i = 0; i < 20; ++i) ring.push_back(token);
  EXPECT_EQ(token.use_count(), 21);
  ring.clear();
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_EQ(ring.capacity(), 32U);
  ring.push_back(token);
  ring.shrink_to_fit();
  EXPECT_EQ(ring.capacity(), 1U);
  EXPECT_EQ(ring.front(), token);
  ring.clear();
  ring.shrink_to_fit();
  EXPECT_EQ(ring.capacity(), 0U);
}

TEST(Ring, MovingHandsTheElementsOver) {
  Ring<std::unique_ptr<int>> from;
  from.push_back(std::make_unique<int>(7));
  Ring<std::unique_ptr<int>> to(std::move(from));
  EXPECT_TRUE(from.empty());
  EXPECT_EQ(*to.front(), 7);
  from.push_back(std::make_unique<int>(8));
  to = std::move(from);
  ASSERT_EQ(to.size(), 1U);
  EXPECT_EQ(*to.front(), 8);
}

}  // namespace
}  // namespace netsctp
