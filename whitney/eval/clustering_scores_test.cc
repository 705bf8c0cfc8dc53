#include "whitney/eval/clustering_scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "whitney/core/random.h"

namespace whitney::eval {
namespace {

using Codes = std::vector<uint32_t>;

Codes random_codes(uint64_t item, size_t n, uint64_t most) {
  RandomStream random(9, "codes", item);
  Codes codes(n);
  for (uint32_t& code : codes) code = static_cast<uint32_t>(random.below(most));
  return codes;
}

void expect_near(const ClusteringScores& a, const ClusteringScores& b) {
  EXPECT_NEAR(a.homogeneity, b.homogeneity, 1e-12);
  EXPECT_NEAR(a.completeness, b.completeness, 1e-12);
  EXPECT_NEAR(a.v_measure, b.v_measure, 1e-12);
  EXPECT_NEAR(a.nmi, b.nmi, 1e-12);
  EXPECT_NEAR(a.adjusted_rand, b.adjusted_rand, 1e-12);
  EXPECT_NEAR(a.purity, b.purity, 1e-12);
}

TEST(ClusteringScores, AreThoseOfAHandCountedTable) {
  // Classes of 2 and 2, clusters {a a b} and {b}: H(class) = ln 2; H(class | cluster) = 3/4 H(1/3);
  // H(cluster) = H(1/4); H(cluster | class) = 1/2 ln 2. Pairs: together in both 1, in the classes 2, in the
  // clusters 3, of 6: expected 2 * 3 / 6 = 1, so that adjusted Rand is (1 - 1) / ((2 + 3) / 2 - 1) = 0.
  const auto h = [](double p) { return -p * std::log(p) - (1 - p) * std::log(1 - p); };
  const ClusteringScores scores = score_clustering(Codes{0, 0, 1, 1}, Codes{0, 0, 0, 1});
  const double homogeneity = 1 - 0.75 * h(1.0 / 3) / std::log(2),
               completeness = 1 - 0.5 * std::log(2) / h(0.25);
  EXPECT_NEAR(scores.homogeneity, homogeneity, 1e-12);
  EXPECT_NEAR(scores.completeness, completeness, 1e-12);
  EXPECT_NEAR(scores.v_measure, 2 * homogeneity * completeness / (homogeneity + completeness), 1e-12);
  EXPECT_NEAR(scores.adjusted_rand, 0, 1e-12);
  EXPECT_NEAR(scores.purity, 0.75, 1e-12);
}

TEST(ClusteringScores, AreScikitLearns) {
  // scikit-learn 1.9: homogeneity_completeness_v_measure, normalized_mutual_info_score, adjusted_rand_score.
  const Codes classes{0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3}, clusters{0, 0, 1, 1, 1, 4, 2, 2, 3, 0, 4};
  const ClusteringScores scores = score_clustering(classes, clusters);
  EXPECT_NEAR(scores.homogeneity, 0.6344536143429305, 1e-14);
  EXPECT_NEAR(scores.completeness, 0.5310549315795163, 1e-14);
  EXPECT_NEAR(scores.v_measure, 0.578167739625791, 1e-14);
  EXPECT_NEAR(scores.nmi, 0.578167739625791, 1e-14);
  EXPECT_NEAR(scores.adjusted_rand, 0.15198237885462554, 1e-14);
  EXPECT_NEAR(scores.purity, 8.0 / 11, 1e-14);
  EXPECT_NEAR(score_clustering(classes, clusters, 0.5).v_measure, 0.5957862323867076, 1e-14);
  EXPECT_NEAR(score_clustering(classes, clusters, 2).v_measure, 0.5615613397765872, 1e-14);
}

TEST(ClusteringScores, AreScikitLearnsAtTheEnds) {
  const ClusteringScores alone = score_clustering(Codes{0, 0, 0}, Codes{0, 1, 2});
  expect_near(alone, {1, 0, 0, 0, 0, 1});
  expect_near(score_clustering(Codes{0, 1, 2}, Codes{0, 0, 0}), {0, 1, 0, 0, 0, 1.0 / 3});
  expect_near(score_clustering(Codes{0, 0}, Codes{0, 0}), {1, 1, 1, 1, 1, 1});
  expect_near(score_clustering(Codes{0}, Codes{3}), {1, 1, 1, 1, 1, 1});
  expect_near(score_clustering(Codes{0, 0, 1, 1}, Codes{0, 1, 0, 1}), {0, 0, 0, 0, -0.5, 0.5});
}

TEST(ClusteringScores, AreTheSameInALargeTableOfCells) {
  const std::vector<uint32_t> classes = {0, 0, 1, 1, 2, 2}, clusters = {0, 0, 1, 2, 2, 2};
  std::vector<uint32_t> far;
  for (uint32_t cluster : clusters)
    far.push_back(cluster * 100'000);  // cells are sorted, not counted in a table
  const ClusteringScores near = score_clustering(classes, clusters, 1),
                         same = score_clustering(classes, far, 1);
  EXPECT_DOUBLE_EQ(same.v_measure, near.v_measure);
  EXPECT_DOUBLE_EQ(same.adjusted_rand, near.adjusted_rand);
  EXPECT_DOUBLE_EQ(same.purity, near.purity);
}

TEST(ClusteringScores, DoNotDependOnNames) {
  for (uint64_t item = 0; item < 50; ++item) {
    const size_t n = 20 + item;
    Codes classes = random_codes(2 * item, n, 5), clusters = random_codes(2 * item + 1, n, 7);
    const ClusteringScores before = score_clustering(classes, clusters, 0.7);
    Codes names(7);
    std::iota(names.begin(), names.end(), 0U);
    RandomStream(1, "names", item).shuffle(std::span(names));
    for (uint32_t& code : classes) code = names[code] * 3;
    for (uint32_t& code : clusters) code = names[code];
    expect_near(score_clustering(classes, clusters, 0.7), before);
  }
}

TEST(ClusteringScores, SwapHomogeneityAndCompletenessWithTheSides) {
  for (uint64_t item = 0; item < 50; ++item) {
    const Codes a = random_codes(2 * item, 60, 4), b = random_codes(2 * item + 1, 60, 6);
    const ClusteringScores one = score_clustering(a, b), other = score_clustering(b, a);
    EXPECT_NEAR(one.homogeneity, other.completeness, 1e-12);
    EXPECT_NEAR(one.completeness, other.homogeneity, 1e-12);
    EXPECT_NEAR(one.v_measure, other.v_measure, 1e-12);
    EXPECT_NEAR(one.adjusted_rand, other.adjusted_rand, 1e-12);
  }
}

TEST(ClusteringScores, GiveClustersMadeByLotAnAdjustedRandOfNothing) {
  // Over 400 tables the mean of adjusted Rand is 0 within five deviations of a mean.
  double sum = 0, squares = 0;
  for (uint64_t item = 0; item < 400; ++item) {
    const double value =
        score_clustering(random_codes(2 * item, 200, 4), random_codes(2 * item + 1, 200, 5)).adjusted_rand;
    sum += value, squares += value * value;
  }
  EXPECT_NEAR(sum / 400, 0, 5 * std::sqrt(squares / 400) / 20);
}

}  // namespace
}  // namespace whitney::eval
