#include "whitney/graph/node2vec.h"

#include "whitney/graph/random_walks_pairs.h"

namespace whitney::graph {
namespace {

WalkTraining training_of(const Node2VecOptions& options) {
  return {.num_walks = options.num_walks, .window = options.window, .skip_gram = options.skip_gram};
}

}  // namespace

Embeddings node2vec(const Graph& graph, const Node2VecOptions& options, const Context& context) {
  check_can_train(graph, "node2vec");
  const RandomWalks walks(graph, {.length = options.walk_length, .p = options.p, .q = options.q}, context);
  return learn_from_walks(graph, walks, training_of(options), "node2vec", context);
}

CostEstimate estimate_node2vec(const DataSize& size, const Node2VecOptions& options, const Context& context) {
  CostEstimate cost = estimate_walks(size, options.walk_length, training_of(options), context);
  // Rows of bits of the nodes of most edges, at most what the targets take.
  if (options.q != 1) cost.peak_bytes += size.nnz * 4 + size.num_rows * 4;
  return cost;
}

namespace {

// clang-format off
const bool registered = register_graph_learner<Node2VecOptions>(
    {.name = "node2vec",
     .class_name = "Node2Vec",
     .summary = "Node vectors by skip-gram on walks that stay near or go far",
     .description =
         "DeepWalk with walks that remember where they came from: p below 1 sends them back, q below 1 outwards, q above "
         "1 around. p and q of 0.25 to 4 are tried on labelled nodes; with both 1 it is deepwalk with negative samples. "
         "Weights of edges are the odds of the next step; directed edges are walked forwards only, and x counts as near "
         "where an edge leads from t to x.\n"
         "A next node is drawn by its weight and kept or refused (rejection sampling), which is the law of the paper's "
         "tables without their sum of squared degrees of memory. The same seed gives the same bytes at any number of "
         "threads.",
     .source = "Grover, Leskovec: node2vec: Scalable Feature Learning for Networks, KDD 2016, arXiv 1607.00653",
     .example = "whitney learn node2vec edges.tsv -o nodes.safetensors --p 0.25 --q 0.25"},
    node2vec, estimate_node2vec);
// clang-format on

}  // namespace

}  // namespace whitney::graph
