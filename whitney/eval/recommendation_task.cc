#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/options.h"
#include "whitney/data/input_size.h"
#include "whitney/data/learner.h"
#include "whitney/eval/recommendation.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

void check_learner(const std::string& name) {
  const Method& method = Registry::instance().get(Verb::kLearn, name);
  const Learner& learner = learner_of(method);
  if (learner.input() == DataKind::kInteractions && learner.output() == LearnedKind::kItemModel) {
    throw UsageError(concat(
        "option \"learn\": ", name, " makes a model of items, which knows no users: `whitney learn ", name,
        "`, then `whitney evaluate item-retrieval` of what it wrote (expected here: a recommender, "
        "such as rp3beta, ials or lightgcn)"));
  }
  if (learner.input() != DataKind::kInteractions || learner.output() != LearnedKind::kModel) {
    throw UsageError(concat("option \"learn\": ", name, " reads ", name_of(learner.input()),
                            " (expected: a recommender, such as rp3beta, ials or lightgcn)"));
  }
  require_part(method);
}

/// What is left out of the lists, and what is asked for.
struct HeldOut {
  std::optional<Interactions> seen;
  Interactions asked;
};

HeldOut held_out_of(InteractionsSplit& split, const RecommendationLearning& learning) {
  const bool is_test = learning.measure == MeasuredPart::kTest;
  Interactions& asked = is_test ? split.test : split.validation;
  if (asked.size() == 0) {
    fail(asked.where(), "a split by ", name_of_enum(learning.split.by), " holds out none of ",
         split.train.size(), " events for the ", name_of_enum(learning.measure), " (expected: a ",
         name_of_enum(learning.measure), "_share above ",
         is_test ? learning.split.test_share : learning.split.validation_share,
         ", or users with more events)");
  }
  HeldOut parts{{}, std::move(asked)};
  if (is_test && split.validation.size() > 0) parts.seen = std::move(split.validation);
  return parts;
}

}  // namespace

Report recommendation_of_learner(const Interactions& events, const RecommendationOptions& options,
                                 const Context& context) {
  const RecommendationLearning& learning = options.learning;
  check_learner(learning.learn.method);
  InteractionsSplit split =
      split_interactions(core_of(events, learning.core, context), learning.split, context);
  const HeldOut parts = held_out_of(split, learning);
  const auto model = std::get<RecommenderModel>(
      run_learner(learning.learn.method, Dataset(split.train), learning.learn.options, context));
  Report report = recommendation(model, parts.asked, parts.seen, options, context);
  report.notes.push_back(concat("learned from ", split.train.size(), " events by ", learning.learn.method,
                                ": ", model.record.at("options").to_json()));
  report.notes.push_back(concat("split by ", name_of_enum(learning.split.by), ", seed ", context.seed,
                                "; checksum of all its parts: ", split.checksum));
  return report;
}

namespace {

class Recommendation : public Task {
 public:
  std::vector<std::string> inputs() const override { return {"model", "events"}; }
  std::vector<std::string> inputs_to_learn_from() const override { return {"events"}; }
  Report run(const std::vector<std::string>& paths, const Value& resolved,
             const Context& context) const override {
    auto options = options_from<RecommendationOptions>(resolved);
    if (paths.size() == 1) return run_learning(paths[0], options, context);
    note_idle(resolved, context);
    const auto read = [&](const std::string& path) {
      return std::move(read_interactions({path}, options.learning.events, context).front());
    };
    const RecommenderModel model = load_recommender(paths[0]);
    std::optional<Interactions> seen;
    if (options.seen) seen = read(options.seen->value);
    return recommendation(model, read(paths[1]), seen, options, context);
  }

  /// Of a model; what is learned from events is refused by its learner.
  std::optional<CostEstimate> estimate(const std::vector<std::string>& paths, const Value& resolved,
                                       const Context& context) const override {
    if (paths.size() != inputs().size()) return std::nullopt;
    const auto options = options_from<RecommendationOptions>(resolved);
    const auto size_of = [](const std::string& path) {
      return path == "-" ? DataSize() : estimate_size(path, DataKind::kInteractions, false);
    };
    return estimate_recommendation(paths[0], size_of(paths[1]),
                                   options.seen ? size_of(options.seen->value) : DataSize(), options,
                                   context);
  }

 private:
  static Report run_learning(const std::string& path, RecommendationOptions& options,
                             const Context& context) {
    if (options.seen)
      context.note("option \"seen\" has no effect: what is held out for validation is left out of the lists");
    check_learner(options.learning.learn.method);
    options.learning.events.needs_times = needs_times(options.learning.split.by);
    const Interactions events =
        std::move(read_interactions({path}, options.learning.events, context).front());
    return recommendation_of_learner(events, options, context);
  }

  /// What says how to learn has no effect on a model that is there.
  static void note_idle(const Value& resolved, const Context& context) {
    for (const OptionSpec& spec : option_specs<RecommendationLearning>()) {
      const bool is_of_reading = option_specs_hold<InteractionsOptions>(spec.name);
      if (!is_of_reading && resolved.at(spec.name) != spec.default_value)
        context.note(
            concat("option \"", spec.name, "\" has no effect: the model is there, and nothing is learned"));
    }
  }

  template <class Options>
  static bool option_specs_hold(const std::string& name) {
    for (const OptionSpec& spec : option_specs<Options>()) {
      if (spec.name == name) return true;
    }
    return false;
  }
};

// clang-format off
const bool registered = register_method(declare_method<RecommendationOptions>(
    Verb::kEvaluate,
    {.name = "recommendation",
     .class_name = "Recommendation",
     .summary = "How well a recommender's lists meet what users took afterwards, all items ranked",
     .description =
         "For every user with a test event all items but those of training are ranked, and the first k compared with what "
         "the user took: recall, nDCG (the ideal list is as long as the user's items, k at most), precision, hit, MRR and "
         "MAP, means over users; the share of items that stand in some list, how popular the listed are, and Gini's "
         "coefficient of how often they are. Of equal scores the item of the lower id comes first. Choose options on a "
         "validation split, then give it as --seen and measure the test once.\n"
         "The events are lists (user item item ...), CSV, TSV or RecBole's files. The note tells the checksum of the split: "
         "figures compare only where it is the same.\n"
         "Events alone are split, learned from by --learn and measured: --learn ials --learn.dim 32 --split time. The split is "
         "that of `whitney convert EVENTS FOLDER --split time`, by the same --seed; methods that stop by validation hold out "
         "a share of the training part besides.",
     .source = "Protocol of He, Deng, Wang, Li, Zhang, Wang: LightGCN, SIGIR 2020, arXiv 2002.02126; on sampled ranking, "
               "which this is not: Krichene, Rendle, KDD 2020",
     .example = "whitney evaluate recommendation model.safetensors test-events.tsv --ks 5,20"},
    std::make_shared<Recommendation>()));
// clang-format on

}  // namespace

}  // namespace whitney
