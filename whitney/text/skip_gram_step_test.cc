#include "whitney/text/skip_gram_step.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney::text {
namespace {

/// Tables of 12 rows of `dim` random values in double, and as the kernel wants them.
struct Case {
  int64_t dim, stride;
  std::vector<double> x, y;
  Array<float> inputs, outputs;

  explicit Case(int64_t width) : dim(width), stride(skip_gram_stride(width)) {
    inputs = fill(1, x);
    outputs = fill(2, y);
  }
  Array<float> fill(uint64_t item, std::vector<double>& values) const {
    Array<float> rows(12 * stride, 0.0F);
    const std::vector<float> random = random_floats(12 * dim, item, 1);
    for (int64_t i = 0; i < 12; ++i) {
      for (int64_t j = 0; j < dim; ++j) {
        const float value = random[static_cast<size_t>(i * dim + j)] / std::sqrt(static_cast<float>(dim));
        rows.mutable_data()[i * stride + j] = value;
        values.push_back(value);
      }
    }
    return rows;
  }
  SkipGramTables tables() { return {inputs.mutable_data(), outputs.mutable_data(), stride, true}; }
  double loss(const std::vector<double>& xs, const std::vector<double>& ys, int64_t input,
              const std::vector<uint32_t>& targets, const std::vector<float>& labels) const {
    double total = 0;
    for (size_t t = 0; t < targets.size(); ++t) {
      double product = 0;
      for (int64_t j = 0; j < dim; ++j)
        product += xs[static_cast<size_t>(input * dim + j)] * ys[static_cast<size_t>(targets[t] * dim + j)];
      total += labels[t] * std::log1p(std::exp(-product)) + (1 - labels[t]) * std::log1p(std::exp(product));
    }
    return total;
  }
};

TEST(SkipGramStep, MovesAgainstTheGradient) {
  for (const int64_t dim : {1, 5, 16, 33, 64}) {
    for (int64_t count = 1; count <= kStepTargets; ++count) {
      std::vector<uint32_t> targets;
      std::vector<float> labels;
      for (int64_t t = 0; t < count; ++t) {
        targets.push_back(static_cast<uint32_t>(11 - t));
        labels.push_back(t % 3 == 0 ? 1.0F : t == 4 ? 0.25F : 0.0F);
      }
      at_each_level([&] {
        Case test(dim);
        constexpr double kStep = 1e-5, kRate = 0.5;
        const SkipGramRun run{3, 0, static_cast<uint32_t>(count)};
        const auto x = test.x, y = test.y;
        skip_gram_steps(test.tables(), {&run, 1}, targets, labels, kRate);
        const auto expect_moved = [&](bool of_x, int64_t row, int64_t j, double after) {
          auto up = of_x ? x : y, down = up;
          const auto at = static_cast<size_t>(row * dim + j);
          up[at] += kStep, down[at] -= kStep;
          const double slope = (test.loss(of_x ? up : x, of_x ? y : up, 3, targets, labels) -
                                test.loss(of_x ? down : x, of_x ? y : down, 3, targets, labels)) /
                               (2 * kStep);
          EXPECT_NEAR(after, (of_x ? x : y)[at] - kRate * slope, 3e-6) << (of_x ? "x" : "y") << row;
        };
        for (int64_t row = 0; row < 12; ++row) {
          for (int64_t j = 0; j < dim; j += 3) {
            expect_moved(true, row, j, test.inputs[row * test.stride + j]);
            expect_moved(false, row, j, test.outputs[row * test.stride + j]);
          }
        }
      });
    }
  }
}

TEST(SkipGramStep, TakesTargetsEightAtATime) {
  std::vector<uint32_t> targets;
  std::vector<float> labels;
  for (uint32_t t = 0; t < 21; ++t) targets.push_back(t * 5 % 12), labels.push_back(t % 4 == 0 ? 1.0F : 0.0F);
  at_each_level([&] {
    Case together(20), apart(20);
    const SkipGramRun run{2, 0, 21};
    skip_gram_steps(together.tables(), {&run, 1}, targets, labels, 0.1F);
    const std::vector<SkipGramRun> runs = {{2, 0, 8}, {2, 8, 16}, {2, 16, 21}};
    skip_gram_steps(apart.tables(), runs, targets, labels, 0.1F);
    for (int64_t i = 0; i < 12 * together.stride; ++i) {
      EXPECT_EQ(together.inputs[i], apart.inputs[i]);
      EXPECT_EQ(together.outputs[i], apart.outputs[i]);
    }
  });
}

TEST(SkipGramStep, LeavesThePaddingZero) {
  at_each_level([] {
    Case test(5);
    const SkipGramRun run{2, 0, 3};
    skip_gram_steps(test.tables(), {&run, 1}, std::vector<uint32_t>{1, 1, 2}, std::vector<float>{1, 0, 0},
                    0.1F);
    for (int64_t i = 0; i < 12; ++i) {
      for (int64_t j = 5; j < test.stride; ++j) {
        EXPECT_EQ(test.inputs[i * test.stride + j], 0);
        EXPECT_EQ(test.outputs[i * test.stride + j], 0);
      }
    }
  });
}

TEST(SkipGramStep, StaysFiniteWhereProductsAreHuge) {
  at_each_level([] {
    Case test(16);
    for (int64_t j = 0; j < 16; ++j)
      test.inputs.mutable_data()[j] = 1e6F, test.outputs.mutable_data()[j] = j % 2 == 0 ? 1e6F : -2e6F;
    const SkipGramRun run{0, 0, 1};
    skip_gram_steps(test.tables(), {&run, 1}, std::vector<uint32_t>{0}, std::vector<float>{1}, 0.025F);
    for (int64_t j = 0; j < 16; ++j)
      EXPECT_TRUE(std::isfinite(test.inputs[j]) && std::isfinite(test.outputs[j]));
  });
}

}  // namespace
}  // namespace whitney::text
