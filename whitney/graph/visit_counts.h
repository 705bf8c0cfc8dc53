#pragma once

#include <cstdint>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/interactions.h"
#include "whitney/linalg/sparse_matrix.h"

namespace whitney::graph {

/// A bipartite graph of contexts and the items in them (boards and pins, postings and skills, users and what
/// they took), both ways. An edge given twice counts twice; weights are not read.
struct ItemContexts {
  /// contexts x items.
  SparseMatrix items_of;
  /// items x contexts.
  SparseMatrix contexts_of;

  int64_t num_contexts() const { return items_of.rows(); }
  int64_t num_items() const { return items_of.cols; }
};

/// Takes users as contexts. That ratings or counts are not used is a note.
WHITNEY_API ItemContexts item_contexts(const Interactions& events, const Context& context);
/// items_of: contexts x items.
WHITNEY_API ItemContexts item_contexts(SparseMatrix items_of);

/// What neighbourhoods by importance are made of. A step goes from an item to one of its contexts and from
/// there to one of its items, each uniformly; it may lead back to where it came from.
struct VisitOptions {
  /// T: neighbours an item keeps (50 in the paper).
  int64_t neighbors = 50;
  /// The probability that a walk ends after a step; above 0, up to 1.
  double stop = 0.5;
  /// Steps after which a walk ends in any case: with `stop` 0.5, 1 walk in 32,768 is cut by 16.
  int64_t max_steps = 16;
  /// An item's walks go on until they have made so many visits; the exact form does not read it.
  int64_t visits = 1000;
};

/// Gives each item the items that random walks with restarts from it visit most (PinSage, arXiv 1806.01973,
/// section 3.2; the walks of Pixie, arXiv 1711.07601). Result: items x items; row u holds the `neighbors`
/// most visited items but u itself, most visited first, equal counts by the lower row, and their shares of
/// the kept visits, which sum to 1. Items that share no context with another have empty rows. A context of
/// very many items makes its items' walks sample by popularity: leave such contexts out of the graph.
/// A row depends on the graph, the options, the context's seed and u only. Throws Error for an option out of
/// range. O(items visits), and up to 16 bytes an item and thread.
WHITNEY_API SparseMatrix visit_counts(const ItemContexts& graph, const VisitOptions& options,
                                      const Context& context);

/// What visit_counts tends to with ever more visits: with a = `stop` and n = `max_steps`, row u is the cut
/// and normalised sum over k = 1..n of (1 - a)^(k-1) e_u P^k, P = D_I^-1 B D_C^-1 B^T (truncated personalised
/// PageRank; B: items x contexts). Exact in float64 but for the weights, which are float32. Visits the edges
/// that are within reach of u once a step: for small graphs, or as a reference.
WHITNEY_API SparseMatrix truncated_page_rank(const ItemContexts& graph, const VisitOptions& options,
                                             const Context& context);

}  // namespace whitney::graph
