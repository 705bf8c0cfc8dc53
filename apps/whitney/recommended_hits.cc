#include "apps/whitney/recommended_hits.h"

#include <algorithm>
#include <utility>

#include "apps/whitney/hits.h"
#include "whitney/core/error.h"
#include "whitney/search/indexed_recommendations.h"
#include "whitney/search/recommendations.h"

namespace whitney::app {
namespace {

uint32_t row_of(const Ids& ids, std::string_view what, const std::string& id) {
  const std::optional<int64_t> row = ids.find(id);
  if (!row) fail("no ", what, " has the id \"", id, "\"", ids.did_you_mean(id));
  return static_cast<uint32_t>(*row);
}

/// Ascending, none twice.
std::vector<uint32_t> item_rows(const Ids& ids, const std::vector<std::string>& items) {
  std::vector<uint32_t> rows;
  for (const std::string& item : items) rows.push_back(row_of(ids, "item", item));
  std::ranges::sort(rows);
  rows.erase(std::ranges::unique(rows).begin(), rows.end());
  return rows;
}

SearchResult answer(const Recommendations& recommendations, const RecommendQuery& query,
                    const RecommendRequest& request, const Context& context) {
  const Interactions& history = recommendations.model().history;
  if (query.user)
    return recommendations.recommend(std::vector{row_of(history.users, "user", *query.user)}, request,
                                     context);
  if (query.item)
    return recommendations.similar_items(std::vector{row_of(history.items, "item", *query.item)}, request,
                                         context);
  return recommendations.recommend_to_new({item_rows(history.items, query.items)}, request, context);
}

}  // namespace

std::string name_of(const RecommendQuery& query) {
  return query.user ? *query.user : query.item ? *query.item : "items";
}

SearchResult recommended_from_index(const Searcher& searcher, const std::string& model_path,
                                    const RecommendQuery& query, const SearchRequest& request,
                                    bool keeps_seen, Session& session) {
  if (query.user.has_value() == !query.items.empty() || query.item) {
    throw UsageError(
        "--recommender is asked by one of --user U and --items I,J,... (a new user who has these); items "
        "like one are a search without it, by --id I");
  }
  const Recommendations recommendations = Recommendations::open(model_path);
  const Interactions& history = recommendations.model().history;
  const IndexedRecommendations indexed(recommendations, searcher, session.context);
  if (!query.user)
    return indexed.recommend_to_new({item_rows(history.items, query.items)}, request, keeps_seen,
                                    session.context);
  return indexed.recommend(std::vector{row_of(history.users, "user", *query.user)}, request, keeps_seen,
                           session.context);
}

Outcome recommended(const Artifact& artifact, const RecommendQuery& query, const RecommendAsked& asked,
                    Session& session) {
  const int given = int{query.user.has_value()} + int{!query.items.empty()} + int{query.item.has_value()};
  if (given != 1) {
    throw UsageError(
        "a recommender is asked by one of --user U, --items I,J,... (a new user who has these) and --id I "
        "(items like it)");
  }
  const Recommendations recommendations(load_recommender(artifact));
  const RecommenderModel& model = recommendations.model();
  const std::vector<std::string> show = attributes_to_show(model.attributes, asked.show);
  const SearchResult result =
      answer(recommendations, query, {asked.k, asked.filter, asked.keeps_seen}, session.context);
  const HitRows rows(model.history.items, model.attributes, Metric::kInnerProduct);
  const std::vector<std::string> names = {name_of(query)};
  if (result.counts[0] == 0)
    session.note(asked.filter.empty() ? "there is no item left to recommend"
                                      : "nothing satisfies the filter");
  return {hits_text(rows, result, names, show), hits_value(rows, result, names, show)};
}

}  // namespace whitney::app
