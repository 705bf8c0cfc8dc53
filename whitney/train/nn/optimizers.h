#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "whitney/core/options.h"
#include "whitney/data/rate_schedule.h"
#include "whitney/train/nn/optimizer.h"

namespace whitney::nn {

enum class Update : uint8_t { kSgd, kAdagrad, kAdam, kAdamW, kLazyAdam };
inline constexpr auto enum_names(Update) {
  return std::array<std::string_view, 5>{"sgd", "adagrad", "adam", "adamw", "lazy_adam"};
}

/// How parameters follow their gradients.
struct OptimizerOptions {
  Update update = Update::kAdam;
  double learning_rate = 1e-3;
  double weight_decay = 0;
  double momentum = 0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  void fields(auto&& field) {
    field(
        "update", update,
        "sgd; adagrad (Duchi et al. 2011); adam (arXiv 1412.6980); adamw (arXiv 1711.05101); lazy_adam: adam "
        "that changes the rows of a sparse gradient only, corrected as if all steps had touched them");
    field("learning_rate", learning_rate, Range{0, 1e3}, "Of a step, before the schedule");
    field("weight_decay", weight_decay, Range{0, 1e3},
          "adamw: by which values shrink, times the rate; else added to gradients, times values");
    field("momentum", momentum, Range{0, 1}, "sgd: share of the last direction that is kept");
    field("beta1", beta1, Range{0, 1}, "adam: share of the mean gradient that is kept");
    field("beta2", beta2, Range{0, 1}, "adam: share of the mean square that is kept");
    field("epsilon", epsilon, Range{0, 1}, "adam, adagrad: added to the root of squares");
  }
};

/// Makes an optimiser whose steps are those of torch.optim.SGD, Adagrad, Adam, AdamW and SparseAdam in
/// Python (which alone adds epsilon before the correction of bias), at the rate of the schedule and the
/// group's factor. What it keeps is zero at first. A sparse gradient (table_look_up.h) changes its rows only
/// by sgd without momentum and decay, adagrad and lazy_adam; by the others it counts as zeros elsewhere. On
/// the processor, float32 goes through our fused kernel of adam, one pass over values and moments; all else
/// through torch's operations on values.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, const Schedule& schedule = {});

}  // namespace whitney::nn
