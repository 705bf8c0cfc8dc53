#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/report.h"
#include "whitney/data/graph.h"
#include "whitney/eval/node_vectors.h"
#include "whitney/eval/reconstruction_decoder.h"

namespace whitney {

/// Options of graph reconstruction (RESTORE, Yip et al. 2023, arXiv 2308.14659).
struct ReconstructionOptions {
  int max_hops = 3;
  std::vector<eval::DecoderChoice> decoders = {eval::DecoderChoice::kOwn, eval::DecoderChoice::kCosine,
                                               eval::DecoderChoice::kEuclid};
  int64_t sources = 1000;
  bool directed = false;
  bool gem_compatible = false;
  std::optional<Path> plot;
  bool force = false;
  void fields(auto&& field) {
    field("max_hops", max_hops, Range{1, 16}, "Farthest hop k whose neighbours are asked for");
    field("decoders", decoders,
          "How two vectors give a score; own: as the record of the embeddings says (decoder, else metric), "
          "else dot. Methods with decoders of their own are compared fairly by what all share");
    field(
        "sources", sources, Range{1, 4294967295.0},
        "Nodes whose ranking of all others is measured, drawn by the seed; as many as there are nodes: all");
    field("directed", directed, "The graph's edges hold in one direction only: out-neighbours are asked for");
    field("gem_compatible", gem_compatible,
          "Also count as GEM's code does, which flatters: pairs of no positive score are dropped, "
          "undirected edges ranked at one end only, and precision averaged over the hits only");
    field("plot", plot, "Also draw mAP over hops and precision@K over K to this file, as SVG");
    field("force", force, "Replace a plot that exists");
  }
};

/// Measures how much of a graph can be rebuilt from node vectors alone: for each source, all other nodes are
/// ranked by the decoder's score, and the ranking is held against the nodes exactly k hops away, and at most
/// k, k = 1..max_hops.
///
/// Rows of the report have the labels measure, neighborhood (exact, cumulative), method and decoder, and a
/// figure hop_k for each hop. Measures: map (mean average precision, equal scores by node order; intervals of
/// 1.96 standard errors of the sampled sources), map_corrected ((map - chance) / (1 - chance), with the exact
/// expectation of a random order), precision (@|N|: among as many as the source has), precision_corrected,
/// precision@10 .. precision@100000 over all pairs of a source and a candidate (edges: hop_1). Beside the
/// methods stand the dummies `random` (normal vectors of the first method's width) and `degree` (a candidate
/// scores by its degree) and `chance`. Where more than 1 % of ranked candidates share their score with
/// another, map_optimistic and map_pessimistic are told. Self-loops are ignored; nodes without neighbours at
/// a hop are candidates, but no sources there.
/// Throws Error when a node has no vector, the graph has fewer than 2 nodes, or source_target is asked of an
/// odd width.
WHITNEY_API Report reconstruction(const std::vector<NamedEmbeddings>& methods, const Graph& graph,
                                  const ReconstructionOptions& options, const Context& context);

}  // namespace whitney
