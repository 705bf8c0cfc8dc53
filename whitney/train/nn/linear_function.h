#pragma once

#include <functional>

#include "whitney/train/nn/torch.h"

namespace whitney::nn {

/// A linear map of tensors, outside of autograd.
using LinearMapping = std::function<torch::Tensor(const torch::Tensor&)>;

/// forwards(x), whose gradient is backwards(gradient of the result): for maps that are linear, with their
/// adjoint, of which autograd then knows any derivative. The functions live as long as the graph does.
torch::Tensor linear_function(const torch::Tensor& x, LinearMapping forwards, LinearMapping backwards);

}  // namespace whitney::nn
