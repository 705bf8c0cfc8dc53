#pragma once

#include <string_view>
#include <vector>

#include "whitney/train/nn/optimizer.h"

namespace whitney::nn {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  /// Decoupled from the gradient: AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101). A group's own comes
  /// first.
  double weight_decay = 0;
};

/// Adam (Kingma & Ba 2015, arXiv 1412.6980, algorithm 1): m and v are moving means of the gradient and its
/// square, and p = p - rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon) - rate weight_decay p.
/// State: "first.NAME" and "second.NAME" of each parameter that has had a gradient, and "steps".
class Adam : public Optimizer {
 public:
  explicit Adam(const AdamOptions& options) : options_(options) {}
  void step(const Parameters& parameters, int64_t step, const Context& context) override;
  std::vector<NamedTensor> state() const override;
  void load_state(const std::vector<NamedTensor>& state, std::string_view where) override;

 private:
  struct Moments {
    std::string name;
    torch::Tensor first, second;
  };
  Moments& moments_of(const Parameter& parameter);

  AdamOptions options_;
  std::vector<Moments> moments_;
  int64_t steps_ = 0;
};

}  // namespace whitney::nn
