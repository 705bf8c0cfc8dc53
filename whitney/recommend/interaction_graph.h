#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/data/interactions.h"
#include "whitney/linalg/sparse_matrix.h"

namespace whitney::recommend {

/// How the entries of a graph of users and items are weighted; d: a node's number of neighbours, A: its
/// entries, all 1.
enum class Adjacency : uint8_t { kSymmetric, kNorm, kPlain, kGcmc, kNgcf };
inline constexpr auto enum_names(Adjacency) {
  return std::array<std::string_view, 5>{"symmetric", "norm", "plain", "gcmc", "ngcf"};
}

/// The graph whose nodes are users, then items. Nodes may stand in another order than that of their rows:
/// `place_of` gives each row's place (users, then items).
struct InteractionGraph {
  int64_t num_users = 0;
  int64_t num_items = 0;
  std::vector<uint32_t> place_of;
  SparseMatrix matrix;
  /// Empty where the matrix is symmetric.
  SparseMatrix transpose;

  int64_t num_nodes() const { return num_users + num_items; }
  uint32_t place_of_user(uint32_t user) const { return place_of[user]; }
  uint32_t place_of_item(uint32_t item) const { return place_of[static_cast<size_t>(num_users) + item]; }
  SparseView transposed() const { return transpose.rows() == 0 ? matrix.view() : transpose.view(); }
};

/// Builds the matrix
///   symmetric: D^-1/2 A D^-1/2; norm: (D + I)^-1 (A + I); plain: A; gcmc: D^-1 A; ngcf: D^-1 A + I
/// (arXiv 1905.08108 and its authors' program). Nodes without neighbours have rows of zeros, besides I.
/// reorder: users and items each in an order whose products find more in the caches
/// (linalg/locality_order.h).
WHITNEY_API InteractionGraph interaction_graph(const Interactions& events, Adjacency adjacency,
                                               bool reorder = true);

}  // namespace whitney::recommend
