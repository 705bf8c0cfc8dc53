#include "whitney/search/bm25_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/linalg/simd.h"

namespace whitney::search {
namespace {

class Bm25Kernels : public testing::Test {
 protected:
  void TearDown() override { set_simd_level(""); }
};

TEST_F(Bm25Kernels, AddDistancesUpAtEveryLevelAndLength) {
  for (const std::string& level : simd_levels()) {
    set_simd_level(level);
    for (size_t size = 0; size <= 128; ++size) {
      RandomStream stream(1, "distances", size);
      std::vector<uint32_t> values(size + 1, 77), expected(size + 1, 77);
      uint32_t next = 5;
      for (size_t i = 0; i < size; ++i) {
        values[i] = static_cast<uint32_t>(stream.below(1000));
        expected[i] = next + values[i];
        next = expected[i] + 1;
      }
      add_up_distances(5, std::span(values).first(size));
      ASSERT_EQ(values, expected) << level << ", " << size;  // and nothing behind them
    }
  }
}

TEST_F(Bm25Kernels, ScoreAsTheFormulaDoesBitForBitAtEveryLevel) {
  for (const Bm25Variant variant : {Bm25Variant::kRobertson, Bm25Variant::kLucene, Bm25Variant::kAtire,
                                    Bm25Variant::kBm25l, Bm25Variant::kBm25plus}) {
    Bm25Options options;
    options.variant = variant;
    options.k1 = 1.37;
    const Bm25Formula formula(options, 1000, 17.3);
    std::vector<uint32_t> lengths(1000), rows, counts, scores(101);
    RandomStream stream(2, "scores", 0);
    for (uint32_t& length : lengths) length = static_cast<uint32_t>(stream.below(60));
    lengths[990] = std::numeric_limits<uint32_t>::max();  // what a damaged file may say
    for (uint32_t i = 0; i < 100; ++i) {
      rows.push_back(i * 10);
      counts.push_back(1 + static_cast<uint32_t>(stream.below(9)));
    }
    counts[7] = std::numeric_limits<uint32_t>::max();
    const double weight = formula.weight(100);
    for (const std::string& level : simd_levels()) {
      set_simd_level(level);
      for (const size_t size : {0, 1, 3, 7, 8, 9, 31, 100}) {
        scores.assign(101, 0xABCD);
        score_rows(formula, weight, std::span(rows).first(size), std::span(counts).first(size), lengths,
                   scores.data());
        for (size_t i = 0; i < size; ++i) {
          const float expected = formula.score(weight, counts[i], lengths[rows[i]]);
          ASSERT_EQ(scores[i], std::bit_cast<uint32_t>(expected)) << level << " at " << i;
          ASSERT_GE(expected, 0);
        }
        ASSERT_EQ(scores[size], 0xABCDU);
      }
    }
  }
}

TEST_F(Bm25Kernels, TakeTheTouchedSumsThatAreLargeEnough) {
  for (const std::string& level : simd_levels()) {
    set_simd_level(level);
    for (const size_t size : {0, 1, 7, 8, 9, 40}) {
      std::vector<double> sums(size + 1, kUntouched);
      for (size_t i = 0; i < size; i += 2) sums[i] += static_cast<double>(i) / 2;  // from 0 on
      sums[size] = 99;
      std::vector<RowSum> out(size);
      const int64_t found = take_sums(std::span(sums).first(size), 1.5, out.data());
      const std::vector<double> untouched(size, kUntouched);
      for (size_t i = 0; i < size; ++i)
        ASSERT_EQ(std::bit_cast<int64_t>(sums[i]), std::bit_cast<int64_t>(kUntouched)) << level;
      ASSERT_EQ(sums[size], 99);
      ASSERT_EQ(found, size <= 4 ? 0 : static_cast<int64_t>((size + 1) / 2) - 2) << level << ", " << size;
      for (int64_t i = 0; i < found; ++i) {
        EXPECT_EQ(out[static_cast<size_t>(i)].row, 4 + 2 * i);
        EXPECT_EQ(out[static_cast<size_t>(i)].sum, 2 + i);
      }
    }
  }
}

TEST_F(Bm25Kernels, FindTheBestOfEachGroup) {
  for (const std::string& level : simd_levels()) {
    set_simd_level(level);
    for (const size_t size : {1, 7, 64, 65, 131}) {
      std::vector<double> sums(size, kUntouched), best(size / kGroupOfSums + 2, 7);
      RandomStream stream(3, "sums", size);
      for (double& sum : sums) sum += stream.uniform();
      best_of_groups(sums, best.data());
      const size_t num_groups = (size + kGroupOfSums - 1) / kGroupOfSums;
      for (size_t i = 0; i < num_groups; ++i) {
        const auto first = sums.begin() + static_cast<int64_t>(i * kGroupOfSums);
        const auto last = sums.begin() + static_cast<int64_t>(std::min(size, (i + 1) * kGroupOfSums));
        EXPECT_EQ(best[i], *std::max_element(first, last)) << level << ", " << size;
      }
      EXPECT_EQ(best[num_groups], 7);
    }
  }
}

TEST_F(Bm25Kernels, FindTheKthLargest) {
  for (const std::string& level : simd_levels()) {
    set_simd_level(level);
    for (const size_t size : {1, 2, 7, 8, 9, 22, 64}) {
      std::vector<double> values;
      RandomStream stream(4, "values", size);
      // Few different ones, so that some are equal; and untouched ones.
      for (size_t i = 0; i < size; ++i)
        values.push_back(i % 5 == 0 ? kUntouched : static_cast<double>(stream.below(9)));
      std::vector<double> ordered = values;
      std::ranges::sort(ordered, std::greater<>());
      for (size_t k = 1; k <= size; ++k)
        EXPECT_EQ(kth_largest(values, static_cast<int64_t>(k)), ordered[k - 1])
            << level << ", " << size << ", " << k;
    }
  }
}

TEST_F(Bm25Kernels, AddDenseListsAndLeaveUntouchedSumsSo) {
  for (const std::string& level : simd_levels()) {
    set_simd_level(level);
    for (const size_t size : {0, 1, 7, 8, 15, 16, 17, 50, 65, 511, 512, 513, 1400}) {
      std::vector<double> sums(size + 1, kUntouched), best(num_dense_groups(size) + 1, 7);
      std::vector<float> first(size, -0.0F), second(size, -0.0F);
      for (size_t i = 0; i < size; i += 3) first[i] = static_cast<float>(i);  // from 0 on, which touches
      for (size_t i = 0; i < size; i += 2) second[i] = 0.5F;
      const std::vector<DenseList> lists = {{first.data(), 1}, {second.data(), 3}};
      add_dense(lists, std::span(sums).first(size), best.data());
      std::vector<double> wanted(num_dense_groups(size), kUntouched);
      for (size_t i = 0; i < size; ++i) {
        double& largest = wanted[i / 512 * 8 + i % 8];
        largest = std::max(largest, sums[i]);
      }
      wanted.push_back(7);
      EXPECT_EQ(best, wanted) << level << ", " << size;
      for (size_t i = 0; i < size; ++i) {
        double expected = kUntouched;
        if (i % 3 == 0) expected += static_cast<double>(i);
        if (i % 2 == 0) expected += 1.5;
        EXPECT_EQ(std::bit_cast<uint64_t>(sums[i]), std::bit_cast<uint64_t>(expected)) << level << ", " << i;
      }
      EXPECT_EQ(std::bit_cast<uint64_t>(sums[size]), std::bit_cast<uint64_t>(kUntouched));
    }
  }
}

TEST_F(Bm25Kernels, TellASumOfZeroFromNoSum) {
  for (const std::string& level : simd_levels()) {
    set_simd_level(level);
    std::vector<double> sums(20, kUntouched);
    sums[3] += 0;
    sums[17] += 0;
    std::vector<RowSum> out(20);
    ASSERT_EQ(take_sums(sums, 0, out.data()), 2) << level;
    EXPECT_EQ(out[0].row, 3U);
    EXPECT_EQ(out[1].row, 17U);
  }
}

}  // namespace
}  // namespace whitney::search
