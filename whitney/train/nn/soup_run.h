#pragma once

#include "whitney/core/context.h"
#include "whitney/data/run_identity.h"
#include "whitney/train/nn/objective.h"
#include "whitney/train/nn/training_loop.h"
#include "whitney/train/nn/training_options.h"

namespace whitney::nn {

/// Stands for a training: puts the mean of the parameters of the options' checkpoints into the objective, all
/// of them, or where a stop_metric is watched those of the greedy soup (averaging.h), which the objective's
/// validation judges. They have the identity's method, input and seed: means are taken of models that began
/// alike, and what is held out is drawn by the seed. With a metric the option `validation` is the same, too,
/// so that none has learned from what judges it. Throws Error that names the file when one cannot be read, is
/// of another shape or another run, and when the metric of none is a number.
Trained make_soup(Objective& objective, const TrainingOptions& options, const RunIdentity& identity,
                  const Context& context);

}  // namespace whitney::nn
