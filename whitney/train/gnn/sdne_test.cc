#include "whitney/train/gnn/sdne.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/temporary_folder.h"
#include "whitney/eval/reconstruction_decoder.h"
#include "whitney/train/gnn/sdne_cases_test.h"
#include "whitney/train/gnn/sdne_objective.h"
#include "whitney/train/nn/optimizers.h"
#include "whitney/train/nn/training_loop.h"

namespace whitney::gnn {
namespace {

using graph::error_of;
using graph::graph_of;
using graph::karate;
using ::testing::HasSubstr;

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
  for (const bool sampled : {false, true}) {
    for (const SDNEKeep keep : {SDNEKeep::kVectors, SDNEKeep::kDecoder}) {
      SDNEOptions options = short_training();
      options.keep = keep;
      if (sampled) options.negatives = 3;
      std::vector<std::vector<float>> found;
      for (const int threads : {1, 2, 5}) {
        Context context;
        context.threads = threads;
        found.push_back(numbers_of(sdne(karate(), options, context)));
      }
      EXPECT_EQ(found[0], found[1]) << "sampled: " << sampled;
      EXPECT_EQ(found[0], found[2]) << "sampled: " << sampled;
    }
  }
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

TEST(SDNE, SaysWhatToTryWhereNumbersGoBeyondTheirRange) {
  SDNEOptions options = short_training();
  options.activation = Activation::kRelu;
  options.learning_rate = 1000;
  options.hidden = {8, 8, 8, 8, 8, 8};
  const auto sentence = [&] { return error_of([&] { sdne(karate(), options, Context()); }); };
  EXPECT_THAT(sentence(),
              HasSubstr("sdne: the loss is nan at step 2 of the training (epoch 1); try a smaller "
                        "--learning-rate or --clip-norm 1"));
  // No loss is made behind the last step: what it leaves is seen by the vectors alone.
  options.training.epochs = 1;
  options.training.batch_size = 34;
  options.keep = SDNEKeep::kDecoder;
  EXPECT_THAT(sentence(), HasSubstr("sdne: the decoder's vectors of nodes are not finite at step 1"));
  options.learning_rate = 1e6;
  options.keep = SDNEKeep::kVectors;
  EXPECT_THAT(sentence(), HasSubstr("sdne: the vectors of nodes are not finite at step 1 of the training "
                                    "(epoch 1); try a smaller --learning-rate or --clip-norm 1"));
  // An error beyond float32 that is a number of float64 is no other sentence.
  options.training.epochs = 2;
  options.hidden = {8};
  EXPECT_THAT(sentence(), HasSubstr("sdne: the loss is inf at step 2"));
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
