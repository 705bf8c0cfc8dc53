// What the headers of this folder state in units in the last place (ULP), measured against double precision
// at every SIMD level.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "whitney/infer/activation.h"
#include "whitney/infer/norm.h"
#include "whitney/infer/rotary.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney::infer {
namespace {

// The size of a unit in the last place of the float nearest to a value.
double ulp_of(double value) {
  const float nearest = std::abs(static_cast<float>(value));
  return static_cast<double>(std::nextafter(nearest, INFINITY)) - static_cast<double>(nearest);
}

// The largest error of a function on `n` floats from `low` to `high`, in ULP of the exact value.
template <class Exact>
double worst_of(Activation activation, double low, double high, const Exact& exact) {
  constexpr int64_t kValues = 200'000;
  std::vector<float> x;
  for (int64_t i = 0; i <= kValues; ++i)
    x.push_back(static_cast<float>(low + (high - low) * static_cast<double>(i) / kValues));
  std::vector<float> y = x;
  activate(activation, y.data(), std::ssize(y));
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double wanted = exact(static_cast<double>(x[i]));
    worst = std::max(worst, std::abs(static_cast<double>(y[i]) - wanted) / ulp_of(wanted));
  }
  return worst;
}

double gelu(double x) { return 0.5 * x * std::erfc(-x * std::sqrt(0.5)); }
double gelu_tanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
}
double silu(double x) { return x / (1 + std::exp(-x)); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST(Accuracy, OfActivationsIsAsStated) {
  at_each_level([] {
    EXPECT_LE(worst_of(Activation::kSigmoid, -80, 40, sigmoid), 3);
    EXPECT_LE(worst_of(Activation::kSilu, -80, 40, silu), 4);
    for (const double reach : {40.0, 1.0, 1e-3, 1e-30})
      EXPECT_LE(worst_of(Activation::kTanh, -reach, reach, [](double x) { return std::tanh(x); }), 3)
          << reach;
    EXPECT_LE(worst_of(Activation::kGelu, -1, 40, gelu), 8);
    EXPECT_LE(worst_of(Activation::kGelu, -3, -1, gelu), 24);
    EXPECT_LE(worst_of(Activation::kGelu, -5, -3, gelu), 64);
    EXPECT_LE(worst_of(Activation::kGeluTanh, -1, 40, gelu_tanh), 4);
    EXPECT_LE(worst_of(Activation::kGeluTanh, -3, -1, gelu_tanh), 16);
  });
}

// Scores whose differences float32 holds exactly: what is measured is the exponential, the sum and the
// division.
TEST(Accuracy, OfSoftmaxIsAsStated) {
  at_each_level([] {
    const double units = simd_level() == "scalar" ? 64 : 8;
    for (const int64_t n : {1, 3, 17, 64, 512}) {
      for (uint64_t item = 0; item < 40; ++item) {
        std::vector<float> scores = random_floats(n, item, 4);
        for (float& score : scores) score = std::round(score * 4096) / 4096;
        std::vector<double> exact(scores.begin(), scores.end());
        const double largest = *std::max_element(exact.begin(), exact.end());
        double sum = 0;
        for (double& value : exact) sum += value = std::exp(value - largest);
        softmax(scores.data(), n);
        for (size_t i = 0; i < exact.size(); ++i) {
          const double wanted = exact[i] / sum;
          ASSERT_LE(std::abs(static_cast<double>(scores[i]) - wanted), units * ulp_of(wanted)) << n;
        }
      }
    }
  });
}

// The exact norm of a row.
std::vector<double> exact_norm(const Norm& norm, std::span<const float> row) {
  const double n = static_cast<double>(row.size());
  double mean = 0, squares = 0;
  if (norm.kind == NormKind::kLayer) {
    for (const float x : row) mean += static_cast<double>(x) / n;
  }
  for (const float x : row) squares += std::pow(static_cast<double>(x) - mean, 2) / n;
  std::vector<double> out;
  for (const float x : row)
    out.push_back((static_cast<double>(x) - mean) / std::sqrt(squares + static_cast<double>(norm.epsilon)));
  return out;
}

TEST(Accuracy, OfNormsIsAsStated) {
  at_each_level([] {
    const double units = simd_level() == "scalar" ? 32 : 4;
    for (const NormKind kind : {NormKind::kLayer, NormKind::kRms}) {
      for (const int64_t dim : {384, 768, 4096}) {
        for (uint64_t item = 0; item < 100; ++item) {
          const std::vector<float> row = random_floats(dim, item, 3);
          const Norm norm{
              kind, Array<float>::copy_of(std::vector<float>(static_cast<size_t>(dim), 1.0f)), {}, 1e-6f};
          std::vector<float> out(row.size());
          normalize_rows(with_threads(1), norm, 1, row.data(), out.data());
          const std::vector<double> wanted = exact_norm(norm, row);
          const double unit =
              ulp_of(*std::ranges::max_element(wanted, {}, [](double x) { return std::abs(x); }));
          for (size_t i = 0; i < out.size(); ++i)
            ASSERT_LE(std::abs(static_cast<double>(out[i]) - wanted[i]), units * unit) << dim;
        }
      }
    }
  });
}

TEST(Accuracy, OfRotaryAnglesIsAsStated) {
  RopeSettings settings;
  settings.theta = 10000;
  const RotaryPositions rotary(settings, 64, "here");
  const auto angles = rotary.reach(8192);
  for (int64_t p = 0; p < 8192; ++p) {
    for (int64_t i = 0; i < 32; ++i) {
      const long double angle =
          static_cast<long double>(p) * std::pow(10000.0L, -2.0L * static_cast<long double>(i) / 64);
      const auto cosine = static_cast<double>(std::cos(angle)), sine = static_cast<double>(std::sin(angle));
      ASSERT_LE(std::abs(static_cast<double>(angles->cosines[p * 32 + i]) - cosine), 2 * ulp_of(cosine)) << p;
      ASSERT_LE(std::abs(static_cast<double>(angles->sines[p * 32 + i]) - sine), 2 * ulp_of(sine)) << p;
    }
  }
}

}  // namespace
}  // namespace whitney::infer
