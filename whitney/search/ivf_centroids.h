#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "whitney/core/matrix.h"
#include "whitney/linalg/dense_tile.h"
#include "whitney/linalg/metric.h"
#include "whitney/search/built_once.h"
#include "whitney/search/ivf_kernels.h"

namespace whitney::search {

/// The centroids of the lists, and how near queries are to them. Differences are taken around their mean, so
/// that products of vectors far from the origin lose no digits; of inner products around 0.
class ListCentroids {
 public:
  ListCentroids() = default;
  /// centroids: nlist x dim float32, finite.
  ListCentroids(Matrix centroids, Metric metric);

  int64_t size() const { return centroids_.rows(); }
  const Matrix& matrix() const { return centroids_; }
  std::span<const float> centroid(int64_t list) const { return centroids_.row<float>(list); }
  /// What queries are taken around.
  std::span<const float> centre() const { return centre_; }
  int64_t size_bytes() const { return centroids_.bytes().size() + packed_.size_bytes(); }

  /// Floats from row to row of what `measure` writes.
  int64_t stride() const { return packed_.num_panels() * PackedRows::kPanelRows; }
  /// Writes how far each list is from each query, less the centre: (|q - c|^2 - |q|^2) / 2, or -<q, c> of
  /// inner products. A row's numbers do not depend on the others. On this thread.
  void measure(const MatrixView& centred_queries, float* out) const;

  /// The first centroids, which are measured at a fraction of the price: the nearest of them tells roughly
  /// where a query lies.
  static constexpr int64_t kMostLandmarks = PackedRows::kPanelRows;
  int64_t num_landmarks() const { return std::min(size(), kMostLandmarks); }
  /// What `measure` writes, in two parts.
  void measure_landmarks(const MatrixView& centred_queries, float* out) const;
  void measure_others(const MatrixView& centred_queries, float* out) const;
  /// The landmark nearest to each centroid. Found out at the first use, by any thread.
  const std::vector<uint8_t>& nearest_landmarks() const;

  /// What keys of the rows of a list begin with, from what `measure` wrote; query_square: |q|^2.
  ListKeyTerms key_terms(uint32_t list, float measured, float query_square) const;
  /// No vector within `radius` of the centroid has a lower key, as people see them (scores negated), by the
  /// triangle inequality.
  float least_key(uint32_t list, float measured, float query_square, float radius) const;

 private:
  Metric metric_ = Metric::kL2;
  Matrix centroids_;
  std::vector<float> centre_, squares_, biases_;
  PackedRows packed_;
  /// Shared by copies, whose centroids are the same.
  std::shared_ptr<const BuiltOnce<std::vector<uint8_t>>> nearest_landmarks_;
};

}  // namespace whitney::search
