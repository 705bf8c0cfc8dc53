#include "whitney/graph/degree_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/random.h"

namespace whitney::graph {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

Graph graph_of(int64_t n, const std::vector<uint32_t>& sources, const std::vector<uint32_t>& targets,
               const std::vector<float>& weights = {}) {
  return build_graph(Ids::row_numbers(n), {sources, targets, weights}, false, Context());
}

// Edges 0-1, 0-2, 1-2, 2-3, 4-4: degrees 2, 2, 3, 1, 0, of which node 5 has none either.
Graph triangle_with_tail() { return graph_of(6, {0, 0, 1, 2, 4}, {1, 2, 2, 3, 4}); }

TEST(DegreeProfile, GivesDegreesAndTheirSpreadByHand) {
  const Embeddings profile = degree_profile(triangle_with_tail(), {}, Context());
  ASSERT_EQ(profile.dim(), 5);
  EXPECT_THAT(profile.vectors.row<float>(0), ElementsAre(2, 2, 3, 2.5F, 0.5F));
  // Neighbours 0, 1, 3 of degrees 2, 2, 1: mean 5/3, variance 2/9.
  EXPECT_THAT(profile.vectors.row<float>(2), ElementsAre(3, 1, 2, float(5.0 / 3), float(std::sqrt(2.0) / 3)));
  EXPECT_THAT(profile.vectors.row<float>(3), ElementsAre(1, 3, 3, 3, 0));
  EXPECT_THAT(profile.vectors.row<float>(4), Each(0));
  EXPECT_THAT(profile.vectors.row<float>(5), Each(0));
}

TEST(DegreeProfile, TakesTheSameOfEachFeatureInFurtherRounds) {
  DegreeProfileOptions options;
  options.rounds = 2;
  const Embeddings profile = degree_profile(triangle_with_tail(), options, Context());
  ASSERT_EQ(profile.dim(), 25);
  // Node 3 has the one neighbour 2: each feature of 3 is followed by that of 2 three times and 0.
  const auto row = profile.vectors.row<float>(3);
  EXPECT_THAT(row.first(5), ElementsAre(1, 3, 3, 3, 0));
  EXPECT_THAT(row.subspan(5, 5), ElementsAre(3, 1, 1, 1, 0));
  EXPECT_THAT(row.subspan(10, 5), ElementsAre(3, 2, 2, 2, 0));
}

TEST(DegreeProfile, CountsWeightsAndLogarithmsWhereAsked) {
  DegreeProfileOptions options;
  options.rounds = 0;
  options.weighted = true;
  const Graph graph = graph_of(3, {0, 1}, {1, 2}, {0.5F, 3});
  EXPECT_EQ(degree_profile(graph, options, Context()).vectors.row<float>(1)[0], 3.5F);
  options.log = true;
  EXPECT_EQ(degree_profile(graph, options, Context()).vectors.row<float>(1)[0], std::log1p(3.5F));
}

TEST(DegreeProfile, GivesTheSameBytesForAnyNumberOfThreads) {
  RandomStream random(5, "test", 0);
  std::vector<uint32_t> sources, targets;
  for (int i = 0; i < 9000; ++i) {
    sources.push_back(uint32_t(random.below(3000)));
    targets.push_back(uint32_t(random.below(3000)));
  }
  const Graph graph = graph_of(3000, sources, targets);
  DegreeProfileOptions options;
  options.rounds = 2;
  Context context;
  context.threads = 1;
  const std::string expected = fingerprint(degree_profile(graph, options, context));
  for (const int threads : {2, 5}) {
    context.threads = threads;
    EXPECT_EQ(fingerprint(degree_profile(graph, options, context)), expected);
  }
}

TEST(DegreeProfile, RefusesAGraphWithoutNodes) {
  EXPECT_NE(error_of([] { degree_profile(Graph(), {}, Context()); }).find("no nodes"), std::string::npos);
}

}  // namespace
}  // namespace whitney::graph
