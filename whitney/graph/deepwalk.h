#pragma once

#include <optional>
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

/// Options of DeepWalk (Perozzi, Al-Rfou, Skiena 2014, arXiv 1403.6652).
struct DeepWalkOptions {
  int num_walks = 10;
  int walk_length = 40;
  int window = 5;
  text::Softmax softmax = text::Softmax::kNegativeSampling;
  std::optional<Path> node_types;
  std::vector<std::string> metapath;
  text::SkipGramOptions skip_gram{.dim = 64};

  void fields(auto&& field) {
    field("num_walks", num_walks, Range{1, 100'000},
          "Walks from each node, gamma. Default: the authors' code; 80 in their figures of BlogCatalog");
    field("walk_length", walk_length, Range{2, 1'000'000}, "Nodes of a walk, t");
    field(
        "window", window, Range{1, 10'000},
        "Largest distance of a context in a walk, w; each centre's is drawn from 1..w. 10 in the figures of "
        "BlogCatalog");
    field("softmax", softmax,
          "What stands for the softmax. The authors' code trains hierarchical; negative_sampling "
          "takes less time, tells labels as well, and is what is known to factorise (NetMF)");
    field("node_types", node_types,
          "File of the nodes' types, a line node<TAB>type each: walks follow metapath (metapath2vec)");
    field(
        "metapath", metapath,
        "Types that a walk goes through, over and over; the last is the first again, as author,paper,author. "
        "Walks begin at nodes of the first");
    skip_gram.fields(field);
  }
  /// Sentences about what has no effect in this combination.
  WHITNEY_API std::vector<std::string> ineffective() const;
};

/// Learns node vectors by skip-gram on random walks whose next node is drawn by the weights of the edges.
/// Result: n x dim float32, metric cosine. Directed edges are walked forwards; nodes that no walk leads from
/// or to get zero vectors, counted in a note. With a metapath, walks are metapath2vec's (Dong, Chawla, Swami,
/// KDD 2017): from nodes of its first type, each step to a node of the next type; nodes without a type are on
/// none. Throws UsageError when a metapath has no node_types, does not end with its first type or names an
/// unknown one; Error that names file and line of a bad type. O(num_walks walk_length n window dim) time.
WHITNEY_API Embeddings deepwalk(const Graph& graph, const DeepWalkOptions& options, const Context& context);

/// Tells what deepwalk will need.
WHITNEY_API CostEstimate estimate_deepwalk(const DataSize& size, const DeepWalkOptions& options,
                                           const Context& context);

}  // namespace whitney::graph
