#include "whitney/train/recsys/ngcf_dropout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "whitney/recommend/interaction_graph.h"
#include "whitney/recommend/interactions_cases_test.h"

namespace whitney::recsys {
namespace {

/// 50 nodes, of which A has all, and what three layers leave of it.
struct Thinned {
  recommend::InteractionGraph graph =
      recommend::interaction_graph(recommend::grouped_events(20, 30, 3, 4), recommend::Adjacency::kSymmetric);
  nn::SparseOperator whole{graph.matrix};

  static NgcfOptions options(MessageDropout of_messages, double message_dropout, NodeDropout of_nodes,
                             double node_dropout) {
    NgcfOptions options;
    options.layers = {4, 4, 4};
    options.self_message = true;
    options.message_dropout_of = of_messages;
    options.message_dropout = message_dropout;
    options.node_dropout_of = of_nodes;
    options.node_dropout = node_dropout;
    return options;
  }
  std::vector<LayerGraph> of(const NgcfOptions& options, uint64_t step) const {
    return thinned_graphs(whole, options, 3, step, torch::kFloat64);
  }
};

std::vector<double> self_of(const LayerGraph& graph) {
  const auto* values = graph.self.const_data_ptr<double>();
  return {values, values + graph.self.numel()};
}

/// Each entry's part of its weight in A.
std::vector<double> parts_of(const LayerGraph& graph, const Thinned& thinned) {
  std::vector<double> parts;
  const auto& weights = graph.matrix.matrix().weights;
  for (size_t e = 0; e < weights.size(); ++e) {
    parts.push_back(double{weights[e]} / thinned.graph.matrix.weights[e]);
  }
  return parts;
}

TEST(NgcfDropout, LeavesAllOfTheGraphOutsideOfTrainingAndWhereNothingIsDropped) {
  const Thinned thinned;
  const NgcfOptions all = Thinned::options(MessageDropout::kMessages, 0.3, NodeDropout::kNodes, 0.3),
                    none = Thinned::options(MessageDropout::kMessages, 0, NodeDropout::kNodes, 0),
                    of_outputs = Thinned::options(MessageDropout::kOutputs, 0.3, NodeDropout::kNodes, 0);
  for (const auto& graphs : {thinned_graphs(thinned.whole, all, 3, std::nullopt, torch::kFloat64),
                             thinned.of(none, 1), thinned.of(of_outputs, 1)}) {
    ASSERT_EQ(graphs.size(), 3U);
    for (const LayerGraph& graph : graphs) {
      EXPECT_EQ(graph.matrix.matrix().weights, thinned.graph.matrix.weights);
      EXPECT_FALSE(graph.self.defined());
    }
  }
}

TEST(NgcfDropout, OfNodesTakesAwayAllThatSomeNodesSendAndDrawsThemAnewInEachLayer) {
  const Thinned thinned;
  const auto graphs = thinned.of(Thinned::options(MessageDropout::kOutputs, 0, NodeDropout::kNodes, 0.3), 1);
  std::set<std::vector<double>> drawn;
  for (const LayerGraph& graph : graphs) {
    const std::vector<double> self = self_of(graph), parts = parts_of(graph, thinned);
    // 15 of 50 nodes; the rest counts 50 / 35.
    EXPECT_EQ(std::ranges::count(self, 0.0), 15);
    EXPECT_EQ(std::ranges::count_if(self, [](double part) { return std::abs(part - 50.0 / 35) < 1e-12; }),
              35);
    for (size_t e = 0; e < parts.size(); ++e) {
      EXPECT_NEAR(parts[e], self[thinned.graph.matrix.columns[e]], 1e-6) << e;
    }
    drawn.insert(self);
  }
  EXPECT_EQ(drawn.size(), 3U);
}

TEST(NgcfDropout, OfNodesKeepsOneWhereNearlyAllAreDropped) {
  const recommend::InteractionGraph graph =
      recommend::interaction_graph(recommend::events_of(1, 1, {{0, 0}}), recommend::Adjacency::kSymmetric);
  const auto graphs = thinned_graphs(nn::SparseOperator(graph.matrix),
                                     Thinned::options(MessageDropout::kOutputs, 0, NodeDropout::kNodes, 0.99),
                                     3, 1, torch::kFloat64);
  for (const LayerGraph& of_layer : graphs) {
    std::vector<double> self = self_of(of_layer);
    std::ranges::sort(self);
    EXPECT_EQ(self, (std::vector<double>{0, 2}));
  }
}

TEST(NgcfDropout, OfMessagesTakesThemAwayOneByOneAndAnewInEachLayer) {
  const Thinned thinned;
  const auto graphs =
      thinned.of(Thinned::options(MessageDropout::kMessages, 0.25, NodeDropout::kNodes, 0), 1);
  std::set<std::vector<double>> drawn;
  int64_t left_out = 0, messages = 0, of_themselves = 0;
  for (const LayerGraph& graph : graphs) {
    std::vector<double> all = parts_of(graph, thinned), self = self_of(graph);
    of_themselves += std::ranges::count(self, 0.0);
    all.insert(all.end(), self.begin(), self.end());
    for (const double part : all) EXPECT_TRUE(part == 0 || std::abs(part - 4.0 / 3) < 1e-6) << part;
    left_out += std::ranges::count(all, 0.0);
    messages += std::ssize(all);
    drawn.insert(all);
    // Of an edge one direction can be left out alone.
    const SparseMatrix& matrix = graph.matrix.matrix();
    EXPECT_NE(matrix.weights, graph.matrix.transpose().weights);
  }
  EXPECT_EQ(drawn.size(), 3U);
  // Five deviations of a binomial, of all and of 150 messages of nodes to themselves.
  const double expected = 0.25 * static_cast<double>(messages);
  EXPECT_NEAR(static_cast<double>(left_out), expected, 5 * std::sqrt(0.75 * expected));
  EXPECT_NEAR(static_cast<double>(of_themselves), 37.5, 5 * std::sqrt(0.75 * 37.5));
}

TEST(NgcfDropout, OfEntriesIsTheSameInAllLayersAndLeavesMessagesOfNodesToThemselves) {
  const Thinned thinned;
  const auto graphs =
      thinned.of(Thinned::options(MessageDropout::kOutputs, 0.5, NodeDropout::kEntries, 0.25), 1);
  const std::vector<double> parts = parts_of(graphs[0], thinned);
  for (const double part : parts) EXPECT_TRUE(part == 0 || std::abs(part - 4.0 / 3) < 1e-6) << part;
  const double expected = 0.25 * static_cast<double>(parts.size());
  EXPECT_NEAR(static_cast<double>(std::ranges::count(parts, 0.0)), expected, 5 * std::sqrt(0.75 * expected));
  for (const LayerGraph& graph : graphs) {
    EXPECT_EQ(graph.matrix.matrix().weights, graphs[0].matrix.matrix().weights);
    EXPECT_FALSE(graph.self.defined());
  }
}

TEST(NgcfDropout, GivesTheWholeOnAverage) {
  const Thinned thinned;
  constexpr int kSteps = 2000;
  for (const NgcfOptions& options :
       {Thinned::options(MessageDropout::kMessages, 0.5, NodeDropout::kNodes, 0),
        Thinned::options(MessageDropout::kOutputs, 0, NodeDropout::kNodes, 0.5),
        Thinned::options(MessageDropout::kMessages, 0.3, NodeDropout::kEntries, 0.3),
        Thinned::options(MessageDropout::kMessages, 0.3, NodeDropout::kNodes, 0.3)}) {
    std::vector<double> parts(thinned.graph.matrix.weights.size()), self(50);
    const auto add = [](std::vector<double>& sums, const std::vector<double>& values) {
      for (size_t i = 0; i < sums.size(); ++i) sums[i] += values[i] / kSteps;
    };
    for (uint64_t step = 0; step < kSteps; ++step) {
      const LayerGraph last = thinned.of(options, step).back();
      add(parts, parts_of(last, thinned));
      add(self, self_of(last));
    }
    // A part is 1 / keep with probability keep, of at least 0.49 here: its deviation is at most 1.03, that of
    // a mean of 2,000 is 0.023; six of them, for there are some 500 means.
    for (const double mean : parts) EXPECT_NEAR(mean, 1, 0.14);
    for (const double mean : self) EXPECT_NEAR(mean, 1, 0.14);
  }
}

}  // namespace
}  // namespace whitney::recsys
