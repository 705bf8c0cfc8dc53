#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"

namespace whitney::graph {

/// What clusters users and items.
enum class BucketMethod : uint8_t { kLouvain, kLeiden };
inline constexpr auto enum_names(BucketMethod) {
  return std::array<std::string_view, 2>{"louvain", "leiden"};
}

/// Options of GraphHash (Wu et al., WWW 2025, arXiv 2412.17245).
struct GraphHashOptions {
  std::optional<int64_t> buckets = std::nullopt;
  double resolution = 1;
  BucketMethod method = BucketMethod::kLouvain;
  double tolerance = 1e-3;
  bool shuffle = false;
  void fields(auto&& field) {
    field("buckets", buckets, Range{2, 4e9},
          "Rows that both tables may have together: the resolution is searched that comes nearest without "
          "exceeding it, a dozen clusterings. Absent: what `resolution` gives");
    field("resolution", resolution, Range{0, 1e9},
          "gamma without `buckets`: above 1 gives more and smaller clusters, so more rows. In units of the "
          "whole graph: the same value means another number elsewhere");
    field("method", method,
          "louvain as in the paper; leiden, whose clusters are connected, gains a little more");
    field("tolerance", tolerance, Range{0, 1},
          "louvain: a pass that gains no more than this in modularity is the last");
    field("shuffle", shuffle,
          "louvain: visit nodes in random order, another one for each seed: the sum of two such clusterings "
          "tells more rows apart than one of as many rows");
  }
  WHITNEY_API std::vector<std::string> ineffective() const;
};

/// Says which users share a row of an embedding table, and which items: those of one cluster by bipartite
/// modularity (Barber 2007) do. Users are the sources of a directed graph, else the first column. Result: a
/// table with the columns `side` (user or item) and `bucket`, numbered from 0 on each side by the size of
/// clusters; both missing for nodes without an edge, which no cluster can take. The record tells the
/// resolution, rows of either side, the share of rows saved and Q. Throws Error when the graph is not
/// bipartite, or has more connected parts than `buckets` leaves rows for.
WHITNEY_API Table graphhash(const Graph& graph, const GraphHashOptions& options, const Context& context);

}  // namespace whitney::graph
