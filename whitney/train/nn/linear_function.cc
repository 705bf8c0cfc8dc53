#include "whitney/train/nn/linear_function.h"

#include <memory>
#include <utility>

namespace whitney::nn {
namespace {

struct Mappings : torch::CustomClassHolder {
  LinearMapping forwards, backwards;
};

struct LinearFunction : torch::autograd::Function<LinearFunction> {
  static torch::Tensor forward(torch::autograd::AutogradContext* saved, const torch::Tensor& x,
                               const c10::intrusive_ptr<Mappings>& mappings) {
    saved->saved_data["mappings"] = c10::IValue::make_capsule(mappings);
    return mappings->forwards(x);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* saved,
                                                 torch::autograd::variable_list gradients) {
    const auto kept = saved->saved_data["mappings"].toCapsule();
    const auto& mappings = static_cast<const Mappings&>(*kept);
    return {linear_function(gradients[0], mappings.backwards, mappings.forwards), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor linear_function(const torch::Tensor& x, LinearMapping forwards, LinearMapping backwards) {
  auto mappings = c10::make_intrusive<Mappings>();
  mappings->forwards = std::move(forwards);
  mappings->backwards = std::move(backwards);
  return LinearFunction::apply(x, mappings);
}

}  // namespace whitney::nn
