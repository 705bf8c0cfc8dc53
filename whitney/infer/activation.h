#pragma once

#include <cstdint>

#include "whitney/infer/model_folder.h"

namespace whitney::infer {

/// Replaces `size` values by the activation of each. GELU is the exact form (by the error function); its
/// absolute error is below |x| 2^-22. On this thread.
void activate(Activation activation, float* values, int64_t size);

/// Computes out[i] = activation(gate[i]) * up[i] for one row of a gated feed-forward layer; `out` may be
/// either input. On this thread.
void activate_gate(Activation activation, const float* gate, const float* up, int64_t size, float* out);

/// Replaces `size` scores by their softmax, computed from the distance to the largest. On this thread.
void softmax(float* scores, int64_t size);

/// Replaces `size` values, none above 0, by e^x within 2 units in the last place; 0 below -87.
void exp_of_non_positive(float* values, int64_t size);

}  // namespace whitney::infer
