#include "whitney/search/ordered_rows.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/search/postings.h"

namespace whitney::search {
namespace {

using Rows = std::vector<uint32_t>;

// Some of the rows, in any order.
Rows any_order(int64_t num_rows, RandomStream& random) {
  Rows order(static_cast<size_t>(num_rows));
  std::iota(order.begin(), order.end(), 0U);
  random.shuffle(std::span(order));
  order.resize(random.below(order.size() + 1));
  return order;
}

Rows sorted(Rows rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

TEST(OrderedRows, SlicesFollowTheOrder) {
  const OrderedRows rows(10, {7, 2, 9, 0}, Context());
  EXPECT_EQ(rows.slice(0, 2).rows(), (Rows{2, 7}));
  EXPECT_EQ(rows.slice(1, 4).rows(), (Rows{0, 2, 9}));
  EXPECT_EQ(rows.slice(2, 2).rows(), Rows{});
  EXPECT_EQ(rows.slice(3, 1).rows(), Rows{});
  EXPECT_EQ(OrderedRows(0, {}, Context()).slice(0, 0).rows(), Rows{});
}

// Lengths on both sides of where slices are cut from checkpoints.
RC_GTEST_PROP(OrderedRowsProperty, AnySliceHoldsTheRowsOfItsPlaces, ()) {
  const auto num_rows = *rc::gen::element<int64_t>(1, 63, 64, 65, 200, 1000, 5000);
  RandomStream random(*rc::gen::arbitrary<uint64_t>(), "order", 0);
  const Rows order = any_order(num_rows, random);
  const OrderedRows rows(num_rows, order, Context());
  std::vector<std::pair<int64_t, int64_t>> ranges;
  Rows all;
  for (int i = 0; i < 5; ++i) {
    int64_t begin = static_cast<int64_t>(random.below(order.size() + 1)),
            end = static_cast<int64_t>(random.below(order.size() + 1));
    if (begin > end) std::swap(begin, end);
    const Rows expected(order.begin() + begin, order.begin() + end);
    RC_ASSERT(rows.slice(begin, end).rows() == sorted(expected));
    ranges.emplace_back(begin, end);
    all.insert(all.end(), expected.begin(), expected.end());
  }
  all = sorted(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  RC_ASSERT(rows.slices(ranges).rows() == all);
}

// Three keys: one without rows, one with few, one with more than are listed.
TEST(Postings, GiveTheRowsOfKeysAndOfRangesOfKeys) {
  Rows rows = {5, 90};
  for (uint32_t row = 0; row < 200; row += 2) rows.push_back(row);
  const Postings postings(200, {0, 0, 2, 102}, rows, Context());
  EXPECT_EQ(postings.num_keys(), 3);
  EXPECT_TRUE(postings.of(0).empty());
  EXPECT_EQ(postings.of(1).rows(), (Rows{5, 90}));
  EXPECT_EQ(postings.of(2).size(), 100);
  EXPECT_EQ(postings.of_range(0, 2).rows(), (Rows{5, 90}));
  EXPECT_EQ(postings.of_range(0, 3).size(), 101) << "row 90 has two keys";
  EXPECT_TRUE(postings.of_range(2, 1).empty());
  EXPECT_EQ(postings.of_any(std::vector<int64_t>{1, 2, 1}).size(), 101);
  EXPECT_TRUE(postings.of_any({}).empty());
}

}  // namespace
}  // namespace whitney::search
