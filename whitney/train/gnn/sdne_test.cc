#include "whitney/train/gnn/sdne.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numeric>
#include <span>

#include "whitney/core/temporary_folder.h"
#include "whitney/eval/reconstruction_decoder.h"
#include "whitney/graph/fastrp_cases_test.h"
#include "whitney/train/gnn/sdne_objective.h"
#include "whitney/train/nn/gradient_check.h"
#include "whitney/train/nn/optimizers.h"
#include "whitney/train/nn/sharded_gradients.h"
#include "whitney/train/nn/training_loop.h"

namespace whitney::gnn {
namespace {

using graph::error_of;
using graph::graph_of;
using graph::karate;
using ::testing::HasSubstr;

// Directed and weighted, with an edge to itself; node 5 has no edges.
Graph small_graph() {
  return graph_of(6, {{0, 1}, {1, 2}, {2, 0}, {2, 3}, {3, 3}, {4, 0}}, {1, 2, 0.5, 4, 1, 3}, true);
}

std::vector<int64_t> all_nodes(const Graph& graph) {
  std::vector<int64_t> nodes(static_cast<size_t>(graph.num_nodes()));
  std::iota(nodes.begin(), nodes.end(), int64_t{0});
  return nodes;
}

double loss_of(SDNEObjective& objective, const Graph& graph, int shards = 1, int64_t step = 0) {
  objective.parameters().clear_gradients();
  const std::vector<int64_t> nodes = all_nodes(graph);
  return nn::add_gradients(objective, nodes, {.step = step, .num_in_step = graph.num_nodes()}, shards,
                           Context());
}

TEST(SDNE, GradientsAgreeWithCentralDifferences) {
  const Graph graph = small_graph();
  for (const Activation activation : {Activation::kSigmoid, Activation::kTanh}) {
    for (const bool sampled : {false, true}) {
      SDNEOptions options;
      options.dim = 2;
      options.hidden = {8, 3};  // wider than the graph, then narrower
      options.activation = activation;
      options.alpha = 0.7;
      options.beta = 3;
      if (sampled) options.negatives = 2;
      SDNEObjective objective(graph, options, 1, torch::kFloat64);
      const std::vector<int64_t> nodes = {4, 1, 3, 0, 2};
      const auto loss = [&] {
        const std::vector<torch::Tensor> shared = objective.shared(nodes, Context());
        const std::span<const int64_t> all(nodes);
        return objective.loss({.examples = all.first(2), .num_in_step = 5}, shared) +
               objective.loss({.examples = all.subspan(2), .offset = 2, .num_in_step = 5}, shared);
      };
      const nn::GradientCheck check = nn::check_gradients(loss, objective.parameters().tensors());
      EXPECT_LT(check.worst_error, 2e-5) << check.where;
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

SDNEOptions short_training() {
  SDNEOptions options;
  options.dim = 8;
  options.hidden = {16};
  options.learning_rate = 0.01;
  options.training.epochs = 5;
  options.training.batch_size = 10;
  return options;
}

std::vector<float> numbers_of(const Embeddings& embeddings) {
  const float* begin = embeddings.vectors.row<float>(0).data();
  return {begin, begin + embeddings.vectors.rows() * embeddings.vectors.cols()};
}

TEST(SDNE, GivesTheSameBytesAtAnyNumberOfThreads) {
  std::vector<std::vector<float>> found;
  for (const int threads : {1, 2, 5}) {
    Context context;
    context.threads = threads;
    found.push_back(numbers_of(sdne(karate(), short_training(), context)));
  }
  EXPECT_EQ(found[0], found[1]);
  EXPECT_EQ(found[0], found[2]);
}

// ahat by the artifact and eval alone, against libtorch's.
TEST(SDNE, ItsDecoderScoresPairsAsItRebuildsThem) {
  const Graph graph = karate();
  for (const std::vector<int>& hidden : {std::vector<int>{16}, std::vector<int>{}}) {
    SDNEOptions options = short_training();
    options.hidden = hidden;
    options.keep = SDNEKeep::kDecoder;
    const Embeddings found = sdne(graph, options, Context());
    EXPECT_EQ(found.dim(), 2 * (1 + (hidden.empty() ? options.dim : hidden.front())));

    SDNEObjective objective(graph, options, Context().seed, torch::kFloat32);
    const auto adam = nn::make_optimizer({.update = nn::Update::kAdamW,
                                          .learning_rate = options.learning_rate,
                                          .weight_decay = options.weight_decay});
    nn::train(objective, *adam, options.training, {.method = "sdne", .seed = Context().seed}, Context());
    const torch::NoGradGuard no_gradients;
    const torch::Tensor rebuilt = objective.decode(objective.encode(all_nodes(graph), Context()));

    const eval::PairScores scores(found.vectors, eval::decoder_of(found.record), Context(),
                                  eval::activation_of(found.record));
    std::vector<float> of_pairs(34 * 34);
    scores.score(all_nodes(graph), of_pairs);
    for (int64_t u = 0; u < 34; ++u) {
      for (int64_t v = 0; v < 34; ++v) {
        const double expected = (rebuilt[u][v].item<double>() + rebuilt[v][u].item<double>()) / 2;
        EXPECT_NEAR(of_pairs[static_cast<size_t>(34 * u + v)], expected, 1e-5) << u << " " << v;
      }
    }
  }
}

TEST(SDNE, ItsDecoderOfDirectedEdgesRanksOneWay) {
  SDNEOptions options = short_training();
  options.keep = SDNEKeep::kDecoder;
  const Embeddings found = sdne(small_graph(), options, Context());
  EXPECT_EQ(eval::decoder_of(found.record), eval::Decoder::kSourceTarget);
}

TEST(SDNE, ARunThatGoesOnGivesTheBytesOfOneThatNeverStopped) {
  const TemporaryFolder folder;
  SDNEOptions options = short_training();
  options.negatives = 3;
  const Embeddings straight = sdne(karate(), options, Context());
  options.training.checkpoint = Path{folder.file("c.safetensors")};
  options.training.epochs = 2;
  sdne(karate(), options, Context());
  options.training.epochs = 5;
  options.training.resume = true;
  const Embeddings rest = sdne(karate(), options, Context());
  EXPECT_EQ(numbers_of(rest), numbers_of(straight));
  EXPECT_EQ(rest.record, straight.record);
}

// Two groups of eight that all know each other, joined by one edge: who is nearest to a node is of its group.
TEST(SDNE, FindsPlantedGroups) {
  std::vector<std::pair<uint32_t, uint32_t>> edges = {{0, 8}};
  for (uint32_t u = 0; u < 16; ++u) {
    for (uint32_t v = u + 1; v < 16; ++v) {
      if (u / 8 == v / 8) edges.emplace_back(u, v);
    }
  }
  SDNEOptions options = short_training();
  options.dim = 2;
  options.training.epochs = 100;
  const Embeddings found = sdne(graph_of(17, edges), options, Context());
  const auto distance = [&](int64_t u, int64_t v) {
    const auto a = found.vectors.row<float>(u), b = found.vectors.row<float>(v);
    return std::hypot(a[0] - b[0], a[1] - b[1]);
  };
  for (int64_t u = 0; u < 16; ++u) {
    for (int64_t v = u / 8 * 8; v < u / 8 * 8 + 8; ++v)
      EXPECT_LT(distance(u, v), distance(u, (u + 8) % 16)) << u << " " << v;
  }
  EXPECT_TRUE(std::isfinite(found.vectors.row<float>(16)[0]));  // without edges
}

TEST(SDNE, SaysWhatItCannotLearnFrom) {
  EXPECT_THAT(error_of([] { sdne(graph_of(0, {}), {}, Context()); }), HasSubstr("no nodes"));
  SDNEOptions options = short_training();
  options.training.device = "gpu";
  EXPECT_THAT(error_of([&] { sdne(karate(), options, Context()); }), HasSubstr("option \"device\""));
  options = short_training();
  options.training.stop_metric = "recall@20";
  EXPECT_THAT(error_of([&] { sdne(karate(), options, Context()); }), HasSubstr("there is no validation"));
}

}  // namespace
}  // namespace whitney::gnn
