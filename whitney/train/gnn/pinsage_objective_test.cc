#include "whitney/train/gnn/pinsage_objective.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/train/gnn/pinsage_cases_test.h"
#include "whitney/train/nn/gradient_check.h"

namespace whitney::gnn {
namespace {

using infer::NeighborPooling;
using ::testing::HasSubstr;

/// An objective over contexts of groups, with what it looks at.
struct Case {
  explicit Case(const PinSageOptions& given, torch::TensorOptions type = torch::kFloat64,
                const Interactions& events = grouped_contexts(24, 40, 3))
      : options(given),
        features(plain_features(events.num_items())),
        labels(labels_of_contexts(events, options.validation, {})),
        settings(options.settings(features.cols(), 42)),
        inputs(features, infer::pinsage_degrees(labels.graph)),
        objective(labels, inputs, settings, options, type, {}) {}

  std::vector<int64_t> examples(int64_t count) const {
    std::vector<int64_t> all(static_cast<size_t>(count));
    std::iota(all.begin(), all.end(), int64_t{0});
    return all;
  }
  torch::Tensor loss(const std::vector<int64_t>& batch) {
    const auto prepared = objective.prepare(batch, 0);
    const auto shared = objective.shared_of(*prepared, {});
    return objective.loss({.examples = batch, .num_in_step = std::ssize(batch), .prepared = prepared.get()},
                          shared);
  }

  PinSageOptions options;
  Matrix features;
  PinSageLabels labels;
  infer::PinSageSettings settings;
  PinSageFeatures inputs;
  PinSageObjective objective;
};

/// The loss of one pair (node 0, node 1) with shared wrong answers, on vectors as they are given.
torch::Tensor loss_of_vectors(Case& of, const torch::Tensor& vectors, std::vector<int64_t> queries,
                              std::vector<int64_t> answers, const std::vector<int64_t>& negatives,
                              const torch::Tensor& hard = {}) {
  PinSageBatch batch;
  const auto count = std::ssize(queries);
  batch.queries = torch::tensor(queries, torch::kInt64);
  batch.answers = torch::tensor(answers, torch::kInt64);
  batch.negatives = torch::tensor(negatives, torch::kInt64);
  batch.hard = hard.defined() ? hard : torch::empty({count, 0}, torch::kInt64);
  const std::vector<torch::Tensor> shared = {vectors};
  return of.objective.loss({.examples = queries, .num_in_step = count, .prepared = &batch}, shared);
}

TEST(PinSageLoss, OfAnActiveNegativeHasTheGradientsOfItsScores) {
  Case of(small_options());
  torch::Tensor z = torch::tensor({{1.0, 2.0}, {0.5, -1.0}, {3.0, 0.25}, {-9.0, -9.0}}, torch::kFloat64);
  z.requires_grad_();
  // Scores of node 0: with its answer -1.5, with node 2 3.5, with node 3 -27, which meets the margin.
  const torch::Tensor loss = loss_of_vectors(of, z, {0}, {1}, {2, 3});
  EXPECT_NEAR(loss.item<double>(), (3.5 + 1.5 + 0.1) / 2, 1e-12);
  loss.backward();
  const torch::Tensor expected = torch::tensor(
      {{(3.0 - 0.5) / 2, (0.25 + 1.0) / 2}, {-0.5, -1.0}, {0.5, 1.0}, {0.0, 0.0}}, torch::kFloat64);
  EXPECT_TRUE(torch::allclose(z.grad(), expected));
}

TEST(PinSageLoss, OfSharedNegativesIsTheMeanOfLossesOfEachPair) {
  Case of(small_options());
  const torch::Tensor z = torch::sin(torch::arange(1, 25, torch::kFloat64)).view({8, 3});
  const std::vector<int64_t> negatives = {4, 5, 6, 7, 5};
  const torch::Tensor both = loss_of_vectors(of, z, {0, 2}, {1, 3}, negatives);
  double sum = 0;
  for (const int64_t pair : {0, 2}) {
    sum += loss_of_vectors(of, z, {pair}, {pair + 1}, negatives).item<double>();
  }
  EXPECT_NEAR(both.item<double>(), sum / 2, 1e-12);
  EXPECT_GT(sum, 0);
}

TEST(PinSageLoss, DoesNotCountAWrongAnswerThatIsTheAnswerOrTheQuery) {
  Case of(small_options());
  const torch::Tensor z = torch::sin(torch::arange(1, 25, torch::kFloat64)).view({8, 3});
  const double plain = loss_of_vectors(of, z, {0}, {1}, {4, 5}).item<double>();
  EXPECT_NEAR(loss_of_vectors(of, z, {0}, {1}, {4, 1, 5, 0}).item<double>(), plain, 1e-12);
  const torch::Tensor hard = torch::tensor({{0, 5}}, torch::kInt64);
  EXPECT_NEAR(loss_of_vectors(of, z, {0}, {1}, {4}, hard).item<double>(), plain, 1e-12);
}

TEST(PinSageLoss, BySoftmaxIsTheAnswersSurprise) {
  PinSageOptions options = small_options();
  options.loss = PinSageLoss::kSoftmax;
  options.temperature = 0.5;
  Case of(options);
  const torch::Tensor z = torch::tensor({{1.0, 0.0}, {0.5, 0.0}, {0.25, 1.0}, {-1.0, 0.0}}, torch::kFloat64);
  // Scores of node 0: with its answer .5, with node 2 .25 (twice), with node 3 -1; its own counts for
  // nothing.
  const double all = std::exp(1) + 2 * std::exp(0.5) + std::exp(-2);
  EXPECT_NEAR(loss_of_vectors(of, z, {0}, {1}, {2, 3, 0, 2, 1}).item<double>(), std::log(all) - 1, 1e-12);
}

TEST(PinSage, GradientsAgreeWithCentralDifferences) {
  for (const NeighborPooling pooling :
       {NeighborPooling::kImportance, NeighborPooling::kMean, NeighborPooling::kMax}) {
    for (const int layers : {0, 2}) {
      PinSageOptions options = small_options();
      options.loss = pooling == NeighborPooling::kMax ? PinSageLoss::kSoftmax : PinSageLoss::kMaxMargin;
      options.dim = 4;
      options.hidden = 3;
      options.layers = layers;
      options.negatives = 5;
      options.pooling = pooling;
      options.normalize = pooling != NeighborPooling::kMean;
      options.hard_from = 0.9;  // ranks 22 to 24
      options.hard_to = 1;
      Case of(options);
      of.objective.begin_epoch(2, {});
      const auto loss = [&] { return of.loss(of.examples(6)); };
      EXPECT_GT(loss().item<double>(), 0);
      const nn::GradientCheck check =
          nn::check_gradients(loss, of.objective.parameters().tensors(), 1e-6, 40);
      EXPECT_LT(check.worst_error, 1e-3) << check.where << ", pooling " << static_cast<int>(pooling);
    }
  }
}

TEST(PinSage, ABatchHasTheVectorsOfTheWholeGraphLayerByLayer) {
  for (const NeighborPooling pooling :
       {NeighborPooling::kImportance, NeighborPooling::kMean, NeighborPooling::kMax}) {
    PinSageOptions options = small_options();
    options.pooling = pooling;
    Case of(options, torch::kFloat32);
    const torch::NoGradGuard no_gradients;
    const Matrix all =
        infer::PinSageModel(of.objective.network().model()).embed(of.features, of.labels.graph, {});
    const SparseMatrix rows = infer::pinsage_neighborhoods(of.labels.graph, of.settings, {});
    const std::vector<uint32_t> items = {17, 3, 8};
    const LocalGraph graph = local_graph(items, 2, rows, {}, of.inputs);
    const torch::Tensor vectors = of.objective.network().forward(graph, 3, {});
    for (int64_t i = 0; i < 3; ++i) {
      for (int64_t j = 0; j < 8; ++j) {
        EXPECT_NEAR(vectors[i][j].item<float>(),
                    all.row<float>(items[static_cast<size_t>(i)])[static_cast<size_t>(j)], 1e-5);
      }
    }
  }
}

TEST(PinSage, PoolsTheLargestOfEachValueAndEqualOnesShareTheGradient) {
  const SparseMatrix rows{.cols = 3, .offsets = {0, 2, 2, 3}, .columns = {0, 2, 1}, .weights = {1, 1, 1}};
  torch::Tensor values = torch::tensor({{1.0, 5.0}, {2.0, 0.0}, {3.0, 5.0}}, torch::kFloat64);
  values.requires_grad_();
  const torch::Tensor largest = largest_of_rows(rows, values);
  EXPECT_TRUE(torch::equal(largest, torch::tensor({{3.0, 5.0}, {0.0, 0.0}, {2.0, 0.0}}, torch::kFloat64)));
  largest.index({0}).sum().backward();
  EXPECT_TRUE(
      torch::equal(values.grad(), torch::tensor({{0.0, 0.5}, {0.0, 0.0}, {1.0, 0.5}}, torch::kFloat64)));
}

TEST(PinSage, TakesPairsThatShareOneContextOutOfEachOthersNeighbourhood) {
  const Interactions events = contexts_of(5, {{0, 1, 4}, {1, 0}, {2, 3}});
  PinSageOptions options = small_options();
  options.validation = 0;
  options.neighbors = 4;
  const auto edges = [&](LeakGuard guard, int64_t example) {
    options.leak_guard = guard;
    Case of(options, torch::kFloat32, events);
    const std::vector<int64_t> batch = {example};
    const auto prepared = of.objective.prepare(batch, 0);
    const LocalGraph& graph = dynamic_cast<const PinSageBatch&>(*prepared).graph;
    const SparseMatrix& top = graph.neighborhoods.back().matrix();
    // The neighbours of the query, the first node.
    return std::vector<uint32_t>(top.columns.begin(), top.columns.begin() + top.offsets[1]);
  };
  // Labels: 0 -> 1 and 1 -> 0 (two contexts), 1 -> 4 and 2 -> 3 (one). The answer is the second node.
  using ::testing::Contains;
  using ::testing::Not;
  EXPECT_THAT(edges(LeakGuard::kOnlyContext, 0), Contains(1));
  EXPECT_THAT(edges(LeakGuard::kOnlyContext, 1), Not(Contains(1)));
  EXPECT_THAT(edges(LeakGuard::kNone, 1), Contains(1));
  EXPECT_THAT(edges(LeakGuard::kPair, 0), Not(Contains(1)));
  EXPECT_THAT(edges(LeakGuard::kOnlyContext, 3), Not(Contains(1)));
}

TEST(PinSage, EveryQueryOfEpochNHasNMinusOneHardNegatives) {
  PinSageOptions options = small_options();
  options.hard_negatives = 3;
  options.hard_from = 0.6;  // ranks 24 to 40, which every item of one group has
  options.hard_to = 1;
  Case of(options, torch::kFloat32, grouped_contexts(40, 200, 1));
  const std::vector<int64_t> batch = of.examples(5);
  for (const auto& [epoch, count] : {std::pair{0, 0}, {1, 1}, {2, 2}, {3, 3}, {7, 3}}) {
    of.objective.begin_epoch(epoch, {});
    const auto prepared = of.objective.prepare(batch, 0);
    const auto& made = dynamic_cast<const PinSageBatch&>(*prepared);
    EXPECT_EQ(made.hard.sizes().vec(), (std::vector<int64_t>{5, count})) << "epoch " << epoch + 1;
    // Places of the batch's items; none is the query, which stands where a band is empty.
    EXPECT_TRUE((made.hard < made.num_items).all().item<bool>());
    EXPECT_FALSE((made.hard == made.queries.unsqueeze(1)).any().item<bool>());
  }
}

TEST(PinSage, AVectorThatIsNotFiniteIsNoFirstRank) {
  PinSageOptions options = small_options();
  options.normalize = false;
  Case of(options);
  EXPECT_EQ(of.objective.not_finite({}), std::nullopt);
  const torch::NoGradGuard no_gradients;
  of.objective.parameters().at("head2.weight").mutable_data_ptr<double>()[0] =
      std::numeric_limits<double>::max();  // finite, but no number of float32
  EXPECT_EQ(of.objective.not_finite({}), "the vectors of items");
  EXPECT_THAT(error_of([&] { of.objective.evaluate({}); }), HasSubstr("no numbers"));
}

TEST(PinSage, RanksEqualScoresByTheSmallerRow) {
  const torch::Tensor z = torch::tensor({{1.0F, 0.0F}, {0.5F, 1.0F}, {0.5F, 0.0F}, {0.75F, 0.0F}});
  const std::vector<ItemPair> pairs = {{0, 1}, {0, 2}, {0, 3}, {1, 0}};
  EXPECT_EQ(ranks_of_answers(pairs, z, {}), (std::vector<int64_t>{2, 3, 1, 1}));
}

}  // namespace
}  // namespace whitney::gnn
