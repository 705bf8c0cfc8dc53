#include <algorithm>
#include <vector>

#include "whitney/codec/k_means.h"
#include "whitney/codec/k_means_assign.h"
#include "whitney/core/error.h"
#include "whitney/core/random.h"

namespace whitney::codec {
namespace {

// Copies `count` rows drawn with repetition.
Matrix drawn_rows(const MatrixView& points, int64_t count, uint64_t draw, const Context& context) {
  RandomStream random(context.seed, "k-means mini-batch", draw);
  Matrix batch(count, points.cols);
  auto* out = batch.mutable_data<float>();
  for (int64_t i = 0; i < count; ++i, out += points.cols)
    std::ranges::copy(
        points.row<float>(static_cast<int64_t>(random.below(static_cast<uint64_t>(points.rows)))), out);
  return batch;
}

// All rows where three batches would hold them.
Matrix first_centroids(const MatrixView& points, const MiniBatchOptions& options, const Context& context) {
  const int64_t count = 3 * std::max(options.batch_size, options.k);
  return count >= points.rows
             ? k_means_plus_plus(points, options.k, 0, context)
             : k_means_plus_plus(drawn_rows(points, count, 0, context), options.k, 0, context);
}

}  // namespace

KMeans k_means_mini_batch(const MatrixView& points, const MiniBatchOptions& options, const Context& context) {
  WHITNEY_CHECK(options.batch_size >= 1 && options.num_batches >= 0, "batches of k-means");
  KMeans result;
  result.centroids = first_centroids(points, options, context);
  const auto d = static_cast<size_t>(points.cols);
  const auto first = result.centroids.row<float>(0).data();
  std::vector<double> centroids(first, first + static_cast<size_t>(options.k) * d);
  std::vector<int64_t> counts(static_cast<size_t>(options.k));
  for (; result.iterations < options.num_batches; ++result.iterations) {
    context.check_cancelled();
    const Matrix batch =
        drawn_rows(points, options.batch_size, static_cast<uint64_t>(result.iterations) + 1, context);
    const Nearest nearest = nearest_centroids(batch, result.centroids, context);
    for (size_t i = 0; i < nearest.assignment.size(); ++i) {
      const uint32_t c = nearest.assignment[i];
      const auto point = batch.row<float>(static_cast<int64_t>(i));
      double* const centroid = centroids.data() + c * d;
      const double rate = 1 / static_cast<double>(++counts[c]);
      for (size_t j = 0; j < d; ++j) centroid[j] += rate * (point[j] - centroid[j]);
    }
    std::ranges::copy(centroids, result.centroids.mutable_data<float>());
  }
  Nearest nearest = nearest_centroids(points, result.centroids, context);
  result.assignment = std::move(nearest.assignment);
  for (const float distance : nearest.distances) result.inertia += double{distance} * distance;
  return result;
}

}  // namespace whitney::codec
