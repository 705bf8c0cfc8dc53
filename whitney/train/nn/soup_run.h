#pragma once

#include "whitney/core/context.h"
#include "whitney/train/nn/objective.h"
#include "whitney/train/nn/training_loop.h"
#include "whitney/train/nn/training_options.h"

namespace whitney::nn {

/// Stands for a training: puts the mean of the parameters of the options' checkpoints into the objective, all
/// of them, or where a stop_metric is watched those of the greedy soup (averaging.h), which the objective's
/// validation judges. Throws Error that names the file when one cannot be read or is of another shape.
Trained make_soup(Objective& objective, const TrainingOptions& options, const Context& context);

}  // namespace whitney::nn
