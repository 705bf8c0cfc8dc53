#include "whitney/train/nn/adam.h"

#include <algorithm>
#include <cmath>

#include "whitney/core/error.h"

namespace whitney::nn {

Adam::Moments& Adam::moments_of(const Parameter& parameter) {
  const auto found = std::find_if(moments_.begin(), moments_.end(),
                                  [&](const Moments& moments) { return moments.name == parameter.name; });
  if (found != moments_.end()) return *found;
  moments_.push_back({parameter.name, torch::zeros_like(parameter.tensor, torch::requires_grad(false)),
                      torch::zeros_like(parameter.tensor, torch::requires_grad(false))});
  return moments_.back();
}

void Adam::step(const Parameters& parameters, int64_t, const Context&) {
  const torch::NoGradGuard no_gradients;
  const auto t = static_cast<double>(++steps_);
  const double correction1 = 1 - std::pow(options_.beta1, t), correction2 = 1 - std::pow(options_.beta2, t);
  for (const Parameter& parameter : parameters.all()) {
    const torch::Tensor& gradient = parameter.tensor.grad();
    if (!gradient.defined()) continue;
    const ParameterGroup& group = parameters.group_of(parameter);
    const double rate = options_.learning_rate * group.learning_rate_factor;
    const double decay = rate * group.weight_decay.value_or(options_.weight_decay);
    Moments& moments = moments_of(parameter);
    moments.first.lerp_(gradient, 1 - options_.beta1);
    moments.second.mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
    torch::Tensor tensor = parameter.tensor;
    if (decay != 0) tensor.mul_(1 - decay);
    const torch::Tensor scale = (moments.second / correction2).sqrt_().add_(options_.epsilon);
    tensor.addcdiv_(moments.first, scale, -rate / correction1);
  }
}

std::vector<NamedTensor> Adam::state() const {
  std::vector<NamedTensor> state = {{"steps", torch::tensor({steps_}, torch::kInt64)}};
  for (const Moments& moments : moments_) {
    state.push_back({"first." + moments.name, moments.first});
    state.push_back({"second." + moments.name, moments.second});
  }
  return state;
}

void Adam::load_state(const std::vector<NamedTensor>& state, std::string_view where) {
  if (state.empty() || state.front().name != "steps" || state.size() % 2 == 0)
    fail(where, " holds the state of another optimiser than Adam");
  steps_ = state.front().tensor.item<int64_t>();
  moments_.clear();
  for (size_t i = 1; i < state.size(); i += 2) {
    const std::string name = state[i].name.substr(state[i].name.find('.') + 1);
    moments_.push_back({name, state[i].tensor.clone(), state[i + 1].tensor.clone()});
  }
}

}  // namespace whitney::nn
