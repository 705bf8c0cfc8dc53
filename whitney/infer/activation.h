#pragma once

#include <cstdint>

#include "whitney/infer/model_folder.h"

namespace whitney::infer {

/// Replaces `size` values by the activation of each. GELU is the exact form (by the error function). Absolute
/// errors are below max(1, |x|) 2^-22. In units in the last place (ULP) of the exact value: sigmoid and
/// tanh 3; SiLU 4; GELU 8 from -1 up, 24 from -3, 64 from -5, where it nears 0; GELU by tanh 4 from -1 up, 16
/// from -3. On this thread.
void activate(Activation activation, float* values, int64_t size);

/// Computes out[i] = activation(gate[i]) * up[i] for one row of a gated feed-forward layer; `out` may be
/// either input. On this thread.
void activate_gate(Activation activation, const float* gate, const float* up, int64_t size, float* out);

/// Replaces `size` scores by their softmax, computed from the distance to the largest as float32 holds it:
/// within 8 ULP of that for up to 512 scores (64 at the level scalar, which adds one by one). On this thread.
void softmax(float* scores, int64_t size);

/// Replaces `size` values, none above 0, by e^x within 2 ULP; 0 below -87.
void exp_of_non_positive(float* values, int64_t size);

}  // namespace whitney::infer
