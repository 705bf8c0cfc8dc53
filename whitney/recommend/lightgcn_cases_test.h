#pragma once

#include <vector>

#include "whitney/data/recommender_model.h"
#include "whitney/recommend/lightgcn.h"

namespace whitney::recommend {

/// Those of users, then of items.
inline std::vector<float> values_of(const Factors& factors) {
  std::vector<float> values;
  for (const Matrix* matrix : {&factors.users, &factors.items}) {
    for (int64_t row = 0; row < matrix->rows(); ++row) {
      const auto from = matrix->row<float>(row);
      values.insert(values.end(), from.begin(), from.end());
    }
  }
  return values;
}

/// A few epochs of a few steps, with looks.
inline LightGcnOptions small_options(Averaging averaging = Averaging::kNone) {
  LightGcnOptions options;
  options.dim = 8;
  options.layers = 2;
  options.epochs = 6;
  options.batch_size = 128;
  options.learning_rate = 0.02;
  options.evaluate_every = 2;
  options.averaging.kind = averaging;
  return options;
}

inline LightGcnOptions without_validation(Averaging averaging = Averaging::kNone) {
  LightGcnOptions options = small_options(averaging);
  options.validation = 0;
  return options;
}

}  // namespace whitney::recommend
