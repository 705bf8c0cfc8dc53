#include "whitney/search/index_kinds_test.h"

#include <gmock/gmock.h>

#include "whitney/core/error.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/temporary_folder.h"

namespace whitney::search {
namespace {

class EveryIndex : public testing::TestWithParam<IndexKind> {
 protected:
  const IndexKind& kind() const { return GetParam(); }
  KindRows queries(int64_t n = 2) const { return kind_rows(kind(), n, 0, 77); }
  SearchResult ask(const Index& index, const KindRows& queries, int64_t k, bool exact = false) const {
    SearchParams params;
    params.k = k;
    params.exact = exact;
    return search_kind(kind(), index, queries, params);
  }
  /// Expects so many hits of each query, exact or not, and no rows in the places behind them.
  void expect_counts(const Index& index, int64_t k, int64_t count) const {
    for (const bool exact : {false, true}) {
      const SearchResult found = ask(index, queries(), k, exact);
      ASSERT_EQ(found.counts, (std::vector<int64_t>{count, count})) << "exact: " << exact;
      ASSERT_EQ(std::ssize(found.neighbors.rows), 2 * k);
      for (int64_t i = 0; i < 2 * k; ++i) {
        const int64_t row = found.neighbors.rows[static_cast<size_t>(i)];
        EXPECT_EQ(row >= 0, i % k < count) << i;
        EXPECT_TRUE(row < 0 || index.live().contains(static_cast<uint32_t>(row))) << row;
      }
    }
  }
  std::unique_ptr<Index> reopened(const Index& index) const {
    const TemporaryFolder folder;
    index.save(folder.file("index"), false, {});
    return open_index(folder.file("index"));
  }
};

TEST_P(EveryIndex, FindsNothingWhenEmptiedAndTakesRowsAgainAlsoFromItsFile) {
  const auto index = build_kind(kind(), 300);
  index->remove(Ids::row_numbers(300), {});
  EXPECT_EQ(index->live().size(), 0);
  expect_counts(*index, 3, 0);
  const auto opened = reopened(*index);
  EXPECT_EQ(opened->live().size(), 0);
  expect_counts(*opened, 3, 0);
  for (Index* one : {index.get(), opened.get()}) {
    // Ids of rows that were removed, and others.
    add_to_kind(kind(), *one, kind_rows(kind(), 20, 290, 2));
    expect_counts(*one, 30, 20);
    expect_counts(*reopened(*one), 30, 20);
  }
}

TEST_P(EveryIndex, OfNoRowsFindsNothingAndTakesRows) {
  if (kind().method == "codes") {  // a codec is fitted to some vectors
    EXPECT_THROW(build_kind(kind(), 0), Error);
    return;
  }
  const auto index = build_kind(kind(), 0);
  expect_counts(*index, 3, 0);
  const auto opened = reopened(*index);
  expect_counts(*opened, 3, 0);
  for (Index* one : {index.get(), opened.get()}) {
    add_to_kind(kind(), *one, kind_rows(kind(), 20, 0, 2));
    expect_counts(*one, 30, 20);
  }
}

TEST_P(EveryIndex, RefusesLessThanOneHit) {
  const auto index = build_kind(kind(), 300);
  const auto emptied = build_kind(kind(), 300);
  emptied->remove(Ids::row_numbers(300), {});
  for (const Index* one : {index.get(), emptied.get()}) {
    for (const int64_t k : {0, -1}) {
      for (const bool exact : {false, true}) {
        try {
          ask(*one, queries(), k, exact);
          FAIL() << "k = " << k << " is not refused";
        } catch (const UsageError& error) {
          EXPECT_THAT(error.what(), testing::HasSubstr("k is " + std::to_string(k)));
        }
      }
    }
  }
}

TEST_P(EveryIndex, GivesAllRowsWhereMoreAreAsked) {
  const auto index = build_kind(kind(), 300);
  for (const int64_t k : {299, 300, 301, 1000}) expect_counts(*index, k, std::min<int64_t>(k, 300));
  index->remove(Ids::integers({0, 5, 299}), {});
  expect_counts(*index, 1000, 297);
}

// Rows that all are the same distance away, as many as lists and graphs have links many times over.
TEST_P(EveryIndex, FindsThousandsOfEqualRowsByTheirNumbers) {
  const int64_t num_equal = fewer(2400), n = num_equal + 100;
  std::vector<float> numbers = kind_numbers(n, 5);
  for (int64_t row = 1; row < num_equal; ++row)
    std::copy_n(numbers.data(), kKindDim, numbers.data() + row * kKindDim);
  const auto index = build_kind(kind(), kind_rows_of(kind(), numbers, 0));
  const KindRows query = kind_rows_of(kind(), {numbers.begin(), numbers.begin() + kKindDim}, 0);
  for (const int64_t k : {int64_t{1}, int64_t{50}, num_equal - 100, n, n + 50}) {
    const SearchResult found = ask(*index, query, k);
    ASSERT_EQ(found.counts[0], std::min(k, n));
    std::vector<int64_t> rows;
    std::vector<float> scores;
    for (int64_t i = 0; i < found.counts[0]; ++i) {
      const int64_t row = found.neighbors.rows[static_cast<size_t>(i)];
      if (row < num_equal) {
        rows.push_back(row);
        scores.push_back(found.neighbors.values[static_cast<size_t>(i)]);
      }
    }
    // The inner product with another row may be larger.
    if (!kind().is_sparse()) {
      ASSERT_EQ(std::ssize(rows), std::min(k, num_equal));
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(rows[i], static_cast<int64_t>(i));
      ASSERT_EQ(scores[i], scores[0]);
    }
  }
  // Half of them, one by one no longer alike to lists and graphs.
  Array<uint64_t> gone(num_equal / 2);
  std::iota(gone.mutable_data(), gone.mutable_data() + gone.size(), 0);
  index->remove(Ids::integers(gone), {});
  EXPECT_EQ(ask(*index, query, n).counts[0], n - num_equal / 2);
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryIndex, testing::ValuesIn(index_kinds()), name_of_kind);

}  // namespace
}  // namespace whitney::search
