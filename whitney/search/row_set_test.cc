#include "whitney/search/row_set.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/one_in_test.h"

namespace whitney {
namespace {

using Rows = std::vector<uint32_t>;

RowSet set_of(const Rows& rows) { return RowSet::of(rows); }

// Sets that fill every kind of container: few rows, long runs, and a dense random part beyond the first
// 65,536 rows.
std::set<uint32_t> mixed_rows() {
  auto rows = *rc::gen::container<std::set<uint32_t>>(rc::gen::inRange<uint32_t>(0, 200'000));
  const auto begin = *rc::gen::inRange<uint32_t>(0, 150'000);
  const auto length = *rc::gen::element<uint32_t>(0, 1, 63, 64, 5000, 70'000);
  const auto step = *rc::gen::element<uint32_t>(1, 2, 3, 17);
  for (uint32_t i = 0; i < length; i += step) rows.insert(begin + i);
  return rows;
}

Rows listed(const std::set<uint32_t>& rows) { return {rows.begin(), rows.end()}; }

TEST(RowSet, HoldsEachRowOnceInAscendingOrder) {
  const RowSet set = set_of({70'000, 3, 3, 1});
  EXPECT_EQ(set.rows(), (Rows{1, 3, 70'000}));
  EXPECT_EQ(set.size(), 3);
  EXPECT_TRUE(set.contains(70'000));
  EXPECT_FALSE(set.contains(2));
}

TEST(RowSet, OfNothingIsEmpty) {
  EXPECT_TRUE(RowSet().empty());
  EXPECT_TRUE(RowSet::range(5, 5).empty());
  EXPECT_TRUE(RowSet::range(6, 5).empty());
  EXPECT_TRUE(set_of({}).empty());
  EXPECT_TRUE(RowSet::from_bits({}).empty());
  EXPECT_EQ(RowSet().bits(0).size(), 0U);
  EXPECT_EQ(RowSet().bits(65), (std::vector<uint64_t>{0, 0}));
  EXPECT_EQ(RowSet(), RowSet::range(1, 1));
}

TEST(RowSet, RangeEndsBeforeItsEnd) { EXPECT_EQ(RowSet::range(2, 5).rows(), (Rows{2, 3, 4})); }

TEST(RowSet, CopiesDoNotSeeLaterChanges) {
  RowSet first = set_of({1, 2});
  RowSet second = first;
  second.add(9);
  first.remove(1);
  EXPECT_EQ(first.rows(), (Rows{2}));
  EXPECT_EQ(second.rows(), (Rows{1, 2, 9}));
}

TEST(RowSet, MovedFromIsAnEmptySetThatCanBeFilled) {
  RowSet first = set_of({1});
  const RowSet second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): what is promised
  first.add(4);
  EXPECT_EQ(first.rows(), (Rows{4}));
  EXPECT_EQ(second.rows(), (Rows{1}));
}

TEST(RowSet, SelectsTheIthSmallestRow) {
  const RowSet set = set_of({10, 20, 100'000});
  EXPECT_EQ(set.select(0), 10U);
  EXPECT_EQ(set.select(2), 100'000U);
  EXPECT_THROW(set.select(3), Error);
  EXPECT_THROW(set.select(-1), Error);
}

TEST(RowSet, BitsLeaveOutRowsBeyondTheEnd) {
  EXPECT_EQ(set_of({0, 65, 66, 130, 4'000'000'000}).bits(66), (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(RowSet::range(0, 300'000).bits(70), (std::vector<uint64_t>{~uint64_t{0}, 0x3F}));
}

RC_GTEST_PROP(RowSetProperty, AlgebraEqualsThatOfSortedLists, ()) {
  const auto a = mixed_rows(), b = mixed_rows();
  const RowSet x = set_of(listed(a)), y = set_of(listed(b));
  Rows both, any, only;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(any));
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(only));
  RC_ASSERT((x & y).rows() == both);
  RC_ASSERT((x | y).rows() == any);
  RC_ASSERT((x - y).rows() == only);
  RC_ASSERT(x.intersection_size(y) == std::ssize(both));
  RC_ASSERT((x == y) == (a == b));
}

RC_GTEST_PROP(RowSetProperty, BitsAndBackIsTheSameSet, ()) {
  const auto rows = mixed_rows();
  // A union with a range puts runs among the containers.
  const RowSet set = set_of(listed(rows)) | RowSet::range(*rc::gen::inRange<uint32_t>(0, 300'000), 300'000);
  const auto bits = set.bits(300'000);
  RC_ASSERT(RowSet::from_bits(bits) == set);
  for (uint32_t row = 0; row < 300'000; row += one_in() * (1 + row % 7)) {
    RC_ASSERT(((bits[row / 64] >> (row % 64)) & 1) == (set.contains(row) ? 1U : 0U));
  }
}

}  // namespace
}  // namespace whitney
