#include "whitney/graph/deepwalk.h"

#include <memory>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/node_types.h"
#include "whitney/graph/random_walks_pairs.h"
#include "whitney/graph/typed_walks.h"

namespace whitney::graph {
namespace {

WalkTraining training_of(const DeepWalkOptions& options) {
  return {.num_walks = options.num_walks,
          .window = options.window,
          .softmax = options.softmax,
          .skip_gram = options.skip_gram};
}

}  // namespace

std::vector<std::string> DeepWalkOptions::ineffective() const {
  std::vector<std::string> sentences = ineffective_of(softmax, skip_gram);
  if (node_types && metapath.empty())
    sentences.emplace_back("node_types has no effect: without metapath, walks go to nodes of any type");
  return sentences;
}

Embeddings deepwalk(const Graph& graph, const DeepWalkOptions& options, const Context& context) {
  check_can_train(graph, "deepwalk");
  WalkRule rule{.length = options.walk_length};
  std::string fingerprint;
  if (!options.metapath.empty()) {
    if (!options.node_types)
      throw UsageError("option \"metapath\" needs \"node_types\" (expected: a file of lines node<TAB>type)");
    const NodeTypes types = read_node_types(options.node_types->value, context);
    rule.metapath = metapath_of(graph, types, options.metapath, "deepwalk", context);
    fingerprint = fingerprint_of_types(graph, types);
  }
  const RandomWalks walks(graph, rule, context);
  Embeddings result = learn_from_walks(graph, walks, training_of(options), "deepwalk", context);
  if (!fingerprint.empty()) result.record.set("node_types_fingerprint", fingerprint);
  return result;
}

CostEstimate estimate_deepwalk(const DataSize& size, const DeepWalkOptions& options, const Context& context) {
  CostEstimate cost = estimate_walks(size, options.walk_length, training_of(options), context);
  // Entries by the type of their target, and the start of each type's.
  const int64_t num_types = std::ssize(options.metapath);
  if (num_types > 0)
    cost.peak_bytes += size.nnz * (size.weighted ? 8 : 4) + size.num_rows * (4 + 8 * num_types);
  return cost;
}

namespace {

class DeepWalkLearner : public Learner {
 public:
  DataKind input() const override { return DataKind::kGraph; }
  Learned learn(const Dataset& data, const Value& options, const Context& context) const override {
    Embeddings result = deepwalk(std::get<Graph>(data), options_from<DeepWalkOptions>(options), context);
    // A record holds no path: the fingerprint of the types stands in its place.
    Value recorded = options;
    recorded.set("node_types", Value());
    result.record.set("options", std::move(recorded));
    return result;
  }
  CostEstimate estimate(const DataSize& size, const Value& options, const Context& context) const override {
    return estimate_deepwalk(size, options_from<DeepWalkOptions>(options), context);
  }
};

// clang-format off
const bool registered = register_method(declare_method<DeepWalkOptions>(
    Verb::kLearn,
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
         "Typed graphs: --node-types FILE (node<TAB>type) and --metapath author,paper,author let walks go from type to type, "
         "as metapath2vec does (its skip-gram over all types, not the form called ++).\n"
         "The setting of the authors' figures of BlogCatalog: --num-walks 80 --window 10 --dim 128. Their library trained "
         "hierarchical softmax and negative samples both; here it is one of them.",
     .source = "Perozzi, Al-Rfou, Skiena: DeepWalk: Online Learning of Social Representations, KDD 2014, arXiv 1403.6652; "
               "metapaths: Dong, Chawla, Swami: metapath2vec, KDD 2017",
     .example = "whitney learn deepwalk edges.tsv -o nodes.safetensors --num-walks 80 --window 10 --dim 128"},
    std::make_shared<DeepWalkLearner>()));
// clang-format on

}  // namespace

}  // namespace whitney::graph
