#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/interactions.h"
#include "whitney/data/recommender_model.h"
#include "whitney/recommend/bpr_triples.h"
#include "whitney/recommend/interaction_graph.h"

namespace whitney::recommend {

/// LightGCN's function and its gradient (He et al., SIGIR 2020, arXiv 2002.02126), in closed form: with L the
/// symmetric matrix of the graph and E_0 the vectors that are learned, the final vectors are
///   E = P E_0,  P = (I + L + ... + L^K) / (K + 1),
/// and the gradient by E_0 is P applied to the gradient by E, for P is symmetric.
///
/// A step needs E in the rows of its batch only, and its gradient begins in these rows. So by Horner's rule
/// E = (E_0 + L (E_0 + L (... ))) / (K + 1), and of the K products of each direction the last one forwards
/// takes those rows of L, and the first one backwards those columns: 2 K - 2 whole products instead of 2 K.
class WHITNEY_API LightGcnModel {
 public:
  /// E_0 is normal with deviation `deviation`, each row by (seed, row) of users, then items.
  LightGcnModel(const Interactions& events, int64_t dim, int layers, double deviation, uint64_t seed);

  const InteractionGraph& graph() const { return graph_; }
  /// E_0, nodes in the order of the graph.
  const Matrix& vectors() const { return vectors_; }
  float* mutable_vectors() { return vectors_.mutable_data<float>(); }

  /// Writes the gradient by E_0 (rows of the graph) of
  ///   mean softplus(s_uj - s_ui) + regularization / (2 B) sum (|e_u|^2 + |e_i|^2 + |e_j|^2),
  /// s of final vectors, e rows of E_0, over the B triples; gives the loss.
  double loss_and_gradient(const BprTriples& triples, double regularization, Matrix& gradient,
                           const Context& context);

  /// The final vectors, by the rows of the events.
  Factors factors(const Context& context) { return factors_of(vectors_, context); }
  /// The same of other vectors in the place of E_0, which stays as it is.
  Factors factors_of(const Matrix& vectors, const Context& context);

 private:
  /// E_0 + L (E_0 + ... ) with `depth` products, from E_0 in `begin`; in one of the buffers, or `begin`
  /// itself.
  const float* forward(const float* begin, int depth, float* one, float* other, const Context& context) const;
  MatrixView rows_at(const float* values) const {
    return {values, vectors_.rows(), dim(), dim(), DType::kF32};
  }
  int64_t dim() const { return vectors_.cols(); }
  double loss_of_rows(double regularization);
  /// P applied to the batch's gradient by the final vectors (without 1 / (K + 1)).
  void backward(float* result, float* buffer, const Context& context);
  void find_rows(const BprTriples& triples);

  InteractionGraph graph_;
  int layers_ = 0;
  Matrix vectors_, buffer_;
  /// Of the batch: its nodes, ascending; each triple's in `rows_`; L's rows of these, and their transpose.
  std::vector<uint32_t> rows_;
  std::vector<uint32_t> user_rows_, positive_rows_, negative_rows_;
  SparseMatrix some_rows_, some_columns_;
  std::vector<float> outputs_, output_gradient_;
  /// How often each row of the batch stands in its triples.
  std::vector<float> counts_;
};

}  // namespace whitney::recommend
