#include "whitney/train/gnn/sdne_objective.h"

#include <gtest/gtest.h>

#include <cmath>
#include <span>
#include <tuple>
#include <vector>

#include "whitney/train/gnn/sdne_cases_test.h"
#include "whitney/train/nn/gradient_check.h"
#include "whitney/train/nn/optimizers.h"
#include "whitney/train/nn/sharded_gradients.h"
#include "whitney/train/nn/training_loop.h"

namespace whitney::gnn {
namespace {

using graph::graph_of;
using graph::karate;

double loss_of(SDNEObjective& objective, const Graph& graph, int shards = 1, int64_t step = 0) {
  objective.parameters().clear_gradients();
  const std::vector<int64_t> nodes = all_nodes(graph);
  return nn::add_gradients(objective, nodes, {.step = step, .num_in_step = graph.num_nodes()}, shards,
                           Context());
}

SDNEOptions two_layers(Activation activation) {
  SDNEOptions options;
  options.dim = 2;
  options.hidden = {8, 3};  // wider than the graph, then narrower
  options.activation = activation;
  options.alpha = 0.7;
  options.beta = 3;
  return options;
}

/// Biases that keep what the units of a small graph are given away from 0, where relu has no derivative.
void leave_the_bend(const SDNEObjective& objective) {
  const torch::NoGradGuard no_gradients;
  for (const nn::Parameter& parameter : objective.parameters().all()) {
    if (!parameter.name.ends_with(".bias")) continue;
    for (int64_t i = 0; i < parameter.tensor.numel(); ++i)
      torch::Tensor(parameter.tensor)[i] = i % 3 == 2 ? -3.0 : 3.0;  // most are on
  }
}

/// The loss of a batch in two shards; by torch's operations, as on another device, or by our kernel.
torch::Tensor loss_of_batch(SDNEObjective& objective, bool by_torch) {
  static const std::vector<int64_t> nodes = {4, 1, 3, 0, 2};
  std::vector<torch::Tensor> shared = objective.shared(nodes, Context());
  if (by_torch) shared.resize(1);
  const std::span<const int64_t> all(nodes);
  return objective.loss({.examples = all.first(2), .num_in_step = 5}, shared) +
         objective.loss({.examples = all.subspan(2), .offset = 2, .num_in_step = 5}, shared);
}

TEST(SDNE, GradientsAgreeWithCentralDifferences) {
  const Graph graph = small_graph();
  for (const Activation activation : {Activation::kSigmoid, Activation::kTanh, Activation::kRelu}) {
    for (const bool sampled : {false, true}) {
      for (const bool by_torch : {false, true}) {
        SDNEOptions options = two_layers(activation);
        if (sampled) options.negatives = 2;
        SDNEObjective objective(graph, options, 1, torch::kFloat64);
        if (activation == Activation::kRelu) leave_the_bend(objective);
        const nn::GradientCheck check = nn::check_gradients(
            [&] { return loss_of_batch(objective, by_torch); }, objective.parameters().tensors());
        EXPECT_LT(check.worst_error, 2e-5)
            << check.where << ", " << name_of_enum(activation) << ", sampled: " << sampled;
      }
    }
  }
}

TEST(SDNE, RebuildsByTorchAsByOurKernel) {
  const Graph graph = small_graph();
  for (const Activation activation :
       {Activation::kSigmoid, Activation::kTanh, Activation::kRelu, Activation::kLinear}) {
    SDNEObjective objective(graph, two_layers(activation), 1, torch::kFloat64);
    const std::vector<torch::Tensor> parameters = objective.parameters().tensors();
    const torch::Tensor ours = loss_of_batch(objective, false), theirs = loss_of_batch(objective, true);
    EXPECT_NEAR(theirs.item<double>(), ours.item<double>(), 1e-10);
    const auto by_ours = torch::autograd::grad({ours}, parameters),
               by_theirs = torch::autograd::grad({theirs}, parameters);
    for (size_t i = 0; i < parameters.size(); ++i) {
      EXPECT_TRUE(torch::allclose(by_theirs[i], by_ours[i], 1e-9, 1e-12))
          << objective.parameters().all()[i].name << ", " << name_of_enum(activation);
    }
  }
}

TEST(SDNE, WithBetaOneAndAlphaZeroIsAPlainAutoEncoder) {
  const Graph graph = small_graph();
  SDNEOptions options;
  options.activation = Activation::kSigmoid;
  options.dim = 2;
  options.hidden = {3};
  options.beta = 1;
  options.alpha = 0;
  SDNEObjective objective(graph, options, 1, torch::kFloat64);
  const torch::NoGradGuard no_gradients;
  torch::Tensor rows = torch::zeros({6, 6}, torch::kFloat64);
  for (const auto& [u, v, w] :
       {std::tuple{0, 1, 1.0}, {1, 2, 2.0}, {2, 0, 0.5}, {2, 3, 4.0}, {3, 3, 1.0}, {4, 0, 3.0}})
    rows[u][v] = w / 4;  // the largest weight counts 1
  const torch::Tensor rebuilt = objective.decode(objective.encode(all_nodes(graph), Context()));
  const double expected = (rebuilt - rows).square().sum().item<double>() / 6;
  EXPECT_NEAR(loss_of(objective, graph), expected, 1e-12);
  EXPECT_NEAR(loss_of(objective, graph, 4), expected, 1e-12);
}

TEST(SDNE, CountsErrorsAtEdgesBetaTimesAndDistancesAlphaTimes) {
  const Graph graph = graph_of(3, {{0, 1}});  // both ways
  SDNEOptions options;
  options.activation = Activation::kSigmoid;
  options.dim = 1;
  options.hidden = {};
  options.beta = 5;
  options.alpha = 0.5;
  SDNEObjective objective(graph, options, 1, torch::kFloat64);
  const torch::NoGradGuard no_gradients;
  const torch::Tensor y = objective.encode(all_nodes(graph), Context()), rebuilt = objective.decode(y);
  double expected = 0;
  for (int64_t u = 0; u < 3; ++u) {
    for (int64_t v = 0; v < 3; ++v) {
      const bool edge = u + v == 1;
      const double error = rebuilt[u][v].item<double>() - (edge ? 1 : 0),
                   apart = (y[u] - y[v]).item<double>();
      expected += edge ? 25 * error * error + 0.5 * apart * apart : error * error;
    }
  }
  EXPECT_NEAR(loss_of(objective, graph), expected / 3, 1e-12);
}

// Baldi & Hornik 1989: the best linear auto-encoder with offsets is the projection on the top d directions of
// the centred rows.
TEST(SDNE, OneLinearLayerSpansTheTopSingularSpace) {
  const Graph graph = karate();
  SDNEOptions options;
  options.dim = 4;
  options.hidden = {};
  options.activation = Activation::kLinear;
  options.beta = 1;
  options.alpha = 0;
  options.training.epochs = 1500;
  options.training.shards = 1;
  SDNEObjective objective(graph, options, 1, torch::kFloat32);
  const auto adam = nn::make_optimizer({.learning_rate = 0.01});
  nn::train(objective, *adam, options.training, {.method = "sdne"}, Context());
  torch::Tensor rows = torch::zeros({34, 34});
  for (int64_t u = 0; u < 34; ++u) {
    for (const uint32_t v : graph.neighbors(u)) rows[u][static_cast<int64_t>(v)] = 1;
  }
  const torch::Tensor values = torch::linalg_svdvals(rows - rows.mean(0, /*keepdim=*/true));
  const double best = values.slice(0, 4).square().sum().item<double>() / 34;
  const double found = loss_of(objective, graph);
  EXPECT_GT(found, best - 1e-4);
  EXPECT_LT(found, 1.01 * best);
}

TEST(SDNE, DrawnPlacesStandForAllOfThem) {
  const Graph graph = small_graph();
  SDNEOptions options;
  options.activation = Activation::kSigmoid;
  options.dim = 2;
  options.hidden = {};
  options.alpha = 0;
  SDNEObjective whole(graph, options, 1, torch::kFloat64);
  options.negatives = 2;
  SDNEObjective drawn(graph, options, 1, torch::kFloat64);
  constexpr int64_t kDraws = 400;
  double sum = 0, squares = 0;
  for (int64_t step = 0; step < kDraws; ++step) {
    const double loss = loss_of(drawn, graph, 1, step);
    sum += loss;
    squares += loss * loss;
  }
  const double mean = sum / kDraws, deviation = std::sqrt((squares / kDraws - mean * mean) / kDraws);
  EXPECT_GT(deviation, 0);
  EXPECT_NEAR(mean, loss_of(whole, graph), 5 * deviation);
}

}  // namespace
}  // namespace whitney::gnn
