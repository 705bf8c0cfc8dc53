#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/interactions.h"
#include "whitney/data/recommender_model.h"

namespace whitney {
class PackedRows;
}  // namespace whitney

namespace whitney::recommend {

/// An item and its score.
struct ScoredItem {
  uint32_t item = 0;
  float score = 0;
  friend bool operator==(const ScoredItem&, const ScoredItem&) = default;
};

/// Scores items for users; users and items by their rows.
class WHITNEY_API Recommender {
 public:
  virtual ~Recommender() = default;
  virtual int64_t num_users() const = 0;
  virtual int64_t num_items() const = 0;
  /// Writes the scores of all items for some users, users.size() x num_items. A user's scores depend on no
  /// other user and on no thread. Called from several threads at once.
  virtual void score(std::span<const uint32_t> users, float* scores, const Context& context) const = 0;
  /// Finds lists[i], the k best items of users[i] but those of `seen`, as `recommend` describes. This one
  /// calls `score` for each user and then selects; one that can do both at once gives the same bytes sooner.
  virtual void best(std::span<const uint32_t> users, int64_t k, std::span<const Interactions* const> seen,
                    std::span<std::vector<ScoredItem>> lists, const Context& context) const;
};

/// The score of item j for a user is the sum of W_ij over the user's items i, in their order.
WHITNEY_API std::unique_ptr<Recommender> item_recommender(Interactions history, ItemWeights weights);

/// The score is the product of the user's vector and the item's, float32 (users x d, items x d). `recommend`
/// never holds all scores of a user: those of some users and items at a time are compared while they are in
/// L2.
WHITNEY_API std::unique_ptr<Recommender> factor_recommender(Matrix users, const Matrix& items);

/// The items' vectors as such a recommender reads them, for several recommenders of the same items.
WHITNEY_API std::shared_ptr<const PackedRows> packed_items(const Matrix& items);
WHITNEY_API std::unique_ptr<Recommender> factor_recommender(Matrix users,
                                                            std::shared_ptr<const PackedRows> items);

/// What a trained model scores by.
WHITNEY_API std::unique_ptr<Recommender> recommender_of(const RecommenderModel& model);

/// Finds the k best items of each user, best first, of equal scores the lower row first; items of any row of
/// `seen` (each users x items) are left out, and where fewer than k are left, fewer come. Throws
/// Error for a score that is no number.
WHITNEY_API std::vector<std::vector<ScoredItem>> recommend(const Recommender& recommender,
                                                           std::span<const uint32_t> users, int64_t k,
                                                           std::span<const Interactions* const> seen,
                                                           const Context& context);

}  // namespace whitney::recommend
