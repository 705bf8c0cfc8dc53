#include "whitney/train/nn/clip_gradients.h"

#include <cmath>

namespace whitney::nn {

double clip_gradients(const Parameters& parameters, double max_norm) {
  const torch::NoGradGuard no_gradients;
  double sum = 0;
  for (const Parameter& parameter : parameters.all()) {
    const torch::Tensor& gradient = parameter.tensor.grad();
    if (!gradient.defined()) continue;
    const torch::Tensor values = gradient.is_sparse() ? gradient.coalesce().values() : gradient;
    const double norm = values.norm(2, torch::kFloat64).item<double>();
    sum += norm * norm;
  }
  const double norm = std::sqrt(sum);
  if (!std::isfinite(norm) || norm <= max_norm) return norm;
  for (const Parameter& parameter : parameters.all()) {
    torch::Tensor gradient = parameter.tensor.grad();
    if (gradient.defined()) gradient.mul_(max_norm / norm);
  }
  return norm;
}

}  // namespace whitney::nn
