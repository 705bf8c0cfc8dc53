#include "whitney/recommend/ngcf_layer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney::recommend {
namespace {

TEST(NgcfLayer, TakesAValueForwardsAndBackByHand) {
  // e = 2, s = 3, W1 = 1, W2 = -1, b1 = 1, b2 = 2, slope 0.5, half of the values left out and this one not:
  // P1 = 3 + 1 = 4, P2 = -6 + 2 = -4; out = 2 (4 - 2) = 4.
  // Back from 1: Q1 = 2, Q2 = 2 * 0.5 = 1; of W1: 3 * 2, of W2: 6 * 1;
  // of s: 2 * 1 + (1 * -1) * 2 = 0, of e: (1 * -1) * 3 = -3.
  const double weights1 = 1, weights2 = -1, bias1 = 1, bias2 = 2, sum = 3, own = 2, given = 1;
  uint8_t code = 0;
  const NgcfLayer<double> layer{.before = 1,
                                .after = 1,
                                .weights1 = &weights1,
                                .weights2 = &weights2,
                                .turned1 = &weights1,
                                .turned2 = &weights2,
                                .bias1 = &bias1,
                                .bias2 = &bias2,
                                .slope = 0.5,
                                .keep = 0.5};
  at_each_level([&] {
    code = 0;
    NgcfBlock<double> block(layer);
    const NgcfRows<double> rows{.rows = 1, .sums = &sum, .own = &own, .codes = &code};
    double out = 0, of_sum = 0, of_own = 0;
    block.forward(rows, &out);
    EXPECT_EQ(out, 4);
    EXPECT_EQ(code, kNotAbove2);
    double gradient[4] = {10, 10, 10, 10};
    block.backward(rows, &given, &of_sum, &of_own, {gradient, gradient + 1, gradient + 2, gradient + 3});
    EXPECT_EQ(std::vector<double>(gradient, gradient + 4), (std::vector<double>{16, 16, 12, 11}));
    EXPECT_EQ(of_sum, 0);
    EXPECT_EQ(of_own, -3);
  });
}

TEST(NgcfLayer, AddsToSumsAsMuchOfARowsOwnVectorAsIsLeftOfItsSelfMessage) {
  // Rows e = 2 and s = 3, of which e counts 0 and 4 times in what W1 = 1 maps; W2 = -1, no activation:
  // 3 - 6 = -3 and 3 + 8 - 6 = 5. Back from 1: of W1 3 + 11, of W2 6 + 6; of s: 1 - 2, of e: self - 3.
  const double weights1 = 1, weights2 = -1;
  const std::vector<double> sums = {3, 3}, own = {2, 2}, self = {0, 4}, given = {1, 1};
  const NgcfLayer<double> layer{.before = 1,
                                .after = 1,
                                .weights1 = &weights1,
                                .weights2 = &weights2,
                                .turned1 = &weights1,
                                .turned2 = &weights2,
                                .self_message = true,
                                .two_activations = false,
                                .slope = 1};
  at_each_level([&] {
    std::vector<uint8_t> codes(2);
    std::vector<double> out(2), of_sums(2), of_own(2), gradient(2);
    const NgcfRows<double> rows{
        .rows = 2, .sums = sums.data(), .own = own.data(), .codes = codes.data(), .self = self.data()};
    NgcfBlock<double> block(layer);
    block.forward(rows, out.data());
    EXPECT_EQ(out, (std::vector<double>{-3, 5}));
    block.backward(rows, given.data(), of_sums.data(), of_own.data(), {gradient.data(), gradient.data() + 1});
    EXPECT_EQ(gradient, (std::vector<double>{14, 12}));
    EXPECT_EQ(of_sums, (std::vector<double>{-1, -1}));
    EXPECT_EQ(of_own, (std::vector<double>{-3, 1}));
  });
}

/// A layer of floats and what goes through it, for both types.
struct Case {
  int64_t rows, before, after;
  std::vector<float> sums = random_floats(rows * before, 1, 1), own = random_floats(rows * before, 2, 1),
                     weights1 = random_floats(before * after, 3, 1),
                     weights2 = random_floats(before * after, 4, 1), turned1 = turned(weights1),
                     turned2 = turned(weights2), bias1 = random_floats(after, 5, 1),
                     bias2 = random_floats(after, 6, 1), given = random_floats(rows * after, 7, 1);

  std::vector<float> turned(const std::vector<float>& weights) const {
    std::vector<float> result(weights.size());
    for (int64_t i = 0; i < before; ++i) {
      for (int64_t j = 0; j < after; ++j) {
        result[static_cast<size_t>(j * before + i)] = weights[static_cast<size_t>(i * after + j)];
      }
    }
    return result;
  }

  /// All that the layer gives, forwards and back.
  template <class T>
  std::vector<double> results(bool self_message, bool two_activations) const {
    const auto typed = [](const std::vector<float>& values) {
      return std::vector<T>(values.begin(), values.end());
    };
    const auto w1 = typed(weights1), w2 = typed(weights2), t1 = typed(turned1), t2 = typed(turned2),
               b1 = typed(bias1), b2 = typed(bias2), s = typed(sums), e = typed(own), g = typed(given);
    NgcfBlock<T> block({before, after, w1.data(), w2.data(), t1.data(), t2.data(), b1.data(), b2.data(),
                        self_message, two_activations, 0.2, 0.75});
    std::vector<uint8_t> codes(g.size());
    draw_left_out(1, "test", 0, std::ssize(g), 0.75, codes.data());
    std::vector<T> out(g.size()), of_sums(s.size()), of_own(s.size()),
        gradient(2 * w1.size() + 2 * b1.size());
    const NgcfRows<T> in{.rows = rows, .sums = s.data(), .own = e.data(), .codes = codes.data()};
    block.forward(in, out.data());
    T* of_weights = gradient.data();
    block.backward(in, g.data(), of_sums.data(), of_own.data(),
                   {of_weights, of_weights + w1.size(), of_weights + 2 * w1.size(),
                    of_weights + 2 * w1.size() + b1.size()});
    std::vector<double> all;
    for (const auto* part : {&out, &of_sums, &of_own, &gradient})
      all.insert(all.end(), part->begin(), part->end());
    return all;
  }
};

TEST(NgcfLayer, InFloat32AgreesWithItselfInFloat64AtEveryLevelAndWidth) {
  at_each_level([] {
    for (const auto& [rows, before, after] : {std::tuple{7, 3, 5}, {1, 16, 17}, {9, 64, 64}, {4, 33, 8}}) {
      const Case layer{rows, before, after};
      for (const bool self_message : {false, true}) {
        for (const bool two_activations : {false, true}) {
          const auto floats = layer.results<float>(self_message, two_activations),
                     doubles = layer.results<double>(self_message, two_activations);
          // Values are below 8, and sums have 64 terms at most.
          for (size_t i = 0; i < floats.size(); ++i) ASSERT_NEAR(floats[i], doubles[i], 1e-3) << i;
        }
      }
    }
  });
}

TEST(NgcfLayer, LeavesOutTheSameValuesAtEveryLevelAndFromEveryBegin) {
  constexpr int64_t kCount = 10'000;
  const auto drawn = [](int64_t first, int64_t count, double keep) {
    std::vector<uint8_t> codes(static_cast<size_t>(count), 99);
    draw_left_out(5, "test", first, count, keep, codes.data());
    return codes;
  };
  const std::vector<uint8_t> all = drawn(0, kCount, 0.9);
  at_each_level([&] {
    EXPECT_EQ(drawn(0, kCount, 0.9), all);
    const std::vector<uint8_t> some = drawn(4001, 301, 0.9);
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin() + 4001));
  });
  // A tenth of 10,000: deviation 30, at five of them.
  const int64_t left_out = std::accumulate(all.begin(), all.end(), int64_t{0}) / kLeftOut;
  EXPECT_NEAR(static_cast<double>(left_out), 1000, 150);
  // Neighbours, and values of the same place in other runs, are left out independently: a hundredth together.
  for (const size_t apart : {1U, 2U, 16U, 64U, 4096U}) {
    int64_t both = 0, pairs = 0;
    for (size_t i = 0; i + apart < all.size(); ++i, ++pairs)
      both += all[i] != 0 && all[i + apart] != 0 ? 1 : 0;
    const double expected = 0.01 * static_cast<double>(pairs);
    EXPECT_NEAR(static_cast<double>(both), expected, 5 * std::sqrt(expected)) << apart;
  }
}

}  // namespace
}  // namespace whitney::recommend
