#pragma once

#include <cstdint>
#include <vector>

#include "whitney/train/nn/torch.h"

namespace whitney::nn {

/// Bayesian personalised ranking (Rendle et al. 2009): the mean of softplus(-(positive - negative)) over
/// pairs of scores, which is -ln sigma(positive - negative) without its overflow. Scores: n each.
torch::Tensor bpr_loss(const torch::Tensor& positive_scores, const torch::Tensor& negative_scores);

/// The inner products of rows of equal place: n x d and n x d to n.
torch::Tensor row_products(const torch::Tensor& a, const torch::Tensor& b);

/// Half the sum of squares of all rows, over `batch_size`: what batches are regularised with.
torch::Tensor half_squares(const std::vector<torch::Tensor>& rows, int64_t batch_size);

}  // namespace whitney::nn
