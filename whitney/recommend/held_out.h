#pragma once

#include <cstdint>
#include <string>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/value.h"
#include "whitney/data/interactions.h"
#include "whitney/data/interactions_split.h"
#include "whitney/data/recommender_model.h"

namespace whitney::recommend {

/// Holds a share of every user's events out as `validation`. Throws Error where that is none.
WHITNEY_API InteractionsSplit hold_out(const Interactions& events, double share, const Context& context);

/// recall@20 of held-out items, those of `train` left out of the lists: the mean over users who have some.
WHITNEY_API double held_out_recall(const Factors& factors, const Interactions& train,
                                   const Interactions& held_out, const Context& context);

/// What looks at held-out items came to.
struct BestEpoch {
  /// Epochs that were run, and the one of the best look, from 1; all of them where no look found an item.
  int epochs = 0, best_epoch = 0;
  double recall = 0;
  bool stopped_early = false;
  /// Of the events that were learned from and those held out.
  std::string split_checksum = {};
  /// For the record of a model; `is_refitted`: all events were learned from for best_epoch epochs anew.
  WHITNEY_API Value to_value(bool is_refitted) const;
};

}  // namespace whitney::recommend
