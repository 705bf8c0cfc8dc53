#pragma once

#include <cstdint>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/data/interactions.h"
#include "whitney/data/recommender_model.h"

namespace whitney::recommend {

/// Options of ItemKNN: cosines of the items' columns.
struct ItemKnnOptions {
  int neighbors = 200;
  double shrink = 0;
  void fields(auto&& field) {
    field("neighbors", neighbors, Range{1, 1'000'000}, "Most similar items that an item tells of");
    field("shrink", shrink, Range{0, 1e9},
          "Added to the denominator: pairs with few users in common count less");
  }
};

/// W_ij = |N_i and N_j| / (sqrt(|N_i| |N_j|) + shrink), i != j, N_i the users of item i; the largest
/// `neighbors` of each row stay, of equal ones the lower item. Users' other values are not looked at.
WHITNEY_API ItemWeights item_knn(const Interactions& events, const ItemKnnOptions& options,
                                 const Context& context);

}  // namespace whitney::recommend
