#pragma once

#include "whitney/core/context.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/train/gnn/sdne_options.h"

namespace whitney::gnn {

/// Trains an auto-encoder on the rows a_i of the adjacency matrix (Wang, Cui, Zhu 2016, eq. 3, 4 and 5):
///   sum_i ||(ahat_i - a_i) * b_i||^2 + alpha sum_ij a_ij ||y_i - y_j||^2,  b_ij = beta at edges, else 1,
/// where y_i is the middle layer of a_i and ahat_i the last. Rows are never made dense: the first layer sums
/// the weights' rows of a node's neighbours. Result: n x dim float32, the y_i, metric l2; with keep decoder
/// n x 2 (h + 1), whose halves s_u and t_v give ahat_uv = f(s_u . t_v) by the record's decoder (auto_encoder
/// with its activation f; source_target of a directed graph). Directions and weights of edges count; weights
/// are divided by the largest. The record tells the last loss. O(epochs n^2 h) time with the first hidden
/// width h, O(epochs (nnz + n negatives) h) with `negatives`. Throws Error for a graph without nodes.
Embeddings sdne(const Graph& graph, const SDNEOptions& options, const Context& context);

}  // namespace whitney::gnn
