#include "whitney/recommend/spd_solve.h"

#include <gtest/gtest.h>

#include <vector>

#include "whitney/linalg/random_matrix_test.h"

namespace whitney::recommend {
namespace {

struct System {
  std::vector<float> gram;
  Matrix rows;
  float ridge = 0.5F;

  System(int64_t dim, int64_t num_rows) : rows(random_matrix(num_rows, dim, 2)) {
    const Matrix others = random_matrix(3 * dim, dim, 1);
    for (int64_t i = 0; i < dim; ++i) {
      for (int64_t j = 0; j < dim; ++j) {
        double sum = 0;
        for (int64_t r = 0; r < others.rows(); ++r) sum += at(others, r, i) * at(others, r, j);
        gram.push_back(static_cast<float>(0.1 * sum));
      }
    }
  }
  std::vector<const float*> pointers() const {
    std::vector<const float*> result;
    for (int64_t r = 0; r < rows.rows(); ++r) result.push_back(rows.row<float>(r).data());
    return result;
  }
  /// The largest entry of (G + R^T R + ridge I) x - R^T 1.
  double residual(const std::vector<float>& x) const {
    const auto dim = static_cast<int64_t>(x.size());
    double largest = 0;
    for (int64_t i = 0; i < dim; ++i) {
      double sum = double{ridge} * x[static_cast<size_t>(i)];
      for (int64_t j = 0; j < dim; ++j)
        sum += double{gram[static_cast<size_t>(i * dim + j)]} * x[static_cast<size_t>(j)];
      for (int64_t r = 0; r < rows.rows(); ++r) {
        double product = -1;
        for (int64_t j = 0; j < dim; ++j) product += at(rows, r, j) * x[static_cast<size_t>(j)];
        sum += at(rows, r, i) * product;
      }
      largest = std::max(largest, std::abs(sum));
    }
    return largest;
  }
};

TEST(SpdSolver, SolvesAtEverySimdLevelAndWidth) {
  for (const std::string& level : simd_levels()) {
    set_simd_level(level);
    for (const int64_t dim : {1, 2, 7, 31, 32, 33, 70}) {
      for (const int64_t num_rows : {0, 1, 5, 40}) {
        const System system(dim, num_rows);
        SpdSolver solver(dim);
        std::vector<float> x(static_cast<size_t>(dim), 9.0F);
        solver.solve(system.gram, system.pointers(), system.ridge, x.data());
        EXPECT_LT(system.residual(x), 2e-4) << level << ", " << dim << ", " << num_rows;
      }
    }
  }
  set_simd_level("");
}

TEST(SpdSolver, ComesNearerWithEachStepOfConjugateGradients) {
  const System system(20, 30);
  SpdSolver solver(20);
  std::vector<float> far(20, 0.0F), near(20, 0.0F), there(20, 0.0F);
  solver.approach(system.gram, system.pointers(), system.ridge, 2, far.data());
  solver.approach(system.gram, system.pointers(), system.ridge, 8, near.data());
  solver.approach(system.gram, system.pointers(), system.ridge, 60, there.data());
  EXPECT_LT(system.residual(near), 0.5 * system.residual(far));
  EXPECT_LT(system.residual(there), 1e-3);
}

// A solver is used for many rows: what one left must not show in the next.
TEST(SpdSolver, ForgetsWhatItSolvedBefore) {
  const System first(9, 12), second(9, 3);
  SpdSolver fresh(9), used(9);
  std::vector<float> alone(9), after(9), scratch(9);
  fresh.solve(second.gram, second.pointers(), second.ridge, alone.data());
  used.solve(first.gram, first.pointers(), first.ridge, scratch.data());
  used.solve(second.gram, second.pointers(), second.ridge, after.data());
  EXPECT_EQ(after, alone);
}

}  // namespace
}  // namespace whitney::recommend
