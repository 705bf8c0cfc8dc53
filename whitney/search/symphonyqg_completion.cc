#include "whitney/search/symphonyqg_completion.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace whitney::search {
namespace {

/// Looks for candidates at wide angles, at one bar after another. Most of the nearer links that one is
/// compared with are there from the beginning: of these only the greatest cosine is kept.
class AngleFill {
 public:
  AngleFill(const std::vector<LinkCandidate>& candidates, int64_t wanted,
            const std::function<const float*(size_t)>& distances)
      : candidates_(candidates),
        distances_(distances),
        roots_(candidates.size()),
        widest_(candidates.size(), -1.0F),
        row_of_(candidates.size(), kNone),
        num_missing_(static_cast<size_t>(wanted)) {
    for (size_t i = 0; i < candidates.size(); ++i) roots_[i] = std::sqrt(candidates[i].distance);
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (!candidates[i].chosen) continue;
      --num_missing_;
      const size_t row = cosines(i);
      for (size_t c = i + 1; c < candidates.size(); ++c) widest_[c] = std::max(widest_[c], cosines_[row + c]);
    }
  }

  /// The candidates that fill up the list at a bar; nothing when they are too few.
  std::optional<std::vector<size_t>> fill(float bar) {
    std::vector<size_t> added;
    for (size_t c = 0; c < candidates_.size() && added.size() < num_missing_; ++c) {
      if (candidates_[c].chosen || widest_[c] > bar) continue;
      if (std::ranges::none_of(added, [&](size_t other) { return cosines_[cosines(other) + c] > bar; }))
        added.push_back(c);
    }
    if (added.size() < num_missing_) return std::nullopt;
    return added;
  }

 private:
  static constexpr size_t kNone = ~size_t{0};

  /// Where the cosines between a candidate and all stand; of those behind it.
  size_t cosines(size_t i) {
    if (row_of_[i] != kNone) return row_of_[i];
    const size_t n = candidates_.size(), row = row_of_[i] = cosines_.size();
    cosines_.resize(row + n);
    const float* between = distances_(i);
    float* out = cosines_.data() + row;
    const float own = candidates_[i].distance, twice_root = 2 * roots_[i];
    for (size_t c = i + 1; c < n; ++c) {
      // At the place of the base no angle is told.
      const float scale = std::max(twice_root * roots_[c], 1e-30F);
      out[c] = (own + candidates_[c].distance - between[c]) / scale;
    }
    return row;
  }

  const std::vector<LinkCandidate>& candidates_;
  const std::function<const float*(size_t)>& distances_;
  std::vector<float> roots_, widest_, cosines_;
  std::vector<size_t> row_of_;
  size_t num_missing_;
};

}  // namespace

void complete_by_angle(std::vector<LinkCandidate>& candidates, int64_t wanted,
                       const std::function<const float*(size_t)>& distances) {
  const auto is_chosen = [](const LinkCandidate& candidate) { return candidate.chosen; };
  int64_t count = std::ranges::count_if(candidates, is_chosen);
  if (count >= wanted) return;
  if (std::ssize(candidates) > wanted) {
    AngleFill angles(candidates, wanted, distances);
    std::vector<size_t> best;
    float low = 0.5F, high = 1;
    for (int step = 0; step < 5; ++step) {
      const float middle = (low + high) / 2;
      std::optional<std::vector<size_t>> filled = angles.fill(middle);
      (filled ? high : low) = middle;
      if (filled) best = *std::move(filled);
    }
    for (const size_t c : best) candidates[c].chosen = true;
    count += std::ssize(best);
  }
  for (LinkCandidate& candidate : candidates) {
    if (count == wanted) break;
    count += candidate.chosen ? 0 : 1;
    candidate.chosen = true;
  }
}

}  // namespace whitney::search
