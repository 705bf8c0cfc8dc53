#include "whitney/search/hnsw.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <numeric>
#include <tuple>

#include "whitney/core/error.h"
#include "whitney/core/one_in_test.h"
#include "whitney/linalg/simd.h"
#include "whitney/search/hnsw_cases_test.h"

namespace whitney::search {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::array kMetrics = {Metric::kCosine, Metric::kInnerProduct, Metric::kL2};

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::vector<uint32_t> all_rows(int64_t n) {
  std::vector<uint32_t> rows(static_cast<size_t>(n));
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

std::vector<int64_t> hits_of(const SearchResult& result, int64_t query) {
  const auto begin = result.neighbors.rows.begin() + query * result.neighbors.k;
  return {begin, begin + result.counts[static_cast<size_t>(query)]};
}

// The hits are rows that may be returned, none twice, with their true values, and these are the best there
// are.
void expect_exact(const SearchResult& result, const Matrix& queries, const Matrix& vectors,
                  std::span<const uint32_t> candidates, int64_t k, Metric metric) {
  const std::set<int64_t> allowed(candidates.begin(), candidates.end());
  for (int64_t q = 0; q < queries.rows(); ++q) {
    const std::vector<int64_t> hits = hits_of(result, q);
    const std::vector<double> best = best_values(queries.row<float>(q), vectors, candidates, k, metric);
    ASSERT_EQ(hits.size(), best.size());
    ASSERT_EQ(std::set<int64_t>(hits.begin(), hits.end()).size(), hits.size());
    for (size_t i = 0; i < hits.size(); ++i) {
      ASSERT_TRUE(allowed.contains(hits[i]));
      const double value = value_by_hand(queries.row<float>(q), vectors.row<float>(hits[i]), metric);
      const double given = result.neighbors.values[static_cast<size_t>(q * k) + i];
      // Float32 sums of normal values in a few dimensions; a distance of nearly 0 is a root of rounding.
      EXPECT_NEAR(given, value, 1e-3 * std::max(1.0, std::abs(value)));
      EXPECT_NEAR(given, best[i], 1e-3 * std::max(1.0, std::abs(value)));
    }
  }
}

TEST(Hnsw, FindsExactNeighboursWhenEfReachesSize) {
  const Matrix vectors = normal_vectors(200, 7, 1), queries = normal_vectors(12, 7, 2);
  for (const Metric metric : kMetrics) {
    const SearchResult result = hnsw_of(vectors, metric)->search(queries, search_params(10, 200), {});
    expect_exact(result, queries, vectors, all_rows(200), 10, metric);
  }
}

TEST(Hnsw, FindsNearlyAllNeighboursByAWalk) {
  const Matrix vectors = normal_vectors(2000, 8, 3), queries = normal_vectors(50, 8, 4);
  for (const Metric metric : kMetrics) {
    SearchParams params = search_params(10, 80);
    params.explain = true;
    const auto index = hnsw_of(vectors, metric, 12, 80);
    const SearchResult result = index->search(queries, params, {});
    EXPECT_EQ(result.explain.at("plan"), Value("graph"));
    params.exact = true;
    const SearchResult exact = index->search(queries, params, {});
    EXPECT_EQ(exact.explain.at("plan"), Value("scan"));
    expect_exact(exact, queries, vectors, all_rows(2000), 10, metric);
    int64_t num_found = 0;
    for (int64_t q = 0; q < 50; ++q) {
      const std::vector<int64_t> truth = hits_of(exact, q);
      for (const int64_t row : hits_of(result, q)) num_found += std::ranges::count(truth, row);
    }
    EXPECT_GE(num_found, 490) << name_of_enum(metric);
  }
}

TEST(Hnsw, FindsEveryVectorByItself) {
  const Matrix vectors = normal_vectors(1000, 8, 5);
  const auto index = hnsw_of(vectors, Metric::kL2, 16, 200);
  const SearchResult result = index->search(vectors, search_params(1, 50), {});
  EXPECT_EQ(result.neighbors.rows, [] {
    std::vector<int64_t> rows(1000);
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
  }());
}

TEST(Hnsw, WorksAtEverySimdLevel) {
  const Matrix vectors = normal_vectors(300, 37, 6), queries = normal_vectors(5, 37, 7);
  for (const std::string& level : simd_levels()) {
    set_simd_level(level);
    for (const Metric metric : kMetrics) {
      const auto index = hnsw_of(vectors, metric, 6, 30);
      const SearchResult result = index->search(queries, search_params(10, 20), {});
      SearchParams params = search_params(10, 20);
      params.exact = true;
      expect_exact(index->search(queries, params, {}), queries, vectors, all_rows(300), 10, metric);
      for (const int64_t count : result.counts) EXPECT_EQ(count, 10);
    }
  }
  set_simd_level("");
}

TEST(Hnsw, HoldsIntegersHeavyTailsAndFloatsAlike) {
  Matrix tails = normal_vectors(400, 6, 8);
  tails.mutable_data<float>()[9] = 5000;
  const Matrix queries = normal_vectors(8, 6, 9);
  for (const Matrix& vectors : {tails, normal_vectors(400, 6, 10), integer_vectors(400, 6, 11, 200)}) {
    for (const Metric metric : kMetrics) {
      SearchParams params = search_params(10, 20);
      params.exact = true;
      expect_exact(hnsw_of(vectors, metric)->search(queries, params, {}), queries, vectors, all_rows(400), 10,
                   metric);
    }
  }
}

TEST(Hnsw, GivesTheSameHitsForAnyNumberOfThreads) {
  const Matrix vectors = normal_vectors(900, 5, 12), queries = normal_vectors(70, 5, 13);
  const auto index = hnsw_of(vectors, Metric::kCosine);
  Context context;
  context.threads = 1;
  const SearchResult one = index->search(queries, search_params(5, 30), context);
  for (const int threads : {2, 5}) {
    context.threads = threads;
    const SearchResult many = index->search(queries, search_params(5, 30), context);
    EXPECT_EQ(many.neighbors.rows, one.neighbors.rows);
    EXPECT_EQ(many.neighbors.values, one.neighbors.values);
  }
}

RC_GTEST_PROP(Hnsw, FiltersAsAFilterAfterwards, ()) {
  const int64_t n = *rc::gen::inRange(1, 150), k = *rc::gen::inRange(1, 40);
  const Metric metric = kMetrics[*rc::gen::inRange<size_t>(0, 3)];
  // Few different values, so that rows repeat and under cosine some are zero.
  const Matrix vectors = integer_vectors(n, 3, *rc::gen::inRange<uint64_t>(0, 1000), 4);
  const Matrix queries = normal_vectors(3, 3, *rc::gen::inRange<uint64_t>(0, 1000));
  std::vector<uint32_t> candidates;
  for (uint32_t row = 0; row < n; ++row) {
    const bool is_zero = metric == Metric::kCosine && std::ranges::count(vectors.row<float>(row), 0.0F) == 3;
    if (!is_zero && *rc::gen::arbitrary<bool>()) candidates.push_back(row);
  }
  const RowSet allowed = RowSet::of(candidates);
  SearchParams params = search_params(k, 10);
  params.allowed = &allowed;
  const SearchResult result = hnsw_of(vectors, metric, 4, 20)->search(queries, params, {});
  expect_exact(result, queries, vectors, candidates, k, metric);
}

TEST(Hnsw, ReturnsAllThatAreDueUnderFiltersFarFromTheQuery) {
  // 4,000 passing vectors around (9, ...) and queries around 0: a walk meets none on its way.
  const int64_t near = fewer(2000), num_far = fewer(4000), n = near + num_far;
  Matrix vectors = normal_vectors(n, 4, 14);
  auto* values = vectors.mutable_data<float>();
  for (int64_t i = near; i < n; ++i) {
    for (int64_t j = 0; j < 4; ++j) values[i * 4 + j] += 9;
  }
  const auto index = hnsw_of(vectors, Metric::kL2, 6, 24);
  const RowSet far = RowSet::range(static_cast<uint32_t>(near), static_cast<uint32_t>(n));
  const Matrix queries = normal_vectors(10, 4, 15);
  SearchParams params = search_params(10, 20);
  params.allowed = &far;
  params.plan = FilterPlan::kFilteredGraph;
  params.explain = true;
  const SearchResult result = index->search(queries, params, {});
  EXPECT_EQ(result.explain.at("plan"), Value("filtered graph"));
  for (int64_t q = 0; q < 10; ++q) {
    const std::vector<int64_t> hits = hits_of(result, q);
    EXPECT_EQ(hits.size(), 10);
    for (const int64_t row : hits) EXPECT_GE(row, near);
  }
  for (const int64_t k : {num_far * 5 / 8, num_far, num_far * 5 / 4}) {
    params.k = k;
    const SearchResult many = index->search(queries, params, {});
    EXPECT_THAT(many.counts, testing::Each(std::min(k, num_far)));
  }
}

TEST(Hnsw, FindsMostNeighboursByAFilteredWalk) {
  const Matrix vectors = normal_vectors(5000, 6, 16), queries = normal_vectors(30, 6, 17);
  const auto index = hnsw_of(vectors, Metric::kL2, 8, 40);
  std::vector<uint32_t> even;
  for (uint32_t row = 0; row < 5000; row += 2) even.push_back(row);
  const RowSet allowed = RowSet::of(even);
  SearchParams params = search_params(10, 80);
  params.allowed = &allowed;
  params.plan = FilterPlan::kFilteredGraph;
  params.explain = true;
  const SearchResult result = index->search(queries, params, {});
  EXPECT_EQ(result.explain.at("plan"), Value("filtered graph"));
  int64_t num_found = 0;
  for (int64_t q = 0; q < 30; ++q) {
    const double tenth = best_values(queries.row<float>(q), vectors, even, 10, Metric::kL2).back();
    for (const int64_t row : hits_of(result, q)) {
      EXPECT_EQ(row % 2, 0);
      num_found += value_by_hand(queries.row<float>(q), vectors.row<float>(row), Metric::kL2) <= tenth + 1e-5;
    }
  }
  EXPECT_GE(num_found, 285);
}

TEST(Hnsw, FindsAllOfManyEqualVectors) {
  Matrix vectors = normal_vectors(100, 4, 18);
  auto* values = vectors.mutable_data<float>();
  for (int64_t i = 1; i < 60; ++i) std::copy_n(values, 4, values + i * 4);
  const Matrix query = Matrix::copy_of(vectors.view().slice(0, 1));
  const SearchResult result = hnsw_of(vectors, Metric::kL2)->search(query, search_params(60, 10), {});
  std::vector<int64_t> equal(60);
  std::iota(equal.begin(), equal.end(), 0);
  EXPECT_EQ(hits_of(result, 0), equal);
}

TEST(Hnsw, LeavesOutTheRowOfEachQuery) {
  const Matrix vectors = normal_vectors(80, 3, 19);
  const auto index = hnsw_of(vectors, Metric::kCosine);
  SearchParams params = search_params(79, 10);
  params.excluded.resize(80);
  std::iota(params.excluded.begin(), params.excluded.end(), -1);
  const SearchResult result = index->search(vectors, params, {});
  EXPECT_EQ(result.counts[0], 79);
  for (int64_t q = 0; q < 80; ++q) {
    const std::vector<int64_t> hits = hits_of(result, q);
    EXPECT_EQ(hits.size(), 79);
    EXPECT_EQ(std::ranges::count(hits, q - 1), 0);
  }
}

TEST(Hnsw, PutsZeroVectorsBehindTheOthersUnderCosine) {
  Matrix vectors = Matrix::zeros(5, 2);
  auto* values = vectors.mutable_data<float>();
  values[2] = 1;   // row 1: (1, 0)
  values[6] = -1;  // row 3: (-1, 0)
  const auto index = hnsw_of(vectors, Metric::kCosine);
  Matrix query = Matrix::zeros(1, 2);
  query.mutable_data<float>()[0] = 2;
  EXPECT_THAT(hits_of(index->search(query, search_params(2, 10), {}), 0), ElementsAre(1, 3));
  const SearchResult result = index->search(query, search_params(9, 10), {});
  EXPECT_THAT(hits_of(result, 0), ElementsAre(1, 0, 2, 4, 3));
  EXPECT_EQ(std::vector<float>(result.neighbors.values.begin(), result.neighbors.values.begin() + 5),
            (std::vector<float>{1, 0, 0, 0, -1}));
}

TEST(Hnsw, ScoresZeroWithAZeroQueryUnderCosine) {
  const auto index = hnsw_of(normal_vectors(20, 3, 20), Metric::kCosine);
  const SearchResult result = index->search(Matrix::zeros(1, 3), search_params(4, 10), {});
  EXPECT_THAT(hits_of(result, 0), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(result.neighbors.values[0], 0);
}

TEST(Hnsw, ReturnsEveryRowWhenKIsLarger) {
  const auto index = hnsw_of(normal_vectors(30, 3, 21), Metric::kL2);
  const SearchResult result = index->search(normal_vectors(1, 3, 22), search_params(100, 10), {});
  EXPECT_THAT(result.counts, ElementsAre(30));
  EXPECT_EQ(result.neighbors.rows[30], -1);
  EXPECT_TRUE(std::isnan(result.neighbors.values[30]));
}

TEST(Hnsw, RefusesQueriesThatHaveNoAnswer) {
  const auto index = hnsw_of(normal_vectors(30, 3, 23), Metric::kL2);
  EXPECT_THROW(index->search(normal_vectors(1, 3, 1), search_params(0, 10), {}), UsageError);
  EXPECT_THAT(error_of([&] { index->search(normal_vectors(1, 4, 1), search_params(3, 10), {}); }),
              HasSubstr("4 dimensions"));
  Matrix query = normal_vectors(1, 3, 24);
  query.mutable_data<float>()[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(error_of([&] { index->search(query, search_params(3, 10), {}); }), HasSubstr("NaN"));
}

TEST(Hnsw, RefusesVectorsThatAreTooWide) {
  EXPECT_THAT(error_of([] { hnsw_of(Matrix::zeros(1, 32'769), Metric::kL2); }), HasSubstr("32768"));
}

TEST(Hnsw, FindsWhatWasAddedLater) {
  const Matrix first = normal_vectors(120, 4, 25), second = normal_vectors(150, 4, 26);
  const auto index = hnsw_of(first, Metric::kL2);
  Embeddings more = embeddings_of(second, Metric::kL2);
  Array<uint64_t> ids(150);
  for (int64_t i = 0; i < 150; ++i) ids.mutable_data()[i] = static_cast<uint64_t>(1000 + i);
  more.ids = Ids::integers(ids);
  index->add(more, {});
  const SearchResult result = index->search(second, search_params(1, 40), {});
  for (int64_t q = 0; q < 150; ++q) EXPECT_EQ(result.neighbors.rows[static_cast<size_t>(q)], 120 + q);
  EXPECT_EQ(index->ids().integer(120), 1000);
}

TEST(Hnsw, TakesVectorsFarOutsideTheRangeOfTheFirst) {
  for (const Metric metric : kMetrics) {
    const auto index = hnsw_of(integer_vectors(100, 4, 27, 10), metric);
    Matrix far = normal_vectors(40, 4, 28);
    auto* values = far.mutable_data<float>();
    for (int64_t i = 0; i < 160; ++i) values[i] *= 1000;
    Embeddings more = embeddings_of(far, metric);
    Array<uint64_t> ids(40);
    for (int64_t i = 0; i < 40; ++i) ids.mutable_data()[i] = static_cast<uint64_t>(1000 + i);
    more.ids = Ids::integers(ids);
    index->add(more, {});
    const std::vector<float> stored = index->vector(100 + 7);
    if (metric == Metric::kL2) {
      for (size_t j = 0; j < 4; ++j) EXPECT_NEAR(stored[j], far.row<float>(7)[j], 1e-3);
    }
    const SearchResult result = index->search(far, search_params(1, 40), {});
    for (int64_t q = 0; q < 40 && metric != Metric::kInnerProduct; ++q) {
      EXPECT_EQ(result.neighbors.rows[static_cast<size_t>(q)], 100 + q);
    }
  }
}

TEST(Hnsw, PutsAVectorAddedAgainBesideItsEqual) {
  const Matrix vectors = integer_vectors(40, 3, 29, 30);
  HnswParts parts = build_hnsw(embeddings_of(vectors, Metric::kL2), hnsw_options(4, 20), {});
  const int64_t num_nodes = parts.graph.num_nodes;
  Embeddings more = embeddings_of(Matrix::copy_of(vectors.view().slice(0, 10)), Metric::kL2);
  more.ids = Ids::integers({100, 101, 102, 103, 104, 105, 106, 107, 108, 109});
  add_to_hnsw(parts, more, {});
  EXPECT_EQ(parts.graph.num_nodes, num_nodes);
  EXPECT_EQ(parts.nodes.node_of(40), parts.nodes.node_of(0));
}

TEST(Hnsw, StaysAsItWasWhenRowsCannotBeAdded) {
  const auto index = hnsw_of(normal_vectors(30, 3, 30), Metric::kL2);
  const Embeddings same = embeddings_of(normal_vectors(2, 3, 31), Metric::kL2);
  EXPECT_THAT(error_of([&] { index->add(same, {}); }), HasSubstr("in the index already"));
  EXPECT_EQ(index->num_rows(), 30);
}

TEST(Hnsw, FindsRemovedRowsNoMoreAndStaysSound) {
  const Matrix vectors = normal_vectors(200, 4, 32);
  HnswParts parts = build_hnsw(embeddings_of(vectors, Metric::kL2), hnsw_options(4, 20), {});
  ScratchPool pool;
  std::vector<uint32_t> left = all_rows(200);
  for (uint32_t round = 0; round < 6; ++round) {
    // Row numbers stay until a quarter is gone: those removed here are few enough to keep them.
    std::vector<uint32_t> gone;
    for (uint32_t row = round; row < 200 && gone.size() < 8; row += 25) gone.push_back(row);
    if (round == 0) gone.push_back(199);
    remove_from_hnsw(parts, gone, {});
    for (const uint32_t row : gone) left.erase(std::ranges::find(left, row));
    expect_sound(parts);
    if (parts.rows.size() != 200) break;
    const SearchResult result = search_hnsw(parts, pool, vectors, search_params(5, 10), {});
    expect_exact(result, vectors, vectors, left, 5, Metric::kL2);
  }
}

TEST(Hnsw, IsEmptyWhenAllIsRemovedAndTakesRowsAgain) {
  const Matrix vectors = normal_vectors(50, 4, 33);
  const auto index = hnsw_of(vectors, Metric::kL2);
  index->remove(Ids::row_numbers(50), {});
  EXPECT_TRUE(index->live().empty());
  EXPECT_THAT(index->search(normal_vectors(1, 4, 1), search_params(3, 10), {}).counts, ElementsAre(0));
  index->add(embeddings_of(normal_vectors(20, 4, 34), Metric::kL2), {});
  EXPECT_THAT(index->search(normal_vectors(1, 4, 1), search_params(30, 10), {}).counts, ElementsAre(20));
}

TEST(Hnsw, TakesTheIdOfARemovedRowAnew) {
  const auto index = hnsw_of(normal_vectors(50, 4, 35), Metric::kL2);
  index->remove(Ids::integers({7}), {});
  Embeddings again = embeddings_of(normal_vectors(1, 4, 36), Metric::kL2);
  again.ids = Ids::integers({7});
  index->add(again, {});
  const SearchResult result = index->search(again.vectors, search_params(1, 10), {});
  EXPECT_EQ(index->ids().integer(result.neighbors.rows[0]), 7);
  EXPECT_EQ(index->live().size(), 50);
}

TEST(Hnsw, FindsEveryVectorByItselfAfterChurn) {
  HnswParts parts =
      build_hnsw(embeddings_of(normal_vectors(400, 4, 37), Metric::kL2), hnsw_options(6, 30), {});
  for (uint64_t round = 0; round < 8; ++round) {
    std::vector<uint32_t> gone = parts.rows.live.rows();
    gone.resize(40);
    remove_from_hnsw(parts, gone, {});
    Embeddings more = embeddings_of(normal_vectors(40, 4, 100 + round), Metric::kL2);
    Array<uint64_t> ids(40);
    for (int64_t i = 0; i < 40; ++i) ids.mutable_data()[i] = 1000 * (round + 1) + static_cast<uint64_t>(i);
    more.ids = Ids::integers(ids);
    add_to_hnsw(parts, more, {});
    expect_sound(parts);
    EXPECT_EQ(parts.rows.live.size(), 400);
  }
  std::vector<float> vector(4);
  for (uint32_t node = 0; node < parts.graph.num_nodes; ++node) {
    parts.space.decode(parts.graph.view(), node, vector.data());
    EXPECT_THAT(walk_nodes(parts, vector, 30), testing::Contains(node));
  }
}

TEST(Hnsw, ExplainsWhatItDid) {
  const auto index = hnsw_of(normal_vectors(2000, 4, 38), Metric::kL2, 6, 24);
  SearchParams params = search_params(5, 20);
  params.explain = true;
  const Value explained = index->search(normal_vectors(3, 4, 39), params, {}).explain;
  EXPECT_EQ(explained.at("index"), Value("hnsw"));
  EXPECT_EQ(explained.at("plan"), Value("graph"));
  EXPECT_EQ(explained.at("estimates").at("allowed"), Value(2000));
  EXPECT_GT(explained.at("actuals").at("distances").as_int(), 3 * 20);
  EXPECT_LT(explained.at("actuals").at("distances").as_int(), 3 * 2000);
}

}  // namespace
}  // namespace whitney::search
