#include "whitney/infer/activation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney::infer {
namespace {

// Units in the last place of the exact value by which a float is off.
double units_off(float value, double exact) {
  const float nearest = static_cast<float>(exact);
  const double unit = std::nextafter(std::abs(nearest), INFINITY) - static_cast<double>(std::abs(nearest));
  return std::abs(static_cast<double>(value) - exact) / unit;
}

// Values from -span to span, close together near 0.
std::vector<float> spread(double span, int64_t n = 20'001) {
  std::vector<float> values;
  for (int64_t i = 0; i < n; ++i) {
    const double t = 2.0 * static_cast<double>(i) / static_cast<double>(n - 1) - 1;
    values.push_back(static_cast<float>(span * t * std::abs(t)));
  }
  return values;
}

double exact_of(Activation activation, double x) {
  switch (activation) {
    case Activation::kTanh:
      return std::tanh(x);
    case Activation::kRelu:
      return x > 0 ? x : 0;
    case Activation::kGelu:
      return 0.5 * x * std::erfc(-x * std::sqrt(0.5));
    case Activation::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    case Activation::kSilu:
      return x / (1 + std::exp(-x));
    case Activation::kSigmoid:
      return 1 / (1 + std::exp(-x));
    default:
      return x;
  }
}

TEST(Activation, ExponentialIsWithinTwoUnits) {
  at_each_level([] {
    std::vector<float> x;
    for (int i = 0; i <= 100'000; ++i) x.push_back(static_cast<float>(-87.0 * i / 100'000));
    std::vector<float> y = x;
    exp_of_non_positive(y.data(), std::ssize(y));
    double worst = 0;
    for (size_t i = 0; i < x.size(); ++i)
      worst = std::max(worst, units_off(y[i], std::exp(static_cast<double>(x[i]))));
    EXPECT_LE(worst, 2.0);
    float far[] = {-87.5f, -1000.0f, -INFINITY};
    exp_of_non_positive(far, 3);
    EXPECT_EQ(far[0] + far[1] + far[2], 0);
  });
}

TEST(Activation, StaysWithinItsAbsoluteError) {
  at_each_level([] {
    for (const Activation activation : {Activation::kTanh, Activation::kRelu, Activation::kGelu,
                                        Activation::kGeluTanh, Activation::kSilu, Activation::kSigmoid}) {
      const std::vector<float> x = spread(30);
      std::vector<float> y = x;
      activate(activation, y.data(), std::ssize(y));
      for (size_t i = 0; i < x.size(); ++i) {
        const double exact = exact_of(activation, x[i]);
        const double bound = std::max(1.0, static_cast<double>(std::abs(x[i]))) / (1 << 22);
        ASSERT_NEAR(y[i], exact, bound) << "activation " << static_cast<int>(activation) << " of " << x[i];
      }
    }
  });
}

TEST(Activation, GeluKeepsTheSignAndSizeOfItsTail) {
  at_each_level([] {
    std::vector<float> x{-6.0f, -5.0f, -4.0f, -3.0f, -1e-3f, 1e-3f, 3.0f, 40.0f, -40.0f};
    std::vector<float> y = x;
    activate(Activation::kGelu, y.data(), std::ssize(y));
    for (size_t i = 0; i < 8; ++i) EXPECT_LE(units_off(y[i], exact_of(Activation::kGelu, x[i])), 40) << x[i];
    EXPECT_LT(std::abs(y[8]), 1e-13f);
  });
}

TEST(Activation, TouchesNothingBeyondItsValues) {
  at_each_level([] {
    for (const int64_t n : awkward_lengths()) {
      const std::vector<float> x = random_floats(n, 5, 1);
      std::vector<float> whole(x.begin(), x.end());
      whole.resize(static_cast<size_t>(n) + 70, 7.0f);
      activate(Activation::kGelu, whole.data(), n);
      for (int64_t i = 0; i < n; ++i) {
        float one = x[static_cast<size_t>(i)];
        activate(Activation::kGelu, &one, 1);
        ASSERT_EQ(whole[static_cast<size_t>(i)], one);
      }
      for (size_t i = static_cast<size_t>(n); i < whole.size(); ++i) ASSERT_EQ(whole[i], 7.0f);
    }
  });
}

TEST(Activation, GatesByTheActivationOfTheOtherHalf) {
  at_each_level([] {
    for (const int64_t n : awkward_lengths()) {
      std::vector<float> gate = random_floats(n, 1, 2), up = random_floats(n, 2, 2), wanted = gate;
      activate(Activation::kSilu, wanted.data(), n);
      for (size_t i = 0; i < wanted.size(); ++i) wanted[i] *= up[i];
      activate_gate(Activation::kSilu, gate.data(), up.data(), n, gate.data());
      EXPECT_EQ(gate, wanted);
    }
  });
}

TEST(Softmax, SumsToOneAndMindsNoShift) {
  at_each_level([] {
    for (const int64_t n : awkward_lengths()) {
      if (n == 0) continue;
      std::vector<float> scores = random_floats(n, 9, 4);
      std::vector<double> exact(scores.begin(), scores.end());
      const double largest = *std::max_element(exact.begin(), exact.end());
      double sum = 0;
      for (double& value : exact) sum += value = std::exp(value - largest);
      for (float& score : scores) score += 1024.0f;  // float32 keeps 13 bits behind the point
      softmax(scores.data(), n);
      for (size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(scores[i], exact[i] / sum, 2e-4);
    }
  });
}

TEST(Softmax, IsExactToSomeUnitsOfEachWeight) {
  at_each_level([] {
    std::vector<float> scores = random_floats(999, 3, 4);
    std::vector<double> exact(scores.begin(), scores.end());
    const double largest = *std::max_element(exact.begin(), exact.end());
    double sum = 0;
    for (double& value : exact) sum += value = std::exp(value - largest);
    softmax(scores.data(), 999);
    // Up to half a unit for each of 999 terms of the sum in the worst order; lanes make it far less.
    for (size_t i = 0; i < exact.size(); ++i) EXPECT_LE(units_off(scores[i], exact[i] / sum), 500);
  });
}

}  // namespace
}  // namespace whitney::infer
