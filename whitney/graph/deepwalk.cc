#include "whitney/graph/deepwalk.h"

#include "whitney/graph/random_walks_pairs.h"

namespace whitney::graph {
namespace {

WalkTraining training_of(const DeepWalkOptions& options) {
  return {.num_walks = options.num_walks,
          .window = options.window,
          .softmax = options.softmax,
          .skip_gram = options.skip_gram};
}

}  // namespace

std::vector<std::string> DeepWalkOptions::ineffective() const { return ineffective_of(softmax, skip_gram); }

Embeddings deepwalk(const Graph& graph, const DeepWalkOptions& options, const Context& context) {
  check_can_train(graph, "deepwalk");
  const RandomWalks walks(graph, {.length = options.walk_length}, context);
  return learn_from_walks(graph, walks, training_of(options), "deepwalk", context);
}

CostEstimate estimate_deepwalk(const DataSize& size, const DeepWalkOptions& options, const Context& context) {
  return estimate_walks(size, options.walk_length, training_of(options), context);
}

namespace {

// clang-format off
const bool registered = register_graph_learner<DeepWalkOptions>(
    {.name = "deepwalk",
     .class_name = "DeepWalk",
     .summary = "Node vectors by skip-gram on uniform random walks",
     .description =
         "Walks from every node, and trains each node to predict those near it in the walks, as word2vec does with the "
         "words of sentences: nodes of one community get near vectors. Nothing to tune but the lengths; slower than "
         "fastrp by far, and often a point better at telling labels. Weights of edges are the odds of the next step; "
         "directed edges are walked forwards only, and a walk ends where none leads on.\n"
         "The same seed gives the same bytes at any number of threads, for threads train disjoint blocks of vectors. "
         "Walks are made twice (to count, and to train) instead of kept.\n"
         "The setting of the authors' figures of BlogCatalog: --num-walks 80 --window 10 --dim 128. Their library trained "
         "hierarchical softmax and negative samples both; here it is one of them.",
     .source = "Perozzi, Al-Rfou, Skiena: DeepWalk: Online Learning of Social Representations, KDD 2014, arXiv 1403.6652",
     .example = "whitney learn deepwalk edges.tsv -o nodes.safetensors --num-walks 80 --window 10 --dim 128"},
    deepwalk, estimate_deepwalk);
// clang-format on

}  // namespace

}  // namespace whitney::graph
