#pragma once

#include <memory>

#include "whitney/core/api.h"
#include "whitney/data/interactions.h"
#include "whitney/recommend/recommender.h"

namespace whitney::recommend {

/// most_popular has no options.
struct MostPopularOptions {
  void fields(auto&&) {}
};

/// The same scores for all: how many users an item has. Of new users, too.
WHITNEY_API std::unique_ptr<Recommender> most_popular(const Interactions& events);

}  // namespace whitney::recommend
