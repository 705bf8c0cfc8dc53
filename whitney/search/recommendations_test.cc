#include "whitney/search/recommendations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/parallel.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/learner.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Users 0 to 3 of items 0 to 4: 0 has {0, 1}, 1 has {1, 2}, 2 has {3}, 3 nothing.
Interactions events() {
  const std::vector<uint32_t> users = {0, 0, 1, 1, 2}, items = {0, 1, 1, 2, 3};
  return build_interactions(Ids::row_numbers(4), Ids::row_numbers(5), {users, items, {}, {}}, {});
}

Recommendations learnt(const std::string& method, const Value& options = Value::object()) {
  auto model = std::get<RecommenderModel>(run_learner(method, events(), options, {}));
  Column price;
  price.name = "price";
  price.type = ColumnType::kInt;
  price.ints = {9, 1, 5, 2, 7};
  model.attributes.num_rows = 5;
  model.attributes.columns = {price};
  return Recommendations(std::move(model));
}

std::vector<int64_t> rows_of(const SearchResult& result, size_t query) {
  const auto begin = result.neighbors.rows.begin() + static_cast<int64_t>(query) * result.neighbors.k;
  return {begin, begin + result.counts[query]};
}

TEST(Recommendations, LeaveSeenItemsOutAndHoldTheFilter) {
  const Recommendations popular = learnt("most_popular");
  const std::vector<uint32_t> users = {0, 3};
  const SearchResult all = popular.recommend(users, {.k = 9}, {});
  EXPECT_THAT(rows_of(all, 0), ElementsAre(2, 3, 4));
  EXPECT_THAT(rows_of(all, 1), ElementsAre(1, 0, 2, 3, 4));
  const SearchResult cheap = popular.recommend(users, {.k = 2, .filter = "price < 6"}, {});
  EXPECT_THAT(rows_of(cheap, 0), ElementsAre(2, 3));
  EXPECT_THAT(rows_of(cheap, 1), ElementsAre(1, 2));
  EXPECT_EQ(cheap.neighbors.values[2], 2);
  const SearchResult kept = popular.recommend(users, {.k = 2, .keeps_seen = true}, {});
  EXPECT_THAT(rows_of(kept, 0), ElementsAre(1, 0));
  EXPECT_THAT(rows_of(popular.recommend(users, {.k = 9, .filter = "price > 100"}, {}), 0), ElementsAre());
}

TEST(Recommendations, RefuseMoreHitsThanFitTheMemory) {
  Context small;
  small.max_memory_bytes = int64_t{64} << 20;
  const Recommendations popular = learnt("most_popular");
  EXPECT_THAT(error_of([&] { popular.recommend(std::vector<uint32_t>{0}, {.k = 100'000'000}, small); }),
              HasSubstr("100000000 hits for each of 1 queries do not fit the memory allowed"));
}

TEST(Recommendations, UnderAFilterAreThoseWithoutOneThatPass) {
  for (const char* method : {"most_popular", "item_knn", "rp3beta", "ease", "ials"}) {
    const Recommendations model = learnt(method);
    const std::vector<uint32_t> users = {0, 1, 2, 3};
    const SearchResult all = model.recommend(users, {.k = 5}, {}),
                       some = model.recommend(users, {.k = 5, .filter = "price < 6"}, {});
    for (size_t q = 0; q < 4; ++q) {
      std::vector<int64_t> passing = rows_of(all, q);
      std::erase_if(passing, [](int64_t item) { return item == 0 || item == 4; });
      EXPECT_EQ(rows_of(some, q), passing) << method;
    }
  }
}

TEST(Recommendations, KnowNewUsersByTheirItems) {
  // User 0's items as a new user's: the same scores.
  for (const char* method : {"most_popular", "item_knn", "rp3beta", "ease", "ials"}) {
    const Recommendations model =
        learnt(method,
               std::string(method) == "ials" ? Value::object({{"dim", 3}, {"epochs", 60}}) : Value::object());
    const SearchResult known = model.recommend(std::vector<uint32_t>{0}, {.k = 3}, {}),
                       fresh = model.recommend_to_new({{0, 1}}, {.k = 3}, {});
    EXPECT_EQ(rows_of(fresh, 0), rows_of(known, 0)) << method;
    for (size_t i = 0; i < 3; ++i)
      EXPECT_NEAR(fresh.neighbors.values[i], known.neighbors.values[i], 1e-3) << method;
  }
}

TEST(Recommendations, FindItemsThatAreAlike) {
  const std::vector<uint32_t> items = {1};
  const SearchResult neighbors = learnt("item_knn").similar_items(items, {.k = 2}, {});
  EXPECT_THAT(rows_of(neighbors, 0), ElementsAre(0, 2));
  const SearchResult cosines =
      learnt("ials", Value::object({{"dim", 3}})).similar_items(items, {.k = 9, .filter = "price != 2"}, {});
  EXPECT_EQ(cosines.counts[0], 3);
  EXPECT_LE(cosines.neighbors.values[0], 1.0001F);
  EXPECT_GE(cosines.neighbors.values[0], cosines.neighbors.values[2]);
  EXPECT_THROW(learnt("most_popular").similar_items(items, {}, {}), Error);
}

TEST(Recommendations, AreTheSameAskedAgainByAnyThread) {
  // What is kept for the next question is made by the first, here by two at once.
  const Recommendations model = learnt("ials", Value::object({{"dim", 3}}));
  const std::vector<uint32_t> items = {0, 1, 2, 3, 4};
  const SearchResult once = learnt("ials", Value::object({{"dim", 3}})).similar_items(items, {.k = 4}, {}),
                     fresh =
                         learnt("ials", Value::object({{"dim", 3}})).recommend_to_new({{0, 1}}, {.k = 4}, {});
  Context two;
  two.threads = 2;
  parallel_for(two, 6, [&](int64_t) {
    const SearchResult like = model.similar_items(items, {.k = 4}, {}),
                       of_new = model.recommend_to_new({{0, 1}}, {.k = 4}, {});
    EXPECT_EQ(like.neighbors.rows, once.neighbors.rows);
    EXPECT_EQ(of_new.neighbors.rows, fresh.neighbors.rows);
  });
  // More new users than training had, of popularity.
  EXPECT_EQ(learnt("most_popular")
                .recommend_to_new(std::vector<std::vector<uint32_t>>(9), {.k = 2}, {})
                .counts.size(),
            9U);
}

TEST(Recommendations, AreThoseOfTheFile) {
  const TemporaryFolder folder;
  const Recommendations model = learnt("ials", Value::object({{"dim", 3}}));
  save_recommender(model.model(), folder.file("model.safetensors"), false, {});
  const std::vector<uint32_t> users = {0, 1, 2, 3};
  const SearchResult written =
      Recommendations::open(folder.file("model.safetensors")).recommend(users, {}, {});
  EXPECT_EQ(written.neighbors.rows, model.recommend(users, {}, {}).neighbors.rows);
}

TEST(Recommendations, RefuseWhatIsNotThere) {
  const Recommendations model = learnt("rp3beta");
  EXPECT_THROW(model.recommend(std::vector<uint32_t>{4}, {}, {}), Error);
  EXPECT_THROW(model.similar_items(std::vector<uint32_t>{5}, {}, {}), Error);
  EXPECT_THROW(model.recommend(std::vector<uint32_t>{0}, {.k = 0}, {}), UsageError);
  EXPECT_THROW(model.recommend(std::vector<uint32_t>{0}, {.filter = "prize < 3"}, {}), UsageError);
}

}  // namespace
}  // namespace whitney
