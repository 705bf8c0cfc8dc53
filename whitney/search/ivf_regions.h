#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "whitney/search/ivf_centroids.h"
#include "whitney/search/ivf_plan.h"

namespace whitney::search {

/// The rows of the lists of which a landmark is the nearest, and how many of them pass a filter.
struct ListRegion {
  float rows = 0, passing = 0;
};
using ListRegions = std::array<ListRegion, ListCentroids::kMostLandmarks>;

/// Tells it of `num_passing` rows (bits) by about a thousand of these, at even steps of the rows: the same
/// for the same rows, in microseconds. Where little is known of a landmark it has the share of all.
ListRegions list_regions(const IvfParts& parts, std::span<const uint64_t> bits, int64_t num_passing);

/// What a query's lists will hold, by what ListCentroids measured of the landmarks: as many pass in them as
/// in the region of the nearest.
ListsSeen lists_around(const IvfParts& parts, const IvfPlan& plan, const ListRegions& regions,
                       std::span<const float> measured);

}  // namespace whitney::search
