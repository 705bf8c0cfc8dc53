#pragma once

#include <string_view>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/interactions.h"
#include "whitney/data/recommender_model.h"

namespace whitney::recommend {

/// Sets the vectors of users and items without an event in `train` to zero. Nothing was learned of such
/// users, and of such items only that they were drawn as wrong answers: a vector that began at random would
/// order items by chance.
WHITNEY_API void clear_unmet(Factors& factors, const Interactions& train);

/// Says how many these are, where there are some.
WHITNEY_API void note_unmet(const Interactions& train, std::string_view method, const Context& context);

}  // namespace whitney::recommend
