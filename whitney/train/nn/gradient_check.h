#pragma once

#include <functional>
#include <string>
#include <vector>

#include "whitney/train/nn/torch.h"

namespace whitney::nn {

/// The worst of a comparison of autograd's gradients with central differences.
struct GradientCheck {
  /// |gradient - difference| / (|gradient| + |difference| + 1e-6), the largest.
  double worst_error = 0;
  /// Where it is, and both values: "input 1, element 7: gradient 0.25, difference 0.5".
  std::string where;
};

/// Compares the gradient of `function`, a scalar of float64 inputs, with (f(x + h) - f(x - h)) / 2h in each
/// of their values; at most `most` of each input, evenly spread. The inputs are left as they were. Random
/// numbers of the function must be the same at each call.
GradientCheck check_gradients(const std::function<torch::Tensor()>& function,
                              const std::vector<torch::Tensor>& inputs, double step = 1e-5,
                              int64_t most = 1000);

}  // namespace whitney::nn
