#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/train/nn/torch.h"

namespace whitney::nn {

/// A tensor by the name that it has in checkpoints: parameters, what an optimiser keeps, averages.
struct NamedTensor {
  std::string name;
  torch::Tensor tensor;
};

/// What an optimiser does with some parameters otherwise than with the rest.
struct ParameterGroup {
  std::string name = "all";
  /// Times the learning rate of the step.
  double learning_rate_factor = 1;
  /// Instead of the optimiser's own; absent: that one.
  std::optional<double> weight_decay = std::nullopt;
};

/// What training changes.
struct Parameter {
  std::string name;
  /// A leaf that requires a gradient; `tensor.grad()` holds the gradient of the step when an optimiser runs.
  torch::Tensor tensor;
  /// A place in Parameters::groups().
  size_t group = 0;
};

/// The parameters of a model, in groups and in the order in which they were added: checkpoints, gradients and
/// optimisers go by this order. All live on one device.
class Parameters {
 public:
  /// Begins a group; what is added afterwards belongs to it. Throws InternalError when the name is taken.
  void begin_group(ParameterGroup group);
  /// Adds a parameter under a name of its own; makes `tensor` a leaf that requires a gradient and gives it
  /// back.
  torch::Tensor add(std::string name, const torch::Tensor& tensor);

  const std::vector<Parameter>& all() const { return all_; }
  const std::vector<ParameterGroup>& groups() const { return groups_; }
  const ParameterGroup& group_of(const Parameter& parameter) const { return groups_[parameter.group]; }
  size_t size() const { return all_.size(); }
  /// Throws InternalError when there is none of this name.
  const torch::Tensor& at(std::string_view name) const;
  /// The tensors alone, in order.
  std::vector<torch::Tensor> tensors() const;
  /// The same with their names, and copies of them.
  std::vector<NamedTensor> views() const;
  std::vector<NamedTensor> copies() const;
  /// The first one that holds a NaN or an infinite value; null: none does.
  const Parameter* first_not_finite() const;
  int64_t num_elements() const;
  /// Sets all gradients to none.
  void clear_gradients() const;

 private:
  std::vector<ParameterGroup> groups_ = {ParameterGroup()};
  std::vector<Parameter> all_;
};

/// Copies `values` into parameters of the same names, shapes and order, wherever they live. Throws Error that
/// begins with `where` and names the first one that differs.
void copy_into(const Parameters& parameters, const std::vector<NamedTensor>& values, std::string_view where);

}  // namespace whitney::nn
