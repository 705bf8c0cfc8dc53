#include "whitney/search/planner_costs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "whitney/core/temporary_folder.h"
#include "whitney/search/hnsw_cases_test.h"
#include "whitney/search/hnsw_request.h"

namespace whitney::search {
namespace {

const SearchCosts kStandard = SearchCosts::typical(400, false, 32);

TEST(PlannerCosts, AreReadBackToFourDigits) {
  SearchCosts costs = kStandard;
  costs.scan_row = 12.345678;
  costs.lists_50 = 0.25;
  const auto back = SearchCosts::from_value(costs.to_value());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->scan_row, 12.35);
  EXPECT_EQ(back->lists_50, 0.25);
  EXPECT_EQ(back->to_value().to_json(), costs.to_value().to_json());
}

TEST(PlannerCosts, AreRefusedWhereANumberCannotHaveBeenMeasured) {
  EXPECT_FALSE(SearchCosts::from_value(Value(3)));
  EXPECT_FALSE(SearchCosts::from_value(Value::object()));
  for (const Value& wrong : {Value("fast"), Value(0.0), Value(-1.0), Value(1e9)}) {
    Value value = kStandard.to_value();
    value.set("links", wrong);
    EXPECT_FALSE(SearchCosts::from_value(value)) << wrong.to_json();
  }
}

TEST(PlannerCosts, StayWithinWhatAMachineMayDiffer) {
  SearchCosts wild = kStandard;
  wild.scan_row = -5;
  wild.walk_distance = 1e12;
  wild.links = std::numeric_limits<double>::quiet_NaN();
  const SearchCosts bounded = wild.bounded_by(kStandard);
  EXPECT_EQ(bounded.scan_row, kStandard.scan_row / 8);
  EXPECT_EQ(bounded.walk_distance, kStandard.walk_distance * 8);
  EXPECT_EQ(bounded.links, kStandard.links);
  EXPECT_EQ(bounded.scan_start, kStandard.scan_start);
}

// As a graph that takes half the steps of the typical, and a machine that is thrice as slow in walks.
TEST(PlannerCosts, DecideThePlan) {
  SearchCosts quick = kStandard, slow = kStandard;
  quick.start_steps /= 2;
  quick.steps_10 /= 2;
  slow.walk_distance *= 3;
  slow.links *= 3;
  const FilterTask task = {100'000, 5000, 64, 10};
  const double usual = FilterPlanner(kStandard, task).filtered_graph(0.05).nanoseconds;
  EXPECT_LT(FilterPlanner(quick, task).filtered_graph(0.05).nanoseconds, usual);
  EXPECT_EQ(FilterPlanner(slow, task).choose(0.05).plan, FilterPlan::kScan);
  EXPECT_EQ(FilterPlanner(slow, task).scan().nanoseconds, FilterPlanner(kStandard, task).scan().nanoseconds);
}

std::unique_ptr<Index> small_graph(PlanCosts costs, int64_t num_rows,
                                   GraphCodes codes = GraphCodes::kFloat32) {
  const Value options = Value::object({{"m", 4},
                                       {"ef_construction", 8},
                                       {"codes", name_of_enum(codes)},
                                       {"plan_costs", name_of_enum(costs)}});
  return build_index("hnsw", embeddings_of(normal_vectors(num_rows, 8, 90), Metric::kL2), options, {});
}

Value explain_filtered(const Index& index) {
  const RowSet allowed = RowSet::range(0, 900);
  SearchParams params;
  params.allowed = &allowed;
  params.explain = true;
  return index.search(normal_vectors(2, 8, 91), params, {}).explain;
}

TEST(PlannerCosts, AreMeasuredAndKeptByAFile) {
  const TemporaryFolder folder;
  for (const GraphCodes codes : {GraphCodes::kFloat32, GraphCodes::kLvq4x8, GraphCodes::kRabitq4}) {
    const auto index = small_graph(PlanCosts::kMeasured, 2000, codes);
    index->save(folder.file("index"), true, {});
    const auto costs = open_hnsw(Artifact::open(folder.file("index"))).costs;
    ASSERT_TRUE(costs);
    EXPECT_GT(costs->scan_row, 0);
    const auto opened = open_index(folder.file("index"));
    EXPECT_EQ(explain_filtered(*opened).at("costs").at("from"), Value("measured"));
    // The same file plans the same way, whatever the machine does meanwhile.
    opened->save(folder.file("again"), true, {});
    const auto again = open_hnsw(Artifact::open(folder.file("again"))).costs;
    EXPECT_EQ(again->to_value().to_json(), costs->to_value().to_json());
  }
}

TEST(PlannerCosts, HowManyStepsWalksTakeIsAFunctionOfTheIndex) {
  const auto index = small_graph(PlanCosts::kStandard, 2000);
  const MeasuredGraph graph = {kStandard, 2000};
  const auto first = measure_costs(*index, graph), second = measure_costs(*index, graph);
  ASSERT_TRUE(first && second);
  for (const auto member :
       {&SearchCosts::start_steps, &SearchCosts::plain_steps, &SearchCosts::steps_10, &SearchCosts::steps_25,
        &SearchCosts::steps_50, &SearchCosts::lists_10, &SearchCosts::lists_80})
    EXPECT_EQ((*first).*member, (*second).*member);
}

TEST(PlannerCosts, AreStandardUnlessAskedForAndForFewVectors) {
  EXPECT_EQ(explain_filtered(*small_graph(PlanCosts::kStandard, 2000)).at("costs").at("from"),
            Value("standard"));
  EXPECT_EQ(explain_filtered(*small_graph(PlanCosts::kMeasured, 1000)).at("costs").at("from"),
            Value("standard"));
}

}  // namespace
}  // namespace whitney::search
