#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/context.h"
#include "whitney/train/nn/objective.h"

namespace whitney::nn {

/// Which batch of which step gradients are reckoned for.
struct BatchPlace {
  int64_t step = 0;
  int64_t batch = 0;
  /// Examples of all batches of the step.
  int64_t num_in_step = 0;
  /// Null where the objective prepares nothing.
  const PreparedBatch* prepared = nullptr;
};

/// Adds the gradients of a batch's loss to those that the parameters have, and gives the loss.
/// The batch is cut into `num_shards` runs of examples. Each goes forward and backward by itself, in libtorch
/// on one thread; losses and gradients are added in the order of the shards. What shards share is reckoned
/// once and gone back through once, with the gradient that all of them have together. So the bytes depend on
/// `num_shards` and never on the number of threads.
double add_gradients(Objective& objective, std::span<const int64_t> batch, const BatchPlace& place,
                     int num_shards, const Context& context);

}  // namespace whitney::nn
