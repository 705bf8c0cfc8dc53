#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/api.h"

namespace whitney {

/// What one step of Adam (Kingma, Ba 2015, arXiv 1412.6980, algorithm 1) does to each value:
///   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2,
///   p = decay p - step_size m / (sqrt(v) / root + epsilon).
struct AdamStep {
  float beta1 = 0.9F;
  float beta2 = 0.999F;
  /// 1 - beta1 and 1 - beta2, each rounded once.
  float gain1 = 0.1F;
  float gain2 = 1e-3F;
  float epsilon = 1e-8F;
  /// What each value is multiplied with first: 1 - learning rate * weight decay (AdamW, arXiv 1711.05101).
  float decay = 1;
  /// The learning rate by 1 - beta1^t.
  float step_size = 0;
  /// sqrt(1 - beta2^t): the root's correction of bias, beside which epsilon is added as it is.
  float root = 1;
};

/// The numbers of step t = 1, 2, ..., in float64 up to the last rounding.
WHITNEY_API AdamStep adam_step(double learning_rate, double beta1, double beta2, double epsilon,
                               double weight_decay, int64_t t);

/// Applies a step to n values, with one pass over the four arrays.
WHITNEY_API void apply_adam(const AdamStep& step, int64_t n, const float* gradient, float* values,
                            float* first_moment, float* second_moment);

/// As apply_adam, of some rows of `dim` values each: row i of `gradient` (packed) belongs to row rows[i] of
/// the others. No row may come twice.
WHITNEY_API void apply_adam_to_rows(const AdamStep& step, std::span<const uint32_t> rows, int64_t dim,
                                    const float* gradient, float* values, float* first_moment,
                                    float* second_moment);

}  // namespace whitney
