#include "whitney/recommend/best_items.h"

#include <algorithm>
#include <array>
#include <limits>

#include "whitney/core/error.h"
#include "whitney/linalg/select.h"

namespace whitney::recommend {

void BestItems::offer(std::span<const float> scores, int64_t first_item) {
  constexpr int64_t kRun = 1024;  // short enough that the bound follows
  std::array<uint32_t, kRun + 16> positions;
  for (int64_t begin = 0; begin < std::ssize(scores); begin += kRun) {
    const int64_t count = std::min(kRun, std::ssize(scores) - begin);
    const float* run = scores.data() + begin;
    const int64_t found = select_not_below(run, count, 0.0F - top_.bound(), positions.data());
    for (int64_t i = 0; i < found; ++i) {
      const float score = run[positions[static_cast<size_t>(i)]];
      if (!(score == score)) fail("a score of user row ", user_, " is no number");
      const float key = 0.0F - score;
      // Items come in ascending order: one that only equals the k-th does not enter.
      if (key >= top_.bound() || key == std::numeric_limits<float>::infinity()) continue;
      const auto item = static_cast<uint32_t>(first_item + begin + positions[static_cast<size_t>(i)]);
      if (!is_seen(item)) top_.push(key, item);
    }
  }
}

bool BestItems::is_seen(uint32_t item) const {
  return std::ranges::any_of(seen_, [&](const Interactions* events) {
    return std::ranges::binary_search(events->items_of(user_), item);
  });
}

std::vector<ScoredItem> BestItems::take() {
  std::vector<ScoredItem> best;
  // Taking from 0 turns the -0 of a score of 0 into 0.
  for (const TopK::Entry& entry : top_.take()) best.push_back({entry.row, 0.0F - entry.key});
  return best;
}

}  // namespace whitney::recommend
