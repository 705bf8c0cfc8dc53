#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/recommender_model.h"
#include "whitney/linalg/metric.h"

namespace whitney::eval {

/// Scores items as answers to items, all by their rows.
class WHITNEY_API ItemScores {
 public:
  virtual ~ItemScores() = default;
  virtual int64_t num_items() const = 0;
  /// Writes the scores of all items for some query items (higher is better), queries.size() x num_items. A
  /// query's scores depend on no other query, and equal items have equal scores. Called from several threads
  /// at once.
  virtual void score(std::span<const uint32_t> queries, float* scores) const = 0;
};

/// Scores by vectors (items x d, any numeric type): cosine (0 for a zero vector), inner product, or the
/// negative squared distance.
WHITNEY_API std::unique_ptr<ItemScores> vector_scores(const Context& context, const MatrixView& vectors,
                                                      Metric metric);

/// Scores by what the query says for others, W_qi; what it has no weight for scores 0.
WHITNEY_API std::unique_ptr<ItemScores> weight_scores(ItemWeights weights);

/// Scores by how many users have an item, for all queries alike.
WHITNEY_API std::unique_ptr<ItemScores> popularity_scores(const Interactions& history);

}  // namespace whitney::eval
