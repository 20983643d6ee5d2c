// PointerTable against std::multimap.
#include "base/pointer_table.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

namespace netsctp {
namespace {

struct Thing {
  std::uint32_t key = 0;
};

// Things of which each may be entered under any of `hashes` hashes, several times too.
void compare_with_multimap(std::uint32_t hashes) {
  std::mt19937 random(6);
  std::array<Thing, 200> things;
  for (std::uint32_t i = 0; i < things.size(); ++i) things[i].key = i;
  PointerTable<Thing> table;
  std::multimap<std::pair<std::uint32_t, std::uint32_t>, Thing*> model;  // by hash and key
  for (int step = 0; step < 50'000; ++step) {
    Thing& thing = things[random() % things.size()];
    const std::uint32_t hash = 1 + random() % hashes;  // 0 counts as 1
    const auto known = model.find({hash, thing.key});
    switch (random() % 3) {
      case 0:
        if (model.size() >= 1000) break;
        table.insert(hash, thing);
        model.emplace(std::pair(hash, thing.key), &thing);
        break;
      case 1:
        ASSERT_EQ(table.erase(hash, thing), known != model.end());
        if (known != model.end()) model.erase(known);
        break;
      default: {
        const Thing* const found = table.find(hash, [&](const Thing& each) { return each.key == thing.key; });
        ASSERT_EQ(found, known != model.end() ? &thing : nullptr);
      }
    }
    ASSERT_EQ(table.size(), model.size());
  }
  std::size_t visited = 0;
  table.for_each([&](Thing& thing) { visited += &thing == &things[thing.key] ? 1 : 0; });
  EXPECT_EQ(visited, model.size());
}

TEST(PointerTable, BehavesLikeAMultimap) {
  compare_with_multimap(100'000);
}
TEST(PointerTable, StaysRightWhenHashesCollide) {
  compare_with_multimap(20);
}

TEST(PointerTable, AnEmptyOneFindsAndErasesNothing) {
  PointerTable<Thing> table;
  Thing thing;
  EXPECT_EQ(table.find(0, [](const Thing&) { return true; }), nullptr);
  EXPECT_FALSE(table.erase(0, thing));
}

TEST(PointerTable, AsksOnlyEntriesOfTheSameHash) {
  PointerTable<Thing> table;
  Thing one{1};
  Thing two{2};
  table.insert(7, one);
  table.insert(15, two);  // in the next slot
  int asked = 0;
  EXPECT_EQ(table.find(7, [&](const Thing&) { return ++asked == 2; }), nullptr);
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace netsctp
