#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"

namespace whitney::codec {

/// What the rotation before product quantisation is learned for.
struct OpqTask {
  int64_t num_subspaces = 1;
  int64_t num_centroids = 256;
  int num_rounds = 50;
};

/// A learned rotation.
struct OpqRotation {
  /// R, d x d, orthonormal rows: y = R x is quantised.
  Matrix rotation;
  /// Sums of the squared errors of the points: at the start, then after each round.
  std::vector<double> errors;
};

/// Learns the rotation before product quantisation that lowers the squared error of points (n x d float32),
/// in turns: codebooks by k-means for the rotation, the rotation for the codebooks (Ge et al. 2013, as
/// faiss's OPQMatrix has it). No round raises the error. Starts without rotation or from principal components
/// that are spread over the subspaces so that products of their variances are alike, whichever errs less;
/// ends early when a round lowers the error by less than a ten-thousandth. O(rounds (4 n k d + n d^2 + 50
/// d^3)).
WHITNEY_API OpqRotation learn_opq_rotation(const MatrixView& points, const OpqTask& task,
                                           const Context& context);

/// Orders principal components of falling `variances` so that those of each of num_subspaces parts of the
/// result stand together and the products of the variances of the parts are alike: each in turn goes to the
/// part of the least product that has room (Ge et al. 2013, eigenvalue allocation).
WHITNEY_API std::vector<int64_t> allocate_components(const std::vector<double>& variances,
                                                     int64_t num_subspaces);

}  // namespace whitney::codec
