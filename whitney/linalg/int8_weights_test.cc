#include "whitney/linalg/int8_weights.h"

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

std::vector<float> product(const Int8Weights& weights, const MatrixView& a,
                           Epilogue epilogue = Epilogue::kNone, float before = -7.0f) {
  QuantizedRows rows;
  rows.quantize(a);
  std::vector<float> out(static_cast<size_t>(a.rows * weights.rows()), before);
  weights.multiply_on_this_thread(rows, out.data(), weights.rows(), epilogue);
  return out;
}

bool same_bytes(const float* a, const float* b, int64_t n) {
  return std::memcmp(a, b, static_cast<size_t>(n) * sizeof(float)) == 0;
}

TEST(QuantizedRows, SpreadEachRowsRangeOverTheCodes) {
  at_each_level([] {
    // Ranges -1..4.1, 0..51 and -2.55..0 at steps of 0.02, 0.2 and 0.01; then nothing but zeros.
    const std::vector<float> a{-1, 0, 4.1f, 0.02f, 1, 51, 50.8f, 0.2f, -2.55f, 0, -0.01f, -1, 0, 0, 0, 0};
    QuantizedRows rows;
    rows.quantize(rows_of(a, 4, 4));
    const auto codes = [&](int64_t i) { return std::vector<int>(rows.codes(i), rows.codes(i) + 4); };
    EXPECT_EQ(codes(0), (std::vector<int>{0, 50, 255, 51}));
    EXPECT_EQ(codes(1), (std::vector<int>{5, 255, 254, 1}));
    EXPECT_EQ(codes(2), (std::vector<int>{0, 255, 254, 155}));
    EXPECT_EQ(codes(3), (std::vector<int>{0, 0, 0, 0}));
    EXPECT_EQ(std::vector<int32_t>(rows.zeros(), rows.zeros() + 4), (std::vector<int32_t>{50, 0, 255, 0}));
    EXPECT_FLOAT_EQ(rows.scales()[0], 0.02f);
    EXPECT_EQ(rows.scales()[3], 0.0f);
  });
}

TEST(Int8Weights, MultiplyAsComputedByHand) {
  at_each_level([] {
    // Scales 1 and 2; a row of range 0..255 is its own codes.
    const std::vector<float> w{127, 0, -1, 2, 3, 254, 2, -4, 0, 6}, bias{10, -20};
    const std::vector<float> a{255, 1, 2, 3, 4};
    const Int8Weights weights(rows_of(w, 2, 5), bias);
    const float first = 127 * 255 - 2 + 6 + 12 + 10, second = 254 * 255 + 2 - 8 + 24 - 20;
    EXPECT_EQ(product(weights, rows_of(a, 1, 5)), (std::vector<float>{first, second}));
    EXPECT_EQ(product(weights, rows_of(a, 1, 5), Epilogue::kAdd, 1),
              (std::vector<float>{first + 1, second + 1}));
  });
}

TEST(Int8Weights, ErrByHalfAStepOfEachCode) {
  // With steps s of the row and t of a weight's row, a term a w errs by at most |a| t/2 + |w| s + s t/2: the
  // zero point is rounded as well as the code. Rounding of floats adds 1e-5 of the sum of magnitudes.
  struct Shape {
    int64_t m, n, k;
  };
  at_each_level([] {
    for (const Shape& s : {Shape{1, 1, 1}, {10, 49, 7}, {19, 100, 33}, {5, 17, 386}}) {
      const std::vector<float> a = random_floats(s.m * s.k, 1), w = random_floats(s.n * s.k, 2);
      const Int8Weights weights(rows_of(w, s.n, s.k));
      QuantizedRows rows;
      rows.quantize(rows_of(a, s.m, s.k));
      const std::vector<float> out = product(weights, rows_of(a, s.m, s.k));
      for (int64_t at = 0; at < s.m * s.n; ++at) {
        const int64_t i = at / s.n, j = at % s.n;
        const double s_a = rows.scales()[i], s_w = weights.scales()[static_cast<size_t>(j)];
        double sum = 0, bound = 0;
        for (int64_t t = 0; t < s.k; ++t) {
          const double x = a[static_cast<size_t>(i * s.k + t)], y = w[static_cast<size_t>(j * s.k + t)];
          sum += x * y;
          bound += std::abs(x) * s_w / 2 + std::abs(y) * s_a + s_a * s_w / 2 + 1e-5 * std::abs(x * y);
        }
        ASSERT_NEAR(out[static_cast<size_t>(at)], sum, bound) << s.m << " x " << s.n << " x " << s.k;
      }
    }
  });
}

TEST(Int8Weights, AgreeAtEveryLevelBitForBit) {
  const int64_t m = 23, n = 107, k = 391;
  const std::vector<float> a = random_floats(m * k, 3), w = random_floats(n * k, 4);
  const Int8Weights weights(rows_of(w, n, k), random_floats(n, 5));
  for (Epilogue epilogue : {Epilogue::kNone, Epilogue::kAdd, Epilogue::kRelu}) {
    set_simd_level(simd_levels().front());
    const std::vector<float> expected = product(weights, rows_of(a, m, k), epilogue);
    at_each_level([&] { EXPECT_EQ(product(weights, rows_of(a, m, k), epilogue), expected); });
  }
}

TEST(Int8Weights, SumTheLargestCodesWithoutOverflow) {
  at_each_level([] {
    const int64_t k = 65'536;
    const std::vector<float> a(static_cast<size_t>(k), 255.0f), w(static_cast<size_t>(k), -127.0f);
    EXPECT_EQ(product(Int8Weights(rows_of(w, 1, k)), rows_of(a, 1, k)),
              (std::vector<float>{-255.0f * 127.0f * 65'536.0f}));
  });
}

TEST(Int8Weights, GiveEachRowTheSameBytesAtEveryHeightOfItsBatch) {
  at_each_level([] {
    const int64_t m = 300, n = 67, k = 6;
    const std::vector<float> a = random_floats(m * k, 4), w = random_floats(n * k, 5);
    const Int8Weights weights(rows_of(w, n, k), random_floats(n, 6));
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

TEST(Int8Weights, ActivateAsThePlainSumIsActivated) {
  at_each_level([] {
    const int64_t m = 11, n = 53, k = 19;
    const std::vector<float> a = random_floats(m * k, 7, 1), w = random_floats(n * k, 8, 1);
    const Int8Weights weights(rows_of(w, n, k), random_floats(n, 9));
    const std::vector<float> sums = product(weights, rows_of(a, m, k));
    for (Epilogue epilogue : kEpilogues) {
      const std::vector<float> out = product(weights, rows_of(a, m, k), epilogue, 0.5f);
      for (size_t at = 0; at < out.size(); ++at) {
        const double x = sums[at];
        double expected = x;
        if (epilogue == Epilogue::kAdd) expected = x + 0.5;
        if (epilogue == Epilogue::kRelu) expected = std::max(x, 0.0);
        if (epilogue == Epilogue::kGelu) expected = x * 0.5 * std::erfc(-x / std::sqrt(2.0));
        if (epilogue == Epilogue::kGeluTanh) {
          expected = 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
        }
        if (epilogue == Epilogue::kSilu) expected = x / (1 + std::exp(-x));
        ASSERT_NEAR(out[at], expected, 16 * kUnit * (std::abs(x) + 0.5)) << static_cast<int>(epilogue);
      }
    }
  });
}

TEST(Int8Weights, ReadStridedRowsAndWriteTheirColumnsOnly) {
  at_each_level([] {
    const int64_t m = 11, n = 50, k = 9;
    const std::vector<float> a = random_floats(m * k, 1), w = random_floats(n * k, 2);
    const Int8Weights weights(rows_of(w, n, k));
    const std::vector<float> expected = product(weights, rows_of(a, m, k));
    for (int64_t shift = 0; shift < 16; ++shift) {
      // Between the rows stand NaN, and what is beyond the columns of out must stay.
      const int64_t stride = k + 1 + shift % 4, out_stride = n + shift;
      std::vector<float> wide(static_cast<size_t>(m * stride), NAN);
      for (int64_t i = 0; i < m; ++i) std::copy_n(a.begin() + i * k, k, wide.begin() + i * stride);
      const Guarded<float> left = guarded(wide, shift);
      std::vector<float> out(static_cast<size_t>(m * out_stride), -7.0f);
      weights.multiply(with_threads(1), {left.data(), m, k, stride, DType::kF32}, out.data(), out_stride);
      for (int64_t i = 0; i < m; ++i) {
        const float* row = out.data() + i * out_stride;
        ASSERT_TRUE(same_bytes(row, expected.data() + i * n, n)) << "row " << i << ", shift " << shift;
        for (int64_t j = n; j < out_stride; ++j) ASSERT_EQ(row[j], -7.0f);
      }
    }
  });
}

TEST(Int8Weights, GiveTheSameBytesAtAnyNumberOfThreads) {
  const int64_t m = 500, n = 550, k = 11;
  const std::vector<float> a = random_floats(m * k, 7), w = random_floats(n * k, 8);
  const auto copy = [&](int64_t begin, int64_t end, float* out) {
    std::copy(w.begin() + begin * k, w.begin() + end * k, out);
  };
  const std::vector<float> expected = product(Int8Weights(rows_of(w, n, k)), rows_of(a, m, k));
  for (int threads : {1, 2, 5}) {
    const Int8Weights weights(with_threads(threads), n, k, copy);
    std::vector<float> out(static_cast<size_t>(m * n));
    weights.multiply(with_threads(threads), rows_of(a, m, k), out.data(), n);
    EXPECT_EQ(out, expected) << threads << " threads";
  }
}

TEST(Int8Weights, KeepInfinityAndNaNToTheirRows) {
  at_each_level([] {
    const int64_t m = 12, n = 5, k = 20;
    std::vector<float> a(static_cast<size_t>(m * k), 1.0f), w(static_cast<size_t>(n * k), 1.0f);
    a[3 * k + 2] = INFINITY;
    a[7 * k + 19] = NAN;
    const std::vector<float> out = product(Int8Weights(rows_of(w, n, k)), rows_of(a, m, k));
    for (int64_t at = 0; at < m * n; ++at) {
      const float value = out[static_cast<size_t>(at)];
      if (at / n == 3 || at / n == 7) {
        ASSERT_TRUE(std::isnan(value)) << at;
      } else {
        ASSERT_FLOAT_EQ(value, 20.0f) << at;
      }
    }
  });
}

TEST(Int8Weights, OfNoInputsGiveTheBias) {
  const std::vector<float> nothing, bias{1, -2};
  const Int8Weights weights(rows_of(nothing, 2, 0), bias);
  EXPECT_EQ(product(weights, rows_of(nothing, 2, 0)), (std::vector<float>{1, -2, 1, -2}));
  EXPECT_TRUE(product(weights, rows_of(nothing, 0, 0)).empty());
}

TEST(Int8Weights, RefuseOtherWidthsAndValuesThatAreNotFinite) {
  std::vector<float> data(6, 1.0f), out(9);
  const Int8Weights weights(rows_of(data, 2, 3));
  EXPECT_THROW(product(weights, rows_of(data, 3, 2)), Error);
  EXPECT_THROW(weights.multiply(Context(), {data.data(), 1, 3, 3, DType::kF16}, out.data(), 2), Error);
  EXPECT_THROW(Int8Weights(rows_of(data, 2, 3), data), Error);
  EXPECT_THROW(Int8Weights(rows_of(data, 1, 65'537)), Error);
  data[4] = NAN;
  try {
    const Int8Weights refused(rows_of(data, 2, 3));
    FAIL() << "no Error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("row 1 of the weights holds"), std::string::npos);
  }
}

}  // namespace
}  // namespace whitney
