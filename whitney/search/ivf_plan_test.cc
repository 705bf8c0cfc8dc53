#include "whitney/search/ivf_plan.h"

#include <gtest/gtest.h>

#include <numeric>

#include "whitney/core/temporary_folder.h"
#include "whitney/search/filter_memo.h"
#include "whitney/search/flat.h"
#include "whitney/search/ivf_cases_test.h"

namespace whitney::search {
namespace {

IvfParts some_parts(IvfCodes codes) {
  IvfParts parts;
  parts.dim = 100;
  parts.options.codes = codes;
  return parts;
}

const IvfCosts kCosts = {.scan_start = 1000,
                         .scan_row = 20,
                         .lists_start = 3000,
                         .list = 80,
                         .visit = 20,
                         .test = 1,
                         .compare = 5};

TEST(IvfPlan, WeighsListsAgainstAScan) {
  const IvfPlanner planner(kCosts, 1000, 50);
  EXPECT_EQ(planner.scan(), 1000 + 1000 * 20);
  EXPECT_EQ(planner.lists({4, 3, 2000, 600}), 1000 + 3000 + 4 * 80 + 3 * 20 + 600 * 5 + 50 * 20);
  EXPECT_FALSE(planner.is_given_up(21'000));
  EXPECT_TRUE(planner.is_given_up(21'001));
}

TEST(IvfPlan, MeasuresNoCentroidsForListsThatSaveLessThanThat) {
  const IvfPlanner planner(kCosts, 1000, 50);
  EXPECT_FALSE(planner.prefers_scan({4, 4, 2000, 600}));
  EXPECT_TRUE(planner.prefers_scan({4, 4, 0, 4000}));
  // 19,000 of lists against 21,000 of a scan.
  EXPECT_TRUE(planner.prefers_scan({30, 30, 9000, 2200}));
}

TEST(IvfPlan, WeighsWhatIsLeftToDoOnceCentroidsAreMeasured) {
  const IvfPlanner planner(kCosts, 1000, 50);
  // 3,000 + 15,000 + 1,000 against 20,000: with their beginning lists would take longer than a scan.
  EXPECT_FALSE(planner.prefers_scan_now({30, 30, 9000, 3000}));
  EXPECT_TRUE(planner.prefers_scan_now({40, 40, 15'000, 4000}));
}

TEST(IvfPlan, CostsAreReadBackToFourDigitsAndBounded) {
  const IvfCosts standard = IvfCosts::typical(some_parts(IvfCodes::kRabitq));
  IvfCosts wild = standard;
  wild.scan_row = 12.345678;
  wild.compare = -3;
  const auto back = IvfCosts::from_value(wild.bounded_by(standard).to_value());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->scan_row, 12.35);
  EXPECT_NEAR(back->compare, standard.compare / 8, 1e-3 * standard.compare);
  EXPECT_FALSE(IvfCosts::from_value(wild.to_value()));
  EXPECT_FALSE(IvfCosts::from_value(Value::object()));
}

TEST(IvfPlan, MeasuredCostsAreKeptByAFile) {
  const TemporaryFolder folder;
  const Matrix vectors = grouped_vectors(2400, 8, 1);
  const RowSet allowed = RowSet::range(0, 1900);
  SearchParams params = probing(5, 4);
  params.allowed = &allowed;
  params.explain = true;
  for (const IvfCase& one : ivf_cases()) {
    Value options = one.options;
    const auto index = ivf_of(vectors, Metric::kL2, options.set("plan_costs", "measured"), 60);
    index->save(folder.file("index"), true, {});
    const auto costs = open_ivf(Artifact::open(folder.file("index"))).costs;
    ASSERT_TRUE(costs) << one.name;
    const auto opened = open_index(folder.file("index"));
    const Value told = opened->search(vectors.view().slice(0, 1), params, {}).explain.at("costs");
    EXPECT_EQ(told.at("from"), Value("measured"));
    EXPECT_EQ(told.at("scan_row").as_real(), costs->scan_row);
  }
  const auto standard = ivf_of(vectors, Metric::kL2, Value::object(), 60);
  const Value told = standard->search(vectors.view().slice(0, 1), params, {}).explain.at("costs");
  EXPECT_EQ(told.at("from"), Value("standard"));
}

// Of two filters that let as many rows pass, one keeps those of few lists, all of them far from the query.
TEST(IvfPlan, ScansWhereWhatPassesIsFarFromTheQuery) {
  constexpr int64_t kRows = 24'000, kCols = 4, kPassing = 5000;
  Matrix vectors = normal_vectors(kRows, kCols, 2);
  auto* values = vectors.mutable_data<float>();
  for (int64_t i = 0; i < kRows; ++i) values[i * kCols] += 0.01F * static_cast<float>(i);
  for (const IvfCase& one : ivf_cases()) {
    const auto index = ivf_of(vectors, Metric::kL2, one.options, 400);
    const auto ask = [&](int64_t from) {
      const RowSet allowed =
          RowSet::range(static_cast<uint32_t>(from), static_cast<uint32_t>(from) + kPassing);
      SearchParams params = probing(10, 8);
      params.allowed = &allowed;
      params.explain = true;
      return index->search(vectors.view().slice(10, 11), params, {});
    };
    const SearchResult near = ask(0), far = ask(kRows - kPassing);
    EXPECT_EQ(near.explain.at("actuals").at("switched"), Value(0)) << one.name;
    EXPECT_EQ(far.explain.at("actuals").at("switched"), Value(1)) << one.name;
    EXPECT_EQ(far.explain.at("actuals").at("distances"), Value(kPassing)) << one.name;
    EXPECT_EQ(far.counts[0], 10);
  }
}

TEST(IvfPlan, GivesTheSameAnswerWhereWhatPassesIsKept) {
  const Matrix vectors = grouped_vectors(6000, 8, 5), queries = grouped_vectors(30, 8, 6);
  for (const IvfCase& one : ivf_cases()) {
    const auto index = ivf_of(vectors, Metric::kL2, one.options, 150);
    for (const uint32_t end : {400U, 2000U, 5900U}) {
      const RowSet allowed = RowSet::range(0, end);
      FilterMemo memo;
      SearchParams params = probing(10, 8);
      params.allowed = &allowed;
      params.memo = &memo;
      params.explain = true;
      const SearchResult first = index->search(queries, params, {}),
                         second = index->search(queries, params, {});
      EXPECT_EQ(second.neighbors.rows, first.neighbors.rows) << one.name << ", " << end;
      EXPECT_EQ(second.explain.at("plan"), first.explain.at("plan"));
      EXPECT_EQ(second.explain.at("actuals").at("switched"), first.explain.at("actuals").at("switched"));
      EXPECT_EQ(second.explain.at("actuals").at("codes"), first.explain.at("actuals").at("codes"));
      EXPECT_EQ(second.explain.at("actuals").at("tested"), Value(0));
    }
  }
}

// The values of a query that a scan took over are exact, those that codes alone found beside it are not.
TEST(IvfPlan, QueriesOfOneCallMayGoDifferentWays) {
  constexpr int64_t kRows = 24'000, kCols = 4, kPassing = 5000;
  Matrix vectors = normal_vectors(kRows, kCols, 3);
  auto* values = vectors.mutable_data<float>();
  for (int64_t i = 0; i < kRows; ++i) values[i * kCols] += 0.01F * static_cast<float>(i);
  const auto index = ivf_of(vectors, Metric::kL2, Value::object({{"codes", "rabitq"}}), 400);
  const RowSet allowed = RowSet::range(0, kPassing);
  Matrix queries(2, kCols);
  std::ranges::copy(vectors.row<float>(kRows - 10), queries.mutable_data<float>());
  std::ranges::copy(vectors.row<float>(10), queries.mutable_data<float>() + kCols);
  SearchParams params = probing(10, 8);
  params.options.set("rescore", 0);
  params.allowed = &allowed;
  params.explain = true;
  const SearchResult found = index->search(queries, params, {});
  EXPECT_EQ(found.explain.at("actuals").at("switched"), Value(1));
  SearchParams plain = probing(10, 8);
  plain.options = Value::object();
  plain.allowed = &allowed;
  const SearchResult truth = flat_index(embeddings_of(vectors, Metric::kL2))->search(queries, plain, {});
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(found.neighbors.rows[i], truth.neighbors.rows[i]);
    EXPECT_NEAR(found.neighbors.values[i], truth.neighbors.values[i], 1e-4 * truth.neighbors.values[i]);
    EXPECT_LT(found.neighbors.values[10 + i], 20);  // near, whatever their codes tell
  }
}

}  // namespace
}  // namespace whitney::search
