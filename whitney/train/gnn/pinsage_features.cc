#include "whitney/train/gnn/pinsage_features.h"

#include <algorithm>
#include <utility>

namespace whitney::gnn {

torch::Tensor FeatureRows::times(const torch::Tensor& weights, const Context& context) const {
  if (sparse) return nn::sparse_product(*sparse, weights, context);
  return torch::matmul(dense.to(weights.device(), weights.scalar_type()), weights);
}

PinSageFeatures::PinSageFeatures(const MatrixView& features, std::span<const float> degrees)
    : num_items_(features.rows) {
  constexpr double kMostDense = 0.2;
  const auto width = static_cast<size_t>(features.cols) + (degrees.empty() ? 0 : 1);
  const auto most = static_cast<size_t>(kMostDense * static_cast<double>(width) *
                                        static_cast<double>(std::max<int64_t>(num_items_, 1)));
  sparse_.cols = static_cast<int64_t>(width);
  std::vector<float> row(width);
  for (int64_t item = 0; item < num_items_; ++item) {
    copy_row_as_float(features, item, row.data());
    if (!degrees.empty()) row.back() = degrees[static_cast<size_t>(item)];
    for (size_t j = 0; j < width && is_sparse_; ++j) {
      if (row[j] == 0) continue;
      sparse_.columns.push_back(static_cast<uint32_t>(j));
      sparse_.weights.push_back(row[j]);
      is_sparse_ = sparse_.columns.size() <= most;
    }
    sparse_.offsets.push_back(std::ssize(sparse_.columns));
    if (!is_sparse_) break;
  }
  if (is_sparse_) return;
  const int64_t cols = sparse_.cols;
  sparse_ = SparseMatrix();
  sparse_.cols = cols;
  dense_.resize(width * static_cast<size_t>(num_items_));
  for (int64_t item = 0; item < num_items_; ++item) {
    float* out = dense_.data() + static_cast<size_t>(item) * width;
    copy_row_as_float(features, item, out);
    if (!degrees.empty()) out[width - 1] = degrees[static_cast<size_t>(item)];
  }
}

FeatureRows PinSageFeatures::rows(std::span<const uint32_t> items) const {
  FeatureRows rows;
  if (is_sparse_) {
    SparseMatrix selected;
    select_rows(sparse_.view(), items, selected);
    rows.sparse.emplace(std::move(selected));
    return rows;
  }
  rows.dense = torch::empty({std::ssize(items), width()}, torch::kFloat32);
  auto* out = rows.dense.mutable_data_ptr<float>();
  for (const uint32_t item : items)
    out = std::copy_n(dense_.data() + static_cast<size_t>(item) * static_cast<size_t>(width()), width(), out);
  return rows;
}

}  // namespace whitney::gnn
