#pragma once

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/registry.h"
#include "whitney/data/interactions.h"
#include "whitney/recommend/recommender.h"

namespace whitney::recommend {

/// Options of EASE^R (Steck, WWW 2019, arXiv 1905.03375).
struct EaseOptions {
  double regularization = 100;
  void fields(auto&& field) {
    field("regularization", regularization, Range{1e-6, 1e9},
          "lambda, added to the diagonal of the items' Gram matrix: more for sparser data");
  }
};

/// The item weights of least squared error with a zero diagonal, in closed form: P = (R^T R + lambda I)^-1,
/// W_ij = -P_ij / P_jj. Dense: 12 m^2 bytes for m items and O(m^3) time, so that some ten thousand are the
/// most. Throws Error beyond 40,000 items.
WHITNEY_API ItemWeights ease(const Interactions& events, const EaseOptions& options, const Context& context);

}  // namespace whitney::recommend
