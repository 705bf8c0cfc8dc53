#include "whitney/linalg/column_products.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

MatrixView rows_of(const std::vector<float>& data, int64_t cols, int64_t stride) {
  return {data.data(), std::ssize(data) / stride, cols, stride, DType::kF32};
}

TEST(ColumnProducts, AreThoseOfAPlainLoop) {
  at_each_level([] {
    for (int64_t n : {1, 63, 64, 65, 700}) {
      for (int64_t p : {1, 5, 6, 7, 13}) {
        for (int64_t q : {1, 15, 16, 17, 33}) {
          const std::vector<float> a = random_floats(n * (p + 2), 1), b = random_floats(n * (q + 1), 2);
          const MatrixView va = rows_of(a, p, p + 2), vb = rows_of(b, q, q + 1);
          const std::vector<double> got = column_products(Context(), va, vb);
          for (int64_t i = 0; i < p; ++i) {
            for (int64_t j = 0; j < q; ++j) {
              double sum = 0, size = 0;
              for (int64_t r = 0; r < n; ++r) {
                const double term = double{va.row<float>(r)[static_cast<size_t>(i)]} *
                                    vb.row<float>(r)[static_cast<size_t>(j)];
                sum += term;
                size += std::abs(term);
              }
              // Two orders of n float64 sums: 2 n 2^-53 of the terms' size at most.
              ASSERT_NEAR(got[static_cast<size_t>(i * q + j)], sum,
                          2.0 * static_cast<double>(n) * 0x1p-53 * size)
                  << n << " rows, " << p << " x " << q;
            }
          }
        }
      }
    }
  });
}

TEST(ColumnProducts, OfAMatrixWithItselfAreSymmetricAndTheSame) {
  at_each_level([] {
    for (int64_t p : {1, 6, 17, 40}) {
      const std::vector<float> a = small_integers(300 * p, 3);
      const MatrixView view = rows_of(a, p, p);
      // Sums of small integers are exact: both ways must agree.
      EXPECT_EQ(column_products(Context(), view), column_products(Context(), view, view)) << p;
    }
  });
}

TEST(ColumnProducts, GiveEqualBytesWithAnyNumberOfThreads) {
  const std::vector<float> a = random_floats(5000 * 19, 4);
  const MatrixView view = rows_of(a, 19, 19);
  const std::vector<double> one = column_products(with_threads(1), view);
  EXPECT_EQ(one, column_products(with_threads(2), view));
  EXPECT_EQ(one, column_products(with_threads(5), view));
}

TEST(ColumnProducts, TakeEmptyMatricesAndRefuseOtherRows) {
  const std::vector<float> a = random_floats(12, 5);
  EXPECT_EQ(column_products(Context(), MatrixView{a.data(), 0, 2, 2, DType::kF32}), std::vector<double>(4));
  EXPECT_THROW(column_products(Context(), rows_of(a, 2, 2), rows_of(a, 3, 3)), Error);
}

}  // namespace
}  // namespace whitney
