// BufferPool and Slice: sharing, accounting, reuse and its bounds.
#include "base/buffer_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace netsctp {
namespace {

TEST(BufferPool, ANullSliceHasNothing) {
  Slice slice;
  EXPECT_FALSE(slice);
  EXPECT_TRUE(slice.empty());
  EXPECT_EQ(slice.size(), 0U);
  EXPECT_EQ(slice.capacity(), 0U);
  EXPECT_TRUE(slice.bytes().empty());
  Slice copy(slice);
  copy = slice;
  EXPECT_FALSE(copy);
}

TEST(BufferPool, TakesTheSmallestSizeThatHolds) {
  BufferPool pool;
  for (const auto& [size, capacity] : std::vector<std::pair<std::size_t, std::size_t>>{{0, 64},
                                                                                       {64, 64},
                                                                                       {65, 256},
                                                                                       {256, 256},
                                                                                       {257, 1024},
                                                                                       {1025, 2048},
                                                                                       {2049, 16384},
                                                                                       {16385, 65536},
                                                                                       {65536, 65536},
                                                                                       {65537, 262144},
                                                                                       {1'000'000, 1'048'576},
                                                                                       {1'048'577, 1'048'577}}) {
    Slice slice = pool.allocate(size);
    ASSERT_TRUE(slice);
    EXPECT_EQ(slice.size(), size);
    EXPECT_EQ(slice.capacity(), capacity);
    EXPECT_GE(pool.outstanding_bytes(), capacity);
    std::memset(slice.writable(), 0x5a, size);
  }
  EXPECT_EQ(pool.outstanding_bytes(), 0U);
}

TEST(BufferPool, AnImpossibleSizeGivesANullSlice) {
  BufferPool pool;
  EXPECT_FALSE(pool.allocate(std::numeric_limits<std::size_t>::max()));
  EXPECT_EQ(pool.outstanding_bytes(), 0U);
}

TEST(BufferPool, ABlockLivesAsLongAsItsLastSlice) {
  BufferPool pool;
  const char text[] = "one block, many slices";
  Slice whole = pool.copy(std::as_bytes(std::span(text)));
  EXPECT_TRUE(whole.is_unique());
  const std::size_t outstanding = pool.outstanding_bytes();
  Slice word = whole.subslice(4, 5);
  EXPECT_FALSE(whole.is_unique());
  EXPECT_EQ(pool.outstanding_bytes(), outstanding);
  whole.reset();
  EXPECT_FALSE(whole);
  EXPECT_EQ(pool.outstanding_bytes(), outstanding);
  EXPECT_EQ(std::memcmp(word.data(), "block", 5), 0);
  EXPECT_EQ(word.capacity(), 64U);
  Slice letter = std::move(word).first(1);
  word = Slice{};
  EXPECT_EQ(static_cast<char>(letter.bytes()[0]), 'b');
  letter = Slice(letter);  // onto itself
  EXPECT_EQ(static_cast<char>(letter.bytes()[0]), 'b');
  letter.reset();
  EXPECT_EQ(pool.outstanding_bytes(), 0U);
}

TEST(BufferPool, ReusesFreedBlocks) {
  BufferPool pool;
  const std::byte* const first = pool.allocate(1500).data();
  EXPECT_EQ(pool.outstanding_bytes(), 0U);
  EXPECT_GE(pool.free_bytes(), 2048U);
  EXPECT_EQ(pool.allocate(1200).data(), first);
}

TEST(BufferPool, KeepsABoundedNumberOfFreeBlocks) {
  BufferPool pool;
  std::vector<Slice> slices;
  for (int i = 0; i < 2000; ++i) slices.push_back(pool.allocate(65536));
  EXPECT_GE(pool.outstanding_bytes(), 2000U * 65536U);
  slices.clear();
  EXPECT_EQ(pool.outstanding_bytes(), 0U);
  EXPECT_LE(pool.free_bytes(), 4U << 20);
}

TEST(BufferPool, CountsRightUnderRandomSharing) {
  BufferPool pool;
  std::mt19937 random(4);
  std::vector<Slice> slices(64);
  for (int step = 0; step < 50'000; ++step) {
    Slice& target = slices[random() % slices.size()];
    const Slice& source = slices[random() % slices.size()];
    switch (random() % 4) {
      case 0: {
        target = pool.allocate(1 + random() % 3000);
        std::memset(target.writable(), static_cast<int>(target.size() % 251), target.size());
        break;
      }
      case 1:
        target = source;
        break;
      case 2:
        target = source.size() > 1 ? source.subslice(1, source.size() - 1) : Slice{};
        break;
      default:
        target.reset();
        break;
    }
    if (!target.empty()) {
      ASSERT_EQ(target.bytes().front(), target.bytes().back());
    }
  }
  slices.clear();
  EXPECT_EQ(pool.outstanding_bytes(), 0U);
}

}  // namespace
}  // namespace netsctp
