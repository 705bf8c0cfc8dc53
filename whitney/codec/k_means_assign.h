#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/dense_tile.h"

namespace whitney::codec {

/// Finds the nearest of some centroids for each point, round after round while the centroids move: by the
/// squared distance of the one-to-one kernel, of equal ones the smaller. Products of the dense kernel, by
/// panels of 48 centroids, leave few to compare, and the one-to-one kernel settles near ties: an assignment
/// depends on the points, the centroids and the SIMD level alone. With bounds, the triangle inequality spares
/// later rounds most products and changes no assignment (Elkan 2003; one bound for a group of centroids as in
/// Yinyang k-means, Ding et al. 2015: here a group is a panel, and near centroids share one).
class WHITNEY_API PointAssigner {
 public:
  /// `points` (n x d float32) stays while this lives. Bounds take n (k / 48 + 2) floats.
  PointAssigner(const MatrixView& points, bool keeps_bounds, const Context& context);

  /// Writes the nearest of `centroids` (k x d float32, of the same k in each call) for each of the n points.
  /// `assignment` holds what the call before wrote; points whose cluster differs from that are compared with
  /// all centroids. Throws Error when squared distances leave float32.
  void assign(const MatrixView& centroids, std::vector<uint32_t>& assignment);

  /// Products of a point and a centroid so far.
  int64_t num_products() const { return num_products_; }

 private:
  struct Scratch;
  void describe(const MatrixView& centroids);
  std::vector<uint32_t> grouped_order() const;
  void note_moves();
  void assign_block(int64_t begin, int64_t end, std::vector<uint32_t>& assignment, Scratch& scratch);
  void find_needed(int64_t begin, int64_t end, const std::vector<uint32_t>& assignment, Scratch& scratch);
  void multiply_needed(int64_t begin, int64_t end, Scratch& scratch) const;
  void decide(int64_t row, int64_t first_row, uint32_t& assigned, Scratch& scratch);
  void keep_bounds(int64_t row, uint32_t before, uint32_t after, float margin, int64_t first_row,
                   const Scratch& scratch);
  bool is_safe(int64_t row) const;
  float margin_of(int64_t row) const;
  float distance_to(int64_t row, uint32_t centroid) const;

  MatrixView points_;
  bool keeps_bounds_;
  Context context_;
  std::vector<float> point_norms_;
  int64_t num_products_ = 0;

  // Of the round.
  MatrixView centroids_;
  // The centroid at each place of the panels (kNobody: none), the place of each centroid, and they in this
  // order.
  std::vector<uint32_t> order_, place_of_;
  PackedRows packed_;
  std::vector<float> biases_;
  float most_norm_ = 0;
  bool has_safe_centroids_ = true;
  // How far each centroid moved since the round before, and the farthest of each panel.
  std::vector<float> moves_, panel_moves_;

  // What the bounds belong to.
  Matrix before_;
  std::vector<uint32_t> assigned_;
  // No less than a point's distance to its centroid (infinite: unknown), and for each panel no more than its
  // distance to any other centroid there.
  std::vector<float> upper_, lower_;
};

/// Gives the Euclidean distance of each point to the centroid that it belongs to, by the one-to-one kernel.
/// Throws as PointAssigner does.
std::vector<float> distances_to_centroids(const MatrixView& points, const MatrixView& centroids,
                                          const std::vector<uint32_t>& assignment, const Context& context);

/// Throws the Error of squared distances beyond float32.
[[noreturn]] void fail_k_means_range();

}  // namespace whitney::codec
