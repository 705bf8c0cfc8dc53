#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"

namespace whitney::graph {

/// The similarity of nodes that is factorised: Katz's index, or A^2 (what some code calls HOPE).
enum class Proximity : uint8_t { kKatz, kCommonNeighbors };
inline constexpr auto enum_names(Proximity) {
  return std::array<std::string_view, 2>{"katz", "common_neighbors"};
}

/// Options of HOPE (Ou, Cui, Pei, Zhang, Zhu 2016).
struct HOPEOptions {
  int dim = 128;
  Proximity proximity = Proximity::kKatz;
  std::optional<double> beta = std::nullopt;
  int num_iterations = 5;

  void fields(auto&& field) {
    field("dim", dim, Range{2, 65536},
          "Width d of a vector, even: a source vector of d/2, then a target vector of d/2");
    field(
        "proximity", proximity,
        "Similarity of nodes: Katz's index, or common neighbours A^2 (HOPE-CN, which some code calls HOPE)");
    field("beta", beta, Range{1e-12, 1e6},
          "Decay of a path's weight with each edge, below 1/lambda_1 of the largest eigenvalue. Absent: half "
          "of that, for a fixed value such as 0.01 is too large for graphs with hubs");
    field("num_iterations", num_iterations, Range{0, 100},
          "Rounds of the randomised singular value decomposition");
  }
  /// Sentences about what has no effect in this combination.
  WHITNEY_API std::vector<std::string> ineffective() const;
};

/// Computes a source and a target vector of each node, x^s = U Sigma^1/2 and x^t = V Sigma^1/2 of the largest
/// singular values of Katz's index S = sum_{i >= 1} (beta A)^i = (I - beta A)^-1 beta A, which is never
/// formed: its products are summed term by term until one is below 1e-7 of the largest. Result: n x dim
/// float32, [x^s, x^t]; x^s_u . x^t_v approximates S_uv (decoder source_target), metric cosine. Directions
/// and weights of edges count. The record holds beta and the estimate of lambda_1. Throws UsageError for an
/// odd dim, Error when beta is not below 1/lambda_1. O(num_terms num_iterations nnz dim) time; memory: about
/// five matrices of n x (dim/2 + 16), and the reversed graph of a directed one.
WHITNEY_API Embeddings hope(const Graph& graph, const HOPEOptions& options, const Context& context);

/// Tells what hope will need.
WHITNEY_API CostEstimate estimate_hope(const DataSize& size, const HOPEOptions& options,
                                       const Context& context);

}  // namespace whitney::graph
