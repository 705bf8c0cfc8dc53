#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/registry.h"
#include "whitney/core/report.h"
#include "whitney/data/interactions.h"
#include "whitney/data/interactions_core.h"
#include "whitney/data/interactions_reader.h"
#include "whitney/data/interactions_split.h"
#include "whitney/data/learner.h"
#include "whitney/data/recommender_model.h"
#include "whitney/eval/bootstrap.h"

namespace whitney {

/// Which held-out events a recommender that was learned for the task is measured on.
enum class MeasuredPart : uint8_t { kTest, kValidation };
inline constexpr auto enum_names(MeasuredPart) {
  return std::array<std::string_view, 2>{"test", "validation"};
}

/// What is learned for the task, and from which of the events.
struct RecommendationLearning {
  MethodChoice learn{"rp3beta", Value::object()};
  InteractionsSplitOptions split = {.validation_share = 0};
  MeasuredPart measure = MeasuredPart::kTest;
  KCoreOptions core;
  InteractionsOptions events;

  void fields(auto&& field) {
    field("learn", learn, "learn",
          "Learner of the recommender, from the training part of events given alone");
    split.fields(field);
    field("measure", measure,
          "validation: choose options there; test: what was held out for validation is neither learned from "
          "nor listed");
    core.fields(field);
    events.fields(field);
  }
};

/// Options of the quality of recommendations.
struct RecommendationOptions {
  std::vector<int64_t> ks = {20};
  RecommendationLearning learning;
  std::optional<Path> seen;
  std::vector<int64_t> slices;
  bool ngcf_counting = false;
  eval::BootstrapOptions bootstrap = {.num_resamples = 0};

  void fields(auto&& field) {
    field("ks", ks, "Lengths of the lists, such as 5,10,20");
    learning.fields(field);
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
/// that have no training event take part: nothing speaks for those that the model does not know, so that for
/// such users popularity or, where all scores are equal, the item's number decides. How many there are, and
/// the checksum of the split, stand in notes. Throws Error where the test is empty or no user of it has a
/// training event.
WHITNEY_API Report recommendation(const RecommenderModel& model, const Interactions& test,
                                  const std::optional<Interactions>& seen,
                                  const RecommendationOptions& options, const Context& context);

/// Tells what `recommendation` of a model's file needs, given the sizes of the test and of `seen`: the file,
/// copies of its vectors, the events and the lists. Throws Error where the file holds no recommender.
WHITNEY_API CostEstimate estimate_recommendation(const std::string& model_path, const DataSize& test,
                                                 const DataSize& seen, const RecommendationOptions& options,
                                                 const Context& context);

/// Keeps the core of events, splits it, learns from the training part and measures the recommender on a part
/// held out, as above. The same events, split, seed and method give the same figures, whatever the order of
/// the events. Throws UsageError where the method learns from something else, Error where nothing is held
/// out.
WHITNEY_API Report recommendation_of_learner(const Interactions& events, const RecommendationOptions& options,
                                             const Context& context);

}  // namespace whitney
