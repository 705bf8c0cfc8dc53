#include "whitney/train/nn/parameters.h"

#include <algorithm>
#include <sstream>

#include "whitney/core/error.h"

namespace whitney::nn {
namespace {

std::string shape_text(const torch::Tensor& tensor) {
  std::string text;
  for (const int64_t size : tensor.sizes()) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text.empty() ? "a single number" : text;
}

}  // namespace

void Parameters::begin_group(ParameterGroup group) {
  const auto same = [&](const ParameterGroup& other) { return other.name == group.name; };
  if (all_.empty()) groups_.clear();  // the group that is there unasked has no use
  WHITNEY_CHECK(std::none_of(groups_.begin(), groups_.end(), same), "the group ", group.name,
                " is begun twice");
  groups_.push_back(std::move(group));
}

torch::Tensor Parameters::add(std::string name, const torch::Tensor& tensor) {
  const auto same = [&](const Parameter& other) { return other.name == name; };
  WHITNEY_CHECK(std::none_of(all_.begin(), all_.end(), same), "the parameter ", name, " is added twice");
  const torch::Tensor leaf = tensor.detach().requires_grad_(true);
  WHITNEY_CHECK(all_.empty() || leaf.device() == all_.front().tensor.device(), "the parameter ", name,
                " lives on another device than the ones before");
  all_.push_back({std::move(name), leaf, groups_.size() - 1});
  return leaf;
}

const torch::Tensor& Parameters::at(std::string_view name) const {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const Parameter& other) { return other.name == name; });
  WHITNEY_CHECK(found != all_.end(), "there is no parameter ", name);
  return found->tensor;
}

std::vector<torch::Tensor> Parameters::tensors() const {
  std::vector<torch::Tensor> result;
  for (const Parameter& parameter : all_) result.push_back(parameter.tensor);
  return result;
}

std::vector<NamedTensor> Parameters::views() const {
  std::vector<NamedTensor> result;
  for (const Parameter& parameter : all_) result.push_back({parameter.name, parameter.tensor});
  return result;
}

std::vector<NamedTensor> Parameters::copies() const {
  std::vector<NamedTensor> result;
  for (const Parameter& parameter : all_)
    result.push_back({parameter.name, parameter.tensor.detach().clone()});
  return result;
}

const Parameter* Parameters::first_not_finite() const {
  const auto found = std::find_if(all_.begin(), all_.end(), [](const Parameter& parameter) {
    return !parameter.tensor.isfinite().all().item<bool>();
  });
  return found == all_.end() ? nullptr : &*found;
}

int64_t Parameters::num_elements() const {
  int64_t count = 0;
  for (const Parameter& parameter : all_) count += parameter.tensor.numel();
  return count;
}

void Parameters::clear_gradients() const {
  for (const Parameter& parameter : all_) torch::Tensor(parameter.tensor).mutable_grad() = torch::Tensor();
}

void copy_into(const Parameters& parameters, const std::vector<NamedTensor>& values, std::string_view where) {
  if (values.size() != parameters.size()) {
    fail(where, " has ", values.size(), " parameters, and the model has ", parameters.size(),
         ": it belongs to another model");
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const Parameter& parameter = parameters.all()[i];
    if (values[i].name != parameter.name) {
      fail(where, " has the parameter \"", values[i].name, "\" where the model has \"", parameter.name,
           "\": it belongs to another model");
    }
    if (values[i].tensor.sizes() != parameter.tensor.sizes()) {
      fail(where, ": the parameter \"", parameter.name, "\" is ", shape_text(values[i].tensor),
           ", and the model's is ", shape_text(parameter.tensor), ": it belongs to another model or input");
    }
  }
  const torch::NoGradGuard no_gradients;
  for (size_t i = 0; i < values.size(); ++i)
    torch::Tensor(parameters.all()[i].tensor).copy_(values[i].tensor);
}

}  // namespace whitney::nn
