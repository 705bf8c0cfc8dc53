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
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"
#include "whitney/graph/part_graph.h"

namespace whitney::graph {

/// What cuts a graph into parts; kAuto as auto_parts.h tells.
enum class PartitionMethod : uint8_t { kAuto, kMetis, kFennel, kBFS };
inline constexpr auto enum_names(PartitionMethod) {
  return std::array<std::string_view, 4>{"auto", "metis", "fennel", "bfs"};
}

/// How the vectors of parts become those of the whole.
enum class PartCombination : uint8_t { kAlign, kConcatenate };
inline constexpr auto enum_names(PartCombination) {
  return std::array<std::string_view, 2>{"align", "concatenate"};
}

/// What takes the vectors of a part to those of the frame.
enum class FrameMap : uint8_t { kLeastSquares, kProcrustes };
inline constexpr auto enum_names(FrameMap) {
  return std::array<std::string_view, 2>{"least_squares", "procrustes"};
}

/// concatenate: a border's graph of so few nodes takes little memory as one, and tells less in pieces: on PPI
/// its parts cut off again what it is there to tell.
inline constexpr int64_t kSmallBorderNodes = 1 << 12;

/// Options of partitioned embedding (Lin 2021, arXiv 2106.10620; align is ours).
struct PartitionedOptions {
  MethodChoice base{"fastrp", Value::object()};
  int parts = 4;
  PartitionMethod partitioner = PartitionMethod::kAuto;
  double max_imbalance = 0.05;
  PartCombination combine = PartCombination::kAlign;
  FrameMap map = FrameMap::kLeastSquares;
  std::optional<int64_t> leaf_nodes;
  int parallel_parts = 1;
  double max_halo = 1;
  int smoothing = 2;
  BorderEdges border = BorderEdges::kInduced;
  int min_dim = 8;
  bool normalize_blocks = true;
  std::optional<Path> scratch;

  void fields(auto&& field) {
    field("base", base, "learn", "Method that embeds each part; base.dim is the width of the whole");
    field("parts", parts, Range{1, 65536}, "Parts of a level, k");
    field(
        "partitioner", partitioner,
        "What cuts the graph. auto: metis or fennel, whichever cuts less; of more than half a million edges "
        "metis is given clusters, and graphs that have none are fennel's, so that cutting takes less memory "
        "than embedding");
    field("max_imbalance", max_imbalance, Range{0.001, 100},
          "A part holds at most 1 + max_imbalance times its share of the nodes");
    field(
        "combine", combine,
        "align: all parts in one space, each taken to the vectors of a frame. concatenate: the paper's form, "
        "a block of columns for each level of border graphs; dot products across parts mean little in it");
    field(
        "map", map,
        "align: what takes a part to the frame. least_squares: the linear map of least error over the nodes "
        "that both have, with a small penalty; it drops what a part alone tells apart. procrustes: the best "
        "turn; products within a part stay as they are");
    field(
        "leaf_nodes", leaf_nodes, Range{1, 4e9},
        "Graphs of at most so many nodes are embedded whole (N_max); align: the nodes of the frame, those of "
        "the border first, those of the largest degree first. Absent: as many as a part holds, and 4,096 of "
        "concatenate's border");
    field("parallel_parts", parallel_parts, Range{1, 1024},
          "Parts that are embedded at a time, each on one thread. 1: one after another, each on all threads, "
          "which needs the least memory");
    field("max_halo", max_halo, Range{0, 1000},
          "align: neighbours outside that are embedded with a part, at most so many times its nodes, those "
          "with the most edges into it; 0: none");
    field("smoothing", smoothing, Range{0, 100},
          "align: passes in which each vector moves half-way to the mean of its neighbours");
    field("border", border,
          "concatenate: edges of the graph of border nodes: all among them, those cut alone, or none: no "
          "border graph");
    field("min_dim", min_dim, Range{1, 65536},
          "concatenate: a border graph that would get fewer columns is left out");
    field(
        "normalize_blocks", normalize_blocks,
        "concatenate: give each row of each block norm 1; else the norm tells above all whether a node is at "
        "a border");
    field("scratch", scratch,
          "Folder for the vectors of parts while others are computed; absent: the system's temporary files");
  }
  /// Sentences about what has no effect in this combination.
  WHITNEY_API std::vector<std::string> ineffective() const;
};

/// Embeds a graph part by part with any base method, so that no more than a part (or a border's graph of up
/// to kSmallBorderNodes) and its vectors is in memory besides the graph. Result: n x base.dim float32, mapped
/// from a file in `scratch` that has no name any more; metric cosine; the record tells for each level nodes,
/// cut and border ratio, balance and columns. parts 1, or at most leaf_nodes nodes: what the base gives. Each
/// piece is a function of (seed, level, part), so that bytes depend neither on threads nor on parallel_parts.
/// Throws UsageError when base makes no vectors of graphs, Error when a part cannot be embedded or the
/// scratch folder is full.
WHITNEY_API Embeddings partitioned(const Graph& graph, const PartitionedOptions& options,
                                   const Context& context);

/// Tells what partitioned will need: the graph, and the base's need for a part with its halo, or what
/// aligning it takes. How many nodes the halo has depends on the graph, and is guessed by its mean degree,
/// for one with communities; a sparse graph without any may take half as much again.
WHITNEY_API CostEstimate estimate_partitioned(const DataSize& size, const PartitionedOptions& options,
                                              const Context& context);

}  // namespace whitney::graph
