#include "whitney/infer/pooling.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace whitney::infer {
namespace {

constexpr std::array kModes{PoolingMode::kCls,      PoolingMode::kMax,          PoolingMode::kMean,
                            PoolingMode::kMeanSqrt, PoolingMode::kWeightedMean, PoolingMode::kLastToken};

// Three states: (1, -2), (3, 4), (-5, 6).
constexpr std::array<float, 6> kStates{1, -2, 3, 4, -5, 6};

void expect_pooled(const std::vector<PoolingMode>& modes, const std::vector<float>& weights, int64_t rows,
                   const std::vector<double>& wanted) {
  std::vector<float> out(wanted.size());
  ASSERT_EQ(pooled_dim(modes, 2), std::ssize(out));
  pool(modes, kStates.data(), rows, 2, weights, out.data());
  for (size_t c = 0; c < wanted.size(); ++c) EXPECT_NEAR(out[c], wanted[c], 1e-6) << c;
}

// Sums (-1, 8); by place (1 + 6 - 15, -2 + 8 + 18) = (-8, 24), over 1 + 2 + 3.
TEST(Pooling, LaysItsModesSideBySide) {
  const double root = std::sqrt(3.0);
  expect_pooled({kModes.begin(), kModes.end()}, {}, 3,
                {1, -2, 3, 6, -1 / 3.0, 8 / 3.0, -1 / root, 8 / root, -8 / 6.0, 4, -5, 6});
}

// States times weights: (2, -4), (1.5, 2), (-5, 6), of weight 3.5; by place (2 + 3 - 15, -4 + 4 + 18).
TEST(Pooling, WeighsStatesByTheirTokens) {
  const double root = std::sqrt(3.5);
  expect_pooled({kModes.begin(), kModes.end()}, {2, 0.5f, 1}, 3,
                {2, -4, 2, 6, -1.5 / 3.5, 4 / 3.5, -1.5 / root, 4 / root, -10 / 3.5, 18 / 3.5, -5, 6});
}

// Behind a prompt of two tokens: (3 + 12 - 25, -6 + 16 + 30) over 3 + 4 + 5.
TEST(Pooling, CountsThePlacesOfWhatStandsBefore) {
  const PoolingMode mode = PoolingMode::kWeightedMean;
  std::vector<float> out(2);
  pool({&mode, 1}, kStates.data(), 3, 2, {}, out.data(), 2);
  EXPECT_FLOAT_EQ(out[0], -10 / 12.0F);
  EXPECT_FLOAT_EQ(out[1], 40 / 12.0F);
}

TEST(Pooling, GivesZerosForNoStateAndForWeightsOfZero) {
  expect_pooled({PoolingMode::kCls, PoolingMode::kMean}, {}, 0, {0, 0, 0, 0});
  expect_pooled({PoolingMode::kMean, PoolingMode::kWeightedMean}, {0, 0, 0}, 3, {0, 0, 0, 0});
}

TEST(Pooling, GivesAConstantStateBack) {
  const std::vector<float> states(10, 0.75f), weights{3, 0.25f, 1, 7, 2};
  for (const PoolingMode mode : {PoolingMode::kMean, PoolingMode::kWeightedMean}) {
    std::vector<float> out(2);
    pool({&mode, 1}, states.data(), 5, 2, {}, out.data());
    EXPECT_FLOAT_EQ(out[0], 0.75f);
  }
  const PoolingMode mean = PoolingMode::kMean;
  std::vector<float> out(2);
  pool({&mean, 1}, states.data(), 5, 2, weights, out.data());
  EXPECT_FLOAT_EQ(out[1], 0.75f);
}

}  // namespace
}  // namespace whitney::infer
