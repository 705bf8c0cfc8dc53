#pragma once

#include "whitney/core/context.h"
#include "whitney/data/interactions.h"
#include "whitney/data/item_model.h"
#include "whitney/train/gnn/pinsage_options.h"

namespace whitney::gnn {

/// Trains PinSage (arXiv 1806.01973; pinsage_objective.h has the loss) on the items of contexts, which are
/// the users of the events, and embeds all items with the graph of all events. Values are not read; times
/// order the items of a context. With `like`, takes the weights of that model and trains nothing. Result:
/// items x d, metric cosine (inner_product without `normalize`), and the weights. The record tells labels,
/// the best epoch and its validation. Throws Error where features are not given, an item has none (the first
/// is named) or there is no label.
ItemModel pinsage(const Interactions& events, const PinSageOptions& options, const Context& context);

}  // namespace whitney::gnn
