#include "whitney/recommend/recommender.h"

#include <algorithm>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/recommend/best_items.h"
#include "whitney/recommend/most_popular.h"

namespace whitney::recommend {
namespace {

/// Users between two reports of progress.
constexpr int64_t kPortion = 16384;
/// Users of a block: with all their scores they take some 10 MB for a hundred thousand items.
constexpr int64_t kBlockBytes = 10 << 20, kLeastUsers = 8, kMostUsers = 256;

class ItemRecommender : public Recommender {
 public:
  ItemRecommender(Interactions history, ItemWeights weights)
      : history_(std::move(history)), weights_(std::move(weights)) {
    WHITNEY_CHECK(weights_.num_items() == history_.num_items(), weights_.num_items(), " rows of weights for ",
                  history_.num_items(), " items");
  }
  int64_t num_users() const override { return history_.num_users(); }
  int64_t num_items() const override { return history_.num_items(); }
  void score(std::span<const uint32_t> users, float* scores, const Context& context) const override {
    const int64_t m = num_items();
    parallel_for(context, std::ssize(users), [&](int64_t i) {
      float* row = scores + i * m;
      std::fill_n(row, m, 0.0F);
      for (const uint32_t item : history_.items_of(users[static_cast<size_t>(i)])) {
        const int64_t end = weights_.offsets[item + int64_t{1}];
        for (int64_t e = weights_.offsets[item]; e < end; ++e) row[weights_.items[e]] += weights_.weights[e];
      }
    });
  }

 private:
  Interactions history_;
  ItemWeights weights_;
};

}  // namespace

void Recommender::best(std::span<const uint32_t> users, int64_t k, std::span<const Interactions* const> seen,
                       std::span<std::vector<ScoredItem>> lists, const Context& context) const {
  const int64_t m = num_items(), block = std::clamp(kBlockBytes / (4 * m), kLeastUsers, kMostUsers);
  std::vector<float> scores(static_cast<size_t>(std::min(block, std::ssize(users)) * m));
  for (int64_t begin = 0; begin < std::ssize(users); begin += block) {
    const int64_t count = std::min(block, std::ssize(users) - begin);
    const auto some = users.subspan(static_cast<size_t>(begin), static_cast<size_t>(count));
    score(some, scores.data(), context);
    parallel_for(context, count, [&](int64_t i) {
      const auto at = static_cast<size_t>(i);
      BestItems items(some[at], k, seen);
      items.offer(std::span(scores).subspan(at * static_cast<size_t>(m), static_cast<size_t>(m)), 0);
      lists[static_cast<size_t>(begin) + at] = items.take();
    });
  }
}

std::unique_ptr<Recommender> item_recommender(Interactions history, ItemWeights weights) {
  return std::make_unique<ItemRecommender>(std::move(history), std::move(weights));
}

std::unique_ptr<Recommender> recommender_of(const RecommenderModel& model) {
  if (const auto* weights = std::get_if<ItemWeights>(&model.scores))
    return item_recommender(model.history, *weights);
  if (const auto* factors = std::get_if<Factors>(&model.scores))
    return factor_recommender(factors->users, factors->items);
  return most_popular(model.history);
}

std::vector<std::vector<ScoredItem>> recommend(const Recommender& recommender,
                                               std::span<const uint32_t> users, int64_t k,
                                               std::span<const Interactions* const> seen,
                                               const Context& context) {
  const int64_t num_items = recommender.num_items(), num_users = std::ssize(users);
  for (const uint32_t user : users) {
    if (user >= recommender.num_users()) fail("user row ", user, " of ", recommender.num_users());
  }
  std::vector<std::vector<ScoredItem>> found(users.size());
  if (num_items == 0 || k <= 0) return found;
  for (int64_t begin = 0; begin < num_users; begin += kPortion) {
    context.check_cancelled();
    const auto first = static_cast<size_t>(begin),
               count = static_cast<size_t>(std::min(kPortion, num_users - begin));
    recommender.best(users.subspan(first, count), std::min(k, num_items), seen,
                     std::span(found).subspan(first, count), context);
    context.advance("users", begin + static_cast<int64_t>(count), num_users, "users");
  }
  return found;
}

}  // namespace whitney::recommend
