#pragma once

#include <cstdint>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/data/interactions.h"
#include "whitney/data/recommender_model.h"

namespace whitney::recommend {

/// Options of RP3beta (Paudel, Christoffel, Newell, Bernstein, TiiS 2017).
struct Rp3BetaOptions {
  double alpha = 0.6;
  double beta = 0.3;
  int neighbors = 500;
  void fields(auto&& field) {
    field("alpha", alpha, Range{0, 10}, "Exponent of the probabilities of a step");
    field("beta", beta, Range{0, 10}, "Exponent of an item's popularity, by which its weight is divided");
    field("neighbors", neighbors, Range{1, 1'000'000}, "Items of most weight that an item tells of");
  }
};

/// Three steps of a random walk from user to item to user to item, with the popular held back:
/// W_ij = sum over u in N_i and N_j of (1 / |N_i|)^alpha (1 / |N_u|)^alpha / |N_j|^beta, i != j; the largest
/// `neighbors` of each row stay.
WHITNEY_API ItemWeights rp3beta(const Interactions& events, const Rp3BetaOptions& options,
                                const Context& context);

}  // namespace whitney::recommend
