#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/search/hnsw_graph.h"
#include "whitney/search/vamana_prune.h"

namespace whitney::search {

enum class LinkMethod : uint8_t { kHnsw, kVamana };

/// How the links of a graph are chosen.
struct LinkRule {
  /// hnsw: a node chooses M links and others add theirs up to 2M (select_neighbors). Vamana: by
  /// prune_robustly, up to an eighth below the 2M, which leaves room for those that others add.
  LinkMethod method = LinkMethod::kHnsw;
  /// Nearest nodes that links are chosen from: ef_construction of hnsw, L of Vamana.
  int64_t window = 200;
  /// Of Vamana.
  double alpha = 1;
};

/// Draws the layer up to which a node stands: floor(-ln U / ln M), so that a share M^-l reaches layer l. A
/// function of the seed and the node only.
uint8_t draw_level(uint64_t seed, uint32_t node, int64_t m);

/// Links nodes whose codes are written and whose lists are empty, in the given order, and makes every node of
/// layer 0 reachable. The same bytes for any number of threads: nodes go in batches that double up to a 50th
/// of the graph; those of a batch search the graph as it was before and see one another by comparing all
/// pairs; then links back are added in the order of the batch. Throws Cancelled.
void link_nodes(HnswGraph& graph, std::span<const uint32_t> order, const LinkRule& rule,
                const Context& context);

/// Chooses the links of linked nodes on layer 0 anew, in the given order, each from a walk on the graph as it
/// then is and from its present links, and adds links back. The same bytes for any number of threads, as
/// above. Throws Cancelled.
void relink_nodes(HnswGraph& graph, std::span<const uint32_t> order, const LinkRule& rule,
                  const Context& context);

/// Takes nodes out (dead[node] != 0). A node that was linked to one of them chooses anew among its live links
/// and the live links of the lost ones (FreshDiskANN, arXiv 2105.09613). The nodes that stay keep their order
/// and get new numbers: the result, kNoNode for those gone.
std::vector<uint32_t> remove_nodes(HnswGraph& graph, std::span<const uint8_t> dead, const LinkRule& rule,
                                   const Context& context);

/// Adds links, as few as it takes, so that a walk from the entry meets every node of layer 0: the choice of
/// neighbours alone does not promise it.
void connect_layer0(HnswGraph& graph, int64_t ef, const Context& context);

/// Memory in which links are chosen.
struct LinkBuffers {
  PruneScratch prune;
  Array<int8_t> query_codes, kept_codes;
  std::vector<uint32_t> chosen;
  WalkCounters counters;

  void fit(const GraphView& graph);
};

/// Chooses the links of a node among candidates (keys of a NodePool, ascending) by the rule, at most `most`.
/// The result is in buffers.chosen.
std::span<const uint32_t> choose_links(const GraphView& graph, std::span<const uint64_t> candidates,
                                       int64_t most, const LinkRule& rule, LinkBuffers& buffers);
/// How many links a list that overflows is cut to.
int64_t links_kept(const LinkRule& rule, int64_t cap);

}  // namespace whitney::search
