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
#include "whitney/graph/random_projection.h"

namespace whitney::graph {

/// The matrix whose powers are projected: A = D^-1 S (transition) or S itself (adjacency).
enum class FastRPInput : uint8_t { kTransition, kAdjacency };
inline constexpr auto enum_names(FastRPInput) {
  return std::array<std::string_view, 2>{"transition", "adjacency"};
}

/// How the powers become one vector.
enum class PowerCombination : uint8_t { kSum, kConcatenate };
inline constexpr auto enum_names(PowerCombination) {
  return std::array<std::string_view, 2>{"sum", "concatenate"};
}

/// What a degree is: the sum of a node's weights, or the number of its neighbours as in Neo4j GDS.
enum class NeighborMean : uint8_t { kWeightSum, kNeighborCount };
inline constexpr auto enum_names(NeighborMean) {
  return std::array<std::string_view, 2>{"weight_sum", "neighbor_count"};
}

/// Options of FastRP (Chen, Sultan, Tian, Chen, Skiena 2019, arXiv 1908.11512).
struct FastRPOptions {
  int dim = 256;
  std::vector<double> weights = {0, 0, 1, 6.67};
  double beta = -0.64;
  Projection projection = Projection::kVerySparse;
  std::optional<double> sparsity;
  FastRPInput input = FastRPInput::kTransition;
  NeighborMean mean_by = NeighborMean::kWeightSum;
  bool normalize_rows = true;
  PowerCombination combine = PowerCombination::kSum;
  std::optional<int> num_powers;
  double node_self_influence = 0;
  bool standardize = true;
  std::vector<double> iteration_weights;
  std::optional<double> normalization_strength;
  std::optional<Path> features;
  std::vector<std::string> feature_properties;
  double property_ratio = 0;

  void fields(auto&& field) {
    field("dim", dim, Range{1, 65536}, "Width d of a vector (of each power, when powers are concatenated)");
    field("weights", weights, Range{-1e6, 1e6},
          "Weights w_1, w_2, ... of the powers of the matrix; as many powers as weights. Default: the best "
          "found "
          "on BlogCatalog by the authors");
    field("beta", beta, Range{-10, 10},
          "Exponent of the degree that scales a node's random row: -1 cancels popularity, 0 keeps it");
    field("projection", projection, "Law of the random matrix R");
    field(
        "sparsity", sparsity, Range{1, 1e12},
        "s of the very sparse law: a share 1/s of R is not zero. Absent: the square root of the number of "
        "nodes, as in the authors' code. Give it (Neo4j GDS: 3) where random rows must stay when nodes come");
    field("input", input, "Matrix whose powers are projected: D^-1 S, or the adjacency matrix S itself");
    field("mean_by", mean_by,
          "What a degree is, in the mean over neighbours and under beta: the sum of a node's weights, or the "
          "number of its neighbours (Neo4j GDS). They differ in weighted graphs only");
    field("normalize_rows", normalize_rows, "Give each row of each power norm 1 before it is weighted");
    field("combine", combine, "Sum the weighted powers, or put powers 1..num_powers side by side");
    field("num_powers", num_powers, Range{1, 100},
          "Number of powers to concatenate. Absent: as many as weights");
    field("node_self_influence", node_self_influence, Range{-1e6, 1e6},
          "Weight w_0 of a node's own random row, in the sum (nodeSelfInfluence of Neo4j GDS)");
    field("standardize", standardize,
          "Give each column mean 0 and deviation 1 at the end. The authors do so for sums; Neo4j GDS never "
          "does");
    field("iteration_weights", iteration_weights, Range{-1e6, 1e6},
          "The name of weights in Neo4j GDS (default there: 0,1,1); give one of the two");
    field("normalization_strength", normalization_strength, Range{-10, 10},
          "The name of beta in Neo4j GDS (default there: 0); give one of the two");
    field("features", features,
          "File of node features: vectors by id, or a table of which feature_properties are taken. Every "
          "node needs a row");
    field("feature_properties", feature_properties,
          "Number columns of that table, one feature each (featureProperties of Neo4j GDS). Empty: the "
          "file's vectors");
    field(
        "property_ratio", property_ratio, Range{0, 1},
        "Share of the width that projects node features instead of random rows (propertyRatio of Neo4j GDS). "
        "1: vectors do not depend on ids, so that those of different graphs can be compared");
  }
  /// Sentences about what has no effect in this combination.
  WHITNEY_API std::vector<std::string> ineffective() const;
};

/// Computes node vectors by very sparse random projection of powers of the transition matrix:
/// U_1 = A L R, U_i = A U_{i-1}, X = sum_i w_i rownorm(U_i), columns standardised; L = diag(deg^beta).
/// Result: n x dim float32 (n x k dim when concatenated), metric cosine. Nodes from which no edge leads get
/// zero vectors, which are left out of the standardisation and counted in a note. The random row of a node
/// depends on (seed, id) only. Throws UsageError for options that contradict each other, Error when powers of
/// the adjacency matrix leave the range of float32, or a node lacks a feature that the options ask for. O(k
/// nnz dim) time; memory: two n x dim matrices when only the last two weights are not zero, else three.
WHITNEY_API Embeddings fastrp(const Graph& graph, const FastRPOptions& options, const Context& context);

/// Tells what fastrp will need: n x dim matrices, the graph, and the time of the sparse products.
WHITNEY_API CostEstimate estimate_fastrp(const DataSize& size, const FastRPOptions& options,
                                         const Context& context);

/// The powers of one run, kept so that other weights cost no pass over the graph.
struct FastRPPowers {
  Ids ids;
  /// U_0 = L R, then U_1 .. U_k, n x dim float32 each, not normalised.
  std::vector<Matrix> powers;
  /// For each power, 1 / norm of each row (0 for a zero row).
  std::vector<Array<float>> inverse_norms;
};

/// Computes U_0 .. U_k for k = the number of weights (or num_powers). O(k nnz dim) time, (k + 1) n dim
/// floats.
WHITNEY_API FastRPPowers fastrp_powers(const Graph& graph, const FastRPOptions& options,
                                       const Context& context);

/// Combines kept powers: the same bytes as fastrp with the same options. Reads weights, node_self_influence,
/// normalize_rows, combine and standardize; the others are those that the powers were made with. Throws
/// UsageError when there are fewer powers than weights. O(k n dim) time.
WHITNEY_API Embeddings combine_powers(const FastRPPowers& powers, const FastRPOptions& options,
                                      const Context& context);

}  // namespace whitney::graph
