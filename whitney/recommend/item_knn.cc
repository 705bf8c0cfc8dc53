#include "whitney/recommend/item_knn.h"

#include <cmath>
#include <vector>

#include "whitney/data/learner.h"
#include "whitney/recommend/item_pairs.h"

namespace whitney::recommend {

ItemWeights item_knn(const Interactions& events, const ItemKnnOptions& options, const Context& context) {
  std::vector<double> roots;
  for (const int64_t degree : item_degrees(events)) roots.push_back(std::sqrt(static_cast<double>(degree)));
  const std::vector<double> ones(static_cast<size_t>(events.num_users()), 1.0);
  return weigh_pairs(events, ones, options.neighbors, context, [&](int64_t i, uint32_t j, double common) {
    return common / (roots[static_cast<size_t>(i)] * roots[j] + options.shrink);
  });
}

namespace {

RecommenderModel learn_item_knn(const Interactions& events, const ItemKnnOptions& options,
                                const Context& context) {
  return {history_of(events), item_knn(events, options, context)};
}

CostEstimate estimate_item_knn(const DataSize& size, const ItemKnnOptions& options, const Context& context) {
  return estimate_pairs(size, options.neighbors, context);
}

// clang-format off
const bool registered = register_recommender<ItemKnnOptions>(
    {.name = "item_knn",
     .class_name = "ItemKNN",
     .summary = "Recommends items by cosines of the columns of users: what the user's items are alike to",
     .description =
         "An item's column tells which users have it; the score of an item is the sum of its cosines to the user's items. No "
         "training, nothing random, and each recommendation can be explained by the items that gave it. RP3beta, which "
         "divides by popularity, is better on sparse data.\n"
         "Values and times of events are not looked at. The same bytes at any number of threads.",
     .source = "Sarwar, Karypis, Konstan, Riedl: Item-based Collaborative Filtering Recommendation Algorithms, WWW 2001",
     .example = "whitney learn item_knn events.tsv -o model.safetensors --neighbors 200"},
    learn_item_knn, estimate_item_knn);
// clang-format on

}  // namespace

}  // namespace whitney::recommend
