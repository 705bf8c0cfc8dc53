#pragma once

#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"
#include "whitney/text/skip_gram.h"

namespace whitney::graph {

/// Options of struc2vec (Ribeiro, Saverese, Figueiredo 2017, arXiv 1704.03165).
struct Struc2VecOptions {
  int num_layers = 6;
  bool compressed = true;
  bool limited_pairs = true;
  double stay = 0.3;
  int num_walks = 50;
  int walk_length = 80;
  int window = 10;
  text::Softmax softmax = text::Softmax::kNegativeSampling;
  text::SkipGramOptions skip_gram;

  void fields(auto&& field) {
    field(
        "num_layers", num_layers, Range{1, 100},
        "Layers of the context graph at most: nodes are compared by what is up to num_layers - 1 edges away "
        "(OPT3)");
    field("compressed", compressed,
          "Rings of degrees are compared with equal degrees as one, with their count (OPT1); false: node by "
          "node, slow where there are hubs");
    field("limited_pairs", limited_pairs,
          "Each node is compared with the log2 n before and after it by degree (OPT2); false: with all, n^2 "
          "/ 2 "
          "pairs");
    field("stay", stay, Range{0.01, 1}, "Odds that a walk moves within its layer, q");
    field("num_walks", num_walks, Range{1, 100'000},
          "Walks from each node. The authors' code trains five times on 10 of each");
    field("walk_length", walk_length, Range{2, 1'000'000}, "Nodes of a walk");
    field("window", window, Range{1, 10'000},
          "Largest distance of a context in a walk; each centre's is drawn from 1..window");
    field(
        "softmax", softmax,
        "What stands for the softmax. The paper trains hierarchical; negative_sampling takes less than half "
        "of the time, and tells roles as well");
    skip_gram.fields(field);
  }
  /// Sentences about what has no effect in this combination.
  WHITNEY_API std::vector<std::string> ineffective() const;
};

/// Learns node vectors by skip-gram on walks over a graph of layers, in which nodes are joined by how alike
/// the degrees of the nodes k edges around them are, layer by layer k, wherever in the graph they are: exp(-
/// f_k(u, v)), f_k the sum of the distances of rings 0..k by dynamic time warping (equations 1 to 5). Result:
/// n x dim float32, metric cosine. Self-loops are left out; directions and weights do not count, with notes.
/// Nodes without edges get zero vectors, with a note. Throws Error for a graph without nodes. O(n (n + nnz))
/// time for the rings, n log n num_layers comparisons, and that of the walks; memory: 28 bytes for each pair
/// that is compared and each layer, and the rings.
WHITNEY_API Embeddings struc2vec(const Graph& graph, const Struc2VecOptions& options, const Context& context);

/// Tells what struc2vec will need.
WHITNEY_API CostEstimate estimate_struc2vec(const DataSize& size, const Struc2VecOptions& options,
                                            const Context& context);

}  // namespace whitney::graph
