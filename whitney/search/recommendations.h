#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/recommender_model.h"
#include "whitney/search/attribute_index.h"
#include "whitney/search/index.h"
#include "whitney/search/row_set.h"

namespace whitney {

namespace recommend {
class Recommender;
}  // namespace recommend

/// What is asked of a recommender.
struct RecommendRequest {
  int64_t k = 10;
  /// Condition on the items' attributes; empty: none.
  std::string filter = {};
  /// Items that the user has had may come, too.
  bool keeps_seen = false;
};

/// A trained recommender with its items' attributes ready for filters: what command line, Python and server
/// recommend with. Rows of a result are items, values scores, higher first, of equal ones the lower item
/// first. min(k, items that satisfy the filter and were not seen) hits come a query. Throws UsageError for k
/// below 1 or a filter that is wrong, Error for rows beyond the model and for a k whose hits do not fit the
/// memory allowed. Thread-safe.
class WHITNEY_API Recommendations {
 public:
  explicit Recommendations(RecommenderModel model);
  ~Recommendations();
  Recommendations(Recommendations&&) noexcept;
  /// Throws Error that names the file.
  static Recommendations open(const std::string& path);
  const RecommenderModel& model() const { return model_; }

  /// The vectors by which users of the training events, by their rows, ask an index of the items: users x d.
  /// Throws Error for a model without vectors.
  Matrix vectors_of(std::span<const uint32_t> users) const;
  /// The same for users who have these items, as `recommend_to_new` takes them.
  Matrix vectors_of_new(const std::vector<std::vector<uint32_t>>& items_of_users,
                        const Context& context) const;

  /// For users of the training events, by their rows. O(users * items * d) for factors.
  SearchResult recommend(std::span<const uint32_t> users, const RecommendRequest& request,
                         const Context& context) const;
  /// For users who have these items (rows, ascending, none twice) and were not there in training: item
  /// weights and popularity score by the items alone; iALS solves the user's vector in closed form
  /// ("fold-in"). Throws Error for a model that has no vectors of new users.
  SearchResult recommend_to_new(const std::vector<std::vector<uint32_t>>& items_of_users,
                                const RecommendRequest& request, const Context& context) const;
  /// The items most like some items, these left out: by the cosine of their vectors, or by their weights.
  /// Throws Error for popularity, which tells nothing of one item. The first call normalises the vectors,
  /// which are kept.
  SearchResult similar_items(std::span<const uint32_t> items, const RecommendRequest& request,
                             const Context& context) const;

 private:
  class Allowed;
  class Kept;
  const Factors& factors() const;
  SearchResult best_of(const recommend::Recommender& recommender, std::span<const uint32_t> users,
                       const Interactions& seen, const RecommendRequest& request,
                       const Context& context) const;

  RecommenderModel model_;
  /// What scores all items or makes new users' vectors: made when the first question that needs it is asked.
  std::unique_ptr<Kept> kept_;
  AttributeIndex attributes_;
};

}  // namespace whitney
