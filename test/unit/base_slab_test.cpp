// Slab: reuse, growth, alignment, and what it costs when it is little used.
#include "base/slab.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <stdexcept>
#include <unordered_set>
#include <vector>

namespace netsctp {
namespace {

TEST(Slab, CostsNothingUnusedAndLittleAtFirst) {
  Slab<std::array<std::uint64_t, 8>> slab;
  EXPECT_EQ(slab.memory(), 0U);
  auto* const object = slab.create();
  EXPECT_LE(slab.memory(), 512U);
  EXPECT_EQ(slab.live(), 1U);
  slab.destroy(object);
  slab.destroy(nullptr);
  EXPECT_EQ(slab.live(), 0U);
}

TEST(Slab, ReusesWhatWasDestroyed) {
  Slab<int> slab;
  std::vector<int*> objects;
  for (int i = 0; i < 10'000; ++i) objects.push_back(slab.create(i));
  const std::size_t memory = slab.memory();
  for (int round = 0; round < 10; ++round) {
    for (int* object : objects) slab.destroy(object);
    for (int i = 0; i < 10'000; ++i) objects[static_cast<std::size_t>(i)] = slab.create(i);
  }
  EXPECT_EQ(slab.memory(), memory);
  for (int i = 0; i < 10'000; ++i) EXPECT_EQ(*objects[static_cast<std::size_t>(i)], i);
  for (int* object : objects) slab.destroy(object);
}

TEST(Slab, ConstructsAndDestroysEachObjectOnce) {
  Slab<std::shared_ptr<int>> slab;
  const auto token = std::make_shared<int>(0);
  std::mt19937 random(3);
  std::unordered_set<std::shared_ptr<int>*> live;
  for (int step = 0; step < 20'000; ++step) {
    if (live.empty() || random() % 100 < 55) {
      ASSERT_TRUE(live.insert(slab.create(token)).second);
    } else {
      slab.destroy(*live.begin());
      live.erase(live.begin());
    }
    ASSERT_EQ(slab.live(), live.size());
    ASSERT_EQ(token.use_count(), static_cast<long>(live.size()) + 1);
  }
  for (auto* object : live) slab.destroy(object);
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Slab, KeepsTheAlignmentOfItsType) {
  struct alignas(64) Line {
    char bytes[64];
  };
  Slab<Line> slab;
  std::vector<Line*> lines;
  for (int i = 0; i < 100; ++i) {
    lines.push_back(slab.create());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(lines.back()) % 64, 0U);
  }
  for (Line* line : lines) slab.destroy(line);
}

TEST(Slab, AThrowingConstructorLeavesNothingBehind) {
  struct Picky {
    explicit Picky(bool refuse) {
      if (refuse) throw std::runtime_error("refused");
    }
  };
  Slab<Picky> slab;
  EXPECT_THROW((void)slab.create(true), std::runtime_error);
  EXPECT_EQ(slab.live(), 0U);
  slab.destroy(slab.create(false));
}

}  // namespace
}  // namespace netsctp
