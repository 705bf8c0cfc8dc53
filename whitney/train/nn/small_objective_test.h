#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/train/nn/objective.h"
#include "whitney/train/nn/optimizer.h"

namespace whitney::nn {

/// What tests train: a table of row vectors whose inner products shall come near given numbers. Rows of a
/// pair are those of the table, brought to length 1 once for all shards, times a scale.
class SmallObjective : public Objective {
 public:
  static constexpr int64_t kRows = 7, kDim = 3, kExamples = 23;

  explicit SmallObjective(torch::ScalarType type = torch::kFloat32) {
    RandomStream random(7, "small objective", 0);
    std::vector<double> values(kRows * kDim), targets(kExamples);
    for (double& value : values) value = random.normal();
    for (double& target : targets) target = random.uniform();
    table_ = parameters_.add("table", torch::tensor(values, type).view({kRows, kDim}));
    scale_ = parameters_.add("scale", torch::ones({1}, type));
    targets_ = torch::tensor(targets, type);
  }

  const Parameters& parameters() const override { return parameters_; }
  int64_t num_examples() const override { return kExamples; }
  void begin_epoch(int64_t epoch, const Context&) override { epoch_ = epoch; }
  std::vector<torch::Tensor> shared(std::span<const int64_t>, const Context&) override {
    return {table_ / table_.norm(2, {1}, /*keepdim=*/true)};
  }
  torch::Tensor loss(const Shard& shard, std::span<const torch::Tensor> shared) const override {
    std::vector<int64_t> left, right, examples(shard.examples.begin(), shard.examples.end());
    for (const int64_t example : examples) {
      left.push_back((example + epoch_) % kRows);
      right.push_back((3 * example + 1) % kRows);
    }
    const torch::Tensor products =
        (shared[0].index_select(0, torch::tensor(left)) * shared[0].index_select(0, torch::tensor(right)))
            .sum(1);
    const torch::Tensor errors =
        products * scale_ * factor - targets_.index_select(0, torch::tensor(examples));
    return errors.square().sum() / static_cast<double>(shard.num_in_step);
  }
  std::vector<Metric> evaluate(const Context&) override {
    if (fails_validation) fail("the validation fails");
    if (given_metrics.empty()) return {{"scale", scale_.item<double>()}};
    const double value = given_metrics.at(static_cast<size_t>(epoch_) % given_metrics.size());
    return {{"score", value}, {"scale", scale_.item<double>()}};
  }

  std::optional<std::string> not_finite(const Context&) override {
    return overflows_from && epoch_ >= *overflows_from ? std::optional<std::string>("the vectors of rows")
                                                       : std::nullopt;
  }

  /// What `evaluate` gives as "score", epoch by epoch.
  std::vector<double> given_metrics;
  double factor = 1;
  bool fails_validation = false;
  /// The epoch, from 0, in which the vectors are no longer finite.
  std::optional<int64_t> overflows_from = {};

 private:
  Parameters parameters_;
  torch::Tensor table_, scale_, targets_;
  int64_t epoch_ = 0;
};

/// Gradient descent with momentum: v = 0.9 v + g, p = p - rate v.
class Momentum : public Optimizer {
 public:
  explicit Momentum(double rate) : rate_(rate) {}
  void step(const Parameters& parameters, int64_t /*step*/, const Context& /*context*/) override {
    const torch::NoGradGuard no_gradients;
    for (const Parameter& parameter : parameters.all()) {
      const torch::Tensor& gradient = parameter.tensor.grad();
      if (!gradient.defined()) continue;
      torch::Tensor& velocity = velocities_[parameter.name];
      velocity = velocity.defined() ? velocity * 0.9 + gradient : gradient.clone();
      torch::Tensor(parameter.tensor).sub_(velocity, rate_);
    }
  }
  std::vector<NamedTensor> state() const override {
    std::vector<NamedTensor> state;
    for (const auto& [name, velocity] : velocities_) state.push_back({name, velocity});
    return state;
  }
  void load_state(const std::vector<NamedTensor>& state, std::string_view) override {
    for (const NamedTensor& tensor : state) velocities_[tensor.name] = tensor.tensor.clone();
  }

 private:
  double rate_;
  std::map<std::string, torch::Tensor> velocities_;
};

/// All numbers of all parameters, to be compared bit by bit.
inline std::vector<float> numbers_of(const Parameters& parameters) {
  std::vector<float> numbers;
  for (const Parameter& parameter : parameters.all()) {
    const torch::Tensor flat = parameter.tensor.detach().cpu().contiguous().view(-1).to(torch::kFloat32);
    numbers.insert(numbers.end(), flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
  }
  return numbers;
}

}  // namespace whitney::nn
