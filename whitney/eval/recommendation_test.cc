#include "whitney/eval/recommendation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"
#include "whitney/data/interactions_reader.h"
#include "whitney/data/learner.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

Interactions events(Ids users, Ids items, const std::vector<uint32_t>& user_rows,
                    const std::vector<uint32_t>& item_rows) {
  return build_interactions(std::move(users), std::move(items), {user_rows, item_rows, {}, {}}, {});
}

RecommenderModel popular(const Interactions& train) {
  return std::get<RecommenderModel>(run_learner("most_popular", train, Value::object(), {}));
}

// Items 10 (three users), 20 (two), 30 (one), 40 (none): user 1, who has 10, is listed 20, 30, 40.
Interactions train() {
  return events(Ids::integers({1, 2, 3}), Ids::integers({10, 20, 30, 40}), {0, 1, 1, 2, 2, 2},
                {0, 0, 1, 0, 1, 2});
}

TEST(Recommendation, CountsUsersAndItemsThatTrainingDidNotMeet) {
  // User 1 took 30 and 99, which the model does not know; user 7, who is not known either, took 20 and gets
  // what is popular: 10, then 20.
  const Interactions test = events(Ids::integers({1, 7}), Ids::integers({20, 30, 99}), {0, 0, 1}, {1, 2, 0});
  RecommendationOptions options;
  options.ks = {2, 1};
  const Report report = recommendation(popular(train()), test, {}, options, {});
  ASSERT_EQ(report.rows.size(), 2U);
  EXPECT_EQ(report.rows[0].figures[0].name, "recall");
  EXPECT_DOUBLE_EQ(report.rows[0].figures[0].value, (0.5 + 1) / 2);
  EXPECT_DOUBLE_EQ(report.rows[1].figures[0].value, 0);
  EXPECT_DOUBLE_EQ(report.rows[0].figures[4].value, 0.5);  // 1 / rank, of both
  EXPECT_EQ(report.notes.size(), 3U);
}

TEST(Recommendation, TellsItsMemoryForEveryFormOfAModelAndRefusesWhatDoesNotFit) {
  const TemporaryFolder folder;
  const std::string path = folder.file("model.safetensors");
  const auto estimate = [&](const RecommenderModel& model) {
    save_recommender(model, path, true, {});
    return estimate_recommendation(path, {.num_rows = 2, .nnz = 3, .num_items = 3}, {}, {}, {}).peak_bytes;
  };
  const int64_t popularity = estimate(popular(train()));
  constexpr int64_t kDim = 100'000;
  RecommenderModel vectors = popular(train());
  vectors.scores = Factors{Matrix::zeros(3, kDim), Matrix::zeros(4, kDim)};
  // In the file, as a copy, and the items' once more.
  EXPECT_NEAR(static_cast<double>(estimate(vectors) - popularity), (2 * 7 + 4) * kDim * 4, 1e4);
  std::ofstream(folder.file("test.tsv")) << "1\t20\n";
  Context context;
  context.max_memory_bytes = 1'000'000;
  EXPECT_THAT(error_of([&] {
                evaluate(Verb::kEvaluate, "recommendation", {path, folder.file("test.tsv")}, Value::object(),
                         context);
              }),
              HasSubstr("recommendation needs about "));
  save_embeddings({Ids::row_numbers(1), Matrix::zeros(1, 2), {}}, path, true, {});
  EXPECT_THAT(error_of([&] { estimate_recommendation(path, {}, {}, {}, {}); }),
              HasSubstr("holds no recommender"));
}

TEST(Recommendation, TellsOfTestEventsThatAreTrainingEvents) {
  const Interactions test = events(Ids::integers({1}), Ids::integers({10, 20}), {0, 0}, {0, 1});
  RecommendationOptions options;
  options.ks = {1};
  const Report report = recommendation(popular(train()), test, {}, options, {});
  EXPECT_EQ(report.at("recall"), 0.5);
  EXPECT_EQ(report.notes.size(), 2U);
}

TEST(Recommendation, LeavesOutWhatWasSeenBesides) {
  const Interactions test = events(Ids::integers({1}), Ids::integers({30}), {0}, {0});
  const Interactions validation = events(Ids::integers({1}), Ids::integers({20}), {0}, {0});
  RecommendationOptions options;
  options.ks = {1};
  EXPECT_EQ(recommendation(popular(train()), test, {}, options, {}).at("recall"), 0);
  EXPECT_EQ(recommendation(popular(train()), test, validation, options, {}).at("recall"), 1);
}

TEST(Recommendation, TellsSlices) {
  const Interactions test = events(Ids::integers({1, 2}), Ids::integers({20, 40}), {0, 1}, {0, 1});
  RecommendationOptions options;
  options.ks = {1};
  options.slices = {0, 2};
  const Report report = recommendation(popular(train()), test, {}, options, {});
  ASSERT_EQ(report.rows.size(), 5U);
  EXPECT_EQ(report.rows[1].labels.at("slice"), Value("users of 0-1 events"));
  EXPECT_EQ(report.rows[1].figures[0].value, 1);  // user 1: 20 comes first
  EXPECT_EQ(report.rows[2].figures[0].value, 0);  // user 2: 30 does
  EXPECT_EQ(report.rows[3].figures[0].value, 0);  // item 40
  EXPECT_EQ(report.rows[4].figures[0].value, 1);  // item 20
}

TEST(Recommendation, RefusesTestsWithoutKnownUsersAndLengths) {
  const Interactions test = events(Ids::integers({7}), Ids::integers({20}), {0}, {0});
  EXPECT_THROW(recommendation(popular(train()), test, {}, {}, {}), Error);
  RecommendationOptions none;
  none.ks = {};
  EXPECT_THROW(recommendation(popular(train()), train(), {}, none, {}), UsageError);
}

TEST(Recommendation, RefusesATestWithoutEvents) {
  const Interactions none = events(Ids::integers({1}), Ids::integers({20}), {}, {});
  EXPECT_THAT(error_of([&] { recommendation(popular(train()), none, {}, {}, {}); }), HasSubstr("no event"));
}

/// Users of 12 events each, in time.
Interactions timed_events() {
  std::vector<uint32_t> users, items;
  std::vector<int64_t> times;
  for (uint32_t user = 0; user < 40; ++user) {
    for (uint32_t i = 0; i < 12; ++i) {
      users.push_back(user);
      items.push_back((user % 4) * 20 + (user + 3 * i) % 20);
      times.push_back(static_cast<int64_t>(100 * i + user));
    }
  }
  return build_interactions(Ids::row_numbers(40), Ids::row_numbers(80), {users, items, {}, times}, {});
}

TEST(Recommendation, LearnsFromOnePartAndMeasuresAnother) {
  // The same figures as by hand: split, learn, rank.
  const Interactions all = timed_events();
  RecommendationOptions options;
  options.learning.learn = {"item_knn", Value::object({{"neighbors", 5}})};
  options.learning.split = {.test_share = 0.25, .validation_share = 0.2};
  const InteractionsSplit split = split_interactions(all, options.learning.split, {});
  const auto model =
      std::get<RecommenderModel>(run_learner("item_knn", split.train, Value::object({{"neighbors", 5}}), {}));
  const Report by_hand = recommendation(model, split.test, split.validation, options, {});
  const Report found = recommendation_of_learner(all, options, {});
  EXPECT_GT(found.at("recall"), 0);
  EXPECT_EQ(found.at("ndcg"), by_hand.at("ndcg"));
  EXPECT_THAT(found.notes.front(), HasSubstr(split.checksum));
  options.learning.measure = MeasuredPart::kValidation;
  const Report on_validation = recommendation_of_learner(all, options, {});
  EXPECT_EQ(on_validation.at("recall"),
            recommendation(model, split.validation, {}, options, {}).at("recall"));
  EXPECT_THAT(on_validation.notes.back(), HasSubstr(split.checksum));
}

TEST(Recommendation, SplitsInEveryWayAndCountsItemsOnlyInTheTest) {
  for (const SplitBy by : {SplitBy::kUserRatio, SplitBy::kRatio, SplitBy::kLeaveLastOut,
                           SplitBy::kLeaveRandomOut, SplitBy::kTime}) {
    RecommendationOptions options;
    options.learning.split.by = by;
    const Report report = recommendation_of_learner(timed_events(), options, {});
    EXPECT_GT(report.at("recall"), 0) << name_of_enum(by);
  }
  // Items 30 and 31 come at the end only.
  const std::vector<uint32_t> users = {0, 0, 1, 1, 0, 1}, items = {0, 1, 0, 2, 30, 31};
  const std::vector<int64_t> times = {1, 2, 3, 4, 5, 6};
  RecommendationOptions options;
  options.learning.split = {.by = SplitBy::kTime, .test_share = 0.33, .validation_share = 0};
  const Report report = recommendation_of_learner(
      build_interactions(Ids::row_numbers(2), Ids::row_numbers(32), {users, items, {}, times}, {}), options,
      {});
  EXPECT_THAT(report.notes, Contains(HasSubstr("2 items of the test have no training event")));
}

TEST(Recommendation, RefusesToLearnWhatRecommendsNothing) {
  RecommendationOptions options;
  options.learning.learn.method = "fastrp";
  EXPECT_THAT(error_of([&] { recommendation_of_learner(timed_events(), options, {}); }),
              HasSubstr("fastrp reads a graph"));
  options.learning.learn.method = "rp3beta";
  options.learning.measure = MeasuredPart::kValidation;
  EXPECT_THAT(error_of([&] { recommendation_of_learner(timed_events(), options, {}); }),
              HasSubstr("validation_share above 0"));
}

// The known values of the card, to five digits, ties by the lower id.
TEST(Recommendation, OfThePopularIsAsKnownWhereTheFilesShareNoRows) {
  const char* root = std::getenv("WHITNEY_DATA");
  const std::string folder = std::string(root == nullptr ? "" : root) + "/lastfm";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "data are absent";
  const bool is_list = std::filesystem::exists(folder + "/train.txt.gz");
  const auto read = [&](const char* list, const char* columns) {
    return std::move(read_interactions({folder + (is_list ? list : columns)}, {}, {}).front());
  };
  const Report report = recommendation(popular(read("/train.txt.gz", "/data1.txt.gz")),
                                       read("/test.txt.gz", "/test1.txt.gz"), {}, {}, {});
  EXPECT_NEAR(report.at("recall"), 0.03670, 5e-6);
  EXPECT_NEAR(report.at("ndcg"), 0.02106, 5e-6);
}

}  // namespace
}  // namespace whitney
