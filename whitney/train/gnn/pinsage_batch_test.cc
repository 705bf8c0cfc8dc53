#include "whitney/train/gnn/pinsage_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "whitney/train/gnn/pinsage_cases_test.h"

namespace whitney::gnn {
namespace {

using ::testing::ElementsAre;

/// 0 -> 1, 2; 1 -> 0; 2 -> 3, 4; 3 -> 0, 5; nobody else sees anyone.
SparseMatrix six() {
  return {.cols = 6,
          .offsets = {0, 2, 3, 5, 7, 7, 7},
          .columns = {1, 2, 0, 3, 4, 0, 5},
          .weights = {0.75F, 0.25F, 1, 0.5F, 0.5F, 0.9F, 0.1F}};
}

PinSageFeatures six_features() { return {plain_features(6), {}}; }

TEST(PinSageBatch, HasEachNodeOnceALayerAndThoseOfTheLayerAboveFirst) {
  const std::vector<uint32_t> items = {2, 0};
  const LocalGraph graph = local_graph(items, 2, six(), {}, six_features());
  EXPECT_THAT(graph.nodes, ElementsAre(2, 0, 3, 4, 1, 5));
  ASSERT_EQ(graph.neighborhoods.size(), 2U);
  const SparseMatrix& top = graph.neighborhoods[1].matrix();
  EXPECT_EQ(top.rows(), 2);
  EXPECT_EQ(top.cols, 5);
  EXPECT_THAT(top.columns, ElementsAre(2, 3, 4, 0));
  EXPECT_THAT(top.weights, ElementsAre(0.5F, 0.5F, 0.75F, 0.25F));
  const SparseMatrix& bottom = graph.neighborhoods[0].matrix();
  EXPECT_EQ(bottom.rows(), 5);
  EXPECT_EQ(bottom.cols, 6);
  EXPECT_THAT(bottom.columns, ElementsAre(2, 3, 4, 0, 1, 5, 1));
}

TEST(PinSageBatch, WeightsOfARowWithAHiddenEdgeSumToOneAgain) {
  const std::vector<uint32_t> items = {0, 3};
  const LocalGraph graph = local_graph(items, 1, six(), {{0, 1}, {3, 5}}, six_features());
  EXPECT_THAT(graph.nodes, ElementsAre(0, 3, 2));
  EXPECT_THAT(graph.neighborhoods[0].matrix().columns, ElementsAre(2, 0));
  EXPECT_THAT(graph.neighborhoods[0].matrix().weights, ElementsAre(1, 1));
}

TEST(PinSageBatch, OfNoLayersIsTheItemsAlone) {
  const std::vector<uint32_t> items = {2, 0};
  const LocalGraph graph = local_graph(items, 0, {}, {}, six_features());
  EXPECT_THAT(graph.nodes, ElementsAre(2, 0));
  EXPECT_TRUE(graph.neighborhoods.empty());
}

TEST(PinSageFeatures, ThatAreMostlyZerosGiveTheProductsOfDenseOnes) {
  const Matrix features = plain_features(6, 30);
  const std::vector<float> degrees = {0, 1, 2, 3, 4, 5};
  const PinSageFeatures sparse(features, degrees), dense(plain_features(6, 5), degrees);
  EXPECT_TRUE(sparse.is_sparse());
  EXPECT_FALSE(dense.is_sparse());
  const std::vector<uint32_t> items = {4, 1};
  for (const PinSageFeatures* given : {&sparse, &dense}) {
    const Matrix from = given == &sparse ? features : plain_features(6, 5);
    const int64_t width = from.cols() + 1;
    EXPECT_EQ(given->width(), width);
    torch::Tensor rows = torch::zeros({2, width});
    for (int64_t i = 0; i < 2; ++i) {
      for (int64_t j = 0; j < width - 1; ++j)
        rows[i][j] = from.row<float>(items[static_cast<size_t>(i)])[static_cast<size_t>(j)];
      rows[i][width - 1] = degrees[items[static_cast<size_t>(i)]];
    }
    const torch::Tensor weights = torch::arange(width * 3).view({width, 3}).to(torch::kFloat32) / 7;
    EXPECT_TRUE(torch::allclose(given->rows(items).times(weights, {}), torch::matmul(rows, weights)));
  }
}

}  // namespace
}  // namespace whitney::gnn
