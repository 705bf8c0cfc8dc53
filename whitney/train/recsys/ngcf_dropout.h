#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "whitney/train/nn/sparse_product.h"
#include "whitney/train/nn/torch.h"
#include "whitney/train/recsys/ngcf_options.h"

namespace whitney::recsys {

/// What a layer adds up in a step.
struct LayerGraph {
  /// A's entries, each the weight of a message from the node of its column to that of its row.
  nn::SparseOperator matrix;
  /// What each node's message to itself is multiplied with (n); not defined: 1.
  torch::Tensor self;
};

/// A graph for each layer of a step, of which is left out, the rest multiplied so that its expected value is
/// the whole:
///   node_dropout_of entries: each entry of A with probability p, the same in all layers; the rest times
///     1 / (1 - p). Messages of nodes to themselves beside A stay (they are not the program's);
///   node_dropout_of nodes: round(p n) of the n nodes, at most n - 1, drawn anew for each layer, with all
///     that they send: their columns of A, and their messages to themselves; the rest times n / (those left).
///     A node that sends nothing still gets what others send;
///   message_dropout_of messages: each entry of A, and each message of a node to itself (m_uu of Eq. 6), with
///     probability p, drawn anew for each layer; the rest times 1 / (1 - p). One entry is the message by W1
///     and by W2, and both directions of an edge are two.
/// `whole`: A. `step`: with the seed, what it is drawn by; none: nothing is left out. `type`: of `self`.
std::vector<LayerGraph> thinned_graphs(const nn::SparseOperator& whole, const NgcfOptions& options,
                                       uint64_t seed, std::optional<uint64_t> step,
                                       const torch::TensorOptions& type);

/// Share of a layer's values that is left out.
double output_dropout(const NgcfOptions& options);

/// What messages or values of a step's layers are left out by, followed by the layer's number from 1.
std::string message_dropout_purpose(uint64_t step);

}  // namespace whitney::recsys
