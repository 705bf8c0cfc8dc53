#include "whitney/codec/k_means_assign.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "whitney/codec/codec_cases_test.h"
#include "whitney/codec/k_means.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney::codec {
namespace {

using Assignment = std::vector<uint32_t>;

/// The nearest by the one-to-one kernel, of equal ones the smaller.
Assignment plain_assignment(const MatrixView& points, const MatrixView& centroids) {
  Assignment assignment;
  for (int64_t i = 0; i < points.rows; ++i) {
    std::vector<float> values(static_cast<size_t>(centroids.rows));
    distance_one_to_many(Kernel::kSquaredL2, points.row<float>(i).data(), centroids, 0, centroids.rows,
                         values.data());
    assignment.push_back(static_cast<uint32_t>(std::ranges::min_element(values) - values.begin()));
  }
  return assignment;
}

Assignment assigned(const MatrixView& points, const MatrixView& centroids) {
  Assignment assignment(static_cast<size_t>(points.rows));
  PointAssigner(points, false, Context()).assign(centroids, assignment);
  return assignment;
}

/// n x dim whole numbers of which many distances are equal.
Matrix whole_numbers(int64_t n, int64_t dim, uint64_t item) {
  const std::vector<float> values = small_integers(n * dim, item, 2);
  return Matrix::copy_of({values.data(), n, dim, dim, DType::kF32});
}

TEST(PointAssigner, FindsWhatComparingEachPairFinds) {
  at_each_level([] {
    for (const int64_t dim : {1, 7, 33, 520}) {
      for (const int64_t k : {1, 5, 48, 49, 130}) {
        const Matrix points = normal_vectors(410, dim), centroids = normal_vectors(k, dim, 1);
        EXPECT_EQ(assigned(points, centroids), plain_assignment(points, centroids)) << dim << " x " << k;
      }
    }
  });
}

TEST(PointAssigner, TakesTheSmallerOfEqualCentroids) {
  at_each_level([] {
    for (const int64_t dim : {1, 3, 6}) {
      const Matrix points = whole_numbers(300, dim, 1), centroids = whole_numbers(120, dim, 2);
      EXPECT_EQ(assigned(points, centroids), plain_assignment(points, centroids)) << dim;
    }
  });
}

TEST(PointAssigner, ComparesVectorsOfExtremeNormsToo) {
  Matrix points = normal_vectors(60, 5), centroids = normal_vectors(9, 5, 1);
  float* const values = points.mutable_data<float>();
  for (int j = 0; j < 5; ++j) {
    values[5 * 7 + j] *= 1e17F;
    values[5 * 8 + j] *= 1e-20F;
    values[5 * 9 + j] = 0;
  }
  EXPECT_EQ(assigned(points, centroids), plain_assignment(points, centroids));
  float* const far = centroids.mutable_data<float>();
  for (int j = 0; j < 5; ++j) far[5 * 3 + j] *= 1e16F;
  EXPECT_EQ(assigned(points, centroids), plain_assignment(points, centroids));
}

TEST(PointAssigner, BoundsChangeNoAssignmentAndSpareMostProducts) {
  at_each_level([] {
    for (const int64_t k : {7, 60, 150}) {
      const Matrix points = normal_vectors(2000, 6);
      Matrix centroids = Matrix::copy_of(points.view().slice(0, k));
      PointAssigner bounded(points, true, Context()), plain(points, false, Context());
      Assignment with(2000), without(2000);
      RandomStream random(42, "moves", 0);
      for (int round = 0; round < 12; ++round) {
        bounded.assign(centroids, with);
        plain.assign(centroids, without);
        ASSERT_EQ(with, without) << "round " << round << ", k " << k;
        // Smaller steps from round to round, as in k-means; and some points are put elsewhere.
        float* const values = centroids.mutable_data<float>();
        for (int64_t i = 0; i < k * 6; ++i)
          values[i] += static_cast<float>(0.2 * random.normal() * std::pow(0.5, round));
        for (size_t i = 0; i < 2000; i += 97)
          with[i] = static_cast<uint32_t>(random.below(static_cast<uint64_t>(k)));
      }
      EXPECT_LT(bounded.num_products(), plain.num_products() / 2) << k;
    }
  });
}

TEST(PointAssigner, BoundsHoldWhereCentroidsMeetAndLeavePoints) {
  // Points, which are centroids, and ties: bounds of 0.
  const Matrix points = whole_numbers(500, 3, 4);
  Matrix centroids = whole_numbers(70, 3, 5);
  PointAssigner bounded(points, true, Context());
  Assignment with(500);
  for (uint64_t round = 0; round < 8; ++round) {
    bounded.assign(centroids, with);
    ASSERT_EQ(with, plain_assignment(points, centroids)) << round;
    float* const values = centroids.mutable_data<float>();
    for (size_t c = round % 3; c < 70; c += 5) values[c * 3 + round % 3] += round % 2 == 0 ? 1.0F : -1.0F;
  }
}

TEST(KMeans, GivesTheSameBytesWithoutBounds) {
  const Matrix points = normal_vectors(3000, 19);
  KMeansOptions options;
  options.k = 100;
  options.tolerance = 0;
  options.max_iterations = 25;
  const KMeans with = k_means(points, options, Context());
  options.uses_bounds = false;
  const KMeans without = k_means(points, options, Context());
  EXPECT_EQ(with.assignment, without.assignment);
  EXPECT_EQ(with.inertia, without.inertia);
  EXPECT_TRUE(std::ranges::equal(with.centroids.bytes(), without.centroids.bytes()));
}

}  // namespace
}  // namespace whitney::codec
