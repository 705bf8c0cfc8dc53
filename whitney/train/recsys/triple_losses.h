#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/train/nn/torch.h"

namespace whitney::recsys {

/// Triples by places in a matrix of rows: users, items that they have, and items that they have not.
struct TriplePlaces {
  std::vector<uint32_t> users, positives, negatives;
};

/// The losses of triples by Bayesian personalised ranking (Rendle et al., UAI 2009), pulled to zero: for each
///   softplus(<u, j> - <u, i>) + regularization / 2 (|u'|^2 + |i'|^2 + |j'|^2),
/// x' the first `regularized` values of x. rows: m x d, float32 or float64, on the processor. Gradients of a
/// row are added in the order of the triples. Softplus does not overflow.
torch::Tensor triple_losses(const torch::Tensor& rows, TriplePlaces places, double regularization,
                            int64_t regularized, const Context& context);

}  // namespace whitney::recsys
