#include "whitney/search/indexed_recommendations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/learner.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kUsers = 50, kItems = 700, kDim = 8;

Matrix drawn_vectors(int64_t rows, uint32_t seed) {
  std::mt19937 draw(seed);
  Matrix vectors(rows, kDim);
  for (float& value : std::span(vectors.mutable_data<float>(), static_cast<size_t>(rows * kDim)))
    value = static_cast<float>(draw()) / 4294967296.0F - 0.5F;
  return vectors;
}

/// User u has had u items: up to 10 of 700 are dropped from the hits, more are left out of the search. Item i
/// has the id 1000 + i and the price i % 10.
Recommendations drawn_model() {
  std::vector<uint32_t> users, items;
  std::mt19937 draw(7);
  for (uint32_t user = 0; user < kUsers; ++user) {
    for (uint32_t i = 0; i < user; ++i) {
      users.push_back(user);
      items.push_back(kItems - 1 - (draw() % 14 + 14 * i));
    }
  }
  Array<uint64_t> ids(kItems);
  std::iota(ids.mutable_data(), ids.mutable_data() + kItems, uint64_t{1000});
  RecommenderModel model{
      build_interactions(Ids::row_numbers(kUsers), Ids::integers(ids), {users, items, {}, {}}, {}),
      Factors{drawn_vectors(kUsers, 1), drawn_vectors(kItems, 2)}};
  Column price;
  price.name = "price";
  price.type = ColumnType::kInt;
  price.ints = Array<int64_t>(kItems);
  for (int64_t i = 0; i < kItems; ++i) price.ints.mutable_data()[i] = i % 10;
  model.attributes.num_rows = kItems;
  model.attributes.columns = {price};
  model.record = Value::object({{"method", "mf_bpr"}, {"seed", 1}});
  return Recommendations(std::move(model));
}

/// The items of a file of the model, the last first, or some of them.
Embeddings items_of(const Recommendations& model, int64_t count = kItems) {
  const TemporaryFolder folder;
  save_recommender(model.model(), folder.file("model.safetensors"), false, {});
  const Embeddings items = load_embeddings(Artifact::open(folder.file("model.safetensors")));
  std::vector<int64_t> rows(static_cast<size_t>(count));
  std::iota(rows.rbegin(), rows.rend(), kItems - count);
  Embeddings reversed{items.ids.select(rows), Matrix(count, items.dim()), items.attributes, items.record};
  auto* out = reversed.vectors.mutable_data<float>();
  for (const int64_t row : rows) out = std::ranges::copy(items.vectors.row<float>(row), out).out;
  reversed.attributes = join_attributes(reversed.ids, {items.ids, items.attributes}).attributes;
  return reversed;
}

Searcher indexed(const std::string& method, const Embeddings& items) {
  return Searcher(build_index(method, items, Value::object(), {}));
}

std::vector<uint32_t> all_users() {
  std::vector<uint32_t> users(kUsers);
  std::iota(users.begin(), users.end(), 0U);
  return users;
}

std::vector<std::string> ids_of(const Ids& ids, const SearchResult& result, int64_t query) {
  std::vector<std::string> texts;
  for (int64_t i = 0; i < result.counts[static_cast<size_t>(query)]; ++i)
    texts.push_back(ids.text(result.neighbors.rows[static_cast<size_t>(query * result.neighbors.k + i)]));
  return texts;
}

SearchRequest hits(int64_t k, const std::string& filter = "") {
  SearchRequest request;
  request.k = k;
  request.filter = filter;
  return request;
}

TEST(IndexedRecommendations, OfAnExactIndexAreTheModelsOwn) {
  const Recommendations model = drawn_model();
  const Searcher index = indexed("flat", items_of(model));
  const IndexedRecommendations through(model, index, {});
  for (const int64_t k : {1, 20, 800}) {
    for (const std::string filter : {"", "price < 3"}) {
      for (const bool keeps_seen : {false, true}) {
        const SearchResult own = model.recommend(all_users(), {k, filter, keeps_seen}, {}),
                           found = through.recommend(all_users(), hits(k, filter), keeps_seen, {});
        ASSERT_EQ(found.counts, own.counts) << k << filter << keeps_seen;
        for (int64_t user = 0; user < kUsers; ++user) {
          EXPECT_EQ(ids_of(index.index().ids(), found, user), ids_of(model.model().history.items, own, user))
              << k << filter << keeps_seen << ", user " << user;
          for (int64_t at = user * k; at < user * k + own.counts[static_cast<size_t>(user)]; ++at)
            EXPECT_NEAR(found.neighbors.values[static_cast<size_t>(at)],
                        own.neighbors.values[static_cast<size_t>(at)], 1e-5);
        }
      }
    }
  }
}

TEST(IndexedRecommendations, OfAGraphAreNearlyAllOfThem) {
  const Recommendations model = drawn_model();
  const Searcher index = indexed("hnsw", items_of(model));
  const IndexedRecommendations through(model, index, {});
  for (const std::string filter : {"", "price < 3"}) {
    const SearchResult own = model.recommend(all_users(), {20, filter, false}, {}),
                       found = through.recommend(all_users(), hits(20, filter), false, {});
    EXPECT_EQ(found.counts, own.counts);
    int64_t num_right = 0;
    for (int64_t user = 0; user < kUsers; ++user) {
      const auto right = ids_of(model.model().history.items, own, user);
      for (const std::string& id : ids_of(index.index().ids(), found, user))
        num_right += std::ranges::count(right, id);
    }
    EXPECT_GE(num_right, kUsers * 20 * 97 / 100) << filter;
  }
}

TEST(IndexedRecommendations, DoNotDependOnWhoElseIsAskedForNorOnThreads) {
  const Recommendations model = drawn_model();
  const Searcher index = indexed("hnsw", items_of(model));
  const IndexedRecommendations through(model, index, {});
  Context three;
  three.threads = 3;
  const SearchResult all = through.recommend(all_users(), hits(20), false, three);
  for (const uint32_t user : all_users()) {
    const SearchResult alone = through.recommend(std::vector{user}, hits(20), false, {});
    EXPECT_EQ(ids_of(index.index().ids(), alone, 0), ids_of(index.index().ids(), all, user)) << user;
  }
}

TEST(IndexedRecommendations, KnowItemsByTheirIdsAndOfferRowsThatTheModelDoesNotKnow) {
  // The last three items, of which one is removed, and a row besides.
  const Recommendations model = drawn_model();
  Searcher index = indexed("hnsw", items_of(model, 3));
  Embeddings more = items_of(model, 1);
  more.ids = Ids::integers(Array<uint64_t>::copy_of(std::vector<uint64_t>{5}));
  index.add(more, {});
  index.remove(Ids::integers(Array<uint64_t>::copy_of(std::vector<uint64_t>{1698})), {});
  const IndexedRecommendations through(model, index, {});
  int64_t num_left_out = 0;
  for (const uint32_t user : all_users()) {
    std::vector<std::string> allowed = {"1697", "1699", "5"};
    for (const uint32_t item : model.model().history.items_of(user))
      num_left_out += static_cast<int64_t>(std::erase(allowed, std::to_string(1000 + item)));
    std::vector<std::string> found =
        ids_of(index.index().ids(), through.recommend(std::vector{user}, hits(9), false, {}), 0);
    std::ranges::sort(found);
    EXPECT_EQ(found, allowed) << user;
  }
  EXPECT_GT(num_left_out, 0);
}

TEST(IndexedRecommendations, SolveVectorsOfNewUsersByIals) {
  const std::vector<uint32_t> users = {0, 0, 1, 1, 2}, items = {0, 1, 1, 2, 3};
  const Interactions events =
      build_interactions(Ids::row_numbers(4), Ids::row_numbers(5), {users, items, {}, {}}, {});
  const Recommendations model(
      std::get<RecommenderModel>(run_learner("ials", events, Value::object({{"dim", 3}}), {})));
  Embeddings held{Ids::row_numbers(5), std::get<Factors>(model.model().scores).items, {}, Value::object()};
  held.record.set("metric", "inner_product");
  const Searcher index = indexed("flat", held);
  const IndexedRecommendations through(model, index, {});
  for (const bool keeps_seen : {false, true}) {
    const SearchResult own = model.recommend_to_new({{0, 1}, {3}}, {.k = 4, .keeps_seen = keeps_seen}, {}),
                       found = through.recommend_to_new({{0, 1}, {3}}, hits(4), keeps_seen, {});
    EXPECT_EQ(found.neighbors.rows, own.neighbors.rows);
    EXPECT_EQ(found.counts, own.counts);
  }
}

TEST(IndexedRecommendations, EndWithTheirTime) {
  const Recommendations model = drawn_model();
  const Searcher index = indexed("flat", items_of(model));
  SearchRequest request = hits(20, "price < 3");
  request.timeout_ms = 0;
  const SearchResult found =
      IndexedRecommendations(model, index, {}).recommend(all_users(), request, false, {});
  EXPECT_TRUE(found.partial);
  EXPECT_THAT(found.counts, ::testing::Each(0));
}

TEST(IndexedRecommendations, ExplainWhatBecomesOfTheSeen) {
  const Recommendations model = drawn_model();
  const Searcher index = indexed("hnsw", items_of(model));
  const IndexedRecommendations through(model, index, {});
  SearchRequest request = hits(20);
  request.explain = true;
  const SearchResult few = through.recommend(std::vector<uint32_t>{3}, request, false, {}),
                     many = through.recommend(std::vector<uint32_t>{40}, request, false, {}),
                     kept = through.recommend(std::vector<uint32_t>{40}, request, true, {});
  EXPECT_EQ(few.explain.at("seen").at("hits_asked_for"), Value(24));
  EXPECT_EQ(kept.explain.at("seen").at("are"), Value("none"));
  EXPECT_EQ(few.explain.at("index"), Value("hnsw"));
  EXPECT_EQ(many.explain.at("seen").at("are"), Value("left out of the search"));
}

template <class Work>
std::string refusal_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(IndexedRecommendations, RefuseWhatDoesNotFit) {
  const Recommendations model = drawn_model();
  const auto refusal = [&](const Embeddings& items) {
    const Searcher index = indexed("flat", items);
    return refusal_of([&] { IndexedRecommendations(model, index, {}); });
  };
  Embeddings items = items_of(model);
  EXPECT_THAT(refusal(items), IsEmpty());
  items.record.set("metric", "cosine");
  EXPECT_THAT(refusal(items), HasSubstr("compares by cosine, and the model scores by inner_product"));
  items = items_of(model);
  items.ids = Ids::row_numbers(kItems);
  EXPECT_THAT(refusal(items), HasSubstr("none of the model's items"));
  items.vectors = Matrix(kItems, kDim + 1);
  std::ranges::fill(std::span(items.vectors.mutable_data<float>(), static_cast<size_t>(kItems * (kDim + 1))),
                    1.0F);
  EXPECT_THAT(refusal(items), HasSubstr("vectors of 9 values, the model's have 8"));

  const Searcher index = indexed("flat", items_of(model));
  const IndexedRecommendations through(model, index, {});
  EXPECT_THAT(refusal_of([&] { through.recommend_to_new({{1}}, {}, false, {}); }),
              HasSubstr("mf_bpr has no vectors of new users"));
  EXPECT_THAT(refusal_of([&] { through.recommend(std::vector<uint32_t>{kUsers}, {}, false, {}); }),
              HasSubstr("user row 50 of 50"));
  EXPECT_THROW(through.recommend(all_users(), hits(0), false, {}), UsageError);
  EXPECT_THROW(through.recommend(all_users(), hits(3, "prize < 3"), false, {}), UsageError);
}

TEST(IndexedRecommendations, CheckTheRequestAsASearchDoesAlsoOfNoUser) {
  const Recommendations model = drawn_model();
  const Searcher index = indexed("flat", items_of(model));
  const IndexedRecommendations through(model, index, {});
  for (const std::vector<uint32_t>& users : {std::vector<uint32_t>{}, std::vector<uint32_t>{1}}) {
    const auto refusal = [&](const SearchRequest& request) {
      return error_of([&] { through.recommend(users, request, false, {}); });
    };
    SearchRequest request = hits(3);
    for (const double timeout : {-1.0, std::numeric_limits<double>::quiet_NaN()}) {
      request.timeout_ms = timeout;
      EXPECT_THAT(refusal(request), HasSubstr("a search may take 0 or more"));
    }
    request = hits(3);
    request.options = Value::object({{"efx", 3}});
    EXPECT_THAT(refusal(request), HasSubstr("efx"));
    EXPECT_THAT(refusal(hits(3, "price = (")), Not(IsEmpty()));
    EXPECT_THAT(refusal(hits(3, "prise < 3")), HasSubstr("prise"));
    EXPECT_THAT(refusal(hits(0)), HasSubstr("k"));
  }
}

TEST(IndexedRecommendations, RefuseAnIndexWhoseItemsWereAllRemoved) {
  const Recommendations model = drawn_model();
  Searcher index = indexed("flat", items_of(model, 2));
  Embeddings other = items_of(model, 1);
  Array<uint64_t> id(1);
  *id.mutable_data() = 9;
  other.ids = Ids::integers(id);
  index.add(other, {});
  index.remove(model.model().history.items.select(std::vector<int64_t>{kItems - 1, kItems - 2}), {});
  ASSERT_EQ(index.index().live().size(), 1);
  EXPECT_THAT(error_of([&] { IndexedRecommendations(model, index, {}); }),
              HasSubstr("none of the model's items"));
}

TEST(IndexedRecommendations, RefuseModelsWithoutVectors) {
  const std::vector<uint32_t> users = {0, 0, 1}, items = {0, 1, 1};
  const Interactions events =
      build_interactions(Ids::row_numbers(2), Ids::row_numbers(2), {users, items, {}, {}}, {});
  const Recommendations drawn = drawn_model();
  const Searcher index = indexed("flat", items_of(drawn));
  for (const auto& [method, reason] : std::vector<std::pair<std::string, std::string>>{
           {"rp3beta", "rp3beta scores by items' weights and has no vectors that an index could hold"},
           {"ease", "ease scores by items' weights and has no vectors that an index could hold"},
           {"most_popular", "most_popular scores by how many users have an item and has no vectors"}}) {
    const Recommendations model(std::get<RecommenderModel>(run_learner(method, events, Value::object(), {})));
    EXPECT_THAT(refusal_of([&] { IndexedRecommendations(model, index, {}); }), HasSubstr(reason));
  }
}

TEST(IndexedRecommendations, NoteAnIndexOfAnotherTraining) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const Recommendations model = drawn_model();
  const Embeddings items = items_of(model);
  const Searcher index = indexed("hnsw", items);
  IndexedRecommendations(model, index, context);
  EXPECT_THAT(notes.sentences, IsEmpty());

  RecommenderModel trained_again = model.model();
  trained_again.record.set("seed", 2);
  const Recommendations other(std::move(trained_again));
  IndexedRecommendations(other, index, context);
  EXPECT_THAT(notes.sentences, ElementsAre(HasSubstr("made of another model")));
}

}  // namespace
}  // namespace whitney
