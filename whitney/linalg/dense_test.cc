#include "whitney/linalg/dense.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/linalg/dense_tile.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

MatrixView rows_of(const std::vector<float>& data, int64_t rows, int64_t cols) {
  return {data.data(), rows, cols, cols, DType::kF32};
}

std::vector<float> product(const MatrixView& a, const MatrixView& b, int threads = 1) {
  std::vector<float> out(static_cast<size_t>(a.rows * b.rows), -7.0f);
  multiply_transposed(with_threads(threads), a, b, out.data());
  return out;
}

bool same_bytes(const float* a, const float* b, int64_t n) {
  return std::memcmp(a, b, static_cast<size_t>(n) * sizeof(float)) == 0;
}

// The sum of the products of two rows, and that of their magnitudes, in float64.
std::pair<double, double> sums(std::span<const float> a, std::span<const float> b) {
  double sum = 0, magnitude = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    sum += static_cast<double>(a[i]) * b[i];
    magnitude += std::abs(static_cast<double>(a[i]) * b[i]);
  }
  return {sum, magnitude};
}

TEST(MultiplyTransposed, IsComputedByHand) {
  at_each_level([] {
    const std::vector<float> a{1, 2, 3, 4, 5, 6}, b{1, 0, -1, 2, 2, 2, 0, 1, 0};
    EXPECT_EQ(product(rows_of(a, 2, 3), rows_of(b, 3, 3)), (std::vector<float>{-2, 12, 2, -2, 30, 5}));
  });
}

TEST(MultiplyTransposed, AgreesWithFloat64) {
  // |error| <= 1.01 (k + 1) u sum|terms|, u = 2^-24, in any order of summing.
  struct Shape {
    int64_t m, n, k;
  };
  at_each_level([] {
    for (const Shape& s : {Shape{1, 1, 1},
                           {13, 33, 7},
                           {5, 31, 64},
                           {25, 300, 9},
                           {3, 17, kTermBlock + 1},
                           {2, 65, 3 * kTermBlock + 5}}) {
      const std::vector<float> a = random_floats(s.m * s.k, 1), b = random_floats(s.n * s.k, 2);
      const MatrixView left = rows_of(a, s.m, s.k), right = rows_of(b, s.n, s.k);
      const std::vector<float> out = product(left, right);
      for (int64_t i = 0; i < s.m; ++i) {
        for (int64_t j = 0; j < s.n; ++j) {
          const auto [sum, magnitude] = sums(left.row<float>(i), right.row<float>(j));
          ASSERT_NEAR(out[static_cast<size_t>(i * s.n + j)], sum,
                      1.01 * static_cast<double>(s.k + 1) * kUnit * magnitude)
              << s.m << " x " << s.n << " x " << s.k;
        }
      }
    }
  });
}

TEST(MultiplyTransposed, ReadsStridedRowsAtAnyAlignment) {
  at_each_level([] {
    const int64_t m = 3, n = 19, k = 9;
    const std::vector<float> a = small_integers(m * k, 1), b = small_integers(n * k, 2);
    const std::vector<float> expected = product(rows_of(a, m, k), rows_of(b, n, k));
    for (int64_t shift = 0; shift < 16; ++shift) {
      // Between the rows stand NaN.
      const int64_t stride = k + 1 + shift % 4;
      std::vector<float> wide_a(static_cast<size_t>(m * stride), NAN),
          wide_b(static_cast<size_t>(n * stride), NAN);
      for (int64_t i = 0; i < m; ++i) std::copy_n(a.begin() + i * k, k, wide_a.begin() + i * stride);
      for (int64_t i = 0; i < n; ++i) std::copy_n(b.begin() + i * k, k, wide_b.begin() + i * stride);
      const Guarded<float> left = guarded(wide_a, shift), right = guarded(wide_b, 15 - shift);
      ASSERT_EQ(product({left.data(), m, k, stride, DType::kF32}, {right.data(), n, k, stride, DType::kF32}),
                expected);
    }
  });
}

TEST(MultiplyTransposed, GivesEachRowTheSameBytesAtEveryHeightOfItsBatch) {
  at_each_level([] {
    const int64_t m = 300, n = 21, k = 5;
    const std::vector<float> a = random_floats(m * k, 3), b = random_floats(n * k, 4);
    const MatrixView left = rows_of(a, m, k), right = rows_of(b, n, k);
    const std::vector<float> all = product(left, right);
    for (int64_t height = 1; height < m; ++height) {
      const std::vector<float> top = product(left.slice(0, height), right);
      ASSERT_TRUE(same_bytes(top.data(), all.data(), height * n)) << "height " << height;
      // The same rows elsewhere in a batch.
      const int64_t first = m - height;
      const std::vector<float> end = product(left.slice(first, first + 1), right);
      ASSERT_TRUE(same_bytes(end.data(), all.data() + first * n, n)) << "row " << first;
    }
  });
}

TEST(MultiplyTransposed, GivesWideRowsTheSameBytesAtEveryHeightOfItsBatch) {
  at_each_level([] {
    const int64_t m = 29, n = 35, k = 2 * kTermBlock + 3;
    const std::vector<float> a = random_floats(m * k, 5), b = random_floats(n * k, 6);
    const MatrixView left = rows_of(a, m, k), right = rows_of(b, n, k);
    const std::vector<float> all = product(left, right);
    for (int64_t height : {1, 2, 5, 6, 7, 12, 13, 24, 25, 28}) {
      const std::vector<float> top = product(left.slice(0, height), right);
      ASSERT_TRUE(same_bytes(top.data(), all.data(), height * n)) << "height " << height;
    }
  });
}

TEST(MultiplyTransposed, GivesTheSameBytesAtAnyNumberOfThreads) {
  // More rows and columns than a tile, so that several tasks share the work.
  const int64_t m = 500, n = 550, k = 11;
  const std::vector<float> a = random_floats(m * k, 7), b = random_floats(n * k, 8);
  const std::vector<float> one = product(rows_of(a, m, k), rows_of(b, n, k), 1);
  EXPECT_EQ(product(rows_of(a, m, k), rows_of(b, n, k), 2), one);
  EXPECT_EQ(product(rows_of(a, m, k), rows_of(b, n, k), 5), one);
}

TEST(MultiplyTransposed, CarriesInfinityAndNaNToTheirRowsAndColumnsOnly) {
  at_each_level([] {
    const int64_t m = 14, n = 40, k = 6;
    std::vector<float> a(static_cast<size_t>(m * k), 1.0f), b(static_cast<size_t>(n * k), 1.0f);
    a[3 * k + 2] = INFINITY;
    b[37 * k + 4] = NAN;
    const std::vector<float> out = product(rows_of(a, m, k), rows_of(b, n, k));
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        const float value = out[static_cast<size_t>(i * n + j)];
        if (j == 37) {
          ASSERT_TRUE(std::isnan(value)) << i;
        } else {
          ASSERT_EQ(value, i == 3 ? INFINITY : 6.0f) << i << ", " << j;
        }
      }
    }
  });
}

TEST(MultiplyTransposed, OfNoColumnsIsZero) {
  const std::vector<float> nothing;
  EXPECT_EQ(product(rows_of(nothing, 2, 0), rows_of(nothing, 2, 0)), (std::vector<float>{0, 0, 0, 0}));
  EXPECT_TRUE(product(rows_of(nothing, 0, 3), rows_of(nothing, 0, 3)).empty());
}

TEST(MultiplyTransposed, RefusesOtherWidthsAndTypes) {
  const std::vector<float> data(6, 1.0f);
  float out[9];
  try {
    multiply_transposed(Context(), rows_of(data, 2, 3), rows_of(data, 3, 2), out);
    FAIL() << "no Error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("width 3 with rows of width 2"));
  }
  EXPECT_THROW(multiply_transposed(Context(), {data.data(), 1, 2, 2, DType::kF16}, rows_of(data, 3, 2), out),
               Error);
}

TEST(MultiplyTile, SumsSquaredDifferences) {
  at_each_level([] {
    const int64_t m = 27, n = 37, k = kTermBlock + 2;
    const std::vector<float> a = small_integers(m * k, 9), b = small_integers(n * k, 10);
    PackedRows packed;
    packed.pack(rows_of(b, n, k));
    std::vector<float> out(static_cast<size_t>(m * (n + 1)), -7.0f);
    multiply_tile(Kernel::kSquaredL2, rows_of(a, m, k), packed, out.data(), n + 1);
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        float sum = 0;
        for (int64_t t = 0; t < k; ++t) {
          const float difference = a[static_cast<size_t>(i * k + t)] - b[static_cast<size_t>(j * k + t)];
          sum += difference * difference;
        }
        ASSERT_EQ(out[static_cast<size_t>(i * (n + 1) + j)], sum);
      }
      ASSERT_EQ(out[static_cast<size_t>(i * (n + 1) + n)], -7.0f) << "beyond the tile";
    }
  });
}

RC_GTEST_PROP(MultiplyTransposed, OfSwappedOperandsIsTheTranspose, ()) {
  const auto m = *rc::gen::inRange<int64_t>(1, 40), n = *rc::gen::inRange<int64_t>(1, 40);
  const auto k = *rc::gen::inRange<int64_t>(0, 30);
  const std::vector<float> a = small_integers(m * k, 11), b = small_integers(n * k, 12);
  const std::vector<float> out = product(rows_of(a, m, k), rows_of(b, n, k));
  const std::vector<float> swapped = product(rows_of(b, n, k), rows_of(a, m, k));
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      RC_ASSERT(out[static_cast<size_t>(i * n + j)] == swapped[static_cast<size_t>(j * m + i)]);
    }
  }
}

}  // namespace
}  // namespace whitney
