#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/dense_weights.h"
#include "whitney/linalg/sparse.h"

namespace whitney::infer {

/// How the vectors of a node's neighbours become one: their mean by the weights alpha (importance pooling),
/// their plain mean, or the largest of each value.
enum class NeighborPooling : uint8_t { kImportance, kMean, kMax };
inline constexpr auto enum_names(NeighborPooling) {
  return std::array<std::string_view, 3>{"importance", "mean", "max"};
}

/// Is told how many rows were multiplied with weights, product by product.
using RowsMultiplied = std::function<void(int64_t rows)>;

/// One layer of PinSage (arXiv 1806.01973, algorithm 1, the vectors h of a node and of its neighbours to its
/// next vector), with the weights of a trained model:
///   n_u = sum over neighbours v of alpha_u(v) ReLU(Q h_v + q), or their largest of each value
///   h'_u = z / |z|, z = ReLU(W [h_u ; n_u] + w); z stays 0 where it is 0.
class WHITNEY_API Convolve {
 public:
  /// Packs Q (m x inputs), q (m), W (outputs x (inputs + m)), w (outputs); any numeric types. kMean pools by
  /// the weights that it is given too, which are to be equal. Throws Error when the sizes do not fit each
  /// other.
  Convolve(const MatrixView& neighbor_weights, std::span<const float> neighbor_bias,
           const MatrixView& weights, std::span<const float> bias,
           NeighborPooling pooling = NeighborPooling::kImportance);

  int64_t inputs() const { return neighbor_.cols(); }
  int64_t hidden() const { return neighbor_.rows(); }
  int64_t outputs() const { return own_.rows(); }

  /// Computes n of all nodes (rows x m) by one dense and one sparse product. neighborhoods: nodes x nodes,
  /// row u the weights alpha_u, as they are (graph/visit_counts.h has rows that sum to 1; kMax does not read
  /// them); a node without neighbours gets 0. h: nodes x inputs, float32. Throws Error when sizes differ.
  Matrix pool_neighbors(const Context& context, const SparseView& neighborhoods, const MatrixView& h) const;

  /// The same in pieces, for nodes whose neighbours are elsewhere. What a node is pooled as, ReLU(Q h + q):
  /// rows x m; and what it keeps for itself, W_h h + w: rows x outputs. h: rows x inputs, float32.
  Matrix project(const Context& context, const MatrixView& h, const RowsMultiplied& told = {}) const;
  Matrix own_part(const Context& context, const MatrixView& h, const RowsMultiplied& told = {}) const;
  /// Computes h' of some nodes of what they keep and the projected neighbours, bit for bit as `run`.
  /// neighborhoods: nodes x projected rows.
  Matrix combine(const Context& context, const SparseView& neighborhoods, const Matrix& projected, Matrix own,
                 const RowsMultiplied& told = {}) const;

  /// Computes h' of all nodes (nodes x outputs). Row u depends on the rows of u and of its neighbours, the
  /// weights and the SIMD level only, bit for bit: not on how many other nodes there are, nor on the threads.
  /// Three products: of each node with Q, and with both parts of W.
  Matrix run(const Context& context, const SparseView& neighborhoods, const MatrixView& h,
             const RowsMultiplied& told = {}) const;

 private:
  Matrix pooled(const Context& context, const SparseView& neighborhoods, const Matrix& projected) const;

  DenseWeights neighbor_;
  /// W in two: the columns that meet h_u, with the bias, and those that meet n_u.
  DenseWeights own_, of_pooled_;
  NeighborPooling pooling_;
};

/// What makes the embedding of a node of its last h (arXiv 1806.01973, algorithm 2): G2 ReLU(G1 h + g).
struct ConvolveHead {
  /// G1 with the bias g; G2.
  DenseWeights first, second;
};

/// Computes the embeddings of all nodes layer by layer, each node once a layer (section 3.4, in one process),
/// where algorithm 2 repeats a node for every neighbourhood it is in. features: nodes x inputs of the first
/// layer, float32. Every layer reads the same neighborhoods. head: may be null, then the last layer's vectors
/// are the result. Not normalised behind the head. Reports rows multiplied as progress. Throws Error when
/// sizes differ. O(layers (nodes (inputs m + (inputs + m) outputs) + entries m)) time.
WHITNEY_API Matrix convolve_all(const Context& context, std::span<const Convolve> layers,
                                const ConvolveHead* head, const SparseView& neighborhoods,
                                const MatrixView& features);

}  // namespace whitney::infer
