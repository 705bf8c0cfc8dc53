#include "whitney/search/recommendations.h"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/prepare_run.h"
#include "whitney/linalg/dense_tile.h"
#include "whitney/linalg/distance.h"
#include "whitney/linalg/top_k.h"
#include "whitney/recommend/ials.h"
#include "whitney/recommend/most_popular.h"
#include "whitney/recommend/recommender.h"
#include "whitney/search/filter.h"
#include "whitney/search/keyed_hits.h"

namespace whitney {
namespace {

using recommend::Recommender;
using recommend::ScoredItem;

constexpr int64_t kBlockBytes = int64_t{16} << 20;

std::string method_of(const RecommenderModel& model) {
  const Value* method = model.record.find("method");
  return method != nullptr && method->is_string() ? method->as_string() : "this model";
}

void store(std::span<const ScoredItem> list, int64_t query, SearchResult& result) {
  int64_t at = query * result.neighbors.k;
  for (const auto& [item, score] : list) {
    result.neighbors.rows[static_cast<size_t>(at)] = item;
    result.neighbors.values[static_cast<size_t>(at++)] = score;
  }
  result.counts[static_cast<size_t>(query)] = std::ssize(list);
}

void check_rows(std::string_view what, std::span<const uint32_t> rows, int64_t size) {
  for (const uint32_t row : rows) {
    if (row >= size) fail(what, " row ", row, " of ", size);
  }
}

/// Some items as rows of events of users who are not in the model.
Interactions events_of(const std::vector<std::vector<uint32_t>>& items_of_users, const Ids& items) {
  Interactions events;
  events.users = Ids::row_numbers(std::ssize(items_of_users));
  events.items = items;
  std::vector<int64_t> offsets = {0};
  std::vector<uint32_t> targets;
  for (const std::vector<uint32_t>& list : items_of_users) {
    check_rows("item", list, items.size());
    targets.insert(targets.end(), list.begin(), list.end());
    offsets.push_back(std::ssize(targets));
  }
  events.offsets = Array<int64_t>::copy_of(offsets);
  events.targets = Array<uint32_t>::copy_of(targets);
  return events;
}

/// The row of W as scores of all items.
class WeightsOfItems : public Recommender {
 public:
  explicit WeightsOfItems(const ItemWeights& weights) : weights_(weights) {}
  int64_t num_users() const override { return weights_.num_items(); }
  int64_t num_items() const override { return weights_.num_items(); }
  void score(std::span<const uint32_t> items, float* scores, const Context& /*context*/) const override {
    for (const uint32_t item : items) {
      std::fill_n(scores, num_items(), 0.0F);
      for (int64_t e = weights_.offsets[item]; e < weights_.offsets[item + int64_t{1}]; ++e)
        scores[weights_.items[e]] = weights_.weights[e];
      scores += num_items();
    }
  }

 private:
  const ItemWeights& weights_;
};

/// Popularity, the same for any number of users.
class NewUsers : public Recommender {
 public:
  NewUsers(const Recommender& popular, int64_t num_users) : popular_(popular), num_users_(num_users) {}
  int64_t num_users() const override { return num_users_; }
  int64_t num_items() const override { return popular_.num_items(); }
  void score(std::span<const uint32_t> users, float* scores, const Context& context) const override {
    popular_.score(users, scores, context);
  }

 private:
  const Recommender& popular_;
  int64_t num_users_;
};

/// Cosines of the items' vectors, 0 with a zero vector.
std::unique_ptr<const Recommender> cosines_of(const Matrix& vectors, const Context& context) {
  Matrix normalized;
  normalize_rows(context, vectors, normalized);
  auto packed = recommend::packed_items(normalized);
  return recommend::factor_recommender(std::move(normalized), std::move(packed));
}

std::unique_ptr<const Recommender> likeness_of(const RecommenderModel& model, const Context& context) {
  if (const auto* weights = std::get_if<ItemWeights>(&model.scores))
    return std::make_unique<WeightsOfItems>(*weights);
  if (const auto* factors = std::get_if<Factors>(&model.scores)) return cosines_of(factors->items, context);
  fail(method_of(model), " tells nothing about which items are alike");
}

/// Each item as what it "has seen": it is not like itself.
Interactions items_themselves(const Ids& items) {
  const int64_t num_items = items.size();
  Interactions itself;
  itself.users = itself.items = items;
  itself.offsets = Array<int64_t>(num_items + 1);
  std::iota(itself.offsets.mutable_data(), itself.offsets.mutable_data() + num_items + 1, int64_t{0});
  itself.targets = Array<uint32_t>(num_items);
  std::iota(itself.targets.mutable_data(), itself.targets.mutable_data() + num_items, 0U);
  return itself;
}

/// What scores users of the training events; the items' vectors, if it reads any, serve new users, too.
struct Scorer {
  std::shared_ptr<const PackedRows> items;
  std::unique_ptr<const Recommender> recommender;
};

Scorer scorer_of(const RecommenderModel& model) {
  const auto* factors = std::get_if<Factors>(&model.scores);
  if (factors == nullptr) return {nullptr, recommend::recommender_of(model)};
  std::shared_ptr<const PackedRows> items = recommend::packed_items(factors->items);
  return {items, recommend::factor_recommender(factors->users, items)};
}

/// `others`: the models that would do.
void check_folds_in(const RecommenderModel& model, std::string_view others) {
  if (method_of(model) == "ials") return;
  fail(method_of(model),
       " has no vectors of new users (expected: a user of the training events, or a model of ", others, ")");
}

recommend::IalsFoldIn fold_in_of(const RecommenderModel& model, const Context& context) {
  check_folds_in(model, "ials, item_knn, rp3beta or ease");
  return {std::get<Factors>(model.scores).items,
          options_from<recommend::IalsOptions>(model.record.at("options")), context};
}

}  // namespace

/// Made once, by whichever thread asks first, and by it alone: the others wait for it.
class Recommendations::Kept {
 public:
  struct Likeness {
    std::unique_ptr<const Recommender> recommender;
    Interactions itself;
  };
  const Scorer& scorer(const RecommenderModel& model) {
    const std::lock_guard lock(mutex_);
    if (!scorer_) scorer_ = scorer_of(model);
    return *scorer_;
  }
  const Likeness& likeness(const RecommenderModel& model) {
    const std::lock_guard lock(mutex_);
    if (!likeness_) likeness_ = Likeness{likeness_of(model, alone()), items_themselves(model.history.items)};
    return *likeness_;
  }
  const recommend::IalsFoldIn& fold_in(const RecommenderModel& model) {
    const std::lock_guard lock(mutex_);
    if (!fold_in_) fold_in_ = fold_in_of(model, alone());
    return *fold_in_;
  }

 private:
  // A thread that waits for others inside the lock might be given a question that needs it.
  static Context alone() {
    Context context;
    context.threads = 1;
    return context;
  }

  std::mutex mutex_;
  std::optional<Scorer> scorer_;
  std::optional<Likeness> likeness_;
  std::optional<recommend::IalsFoldIn> fold_in_;
};

/// The items that a filter lets pass.
class Recommendations::Allowed {
 public:
  Allowed(const Recommendations& owner, const std::string& filter, const Context& context) {
    if (filter.empty()) return;
    rows_ = owner.attributes_.matches(parse_filter(filter), context).rows();
    is_filtered_ = true;
  }
  bool is_filtered() const { return is_filtered_; }
  /// The best of a user's scores, items of `seen` left out.
  std::vector<ScoredItem> best(std::span<const float> scores, std::span<const uint32_t> seen,
                               int64_t k) const {
    TopK top(k);
    auto next_seen = seen.begin();
    for (const uint32_t item : rows_) {
      while (next_seen != seen.end() && *next_seen < item) ++next_seen;
      if (next_seen != seen.end() && *next_seen == item) continue;
      if (!(scores[item] == scores[item])) fail("the score of item row ", item, " is no number");
      top.push(0.0F - scores[item], item);
    }
    std::vector<ScoredItem> list;
    for (const TopK::Entry& entry : top.take()) list.push_back({entry.row, 0.0F - entry.key});
    return list;
  }

 private:
  std::vector<uint32_t> rows_;
  bool is_filtered_ = false;
};

Recommendations::Recommendations(RecommenderModel model)
    : model_(std::move(model)),
      kept_(std::make_unique<Kept>()),
      attributes_(model_.history.items, model_.attributes) {}
Recommendations::~Recommendations() = default;
Recommendations::Recommendations(Recommendations&&) noexcept = default;

Recommendations Recommendations::open(const std::string& path) {
  return Recommendations(load_recommender(path));
}

SearchResult Recommendations::best_of(const Recommender& recommender, std::span<const uint32_t> users,
                                      const Interactions& seen, const RecommendRequest& request,
                                      const Context& context) const {
  const int64_t num_users = std::ssize(users), num_items = recommender.num_items();
  SearchParams places;
  places.k = request.k;
  SearchResult result = search::result_without_hits(num_users, num_items, "items", places, context);
  const Allowed allowed(*this, request.filter, context);
  if (!allowed.is_filtered()) {
    const Interactions* const left_out[] = {&seen};
    const auto lists = recommend::recommend(
        recommender, users, request.k,
        request.keeps_seen ? std::span<const Interactions* const>() : std::span(left_out), context);
    for (int64_t q = 0; q < num_users; ++q) store(lists[static_cast<size_t>(q)], q, result);
    return result;
  }
  const int64_t block = std::clamp<int64_t>(kBlockBytes / (4 * std::max<int64_t>(1, num_items)), 1, 256);
  std::vector<float> scores(static_cast<size_t>(std::min(block, num_users) * num_items));
  for (int64_t begin = 0; begin < num_users; begin += block) {
    context.check_cancelled();
    const auto some =
        users.subspan(static_cast<size_t>(begin), static_cast<size_t>(std::min(block, num_users - begin)));
    recommender.score(some, scores.data(), context);
    parallel_for(context, std::ssize(some), [&](int64_t i) {
      const auto row =
          std::span(scores).subspan(static_cast<size_t>(i * num_items), static_cast<size_t>(num_items));
      const auto had =
          request.keeps_seen ? std::span<const uint32_t>() : seen.items_of(some[static_cast<size_t>(i)]);
      store(allowed.best(row, had, std::min(request.k, num_items)), begin + i, result);
    });
  }
  return result;
}

SearchResult Recommendations::recommend(std::span<const uint32_t> users, const RecommendRequest& request,
                                        const Context& context) const {
  check_rows("user", users, model_.history.num_users());
  return best_of(*kept_->scorer(model_).recommender, users, model_.history, request, context);
}

const Factors& Recommendations::factors() const {
  if (const auto* factors = std::get_if<Factors>(&model_.scores)) return *factors;
  fail(method_of(model_),
       std::holds_alternative<ItemWeights>(model_.scores) ? " scores by items' weights"
                                                          : " scores by how many users have an item",
       " and has no vectors that an index could hold (expected: a model of vectors, such as ials, mf_bpr or "
       "lightgcn)");
}

Matrix Recommendations::vectors_of(std::span<const uint32_t> users) const {
  const Matrix& vectors = factors().users;
  check_rows("user", users, vectors.rows());
  Matrix asked(std::ssize(users), vectors.cols());
  auto* out = asked.mutable_data<float>();
  for (const uint32_t user : users) out = std::ranges::copy(vectors.row<float>(user), out).out;
  return asked;
}

Matrix Recommendations::vectors_of_new(const std::vector<std::vector<uint32_t>>& items_of_users,
                                       const Context& context) const {
  static_cast<void>(factors());
  check_folds_in(model_, "ials");
  return kept_->fold_in(model_).users(events_of(items_of_users, model_.history.items), context);
}

SearchResult Recommendations::recommend_to_new(const std::vector<std::vector<uint32_t>>& items_of_users,
                                               const RecommendRequest& request,
                                               const Context& context) const {
  const Interactions events = events_of(items_of_users, model_.history.items);
  std::vector<uint32_t> users(items_of_users.size());
  std::iota(users.begin(), users.end(), 0U);
  if (const auto* weights = std::get_if<ItemWeights>(&model_.scores))
    return best_of(*recommend::item_recommender(events, *weights), users, events, request, context);
  if (std::holds_alternative<Factors>(model_.scores)) {
    Matrix vectors = kept_->fold_in(model_).users(events, context);
    return best_of(*recommend::factor_recommender(std::move(vectors), kept_->scorer(model_).items), users,
                   events, request, context);
  }
  return best_of(NewUsers(*kept_->scorer(model_).recommender, std::ssize(users)), users, events, request,
                 context);
}

SearchResult Recommendations::similar_items(std::span<const uint32_t> items, const RecommendRequest& request,
                                            const Context& context) const {
  const int64_t num_items = model_.history.num_items();
  check_rows("item", items, num_items);
  const auto& [likeness, itself] = kept_->likeness(model_);
  RecommendRequest others = request;
  others.keeps_seen = false;
  return best_of(*likeness, items, itself, others, context);
}

}  // namespace whitney
