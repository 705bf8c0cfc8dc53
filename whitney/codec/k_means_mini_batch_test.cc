#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/codec/codec_cases_test.h"
#include "whitney/codec/k_means.h"

namespace whitney::codec {
namespace {

/// 20 groups in 8 dimensions.
Matrix grouped_points(int64_t n) {
  const Matrix centers = normal_vectors(20, 8, 7), noise = normal_vectors(n, 8);
  Matrix points(n, 8);
  float* const values = points.mutable_data<float>();
  for (int64_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < 8; ++j)
      values[i * 8 + static_cast<int64_t>(j)] = 6 * centers.row<float>(i % 20)[j] + noise.row<float>(i)[j];
  }
  return points;
}

TEST(KMeansMiniBatch, EndsNearTheInertiaOfAllPoints) {
  const Matrix points = grouped_points(8000);
  KMeansOptions all;
  all.k = 60;
  MiniBatchOptions options;
  options.k = 60;
  options.batch_size = 500;
  const KMeans whole = k_means(points, all, {}), batches = k_means_mini_batch(points, options, {});
  EXPECT_LT(batches.inertia, 1.1 * whole.inertia);
  EXPECT_EQ(batches.iterations, 100);
  EXPECT_EQ(batches.assignment, nearest_centroids(points, batches.centroids, {}).assignment);
}

TEST(KMeansMiniBatch, LearnsFromBatchToBatch) {
  const Matrix points = grouped_points(8000);
  MiniBatchOptions options;
  options.k = 40;
  options.batch_size = 200;
  options.num_batches = 0;
  const double first = k_means_mini_batch(points, options, {}).inertia;
  options.num_batches = 60;
  EXPECT_LT(k_means_mini_batch(points, options, {}).inertia, 0.9 * first);
}

TEST(KMeansMiniBatch, OfOneClusterIsTheMeanOfThePointsDrawn) {
  // Rates of 1 / count make the centroid the mean of all that it saw: 20 batches of 100 of n normal values.
  const Matrix points = normal_vectors(500, 3);
  MiniBatchOptions options;
  options.k = 1;
  options.batch_size = 100;
  options.num_batches = 20;
  const KMeans result = k_means_mini_batch(points, options, {});
  for (size_t j = 0; j < 3; ++j) {
    double mean = 0;
    for (int64_t i = 0; i < 500; ++i) mean += points.row<float>(i)[j] / 500.0;
    EXPECT_NEAR(result.centroids.row<float>(0)[j], mean, 5 / std::sqrt(2000.0));
  }
}

TEST(KMeansMiniBatch, GivesTheSameBytesAtAnyNumberOfThreads) {
  const Matrix points = grouped_points(3000);
  MiniBatchOptions options;
  options.k = 30;
  const auto run = [&](int threads) {
    Context context;
    context.threads = threads;
    return k_means_mini_batch(points, options, context);
  };
  const KMeans one = run(1);
  for (const int threads : {2, 5}) {
    const KMeans other = run(threads);
    EXPECT_EQ(other.assignment, one.assignment);
    EXPECT_EQ(other.inertia, one.inertia);
  }
}

TEST(KMeansSpherical, GroupsDirections) {
  // Three directions, points of norm 1 around each: centroids of norm 1.
  Matrix points = normal_vectors(300, 4);
  float* const values = points.mutable_data<float>();
  for (int64_t i = 0; i < 300; ++i) {
    double square = 0;
    for (int64_t j = 0; j < 4; ++j) {
      values[i * 4 + j] = 0.2F * values[i * 4 + j] + (i % 3 == j ? 3.0F : 0.0F);
      square += std::pow(values[i * 4 + j], 2);
    }
    for (int64_t j = 0; j < 4; ++j) values[i * 4 + j] /= static_cast<float>(std::sqrt(square));
  }
  KMeansOptions options;
  options.k = 3;
  options.is_spherical = true;
  const KMeans result = k_means(points, options, {});
  for (size_t i = 3; i < 300; ++i) EXPECT_EQ(result.assignment[i], result.assignment[i % 3]);
  for (int64_t c = 0; c < 3; ++c) {
    double square = 0;
    for (const float value : result.centroids.row<float>(c)) square += double{value} * value;
    EXPECT_NEAR(square, 1, 1e-6);
  }
}

}  // namespace
}  // namespace whitney::codec
