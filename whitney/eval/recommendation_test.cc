#include "whitney/eval/recommendation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/interactions_reader.h"
#include "whitney/data/learner.h"

namespace whitney {
namespace {

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
