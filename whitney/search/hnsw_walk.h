#pragma once

#include <cstdint>
#include <span>

#include "whitney/search/hnsw_scratch.h"

namespace whitney::search {

// Walks and distances over a graph's codes. Each call chooses its SIMD level once.

/// A query whose distances are those of a node to others: keeps the node's values in `buffer`
/// (node_query_bytes, aligned to 64).
CodeQuery query_of_node(const GraphView& graph, uint32_t node, int8_t* buffer);

/// Computes the distances of some nodes in code space as walks do: of the codes, or where these are too
/// coarse (GraphView::exact_walk) of the full vectors.
void walk_distances(const GraphView& graph, const CodeQuery& query, std::span<const uint32_t> nodes,
                    float* out);

/// Computes the distances of nodes[begin, end) from their codes alone. asks_ahead: those that follow in the
/// list are on their way into the second cache level meanwhile.
void code_distances(const GraphView& graph, const CodeQuery& query, std::span<const uint32_t> nodes,
                    int64_t begin, int64_t end, bool asks_ahead, float* out);

/// Computes what the stored vectors give beyond the codes: squared l2 in code space, or for an inner product
/// the sum of query times z (see PreparedQuery). Precision::kFloat: of the float32 vectors themselves.
void exact_distances(const GraphView& graph, const CodeQuery& query, std::span<const uint32_t> nodes,
                     float* out);

/// Walks greedily from `entry` through layers `from` .. `to` (both above 0, descending); returns the nearest
/// node met.
uint32_t descend(const GraphView& graph, const CodeQuery& query, uint32_t entry, int from, int to,
                 WalkScratch& scratch);

/// The share of passing nodes (a bit each) around a node: among its links and the links of eight of them, or
/// of as many as it takes to see some.
double passing_share(const GraphView& graph, uint32_t node, const uint64_t* passing);

/// Beam search on a layer: fills scratch.pool (reset to the wanted ef by the caller) from `entry`. Sets
/// scratch.is_stopped where scratch.deadline ended it, scratch.is_spent where scratch.most_distances did.
void search_layer(const GraphView& graph, const CodeQuery& query, uint32_t entry, int layer,
                  WalkScratch& scratch);

/// Limits of a filtered walk.
struct FilterWalk {
  /// Bit node % 64 of word node / 64: may be returned.
  const uint64_t* passing = nullptr;
  /// What the walk may take, in distances, before it gives up: with fewer than `wanted` hits, and in any
  /// case.
  double soft_budget = 0;
  double hard_budget = 0;
  int64_t wanted = 0;
  /// What it counts for a list of links that it looks through.
  double links_cost = 0;
  /// Share of passing neighbours at and above which only they are expanded ("one-hop"); 2: always blind
  /// two-hop, 0: always one-hop.
  double one_hop_share = 0.4;
};

/// Beam search on layer 0 that keeps passing nodes only, by the rule measured best: a node
/// whose neighbours pass at a share of 0.4 or more expands those; else also, in list order, the passing
/// neighbours of those that do not pass, until 2M are found (NaviX, arXiv 2506.23397). `starts` begin beside
/// `entry`. Returns false when a budget ended it; where scratch.deadline did, sets scratch.is_stopped.
bool search_filtered(const GraphView& graph, const CodeQuery& query, uint32_t entry,
                     std::span<const uint32_t> starts, const FilterWalk& filter, WalkScratch& scratch);

/// Chooses links by the heuristic of the paper (its algorithm 4 without extensions): goes through
/// `candidates` (keys of a NodePool, ascending), keeps one iff it is no nearer to a kept one than to the
/// base, stops at `m`. Fewer than m candidates are all kept. Returns how many nodes it wrote to `out`.
/// `buffer`: room for m times node_query_bytes.
int64_t select_neighbors(const GraphView& graph, std::span<const uint64_t> candidates, int64_t m,
                         int8_t* buffer, uint32_t* out, WalkCounters& counters);

}  // namespace whitney::search
