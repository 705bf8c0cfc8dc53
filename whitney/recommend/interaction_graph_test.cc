#include "whitney/recommend/interaction_graph.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/linalg/sparse.h"
#include "whitney/recommend/interactions_cases_test.h"

namespace whitney::recommend {
namespace {

TEST(InteractionGraph, HasTheSquareRootsOfDegreesAsItsFirstEigenvector) {
  // L sqrt(d) = sqrt(d); with the signs of items turned, -1 times that.
  const Interactions events = grouped_events(20, 30, 3, 8);
  const InteractionGraph graph = interaction_graph(events, Adjacency::kSymmetric);
  for (const float sign : {1.0F, -1.0F}) {
    std::vector<float> roots(50), product(50);
    for (size_t row = 0; row < 50; ++row) {
      const auto degree = static_cast<float>(graph.matrix.offsets[row + 1] - graph.matrix.offsets[row]);
      roots[row] = std::sqrt(degree) * (row < 20 ? 1.0F : sign);
    }
    multiply_sparse({}, graph.matrix.view(), {}, {roots.data(), 50, 1, 1, DType::kF32}, product.data());
    for (size_t row = 0; row < 50; ++row) EXPECT_NEAR(product[row], sign * roots[row], 1e-5);
  }
}

TEST(InteractionGraph, RowsOfNormAndOfGcmcSumToOneAndTheirTransposesAreTheirs) {
  const Interactions events = grouped_events(20, 30, 3, 8);
  for (const Adjacency adjacency :
       {Adjacency::kNorm, Adjacency::kGcmc, Adjacency::kNgcf, Adjacency::kPlain}) {
    const InteractionGraph graph = interaction_graph(events, adjacency);
    std::vector<std::vector<float>> dense(50, std::vector<float>(50, 0.0F));
    for (size_t row = 0; row < 50; ++row) {
      double sum = 0;
      const auto begin = static_cast<size_t>(graph.matrix.offsets[row]),
                 end = static_cast<size_t>(graph.matrix.offsets[row + 1]);
      for (size_t e = begin; e < end; ++e) {
        sum += graph.matrix.weights[e];
        dense[row][graph.matrix.columns[e]] = graph.matrix.weights[e];
      }
      const bool alone = end == begin || (adjacency == Adjacency::kNgcf && end == begin + 1);
      double expected = alone ? 0 : 1;
      if (adjacency == Adjacency::kNorm) expected = 1;
      if (adjacency == Adjacency::kNgcf) expected += 1;
      if (adjacency == Adjacency::kPlain) expected = static_cast<double>(end - begin);
      EXPECT_NEAR(sum, expected, 1e-6);
    }
    const SparseView turned = graph.transposed();
    ASSERT_EQ(turned.columns.size(), graph.matrix.columns.size());
    for (size_t row = 0; row < 50; ++row) {
      for (auto e = static_cast<size_t>(turned.offsets[row]);
           e < static_cast<size_t>(turned.offsets[row + 1]); ++e) {
        EXPECT_EQ(turned.weights[e], dense[turned.columns[e]][row]);
      }
    }
  }
}

}  // namespace
}  // namespace whitney::recommend
