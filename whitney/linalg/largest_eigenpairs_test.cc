#include "whitney/linalg/largest_eigenpairs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "whitney/linalg/column_products.h"
#include "whitney/linalg/each_level_test.h"
#include "whitney/linalg/sparse_cases_test.h"

namespace whitney {
namespace {

Eigenpairs eigenpairs_of(const SparseCase& matrix, EigenpairOptions options,
                         const Context& context = Context()) {
  const LinearMap map = symmetric_map(context, matrix.view());
  return largest_eigenpairs(context, map.rows, map.multiply, options);
}

// Eigenvalue k = 1..n of a path of n nodes: 2 cos(pi k / (n + 1)), its vector sin(pi k i / (n + 1)).
double path_value(int64_t k, int64_t n) {
  return 2 * std::cos(std::numbers::pi * static_cast<double>(k) / static_cast<double>(n + 1));
}

TEST(LargestEigenpairs, AreThoseOfAPathByItsFormula) {
  const int64_t n = 200;
  const Eigenpairs pairs = eigenpairs_of(path_of(n), {.count = 10, .lower_bound = -2, .tolerance = 1e-5});
  EXPECT_TRUE(pairs.converged);
  ASSERT_EQ(pairs.values.size(), 10U);
  for (int64_t k = 0; k < 10; ++k) {
    EXPECT_NEAR(pairs.values[static_cast<size_t>(k)], path_value(k + 1, n), 1e-6);
    const double step = std::numbers::pi * static_cast<double>(k + 1) / static_cast<double>(n + 1);
    double product = 0;
    for (int64_t i = 0; i < n; ++i)
      product += pairs.vectors.row<float>(i)[static_cast<size_t>(k)] *
                 std::sin(step * static_cast<double>(i + 1)) * std::sqrt(2.0 / static_cast<double>(n + 1));
    EXPECT_NEAR(std::abs(product), 1, 1e-4) << k;
  }
}

TEST(LargestEigenpairs, FindAValueAsOftenAsItOccurs) {
  // Forty triangles: eigenvalue 2 forty times, -1 eighty times.
  std::vector<std::pair<uint32_t, uint32_t>> edges;
  for (uint32_t t = 0; t < 40; ++t) {
    edges.push_back({3 * t, 3 * t + 1});
    edges.push_back({3 * t, 3 * t + 2});
    edges.push_back({3 * t + 1, 3 * t + 2});
  }
  const Eigenpairs pairs = eigenpairs_of(adjacency_of(120, edges), {.count = 45, .lower_bound = -2});
  for (size_t k = 0; k < 45; ++k) EXPECT_NEAR(pairs.values[k], k < 40 ? 2 : -1, 1e-5) << k;
  const std::vector<double> gram = column_products(Context(), pairs.vectors);
  for (size_t i = 0; i < 45; ++i) {
    for (size_t j = 0; j < 45; ++j) EXPECT_NEAR(gram[i * 45 + j], i == j ? 1 : 0, 1e-5);
  }
}

TEST(LargestEigenpairs, AreOrthonormalWhereTheMatrixHasHardlyAnyRank) {
  // One value of 60 and zeros: with a bound of 0 a round is a power of the matrix, which leaves one
  // direction.
  const int64_t n = 60;
  const DenseProduct multiply = [](const MatrixView& x, float* out) {
    for (int64_t j = 0; j < x.cols; ++j) {
      double sum = 0;
      for (int64_t i = 0; i < x.rows; ++i) sum += x.row<float>(i)[static_cast<size_t>(j)];
      for (int64_t i = 0; i < x.rows; ++i) out[i * x.cols + j] = static_cast<float>(sum);
    }
  };
  const Eigenpairs pairs =
      largest_eigenpairs(Context(), n, multiply, {.count = 4, .lower_bound = 0, .tolerance = 1e-6});
  ASSERT_EQ(pairs.values.size(), 4U);
  for (size_t k = 0; k < 4; ++k) EXPECT_NEAR(pairs.values[k], k == 0 ? 60 : 0, 1e-4);
  const std::vector<double> gram = column_products(Context(), pairs.vectors);
  for (size_t i = 0; i < 4; ++i) {
    for (size_t j = 0; j < 4; ++j) EXPECT_NEAR(gram[i * 4 + j], i == j ? 1 : 0, 1e-5);
  }
}

TEST(LargestEigenpairs, AreAllOfThemWhereAsManyAreAskedFor) {
  const Eigenpairs pairs = eigenpairs_of(path_of(30), {.count = 50, .lower_bound = -2});
  ASSERT_EQ(pairs.values.size(), 30U);
  EXPECT_EQ(pairs.vectors.cols(), 30);
  for (int64_t k = 0; k < 30; ++k)
    EXPECT_NEAR(pairs.values[static_cast<size_t>(k)], path_value(k + 1, 30), 1e-6);
}

TEST(LargestEigenpairs, OfAZeroMatrixAreZero) {
  SparseCase zero{60, std::vector<int64_t>(61), {}, {}};
  const Eigenpairs pairs = eigenpairs_of(zero, {.count = 3});
  EXPECT_EQ(pairs.values, std::vector<double>(3));
}

TEST(LargestEigenpairs, GiveEqualBytesWithAnyNumberOfThreads) {
  const SparseCase path = path_of(600);
  const auto run = [&](int threads) {
    const Eigenpairs pairs = eigenpairs_of(path, {.count = 7, .lower_bound = -2}, with_threads(threads));
    return std::vector<float>(pairs.vectors.row<float>(0).data(),
                              pairs.vectors.row<float>(0).data() + 600 * 7);
  };
  const std::vector<float> one = run(1);
  EXPECT_EQ(one, run(2));
  EXPECT_EQ(one, run(5));
}

TEST(SpectralRadius, IsThatOfGraphsWhichAreKnown) {
  const auto radius = [](const SparseCase& matrix) {
    return estimate_spectral_radius(Context(), matrix.view());
  };
  std::vector<std::pair<uint32_t, uint32_t>> star, cycle;
  for (uint32_t i = 1; i < 26; ++i) star.push_back({0, i});
  for (uint32_t i = 0; i < 9; ++i) cycle.push_back({i, (i + 1) % 9});
  EXPECT_NEAR(radius(adjacency_of(26, star)), 5, 1e-4);
  EXPECT_NEAR(radius(adjacency_of(9, cycle)), 2, 1e-4);
  EXPECT_NEAR(radius(adjacency_of(9, cycle, false)), 1, 1e-4);  // one way round
  EXPECT_NEAR(radius(path_of(5)), std::sqrt(3.0), 1e-4);
  EXPECT_EQ(radius(adjacency_of(26, star, false)), 0);  // no cycle
}

}  // namespace
}  // namespace whitney
