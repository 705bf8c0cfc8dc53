#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/report.h"
#include "whitney/data/interactions.h"
#include "whitney/data/recommender_model.h"
#include "whitney/eval/bootstrap.h"

namespace whitney {

/// Options of the quality of recommendations.
struct RecommendationOptions {
  std::vector<int64_t> ks = {20};
  std::optional<Path> seen;
  std::vector<int64_t> slices;
  bool ngcf_counting = false;
  eval::BootstrapOptions bootstrap = {.num_resamples = 0};

  void fields(auto&& field) {
    field("ks", ks, "Lengths of the lists, such as 5,10,20");
    field("seen", seen,
          "Events besides those of training that are left out of the lists: those of validation when the "
          "test is "
          "measured");
    field("slices", slices,
          "Slices of users and items by their training events, such as 0,10,50: 0-9, 10-49, 50 and more");
    field("ngcf_counting", ngcf_counting,
          "Also ndcg_ngcf, as the repository of NGCF counts it, to compare with figures measured so: above "
          "ndcg");
    bootstrap.fields(field);
  }
};

/// Ranks all items but those of training (and of `seen`) for every user with a test event, ties by the lower
/// item, and tells how well the first k of each list meet the test: one row a k, label {"k": 20}, with
/// recall, ndcg, precision, hit, mrr, map (means over users, with bootstrap intervals over them where asked),
/// coverage, average_popularity and gini; then a row for each slice. Users and items of the test
/// that the model does not know take part: nothing speaks for them, so that for such users popularity or,
/// where all scores are equal, the item's number decides. How many there are, and the checksum of the split,
/// stand in notes. Throws Error where no user of the test is known.
WHITNEY_API Report recommendation(const RecommenderModel& model, const Interactions& test,
                                  const std::optional<Interactions>& seen,
                                  const RecommendationOptions& options, const Context& context);

}  // namespace whitney
