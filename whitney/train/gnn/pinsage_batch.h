#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "whitney/linalg/sparse_matrix.h"
#include "whitney/train/gnn/pinsage_features.h"
#include "whitney/train/nn/objective.h"

namespace whitney::gnn {

/// The nodes that the vectors of some items need, each once a layer (algorithm 2, lines 1 to 7), by their
/// places in `nodes`: S_K, the items themselves, first, then what S_{k-1} has beyond S_k.
struct LocalGraph {
  std::vector<uint32_t> nodes;
  /// Of layer 1 to K: |S_k| x |S_{k-1}|.
  std::vector<nn::SparseOperator> neighborhoods;
  FeatureRows features;
};

/// Directed edges that are not seen: (item, neighbour), ascending.
using HiddenEdges = std::vector<std::pair<uint32_t, uint32_t>>;

/// Gathers the local graph of distinct items. neighborhoods: all items x all items. The weights that hidden
/// edges leave in a row are divided by their sum. O(all items + entries of the local graph).
LocalGraph local_graph(std::span<const uint32_t> items, int64_t layers, const SparseMatrix& neighborhoods,
                       const HiddenEdges& hidden, const PinSageFeatures& features);

/// A minibatch: places in the local graph, int64.
struct PinSageBatch : nn::PreparedBatch {
  LocalGraph graph;
  /// B each; N; B x H (0 columns: none).
  torch::Tensor queries, answers, negatives, hard;
  /// The first nodes of the graph: those whose vectors are needed.
  int64_t num_items = 0;
};

}  // namespace whitney::gnn
