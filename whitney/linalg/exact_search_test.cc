#include "whitney/linalg/exact_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

constexpr Metric kMetrics[] = {Metric::kCosine, Metric::kInnerProduct, Metric::kL2};

MatrixView rows_of(const std::vector<float>& data, int64_t cols) {
  return {data.data(), std::ssize(data) / cols, cols, cols, DType::kF32};
}

// Scores and Euclidean distances in float64.
double exact_value(Metric metric, std::span<const float> a, std::span<const float> b) {
  double product = 0, a_squared = 0, b_squared = 0, l2 = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    product += x * y;
    a_squared += x * x;
    b_squared += y * y;
    l2 += (x - y) * (x - y);
  }
  if (metric == Metric::kL2) return std::sqrt(l2);
  if (metric == Metric::kInnerProduct) return product;
  return a_squared == 0 || b_squared == 0 ? 0 : product / std::sqrt(a_squared * b_squared);
}

// All rows by (value, row).
std::vector<std::pair<double, int64_t>> ranked(Metric metric, std::span<const float> query,
                                               const MatrixView& base) {
  std::vector<std::pair<double, int64_t>> all;
  for (int64_t r = 0; r < base.rows; ++r) {
    std::vector<float> row(static_cast<size_t>(base.cols));
    copy_row_as_float(base, r, row.data());
    all.emplace_back(exact_value(metric, query, row), r);
  }
  std::sort(all.begin(), all.end(), [metric](const auto& a, const auto& b) {
    if (a.first != b.first) return higher_is_better(metric) ? a.first > b.first : a.first < b.first;
    return a.second < b.second;
  });
  return all;
}

std::vector<int64_t> rows_found(const Neighbors& found, int64_t query) {
  const auto first = found.rows.begin() + query * found.k;
  return {first, first + found.k};
}

void expect_same_bytes(const Neighbors& a, const Neighbors& b) {
  EXPECT_EQ(a.rows, b.rows);
  ASSERT_EQ(a.values.size(), b.values.size());
  EXPECT_EQ(std::memcmp(a.values.data(), b.values.data(), a.values.size() * sizeof(float)), 0);
}

TEST(ExactSearch, RanksByEachMetric) {
  at_each_level([] {
    const std::vector<float> base{0, 1, 3, 4, 0.5f, 0}, query{1, 0};
    // Inner products 0, 3, 0.5; cosines 0, 3/5, 1; squared distances 2, 20, 0.25.
    const Neighbors inner =
        exact_search(rows_of(query, 2), rows_of(base, 2), 3, Metric::kInnerProduct, Context());
    EXPECT_EQ(inner.rows, (std::vector<int64_t>{1, 2, 0}));
    EXPECT_EQ(inner.values, (std::vector<float>{3, 0.5f, 0}));
    const Neighbors cosine = exact_search(rows_of(query, 2), rows_of(base, 2), 3, Metric::kCosine, Context());
    EXPECT_EQ(cosine.rows, (std::vector<int64_t>{2, 1, 0}));
    EXPECT_EQ(cosine.values, (std::vector<float>{1, 0.6f, 0}));
    const Neighbors l2 = exact_search(rows_of(query, 2), rows_of(base, 2), 3, Metric::kL2, Context());
    EXPECT_EQ(l2.rows, (std::vector<int64_t>{2, 0, 1}));
    EXPECT_EQ(l2.values, (std::vector<float>{0.5f, std::sqrt(2.0f), std::sqrt(20.0f)}));
  });
}

TEST(ExactSearch, FindsWhatPlainBruteForceFindsAmongManyTies) {
  // Small integers: products and squared distances are exact in float32, and many are equal.
  at_each_level([] {
    for (int64_t num_queries : {1, 7, 8, 30}) {
      for (int64_t dim : {1, 5, 19}) {
        const std::vector<float> base = small_integers(600 * dim, 1),
                                 queries = small_integers(num_queries * dim, 2);
        for (Metric metric : {Metric::kInnerProduct, Metric::kL2}) {
          const Neighbors found =
              exact_search(rows_of(queries, dim), rows_of(base, dim), 12, metric, Context());
          for (int64_t q = 0; q < num_queries; ++q) {
            const auto all = ranked(metric, rows_of(queries, dim).row<float>(q), rows_of(base, dim));
            for (int64_t i = 0; i < 12; ++i) {
              const size_t at = static_cast<size_t>(q * 12 + i);
              ASSERT_EQ(found.rows[at], all[static_cast<size_t>(i)].second)
                  << "query " << q << ", place " << i;
              ASSERT_EQ(found.values[at], static_cast<float>(all[static_cast<size_t>(i)].first));
            }
          }
        }
      }
    }
  });
}

TEST(ExactSearch, FindsTheBestWithinRoundingForEveryTypeAndMetric) {
  const int64_t num_rows = 700, num_queries = 10, dim = 23, k = 8;
  const std::vector<float> base = random_floats(num_rows * dim, 3),
                           queries = random_floats(num_queries * dim, 4);
  std::vector<Float16> f16;
  std::vector<uint8_t> u8;
  std::vector<double> f64;
  for (float value : base) {
    f16.push_back(to_float16(value));
    u8.push_back(static_cast<uint8_t>(std::abs(value) * 31));
    f64.push_back(value);
  }
  const MatrixView views[] = {rows_of(base, dim),
                              {f16.data(), num_rows, dim, dim, DType::kF16},
                              {u8.data(), num_rows, dim, dim, DType::kU8},
                              {f64.data(), num_rows, dim, dim, DType::kF64}};
  at_each_level([&] {
    for (const MatrixView& view : views) {
      for (Metric metric : kMetrics) {
        const Neighbors found = exact_search(rows_of(queries, dim), view, k, metric, Context());
        for (int64_t q = 0; q < num_queries; ++q) {
          const auto all = ranked(metric, rows_of(queries, dim).row<float>(q), view);
          // n + 3 roundings of sums whose terms' magnitudes add up to at most the largest value's scale.
          const double tolerance = static_cast<double>(dim + 8) * kUnit *
                                   std::max({1.0, std::abs(all.front().first), std::abs(all.back().first)});
          for (int64_t i = 0; i < k; ++i) {
            ASSERT_NEAR(found.values[static_cast<size_t>(q * k + i)], all[static_cast<size_t>(i)].first,
                        tolerance)
                << name_of(view.dtype) << ", metric " << static_cast<int>(metric) << ", query " << q;
          }
        }
      }
    }
  });
}

TEST(ExactSearch, AnswersAQueryTheSameAloneAndInABatch) {
  at_each_level([] {
    const int64_t num_queries = 20, dim = 37, k = 5;
    const std::vector<float> base = random_floats(900 * dim, 5),
                             queries = random_floats(num_queries * dim, 6);
    for (Metric metric : kMetrics) {
      const Neighbors batch = exact_search(rows_of(queries, dim), rows_of(base, dim), k, metric, Context());
      for (int64_t q = 0; q < num_queries; ++q) {
        const Neighbors one =
            exact_search(rows_of(queries, dim).slice(q, q + 1), rows_of(base, dim), k, metric, Context());
        ASSERT_EQ(one.rows, rows_found(batch, q));
        ASSERT_EQ(std::memcmp(one.values.data(), batch.values.data() + q * k, static_cast<size_t>(k) * 4), 0);
      }
    }
  });
}

TEST(ExactSearch, OfEqualRowsFindsTheSmallerFirst) {
  at_each_level([] {
    // 40 copies of each of 10 rows, shuffled by a stride: row r holds pattern 7 r mod 10.
    const int64_t dim = 33;
    const std::vector<float> patterns = random_floats(10 * dim, 7);
    std::vector<float> base;
    for (int64_t r = 0; r < 400; ++r) {
      const auto first = patterns.begin() + 7 * r % 10 * dim;
      base.insert(base.end(), first, first + dim);
    }
    for (Metric metric : kMetrics) {
      for (int64_t num_queries : {1, 10}) {
        const Neighbors found = exact_search(rows_of(patterns, dim).slice(0, num_queries), rows_of(base, dim),
                                             3, metric, Context());
        for (int64_t q = 0; q < num_queries; ++q) {
          const std::vector<int64_t> rows = rows_found(found, q);
          ASSERT_LT(rows[0], 10);
          ASSERT_EQ(rows, (std::vector<int64_t>{rows[0], rows[0] + 10, rows[0] + 20}));
        }
      }
    }
  });
}

TEST(ExactSearch, GivesTheSameBytesAtAnyNumberOfThreads) {
  // More rows than the 16,384 of one range, so that threads share a block of queries.
  const int64_t dim = 3;
  const std::vector<float> base = random_floats(40'000 * dim, 8), queries = random_floats(9 * dim, 9);
  for (Metric metric : kMetrics) {
    for (int64_t num_queries : {2, 9}) {
      const MatrixView some = rows_of(queries, dim).slice(0, num_queries);
      const Neighbors one = exact_search(some, rows_of(base, dim), 20, metric, with_threads(1));
      expect_same_bytes(exact_search(some, rows_of(base, dim), 20, metric, with_threads(2)), one);
      expect_same_bytes(exact_search(some, rows_of(base, dim), 20, metric, with_threads(5)), one);
    }
  }
}

TEST(ExactSearch, AnswersMoreQueriesThanABlockHolds) {
  const int64_t dim = 4, num_queries = 1300;
  const std::vector<float> base = small_integers(150 * dim, 10),
                           queries = small_integers(num_queries * dim, 11);
  const Neighbors found =
      exact_search(rows_of(queries, dim), rows_of(base, dim), 2, Metric::kL2, with_threads(2));
  for (int64_t q = 0; q < num_queries; ++q) {
    const auto all = ranked(Metric::kL2, rows_of(queries, dim).row<float>(q), rows_of(base, dim));
    ASSERT_EQ(rows_found(found, q), (std::vector<int64_t>{all[0].second, all[1].second})) << "query " << q;
  }
}

TEST(ExactSearch, LeavesPlacesWithoutRowsMarked) {
  const std::vector<float> base{1, 0, 0, 1}, queries(9 * 2, 1.0f);
  for (int64_t num_queries : {1, 9}) {
    const Neighbors found = exact_search(rows_of(queries, 2).slice(0, num_queries), rows_of(base, 2), 4,
                                         Metric::kInnerProduct, Context());
    ASSERT_EQ(std::ssize(found.rows), num_queries * 4);
    for (int64_t q = 0; q < num_queries; ++q) {
      EXPECT_EQ(rows_found(found, q), (std::vector<int64_t>{0, 1, -1, -1}));
      EXPECT_TRUE(std::isnan(found.values[static_cast<size_t>(q * 4 + 2)]));
      EXPECT_TRUE(std::isnan(found.values[static_cast<size_t>(q * 4 + 3)]));
    }
  }
}

TEST(ExactSearch, OfNothingFindsNothing) {
  const std::vector<float> some{1, 2}, none;
  EXPECT_EQ(exact_search(rows_of(some, 2), rows_of(none, 2), 1, Metric::kL2, Context()).rows,
            (std::vector<int64_t>{-1}));
  EXPECT_TRUE(exact_search(rows_of(none, 2), rows_of(some, 2), 1, Metric::kL2, Context()).rows.empty());
  EXPECT_TRUE(exact_search(rows_of(some, 2), rows_of(some, 2), 0, Metric::kL2, Context()).rows.empty());
}

TEST(ExactSearch, ScoresZeroRowsZeroUnderCosine) {
  at_each_level([] {
    const std::vector<float> base{-1, 0, 0, 0, 2, 0};
    std::vector<float> queries{1, 0};
    for (int i = 0; i < 8; ++i) queries.insert(queries.end(), {0, 0});
    for (int64_t num_queries : {2, 9}) {
      const Neighbors found = exact_search(rows_of(queries, 2).slice(0, num_queries), rows_of(base, 2), 3,
                                           Metric::kCosine, Context());
      EXPECT_EQ(rows_found(found, 0), (std::vector<int64_t>{2, 1, 0}));
      EXPECT_EQ(found.values[1], 0.0f);
      // A query of zeros is as near to all.
      EXPECT_EQ(rows_found(found, 1), (std::vector<int64_t>{0, 1, 2}));
      EXPECT_EQ(found.values[3], 0.0f);
    }
  });
}

TEST(ExactSearch, StandsNormsWhoseSquaresLeaveTheRangeOfFloat32) {
  at_each_level([] {
    const int64_t dim = 5;
    std::vector<float> base = random_floats(300 * dim, 12), queries = random_floats(9 * dim, 13);
    for (int64_t i = 0; i < dim; ++i) {
      base[static_cast<size_t>(40 * dim + i)] = 1e22f;
      base[static_cast<size_t>(80 * dim + i)] = 1e-22f;
      queries[static_cast<size_t>(2 * dim + i)] = -1e21f;
      queries[static_cast<size_t>(3 * dim + i)] = 1e-25f;
    }
    for (Metric metric : kMetrics) {
      const Neighbors batch = exact_search(rows_of(queries, dim), rows_of(base, dim), 4, metric, Context());
      for (int64_t q = 0; q < 9; ++q) {
        const Neighbors one =
            exact_search(rows_of(queries, dim).slice(q, q + 1), rows_of(base, dim), 4, metric, Context());
        EXPECT_EQ(one.rows, rows_found(batch, q)) << "metric " << static_cast<int>(metric) << ", query " << q;
      }
    }
  });
}

TEST(ExactSearch, NeverFindsRowsOfNaN) {
  std::vector<float> base(20, 1.0f);
  base[4] = NAN;
  const std::vector<float> queries(9 * 2, 1.0f);
  for (Metric metric : kMetrics) {
    for (int64_t num_queries : {1, 9}) {
      const Neighbors found =
          exact_search(rows_of(queries, 2).slice(0, num_queries), rows_of(base, 2), 10, metric, Context());
      EXPECT_EQ(rows_found(found, 0), (std::vector<int64_t>{0, 1, 3, 4, 5, 6, 7, 8, 9, -1}));
    }
  }
}

TEST(ExactSearch, RefusesOtherWidthsAndNegativeK) {
  const std::vector<float> data(6, 1.0f);
  try {
    exact_search(rows_of(data, 3), rows_of(data, 2), 1, Metric::kL2, Context());
    FAIL() << "no Error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("queries have 3 dimensions"));
    EXPECT_THAT(error.what(), testing::HasSubstr("have 2"));
  }
  EXPECT_THROW(exact_search(rows_of(data, 2), rows_of(data, 2), -1, Metric::kL2, Context()), Error);
}

RC_GTEST_PROP(ExactSearch, OfPermutedRowsFindsTheSameValues, ()) {
  const auto num_rows = *rc::gen::inRange<int64_t>(1, 60), num_queries = *rc::gen::inRange<int64_t>(1, 12);
  const auto k = *rc::gen::inRange<int64_t>(1, 20), dim = *rc::gen::inRange<int64_t>(1, 9);
  const std::vector<float> base = small_integers(num_rows * dim, 14),
                           queries = small_integers(num_queries * dim, 15);
  std::vector<uint32_t> order(static_cast<size_t>(num_rows));
  std::iota(order.begin(), order.end(), 0u);
  RandomStream(42, "order", static_cast<uint64_t>(num_rows)).shuffle(std::span(order));
  std::vector<float> permuted;
  for (uint32_t row : order)
    permuted.insert(permuted.end(), base.begin() + row * dim, base.begin() + (row + 1) * dim);
  const auto metric = *rc::gen::element(Metric::kInnerProduct, Metric::kL2);
  const Neighbors a = exact_search(rows_of(queries, dim), rows_of(base, dim), k, metric, Context());
  const Neighbors b = exact_search(rows_of(queries, dim), rows_of(permuted, dim), k, metric, Context());
  // Places that nothing fills hold NaN, so the bytes are compared.
  RC_ASSERT(std::memcmp(a.values.data(), b.values.data(), a.values.size() * sizeof(float)) == 0);
}

}  // namespace
}  // namespace whitney
