// IntrusiveList: order, unlinking from either side, two lists at once.
#include "base/intrusive_list.hpp"

#include <gtest/gtest.h>

#include <list>
#include <memory>
#include <random>
#include <vector>

namespace netsctp {
namespace {

struct Item {
  explicit Item(int number_) : number(number_) {}
  int number;
  ListHook ready;
  ListHook waiting;
};
using ReadyList = IntrusiveList<Item, &Item::ready>;
using WaitingList = IntrusiveList<Item, &Item::waiting>;

std::vector<int> numbers(const ReadyList& list) {
  std::vector<int> result;
  for (Item* item = list.front(); item != nullptr; item = list.next(*item)) result.push_back(item->number);
  return result;
}

TEST(IntrusiveList, KeepsOrderFromBothEnds) {
  Item one(1), two(2), three(3);
  ReadyList list;
  EXPECT_EQ(list.front(), nullptr);
  EXPECT_EQ(list.back(), nullptr);
  EXPECT_EQ(list.pop_front(), nullptr);
  list.push_back(two);
  list.push_back(three);
  list.push_front(one);
  EXPECT_EQ(numbers(list), (std::vector{1, 2, 3}));
  EXPECT_EQ(list.back(), &three);
  list.erase(two);
  list.erase(two);  // already out: nothing happens
  EXPECT_FALSE(two.ready.is_linked());
  EXPECT_EQ(numbers(list), (std::vector{1, 3}));
  EXPECT_EQ(list.pop_front(), &one);
  EXPECT_EQ(list.pop_front(), &three);
  EXPECT_TRUE(list.empty());
}

TEST(IntrusiveList, AnElementLeavesItsListsWhenDestroyed) {
  Item stays(1);
  ReadyList ready;
  WaitingList waiting;
  ready.push_back(stays);
  {
    Item goes(2);
    ready.push_back(goes);
    waiting.push_back(goes);
    EXPECT_EQ(waiting.front(), &goes);
  }
  EXPECT_EQ(numbers(ready), (std::vector{1}));
  EXPECT_TRUE(waiting.empty());
}

TEST(IntrusiveList, ADestroyedListLeavesItsElementsUnlinked) {
  Item item(1);
  {
    ReadyList list;
    list.push_back(item);
    EXPECT_TRUE(item.ready.is_linked());
  }
  EXPECT_FALSE(item.ready.is_linked());
}

TEST(IntrusiveList, BehavesLikeAListUnderRandomOperations) {
  std::mt19937 random(2);
  std::vector<std::unique_ptr<Item>> items;
  for (int i = 0; i < 50; ++i) items.push_back(std::make_unique<Item>(i));
  ReadyList list;
  std::list<int> model;
  for (int step = 0; step < 20'000; ++step) {
    Item& item = *items[random() % items.size()];
    if (item.ready.is_linked()) {
      list.erase(item);
      model.remove(item.number);
    } else if (random() % 2 == 0) {
      list.push_back(item);
      model.push_back(item.number);
    } else {
      list.push_front(item);
      model.push_front(item.number);
    }
    ASSERT_EQ(numbers(list), std::vector<int>(model.begin(), model.end()));
  }
}

}  // namespace
}  // namespace netsctp
