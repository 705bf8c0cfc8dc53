#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"

namespace whitney::codec {

/// Assigns each point to a centroid so that none has more than `most` points and the squared distances sum to
/// the least possible, but for a thousandth of the sum without that bound, or n hundred-thousandths or n
/// `slack` of the mean of all distances where those are more: the auction algorithm for transportation
/// problems (Bertsekas & Castanon 1989), in which points bid for places. points: n x d, centroids: k x d,
/// float32. Throws Error when there are fewer than n places. O(n k) memory; some bids of O(k) a point;
/// without slack, many where distances to the nearest are small beside the others.
WHITNEY_API std::vector<uint32_t> balanced_assignment(const MatrixView& points, const MatrixView& centroids,
                                                      int64_t most, const Context& context, double slack = 0);

}  // namespace whitney::codec
