#include "whitney/linalg/code_distance.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <utility>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

constexpr CodeKernel kKernels[] = {CodeKernel::kDot, CodeKernel::kSquaredL2};

int32_t plain(CodeKernel kernel, const uint8_t* a, const uint8_t* b, int64_t n) {
  int64_t sum = 0;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t x = a[i], y = b[i];
    sum += kernel == CodeKernel::kDot ? x * y : (x - y) * (x - y);
  }
  return static_cast<int32_t>(sum);
}

std::vector<uint8_t> random_codes(int64_t n, uint64_t item) {
  RandomStream random(42, "codes", item);
  std::vector<uint8_t> codes(static_cast<size_t>(n));
  for (uint8_t& code : codes) code = static_cast<uint8_t>(random.below(256));
  return codes;
}

TEST(CodeDistance, IsComputedByHand) {
  at_each_level([] {
    const uint8_t a[] = {1, 2, 255}, b[] = {4, 0, 250};
    EXPECT_EQ(code_distance(CodeKernel::kDot, a, b, 3), 4 + 0 + 63'750);
    EXPECT_EQ(code_distance(CodeKernel::kSquaredL2, a, b, 3), 9 + 4 + 25);
  });
}

TEST(CodeDistance, IsExactAtEveryLevelLengthAndAlignment) {
  at_each_level([] {
    for (int64_t n : awkward_lengths()) {
      const std::vector<uint8_t> a = random_codes(n, 1), b = random_codes(n, 2);
      for (int64_t shift = 0; shift < 64; shift += 3) {
        const Guarded<uint8_t> left(a, shift, 255), right(b, (shift * 7) % 64, 255);
        for (CodeKernel kernel : kKernels) {
          ASSERT_EQ(code_distance(kernel, left.data(), right.data(), n), plain(kernel, a.data(), b.data(), n))
              << "length " << n << ", shift " << shift;
        }
      }
    }
  });
}

TEST(CodeDistance, ReadsNothingBehindTheLastCode) {
  // Memory of the exact size: a sanitizer sees every byte read beyond.
  at_each_level([] {
    for (int64_t n : awkward_lengths()) {
      const std::vector<uint8_t> a = random_codes(n, 1);
      ASSERT_EQ(code_distance(CodeKernel::kSquaredL2, a.data(), a.data(), n), 0);
    }
  });
}

TEST(CodeDistance, HoldsTheLargestSumAtTheGreatestWidth) {
  at_each_level([] {
    const std::vector<uint8_t> zeros(kMaxCodeDim, 0), full(kMaxCodeDim, 255);
    EXPECT_EQ(code_distance(CodeKernel::kDot, full.data(), full.data(), kMaxCodeDim), 2'147'450'625);
    EXPECT_EQ(code_distance(CodeKernel::kSquaredL2, full.data(), zeros.data(), kMaxCodeDim), 2'147'450'625);
    EXPECT_EQ(code_distance(CodeKernel::kDot, zeros.data(), full.data(), kMaxCodeDim), 0);
  });
}

TEST(CodeDistance, OfManyRowsIsThatOfEachPair) {
  constexpr int64_t kRows = 11, kQueries = 3;
  at_each_level([] {
    for (int64_t n : {1, 31, 65, 150}) {
      const int64_t stride = n + 5;
      const std::vector<uint8_t> base = random_codes(kRows * stride, 3),
                                 queries = random_codes(kQueries * stride, 4);
      for (CodeKernel kernel : kKernels) {
        std::vector<int32_t> expected, run(kRows), listed(7), pairs(kQueries * kRows);
        for (int64_t q = 0; q < kQueries; ++q) {
          for (int64_t r = 0; r < kRows; ++r) {
            expected.push_back(plain(kernel, queries.data() + q * stride, base.data() + r * stride, n));
          }
        }
        code_distance_one_to_many(kernel, queries.data(), base.data(), stride, n, 0, kRows, run.data());
        for (size_t r = 0; r < kRows; ++r) ASSERT_EQ(run[r], expected[r]);
        const std::vector<uint32_t> rows{10, 0, 4, 4, 9, 1, 2};
        code_distance_one_to_rows(kernel, queries.data(), base.data(), stride, n, rows, listed.data());
        for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(listed[i], expected[rows[i]]);
        code_distance_many_to_many(kernel, queries.data(), stride, kQueries, base.data(), stride, kRows, n,
                                   pairs.data());
        ASSERT_EQ(pairs, expected);
      }
    }
  });
}

TEST(CodeDistance, OfARunBeginsAtItsFirstRow) {
  const uint8_t base[] = {1, 2, 3, 4}, query[] = {10};
  int32_t out[2];
  code_distance_one_to_many(CodeKernel::kDot, query, base, 1, 1, 2, 4, out);
  EXPECT_EQ(out[0], 30);
  EXPECT_EQ(out[1], 40);
}

TEST(CodeDistance, OfManyToManyCoversMoreRowsThanATile) {
  // Tiles hold 24,576 bytes of rows: 49 of this width.
  const int64_t n = 500, num_rows = 101;
  const std::vector<uint8_t> base = random_codes(num_rows * n, 5), queries = random_codes(2 * n, 6);
  std::vector<int32_t> out(static_cast<size_t>(2 * num_rows)), expected;
  for (int64_t q = 0; q < 2; ++q) {
    for (int64_t r = 0; r < num_rows; ++r) {
      expected.push_back(plain(CodeKernel::kSquaredL2, queries.data() + q * n, base.data() + r * n, n));
    }
  }
  code_distance_many_to_many(CodeKernel::kSquaredL2, queries.data(), n, 2, base.data(), n, num_rows, n,
                             out.data());
  EXPECT_EQ(out, expected);
}

TEST(CodeDistance, OfNoRowsWritesNothing) {
  const uint8_t query[] = {1};
  int32_t out = 7;
  code_distance_one_to_rows(CodeKernel::kDot, query, query, 1, 1, {}, &out);
  code_distance_one_to_many(CodeKernel::kDot, query, query, 1, 1, 1, 1, &out);
  code_distance_many_to_many(CodeKernel::kDot, query, 1, 0, query, 1, 1, 1, &out);
  EXPECT_EQ(out, 7);
}

RC_GTEST_PROP(CodeDistance, IsThatOfAPlainLoop, (std::vector<std::pair<uint8_t, uint8_t>> pairs)) {
  std::vector<uint8_t> a, b;
  for (const auto& [x, y] : pairs) a.push_back(x), b.push_back(y);
  for (CodeKernel kernel : kKernels) {
    RC_ASSERT(code_distance(kernel, a.data(), b.data(), std::ssize(a)) ==
              plain(kernel, a.data(), b.data(), std::ssize(a)));
  }
}

}  // namespace
}  // namespace whitney
