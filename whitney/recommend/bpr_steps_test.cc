#include "whitney/recommend/bpr_steps.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney::recommend {
namespace {

constexpr int64_t kUsers = 3, kItems = 4;

Factors random_factors(int64_t dim, uint64_t seed) {
  Factors factors{Matrix(kUsers, dim), Matrix(kItems, dim)};
  RandomStream random(seed, "factors", 0);
  for (Matrix* matrix : {&factors.users, &factors.items}) {
    float* values = matrix->mutable_data<float>();
    for (int64_t i = 0; i < matrix->rows() * dim; ++i) values[i] = static_cast<float>(0.5 * random.normal());
  }
  return factors;
}

std::vector<float> padded(const Matrix& matrix, int64_t width) {
  std::vector<float> table(static_cast<size_t>(matrix.rows() * width));
  for (int64_t row = 0; row < matrix.rows(); ++row)
    std::ranges::copy(matrix.row<float>(row), table.begin() + row * width);
  return table;
}

/// By central differences of the loss, of value j of a row.
double slope(Factors factors, Matrix Factors::* side, int64_t row, int64_t j, const BprTriple& triple,
             double regularization) {
  constexpr double kStep = 1.0 / 256;
  float& value = (factors.*side).mutable_data<float>()[row * (factors.*side).cols() + j];
  const float before = value;
  value = static_cast<float>(before + kStep);
  const double above = bpr_loss(factors, triple, regularization);
  value = static_cast<float>(before - kStep);
  return (above - bpr_loss(factors, triple, regularization)) / (2 * kStep);
}

TEST(BprSteps, GoDownTheGradientOfTheLoss) {
  const BprTriple triple{1, 3, 0};
  const double regularization = 0.3;
  for (const int64_t dim : {1, 13, 16, 40, 64}) {
    const int64_t width = (dim + 15) / 16 * 16;
    const Factors factors = random_factors(dim, static_cast<uint64_t>(dim));
    at_each_level([&] {
      std::vector<float> users = padded(factors.users, width), items = padded(factors.items, width);
      const std::vector<float> users_before = users, items_before = items;
      bpr_steps(std::span(&triple, 1), 0.5F, static_cast<float>(regularization),
                {users.data(), items.data(), width});
      const auto check = [&](Matrix Factors::* side, const std::vector<float>& before,
                             const std::vector<float>& after, int64_t rows, std::vector<int64_t> moved) {
        for (int64_t row = 0; row < rows; ++row) {
          for (int64_t j = 0; j < width; ++j) {
            const auto at = static_cast<size_t>(row * width + j);
            const double went = (static_cast<double>(before[at]) - after[at]) / 0.5;
            const bool moves = j < dim && std::ranges::count(moved, row) > 0;
            const double expected = moves ? slope(factors, side, row, j, triple, regularization) : 0;
            // A third derivative of at most 1/8 |v|^3 times the step squared, and rounding.
            ASSERT_NEAR(went, expected, moves ? 2e-4 : 0) << "d " << dim << ", row " << row << ", " << j;
          }
        }
      };
      check(&Factors::users, users_before, users, kUsers, {1});
      check(&Factors::items, items_before, items, kItems, {0, 3});
    });
  }
}

TEST(BprSteps, TakeTriplesOneAfterTheOther) {
  const Factors factors = random_factors(20, 1);
  const std::vector<BprTriple> triples = {{0, 1, 2}, {0, 2, 1}, {1, 1, 0}, {2, 3, 1},
                                          {0, 1, 3}, {1, 0, 2}, {2, 2, 3}, {0, 0, 1}};
  std::vector<float> users = padded(factors.users, 32), items = padded(factors.items, 32),
                     users_again = users, items_again = items;
  bpr_steps(triples, 0.1F, 0.01F, {users.data(), items.data(), 32});
  for (const BprTriple& triple : triples)
    bpr_steps(std::span(&triple, 1), 0.1F, 0.01F, {users_again.data(), items_again.data(), 32});
  EXPECT_EQ(users, users_again);
  EXPECT_EQ(items, items_again);
}

TEST(BprSteps, StayFiniteWhereScoresAreFarApart) {
  Factors factors{Matrix::zeros(1, 1), Matrix::zeros(2, 1)};
  factors.users.mutable_data<float>()[0] = 100;
  factors.items.mutable_data<float>()[0] = -100;
  EXPECT_DOUBLE_EQ(bpr_loss(factors, {0, 0, 1}, 0), 1e4);
  std::vector<float> users(16), items(32);
  users[0] = 100, items[0] = -100;
  const BprTriple wrong{0, 0, 1}, right{0, 1, 0};
  bpr_steps(std::span(&right, 1), 0.1F, 0, {users.data(), items.data(), 16});
  EXPECT_EQ(users[0], 100);  // exp(1e4) is infinite, and the step 0
  bpr_steps(std::span(&wrong, 1), 0.1F, 0, {users.data(), items.data(), 16});
  EXPECT_EQ(items[0], -90);
}

}  // namespace
}  // namespace whitney::recommend
