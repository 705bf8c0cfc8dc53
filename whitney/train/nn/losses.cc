#include "whitney/train/nn/losses.h"

namespace whitney::nn {

torch::Tensor bpr_loss(const torch::Tensor& positive_scores, const torch::Tensor& negative_scores) {
  return -torch::log_sigmoid(positive_scores - negative_scores).mean();
}

torch::Tensor row_products(const torch::Tensor& a, const torch::Tensor& b) { return (a * b).sum(1); }

torch::Tensor half_squares(const std::vector<torch::Tensor>& rows, int64_t batch_size) {
  torch::Tensor sum = rows.at(0).square().sum();
  for (size_t i = 1; i < rows.size(); ++i) sum = sum + rows[i].square().sum();
  return sum / (2 * static_cast<double>(batch_size));
}

}  // namespace whitney::nn
