#include "whitney/core/array.h"

#include <gtest/gtest.h>

namespace whitney {
namespace {

TEST(Array, IsAlignedTo64Bytes) {
  for (int64_t n : {0, 1, 7, 1000}) {
    const Array<float> array(n);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(array.data()) % 64, 0u);
    EXPECT_EQ(array.size(), n);
  }
}

TEST(Array, CopiesBeforeAWriteThatOthersWouldSee) {
  Array<int> first{1, 2, 3};
  const Array<int> second = first;
  first.mutable_data()[0] = 9;
  EXPECT_EQ(first[0], 9);
  EXPECT_EQ(second[0], 1);
}

TEST(Array, WritesInPlaceWhenNobodyElseLooks) {
  Array<int> array{1, 2, 3};
  const int* before = array.data();
  array.mutable_data()[1] = 5;
  EXPECT_EQ(array.data(), before);
}

TEST(Array, NeverWritesThroughAView) {
  const int foreign[] = {1, 2};
  Array<int> view = Array<int>::view(nullptr, foreign, 2);
  view.mutable_data()[0] = 7;
  EXPECT_EQ(foreign[0], 1);
  EXPECT_EQ(view[0], 7);
}

TEST(Array, KeepsTheOwnerOfAViewAlive) {
  auto owner = std::make_shared<std::vector<int>>(std::vector<int>{4, 5});
  const std::weak_ptr<std::vector<int>> watch = owner;
  Array<int> view = Array<int>::view(owner, owner->data(), 2);
  owner.reset();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(view[1], 5);
  view = {};
  EXPECT_TRUE(watch.expired());
}

TEST(Array, RefusesWhatCannotBeAllocated) { EXPECT_THROW(Array<char>(int64_t{1} << 60), Error); }

}  // namespace
}  // namespace whitney
