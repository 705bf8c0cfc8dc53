#include "whitney/recommend/most_popular.h"

#include <algorithm>
#include <span>
#include <vector>

#include "whitney/data/learner.h"

namespace whitney::recommend {
namespace {

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

RecommenderModel learn_most_popular(const Interactions& events, const MostPopularOptions& /*options*/,
                                    const Context& /*context*/) {
  return {history_of(events), Popularity{}};
}

CostEstimate estimate_most_popular(const DataSize& size, const MostPopularOptions& /*options*/,
                                   const Context& /*context*/) {
  return {interactions_bytes(size) + size.num_items * 4, 0};
}

// clang-format off
const bool registered = register_recommender<MostPopularOptions>(
    {.name = "most_popular",
     .class_name = "MostPopular",
     .summary = "Recommends the items that most users have, to all alike",
     .description =
         "What any other recommender has to beat, and what to show to users of whom nothing is known. Items are ordered by "
         "the number of their users; of equal ones the one of the lower id comes first.",
     .source = "The usual baseline",
     .example = "whitney learn most_popular events.tsv -o model.safetensors"},
    learn_most_popular, estimate_most_popular);
// clang-format on

}  // namespace

std::unique_ptr<Recommender> most_popular(const Interactions& events) {
  return std::make_unique<MostPopular>(events);
}

}  // namespace whitney::recommend
