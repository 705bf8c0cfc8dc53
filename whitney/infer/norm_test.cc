#include "whitney/infer/norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney::infer {
namespace {

std::vector<double> reference(const Norm& norm, std::span<const float> row) {
  double mean = 0, squares = 0;
  const double n = static_cast<double>(row.size());
  if (norm.kind == NormKind::kLayer) {
    for (const float x : row) mean += static_cast<double>(x) / n;
  }
  for (const float x : row) squares += (static_cast<double>(x) - mean) * (static_cast<double>(x) - mean) / n;
  std::vector<double> out;
  for (size_t c = 0; c < row.size(); ++c) {
    const double scaled =
        (static_cast<double>(row[c]) - mean) / std::sqrt(squares + static_cast<double>(norm.epsilon));
    const auto at = static_cast<int64_t>(c);
    out.push_back(scaled * static_cast<double>(norm.weight[at]) +
                  (norm.bias.empty() ? 0.0 : static_cast<double>(norm.bias[at])));
  }
  return out;
}

TEST(Norm, AgreesWithDoublePrecisionAtEveryWidth) {
  at_each_level([] {
    for (const int64_t dim : awkward_lengths()) {
      if (dim < 2) continue;
      const std::vector<float> rows = random_floats(3 * dim, 1), weight = random_floats(dim, 2, 1);
      for (const bool has_bias : {false, true}) {
        for (const NormKind kind : {NormKind::kLayer, NormKind::kRms}) {
          Norm norm{kind, Array<float>::copy_of(weight), {}, 1e-6f};
          if (has_bias) norm.bias = Array<float>::copy_of(random_floats(dim, 3, 1));
          std::vector<float> out(rows.size());
          normalize_rows(with_threads(1), norm, 3, rows.data(), out.data());
          for (int64_t r = 0; r < 3; ++r) {
            const auto first = static_cast<size_t>(r * dim);
            const auto wanted = reference(norm, std::span(rows).subspan(first, static_cast<size_t>(dim)));
            for (size_t c = 0; c < wanted.size(); ++c) ASSERT_NEAR(out[first + c], wanted[c], 5e-6) << dim;
          }
        }
      }
    }
  });
}

// A variance with divisor n: of 1 and 3 it is 1.
TEST(Norm, DividesTheVarianceByTheWidth) {
  const Norm norm{NormKind::kLayer, Array<float>{1, 1}, {}, 0};
  float row[] = {1, 3};
  normalize_rows(with_threads(1), norm, 1, row, row);
  EXPECT_EQ(row[0], -1);
  EXPECT_EQ(row[1], 1);
}

// Root of the mean of squares of 3 and 4 is sqrt(12.5).
TEST(Norm, OfRootMeanSquaresKeepsTheMean) {
  const Norm norm{NormKind::kRms, Array<float>{1, 2}, {}, 0};
  float row[] = {3, 4};
  normalize_rows(with_threads(1), norm, 1, row, row);
  EXPECT_NEAR(row[0], 3 / std::sqrt(12.5), 1e-6);
  EXPECT_NEAR(row[1], 8 / std::sqrt(12.5), 1e-6);
}

TEST(Norm, GivesTheSameBitsInPlaceAndAtAnyNumberOfThreads) {
  const int64_t dim = 37, rows = 300;
  const Norm norm{NormKind::kLayer, Array<float>::copy_of(random_floats(dim, 2, 1)),
                  Array<float>::copy_of(random_floats(dim, 3, 1)), 1e-5f};
  const std::vector<float> x = random_floats(rows * dim, 1);
  std::vector<float> alone(x.size());
  normalize_rows(with_threads(1), norm, rows, x.data(), alone.data());
  std::vector<float> in_place = x;
  normalize_rows(with_threads(5), norm, rows, in_place.data(), in_place.data());
  EXPECT_EQ(in_place, alone);
}

}  // namespace
}  // namespace whitney::infer
