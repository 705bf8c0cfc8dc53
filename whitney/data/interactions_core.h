#pragma once

#include <cstdint>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/data/interactions.h"

namespace whitney {

/// Options of the core of events; 1: no event goes.
struct KCoreOptions {
  int64_t min_user_events = 1, min_item_events = 1;
  void fields(auto&& field) {
    field("min_user_events", min_user_events, Range{1, 1e9},
          "Events: users with fewer, and what is left of items without them, are left out (the k-core)");
    field("min_item_events", min_item_events, Range{1, 1e9},
          "Events: items with fewer are left out likewise");
  }
};

/// The largest part of events in which every user has at least `user_events` and every item `item_events`
/// (the k-core of a data set, where both are k). Users and items without events go, too; those left keep
/// their order, values and times. O(n). How many went is a note. Throws Error where nothing is left.
WHITNEY_API Interactions k_core(const Interactions& events, int64_t user_events, int64_t item_events,
                                const Context& context);
/// The same where the options ask for more than 1; else the events as they are.
WHITNEY_API Interactions core_of(Interactions events, const KCoreOptions& options, const Context& context);

}  // namespace whitney
