#include "whitney/train/recsys/ngcf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/recommend/interactions_cases_test.h"
#include "whitney/recommend/lightgcn.h"
#include "whitney/train/recsys/ngcf_objective.h"

namespace whitney::recsys {
namespace {

using recommend::grouped_events;
using ::testing::HasSubstr;

NgcfOptions small_run() {
  NgcfOptions options;
  options.dim = 8;
  options.layers = {8, 8};
  options.learning_rate = 0.02;
  options.training.epochs = 6;
  options.training.batch_size = 256;
  options.training.evaluate_every = 2;
  return options;
}

std::vector<float> values_of(const RecommenderModel& model) {
  std::vector<float> values;
  const auto& factors = std::get<Factors>(model.scores);
  for (const Matrix* matrix : {&factors.users, &factors.items}) {
    for (int64_t row = 0; row < matrix->rows(); ++row) {
      const auto from = matrix->row<float>(row);
      values.insert(values.end(), from.begin(), from.end());
    }
  }
  return values;
}

/// As it is, with each of what else a step can leave out, pull to zero and draw, and the paper's form.
std::vector<NgcfOptions> runs_of_all_kinds() {
  std::vector<NgcfOptions> runs(7, small_run());
  runs[1].message_dropout_of = MessageDropout::kMessages;
  runs[2].node_dropout = runs[3].node_dropout = 0.2;
  runs[3].node_dropout_of = NodeDropout::kNodes;
  runs[4].regularized = Regularized::kAll;
  runs[4].regularization = 0.01;
  runs[5].sampling = recommend::Sampling::kWithoutReplacement;
  NgcfOptions& paper = runs[6];
  paper.adjacency = recommend::Adjacency::kSymmetric;
  paper.self_message = true;
  paper.two_activations = paper.biases = paper.normalize = false;
  paper.message_dropout_of = MessageDropout::kMessages;
  paper.node_dropout = 0.1;
  paper.node_dropout_of = NodeDropout::kNodes;
  paper.regularized = Regularized::kAll;
  for (NgcfOptions& run : runs) run.training.batch_size = 60;
  return runs;
}

TEST(Ngcf, GivesTheSameBytesAtAnyNumberOfThreads) {
  const Interactions events = grouped_events(200, 150, 4, 3);
  std::set<std::vector<float>> results;
  for (NgcfOptions& options : runs_of_all_kinds()) {
    options.training.epochs = 2;
    const testing::ScopedTrace trace(__FILE__, __LINE__, option_values(options).to_json());
    const auto run = [&](int threads) {
      Context context;
      context.threads = threads;
      return values_of(ngcf(events, options, context));
    };
    const std::vector<float> one = run(1);
    EXPECT_EQ(one.size(), 350U * 24);
    EXPECT_EQ(run(2), one);
    EXPECT_EQ(run(5), one);
    results.insert(one);
  }
  EXPECT_EQ(results.size(), 7U);  // no option is without effect
}

TEST(Ngcf, GoesOnFromACheckpointToTheSameBytes) {
  const Interactions events = grouped_events(100, 80, 4, 3);
  for (NgcfOptions& options : runs_of_all_kinds()) {
    const testing::ScopedTrace trace(__FILE__, __LINE__, option_values(options).to_json());
    const TemporaryFolder folder;
    options.training.epochs = 4;
    const std::vector<float> straight = values_of(ngcf(events, options, {}));
    options.training.checkpoint = Path{folder.path() + "/run.safetensors"};
    recommend::Listener stop(/*stop_after=*/17);  // in the middle of the second epoch
    EXPECT_THROW(ngcf(events, options, stop.context()), Cancelled);
    options.training.resume = true;
    EXPECT_EQ(values_of(ngcf(events, options, {})), straight);
  }
}

TEST(Ngcf, LetsItsRateFallAndKeepsThatWhenItGoesOnAndIsFitAnew) {
  const Interactions events = grouped_events(100, 80, 4, 3);
  const TemporaryFolder folder;
  NgcfOptions options = small_run();
  options.rate.schedule = RateSchedule::kCosine;
  const std::vector<float> straight = values_of(ngcf(events, options, {}));
  EXPECT_NE(straight, values_of(ngcf(events, small_run(), {})));
  options.training.checkpoint = Path{folder.path() + "/run.safetensors"};
  options.rate.schedule_epochs = options.training.epochs;
  options.training.epochs = 3;
  ngcf(events, options, {});
  options.training.epochs = 6;
  options.training.resume = true;
  EXPECT_EQ(values_of(ngcf(events, options, {})), straight);
  options.rate.schedule_epochs.reset();
  options.training.epochs = 7;  // another rate in each epoch
  EXPECT_THAT(error_of([&] { ngcf(events, options, {}); }),
              HasSubstr("schedule_epochs 6, and this run has 7"));
  // A second fit falls as the first did, also where it ends sooner.
  NgcfOptions refitted = small_run();
  refitted.rate.schedule = RateSchedule::kLinear;
  refitted.refit = true;
  const RecommenderModel model = ngcf(events, refitted, {});
  NgcfOptions plain = small_run();
  plain.rate = {.schedule = RateSchedule::kLinear, .schedule_epochs = plain.training.epochs};
  plain.validation = 0;
  plain.training.epochs = model.record.at("training").at("refit_epochs").as_int();
  EXPECT_EQ(values_of(model), values_of(ngcf(events, plain, {})));
}

TEST(Ngcf, AveragesInASecondFitFromTheEpochOfTheFirst) {
  const Interactions events = grouped_events(100, 80, 4, 3);
  NgcfOptions options = small_run();
  options.refit = true;
  options.training.averaging.kind = Averaging::kSwa;
  for (const double from : {0.1, 0.75}) {
    options.training.averaging.swa_from = from;
    options.training.epochs = 100;
    options.training.patience = 1;
    const RecommenderModel model = ngcf(events, options, {});
    NgcfOptions plain = options;
    plain.validation = 0;
    plain.refit = false;
    plain.training.epochs = model.record.at("training").at("refit_epochs").as_int();
    ASSERT_GT(plain.training.epochs, 11) << from;  // of 100, of which the mean begins after 10 and after 75
    ASSERT_LE(plain.training.epochs, 75) << from;
    plain.training.averaging.swa_epochs = 100;
    EXPECT_EQ(values_of(model), values_of(ngcf(events, plain, {})));
    plain.training.averaging = {};
    EXPECT_EQ(values_of(model) == values_of(ngcf(events, plain, {})), from == 0.75);
  }
}

TEST(Ngcf, IsTheSoupOfItsCheckpoints) {
  const Interactions events = grouped_events(100, 80, 4, 3);
  const TemporaryFolder folder;
  NgcfOptions soup = small_run();
  for (const double rate : {0.01, 0.02}) {
    NgcfOptions options = small_run();
    options.learning_rate = rate;
    options.training.checkpoint = Path{folder.path() + "/" + std::to_string(rate) + ".safetensors"};
    soup.training.soup.push_back(*options.training.checkpoint);
    ngcf(events, options, {});
  }
  const RecommenderModel model = ngcf(events, soup, {});
  const Value& told = model.record.at("training");
  EXPECT_EQ(told.at("metric"), Value("recall@20"));
  EXPECT_GE(told.at("soup").as_list().size(), 1U);
  EXPECT_EQ(told.at("soup").as_list()[0].at("options").at("layers"), option_values(soup).at("layers"));
  EXPECT_EQ(told.at("epochs"), Value(0));
}

TEST(Ngcf, RefitsOnAllEventsForTheBestNumberOfEpochs) {
  const Interactions events = grouped_events(100, 80, 4, 3);
  const TemporaryFolder folder;
  NgcfOptions options = small_run();
  options.refit = true;
  options.training.checkpoint = Path{folder.path() + "/run.safetensors"};
  const RecommenderModel refitted = ngcf(events, options, {});
  const Value& told = refitted.record.at("training");
  EXPECT_EQ(told.at("refit_epochs"), told.at("best_epoch"));
  NgcfOptions plain = small_run();
  plain.validation = 0;
  plain.training.epochs = told.at("best_epoch").as_int();
  const std::vector<float> expected = values_of(ngcf(events, plain, {}));
  EXPECT_EQ(values_of(refitted), expected);
  // Both runs are over: what comes is read from their checkpoints.
  options.training.resume = true;
  EXPECT_EQ(values_of(ngcf(events, options, {})), expected);
  EXPECT_TRUE(std::filesystem::exists(folder.path() + "/run.safetensors.refit"));
}

TEST(Ngcf, NamesTheStepOfALossThatIsNoNumberAndRefusesOthersCheckpoints) {
  const Interactions events = grouped_events(60, 40, 4, 3);
  const TemporaryFolder folder;
  NgcfOptions options = small_run();
  options.normalize = false;
  options.validation = 0;
  options.training.checkpoint = Path{folder.path() + "/run.safetensors"};
  options.training.epochs = 1;
  ngcf(events, options, {});
  options.training.resume = true;
  options.training.epochs = 50;
  NgcfOptions other = options;
  other.layers = {8};
  EXPECT_NE(error_of([&] { ngcf(events, other, {}); }).find("run.safetensors"), std::string::npos);
  options.training.resume = false;
  options.learning_rate = 1e30;  // beyond what the door lets pass
  const std::string sentence = error_of([&] { ngcf(events, options, {}); });
  EXPECT_NE(sentence.find("at step "), std::string::npos) << sentence;
}

TEST(Ngcf, AndLightGcnRefuseEachOthersCheckpoints) {
  const Interactions events = grouped_events(60, 40, 4, 3);
  const TemporaryFolder folder;
  NgcfOptions options = small_run();
  options.training.epochs = 1;
  recommend::LightGcnOptions other;
  other.dim = 8;
  other.epochs = other.evaluate_every = 1;
  options.training.checkpoint = Path{folder.file("ngcf.safetensors")};
  other.checkpoint = Path{folder.file("lightgcn.safetensors")};
  ngcf(events, options, {});
  recommend::lightgcn(events, other, {});
  std::swap(options.training.checkpoint, other.checkpoint);
  options.training.resume = other.resume = true;
  EXPECT_THAT(error_of([&] { ngcf(events, options, {}); }),
              HasSubstr("lightgcn.safetensors is a checkpoint of lightgcn, not of ngcf; name another"));
  EXPECT_THAT(error_of([&] { recommend::lightgcn(events, other, {}); }),
              HasSubstr("ngcf.safetensors is a checkpoint of ngcf, not of lightgcn; name another"));
}

TEST(Ngcf, LeavesUsersAndItemsWithoutEventsAtZeroAndSaysSo) {
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  for (uint32_t user = 0; user < 20; ++user) {
    if (user != 1) pairs.emplace_back(user, user % 10);
  }
  NgcfOptions options = small_run();
  options.validation = 0;
  recommend::Listener listener;
  const RecommenderModel model = ngcf(recommend::events_of(20, 11, pairs), options, listener.context());
  const auto& factors = std::get<Factors>(model.scores);
  const auto is_zero = [](float value) { return value == 0; };
  EXPECT_TRUE(std::ranges::all_of(factors.users.row<float>(1), is_zero));
  EXPECT_TRUE(std::ranges::all_of(factors.items.row<float>(10), is_zero));
  EXPECT_FALSE(std::ranges::all_of(factors.users.row<float>(2), is_zero));
  EXPECT_THAT(listener.notes, HasSubstr("1 user and 1 item without an event to learn from"));
  EXPECT_EQ(model.record.at("training").find("split_checksum"), nullptr);
}

TEST(Ngcf, AndLightGcnRefuseInOneSentenceWhatTheyCannotHoldOutOrRank) {
  const Interactions single = recommend::events_of(3, 3, {{0, 0}, {1, 1}, {2, 2}}),
                     whole = recommend::events_of(2, 2, {{0, 0}, {0, 1}});
  recommend::LightGcnOptions other;
  const std::string nothing_held_out = error_of([&] { ngcf(single, small_run(), {}); });
  EXPECT_THAT(nothing_held_out, HasSubstr("no user has enough items to hold out a share of 0.1 for "
                                          "validation; give a larger share, or 0 to run all epochs"));
  EXPECT_EQ(error_of([&] { recommend::lightgcn(single, other, {}); }), nothing_held_out);
  NgcfOptions options = small_run();
  other.validation = options.validation = 0;
  const std::string nothing_to_rank = error_of([&] { ngcf(whole, options, {}); });
  EXPECT_THAT(nothing_to_rank, HasSubstr("no pair of items can be ranked"));
  EXPECT_EQ(error_of([&] { recommend::lightgcn(whole, other, {}); }), nothing_to_rank);
}

TEST(Ngcf, NamesVectorsThatAreNoLongerFinite) {
  // One step to values of some 1e30, whose products are beyond float32 while they are not.
  const Interactions events = grouped_events(60, 40, 4, 3);
  NgcfOptions options = small_run();
  options.normalize = false;
  options.learning_rate = 1e30;  // beyond what the door lets pass
  options.training.batch_size = 10'000;
  options.training.epochs = 1;
  const auto sentence =
      HasSubstr("ngcf: the final vectors of users are not finite at step 1 of the training");
  EXPECT_THAT(error_of([&] { ngcf(events, options, {}); }), sentence);
  options.validation = 0;
  EXPECT_THAT(error_of([&] { ngcf(events, options, {}); }),
              testing::AllOf(sentence, HasSubstr("try a smaller --learning-rate")));
}

TEST(Ngcf, TellsTheSplitsChecksumInItsHistoryAndRecord) {
  const Interactions events = grouped_events(60, 40, 4, 3);
  const TemporaryFolder folder;
  NgcfOptions options = small_run();
  options.training.history = Path{folder.file("history.json")};
  const RecommenderModel model = ngcf(events, options, {});
  const std::string checksum = recommend::hold_out(events, options.validation, {}).checksum;
  EXPECT_EQ(model.record.at("training").at("split_checksum").as_string(), checksum);
  std::ifstream file(folder.file("history.json"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(text, HasSubstr("training and validation: " + checksum));
}

TEST(Ngcf, RanksItemsOfAUsersGroupFirstAndBeginsWithAFactorisationWhereAsked) {
  const Interactions events = grouped_events(120, 80, 4, 3);
  NgcfOptions options = small_run();
  options.validation = 0;
  options.factorization_epochs = 5;
  options.training.epochs = 20;
  const RecommenderModel model = ngcf(events, options, {});
  const auto& factors = std::get<Factors>(model.scores);
  double own = 0, other = 0;
  for (int64_t user = 0; user < 120; ++user) {
    for (int64_t item = 0; item < 80; ++item) {
      const auto u = factors.users.row<float>(user), i = factors.items.row<float>(item);
      const double score = std::inner_product(u.begin(), u.end(), i.begin(), 0.0);
      (item % 4 == user % 4 ? own : other) += score / (item % 4 == user % 4 ? 2400 : 7200);
    }
  }
  EXPECT_GT(own, other + 0.5);
}

}  // namespace
}  // namespace whitney::recsys
