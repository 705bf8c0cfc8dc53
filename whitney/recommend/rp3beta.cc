#include "whitney/recommend/rp3beta.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "whitney/data/learner.h"
#include "whitney/recommend/item_pairs.h"

namespace whitney::recommend {

ItemWeights rp3beta(const Interactions& events, const Rp3BetaOptions& options, const Context& context) {
  std::vector<double> step, of_user, held_back;
  for (const int64_t degree : item_degrees(events)) {
    const auto count = static_cast<double>(std::max<int64_t>(degree, 1));
    step.push_back(std::pow(count, -options.alpha));
    held_back.push_back(std::pow(count, -options.beta));
  }
  for (int64_t user = 0; user < events.num_users(); ++user) {
    const auto count = static_cast<double>(std::max<int64_t>(events.degree(user), 1));
    of_user.push_back(std::pow(count, -options.alpha));
  }
  return weigh_pairs(events, of_user, options.neighbors, context, [&](int64_t i, uint32_t j, double sum) {
    return step[static_cast<size_t>(i)] * sum * held_back[j];
  });
}

namespace {

RecommenderModel learn_rp3beta(const Interactions& events, const Rp3BetaOptions& options,
                               const Context& context) {
  return {history_of(events), rp3beta(events, options, context)};
}

CostEstimate estimate_rp3beta(const DataSize& size, const Rp3BetaOptions& options, const Context& context) {
  return estimate_pairs(size, options.neighbors, context);
}

// clang-format off
const bool registered = register_recommender<Rp3BetaOptions>(
    {.name = "rp3beta",
     .class_name = "RP3beta",
     .summary = "Recommends items by three steps of a random walk over users and items, the popular held back",
     .description =
         "From each of the user's items a walk goes to a user who has it and on to one of that user's items; where it ends is "
         "recommended, its weight divided by a power of its popularity. Nothing is trained, two exponents are tuned, and "
         "on sparse events it is as good as graph models that train for hours (gowalla: recall@20 .182, LightGCN's paper "
         ".183). Begin here.\n"
         "Values and times of events are not looked at. The same bytes at any number of threads.",
     .source = "Paudel, Christoffel, Newell, Bernstein: Updatable, Accurate, Diverse, and Scalable Recommendations for Interactive "
               "Applications, TiiS 2017",
     .example = "whitney learn rp3beta events.tsv -o model.safetensors --alpha 0.6 --beta 0.3"},
    learn_rp3beta, estimate_rp3beta);
// clang-format on

}  // namespace

}  // namespace whitney::recommend
