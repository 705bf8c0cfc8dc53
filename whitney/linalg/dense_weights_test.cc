#include "whitney/linalg/dense_weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

constexpr Epilogue kEpilogues[] = {Epilogue::kNone, Epilogue::kAdd,      Epilogue::kRelu,
                                   Epilogue::kGelu, Epilogue::kGeluTanh, Epilogue::kSilu};

MatrixView rows_of(const std::vector<float>& data, int64_t rows, int64_t cols) {
  return {data.data(), rows, cols, cols, DType::kF32};
}

// Every place holds `before` first.
std::vector<float> product(const DenseWeights& weights, const MatrixView& a,
                           Epilogue epilogue = Epilogue::kNone, float before = -7.0f) {
  std::vector<float> out(static_cast<size_t>(a.rows * weights.rows()), before);
  weights.multiply_on_this_thread(a, out.data(), weights.rows(), epilogue);
  return out;
}

bool same_bytes(const float* a, const float* b, int64_t n) {
  return std::memcmp(a, b, static_cast<size_t>(n) * sizeof(float)) == 0;
}

double expected_of(Epilogue epilogue, double x, double before) {
  switch (epilogue) {
    case Epilogue::kNone:
      return x;
    case Epilogue::kAdd:
      return before + x;
    case Epilogue::kRelu:
      return std::max(x, 0.0);
    case Epilogue::kGelu:
      return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case Epilogue::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case Epilogue::kSilu:
      return x / (1 + std::exp(-x));
  }
  return x;
}

TEST(DenseWeights, MultiplyAsComputedByHand) {
  at_each_level([] {
    const std::vector<float> w{1, 0, -1, 2, 2, 2}, bias{10, -20}, a{1, 2, 3, 4, 5, 6};
    const DenseWeights plain(rows_of(w, 2, 3)), biased(rows_of(w, 2, 3), bias);
    EXPECT_EQ(product(plain, rows_of(a, 2, 3)), (std::vector<float>{-2, 12, -2, 30}));
    EXPECT_EQ(product(biased, rows_of(a, 2, 3)), (std::vector<float>{8, -8, 8, 10}));
    EXPECT_EQ(product(biased, rows_of(a, 2, 3), Epilogue::kRelu), (std::vector<float>{8, 0, 8, 10}));
    EXPECT_EQ(product(biased, rows_of(a, 2, 3), Epilogue::kAdd, 1), (std::vector<float>{9, -7, 9, 11}));
  });
}

TEST(DenseWeights, AgreeWithFloat64UnderEveryEpilogue) {
  // The sum errs by 1.01 (k + 3) u sum|terms|, u = 2^-24, in any order; no epilogue is steeper than 1.13, and
  // their own error is below |x| 2^-20.
  struct Shape {
    int64_t m, n, k;
  };
  at_each_level([] {
    for (const Shape& s : {Shape{1, 1, 1}, {10, 49, 7}, {19, 100, 33}, {3, 17, kTermBlock + 1}}) {
      const std::vector<float> a = random_floats(s.m * s.k, 1, 1), w = random_floats(s.n * s.k, 2, 1);
      const std::vector<float> bias = random_floats(s.n, 3, 2);
      const DenseWeights weights(rows_of(w, s.n, s.k), bias);
      for (Epilogue epilogue : kEpilogues) {
        const std::vector<float> out = product(weights, rows_of(a, s.m, s.k), epilogue, 0.5f);
        for (int64_t at = 0; at < s.m * s.n; ++at) {
          const int64_t i = at / s.n, j = at % s.n;
          double sum = bias[static_cast<size_t>(j)], magnitude = std::abs(sum) + 0.5;
          for (int64_t t = 0; t < s.k; ++t) {
            const double term = static_cast<double>(a[static_cast<size_t>(i * s.k + t)]) *
                                static_cast<double>(w[static_cast<size_t>(j * s.k + t)]);
            sum += term;
            magnitude += std::abs(term);
          }
          const double bound = 1.2 * static_cast<double>(s.k + 3 + 16) * kUnit * magnitude;
          ASSERT_NEAR(out[static_cast<size_t>(at)], expected_of(epilogue, sum, 0.5), bound)
              << s.m << " x " << s.n << " x " << s.k << ", epilogue " << static_cast<int>(epilogue);
        }
      }
    }
  });
}

TEST(DenseWeights, GiveEachRowTheSameBytesAtEveryHeightOfItsBatch) {
  at_each_level([] {
    const int64_t m = 300, n = 67, k = 5;
    const std::vector<float> a = random_floats(m * k, 4, 1), w = random_floats(n * k, 5, 1);
    const std::vector<float> bias = random_floats(n, 6);
    const DenseWeights weights(rows_of(w, n, k), bias);
    const MatrixView rows = rows_of(a, m, k);
    std::vector<float> alone;
    for (int64_t i = 0; i < m; ++i) {
      const std::vector<float> one = product(weights, rows.slice(i, i + 1), Epilogue::kGelu);
      alone.insert(alone.end(), one.begin(), one.end());
    }
    for (int64_t height = 1; height <= m; ++height) {
      const std::vector<float> top = product(weights, rows.slice(0, height), Epilogue::kGelu);
      ASSERT_TRUE(same_bytes(top.data(), alone.data(), height * n)) << "height " << height;
    }
  });
}

TEST(DenseWeights, GiveWideRowsTheSameBytesAtEveryHeightUnderEveryEpilogue) {
  at_each_level([] {
    const int64_t m = 31, n = 53, k = 2 * kTermBlock + 3;
    const std::vector<float> a = random_floats(m * k, 7, 1), w = random_floats(n * k, 8, 1);
    const DenseWeights weights(rows_of(w, n, k), random_floats(n, 9));
    const MatrixView rows = rows_of(a, m, k);
    for (Epilogue epilogue : kEpilogues) {
      const std::vector<float> all = product(weights, rows, epilogue);
      for (int64_t height : {1, 2, 5, 6, 7, 9, 10, 12, 13, 18, 19, 30}) {
        const std::vector<float> end = product(weights, rows.slice(m - height, m), epilogue);
        ASSERT_TRUE(same_bytes(end.data(), all.data() + (m - height) * n, height * n)) << "height " << height;
      }
    }
  });
}

TEST(DenseWeights, ReadStridedRowsAndWriteTheirColumnsOnly) {
  at_each_level([] {
    const int64_t m = 11, n = 50, k = 9;
    const std::vector<float> a = small_integers(m * k, 1), w = small_integers(n * k, 2);
    const std::vector<float> expected =
        product(DenseWeights(rows_of(w, n, k)), rows_of(a, m, k), Epilogue::kSilu);
    for (int64_t shift = 0; shift < 16; ++shift) {
      // Between the rows stand NaN, and what is beyond the columns of out must stay.
      const int64_t stride = k + 1 + shift % 4, out_stride = n + shift;
      std::vector<float> wide_a(static_cast<size_t>(m * stride), NAN),
          wide_w(static_cast<size_t>(n * stride), NAN);
      for (int64_t i = 0; i < m; ++i) std::copy_n(a.begin() + i * k, k, wide_a.begin() + i * stride);
      for (int64_t i = 0; i < n; ++i) std::copy_n(w.begin() + i * k, k, wide_w.begin() + i * stride);
      const Guarded<float> left = guarded(wide_a, shift), right = guarded(wide_w, 15 - shift);
      const DenseWeights weights(MatrixView{right.data(), n, k, stride, DType::kF32});
      std::vector<float> out(static_cast<size_t>(shift + m * out_stride), -7.0f);
      weights.multiply_on_this_thread({left.data(), m, k, stride, DType::kF32}, out.data() + shift,
                                      out_stride, Epilogue::kSilu);
      for (int64_t i = 0; i < m; ++i) {
        const float* row = out.data() + shift + i * out_stride;
        ASSERT_TRUE(same_bytes(row, expected.data() + i * n, n)) << "row " << i << ", shift " << shift;
        for (int64_t j = n; j < out_stride; ++j) ASSERT_EQ(row[j], -7.0f);
      }
    }
  });
}

TEST(DenseWeights, GiveTheSameBytesAtAnyNumberOfThreads) {
  // More rows and columns than a tile, so that several tasks share the work.
  const int64_t m = 500, n = 550, k = 11;
  const std::vector<float> a = random_floats(m * k, 7), w = random_floats(n * k, 8);
  const DenseWeights weights(rows_of(w, n, k));
  const std::vector<float> expected = product(weights, rows_of(a, m, k));
  for (int threads : {1, 2, 5}) {
    std::vector<float> out(static_cast<size_t>(m * n));
    weights.multiply(with_threads(threads), rows_of(a, m, k), out.data(), n);
    EXPECT_EQ(out, expected) << threads << " threads";
  }
}

TEST(DenseWeights, ComeFromAFunctionOrFromHalfFloatsToo) {
  const int64_t m = 4, n = 130, k = 6;
  const std::vector<float> a = small_integers(m * k, 1), w = small_integers(n * k, 2);
  const std::vector<float> expected = product(DenseWeights(rows_of(w, n, k)), rows_of(a, m, k));
  const DenseWeights copied(with_threads(2), n, k, [&](int64_t begin, int64_t end, float* out) {
    std::copy(w.begin() + begin * k, w.begin() + end * k, out);
  });
  EXPECT_EQ(product(copied, rows_of(a, m, k)), expected);
  std::vector<Float16> halves(w.size());
  for (size_t i = 0; i < w.size(); ++i) halves[i] = to_float16(w[i]);
  const DenseWeights half({halves.data(), n, k, k, DType::kF16});
  EXPECT_EQ(product(half, rows_of(a, m, k)), expected);
}

TEST(DenseWeights, PackedAtOneLevelServeEveryOther) {
  const int64_t m = 7, n = 61, k = 10;
  const std::vector<float> a = small_integers(m * k, 1), w = small_integers(n * k, 2);
  set_simd_level(simd_levels().front());
  const DenseWeights weights(rows_of(w, n, k));
  const std::vector<float> expected = product(weights, rows_of(a, m, k));
  at_each_level([&] { EXPECT_EQ(product(weights, rows_of(a, m, k)), expected); });
}

TEST(DenseWeights, OfNoInputsGiveTheBias) {
  at_each_level([] {
    const std::vector<float> nothing, bias{1, -2};
    const DenseWeights weights(rows_of(nothing, 2, 0), bias);
    EXPECT_EQ(product(weights, rows_of(nothing, 2, 0)), (std::vector<float>{1, -2, 1, -2}));
    EXPECT_EQ(product(weights, rows_of(nothing, 1, 0), Epilogue::kAdd, 5), (std::vector<float>{6, 3}));
    EXPECT_TRUE(product(weights, rows_of(nothing, 0, 0)).empty());
  });
}

TEST(DenseWeights, RefuseOtherWidthsTypesAndBiases) {
  const std::vector<float> data(6, 1.0f);
  const DenseWeights weights(rows_of(data, 2, 3));
  float out[9];
  try {
    weights.multiply_on_this_thread(rows_of(data, 3, 2), out, 2);
    FAIL() << "no Error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("width 2 with weights of width 3"), std::string::npos);
  }
  EXPECT_THROW(weights.multiply(Context(), {data.data(), 1, 3, 3, DType::kF16}, out, 2), Error);
  EXPECT_THROW(DenseWeights(rows_of(data, 2, 3), data), Error);
}

}  // namespace
}  // namespace whitney
