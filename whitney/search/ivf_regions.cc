#include "whitney/search/ivf_regions.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "whitney/search/ivf_index.h"

namespace whitney::search {
namespace {

/// Rows that pass which are looked at, about.
constexpr int64_t kSampled = 1024;
/// So many rows of the share of all are added to what is known around a landmark.
constexpr double kPrior = 8;

using Counts = std::array<double, ListCentroids::kMostLandmarks>;

/// Counts rows that pass by the landmarks of their lists, in every step-th word of bits. Gives the words.
int64_t count_passing(const IvfParts& parts, std::span<const uint64_t> bits, int64_t step, Counts& passing) {
  const std::vector<uint8_t>& landmark_of = parts.centroids.nearest_landmarks();
  int64_t num_words = 0;
  for (auto word = static_cast<size_t>(step / 2); word < bits.size(); word += static_cast<size_t>(step)) {
    for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
      const size_t row = word * 64 + static_cast<size_t>(std::countr_zero(left));
      passing[landmark_of[parts.places[row].list]] += 1;
    }
    ++num_words;
  }
  return num_words;
}

}  // namespace

ListRegions list_regions(const IvfParts& parts, std::span<const uint64_t> bits, int64_t num_passing) {
  Counts passing{}, rows{};
  const int64_t step = std::clamp<int64_t>(num_passing / kSampled, 1, std::max<int64_t>(std::ssize(bits), 1));
  const auto num_words = static_cast<double>(count_passing(parts, bits, step, passing));
  const double looked_at = num_words / static_cast<double>(std::max<size_t>(bits.size(), 1));
  const std::vector<uint8_t>& landmark_of = parts.centroids.nearest_landmarks();
  for (size_t j = 0; j < parts.lists.size(); ++j)
    rows[landmark_of[j]] += static_cast<double>(parts.lists[j].size());
  const double all =
      static_cast<double>(num_passing) / static_cast<double>(std::max<int64_t>(parts.rows.size(), 1));
  ListRegions regions{};
  for (size_t i = 0; i < regions.size(); ++i) {
    const double share = std::min(1.0, (passing[i] + kPrior * all) / (rows[i] * looked_at + kPrior));
    regions[i] = {static_cast<float>(rows[i]), static_cast<float>(rows[i] * share)};
  }
  return regions;
}

ListsSeen lists_around(const IvfParts& parts, const IvfPlan& plan, const ListRegions& regions,
                       std::span<const float> measured) {
  const auto landmarks = measured.first(static_cast<size_t>(parts.centroids.num_landmarks()));
  const ListRegion& region =
      regions[static_cast<size_t>(std::ranges::min_element(landmarks) - landmarks.begin())];
  return lists_that_hold(parts, plan, region.rows > 0 ? region.passing / region.rows : 0);
}

}  // namespace whitney::search
