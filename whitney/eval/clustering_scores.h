#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/api.h"

namespace whitney::eval {

/// How well clusters tell classes, in scikit-learn's definitions. All are 1 for the same partition, whatever
/// the clusters are called.
struct ClusteringScores {
  /// 1 - H(class | cluster) / H(class): each cluster holds one class only; 1 when there is one class.
  double homogeneity = 0;
  /// 1 - H(cluster | class) / H(cluster): each class lies in one cluster; 1 when there is one cluster.
  double completeness = 0;
  /// (1 + beta) h c / (beta h + c) (Rosenberg & Hirschberg 2007): beta above 1 weighs completeness more.
  double v_measure = 0;
  /// Mutual information over the mean of both entropies: v_measure of beta 1.
  double nmi = 0;
  /// Pairs that both keep together or apart, corrected for chance (Hubert & Arabie 1985): 0 for clusters made
  /// by lot, below 0 for worse.
  double adjusted_rand = 0;
  /// The share of points that belong to the most frequent class of their cluster. It rises with the number of
  /// clusters, to 1 where each point is one.
  double purity = 0;
};

/// Compares a partition with the true one: classes and clusters give a code for each of n >= 1 points.
/// Throws InternalError when their lengths differ or there are no points.
WHITNEY_API ClusteringScores score_clustering(std::span<const uint32_t> classes,
                                              std::span<const uint32_t> clusters, double beta = 1);

}  // namespace whitney::eval
