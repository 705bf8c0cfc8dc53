#include "whitney/graph/struc2vec.h"

#include "whitney/core/error.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/random_walks_pairs.h"
#include "whitney/graph/struc2vec_layers.h"
#include "whitney/graph/struc2vec_walks.h"

namespace whitney::graph {
namespace {

WalkTraining training_of(const Struc2VecOptions& options) {
  return {.num_walks = options.num_walks,
          .window = options.window,
          .softmax = options.softmax,
          .skip_gram = options.skip_gram};
}

}  // namespace

std::vector<std::string> Struc2VecOptions::ineffective() const { return ineffective_of(softmax, skip_gram); }

Embeddings struc2vec(const Graph& given, const Struc2VecOptions& options, const Context& context) {
  check_can_train(given, "struc2vec");
  if (given.weighted()) context.note("struc2vec: the weights of edges have no effect: degrees are counts");
  const Graph graph = undirected(given, "struc2vec", context);
  const ContextGraph layers(graph,
                            {.num_layers = options.num_layers,
                             .compressed = options.compressed,
                             .limited_pairs = options.limited_pairs},
                            context);
  const ContextWalks walks(layers, options.walk_length, options.stay);
  Embeddings result = learn_from_walks(graph, walks, training_of(options), "struc2vec", context);
  result.record.set("layers", layers.num_layers());
  return result;
}

CostEstimate estimate_struc2vec(const DataSize& size, const Struc2VecOptions& options,
                                const Context& context) {
  const int64_t n = size.num_rows;
  const double nodes = static_cast<double>(n), layers = options.num_layers;
  const double pairs = nodes * static_cast<double>(context_reach(n, options.limited_pairs));
  // Distinct degrees of a ring, as an idea; without counts, all nodes are in one of the rings.
  const double ring = options.compressed ? 32 : nodes / layers;
  CostEstimate cost = estimate_walks(size, options.walk_length, training_of(options), context);
  // A distance a pair and layer; an edge either way has a target and a slot; starts and odds of the nodes.
  cost.peak_bytes += static_cast<int64_t>(layers * (pairs * (4 + 2 * 12) + nodes * (ring * 8 + 8 + 12)));
  constexpr double kEdgeSeconds = 4e-9, kCellSeconds = 3e-9;
  cost.seconds += (nodes * (nodes + static_cast<double>(size.nnz)) * kEdgeSeconds +
                   pairs * layers * ring * ring * kCellSeconds) /
                  context.num_threads();
  return cost;
}

namespace {

// clang-format off
const bool registered = register_graph_learner<Struc2VecOptions>(
    {.name = "struc2vec",
     .class_name = "Struc2Vec",
     .summary = "Node vectors by role: alike where the degrees around two nodes are, wherever they are",
     .description =
         "Compares the degrees of the nodes around two nodes, one edge away, two edges away and so on, joins nodes that are "
         "alike in a graph of layers, and trains skip-gram on walks over it: nodes of one role (hubs, bridges, ends) get "
         "near vectors even in different components. For roles, not communities; graphwave and degree_profile ask for less "
         "time. Time grows with the square of the nodes, for the neighbourhood of each is searched: minutes at some "
         "20,000.\n"
         "The paper's three ways to save time are on: compressed (OPT1), limited_pairs (OPT2) and num_layers (OPT3). Costs "
         "of alignment are exact, where the authors' code approximates them. The same seed gives the same bytes at any "
         "number of threads.",
     .source =
         "Ribeiro, Saverese, Figueiredo: struc2vec: Learning Node Representations from Structural Identity, KDD 2017, "
         "arXiv 1704.03165",
     .example = "whitney learn struc2vec edges.tsv -o roles.safetensors --num-layers 6"},
    struc2vec, estimate_struc2vec);
// clang-format on

}  // namespace

}  // namespace whitney::graph
