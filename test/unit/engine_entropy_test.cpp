// The kernel's randomness in batches.
#include "engine/entropy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace netsctp::engine {
namespace {

TEST(SystemEntropy, NumbersDoNotRepeatAcrossBatches) {
  SystemEntropy entropy;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 5000; ++i) seen.insert(entropy.u64());  // ten batches
  EXPECT_EQ(seen.size(), 5000U);
}

TEST(SystemEntropy, TwoSourcesDiffer) {
  SystemEntropy a;
  SystemEntropy b;
  EXPECT_NE(a.u64(), b.u64());
}

TEST(SystemEntropy, FillsMoreThanABatchAndNothing) {
  SystemEntropy entropy;
  entropy.fill({});
  std::vector<std::byte> bytes(10'000);
  entropy.fill(bytes);
  const auto zeros = std::ranges::count(bytes, std::byte{0});
  EXPECT_LT(zeros, 200);  // about 39 are to be expected
}

}  // namespace
}  // namespace netsctp::engine
