#include "whitney/linalg/strided_product.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

TEST(StridedProduct, IsComputedByHand) {
  // A = ((1, 2), (3, 4)), B = ((5, 6, 7), (8, 9, 10)), bias (0, 100, 0).
  const std::vector<double> a = {1, 2, 3, 4}, b = {5, 6, 7, 8, 9, 10}, bias = {0, 100, 0};
  at_each_level([&] {
    std::vector<double> out(6, -1);
    StridedProduct<double> product{.rows = 2,
                                   .terms = 2,
                                   .cols = 3,
                                   .a = a.data(),
                                   .a_row = 2,
                                   .b = b.data(),
                                   .b_stride = 3,
                                   .bias = bias.data(),
                                   .out = out.data(),
                                   .out_stride = 3};
    multiply_strided(product);
    EXPECT_EQ(out, (std::vector<double>{21, 124, 27, 47, 154, 61}));
    // A^T, on top of what is there.
    product.a_row = 1;
    product.a_term = 2;
    product.bias = nullptr;
    product.add = true;
    multiply_strided(product);
    EXPECT_EQ(out, (std::vector<double>{21 + 29, 124 + 33, 27 + 37, 47 + 42, 154 + 48, 61 + 54}));
  });
}

TEST(StridedProduct, AgreesWithAPlainLoopForAllShapesAndStridesAndWritesNothingElse) {
  constexpr float kGuard = -7777;
  at_each_level([&] {
    for (const int64_t cols : awkward_lengths()) {
      for (const int64_t rows : {0, 1, 5, 6, 7, 13}) {
        const int64_t terms = (3 * rows + cols) % 11, stride = cols + 3, a_stride = rows + 2;
        const auto a = random_floats(terms * a_stride, 1), b = random_floats(terms * stride, 2),
                   bias = random_floats(cols, 3);
        std::vector<float> out(static_cast<size_t>(rows * stride), kGuard);
        multiply_strided(StridedProduct<float>{.rows = rows,
                                               .terms = terms,
                                               .cols = cols,
                                               .a = a.data(),
                                               .a_row = 1,
                                               .a_term = a_stride,
                                               .b = b.data(),
                                               .b_stride = stride,
                                               .bias = bias.data(),
                                               .out = out.data(),
                                               .out_stride = stride});
        for (int64_t i = 0; i < rows; ++i) {
          for (int64_t j = 0; j < stride; ++j) {
            const float found = out[static_cast<size_t>(i * stride + j)];
            if (j >= cols) {
              ASSERT_EQ(found, kGuard);
              continue;
            }
            double sum = bias[static_cast<size_t>(j)], size = std::abs(sum);
            for (int64_t t = 0; t < terms; ++t) {
              const double term = double{a[static_cast<size_t>(t * a_stride + i)]} *
                                  double{b[static_cast<size_t>(t * stride + j)]};
              sum += term;
              size += std::abs(term);
            }
            ASSERT_NEAR(found, sum, 2 * kUnit * static_cast<double>(terms + 1) * size) << rows << " " << cols;
          }
        }
      }
    }
  });
}

TEST(StridedProduct, GivesAnElementTheSameBytesInEveryBlock) {
  at_each_level([] {
    constexpr int64_t kRows = 13, kTerms = 9, kCols = 83;
    const auto a = random_floats(kRows * kTerms, 1), b = random_floats(kTerms * kCols, 2);
    const auto product = [&](int64_t row, int64_t rows, int64_t column, int64_t cols) {
      std::vector<float> out(static_cast<size_t>(rows * cols));
      multiply_strided(StridedProduct<float>{.rows = rows,
                                             .terms = kTerms,
                                             .cols = cols,
                                             .a = a.data() + row * kTerms,
                                             .a_row = kTerms,
                                             .b = b.data() + column,
                                             .b_stride = kCols,
                                             .out = out.data(),
                                             .out_stride = cols});
      return out;
    };
    const std::vector<float> all = product(0, kRows, 0, kCols);
    for (int64_t row = 0; row < kRows; ++row) {
      for (const int64_t column : {0, 1, 16, 64, 82}) {
        EXPECT_EQ(product(row, 1, column, 1)[0], all[static_cast<size_t>(row * kCols + column)]);
      }
    }
  });
}

}  // namespace
}  // namespace whitney
