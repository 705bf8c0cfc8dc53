#include "whitney/eval/link_prediction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/eval/reconstruction_hops.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

using eval::LinkSplit;
using eval::NodePair;

/// Groups of 20 nodes in which two are neighbours by a lot of one in 2, and a ring through all nodes.
Graph groups(int64_t n, bool directed = false, bool weighted = false) {
  RandomStream random(3, "groups", 0);
  std::vector<uint32_t> sources, targets;
  std::vector<float> weights;
  for (uint32_t u = 0; u < n; ++u) {
    for (uint32_t v = directed ? u / 20 * 20 : u + 1; v < n && v / 20 == u / 20; ++v) {
      if (v != u && random.below(2) == 0) sources.push_back(u), targets.push_back(v);
    }
    sources.push_back(u), targets.push_back((u + 1) % uint32_t(n));
  }
  for (size_t i = 0; i < sources.size(); ++i) weights.push_back(1 + float(i % 7));
  return build_graph(Ids::row_numbers(n), {sources, targets, weighted ? weights : std::vector<float>()},
                     directed, Context());
}

bool is_edge(const Graph& graph, const NodePair& pair) {
  return std::ranges::binary_search(graph.neighbors(pair.first), uint32_t(pair.second));
}

/// Nodes that hang together with node 0, itself too.
int64_t size_of_first_part(const Graph& graph) {
  std::vector<uint8_t> hops(size_t(graph.num_nodes()));
  eval::HopSets(graph, 200).find(std::vector<int64_t>{0}, hops);
  return 1 + std::ranges::count_if(hops, [](uint8_t hop) { return hop > 0; });
}

// Negatives 4, 2, 2, 0: 3 beats three of them, 2 beats one and draws with two, 5 beats all.
TEST(LinkScores, CountEqualScoresAsHalfWon) {
  const std::vector<float> positives = {3, 2, 5}, negatives = {4, 2, 2, 0};
  const std::vector<int> hits = {1, 2, 4, 5};
  const eval::LinkScores scores = eval::score_links(positives, negatives, hits);
  EXPECT_DOUBLE_EQ(scores.auc, (3.0 + 2 + 4) / 12);
  // Recall rises to 1/3, 2/3 and 1 at precisions 1/1, 2/3 and 3/6.
  EXPECT_DOUBLE_EQ(scores.average_precision, (1 + 2.0 / 3 + 3.0 / 6) / 3);
  EXPECT_DOUBLE_EQ(scores.hits[0], 1.0 / 3);  // above 4
  EXPECT_DOUBLE_EQ(scores.hits[1], 2.0 / 3);  // above 2
  EXPECT_DOUBLE_EQ(scores.hits[2], 1);
  EXPECT_TRUE(std::isnan(scores.hits[3]));
}

TEST(LinkSplit, CutsEdgesInTestAndTrainingWithTheirWeights) {
  for (const bool directed : {false, true}) {
    const Graph graph = groups(200, directed, true);
    const LinkSplit split = eval::split_links(graph, {}, 0, Context());
    EXPECT_EQ(std::ssize(split.positives), graph.num_edges() / 5);
    EXPECT_EQ(split.training.num_edges() + std::ssize(split.positives), graph.num_edges());
    EXPECT_EQ(split.training.directed, directed);
    for (const NodePair& pair : split.positives) {
      EXPECT_TRUE(is_edge(graph, pair));
      EXPECT_FALSE(is_edge(split.training, pair));
    }
    for (int64_t u = 0; u < 200; ++u) {
      const auto neighbors = split.training.neighbors(u);
      for (size_t i = 0; i < neighbors.size(); ++i) {
        const auto all = graph.neighbors(u);
        const auto place = size_t(std::ranges::find(all, neighbors[i]) - all.begin());
        ASSERT_LT(place, all.size());
        EXPECT_EQ(split.training.neighbor_weights(u)[i], graph.neighbor_weights(u)[place]);
      }
    }
  }
}

TEST(LinkSplit, KeepsWhatHangsTogetherTogether) {
  const Graph graph = groups(100);
  eval::LinkSplitOptions options;
  options.test_ratio = 0.9;
  const LinkSplit split = eval::split_links(graph, options, 0, Context());
  EXPECT_EQ(size_of_first_part(split.training), 100);
  EXPECT_EQ(split.training.num_edges(), 99);  // the forest is all that is left
  EXPECT_GT(split.num_missing, 0);
  options.keep_connected = false;
  const LinkSplit free = eval::split_links(graph, options, 0, Context());
  EXPECT_EQ(free.num_missing, 0);
  EXPECT_LT(size_of_first_part(free.training), 100);
}

TEST(LinkSplit, DrawsDistinctPairsThatAreNoEdges) {
  const Graph graph = groups(60);
  for (const auto negatives : {eval::NegativeSampling::kUniform, eval::NegativeSampling::kDegree}) {
    eval::LinkSplitOptions options;
    options.negatives = negatives;
    options.negatives_per_edge = 3;
    const LinkSplit split = eval::split_links(graph, options, 0, Context());
    EXPECT_EQ(split.negatives.size(), 3 * split.positives.size());
    std::set<NodePair> distinct;
    for (const NodePair& pair : split.negatives)
      distinct.emplace(std::min(pair.first, pair.second), std::max(pair.first, pair.second));
    EXPECT_EQ(distinct.size(), split.negatives.size());
    for (const NodePair& pair : split.negatives) {
      EXPECT_NE(pair.first, pair.second);
      EXPECT_FALSE(is_edge(graph, pair));
    }
  }
}

// A star of 3 hubs: by degree, a hub is drawn as the other end more often than 3 in 100 times.
TEST(LinkSplit, DrawsNodesByTheirDegreeWhereAsked) {
  std::vector<uint32_t> sources, targets;
  for (uint32_t leaf = 3; leaf < 100; ++leaf) sources.push_back(leaf % 3), targets.push_back(leaf);
  for (uint32_t leaf = 3; leaf < 99; ++leaf) sources.push_back(leaf), targets.push_back(leaf + 1);
  const Graph graph = build_graph(Ids::row_numbers(100), {sources, targets, {}}, false, Context());
  const auto hubs = [&](eval::NegativeSampling negatives) {
    eval::LinkSplitOptions options;
    options.negatives = negatives;
    options.negatives_per_edge = 10;
    const LinkSplit split = eval::split_links(graph, options, 0, Context());
    return double(std::ranges::count_if(split.negatives, [](const NodePair& p) { return p.second < 3; })) /
           double(split.negatives.size());
  };
  EXPECT_GT(hubs(eval::NegativeSampling::kDegree), 0.045);  // 0.03 of nodes; a pair is drawn once
  EXPECT_LT(hubs(eval::NegativeSampling::kUniform), 0.03);
}

TEST(LinkSplit, SaysWhenThereAreTooFewPairs) {
  std::vector<uint32_t> sources, targets;
  for (uint32_t u = 0; u < 8; ++u) {
    for (uint32_t v = 0; v < u; ++v) sources.push_back(u), targets.push_back(v);
  }
  const Graph complete = build_graph(Ids::row_numbers(8), {sources, targets, {}}, false, Context());
  const std::string error = error_of([&] { eval::split_links(complete, {}, 0, Context()); });
  EXPECT_NE(error.find("0 of 5 pairs that are no edges"), std::string::npos) << error;
  const Graph path = build_graph(
      Ids::row_numbers(3), {std::vector<uint32_t>{0, 1}, std::vector<uint32_t>{1, 2}, {}}, false, Context());
  const std::string none = error_of([&] { eval::split_links(path, {}, 0, Context()); });
  EXPECT_NE(none.find("takes none of 2 edges while the rest stays connected"), std::string::npos) << none;
}

TEST(LinkPrediction, TellsGroupsBetterThanTheProductOfDegreesDoes) {
  LinkPredictionOptions options;
  options.learn.options = Value::object({{"dim", 64}});
  options.num_splits = 3;
  const Report report = link_prediction(groups(200), options, Context());
  ASSERT_EQ(report.rows.size(), 3U);
  EXPECT_EQ(report.rows[0].labels.at("method").as_string(), "fastrp");
  EXPECT_EQ(report.rows[0].labels.at("decoder").as_string(), "cosine");
  EXPECT_GT(report.rows[0].figures[0].value, 90);
  EXPECT_LT(report.rows[2].figures[0].value, 75);  // degrees are alike
  EXPECT_GT(report.at("auc_deviation"), 0);
}

TEST(LinkPrediction, GivesTheSameFiguresForAnyNumberOfThreads) {
  LinkPredictionOptions options;
  options.decoders = {eval::DecoderChoice::kEuclid, eval::DecoderChoice::kDot};
  Context context;
  context.threads = 1;
  const Graph graph = groups(120);
  const std::string expected = link_prediction(graph, options, context).to_value().to_json();
  for (const int threads : {2, 5}) {
    context.threads = threads;
    EXPECT_EQ(link_prediction(graph, options, context).to_value().to_json(), expected);
  }
}

TEST(LinkPredictionTask, PassesDottedOptionsToTheLearner) {
  const TemporaryFolder folder;
  std::ofstream out(folder.file("edges.tsv"));
  for (int u = 0; u < 40; ++u)
    out << u << "\t" << (u + 1) % 40 << "\n" << u << "\t" << (u * 7 + 3) % 40 << "\n";
  out.close();
  const auto run = [&](const Value& options) {
    return evaluate(Verb::kEvaluate, "link-prediction", {folder.file("edges.tsv")}, options, Context());
  };
  const Report two = run(Value::object({{"learn", "fastrp"}, {"learn.dim", 2}}));
  EXPECT_NE(two.rows[0].figures[0].value, run(Value::object({{"learn.dim", 64}})).rows[0].figures[0].value);
  const std::string error = error_of([&] { run(Value::object({{"learn.dimm", 2}})); });
  EXPECT_NE(error.find("did you mean \"learn.dim\"?"), std::string::npos) << error;
}

}  // namespace
}  // namespace whitney
