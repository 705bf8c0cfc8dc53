#include "whitney/search/indexed_recommendations.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/search/keyed_hits.h"

namespace whitney {
namespace {

/// Users between two reports of progress, and hits of one search, which bound its memory (12 bytes each).
constexpr int64_t kPortion = 16384, kMostHits = int64_t{1} << 22;

/// A user who has seen at most one row in so many is given as many hits more, and the seen ones are dropped:
/// one search serves many users, and no set of rows is made for each. The seen are the nearest to a user, so
/// that a filtered walk meets them, too, and keeps less beside them: with 60,000 vectors of 64 values in hnsw
/// and the 300 nearest seen, 20 hits take 74 us and have a recall of 0.57 so, 53 us and 0.36 by the filter;
/// with 1,000 seen 346 us and 0.74, 61 us and 0.25, where a scan takes 500 us. Beyond that a walk for more
/// hits takes longer than a scan, and the index is to choose its way.
constexpr int64_t kRowsPerDropped = 64;

constexpr std::string_view kExpected = " (expected: an index of the model's items: index METHOD MODEL)";

void check_index(const Index& index, int64_t dim) {
  if (index.input() != IndexInput::kVectors)
    fail("the index holds ", name_of_enum(index.input()), ", no vectors of items", kExpected);
  if (index.dim() != dim)
    fail("the index holds vectors of ", index.dim(), " values, the model's have ", dim, kExpected);
  if (index.metric() != Metric::kInnerProduct)
    fail("the index compares by ", name_of_enum(index.metric()), ", and the model scores by inner_product",
         kExpected);
}

/// The row of an item in an index, whichever way both write their ids.
std::optional<int64_t> row_in(const Index& index, const Ids& items, int64_t item) {
  const Ids& ids = index.ids();
  return ids.is_integer() && items.is_integer() ? ids.find_integer(items.integer(item))
                                                : ids.find(items.text(item));
}

bool holds_any(const Index& index, const Ids& items) {
  for (int64_t item = 0; item < items.size(); ++item) {
    if (row_in(index, items, item)) return true;
  }
  return false;
}

bool is_same_training(const Value& one, const Value& other) {
  return std::ranges::all_of(std::vector<std::string_view>{"method", "options", "seed", "inputs"},
                             [&](std::string_view name) {
                               const Value *a = one.find(name), *b = other.find(name);
                               return a == nullptr || b == nullptr ? a == b : *a == *b;
                             });
}

/// Whether a record descends from a recommender that is not this one: that of an older training, say.
bool is_of_another(const Value& record, const Value& model) {
  if (record.find("recommender") != nullptr) return !is_same_training(record, model);
  const Value* parents = record.find("parents");
  return parents != nullptr && std::ranges::any_of(parents->as_list(), [&](const Value& parent) {
           return is_of_another(parent, model);
         });
}

Matrix gathered(const Matrix& vectors, std::span<const int64_t> rows) {
  Matrix some(std::ssize(rows), vectors.cols());
  auto* out = some.mutable_data<float>();
  for (const int64_t row : rows) out = std::ranges::copy(vectors.row<float>(row), out).out;
  return some;
}

/// A search without hits, of k places for each query.
SearchResult without_hits(int64_t num_queries, int64_t num_rows, int64_t k, const Context& context) {
  SearchParams places;
  places.k = k;
  return search::result_without_hits(num_queries, num_rows, "rows", places, context);
}

}  // namespace

/// The users of one question, and what they have got so far.
class IndexedRecommendations::Asked {
 public:
  Asked(const Searcher& searcher, const Matrix& vectors, const SearchRequest& request, SearchResult& result)
      : searcher_(searcher), vectors_(vectors), request_(request), result_(result) {}

  /// Users have their seen rows left out of what the index may find: a search each.
  void search_without(std::span<const int64_t> users, std::span<const std::vector<uint32_t>> seen,
                      int64_t first_user, const Context& context) {
    std::vector<SearchResult> found(users.size());
    const auto search_one = [&](int64_t i) {
      const int64_t user = users[static_cast<size_t>(i)];
      const RowSet forbidden = RowSet::of(seen[static_cast<size_t>(user - first_user)]);
      SearchRequest request = request_for(request_.k);
      request.forbidden = &forbidden;
      found[static_cast<size_t>(i)] =
          searcher_.search(vectors_.view().slice(user, user + 1), request, context);
    };
    // A loop would keep the search of a single user to one thread.
    if (users.size() == 1) search_one(0);
    if (users.size() > 1) parallel_for(context, std::ssize(users), search_one);
    for (size_t i = 0; i < users.size(); ++i) {
      put(found[i], 0, users[i], {});
      finish(found[i], "left out of the search", request_.k);
    }
  }

  /// Users get `more` hits than they are due, and their seen rows are dropped.
  void search_and_drop(std::span<const int64_t> users, int64_t more,
                       std::span<const std::vector<uint32_t>> seen, int64_t first_user,
                       const Context& context) {
    const SearchRequest request = request_for(request_.k + more);
    const auto step = static_cast<size_t>(std::max<int64_t>(1, kMostHits / request.k));
    for (; !users.empty(); users = users.subspan(std::min(step, users.size()))) {
      const auto some = users.first(std::min(step, users.size()));
      SearchResult found = searcher_.search(gathered(vectors_, some).view(), request, context);
      for (size_t i = 0; i < some.size(); ++i)
        put(found, static_cast<int64_t>(i), some[i], seen[static_cast<size_t>(some[i] - first_user)]);
      finish(found, more == 0 ? "none" : "dropped from the hits", request.k);
    }
  }

 private:
  /// Of no more hits than there are rows, in the time that is left.
  SearchRequest request_for(int64_t k) const {
    SearchRequest request = request_;
    request.k = std::max<int64_t>(1, std::min(k, searcher_.index().live().size()));
    if (request_.timeout_ms) {
      const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - begin_;
      request.timeout_ms = std::max(0.0, *request_.timeout_ms - spent.count());
    }
    return request;
  }

  /// The hits of a query of `found` become a user's, but those that the user has seen (rows, ascending).
  void put(const SearchResult& found, int64_t query, int64_t user, std::span<const uint32_t> seen) {
    int64_t& count = result_.counts[static_cast<size_t>(user)];
    const int64_t from = query * found.neighbors.k, to = user * request_.k;
    for (int64_t i = 0; i < found.counts[static_cast<size_t>(query)] && count < request_.k; ++i) {
      const auto at = static_cast<size_t>(from + i);
      const int64_t row = found.neighbors.rows[at];
      if (std::ranges::binary_search(seen, static_cast<uint32_t>(row))) continue;
      result_.neighbors.rows[static_cast<size_t>(to + count)] = row;
      result_.neighbors.values[static_cast<size_t>(to + count++)] = found.neighbors.values[at];
    }
  }

  void finish(SearchResult& found, std::string_view seen, int64_t num_asked) {
    result_.partial = result_.partial || found.partial;
    if (!request_.explain || !result_.explain.is_null()) return;
    result_.explain = std::move(found.explain);
    result_.explain.set("seen", Value::object({{"are", seen}, {"hits_asked_for", num_asked}}));
  }

  const Searcher& searcher_;
  const Matrix& vectors_;
  const SearchRequest& request_;
  SearchResult& result_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

IndexedRecommendations::IndexedRecommendations(const Recommendations& recommendations,
                                               const Searcher& searcher, const Context& context)
    : recommendations_(recommendations), searcher_(searcher) {
  check_index(searcher_.index(), recommendations_.vectors_of({}).cols());
  const RecommenderModel& model = recommendations_.model();
  if (!holds_any(searcher_.index(), model.history.items))
    fail("the index holds none of the model's items, by their ids", kExpected);
  if (is_of_another(searcher_.index().record(), model.record))
    context.note("the index was made of another model than this, by their records: its vectors may not fit");
}

/// Rows of the index that may be found, ascending, of items of the model.
std::vector<uint32_t> IndexedRecommendations::rows_of(std::span<const uint32_t> items) const {
  const Index& index = searcher_.index();
  std::vector<uint32_t> rows;
  for (const uint32_t item : items) {
    const std::optional<int64_t> row = row_in(index, recommendations_.model().history.items, item);
    if (row && index.live().contains(static_cast<uint32_t>(*row)))
      rows.push_back(static_cast<uint32_t>(*row));
  }
  std::ranges::sort(rows);
  return rows;
}

SearchResult IndexedRecommendations::answer(const Matrix& vectors, const SeenOf& seen_of,
                                            const SearchRequest& request, const Context& context) const {
  WHITNEY_CHECK(request.excluded.empty() && request.forbidden == nullptr, "rows to leave out of an index");
  const int64_t num_users = vectors.rows(), num_live = searcher_.index().live().size();
  SearchResult result = without_hits(num_users, searcher_.index().num_rows(), request.k, context);
  Asked asked(searcher_, vectors, request, result);
  // No search is asked where there is no user, and none with the timeout as it was given.
  searcher_.check(request, context);
  for (int64_t begin = 0; begin < num_users; begin += kPortion) {
    context.check_cancelled();
    const int64_t count = std::min(kPortion, num_users - begin);
    std::vector<std::vector<uint32_t>> seen(static_cast<size_t>(count));
    parallel_for(context, count,
                 [&](int64_t i) { seen[static_cast<size_t>(i)] = rows_of(seen_of(begin + i)); });
    // By how many hits more they are asked for, which is a power of two so that few searches serve all.
    std::map<int64_t, std::vector<int64_t>> dropping;
    std::vector<int64_t> filtering;
    for (int64_t i = 0; i < count; ++i) {
      const auto num_seen = std::ssize(seen[static_cast<size_t>(i)]);
      const bool drops = num_seen * kRowsPerDropped <= num_live;
      const auto more = num_seen == 0 ? 0 : std::bit_ceil(static_cast<uint64_t>(num_seen));
      (drops ? dropping[static_cast<int64_t>(more)] : filtering).push_back(begin + i);
    }
    for (const auto& [more, users] : dropping) asked.search_and_drop(users, more, seen, begin, context);
    asked.search_without(filtering, seen, begin, context);
    context.advance("users", begin + count, num_users, "users");
  }
  return result;
}

SearchResult IndexedRecommendations::recommend(std::span<const uint32_t> users, const SearchRequest& request,
                                               bool keeps_seen, const Context& context) const {
  const Interactions& history = recommendations_.model().history;
  const auto seen_of = [&](int64_t i) {
    return keeps_seen ? std::span<const uint32_t>() : history.items_of(users[static_cast<size_t>(i)]);
  };
  return answer(recommendations_.vectors_of(users), seen_of, request, context);
}

SearchResult IndexedRecommendations::recommend_to_new(
    const std::vector<std::vector<uint32_t>>& items_of_users, const SearchRequest& request, bool keeps_seen,
    const Context& context) const {
  const auto seen_of = [&](int64_t i) {
    return keeps_seen ? std::span<const uint32_t>() : std::span(items_of_users[static_cast<size_t>(i)]);
  };
  return answer(recommendations_.vectors_of_new(items_of_users, context), seen_of, request, context);
}

}  // namespace whitney
