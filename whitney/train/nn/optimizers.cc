#include "whitney/train/nn/optimizers.h"

#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/adam.h"
#include "whitney/train/nn/table_look_up.h"

namespace whitney::nn {
namespace {

/// What a step does with one parameter.
struct ParameterStep {
  torch::Tensor values, gradient;
  double rate = 0, weight_decay = 0;
  int64_t step = 0;
};

/// Keeps `num_kept` tensors of each parameter's shape.
class KeepingOptimizer : public Optimizer {
 public:
  KeepingOptimizer(const OptimizerOptions& options, const Schedule& schedule,
                   std::vector<std::string> kept_names)
      : options_(options), schedule_(schedule), kept_names_(std::move(kept_names)) {}

  void step(const Parameters& parameters, int64_t step, const Context& context) override {
    const torch::NoGradGuard no_gradients;
    make_room(parameters);
    const double rate = options_.learning_rate * schedule_factor(schedule_, step);
    size_t at = 0;
    for (const Parameter& parameter : parameters.all()) {
      const ParameterGroup& group = parameters.group_of(parameter);
      torch::Tensor gradient = parameter.tensor.grad();
      if (gradient.defined()) {
        if (gradient.is_sparse()) gradient = coalesced_rows(gradient, context);
        change({parameter.tensor, gradient, rate * group.learning_rate_factor,
                group.weight_decay.value_or(options_.weight_decay), step},
               std::span(kept_).subspan(at, kept_names_.size()), context);
      }
      at += kept_names_.size();
    }
  }

  std::vector<NamedTensor> state() const override { return kept_; }

  void load_state(const std::vector<NamedTensor>& state, std::string_view where) override {
    if (!kept_.empty() && kept_.size() != state.size()) {
      fail(where, ": holds ", state.size(), " tensors of an optimiser that keeps ", kept_.size());
    }
    for (const NamedTensor& tensor : state) {
      bool is_known = false;
      for (const std::string& name : kept_names_) is_known = is_known || tensor.name.starts_with(name + ".");
      if (!is_known) fail(where, ": tensor ", tensor.name, " belongs to another optimiser");
    }
    kept_.clear();
    for (const NamedTensor& tensor : state) kept_.push_back({tensor.name, tensor.tensor.clone()});
  }

 protected:
  virtual void change(const ParameterStep& step, std::span<NamedTensor> kept, const Context& context) = 0;
  const OptimizerOptions& options() const { return options_; }

 private:
  void make_room(const Parameters& parameters) {
    const size_t wanted = parameters.size() * kept_names_.size();
    if (kept_.empty()) {
      for (const Parameter& parameter : parameters.all()) {
        for (const std::string& name : kept_names_) {
          kept_.push_back({name + "." + parameter.name, torch::zeros_like(parameter.tensor)});
        }
      }
    }
    WHITNEY_CHECK(kept_.size() == wanted, "an optimiser of ", kept_.size(), " tensors for ", wanted);
    for (size_t i = 0; i < wanted; ++i) {
      const torch::Tensor& values = parameters.all()[i / kept_names_.size()].tensor;
      WHITNEY_CHECK(kept_[i].tensor.sizes() == values.sizes(), "tensor ", kept_[i].name, " of another shape");
      kept_[i].tensor = kept_[i].tensor.to(values.device());  // a checkpoint's lies on the processor
    }
  }

  OptimizerOptions options_;
  Schedule schedule_;
  std::vector<std::string> kept_names_;
  std::vector<NamedTensor> kept_;
};

torch::Tensor dense_gradient(const ParameterStep& step) {
  const torch::Tensor dense = step.gradient.is_sparse() ? step.gradient.to_dense() : step.gradient;
  return step.weight_decay == 0 ? dense : dense.add(step.values, step.weight_decay);
}

class Sgd : public KeepingOptimizer {
 public:
  Sgd(const OptimizerOptions& options, const Schedule& schedule)
      : KeepingOptimizer(
            options, schedule,
            options.momentum > 0 ? std::vector<std::string>{"momentum"} : std::vector<std::string>{}) {}

 private:
  void change(const ParameterStep& step, std::span<NamedTensor> kept, const Context& /*context*/) override {
    if (kept.empty() && step.gradient.is_sparse() && step.weight_decay == 0) {
      step.values.index_add_(0, step.gradient._indices()[0], step.gradient._values(), -step.rate);
      return;
    }
    torch::Tensor direction = dense_gradient(step);
    if (!kept.empty()) direction = kept[0].tensor.mul_(options().momentum).add_(direction);
    step.values.add_(direction, -step.rate);
  }
};

class Adagrad : public KeepingOptimizer {
 public:
  Adagrad(const OptimizerOptions& options, const Schedule& schedule)
      : KeepingOptimizer(options, schedule, {"squares"}) {}

 private:
  void change(const ParameterStep& step, std::span<NamedTensor> kept, const Context& /*context*/) override {
    torch::Tensor& squares = kept[0].tensor;
    if (step.gradient.is_sparse() && step.weight_decay == 0) {
      const torch::Tensor rows = step.gradient._indices()[0], gradient = step.gradient._values();
      const torch::Tensor sums = squares.index_select(0, rows).addcmul_(gradient, gradient);
      squares.index_copy_(0, rows, sums);
      step.values.index_add_(0, rows, gradient / sums.sqrt().add_(options().epsilon), -step.rate);
      return;
    }
    const torch::Tensor gradient = dense_gradient(step);
    squares.addcmul_(gradient, gradient);
    step.values.addcdiv_(gradient, squares.sqrt().add_(options().epsilon), -step.rate);
  }
};

class AnyAdam : public KeepingOptimizer {
 public:
  AnyAdam(const OptimizerOptions& options, const Schedule& schedule)
      : KeepingOptimizer(options, schedule, {"first_moment", "second_moment"}) {}

 private:
  static constexpr int64_t kBlockValues = 1 << 14, kBlockRows = 1024;

  void change(const ParameterStep& step, std::span<NamedTensor> kept, const Context& context) override {
    const bool decoupled = options().update == Update::kAdamW;
    const AdamStep numbers = adam_step(step.rate, options().beta1, options().beta2, options().epsilon,
                                       decoupled ? step.weight_decay : 0, step.step + 1);
    torch::Tensor &first = kept[0].tensor, &second = kept[1].tensor;
    const bool by_kernel = step.values.device().is_cpu() && step.values.scalar_type() == torch::kFloat32 &&
                           step.values.is_contiguous();
    if (step.gradient.is_sparse() && options().update == Update::kLazyAdam) {
      change_rows(step, numbers, first, second, by_kernel, context);
      return;
    }
    ParameterStep plain = step;
    if (decoupled) plain.weight_decay = 0;
    const torch::Tensor gradient = dense_gradient(plain).contiguous();
    if (!by_kernel) {
      if (decoupled) step.values.mul_(1 - step.rate * step.weight_decay);
      by_torch(step, gradient, step.values, first, second);
      return;
    }
    const auto* g = gradient.const_data_ptr<float>();
    auto *p = step.values.mutable_data_ptr<float>(), *m = first.mutable_data_ptr<float>(),
         *v = second.mutable_data_ptr<float>();
    parallel_blocks(context, gradient.numel(), kBlockValues, [&](int64_t begin, int64_t end) {
      apply_adam(numbers, end - begin, g + begin, p + begin, m + begin, v + begin);
    });
  }

  /// As the paper has it, with the correction of bias in the root.
  void by_torch(const ParameterStep& step, const torch::Tensor& gradient, const torch::Tensor& values,
                const torch::Tensor& first, const torch::Tensor& second) const {
    const auto t = static_cast<double>(step.step + 1);
    first.mul_(options().beta1).add_(gradient, 1 - options().beta1);
    second.mul_(options().beta2).addcmul_(gradient, gradient, 1 - options().beta2);
    const torch::Tensor root =
        (second.sqrt() / std::sqrt(1 - std::pow(options().beta2, t))).add_(options().epsilon);
    values.addcdiv_(first, root, -step.rate / (1 - std::pow(options().beta1, t)));
  }

  void change_rows(const ParameterStep& step, const AdamStep& numbers, const torch::Tensor& first,
                   const torch::Tensor& second, bool by_kernel, const Context& context) const {
    const torch::Tensor rows = step.gradient._indices()[0].contiguous();
    torch::Tensor gradient = step.gradient._values().contiguous();
    if (step.weight_decay != 0) gradient = gradient.add(step.values.index_select(0, rows), step.weight_decay);
    if (!by_kernel || step.values.dim() != 2) {
      const torch::Tensor values = step.values.index_select(0, rows), m = first.index_select(0, rows),
                          v = second.index_select(0, rows);
      by_torch(step, gradient, values, m, v);
      step.values.index_copy_(0, rows, values);
      first.index_copy_(0, rows, m);
      second.index_copy_(0, rows, v);
      return;
    }
    const auto* index = rows.const_data_ptr<int64_t>();
    const std::vector<uint32_t> places(index, index + rows.size(0));
    const int64_t dim = step.values.size(1);
    const auto* g = gradient.const_data_ptr<float>();
    auto *p = step.values.mutable_data_ptr<float>(), *m = first.mutable_data_ptr<float>(),
         *v = second.mutable_data_ptr<float>();
    parallel_blocks(context, rows.size(0), kBlockRows, [&](int64_t begin, int64_t end) {
      const auto some =
          std::span(places).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
      apply_adam_to_rows(numbers, some, dim, g + begin * dim, p, m, v);
    });
  }
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, const Schedule& schedule) {
  if (options.update == Update::kSgd) return std::make_unique<Sgd>(options, schedule);
  if (options.update == Update::kAdagrad) return std::make_unique<Adagrad>(options, schedule);
  return std::make_unique<AnyAdam>(options, schedule);
}

}  // namespace whitney::nn
