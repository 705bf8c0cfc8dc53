#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/search/recommendations.h"
#include "whitney/search/searcher.h"

namespace whitney {

/// Recommends through an index of a model's items: a query is the vector of a user, and what the user has had
/// is left out, by its ids. The index may hold the items in another order and lack some of them; rows of it
/// that the model does not know may be recommended, too. Filters hold for the attributes of the index.
///
/// min(k, rows that are live, satisfy the filter and were not seen) hits come a user, of a timeout's search
/// perhaps fewer. Rows of a result are those of the index, values its scores, higher first; what a user gets
/// does not depend on who else is asked for. Thread-safe as long as the index does not change.
class WHITNEY_API IndexedRecommendations {
 public:
  /// Keeps views of both. Notes that the index was made of another model, as far as the records tell. Throws
  /// Error where the model has no vectors, or the index holds something else than vectors of their width
  /// under the inner product, or none of the items: also where all of them were removed, which other rows do
  /// not tell from an index of something else.
  IndexedRecommendations(const Recommendations& recommendations, const Searcher& searcher,
                         const Context& context);

  /// For users of the training events, by their rows. `request.excluded` and `request.forbidden` stay empty;
  /// its timeout holds for all users together, and what it explains is the first search that they take.
  /// Throws as Searcher::search, also where there is no user, and Error for rows beyond the model.
  SearchResult recommend(std::span<const uint32_t> users, const SearchRequest& request, bool keeps_seen,
                         const Context& context) const;
  /// For users who have these items, as Recommendations::recommend_to_new takes them. Throws Error for a
  /// model that has no vectors of new users.
  SearchResult recommend_to_new(const std::vector<std::vector<uint32_t>>& items_of_users,
                                const SearchRequest& request, bool keeps_seen, const Context& context) const;

 private:
  class Asked;
  using SeenOf = std::function<std::span<const uint32_t>(int64_t)>;
  SearchResult answer(const Matrix& vectors, const SeenOf& seen_of, const SearchRequest& request,
                      const Context& context) const;
  std::vector<uint32_t> rows_of(std::span<const uint32_t> items) const;

  const Recommendations& recommendations_;
  const Searcher& searcher_;
};

}  // namespace whitney
