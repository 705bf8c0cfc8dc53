#pragma once

#include <algorithm>
#include <cmath>
#include <functional>

#include "whitney/train/nn/parameters.h"

namespace whitney::nn {

/// Where element `i` of a tensor, counted row by row, lies in its memory.
inline int64_t memory_place(const torch::Tensor& tensor, int64_t i) {
  int64_t place = 0;
  for (int64_t d = tensor.dim() - 1; d >= 0; --d) {
    place += i % tensor.size(d) * tensor.stride(d);
    i /= tensor.size(d);
  }
  return place;
}

/// The largest difference between gradients that parameters have (of `loss`, as it was reckoned before) and
/// central differences (f(p + h) - f(p - h)) / 2h, over max(1, either). Parameters are float64; `loss` must
/// be smooth around them. At most `per_parameter` elements of each, evenly spread, are looked at.
inline double gradient_error(const Parameters& parameters, const std::function<double()>& loss,
                             int64_t per_parameter = 40) {
  const torch::NoGradGuard no_gradients;
  constexpr double kStep = 1e-5;
  double worst = 0;
  for (const Parameter& parameter : parameters.all()) {
    double* values = parameter.tensor.data_ptr<double>();
    const torch::Tensor gradient = parameter.tensor.grad().defined() ? parameter.tensor.grad().contiguous()
                                                                     : torch::zeros_like(parameter.tensor);
    const int64_t stride = std::max<int64_t>(1, parameter.tensor.numel() / per_parameter);
    for (int64_t i = 0; i < parameter.tensor.numel(); i += stride) {
      double& value = values[memory_place(parameter.tensor, i)];
      const double kept = value;
      value = kept + kStep;
      const double above = loss();
      value = kept - kStep;
      const double below = loss();
      value = kept;
      const double expected = (above - below) / (2 * kStep), found = gradient.data_ptr<double>()[i];
      const double scale = std::max({1.0, std::abs(expected), std::abs(found)});
      worst = std::max(worst, std::abs(expected - found) / scale);
    }
  }
  return worst;
}

}  // namespace whitney::nn
