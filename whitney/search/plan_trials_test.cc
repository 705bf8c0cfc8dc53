#include "whitney/search/plan_trials.h"

#include <gtest/gtest.h>

#include "whitney/search/flat.h"
#include "whitney/search/hnsw_cases_test.h"

namespace whitney::search {
namespace {

TEST(PlanTrials, DrawRowsOfTheLiveOnesTheSameAgain) {
  const RowSet live = RowSet::range(100, 5100);
  const RowSet some = some_rows(live, 200, 1), share = share_of_rows(live, 0.25, 1);
  EXPECT_LE(some.size(), 200);
  EXPECT_GT(some.size(), 180);  // drawn with replacement
  EXPECT_NEAR(static_cast<double>(share.size()), 1250, 5 * std::sqrt(5000 * 0.25 * 0.75));
  EXPECT_EQ((some & live).size(), some.size());
  EXPECT_EQ((share & live).size(), share.size());
  EXPECT_EQ(some_rows(live, 200, 1).rows(), some.rows());
  EXPECT_NE(some_rows(live, 200, 2).rows(), some.rows());
}

TEST(PlanTrials, AskEveryQueryAndCountWhatComesOfIt) {
  const auto index = flat_index(embeddings_of(normal_vectors(3000, 4, 1), Metric::kL2));
  ScanTrials scans(index->live(), Value::object());
  run_trials(*index, {&scans.few, &scans.many});
  EXPECT_EQ(scans.few.allowed.size(), static_cast<size_t>(kTrialQueries));
  double mean = 0;
  for (const RowSet& rows : scans.few.allowed) mean += static_cast<double>(rows.size()) / kTrialQueries;
  EXPECT_DOUBLE_EQ(scans.few.actual("distances"), mean);
  EXPECT_EQ(scans.few.actual("switched"), 0);  // which flat does not tell
  EXPECT_GT(scans.few.time(), 0);
  EXPECT_GT(scans.many.actual("distances"), scans.few.actual("distances"));
}

TEST(PlanTrials, TellTheMedianOfTheRounds) {
  PlanTrial trial;
  trial.nanoseconds = {5, 1, 900, 4, 3};
  EXPECT_EQ(trial.time(), 4);
}

// few: 200 rows, many: 1,000; 3,000 ns and 11,000.
TEST(PlanTrials, TellWhatARowOfAScanTakes) {
  ScanTrials scans(RowSet::range(0, 100), Value::object());
  scans.few.allowed[0] = RowSet::range(0, 200);
  scans.many.allowed[0] = RowSet::range(0, 1000);
  scans.few.nanoseconds.fill(3000);
  scans.many.nanoseconds.fill(11'000);
  EXPECT_DOUBLE_EQ(scans.row_time(), 10);
  EXPECT_DOUBLE_EQ(scans.start_time(), 1000);
}

}  // namespace
}  // namespace whitney::search
