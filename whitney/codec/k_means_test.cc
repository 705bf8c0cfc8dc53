#include "whitney/codec/k_means.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/random.h"

namespace whitney::codec {
namespace {

using Assignment = std::vector<uint32_t>;

MatrixView rows_of(const std::vector<float>& values, int64_t cols) {
  return {values.data(), std::ssize(values) / cols, cols, cols, DType::kF32};
}

std::vector<float> values_of(const Matrix& matrix) {
  const auto* const data = matrix.view().row<float>(0).data();
  return {data, data + matrix.rows() * matrix.cols()};
}

/// Around each of `centers` points on a plane, n points at most 1 away in each direction.
std::vector<float> planted(const std::vector<float>& centers, int n) {
  RandomStream random(5, "planted", 0);
  std::vector<float> values;
  for (int i = 0; i < n; ++i) {
    for (float center : centers) values.push_back(center + static_cast<float>(2 * random.uniform() - 1));
  }
  return values;
}

KMeansOptions with_k(int64_t k) {
  KMeansOptions options;
  options.k = k;
  return options;
}

Context with_seed(uint64_t seed) {
  Context context;
  context.seed = seed;
  return context;
}

double inertia_of(const MatrixView& points, const KMeans& result) {
  double sum = 0;
  for (int64_t i = 0; i < points.rows; ++i) {
    const auto point = points.row<float>(i);
    const auto centroid = result.centroids.row<float>(result.assignment[static_cast<size_t>(i)]);
    for (size_t j = 0; j < point.size(); ++j) sum += std::pow(double{point[j]} - centroid[j], 2);
  }
  return sum;
}

TEST(KMeans, MovesCentroidsToTheMeansOfTheirPoints) {
  // From 0 and 1: {0}, {1, 10, 14} with means 0, 25/3; then {0, 1}, {10, 14} with means 1/2, 12.
  const std::vector<float> points{0, 1, 10, 14};
  const std::vector<float> first{0, 1};
  const KMeans result = k_means_from(rows_of(points, 1), Matrix::copy_of(rows_of(first, 1)), {}, Context());
  EXPECT_EQ(result.assignment, (Assignment{0, 0, 1, 1}));
  EXPECT_EQ(values_of(result.centroids), (std::vector<float>{0.5F, 12}));
  EXPECT_DOUBLE_EQ(result.inertia, 0.25 + 0.25 + 4 + 4);
  EXPECT_EQ(result.iterations, 2);  // the second finds that nothing changes
  EXPECT_TRUE(result.converged);
}

TEST(KMeans, AgreesWithScikitLearnFromTheSameCentroids) {
  // KMeans(n_clusters=5, init=X[:5], n_init=1, tol=0) of scikit-learn 1.9.
  std::vector<float> points;
  for (int i = 0; i < 60; ++i) {
    for (int j = 0; j < 3; ++j)
      points.push_back(static_cast<float>((i * 37 + j * 101 + i * j * 13) % 97) / 8 + (i % 3 == j ? 20 : 0));
  }
  KMeansOptions options;
  options.tolerance = 0;
  const KMeans result =
      k_means_from(rows_of(points, 3), Matrix::copy_of(rows_of(points, 3).slice(0, 5)), options, Context());
  const std::string expected = "012342012342012342012342012342342012342012342012342012342312";
  std::string labels;
  for (uint32_t c : result.assignment) labels += static_cast<char>('0' + c);
  EXPECT_EQ(labels, expected);
  EXPECT_NEAR(result.inertia, 1783.4404198232328, 1e-3);
  EXPECT_FLOAT_EQ(result.centroids.row<float>(0)[0], 25.34722222F);
  EXPECT_FLOAT_EQ(result.centroids.row<float>(3)[1], 8.53409091F);
}

TEST(KMeans, GivesAnEmptyClusterTheFarthestPoint) {
  // Nothing is near 500: the cluster takes 30, as in scikit-learn, and the rest keeps its two groups.
  const std::vector<float> points{0, 1, 10, 11, 30}, first{0, 10, 500};
  const KMeans result = k_means_from(rows_of(points, 1), Matrix::copy_of(rows_of(first, 1)), {}, Context());
  EXPECT_EQ(result.assignment, (Assignment{0, 0, 1, 1, 2}));
  EXPECT_EQ(values_of(result.centroids), (std::vector<float>{0.5F, 10.5F, 30}));
  EXPECT_DOUBLE_EQ(result.inertia, 1);
}

TEST(KMeans, FindsPlantedGroups) {
  const std::vector<float> points = planted({0, 0, 9, 0, 0, 9, 9, 9, 30, 30}, 40);
  const KMeans result = k_means(rows_of(points, 2), with_k(5), Context());
  for (size_t i = 5; i < result.assignment.size(); ++i)
    ASSERT_EQ(result.assignment[i], result.assignment[i % 5]) << i;
  EXPECT_EQ(std::set<uint32_t>(result.assignment.begin(), result.assignment.begin() + 5).size(), 5U);
  // Uniform in [-1, 1]: a variance of 1/3 a direction.
  EXPECT_NEAR(result.inertia / 200, 2.0 / 3, 0.1);
}

TEST(KMeans, EndsWithEveryPointAtItsNearestCentroidAndTheInertiaOfThat) {
  const std::vector<float> points = planted({0, 0, 1, 1, 2, 0}, 300);
  const KMeans result = k_means(rows_of(points, 2), with_k(7), Context());
  const Nearest nearest = nearest_centroids(rows_of(points, 2), result.centroids, Context());
  EXPECT_EQ(nearest.assignment, result.assignment);
  EXPECT_NEAR(result.inertia, inertia_of(rows_of(points, 2), result), 1e-5 * result.inertia);
}

TEST(KMeans, NeverRaisesTheInertiaByAnotherRound) {
  const std::vector<float> points = planted({0, 0, 1, 1, 2, 0}, 200);
  KMeansOptions options = with_k(9);
  options.tolerance = 0;
  double before = std::numeric_limits<double>::infinity();
  for (int rounds = 0; rounds < 12; ++rounds) {
    options.max_iterations = rounds;
    const double inertia = k_means(rows_of(points, 2), options, Context()).inertia;
    EXPECT_LE(inertia, before * (1 + 1e-6)) << rounds << " rounds";
    before = inertia;
  }
}

TEST(KMeans, KeepsTheBestOfItsRuns) {
  const std::vector<float> points = planted({0, 0, 2, 2, 4, 0, 1, 5}, 60);
  KMeansOptions options = with_k(12);
  options.num_runs = 6;
  const double best = k_means(rows_of(points, 2), options, Context()).inertia;
  double least = std::numeric_limits<double>::infinity();
  options.num_runs = 1;
  for (options.first_run = 0; options.first_run < 6; ++options.first_run)
    least = std::min(least, k_means(rows_of(points, 2), options, Context()).inertia);
  EXPECT_EQ(best, least);
}

TEST(KMeans, GivesTheSameBytesAtAnyNumberOfThreads) {
  const std::vector<float> points = planted({0, 0, 0, 3, 1, 1, 1, 0, 2}, 3001);
  const auto run = [&](int threads) {
    Context context;
    context.threads = threads;
    return k_means(rows_of(points, 9), with_k(6), context);
  };
  const KMeans one = run(1);
  for (int threads : {2, 5}) {
    const KMeans other = run(threads);
    EXPECT_EQ(other.assignment, one.assignment);
    EXPECT_EQ(values_of(other.centroids), values_of(one.centroids));
    EXPECT_EQ(other.inertia, one.inertia);
  }
}

TEST(KMeansPlusPlus, ChoosesAPointOfEachFarGroup) {
  const std::vector<float> points = planted({0, 0, 900, 0, 0, 900, 900, 900}, 30);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Matrix chosen = k_means_plus_plus(rows_of(points, 2), 4, 0, with_seed(seed));
    std::set<int> groups;
    for (int64_t c = 0; c < 4; ++c)
      groups.insert((chosen.row<float>(c)[0] > 450 ? 1 : 0) + (chosen.row<float>(c)[1] > 450 ? 2 : 0));
    EXPECT_EQ(groups.size(), 4U) << "seed " << seed;
  }
}

TEST(KMeansPlusPlus, TakesOfItsLotsTheOneThatLowersTheSumMost) {
  // 600 points, more than a block, at 0 and a few at 1 and -1000: whoever comes first, what is far comes
  // next, and then, for lots only fall where a square is left, the one at 1.
  std::vector<float> points(600, 0.0F);
  points.insert(points.end(), {1, 1, -1000, -1000});
  const Matrix chosen = k_means_plus_plus(rows_of(points, 1), 3, 0, with_seed(5));
  std::vector<float> values = values_of(chosen);
  std::ranges::sort(values);
  EXPECT_EQ(values, (std::vector<float>{-1000, 0, 1}));
}

TEST(KMeansPlusPlus, ChoosesTheSameAtAnyNumberOfThreads) {
  const std::vector<float> points = planted({0, 0, 3, 1, 1, 4, 7, 7}, 400);
  const auto chosen = [&](int threads) {
    Context context;
    context.threads = threads;
    return values_of(k_means_plus_plus(rows_of(points, 2), 40, 0, context));
  };
  EXPECT_EQ(chosen(2), chosen(1));
  EXPECT_EQ(chosen(5), chosen(1));
}

TEST(KMeansPlusPlus, ChoosesOtherPointsInAnotherRun) {
  const std::vector<float> points = planted({0, 0}, 100);
  const auto chosen = [&](int run) {
    return values_of(k_means_plus_plus(rows_of(points, 2), 3, run, Context()));
  };
  EXPECT_EQ(chosen(1), chosen(1));
  EXPECT_NE(chosen(1), chosen(2));
}

TEST(KMeans, LeavesClustersEmptyWhereTooFewPointsDiffer) {
  const std::vector<float> points{1, 1, 1, 5, 5};
  const KMeans result = k_means(rows_of(points, 1), with_k(4), Context());
  EXPECT_EQ(result.inertia, 0);
  EXPECT_EQ(result.assignment[0], result.assignment[2]);
  EXPECT_NE(result.assignment[0], result.assignment[3]);
}

TEST(KMeans, PutsEachPointAloneWhenThereAreAsManyClusters) {
  const std::vector<float> points{3, 1, 4, 15, 9};
  const KMeans result = k_means(rows_of(points, 1), with_k(5), Context());
  EXPECT_EQ(result.inertia, 0);
  EXPECT_EQ(std::set<uint32_t>(result.assignment.begin(), result.assignment.end()).size(), 5U);
}

TEST(KMeans, RefusesMoreClustersThanPoints) {
  const std::vector<float> points{3, 1, 4};
  EXPECT_NE(
      error_of([&] { k_means(rows_of(points, 1), with_k(4), Context()); }).find("3 points in 4 clusters"),
      std::string::npos);
  EXPECT_NE(error_of([&] { k_means(rows_of(points, 1), with_k(0), Context()); }).find("in 0 clusters"),
            std::string::npos);
}

TEST(KMeans, RefusesDistancesBeyondFloat32) {
  const std::vector<float> points{0, 3e20F, -3e20F};
  EXPECT_NE(error_of([&] { k_means(rows_of(points, 1), with_k(2), Context()); }).find("scale the vectors"),
            std::string::npos);
}

TEST(KMeans, StopsWhenAskedTo) {
  CancellationToken token;
  token.request();
  Context context;
  context.cancellation = &token;
  const std::vector<float> points{0, 1, 2};
  EXPECT_THROW(k_means(rows_of(points, 1), with_k(2), context), Cancelled);
}

}  // namespace
}  // namespace whitney::codec
