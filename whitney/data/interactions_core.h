#pragma once

#include <cstdint>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/interactions.h"

namespace whitney {

/// The largest part of events in which every user has at least `user_events` and every item `item_events`
/// (the k-core of a data set, where both are k). Users and items without events go, too; those left keep
/// their order, values and times. O(n). How many went is a note. Throws Error where nothing is left.
WHITNEY_API Interactions k_core(const Interactions& events, int64_t user_events, int64_t item_events,
                                const Context& context);

}  // namespace whitney
