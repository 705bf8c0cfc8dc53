// Searches under filters in a graph: each plan returns what is due, a scan of codes is exact, a search costs
// a constant number of scans at most, and a deadline ends it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <optional>

#include "whitney/core/one_in_test.h"
#include "whitney/linalg/each_level_test.h"
#include "whitney/search/deadline_cases_test.h"
#include "whitney/search/hnsw_cases_test.h"
#include "whitney/search/hnsw_scan.h"
#include "whitney/search/planner.h"

namespace whitney::search {
namespace {

constexpr std::array kFilterMetrics = {Metric::kCosine, Metric::kInnerProduct, Metric::kL2};
constexpr std::array kPlans = {FilterPlan::kScan, FilterPlan::kFilteredGraph, FilterPlan::kGraphThenFilter};

SearchParams filter_params(int64_t k, int64_t ef, const RowSet& allowed,
                           std::optional<FilterPlan> plan = {}) {
  SearchParams params;
  params.k = k;
  params.options = Value::object({{"ef", ef}});
  params.allowed = &allowed;
  params.plan = plan;
  params.explain = true;
  return params;
}

std::vector<uint32_t> every(uint32_t step, uint32_t n) {
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < n; row += step) rows.push_back(row);
  return rows;
}

int64_t actual(const SearchResult& result, std::string_view name) {
  return result.explain.at("actuals").at(name).as_int();
}

// The values of the hits are those of the best rows there are.
void expect_best(const SearchResult& result, const Matrix& queries, const Matrix& vectors,
                 std::span<const uint32_t> allowed, Metric metric) {
  for (int64_t q = 0; q < queries.rows(); ++q) {
    const std::vector<double> best =
        best_values(queries.row<float>(q), vectors, allowed, result.neighbors.k, metric);
    ASSERT_EQ(result.counts[static_cast<size_t>(q)], std::ssize(best));
    for (size_t i = 0; i < best.size(); ++i) {
      const auto at = static_cast<size_t>(q * result.neighbors.k) + i;
      EXPECT_NEAR(result.neighbors.values[at], best[i], 1e-3 * std::max(1.0, std::abs(best[i])));
    }
  }
}

TEST(HnswFilter, EveryPlanReturnsWhatIsDue) {
  const Matrix vectors = normal_vectors(600, 5, 61), queries = normal_vectors(3, 5, 62);
  const auto index = hnsw_of(vectors, Metric::kL2, 5, 24);
  for (const uint32_t num_allowed : {0u, 1u, 9u, 10u, 11u, 300u, 599u}) {
    const RowSet allowed = RowSet::range(0, num_allowed);
    for (const FilterPlan plan : kPlans) {
      for (const int64_t k : {1, 10, 400}) {
        const SearchResult result = index->search(queries, filter_params(k, 20, allowed, plan), {});
        EXPECT_THAT(result.counts, testing::Each(std::min<int64_t>(k, num_allowed)));
        EXPECT_FALSE(result.partial);
        for (int64_t q = 0; q < 3; ++q) {
          for (int64_t i = 0; i < result.counts[static_cast<size_t>(q)]; ++i)
            EXPECT_LT(result.neighbors.rows[static_cast<size_t>(q * k + i)], num_allowed);
        }
      }
    }
  }
}

TEST(HnswFilter, AScanOfCodesIsExactAtEveryLevel) {
  // Many are nearly as near as one another, so that only the full values tell them apart.
  const int64_t n = one_in() > 1 ? 800 : 2000, dim = 33;
  Matrix near = normal_vectors(n, dim, 63);
  auto* values = near.mutable_data<float>();
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < dim; ++j)
      values[i * dim + j] = values[i % 7 * dim + j] + 0.02F * values[i * dim + j];
  }
  const Matrix queries = normal_vectors(9, dim, 64);
  const std::vector<uint32_t> rows = every(2, static_cast<uint32_t>(n));
  const RowSet allowed = RowSet::of(rows);
  for (const Matrix& vectors : {near, integer_vectors(n, dim, 65, 200)}) {
    for (const Metric metric : kFilterMetrics) {
      const auto index = hnsw_of(vectors, metric, 4, 8);
      at_each_level([&] {
        const SearchParams params = filter_params(12, 20, allowed, FilterPlan::kScan);
        const SearchResult together = index->search(queries, params, {});
        expect_best(together, queries, vectors, rows, metric);
        const SearchResult alone = index->search(Matrix::copy_of(queries.view().slice(4, 5)), params, {});
        for (size_t i = 0; i < 12; ++i) EXPECT_EQ(alone.neighbors.rows[i], together.neighbors.rows[48 + i]);
      });
    }
  }
}

TEST(HnswFilter, AScanMeasuresFewExactly) {
  const Matrix vectors = normal_vectors(2000, 24, 66), queries = normal_vectors(4, 24, 67);
  const auto index = hnsw_of(vectors, Metric::kL2, 4, 8);
  const RowSet allowed = RowSet::range(0, 1000);
  const SearchResult result = index->search(queries, filter_params(10, 20, allowed, FilterPlan::kScan), {});
  EXPECT_EQ(actual(result, "distances"), 4 * 1000);
  EXPECT_LT(actual(result, "exact_distances"), 4 * 60);
}

TEST(HnswFilter, CodesBoundDistances) {
  const Matrix vectors = normal_vectors(300, 19, 68), queries = normal_vectors(20, 19, 69);
  for (const Metric metric : kFilterMetrics) {
    const HnswParts parts = build_hnsw(embeddings_of(vectors, metric), hnsw_options(4, 8), {});
    const GraphView view = parts.graph.view();
    const PreparedRows rows(queries, metric);
    std::vector<uint32_t> nodes(300);
    std::iota(nodes.begin(), nodes.end(), 0u);
    std::vector<float> row(19), estimates(300), exact(300);
    for (int64_t q = 0; q < 20; ++q) {
      PreparedQuery query;
      const double norm = rows.read(q, row.data());
      query.prepare(parts.space, metric, row.data(), norm, view.padded_dim);
      const CodeBounds bounds = CodeBounds::of(query, parts.space);
      code_distances(view, query.code, nodes, 0, 300, true, estimates.data());
      exact_distances(view, query.code, nodes, exact.data());
      for (size_t i = 0; i < 300; ++i) {
        const double distance = query.distance_of(exact[i], parts.space.scale);
        EXPECT_LE(distance, bounds.widened(estimates[i]));
        EXPECT_LE(estimates[i], bounds.widened(distance));
      }
    }
  }
}

// Some lie among what passes, some far from it: these are scanned together, those walk.
TEST(HnswFilter, QueriesOfACallGoTheirOwnWaysAndFindWhatIsDue) {
  const int64_t n = 4000;
  Matrix vectors = normal_vectors(n, 6, 92);
  auto* values = vectors.mutable_data<float>();
  for (int64_t i = n / 2; i < n; ++i) values[i * 6] += 30;
  const auto index = hnsw_of(vectors, Metric::kL2, 5, 24);
  Matrix queries = normal_vectors(20, 6, 93);
  for (int64_t q = 0; q < 20; q += 3) queries.mutable_data<float>()[q * 6] += 30;
  std::vector<uint32_t> rows(static_cast<size_t>(n / 2));
  std::iota(rows.begin(), rows.end(), static_cast<uint32_t>(n / 2));
  const RowSet allowed = RowSet::of(rows);
  const SearchResult result =
      index->search(queries, filter_params(10, 300, allowed, FilterPlan::kGraphThenFilter), {});
  EXPECT_EQ(actual(result, "scans"), 13);
  expect_best(result, queries, vectors, rows, Metric::kL2);
}

TEST(HnswFilter, LeavesOutRowsOfAFilteredScan) {
  const Matrix vectors = normal_vectors(400, 6, 70);
  const auto index = hnsw_of(vectors, Metric::kL2, 4, 16);
  const RowSet allowed = RowSet::range(0, 50);
  SearchParams params = filter_params(50, 20, allowed);
  params.excluded = {7, -1, 300};
  const SearchResult result = index->search(Matrix::copy_of(vectors.view().slice(7, 10)), params, {});
  EXPECT_EQ(result.counts, (std::vector<int64_t>{49, 50, 50}));
  EXPECT_EQ(std::ranges::count(std::span(result.neighbors.rows).first(50), 7), 0);
}

// What the search took, in the planner's nanoseconds, beside a scan.
double scans_taken(const SearchResult& result, const Matrix& vectors, int64_t num_passing,
                   int64_t num_queries) {
  const SearchCosts costs = SearchCosts::typical(vectors.cols() + 16, false, 8);
  const FilterPlanner planner(costs, {vectors.rows(), num_passing, 20, 10});
  const double walked = costs.walk(static_cast<double>(actual(result, "distances")),
                                   static_cast<double>(actual(result, "lists")));
  return walked / (planner.scan().nanoseconds * static_cast<double>(num_queries));
}

TEST(HnswFilter, CostsAConstantNumberOfScansUnderAdversarialFilters) {
  // Passing rows far from the queries, sprinkled so that none has a passing neighbour, and around them.
  const int64_t n = one_in() > 1 ? 3000 : 8000;
  Matrix vectors = normal_vectors(n, 8, 71);
  auto* values = vectors.mutable_data<float>();
  for (int64_t i = n / 2; i < n; ++i) values[i * 8] += 30;
  const auto index = hnsw_of(vectors, Metric::kL2, 4, 16);
  const Matrix queries = normal_vectors(10, 8, 72);
  const auto half = static_cast<uint32_t>(n / 2), all = static_cast<uint32_t>(n);
  std::vector<RowSet> filters = {RowSet::range(half, all), RowSet::of(every(29, all)),
                                 RowSet::of(every(2, all)), RowSet::range(half, half + 400),
                                 RowSet::range(10, half)};
  filters.push_back(RowSet::of(every(29, all)) & RowSet::range(half, all));
  for (const RowSet& allowed : filters) {
    for (const int64_t ef : {10, 40, 400}) {
      const SearchResult result = index->search(queries, filter_params(10, ef, allowed), {});
      EXPECT_THAT(result.counts, testing::Each(10));
      // The descent, and the last hop of a walk, come on top.
      EXPECT_LE(scans_taken(result, vectors, allowed.size(), 10), FilterPlanner::kMostScans + 2.0)
          << allowed.size() << " passing, ef " << ef;
    }
  }
}

TEST(HnswFilter, AWalkThatIsGivenUpEndsInAnExactScan) {
  Matrix vectors = normal_vectors(1500, 4, 73);
  auto* values = vectors.mutable_data<float>();
  for (int64_t i = 1000; i < 1500; ++i) values[i * 4] += 50;
  const auto index = hnsw_of(vectors, Metric::kL2, 4, 16);
  std::vector<uint32_t> rows(500);
  std::iota(rows.begin(), rows.end(), 1000u);
  const RowSet far = RowSet::of(rows);
  const Matrix queries = normal_vectors(4, 4, 74);
  // Of the nearest that an unfiltered walk keeps, none passes.
  const SearchResult result =
      index->search(queries, filter_params(450, 460, far, FilterPlan::kGraphThenFilter), {});
  EXPECT_EQ(actual(result, "scans"), 4);
  EXPECT_EQ(actual(result, "switched"), 4);
  expect_best(result, queries, vectors, rows, Metric::kL2);
}

TEST(HnswFilter, ADeadlineThatIsPastLeavesHitsOutAndSaysSo) {
  const Matrix vectors = normal_vectors(1000, 5, 75), queries = normal_vectors(40, 5, 76);
  const auto index = hnsw_of(vectors, Metric::kL2, 4, 16);
  const RowSet allowed = RowSet::range(0, 600);
  for (const std::optional<FilterPlan> plan : {std::optional<FilterPlan>(), {FilterPlan::kFilteredGraph}}) {
    SearchParams params = filter_params(10, 20, allowed, plan);
    const SearchResult late = expect_ends_in_time(
        params, [&](const SearchParams& asked) { return index->search(queries, asked, {}); });
    EXPECT_THAT(late.counts, testing::Each(testing::Le(10)));
  }
}

TEST(HnswFilter, ExplainsWhatItExpectedAndWhatCameOfIt) {
  const Matrix vectors = normal_vectors(3000, 8, 77);
  const auto index = hnsw_of(vectors, Metric::kL2, 6, 24);
  const RowSet allowed = RowSet::of(every(3, 3000));
  const Matrix queries = normal_vectors(5, 8, 78);
  const Value explain =
      index->search(queries, filter_params(5, 10, allowed, FilterPlan::kFilteredGraph), {}).explain;
  EXPECT_EQ(explain.at("plan"), Value("filtered graph"));
  EXPECT_EQ(explain.at("estimates").at("allowed"), Value(1000));
  EXPECT_NEAR(explain.at("estimates").at("local_share").as_real(), 1.0 / 3, 0.1);
  EXPECT_GT(explain.at("estimates").at("microseconds").as_real(), 0);
  EXPECT_GT(explain.at("actuals").at("microseconds").as_real(), 0);
  EXPECT_GT(explain.at("actuals").at("lists").as_int(), explain.at("actuals").at("hops").as_int());
}

}  // namespace
}  // namespace whitney::search
