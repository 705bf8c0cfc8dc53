#include "whitney/graph/node2vec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "whitney/core/registry.h"
#include "whitney/graph/deepwalk.h"
#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

/// Two cliques of `size` joined by one edge, and a node alone.
Graph two_cliques(uint32_t size) {
  Edges edges = {{0, size}};
  for (uint32_t u = 0; u < size; ++u) {
    for (uint32_t v = 0; v < u; ++v) edges.insert(edges.end(), {{u, v}, {size + u, size + v}});
  }
  return graph_of(2 * size + 1, edges);
}

double cosine(const Matrix& vectors, int64_t i, int64_t j) {
  const auto a = row_of(vectors, i), b = row_of(vectors, j);
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0) / (norm(a) * norm(b));
}

Node2VecOptions small_options() {
  Node2VecOptions options;
  options.skip_gram.dim = 8;
  options.num_walks = 20;
  options.window = 3;
  return options;
}

TEST(Node2Vec, PutsCliquesApart) {
  const Graph graph = two_cliques(8);
  Node2VecOptions options = small_options();
  options.p = 0.5, options.q = 2, options.num_walks = 100;
  const Matrix vectors = node2vec(graph, options, Context()).vectors;
  EXPECT_GT(cosine(vectors, 2, 3), cosine(vectors, 2, 11) + 0.3);
  EXPECT_GT(cosine(vectors, 12, 13), cosine(vectors, 5, 13) + 0.3);
}

TEST(DeepWalk, PutsCliquesApartByEitherSoftmax) {
  const Graph graph = two_cliques(8);
  for (const text::Softmax softmax : {text::Softmax::kNegativeSampling, text::Softmax::kHierarchical}) {
    DeepWalkOptions options;
    options.skip_gram.dim = 8, options.num_walks = 100, options.window = 3, options.softmax = softmax;
    const Matrix vectors = deepwalk(graph, options, Context()).vectors;
    EXPECT_GT(cosine(vectors, 2, 3), cosine(vectors, 2, 11) + 0.3) << name_of_enum(softmax);
  }
}

TEST(Node2Vec, IsDeepWalkWithPAndQOfOne) {
  DeepWalkOptions deep;
  deep.skip_gram.dim = 8, deep.num_walks = 20, deep.walk_length = 80, deep.window = 3;
  EXPECT_TRUE(same_bytes(node2vec(karate(), small_options(), Context()).vectors,
                         deepwalk(karate(), deep, Context()).vectors));
}

TEST(Node2Vec, GivesTheSameBytesAtAnyNumberOfThreads) {
  const Graph graph = two_cliques(70);
  Node2VecOptions options = small_options();
  options.q = 0.5, options.num_walks = 2, options.walk_length = 20;
  const auto at = [&](int threads, uint64_t seed = 42) {
    Context context;
    context.threads = threads, context.seed = seed;
    return node2vec(graph, options, context).vectors;
  };
  const Matrix one = at(1);
  EXPECT_TRUE(same_bytes(one, at(2)));
  EXPECT_TRUE(same_bytes(one, at(5)));
  EXPECT_FALSE(same_bytes(one, at(1, 43)));
}

TEST(Node2Vec, GivesLonelyNodesZeroVectorsAndSaysSo) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const Matrix vectors = node2vec(two_cliques(4), small_options(), context).vectors;
  EXPECT_EQ(norm(row_of(vectors, 8)), 0);
  for (int64_t i = 0; i < 8; ++i) EXPECT_TRUE(std::isfinite(norm(row_of(vectors, i))));
  ASSERT_EQ(notes.sentences.size(), 1U);
  EXPECT_NE(notes.sentences[0].find("1 of 9 nodes"), std::string::npos);
  EXPECT_EQ(notes.done, notes.total);
}

TEST(Node2Vec, TakesGraphsWithoutEdgesAndRefusesThoseWithoutNodes) {
  EXPECT_EQ(norm(row_of(node2vec(graph_of(3, {}), small_options(), Context()).vectors, 0)), 0);
  EXPECT_NE(error_of([] { node2vec(graph_of(0, {}), small_options(), Context()); }).find("no nodes"),
            std::string::npos);
}

TEST(Node2Vec, EstimatesTwoTables) {
  const DataSize size{.num_rows = 1000000, .nnz = 10000000};
  Node2VecOptions options;
  const int64_t wide = estimate_node2vec(size, options, Context()).peak_bytes;
  options.skip_gram.dim = 64;
  const CostEstimate narrow = estimate_node2vec(size, options, Context());
  EXPECT_EQ(wide - narrow.peak_bytes, 2 * size.num_rows * 64 * 4);
  EXPECT_GT(narrow.seconds, 0);
}

TEST(DeepWalk, NamesOptionsWithoutEffect) {
  DeepWalkOptions options;
  options.skip_gram.negatives = 3;
  EXPECT_TRUE(options.ineffective().empty());
  options.softmax = text::Softmax::kHierarchical;
  ASSERT_EQ(options.ineffective().size(), 1U);
  EXPECT_NE(options.ineffective()[0].find("negatives"), std::string::npos);
}

TEST(DeepWalk, IsALearner) {
  EXPECT_EQ(Registry::instance().get(Verb::kLearn, "deepwalk").info.class_name, "DeepWalk");
  EXPECT_EQ(Registry::instance().get(Verb::kLearn, "node2vec").info.class_name, "Node2Vec");
}

}  // namespace
}  // namespace whitney::graph
