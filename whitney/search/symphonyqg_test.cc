#include "whitney/search/symphonyqg.h"

#include <gtest/gtest.h>

#include "whitney/core/one_in_test.h"
#include "whitney/linalg/simd.h"
#include "whitney/search/graph_cases_test.h"
#include "whitney/search/symphonyqg_cases_test.h"

namespace whitney::search {
namespace {

TEST(SymphonyQG, VisitsEveryNodeInTheOrderOfDistanceWhenEfReachesSize) {
  const Matrix vectors = normal_vectors(300, 7, 1), queries = normal_vectors(6, 7, 2);
  for (const Metric metric : kGraphMetrics) {
    const SymphonyqgParts parts = symphonyqg_parts(vectors, metric);
    for (int64_t q = 0; q < queries.rows(); ++q)
      EXPECT_EQ(lane_walk_nodes(parts, queries.row<float>(q), 300).size(), 300) << name_of_enum(metric);
  }
}

TEST(SymphonyQG, GivesEveryNodeFullListsAndTheirLanes) {
  for (const int64_t rows : {1, 2, 20, 33, 34, 400}) {
    for (const Metric metric : kGraphMetrics)
      expect_sound(symphonyqg_parts(normal_vectors(rows, 6, 3), metric));
  }
}

TEST(SymphonyQG, FindsNearlyAllNeighboursWithTheirExactValues) {
  const Matrix vectors = clustered_vectors(3000, 24, 4), queries = clustered_vectors(60, 24, 5);
  for (const Metric metric : kGraphMetrics) {
    const auto index = symphonyqg_of(vectors, metric, 100);
    SearchParams params = search_params(10, 80);
    params.explain = true;
    const SearchResult result = index->search(queries, params, {});
    EXPECT_EQ(result.explain.at("index"), Value("symphonyqg"));
    EXPECT_EQ(result.explain.at("plan"), Value("graph"));
    EXPECT_EQ(result.explain.at("actuals").at("estimates").as_int(),
              32 * result.explain.at("actuals").at("hops").as_int());
    for (int64_t q = 0; q < queries.rows(); ++q) {
      ASSERT_EQ(result.counts[static_cast<size_t>(q)], 10);
      for (int64_t i = 0; i < 10; ++i) {
        const auto at = static_cast<size_t>(q * 10 + i);
        const double value =
            value_by_hand(queries.row<float>(q), vectors.row<float>(result.neighbors.rows[at]), metric);
        ASSERT_NEAR(result.neighbors.values[at], value, 1e-4 * std::max(1.0, std::abs(value)));
      }
    }
    EXPECT_GE(recall_of(*index, queries, 10, 80), 0.97) << name_of_enum(metric);
  }
}

TEST(SymphonyQG, FindsEveryVectorByItself) {
  const int64_t n = 2000 / one_in();
  const Matrix vectors = clustered_vectors(n, 16, 6);
  const SearchResult result =
      symphonyqg_of(vectors, Metric::kL2, 100)->search(vectors, search_params(1, 60), {});
  int64_t num_right = 0;
  for (int64_t q = 0; q < n; ++q) num_right += result.neighbors.rows[static_cast<size_t>(q)] == q;
  EXPECT_GE(num_right, n - 2);
}

TEST(SymphonyQG, WritesTheSameFileForAnyNumberOfThreads) {
  expect_same_file_for_any_threads([](const Matrix& vectors, const Context& context) {
    return symphonyqg_of(vectors, Metric::kCosine, 60, context);
  });
}

TEST(SymphonyQG, ReturnsAllThatAreDueUnderAFilter) {
  const auto index = symphonyqg_of(clustered_vectors(5000 / one_in(), 12, 9), Metric::kL2);
  expect_all_due_under_filters(*index, clustered_vectors(20, 12, 10));
}

TEST(SymphonyQG, ReturnsKRowsAlwaysAndEqualOnesAmongThem) {
  const Matrix vectors = many_equal_vectors(11);
  expect_k_rows_and_equal_ones(*symphonyqg_of(vectors, Metric::kL2), vectors);
}

TEST(SymphonyQG, PutsZeroVectorsBehindTheOthersUnderCosine) {
  Matrix vectors = Matrix::zeros(5, 2);
  auto* values = vectors.mutable_data<float>();
  values[2] = 1;   // row 1: (1, 0)
  values[6] = -1;  // row 3: (-1, 0)
  Matrix query = Matrix::zeros(1, 2);
  query.mutable_data<float>()[0] = 2;
  const SearchResult result =
      symphonyqg_of(vectors, Metric::kCosine)->search(query, search_params(5, 10), {});
  EXPECT_EQ(result.neighbors.rows, (std::vector<int64_t>{1, 0, 2, 4, 3}));
}

TEST(SymphonyQG, WorksAtEverySimdLevel) {
  const Matrix vectors = clustered_vectors(1500 / one_in(), 37, 12), queries = clustered_vectors(10, 37, 13);
  for (const std::string& level : simd_levels()) {
    set_simd_level(level);
    EXPECT_GE(recall_of(*symphonyqg_of(vectors, Metric::kL2), queries, 5, 50), 0.95) << level;
  }
  set_simd_level("");
}

TEST(SymphonyQG, StaysSoundWhileRowsComeAndGo) {
  for (const Metric metric : {Metric::kL2, Metric::kInnerProduct}) {
    SymphonyqgParts parts = symphonyqg_parts(clustered_vectors(500, 8, 14), metric);
    for (uint64_t round = 0; round < (one_in() > 1 ? 2U : 5U); ++round) {
      std::vector<uint32_t> gone = parts.base.rows.live.rows();
      gone.resize(60);
      remove_from_symphonyqg(parts, gone, {});
      expect_sound(parts);
      Embeddings more = embeddings_of(clustered_vectors(60, 8, 100 + round), metric);
      more.ids = ids_from(1000 * (round + 1), 60);
      add_to_symphonyqg(parts, more, {});
      expect_sound(parts);
      EXPECT_EQ(parts.base.rows.live.size(), 500);
    }
  }
}

TEST(SymphonyQG, FindsAsMuchAfterChurnAsWhenBuiltAnew) {
  const Matrix vectors = clustered_vectors(6000, 16, 15), queries = clustered_vectors(100, 16, 16);
  const auto churned = build_index("symphonyqg", part_of(vectors, 0, 2000, Metric::kL2),
                                   Value::object({{"ef_construction", 60}}), {});
  for (int64_t begin = 0; begin < 4000; begin += 200) {
    churned->remove(ids_from(static_cast<uint64_t>(begin), 200), {});
    churned->add(part_of(vectors, begin + 2000, begin + 2200, Metric::kL2), {});
  }
  const auto fresh = build_index("symphonyqg", part_of(vectors, 4000, 6000, Metric::kL2),
                                 Value::object({{"ef_construction", 60}}), {});
  // Measured: 0.930 and 0.939 when only the nodes visited counted.
  EXPECT_GE(recall_of(*churned, queries, 10, 30), recall_of(*fresh, queries, 10, 30) - 0.005);
}

TEST(SymphonyQG, TakesVectorsFarOutsideTheRangeOfTheFirst) {
  SymphonyqgParts parts = symphonyqg_parts(integer_vectors(100, 4, 17, 10), Metric::kL2);
  add_to_symphonyqg(parts, far_vectors(1000, Metric::kL2), {});
  expect_sound(parts);
}

TEST(SymphonyQG, EndsWhenItsTimeIsUp) {
  const Matrix vectors = clustered_vectors(1000, 8, 23), queries = normal_vectors(3, 8, 24);
  expect_ends_in_time(*symphonyqg_of(vectors, Metric::kL2), queries);
  // The clock is looked at within the walk: a look at every eighth visit.
  const SymphonyqgParts parts = symphonyqg_parts(vectors, Metric::kL2);
  EXPECT_LE(lane_walk_nodes(parts, queries.row<float>(0), 1000, Deadline::after(0)).size(), 8);
}

TEST(SymphonyQG, AWalkLeavesItAtWhatItMayTakeLanesIncluded) {
  const SymphonyqgParts parts = symphonyqg_parts(clustered_vectors(1000, 8, 23), Metric::kL2);
  const Matrix query = normal_vectors(1, 8, 24);
  EXPECT_EQ(lane_walk_nodes(parts, query.row<float>(0), 1000).size(), 1000U);
  // A visit is a distance and 32 lanes, which cost at least another one.
  EXPECT_LE(lane_walk_nodes(parts, query.row<float>(0), 1000, {}, 200).size(), 100U);
}

TEST(SymphonyQG, ScansWhereNoneOfTheNearestThatAWalkKeepsPasses) {
  Matrix vectors = normal_vectors(2000, 8, 25);
  auto* values = vectors.mutable_data<float>();
  for (int64_t i = 1900; i < 2000; ++i) values[i * 8] += 60;
  const auto index = symphonyqg_of(vectors, Metric::kL2);
  const RowSet far = RowSet::range(1900, 2000);
  SearchParams params = search_params(50, 60);
  params.allowed = &far;
  params.plan = FilterPlan::kGraphThenFilter;
  params.explain = true;
  const SearchResult result = index->search(normal_vectors(4, 8, 26), params, {});
  EXPECT_EQ(result.counts, (std::vector<int64_t>{50, 50, 50, 50}));
  EXPECT_EQ(result.explain.at("actuals").at("switched").as_int(), 4);
  EXPECT_EQ(result.explain.at("actuals").at("scans").as_int(), 4);
}

TEST(SymphonyQG, IsEmptyWhenAllIsRemovedAndTakesRowsAgain) {
  expect_takes_rows_when_emptied(*symphonyqg_of(normal_vectors(50, 4, 19), Metric::kL2));
}

TEST(SymphonyQG, RefusesADegreeThatFillsNoWholeBlocks) {
  const std::string error = graph_file_error([] {
    build_index("symphonyqg", embeddings_of(normal_vectors(50, 4, 21), Metric::kL2),
                Value::object({{"degree", 40}}), {});
  });
  EXPECT_NE(error.find("degree is 40"), std::string::npos);
}

}  // namespace
}  // namespace whitney::search
