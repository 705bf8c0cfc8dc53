#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "whitney/core/matrix.h"
#include "whitney/linalg/sparse_matrix.h"
#include "whitney/train/nn/sparse_product.h"

namespace whitney::gnn {

/// The features of some items: a sparse matrix where they are mostly zeros, else a tensor.
struct FeatureRows {
  std::optional<nn::SparseOperator> sparse;
  torch::Tensor dense;

  /// Rows times a tensor of features x m.
  torch::Tensor times(const torch::Tensor& weights, const Context& context) const;
};

/// The features of all items. Those of texts (n-grams) are zeros but for some dozen of thousands: the first
/// layer then takes a hundredth of the products.
class PinSageFeatures {
 public:
  /// features: items x f, any numeric type. degrees: a further column, or empty. Sparse where less than a
  /// fifth of the values is not 0.
  PinSageFeatures(const MatrixView& features, std::span<const float> degrees);

  int64_t num_items() const { return num_items_; }
  /// f, and the degree.
  int64_t width() const { return sparse_.cols; }
  bool is_sparse() const { return is_sparse_; }
  FeatureRows rows(std::span<const uint32_t> items) const;

 private:
  int64_t num_items_;
  bool is_sparse_ = true;
  SparseMatrix sparse_;
  std::vector<float> dense_;
};

}  // namespace whitney::gnn
