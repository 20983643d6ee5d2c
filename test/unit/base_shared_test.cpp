// Shared values: equal ones are one, and live as long as anybody has them.
#include "base/shared.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace netsctp {
namespace {

TEST(Shared, EqualValuesAreOne) {
  SharedValues<int> values;
  const Shared<int> one = values.of(7);
  const Shared<int> other = values.of(7);
  const Shared<int> different = values.of(8);
  EXPECT_EQ(&*one, &*other);
  EXPECT_NE(&*one, &*different);
  EXPECT_EQ(*different, 8);
}

TEST(Shared, AValueLivesUntilItsLastHolderHasGone) {
  const auto watched = std::make_shared<int>(1);
  {
    Shared<std::shared_ptr<int>> one(watched);
    Shared<std::shared_ptr<int>> other = one;
    one = Shared<std::shared_ptr<int>>(std::make_shared<int>(2));
    EXPECT_EQ(watched.use_count(), 2);
    EXPECT_EQ(**other, 1);
    EXPECT_EQ(**one, 2);
  }
  EXPECT_EQ(watched.use_count(), 1);
}

TEST(Shared, ValuesNotAskedForLatelyAreForgottenButStay) {
  SharedValues<int> values;
  const Shared<int> first = values.of(0);
  for (int i = 1; i <= 8; ++i) (void)values.of(i);
  EXPECT_EQ(*first, 0);
  EXPECT_NE(&*values.of(0), &*first);
  EXPECT_EQ(&*values.of(8), &*values.of(8));
}

}  // namespace
}  // namespace netsctp
