#include "whitney/train/nn/gradient_check.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "whitney/core/error.h"

namespace whitney::nn {

GradientCheck check_gradients(const std::function<torch::Tensor()>& function,
                              const std::vector<torch::Tensor>& inputs, double step, int64_t most) {
  for (const torch::Tensor& input : inputs) {
    WHITNEY_CHECK(input.scalar_type() == torch::kFloat64 && input.is_leaf() && input.is_contiguous() &&
                      input.requires_grad(),
                  "gradients are checked by leaves of float64 that require one");
    input.mutable_grad() = torch::Tensor();
  }
  function().backward();
  GradientCheck check;
  const torch::NoGradGuard no_gradients;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const torch::Tensor given = inputs[i].grad();
    const torch::Tensor gradient =
        (given.defined() ? given.to_dense() : torch::zeros_like(inputs[i])).contiguous();
    auto* values = inputs[i].mutable_data_ptr<double>();
    const int64_t n = inputs[i].numel(), stride = std::max<int64_t>(1, n / std::max<int64_t>(most, 1));
    for (int64_t e = 0; e < n; e += stride) {
      const double before = values[e];
      values[e] = before + step;
      const double above = function().item<double>();
      values[e] = before - step;
      const double below = function().item<double>();
      values[e] = before;
      const double difference = (above - below) / (2 * step);
      const double analytic = gradient.const_data_ptr<double>()[e];
      const double error =
          std::abs(analytic - difference) / (std::abs(analytic) + std::abs(difference) + 1e-6);
      if (!(error > check.worst_error) && std::isfinite(error)) continue;
      check.worst_error = error;
      std::ostringstream where;
      where << "input " << i << ", element " << e << ": gradient " << analytic << ", difference "
            << difference;
      check.where = where.str();
    }
  }
  return check;
}

}  // namespace whitney::nn
