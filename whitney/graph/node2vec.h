#pragma once

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"
#include "whitney/text/skip_gram.h"

namespace whitney::graph {

/// Options of node2vec (Grover, Leskovec 2016, arXiv 1607.00653).
struct Node2VecOptions {
  double p = 1.0;
  double q = 1.0;
  int num_walks = 10;
  int walk_length = 80;
  int window = 10;
  text::SkipGramOptions skip_gram;

  void fields(auto&& field) {
    field("p", p, Range{1e-3, 1e3}, "Return parameter: below 1 keeps a walk near its start");
    field(
        "q", q, Range{1e-3, 1e3},
        "In-out parameter: below 1 sends a walk outwards, above 1 keeps it among the neighbours of where it "
        "came from");
    field("num_walks", num_walks, Range{1, 100'000}, "Walks from each node, r");
    field("walk_length", walk_length, Range{2, 1'000'000}, "Nodes of a walk, l");
    field("window", window, Range{1, 10'000},
          "Largest distance of a context in a walk, k; each centre's is drawn from 1..k");
    skip_gram.fields(field);
  }
};

/// Learns node vectors by skip-gram with negative samples on walks of second order: come from t, node x is
/// drawn by the weight of its edge times 1/p where x = t, 1 where an edge leads from t to x, else 1/q.
/// Result: n x dim float32, metric cosine. With p = q = 1 the walks are those of deepwalk. Directed edges are
/// walked forwards; nodes that no walk leads from or to get zero vectors, counted in a note.
/// O(num_walks walk_length n window dim) time; candidates are refused with probability at most
/// 1 - min(1, 1/p, 1/q) / max(1, 1/p, 1/q), and no table of second order is kept.
WHITNEY_API Embeddings node2vec(const Graph& graph, const Node2VecOptions& options, const Context& context);

/// Tells what node2vec will need.
WHITNEY_API CostEstimate estimate_node2vec(const DataSize& size, const Node2VecOptions& options,
                                           const Context& context);

}  // namespace whitney::graph
