#include "whitney/search/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

namespace whitney::search {
namespace {

FilterPlanner planner_of(int64_t num_passing, int64_t ef = 64, int64_t num_nodes = 100'000, int64_t k = 10) {
  return {SearchCosts::typical(400, false, 32), {num_nodes, num_passing, ef, std::min(k, num_passing)}};
}

TEST(Planner, AScanOfMorePassingRowsNeverCostsLess) {
  double before = 0;
  for (int64_t passing = 0; passing <= 100'000; passing += 997) {
    const double now = planner_of(passing).scan().nanoseconds;
    EXPECT_GT(now, before);
    before = now;
  }
}

TEST(Planner, OnceAWalkIsChosenMorePassingRowsKeepIt) {
  // Around the query as many pass as elsewhere, thrice as many, or next to none.
  for (const double factor : {1.0, 3.0, 0.01}) {
    bool walks = false;
    for (int64_t passing = 250; passing <= 100'000; passing += 250) {
      const double share = std::min(1.0, factor * static_cast<double>(passing) / 100'000);
      const bool now = planner_of(passing).choose(share).plan != FilterPlan::kScan;
      EXPECT_TRUE(now || !walks) << passing << " passing, " << share << " around";
      walks = walks || now;
    }
    EXPECT_TRUE(walks);
  }
}

TEST(Planner, ScansWhatNoMorePassThanAreWanted) {
  for (const int64_t passing : {0, 1, 9, 10}) {
    EXPECT_TRUE(planner_of(passing).scan_is_best());
    for (const double share : {0.0, 0.5, 1.0})
      EXPECT_EQ(planner_of(passing).choose(share).plan, FilterPlan::kScan);
  }
}

TEST(Planner, ScansFewAndWalksForMany) {
  EXPECT_TRUE(planner_of(500).scan_is_best());
  EXPECT_FALSE(planner_of(30'000).scan_is_best());
  EXPECT_EQ(planner_of(10'000).choose(0.1).plan, FilterPlan::kFilteredGraph);
  EXPECT_EQ(planner_of(60'000).choose(0.6).plan, FilterPlan::kGraphThenFilter);
}

TEST(Planner, QueriesThatShareAScanScanMore) {
  const SearchCosts costs = SearchCosts::typical(400, false, 32);
  const FilterPlanner alone(costs, {100'000, 2000, 64, 10, 1}), together(costs, {100'000, 2000, 64, 10, 16});
  EXPECT_LT(together.scan().nanoseconds, alone.scan().nanoseconds / 2);
  EXPECT_FALSE(alone.scan_is_best());
  EXPECT_TRUE(together.scan_is_best());
}

TEST(Planner, DroppingGetsDearerTheFewerPassAround) {
  const FilterPlanner planner = planner_of(30'000);
  EXPECT_LT(planner.graph_then_filter(0.97).nanoseconds, planner.graph_then_filter(0.5).nanoseconds);
  EXPECT_LT(planner.graph_then_filter(0.5).nanoseconds, planner.graph_then_filter(0.02).nanoseconds);
}

TEST(Planner, KeepsMoreWhereFewPassAroundTheQuery) {
  const FilterPlanner planner = planner_of(20'000);
  const PlanEstimate far = planner.filtered_graph(0.01), around = planner.filtered_graph(0.2);
  EXPECT_GT(far.ef, around.ef);
  // Whose lists overlap.
  EXPECT_LT(far.lists / static_cast<double>(far.ef), around.lists / static_cast<double>(around.ef));
}

TEST(Planner, WalksThatKeepMoreMeetLessForEachAboveAllWhereFewPass) {
  const auto growth = [](double share) {
    const auto passing = static_cast<int64_t>(share * 1e5);
    const PlanEstimate few = planner_of(passing, 50).filtered_graph(share),
                       many = planner_of(passing, 200).filtered_graph(share);
    const double start = SearchCosts::typical(400, false, 32).start_steps;
    return (many.distances - start) / (few.distances - start) * static_cast<double>(few.ef) /
           static_cast<double>(many.ef);
  };
  // Of 200 and 50, 380 and 110 are kept where most pass, 410 and 110 where a fifth does.
  EXPECT_NEAR(growth(0.8), std::pow(380.0 / 110, -0.07), 0.01);
  EXPECT_NEAR(growth(0.2), std::pow(410.0 / 110, -0.28), 0.01);
}

TEST(Planner, KeepsAReserveWhereAWalkKeepsFew) {
  const SearchCosts costs = SearchCosts::typical(400, false, 32);
  for (const auto& [passing, factor, reserve] : {std::tuple{20'000, 2.0, 10}, std::tuple{80'000, 1.8, 20}}) {
    const FilterPlanner planner(costs, FilterTask{100'000, passing, 50, 10});
    EXPECT_NEAR(static_cast<double>(planner.filtered_graph(passing / 1e5).ef), 50 * factor + reserve, 1);
  }
}

TEST(Planner, WalksAmongThePassingTakeLessWhereTheyLieTogether) {
  FilterTask task{100'000, 20'000, 64, 10};
  const SearchCosts costs = SearchCosts::typical(400, false, 32);
  const PlanEstimate anywhere = FilterPlanner(costs, task).filtered_graph(0.3);
  task.share_among = 0.2;  // no more than in all
  const FilterPlanner sprinkled(costs, task);
  task.share_among = 0.9;
  const FilterPlanner together(costs, task);
  EXPECT_LT(together.filtered_graph(0.3).nanoseconds, anywhere.nanoseconds);
  EXPECT_LT(together.filtered_graph(0.3).nanoseconds, sprinkled.filtered_graph(0.3).nanoseconds);
  // Nearer to a query around which fewer pass than in all, still fewer do; elsewhere nothing is known.
  EXPECT_GT(together.graph_then_filter(0.1).ef, sprinkled.graph_then_filter(0.1).ef);
  EXPECT_EQ(together.graph_then_filter(0.4).ef, sprinkled.graph_then_filter(0.4).ef);
}

TEST(Planner, FromTheBorderOfARegionWalksAmongWhatPasses) {
  // Walks that drop the rest find too few there, and begin anew: not so where rows that pass lie anywhere,
  // where the query lies among them, or where most pass.
  const auto chosen = [](int64_t passing, double around, std::optional<double> among) {
    FilterTask task{100'000, passing, 64, 10};
    task.share_among = among;
    return FilterPlanner(SearchCosts::typical(400, false, 32), task).choose(around).plan;
  };
  EXPECT_EQ(chosen(60'000, 0.6, {}), FilterPlan::kGraphThenFilter);
  EXPECT_EQ(chosen(60'000, 0.6, 0.62), FilterPlan::kGraphThenFilter);
  EXPECT_EQ(chosen(60'000, 0.6, 0.95), FilterPlan::kFilteredGraph);
  EXPECT_EQ(chosen(60'000, 0.95, 0.95), FilterPlan::kGraphThenFilter);
  EXPECT_EQ(chosen(95'000, 0.95, 0.99), FilterPlan::kGraphThenFilter);
}

TEST(Planner, FarFromWhatPassesAWalkBeginsLater) {
  const FilterPlanner planner = planner_of(20'000);
  const PlanEstimate far = planner.filtered_graph(0.049), near = planner.filtered_graph(0.051);
  EXPECT_TRUE(far.is_far);
  EXPECT_FALSE(near.is_far);
  const SearchCosts costs = SearchCosts::typical(400, false, 32);
  EXPECT_GT(far.distances, 2 * costs.start_steps);
}

TEST(Planner, LooksRoughlyWhereAScanIsShort) {
  EXPECT_TRUE(planner_of(1000).looks_roughly());
  EXPECT_FALSE(planner_of(60'000).looks_roughly());
  EXPECT_TRUE(planner_of(4000).scan_is_best_near(0.04));
  EXPECT_FALSE(planner_of(30'000).scan_is_best_near(0.9));
  // Where a walk would save a tenth of a scan, no closer look is worth it.
  int64_t passing = 1000;
  while (planner_of(passing).choose(0.24).nanoseconds > 0.9 * planner_of(passing).scan().nanoseconds)
    ++passing;
  EXPECT_NE(planner_of(passing).choose(0.24).plan, FilterPlan::kScan);
  EXPECT_TRUE(planner_of(passing).scan_is_best_near(0.2));
}

TEST(Planner, WhatItChoosesMayTakeTwoScansAtMostBeforeItScans) {
  for (int64_t passing = 1; passing <= 100'000; passing = passing * 2 + 1) {
    for (const int64_t ef : {11, 64, 1000}) {
      const FilterPlanner planner = planner_of(passing, ef);
      for (const double share : {0.0, 0.01, 0.2, 0.5, 0.9, 1.0}) {
        const PlanEstimate chosen = planner.choose(share);
        const double unit = planner.costs().walk_distance, scan = planner.scan().nanoseconds;
        EXPECT_LE(chosen.nanoseconds, scan);
        EXPECT_LE(planner.hard_budget(chosen) * unit, 2.001 * scan);
        EXPECT_LE(planner.soft_budget(chosen), planner.hard_budget(chosen) * 1.001);
      }
    }
  }
}

}  // namespace
}  // namespace whitney::search
