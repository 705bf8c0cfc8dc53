#include "whitney/graph/struc2vec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "whitney/core/registry.h"
#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

double cosine(const Matrix& vectors, int64_t i, int64_t j) {
  const auto a = row_of(vectors, i), b = row_of(vectors, j);
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0) / (norm(a) * norm(b));
}

Struc2VecOptions small_options() {
  Struc2VecOptions options;
  options.skip_gram.dim = 8, options.num_walks = 40, options.walk_length = 40, options.window = 3;
  return options;
}

/// Two copies of karate without an edge between them, and a node alone.
Graph two_clubs() {
  Edges edges;
  const Graph club = karate();
  for (uint32_t u = 0; u < 34; ++u) {
    for (const uint32_t v : club.neighbors(u)) {
      if (u < v) edges.insert(edges.end(), {{u, v}, {34 + u, 34 + v}});
    }
  }
  return graph_of(69, edges);
}

TEST(Struc2Vec, PutsTwinsNearThatNoPathJoins) {
  Struc2VecOptions options = small_options();
  options.limited_pairs = false;
  for (const text::Softmax softmax : {text::Softmax::kNegativeSampling, text::Softmax::kHierarchical}) {
    options.softmax = softmax;
    const Matrix x = struc2vec(two_clubs(), options, Context()).vectors;
    double twins = 0, others = 0;
    for (int64_t i = 0; i < 34; ++i) {
      twins += cosine(x, i, 34 + i) / 34;
      others += cosine(x, i, 34 + (i + 11) % 34) / 34;
    }
    EXPECT_GT(twins, others + 0.3) << name_of_enum(softmax);
  }
}

TEST(Struc2Vec, GivesTheSameBytesAtAnyNumberOfThreads) {
  const Graph graph = random_graph(200, 400);
  Struc2VecOptions options = small_options();
  options.num_walks = 2;
  const auto at = [&](int threads, uint64_t seed = 42) {
    Context context;
    context.threads = threads, context.seed = seed;
    return struc2vec(graph, options, context).vectors;
  };
  const Matrix one = at(1);
  EXPECT_TRUE(same_bytes(one, at(2)));
  EXPECT_TRUE(same_bytes(one, at(5)));
  EXPECT_FALSE(same_bytes(one, at(1, 43)));
}

TEST(Struc2Vec, GivesLonelyNodesZeroVectorsAndSaysSo) {
  Notes notes;
  Context context;
  context.progress = &notes;
  Struc2VecOptions options = small_options();
  options.num_walks = 2;
  const Embeddings result = struc2vec(two_clubs(), options, context);
  EXPECT_EQ(norm(row_of(result.vectors, 68)), 0);
  for (int64_t i = 0; i < 68; ++i) {
    EXPECT_GT(norm(row_of(result.vectors, i)), 0);
    EXPECT_TRUE(std::isfinite(norm(row_of(result.vectors, i))));
  }
  ASSERT_EQ(notes.sentences.size(), 1U);
  EXPECT_NE(notes.sentences[0].find("1 of 69 nodes"), std::string::npos);
}

TEST(Struc2Vec, TellsWhatHasNoEffect) {
  Notes notes;
  Context context;
  context.progress = &notes;
  Struc2VecOptions options = small_options();
  options.num_walks = 1;
  struc2vec(graph_of(3, {{0, 1}, {1, 2}}, {1, 2}, true), options, context);
  ASSERT_EQ(notes.sentences.size(), 2U);
  EXPECT_NE(notes.sentences[0].find("weights"), std::string::npos);
  EXPECT_NE(notes.sentences[1].find("direction"), std::string::npos);
  options.skip_gram.negatives = 3;
  EXPECT_TRUE(options.ineffective().empty());
  options.softmax = text::Softmax::kHierarchical;
  EXPECT_EQ(options.ineffective().size(), 1U);
}

TEST(Struc2Vec, TakesGraphsWithoutEdgesAndRefusesThoseWithoutNodes) {
  EXPECT_EQ(norm(row_of(struc2vec(graph_of(3, {}), small_options(), Context()).vectors, 0)), 0);
  EXPECT_NE(error_of([] { struc2vec(graph_of(0, {}), small_options(), Context()); }).find("no nodes"),
            std::string::npos);
}

TEST(Struc2Vec, EstimatesThePairsThatAreCompared) {
  const DataSize size{.num_rows = 10000, .nnz = 100000};
  Struc2VecOptions options = small_options();
  const CostEstimate some = estimate_struc2vec(size, options, Context());
  options.limited_pairs = false;
  const CostEstimate all = estimate_struc2vec(size, options, Context());
  EXPECT_EQ(all.peak_bytes - some.peak_bytes, 10000LL * (9999 - 14) * options.num_layers * 28);
  EXPECT_GT(all.seconds, some.seconds);
}

TEST(Struc2Vec, IsALearner) {
  EXPECT_EQ(Registry::instance().get(Verb::kLearn, "struc2vec").info.class_name, "Struc2Vec");
}

}  // namespace
}  // namespace whitney::graph
