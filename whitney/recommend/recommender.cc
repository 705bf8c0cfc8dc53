#include "whitney/recommend/recommender.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/dense.h"
#include "whitney/linalg/top_k.h"

namespace whitney::recommend {
namespace {

/// Users of a block: with all their scores they take some 10 MB for a hundred thousand items.
constexpr int64_t kBlockBytes = 10 << 20, kLeastUsers = 8, kMostUsers = 256;

class MostPopular : public Recommender {
 public:
  explicit MostPopular(const Interactions& events) : num_users_(events.num_users()) {
    for (const int64_t degree : item_degrees(events)) scores_.push_back(static_cast<float>(degree));
  }
  int64_t num_users() const override { return num_users_; }
  int64_t num_items() const override { return std::ssize(scores_); }
  void score(std::span<const uint32_t> users, float* scores, const Context& /*context*/) const override {
    for (size_t i = 0; i < users.size(); ++i) scores = std::ranges::copy(scores_, scores).out;
  }

 private:
  int64_t num_users_;
  std::vector<float> scores_;
};

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
        const auto begin = static_cast<size_t>(weights_.offsets[item]),
                   end = static_cast<size_t>(weights_.offsets[item + size_t{1}]);
        for (size_t e = begin; e < end; ++e) row[weights_.items[e]] += weights_.weights[e];
      }
    });
  }

 private:
  Interactions history_;
  ItemWeights weights_;
};

class FactorRecommender : public Recommender {
 public:
  FactorRecommender(Matrix users, Matrix items) : users_(std::move(users)), items_(std::move(items)) {
    WHITNEY_CHECK(users_.cols() == items_.cols(), "vectors of ", users_.cols(), " and ", items_.cols(),
                  " values");
  }
  int64_t num_users() const override { return users_.rows(); }
  int64_t num_items() const override { return items_.rows(); }
  void score(std::span<const uint32_t> users, float* scores, const Context& context) const override {
    Matrix asked(std::ssize(users), users_.cols());
    auto* out = asked.mutable_data<float>();
    for (const uint32_t user : users) out = std::ranges::copy(users_.row<float>(user), out).out;
    multiply_transposed(context, asked, items_, scores);
  }

 private:
  Matrix users_, items_;
};

std::vector<ScoredItem> best_of(std::span<float> scores, uint32_t user, int64_t k,
                                std::span<const Interactions* const> seen) {
  constexpr float kLeft = -std::numeric_limits<float>::infinity();
  for (const float score : scores) {
    if (!(score == score)) fail("a score of user row ", user, " is no number");
  }
  for (const Interactions* events : seen) {
    for (const uint32_t item : events->items_of(user)) scores[item] = kLeft;
  }
  for (float& score : scores) score = 0.0F - score;
  TopK top(k);
  top.push_run(scores, 0);
  std::vector<ScoredItem> best;
  for (const TopK::Entry& entry : top.take()) {
    if (entry.key < std::numeric_limits<float>::infinity()) best.push_back({entry.row, 0.0F - entry.key});
  }
  return best;
}

}  // namespace

std::unique_ptr<Recommender> most_popular(const Interactions& events) {
  return std::make_unique<MostPopular>(events);
}

std::unique_ptr<Recommender> item_recommender(Interactions history, ItemWeights weights) {
  return std::make_unique<ItemRecommender>(std::move(history), std::move(weights));
}

std::unique_ptr<Recommender> factor_recommender(Matrix users, Matrix items) {
  return std::make_unique<FactorRecommender>(std::move(users), std::move(items));
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
  const int64_t block = std::clamp(kBlockBytes / (4 * num_items), kLeastUsers, kMostUsers);
  std::vector<float> scores(static_cast<size_t>(std::min(block, num_users) * num_items));
  for (int64_t begin = 0; begin < num_users; begin += block) {
    context.check_cancelled();
    const int64_t count = std::min(block, num_users - begin);
    const auto some = users.subspan(static_cast<size_t>(begin), static_cast<size_t>(count));
    recommender.score(some, scores.data(), context);
    parallel_for(context, count, [&](int64_t i) {
      const auto at = static_cast<size_t>(i);
      const std::span row =
          std::span(scores).subspan(at * static_cast<size_t>(num_items), static_cast<size_t>(num_items));
      found[static_cast<size_t>(begin) + at] = best_of(row, some[at], std::min(k, num_items), seen);
    });
    context.advance("users", begin + count, num_users, "users");
  }
  return found;
}

}  // namespace whitney::recommend
