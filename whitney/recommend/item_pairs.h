#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/registry.h"
#include "whitney/data/interactions.h"
#include "whitney/data/learner.h"

namespace whitney::recommend {

/// What item j is worth for item i, given the sum over the users that both have.
using PairWeight = std::function<double(int64_t i, uint32_t j, double sum)>;

/// Weighs all pairs of different items that have a user in common: weight(i, j, s), s the sum over these
/// users u of user_weight[u], in the order of users. The largest `neighbors` of each row stay, of equal ones
/// the lower item. The same bytes at any number of threads. O(sum over events of the user's events).
WHITNEY_API ItemWeights weigh_pairs(const Interactions& events, const std::vector<double>& user_weight,
                                    int64_t neighbors, const Context& context, const PairWeight& weight);

/// What that takes.
WHITNEY_API CostEstimate estimate_pairs(const DataSize& size, int64_t neighbors, const Context& context);

}  // namespace whitney::recommend
