#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"

namespace whitney::graph {

/// Options of breadth-first growth (Lin 2021, arXiv 2106.10620, cuts even-sized parts; the rule is ours).
struct BFSOptions {
  int parts = 4;
  double max_imbalance = 0.05;
  void fields(auto&& field) {
    field("parts", parts, Range{1, 65536}, "Number of parts");
    field("max_imbalance", max_imbalance, Range{0, 100},
          "A part holds at most 1 + max_imbalance times its share of the nodes");
  }
};

/// Grows parts from seeds far apart (each the farthest node from those before, by edges, within the largest
/// component). The smallest part takes the next node of its breadth-first queue; one that no unlabelled node
/// borders, or that has reached the cap, waits. When all wait, the smallest one starts anew at a random node
/// without a part. Gives the part of each node; every part has at most the cap. O(nnz + n log parts), and as
/// much again for the seeds at worst times parts. Throws Error when there are more parts than nodes.
WHITNEY_API std::vector<uint32_t> bfs_parts(const Graph& graph, const BFSOptions& options,
                                            const Context& context);

/// As bfs_parts: a table with the column `part`; the record tells cut, border and balance.
WHITNEY_API Table bfs(const Graph& graph, const BFSOptions& options, const Context& context);

}  // namespace whitney::graph
