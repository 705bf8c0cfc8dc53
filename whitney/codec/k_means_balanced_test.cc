#include "whitney/codec/k_means_balanced.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "whitney/codec/codec_cases_test.h"
#include "whitney/codec/k_means.h"
#include "whitney/core/error_of.h"

namespace whitney::codec {
namespace {

double cost_of(const MatrixView& points, const MatrixView& centroids,
               const std::vector<uint32_t>& assignment) {
  double sum = 0;
  for (int64_t i = 0; i < points.rows; ++i)
    sum += distance(Kernel::kSquaredL2, points.row<float>(i).data(),
                    centroids.row<float>(assignment[static_cast<size_t>(i)]).data(), points.cols);
  return sum;
}

std::vector<int64_t> sizes_of(const std::vector<uint32_t>& assignment, int64_t k) {
  std::vector<int64_t> sizes(static_cast<size_t>(k));
  for (const uint32_t c : assignment) ++sizes[c];
  return sizes;
}

/// The least cost of all assignments of n points to 3 centroids of at most `most` points.
double least_cost(const MatrixView& points, const MatrixView& centroids, int64_t most) {
  int64_t count = 1;
  for (int64_t i = 0; i < points.rows; ++i) count *= 3;
  double least = std::numeric_limits<double>::infinity();
  for (int64_t number = 0; number < count; ++number) {
    std::vector<uint32_t> assignment;
    for (int64_t i = 0, rest = number; i < points.rows; ++i, rest /= 3)
      assignment.push_back(static_cast<uint32_t>(rest % 3));
    if (std::ranges::max(sizes_of(assignment, 3)) <= most)
      least = std::min(least, cost_of(points, centroids, assignment));
  }
  return least;
}

TEST(BalancedAssignment, MovesThePointThatLosesLeast) {
  // All are nearer to 0; at most two may stay there. Going to 10 costs 100 - 20 x more: the farthest two go.
  const Matrix points = matrix_of({{1}, {3}, {2}, {4}}), centroids = matrix_of({{0}, {10}});
  EXPECT_EQ(balanced_assignment(points, centroids, 2, {}), (std::vector<uint32_t>{0, 1, 0, 1}));
}

TEST(BalancedAssignment, CostsAThousandthMoreThanTheLeastAtMost) {
  for (uint64_t item = 0; item < 20; ++item) {
    const Matrix points = normal_vectors(8, 2, item), centroids = normal_vectors(3, 2, item + 100);
    for (const int64_t most : {3, 4, 6}) {
      const std::vector<uint32_t> assignment = balanced_assignment(points, centroids, most, {});
      EXPECT_LE(std::ranges::max(sizes_of(assignment, 3)), most);
      EXPECT_LE(cost_of(points, centroids, assignment), 1.002 * least_cost(points, centroids, most) + 1e-5)
          << "case " << item << ", at most " << most;
    }
  }
}

TEST(BalancedAssignment, EndsWherePointsAndCentroidsAreEqual) {
  Matrix points = Matrix::zeros(30, 2), centroids = Matrix::zeros(4, 2);
  EXPECT_EQ(std::ranges::max(sizes_of(balanced_assignment(points, centroids, 8, {}), 4)), 8);
  centroids.mutable_data<float>()[0] = 5;
  EXPECT_LE(std::ranges::max(sizes_of(balanced_assignment(points, centroids, 8, {}), 4)), 8);
}

TEST(BalancedAssignment, CostsNoMoreThanTheLeastAndItsSlack) {
  for (uint64_t item = 0; item < 20; ++item) {
    const Matrix points = normal_vectors(8, 2, item), centroids = normal_vectors(3, 2, item + 100);
    double all = 0;
    for (uint32_t c = 0; c < 3; ++c) all += cost_of(points, centroids, std::vector<uint32_t>(8, c));
    const std::vector<uint32_t> assignment = balanced_assignment(points, centroids, 3, {}, 0.05);
    EXPECT_LE(std::ranges::max(sizes_of(assignment, 3)), 3);
    EXPECT_LE(cost_of(points, centroids, assignment),
              least_cost(points, centroids, 3) + 0.05 * all / 3 + 1e-5);
  }
}

TEST(BalancedAssignment, RefusesTooFewPlaces) {
  const Matrix points = normal_vectors(7, 2), centroids = normal_vectors(3, 2);
  EXPECT_NE(error_of([&] { balanced_assignment(points, centroids, 2, {}); }).find("at most 2"),
            std::string::npos);
}

TEST(KMeans, KeepsClustersWithinTheirBound) {
  const Matrix points = normal_vectors(1000, 5);
  KMeansOptions options;
  options.k = 7;
  const double free_inertia = k_means(points, options, {}).inertia;
  options.most_per_cluster = 143;
  const KMeans balanced = k_means(points, options, {});
  EXPECT_LE(std::ranges::max(sizes_of(balanced.assignment, 7)), 143);
  EXPECT_NEAR(balanced.inertia, cost_of(points, balanced.centroids, balanced.assignment),
              1e-4 * balanced.inertia);
  EXPECT_LT(balanced.inertia, 1.2 * free_inertia);
}

TEST(KMeans, SplitsAGroupThatIsLargerThanABoundAllows) {
  // Eight points near 0 and four near 100, at most six in each of two clusters: two must cross over.
  std::vector<std::vector<float>> rows;
  for (int i = 0; i < 12; ++i) rows.push_back({static_cast<float>(i) * 0.01F + (i < 8 ? 0.0F : 100.0F)});
  KMeansOptions options;
  options.k = 2;
  options.most_per_cluster = 6;
  EXPECT_EQ(sizes_of(k_means(matrix_of(rows), options, {}).assignment, 2), (std::vector<int64_t>{6, 6}));
}

}  // namespace
}  // namespace whitney::codec
