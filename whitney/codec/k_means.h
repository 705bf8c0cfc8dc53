#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"

namespace whitney::codec {

/// Options of k-means (Lloyd 1982) from k-means++ (Arthur & Vassilvitskii 2007).
struct KMeansOptions {
  /// Clusters.
  int64_t k = 8;
  /// Rounds of assignment and means, at most.
  int max_iterations = 300;
  /// Ends when the squared distances by which the centroids moved sum to at most this times the mean variance
  /// of a column; 0: only when no point changes its cluster.
  double tolerance = 1e-4;
  /// Starts from other first centroids; the one that ends with the least inertia is kept, the earlier of
  /// equal ones.
  int num_runs = 1;
  /// The number of the first of these runs. Run r is the same whichever others are asked for.
  int first_run = 0;
  /// Most points of a cluster, at least n / k: balanced k-means (Bradley, Bennett & Demiriz 2000), whose
  /// assignments are those of balanced_assignment. Absent: no bound.
  std::optional<int64_t> most_per_cluster = std::nullopt;
  /// The slack of these.
  double balance_slack = 0;
  /// Scales the centroids to norm 1 after every round: spherical k-means (Dhillon & Modha 2001), for points
  /// of norm 1.
  bool is_spherical = false;
  /// Spares products by the triangle inequality. Changes time and memory, no result.
  bool uses_bounds = true;
};

/// Options of k-means by mini-batches (Sculley 2010).
struct MiniBatchOptions {
  /// Clusters.
  int64_t k = 8;
  /// Points of a batch.
  int64_t batch_size = 1024;
  int num_batches = 100;
};

/// Points and the centroids they belong to.
struct KMeans {
  /// k x d, float32.
  Matrix centroids;
  /// The nearest centroid of each point; equal distances: the smaller.
  std::vector<uint32_t> assignment;
  /// Sum of the squared distances of the points to their centroids.
  double inertia = 0;
  /// Rounds done.
  int iterations = 0;
  /// False when max_iterations ended the run.
  bool converged = false;
};

/// The nearest of some centroids for each point.
struct Nearest {
  std::vector<uint32_t> assignment;
  /// Euclidean.
  std::vector<float> distances;
};

/// Groups points around k centroids so that their squared distances to them sum to little. points: n x d
/// float32, finite. A cluster that lost all its points is given the point farthest from its centroid, as
/// scikit-learn does; where fewer than k points differ, clusters stay empty. Throws Error when k is not in
/// 1..n, or squared distances leave float32; Cancelled between rounds. The same bytes for any number of
/// threads. O(n k d) a round.
WHITNEY_API KMeans k_means(const MatrixView& points, const KMeansOptions& options, const Context& context);

/// As k_means, by one run from given centroids (k x d float32; k and the runs of the options are not used).
WHITNEY_API KMeans k_means_from(const MatrixView& points, Matrix centroids, const KMeansOptions& options,
                                const Context& context);

/// Groups points as k_means does, by what random batches of them say: each point of a batch draws its
/// centroid towards itself by the share 1 / (points that the centroid has seen). First centroids are
/// k-means++ on as many points as three batches hold. Far fewer distances, and a few per cent more inertia.
/// converged is false. Throws as k_means does.
WHITNEY_API KMeans k_means_mini_batch(const MatrixView& points, const MiniBatchOptions& options,
                                      const Context& context);

/// Chooses k points as first centroids by greedy k-means++: each by a lot weighted with the squared distances
/// to those chosen so far, out of 2 + ln k lots the one that lowers their sum most. k x d float32. Throws as
/// k_means does. O(n k d log k).
WHITNEY_API Matrix k_means_plus_plus(const MatrixView& points, int64_t k, int run, const Context& context);

/// Finds the nearest centroid of each point, exactly. Both float32, of equal width.
WHITNEY_API Nearest nearest_centroids(const MatrixView& points, const MatrixView& centroids,
                                      const Context& context);

}  // namespace whitney::codec
