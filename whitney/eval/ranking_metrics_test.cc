#include "whitney/eval/ranking_metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/random.h"
#include "whitney/eval/qrels.h"
#include "whitney/eval/run_file.h"

namespace whitney::eval {
namespace {

using Grades = std::vector<int64_t>;

const std::vector<int> kCutoffs = {1, 3, 10};

TEST(RankingMetrics, AgreeWithTheSumsWorkedByHand) {
  // Hits 0, 2, 0, 1; judged 2, 1, 3, 0, -1: relevant are three.
  const RankingFigures found = ranking_figures(Grades{0, 2, 0, 1}, Grades{2, 1, 3, 0, -1}, kCutoffs);
  EXPECT_DOUBLE_EQ(found.reciprocal_rank, 1.0 / 2);
  EXPECT_DOUBLE_EQ(found.average_precision, (1.0 / 2 + 2.0 / 4) / 3);
  const double second = 1 / std::log2(3.0);
  EXPECT_DOUBLE_EQ(found.ndcg[0], 0);
  // Ideal at 3: 3 + 2 / log2(3) + 1 / log2(4).
  EXPECT_DOUBLE_EQ(found.ndcg[1], 2 * second / (3 + 2 * second + 0.5));
  EXPECT_DOUBLE_EQ(found.ndcg[2], (2 * second + 1 / std::log2(5.0)) / (3 + 2 * second + 0.5));
  EXPECT_EQ(found.recall, (std::vector<double>{0, 1.0 / 3, 2.0 / 3}));
  // Four hits, and yet precision at 10 divides by 10.
  EXPECT_EQ(found.precision, (std::vector<double>{0, 1.0 / 3, 0.2}));
}

TEST(RankingMetrics, ScaledReciprocalRankTakesTheCeiling) {
  const auto of = [](const std::vector<int64_t>& ranks) { return scaled_reciprocal_rank(ranks, 100); };
  EXPECT_EQ(of({1}), 1);
  EXPECT_EQ(of({100}), 1);
  EXPECT_EQ(of({101}), 0.5);
  EXPECT_EQ(of({200}), 0.5);
  EXPECT_EQ(of({1000}), 0.1);
  EXPECT_EQ(of({100, 101}), 0.75);
  EXPECT_EQ(of({}), 0);
  EXPECT_EQ(scaled_reciprocal_rank(std::vector<int64_t>{4}, 1), 0.25);
  EXPECT_NE(error_of([&] { of({0}); }).find("rank is 0"), std::string::npos);
  EXPECT_NE(error_of([&] { scaled_reciprocal_rank({}, 0); }).find("scale is 0"), std::string::npos);
}

TEST(RankingMetrics, NegativeGradesNeitherGainNorCount) {
  const RankingFigures found = ranking_figures(Grades{-1, 1}, Grades{-1, 1}, kCutoffs);
  EXPECT_DOUBLE_EQ(found.ndcg[1], 1 / std::log2(3.0));
  EXPECT_EQ(found.recall[0], 0);
}

TEST(RankingMetrics, AreZeroWithoutHitsOrRelevantDocuments) {
  for (const RankingFigures& found : {ranking_figures(Grades{}, Grades{1}, kCutoffs),
                                      ranking_figures(Grades{0, 0}, Grades{0, -1}, kCutoffs)}) {
    EXPECT_EQ(found.average_precision, 0);
    EXPECT_EQ(found.reciprocal_rank, 0);
    EXPECT_EQ(found.ndcg, std::vector<double>(3, 0.0));
    EXPECT_EQ(found.recall, std::vector<double>(3, 0.0));
    EXPECT_EQ(found.precision, std::vector<double>(3, 0.0));
  }
}

TEST(RankingMetrics, AreBestForTheIdealOrderAndNeverFallWhenAHitMovesUp) {
  RandomStream random(9, "ranking metrics test", 0);
  for (int round = 0; round < 200; ++round) {
    Grades judged;
    for (int i = 0; i < 12; ++i) judged.push_back(static_cast<int64_t>(random.below(4)));
    judged[0] = 1;
    Grades ranked = judged;
    random.shuffle(std::span(ranked));
    const RankingFigures before = ranking_figures(ranked, judged, kCutoffs);
    const size_t place = 1 + random.below(11);
    if (ranked[place] > ranked[place - 1]) std::swap(ranked[place], ranked[place - 1]);
    const RankingFigures after = ranking_figures(ranked, judged, kCutoffs);
    EXPECT_GE(after.average_precision, before.average_precision);
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_GE(after.ndcg[i], before.ndcg[i] - 1e-15);
      EXPECT_LE(after.ndcg[i], 1 + 1e-15);
      EXPECT_GE(after.recall[i], before.recall[i]);
    }
    std::ranges::sort(ranked, std::greater());
    EXPECT_DOUBLE_EQ(ranking_figures(ranked, judged, kCutoffs).ndcg[2], 1);
    EXPECT_DOUBLE_EQ(ranking_figures(ranked, judged, kCutoffs).average_precision, 1);
  }
}

// tests/data/eval/make_trec_eval_golden.py made the three files.
TEST(RankingMetrics, AgreeWithTrecEvalOnTiesNegativeGradesAndMissingQueries) {
  const char* root = std::getenv("WHITNEY_ROOT");
  if (root == nullptr) GTEST_SKIP() << "no WHITNEY_ROOT";
  const std::string folder = std::string(root) + "/tests/data/eval/";
  const Qrels qrels = read_qrels(folder + "qrels.txt", {});
  const TrecRun run = read_run(folder + "run.txt", {});
  std::ifstream golden(folder + "trec_eval.tsv");
  std::string line;
  ASSERT_TRUE(std::getline(golden, line));
  const std::vector<int> cutoffs = {1, 3, 10, 50};
  for (const Qrels::Query& query : qrels.queries) {
    ASSERT_TRUE(std::getline(golden, line));
    std::istringstream fields(line);
    std::string id;
    fields >> id;
    ASSERT_EQ(id, query.id);
    Grades ranked;
    for (const TrecRun::Query& other : run.queries) {
      if (other.id != query.id) continue;
      for (const std::string& document : other.hits.ids) ranked.push_back(query.grade_of(document));
    }
    const RankingFigures found = ranking_figures(ranked, query.grades(), cutoffs);
    std::vector<double> own = {found.average_precision, found.reciprocal_rank};
    for (const auto* figures : {&found.ndcg, &found.recall, &found.precision})
      own.insert(own.end(), figures->begin(), figures->end());
    for (const double value : own) {
      double expected = -1;
      fields >> expected;
      EXPECT_NEAR(value, expected, 1e-12) << line;
    }
  }
}

}  // namespace
}  // namespace whitney::eval
