#include "whitney/linalg/sparse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/linalg/each_level_test.h"
#include "whitney/linalg/sparse_rows.h"

namespace whitney {
namespace {

// A CSR matrix that owns its arrays.
struct Sparse {
  int64_t cols = 0;
  std::vector<int64_t> offsets{0};
  std::vector<uint32_t> columns;
  std::vector<float> weights;

  SparseView view() const { return {std::ssize(offsets) - 1, cols, offsets, columns, weights}; }
};

// Rows of the lengths given, with repeated columns and weights of both signs.
Sparse random_sparse(const std::vector<int64_t>& lengths, int64_t cols, uint64_t item) {
  RandomStream random(42, "sparse", item);
  Sparse result;
  result.cols = cols;
  for (int64_t length : lengths) {
    for (int64_t i = 0; i < length; ++i) {
      result.columns.push_back(static_cast<uint32_t>(random.below(static_cast<uint64_t>(cols))));
      result.weights.push_back(static_cast<float>(2 * random.uniform() - 1));
    }
    result.offsets.push_back(std::ssize(result.columns));
  }
  return result;
}

std::vector<int64_t> random_lengths(int64_t rows, uint64_t item) {
  RandomStream random(42, "lengths", item);
  std::vector<int64_t> lengths(static_cast<size_t>(rows));
  for (int64_t& length : lengths) length = static_cast<int64_t>(random.below(3) == 0 ? 0 : random.below(40));
  return lengths;
}

MatrixView rows_of(const std::vector<float>& data, int64_t cols) {
  return {data.data(), std::ssize(data) / cols, cols, cols, DType::kF32};
}

std::vector<float> product(const SparseView& sparse, std::span<const float> row_scale,
                           const MatrixView& dense, int threads = 1) {
  std::vector<float> out(static_cast<size_t>(sparse.rows * dense.cols), -7.0f);
  multiply_sparse(with_threads(threads), sparse, row_scale, dense, out.data());
  return out;
}

// A plain loop in float64; |error| <= 1.01 (n + 2) u sum|terms|, u = 2^-24, for a row of n entries and a
// scale.
void expect_as_float64(const SparseView& sparse, std::span<const float> row_scale, const MatrixView& dense) {
  const std::vector<float> out = product(sparse, row_scale, dense);
  for (int64_t r = 0; r < sparse.rows; ++r) {
    const int64_t begin = sparse.offsets[static_cast<size_t>(r)],
                  end = sparse.offsets[static_cast<size_t>(r) + 1];
    const double scale = row_scale.empty() ? 1 : row_scale[static_cast<size_t>(r)];
    for (int64_t c = 0; c < dense.cols; ++c) {
      double sum = 0, magnitude = 0;
      for (int64_t e = begin; e < end; ++e) {
        const size_t at = static_cast<size_t>(e);
        const double term = (sparse.weights.empty() ? 1.0 : sparse.weights[at]) *
                            dense.row<float>(sparse.columns[at])[static_cast<size_t>(c)];
        sum += term;
        magnitude += std::abs(term);
      }
      ASSERT_NEAR(out[static_cast<size_t>(r * dense.cols + c)], scale * sum,
                  1.01 * static_cast<double>(end - begin + 2) * kUnit * std::abs(scale) * magnitude)
          << "row " << r << ", column " << c << " of " << dense.cols;
    }
  }
}

TEST(MultiplySparse, IsComputedByHand) {
  at_each_level([] {
    // (2 0 -1; 0 0 0; 0 3 0) times three rows, scaled by 1, 5 and 10.
    const std::vector<int64_t> offsets{0, 2, 2, 3};
    const std::vector<uint32_t> columns{0, 2, 1};
    const std::vector<float> weights{2, -1, 3}, dense{1, 2, 3, 4, 5, 6}, scale{1, 5, 10};
    const SparseView sparse{3, 3, offsets, columns, weights};
    EXPECT_EQ(product(sparse, {}, rows_of(dense, 2)), (std::vector<float>{-3, -2, 0, 0, 9, 12}));
    EXPECT_EQ(product(sparse, scale, rows_of(dense, 2)), (std::vector<float>{-3, -2, 0, 0, 90, 120}));
    const SparseView unweighted{3, 3, offsets, columns, {}};
    EXPECT_EQ(product(unweighted, {}, rows_of(dense, 2)), (std::vector<float>{6, 8, 0, 0, 3, 4}));
  });
}

TEST(MultiplySparse, AddsAnotherMatrixWhichMayBeTheResult) {
  at_each_level([] {
    // The rows have 0 to 39 entries, and one is longer than what threads share.
    std::vector<int64_t> lengths = random_lengths(20, 4);
    lengths.push_back(kPartEntries + 3);
    const Sparse sparse = random_sparse(lengths, 25, 4);
    const std::vector<float> scale = random_floats(21, 5), dense = random_floats(25 * 21, 6, 0.1),
                             addend = random_floats(21 * 21, 7);
    const std::vector<float> expected = product(sparse.view(), scale, rows_of(dense, 21));
    std::vector<float> out = addend;
    std::vector<double> squares(21);
    multiply_sparse(with_threads(2), sparse.view(), scale, rows_of(dense, 21), out.data(), squares.data(),
                    out.data());
    for (size_t r = 0; r < 21; ++r) {
      double sum = 0;
      for (size_t c = 0; c < 21; ++c) {
        const size_t at = 21 * r + c;
        ASSERT_NEAR(out[at], expected[at] + addend[at],
                    4 * kUnit * (std::abs(expected[at]) + std::abs(addend[at])));
        sum += double{out[at]} * double{out[at]};
      }
      EXPECT_NEAR(squares[r], sum, 1e-12 * sum);
    }
  });
}

TEST(MultiplySparse, AgreesWithFloat64AtEveryWidth) {
  Sparse sparse = random_sparse(random_lengths(30, 1), 25, 1);
  const std::vector<float> scale = random_floats(30, 2);
  at_each_level([&] {
    for (int64_t width : awkward_lengths()) {
      if (width == 0) continue;
      const std::vector<float> dense = random_floats(25 * width, 3);
      expect_as_float64(sparse.view(), {}, rows_of(dense, width));
      expect_as_float64(sparse.view(), scale, rows_of(dense, width));
      SparseView unweighted = sparse.view();
      unweighted.weights = {};
      expect_as_float64(unweighted, scale, rows_of(dense, width));
    }
  });
}

TEST(MultiplySparse, ReadsStridedRowsAtAnyAlignmentAndNothingBetweenThem) {
  at_each_level([] {
    const int64_t width = 21, stride = 24, num_rows = 10;
    const Sparse sparse = random_sparse({3, 0, 12, 1}, num_rows, 4);
    const std::vector<float> packed = random_floats(num_rows * width, 5);
    const std::vector<float> expected = product(sparse.view(), {}, rows_of(packed, width));
    std::vector<float> strided(static_cast<size_t>(num_rows * stride),
                               std::numeric_limits<float>::quiet_NaN());
    for (int64_t r = 0; r < num_rows; ++r)
      std::copy_n(packed.begin() + r * width, width, strided.begin() + r * stride);
    for (int64_t shift = 0; shift < 16; ++shift) {
      const Guarded<float> dense = guarded(strided, shift);
      ASSERT_EQ(product(sparse.view(), {}, {dense.data(), num_rows, width, stride, DType::kF32}), expected);
    }
  });
}

TEST(MultiplySparse, SumsRowsLongerThanABlockAndLongerThanAPart) {
  const Sparse sparse =
      random_sparse({2, kSumBlock, kSumBlock + 1, 0, kPartEntries, kPartEntries + 1, 3}, 40, 6);
  const std::vector<float> dense = random_floats(40 * 3, 7), scale = random_floats(7, 8);
  at_each_level([&] {
    expect_as_float64(sparse.view(), {}, rows_of(dense, 3));
    expect_as_float64(sparse.view(), scale, rows_of(dense, 3));
  });
}

TEST(MultiplySparse, GivesTheSameBytesAtAnyNumberOfThreads) {
  std::vector<int64_t> lengths = random_lengths(9000, 9);
  lengths[100] = 2 * kPartEntries + 5;
  const Sparse sparse = random_sparse(lengths, 50, 10);
  const std::vector<float> dense = random_floats(50 * 5, 11), scale = random_floats(9000, 12);
  const std::vector<float> one = product(sparse.view(), scale, rows_of(dense, 5), 1);
  EXPECT_EQ(product(sparse.view(), scale, rows_of(dense, 5), 2), one);
  EXPECT_EQ(product(sparse.view(), scale, rows_of(dense, 5), 5), one);
}

TEST(MultiplySparse, SumsAColumnTheSameWhateverStandsBesideIt) {
  at_each_level([] {
    const Sparse sparse = random_sparse(random_lengths(20, 13), 15, 14);
    const int64_t width = 150;
    const std::vector<float> dense = random_floats(15 * width, 15);
    const std::vector<float> all = product(sparse.view(), {}, rows_of(dense, width));
    for (int64_t c = 0; c < width; c += 11) {
      const std::vector<float> one =
          product(sparse.view(), {}, {dense.data() + c, 15, 1, width, DType::kF32});
      for (int64_t r = 0; r < 20; ++r) {
        ASSERT_EQ(one[static_cast<size_t>(r)], all[static_cast<size_t>(r * width + c)]) << "column " << c;
      }
    }
  });
}

TEST(MultiplySparse, GivesTheSquaredNormsOfItsRows) {
  const Sparse sparse = random_sparse({2, 0, kPartEntries + 1, 7}, 40, 22);
  const std::vector<float> scale = random_floats(4, 23);
  at_each_level([&] {
    for (int64_t width : {3, 16, 150}) {
      const std::vector<float> dense = random_floats(40 * width, 24);
      std::vector<float> out(static_cast<size_t>(4 * width));
      std::vector<double> squares(4, -7.0);
      multiply_sparse(Context(), sparse.view(), scale, rows_of(dense, width), out.data(), squares.data());
      EXPECT_EQ(out, product(sparse.view(), scale, rows_of(dense, width)));
      for (size_t r = 0; r < 4; ++r) {
        double expected = 0;
        for (size_t c = 0; c < static_cast<size_t>(width); ++c)
          expected += std::pow(out[r * static_cast<size_t>(width) + c], 2);
        ASSERT_NEAR(squares[r], expected, 1e-13 * expected) << "row " << r << " of width " << width;
      }
    }
  });
}

TEST(MultiplySparse, GivesTheSameBytesPastTheCaches) {
  // Results of 8 MiB on a line's border are streamed; those off it are not.
  const int64_t rows = int64_t{1} << 16, width = 32;
  const Sparse sparse = random_sparse(std::vector<int64_t>(static_cast<size_t>(rows), 1), 9, 25);
  const std::vector<float> dense = random_floats(9 * width, 26);
  at_each_level([&] {
    Array<float> aligned(rows * width), shifted(rows * width + 1);
    float* off = shifted.mutable_data() + 1;
    multiply_sparse(Context(), sparse.view(), {}, rows_of(dense, width), aligned.mutable_data());
    multiply_sparse(Context(), sparse.view(), {}, rows_of(dense, width), off);
    EXPECT_TRUE(std::equal(aligned.begin(), aligned.end(), off));
  });
}

TEST(MultiplySparse, OfEmptyRowsIsZero) {
  const Sparse sparse = random_sparse(std::vector<int64_t>(5000, 0), 3, 16);
  const std::vector<float> dense(3 * 9, 1.0f);
  EXPECT_EQ(product(sparse.view(), {}, rows_of(dense, 9), 2), std::vector<float>(5000 * 9, 0.0f));
}

TEST(MultiplySparse, OfNothingWritesNothing) {
  const std::vector<int64_t> offsets{0};
  const std::vector<float> dense{1};
  float out = 7;
  multiply_sparse(Context(), {0, 1, offsets, {}, {}}, {}, rows_of(dense, 1), &out);
  EXPECT_EQ(out, 7);
}

TEST(MultiplySparse, RefusesOtherShapesAndTypes) {
  const Sparse sparse = random_sparse({1}, 3, 17);
  const std::vector<float> dense(8, 1.0f);
  float out[4];
  try {
    multiply_sparse(Context(), sparse.view(), {}, rows_of(dense, 4), out);
    FAIL() << "no Error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("3 columns with 2 dense rows"));
  }
  EXPECT_THROW(multiply_sparse(Context(), sparse.view(), {}, {dense.data(), 3, 2, 2, DType::kF16}, out),
               Error);
}

RC_GTEST_PROP(MultiplySparse, OfASumIsTheSumOfProducts, ()) {
  // Small integers, so that every sum is exact.
  const auto rows = *rc::gen::inRange<int64_t>(1, 50), width = *rc::gen::inRange<int64_t>(1, 40);
  Sparse sparse = random_sparse(random_lengths(rows, static_cast<uint64_t>(rows)), 30, 18);
  sparse.weights = small_integers(std::ssize(sparse.columns), 19);
  const std::vector<float> a = small_integers(30 * width, 20), b = small_integers(30 * width, 21);
  std::vector<float> both(a);
  for (size_t i = 0; i < both.size(); ++i) both[i] += b[i];
  const std::vector<float> of_a = product(sparse.view(), {}, rows_of(a, width));
  const std::vector<float> of_b = product(sparse.view(), {}, rows_of(b, width));
  std::vector<float> expected(of_a);
  for (size_t i = 0; i < expected.size(); ++i) expected[i] += of_b[i];
  RC_ASSERT(product(sparse.view(), {}, rows_of(both, width)) == expected);
}

}  // namespace
}  // namespace whitney
