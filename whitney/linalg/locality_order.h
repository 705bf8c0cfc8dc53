#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/linalg/sparse.h"

namespace whitney {

/// Numbers the nodes of a symmetric square matrix so that rows that follow one another share columns, which a
/// product then finds in the caches: by communities of at most 4,096 nodes (label propagation with bounded
/// sizes, Meyerhenke, Sanders, Schulz 2014, arXiv 1402.3281), these in the order in which a breadth-first
/// search (Cuthill, McKee 1969) first meets them. Gives for each place the node that stands there; one
/// thread, a few passes over the entries. On gowalla's users and items, with 64 columns, a product takes
/// 6.5 ms instead of 11 to 12.
WHITNEY_API std::vector<uint32_t> locality_order(const SparseView& sparse);

}  // namespace whitney
