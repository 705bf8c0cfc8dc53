#include "whitney/linalg/distance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr Kernel kKernels[] = {Kernel::kInnerProduct, Kernel::kSquaredL2};

// A sum in float64 and the sum of the terms' magnitudes.
struct Reference {
  double sum = 0;
  double magnitude = 0;
};

Reference reference(Kernel kernel, const float* a, const float* b, int64_t n) {
  Reference result;
  for (int64_t i = 0; i < n; ++i) {
    const double x = a[i], y = b[i];
    const double term = kernel == Kernel::kInnerProduct ? x * y : (x - y) * (x - y);
    result.sum += term;
    result.magnitude += std::abs(term);
  }
  return result;
}

// |error| <= 1.01 (n + 3) u sum|terms|: n roundings of a chain, one of the product, two of a difference's
// square; u = 2^-24. The last addend is for results below the normal range.
double tolerance(const Reference& expected, int64_t n) {
  return 1.01 * static_cast<double>(n + 3) * kUnit * expected.magnitude + static_cast<double>(n) * 1.5e-45;
}

MatrixView rows_of(const float* data, int64_t rows, int64_t cols) {
  return {data, rows, cols, cols, DType::kF32};
}

TEST(Distance, AgreesWithFloat64AtEveryLevelLengthAndAlignment) {
  at_each_level([] {
    for (int64_t n : awkward_lengths()) {
      const std::vector<float> a = random_floats(n, 1), b = random_floats(n, 2);
      for (int64_t shift = 0; shift < 16; ++shift) {
        const Guarded<float> left = guarded(a, shift), right = guarded(b, (shift * 7) % 16);
        for (Kernel kernel : kKernels) {
          const Reference expected = reference(kernel, a.data(), b.data(), n);
          ASSERT_NEAR(distance(kernel, left.data(), right.data(), n), expected.sum, tolerance(expected, n))
              << "length " << n << ", shift " << shift;
        }
      }
    }
  });
}

TEST(Distance, ReadsNothingBehindTheLastRow) {
  // Memory of the exact size: a sanitizer sees every byte read beyond.
  at_each_level([] {
    for (int64_t n : awkward_lengths()) {
      const std::vector<float> query = small_integers(n, 1);
      const std::vector<float> f32(query);
      std::vector<Float16> f16;
      for (float value : query) f16.push_back(to_float16(value));
      const std::vector<uint8_t> u8(static_cast<size_t>(n), 2);
      float square = 0, sum = 0;
      for (float value : query) square += value * value, sum += 2 * value;
      float out;
      distance_one_to_many(Kernel::kInnerProduct, query.data(), {f32.data(), 1, n, n, DType::kF32}, 0, 1,
                           &out);
      ASSERT_EQ(out, square);
      distance_one_to_many(Kernel::kInnerProduct, query.data(), {f16.data(), 1, n, n, DType::kF16}, 0, 1,
                           &out);
      ASSERT_EQ(out, square);
      distance_one_to_many(Kernel::kInnerProduct, query.data(), {u8.data(), 1, n, n, DType::kU8}, 0, 1, &out);
      ASSERT_EQ(out, sum);
    }
  });
}

TEST(Distance, KeepsItsBoundForHugeAndTinyMagnitudesOfBothSigns) {
  at_each_level([] {
    for (int64_t n : {7, 67, 1003}) {
      const std::vector<float> a = random_floats(n, 3, 30), b = random_floats(n, 4, 30);
      for (Kernel kernel : kKernels) {
        const Reference expected = reference(kernel, a.data(), b.data(), n);
        EXPECT_NEAR(distance(kernel, a.data(), b.data(), n), expected.sum, tolerance(expected, n));
      }
    }
  });
}

TEST(Distance, KeepsDenormals) {
  at_each_level([] {
    const std::vector<float> tiny(35, 1e-40f), huge(35, 1e30f), zero(35, 0.0f);
    const Reference expected = reference(Kernel::kInnerProduct, tiny.data(), huge.data(), 35);
    EXPECT_NEAR(distance(Kernel::kInnerProduct, tiny.data(), huge.data(), 35), expected.sum,
                tolerance(expected, 35));
    EXPECT_GT(expected.sum, 3e-9);
    EXPECT_EQ(distance(Kernel::kSquaredL2, tiny.data(), zero.data(), 35), 0.0f);
  });
}

TEST(Distance, CarriesInfinitiesAndNaN) {
  at_each_level([] {
    for (int64_t at : {0, 5, 34}) {
      std::vector<float> a(35, 1.0f), b(35, 2.0f);
      a[static_cast<size_t>(at)] = kInfinity;
      EXPECT_EQ(distance(Kernel::kInnerProduct, a.data(), b.data(), 35), kInfinity);
      EXPECT_EQ(distance(Kernel::kSquaredL2, a.data(), b.data(), 35), kInfinity);
      b[static_cast<size_t>(at)] = kInfinity;
      EXPECT_TRUE(std::isnan(distance(Kernel::kSquaredL2, a.data(), b.data(), 35)));
      b[static_cast<size_t>(at)] = 0;
      EXPECT_TRUE(std::isnan(distance(Kernel::kInnerProduct, a.data(), b.data(), 35)));
    }
  });
}

TEST(Distance, OfOneToManyAgreesWithFloat64ForEveryType) {
  constexpr int64_t kRows = 11;
  at_each_level([] {
    for (int64_t n : awkward_lengths()) {
      const int64_t stride = n + 3;
      const std::vector<float> query = random_floats(n, 5);
      std::vector<float> f32 = random_floats(kRows * stride, 6);
      std::vector<Float16> f16;
      std::vector<uint8_t> u8;
      for (float value : f32) {
        f16.push_back(to_float16(value));
        u8.push_back(static_cast<uint8_t>(std::abs(value) * 31));
      }
      const MatrixView views[] = {{f32.data(), kRows, n, stride, DType::kF32},
                                  {f16.data(), kRows, n, stride, DType::kF16},
                                  {u8.data(), kRows, n, stride, DType::kU8}};
      for (const MatrixView& view : views) {
        for (Kernel kernel : kKernels) {
          std::vector<float> out(kRows - 1);
          distance_one_to_many(kernel, query.data(), view, 1, kRows, out.data());
          for (int64_t r = 1; r < kRows; ++r) {
            std::vector<float> row(static_cast<size_t>(n));
            copy_row_as_float(view, r, row.data());
            const Reference expected = reference(kernel, query.data(), row.data(), n);
            ASSERT_NEAR(out[static_cast<size_t>(r - 1)], expected.sum, tolerance(expected, n))
                << name_of(view.dtype) << ", length " << n << ", row " << r;
          }
        }
      }
    }
  });
}

TEST(Distance, GivesTheSameBitsThroughEachDoorOfTheOneToOneKernel) {
  constexpr int64_t kRows = 9;
  at_each_level([] {
    for (int64_t n : {3, 16, 67, 200}) {
      const std::vector<float> query = random_floats(n, 7), base = random_floats(kRows * n, 8);
      for (Kernel kernel : kKernels) {
        std::vector<float> single, many(kRows), listed(kRows);
        for (int64_t r = 0; r < kRows; ++r) {
          single.push_back(distance(kernel, query.data(), base.data() + r * n, n));
        }
        distance_one_to_many(kernel, query.data(), rows_of(base.data(), kRows, n), 0, kRows, many.data());
        EXPECT_EQ(many, single);
        const std::vector<uint32_t> rows{8, 0, 3, 3, 7, 1, 2};
        distance_one_to_rows(kernel, query.data(), rows_of(base.data(), kRows, n), rows, listed.data());
        for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(listed[i], single[rows[i]]);
      }
    }
  });
}

TEST(Distance, OfManyToManyAgreesWithFloat64) {
  at_each_level([] {
    for (int64_t n : {0, 1, 15, 50, 300}) {
      const int64_t num_queries = 17, num_rows = 41;
      const std::vector<float> queries = random_floats(num_queries * n, 9),
                               base = random_floats(num_rows * n, 10);
      for (Kernel kernel : kKernels) {
        std::vector<float> out(static_cast<size_t>(num_queries * num_rows));
        distance_many_to_many(kernel, rows_of(queries.data(), num_queries, n),
                              rows_of(base.data(), num_rows, n), out.data());
        for (int64_t q = 0; q < num_queries; ++q) {
          for (int64_t r = 0; r < num_rows; ++r) {
            const Reference expected = reference(kernel, queries.data() + q * n, base.data() + r * n, n);
            ASSERT_NEAR(out[static_cast<size_t>(q * num_rows + r)], expected.sum, tolerance(expected, n));
          }
        }
      }
    }
  });
}

TEST(Distance, OfManyToManyDoesNotDependOnTheNumberOfQueries) {
  at_each_level([] {
    const int64_t n = 19, num_queries = 250, num_rows = 23;
    const std::vector<float> queries = random_floats(num_queries * n, 11),
                             base = random_floats(num_rows * n, 12);
    std::vector<float> all(static_cast<size_t>(num_queries * num_rows));
    distance_many_to_many(Kernel::kSquaredL2, rows_of(queries.data(), num_queries, n),
                          rows_of(base.data(), num_rows, n), all.data());
    for (int64_t q = 0; q < num_queries; q += 7) {
      std::vector<float> one(static_cast<size_t>(num_rows));
      distance_many_to_many(Kernel::kSquaredL2, rows_of(queries.data() + q * n, 1, n),
                            rows_of(base.data(), num_rows, n), one.data());
      ASSERT_TRUE(std::equal(one.begin(), one.end(), all.begin() + q * num_rows)) << "query " << q;
    }
  });
}

TEST(Distance, OfNoRowsWritesNothing) {
  const float query[] = {1};
  const MatrixView base{query, 1, 1, 1, DType::kF32};
  float out = 7;
  distance_one_to_rows(Kernel::kInnerProduct, query, base, {}, &out);
  distance_one_to_many(Kernel::kInnerProduct, query, base, 1, 1, &out);
  distance_many_to_many(Kernel::kInnerProduct, base.slice(0, 0), base, &out);
  EXPECT_EQ(out, 7);
}

TEST(Distance, RefusesTypesWithoutKernels) {
  const int8_t data[] = {1, 2};
  const float query[] = {1, 2};
  const MatrixView base{data, 1, 2, 2, DType::kI8};
  float out;
  EXPECT_FALSE(has_kernels(DType::kI8));
  try {
    distance_one_to_many(Kernel::kInnerProduct, query, base, 0, 1, &out);
    FAIL() << "no Error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("not of I8"));
  }
  EXPECT_THROW(squared_norms(base, &out), Error);
  EXPECT_THROW(row_norms(Context(), base, &out), Error);
}

RC_GTEST_PROP(Distance, IsSymmetricToTheBit, (std::vector<std::pair<float, float>> pairs)) {
  std::vector<float> a, b;
  for (const auto& [x, y] : pairs) a.push_back(x), b.push_back(y);
  for (Kernel kernel : kKernels) {
    RC_ASSERT(distance(kernel, a.data(), b.data(), std::ssize(a)) ==
              distance(kernel, b.data(), a.data(), std::ssize(a)));
  }
}

RC_GTEST_PROP(Distance, OfAVectorToItselfIsZero, (std::vector<float> a)) {
  RC_ASSERT(distance(Kernel::kSquaredL2, a.data(), a.data(), std::ssize(a)) == 0.0f);
}

TEST(RowNorms, AreTheEuclideanLengths) {
  // 3-4-5 and 2-3-6-7.
  const float data[] = {3, 4, 0, 0, 2, 3, 6, 0, 0, 0, 0, 0};
  std::vector<float> norms(3);
  row_norms(Context(), rows_of(data, 3, 4), norms.data());
  EXPECT_EQ(norms, (std::vector<float>{5, 7, 0}));
}

TEST(RowNorms, StandSquaresBeyondTheRangeOfFloat32) {
  at_each_level([] {
    const float data[] = {3e30f, 4e30f, 3e-30f, 4e-30f};
    std::vector<float> norms(2);
    row_norms(Context(), rows_of(data, 2, 2), norms.data());
    EXPECT_FLOAT_EQ(norms[0], 5e30f);
    EXPECT_FLOAT_EQ(norms[1], 5e-30f);
  });
}

TEST(RowNorms, SquaredAreTheInnerProductWithItselfToTheBit) {
  at_each_level([] {
    const std::vector<float> data = random_floats(5 * 67, 13);
    std::vector<float> squared(5);
    squared_norms(rows_of(data.data(), 5, 67), squared.data());
    for (int64_t i = 0; i < 5; ++i) {
      const float* row = data.data() + i * 67;
      EXPECT_EQ(squared[static_cast<size_t>(i)], distance(Kernel::kInnerProduct, row, row, 67));
    }
  });
}

TEST(RowNorms, AreTheSameBytesAtAnyNumberOfThreads) {
  const std::vector<float> data = random_floats(2500 * 5, 14);
  std::vector<float> one(2500), two(2500), five(2500);
  row_norms(with_threads(1), rows_of(data.data(), 2500, 5), one.data());
  row_norms(with_threads(2), rows_of(data.data(), 2500, 5), two.data());
  row_norms(with_threads(5), rows_of(data.data(), 2500, 5), five.data());
  EXPECT_EQ(two, one);
  EXPECT_EQ(five, one);
}

TEST(NormalizeRows, GivesNormOneAndCountsZeroRows) {
  const uint8_t data[] = {3, 4, 99, 0, 0, 99, 8, 6, 99};  // two columns at a stride of three
  Matrix out;
  EXPECT_EQ(normalize_rows(Context(), {data, 3, 2, 3, DType::kU8}, out), 1);
  EXPECT_EQ(std::vector<float>(out.row<float>(0).begin(), out.row<float>(0).end()),
            (std::vector<float>{0.6f, 0.8f}));
  EXPECT_EQ(std::vector<float>(out.row<float>(1).begin(), out.row<float>(1).end()),
            (std::vector<float>{0, 0}));
  EXPECT_EQ(std::vector<float>(out.row<float>(2).begin(), out.row<float>(2).end()),
            (std::vector<float>{0.8f, 0.6f}));
}

TEST(NormalizeRows, StandsHugeAndSubnormalRows) {
  const float data[] = {3e38f, 3e38f, 3e-39f, 4e-39f};
  Matrix out;
  EXPECT_EQ(normalize_rows(Context(), rows_of(data, 2, 2), out), 0);
  EXPECT_FLOAT_EQ(out.row<float>(0)[0], std::sqrt(0.5f));
  EXPECT_NEAR(out.row<float>(1)[0], 0.6, 1e-6);  // subnormal numbers near 3e-39 are 2^-21 apart, relatively
  EXPECT_NEAR(out.row<float>(1)[1], 0.8, 1e-6);
}

TEST(NormalizeRows, IsTheSameBytesAtAnyNumberOfThreads) {
  const std::vector<float> data = random_floats(2500 * 5, 15);
  Matrix one, five;
  normalize_rows(with_threads(1), rows_of(data.data(), 2500, 5), one);
  normalize_rows(with_threads(5), rows_of(data.data(), 2500, 5), five);
  EXPECT_TRUE(std::equal(one.bytes().begin(), one.bytes().end(), five.bytes().begin()));
}

}  // namespace
}  // namespace whitney
