#include "whitney/eval/reconstruction_top_pairs.h"

#include <algorithm>
#include <limits>

#include "whitney/linalg/ranked_scores.h"

namespace whitney::eval {

TopPairs::TopPairs(int64_t capacity) : capacity_(capacity), bound_(std::numeric_limits<uint32_t>::max()) {}

bool TopPairs::before(const Pair& a, const Pair& b) {
  if (a.key != b.key) return a.key < b.key;
  if (a.place_and_edge >> 1 != b.place_and_edge >> 1) return a.place_and_edge < b.place_and_edge;
  return a.node < b.node;
}

void TopPairs::add(int64_t place, int64_t source, std::span<const float> scores,
                   std::span<const uint8_t> hops) {
  for (size_t v = 0; v < scores.size(); ++v) {
    const uint32_t key = descending_key(scores[v]);
    if (key > bound_ || v == size_t(source)) continue;
    pairs_.push_back({key, static_cast<uint32_t>(v), 2 * place + (hops[v] == 1 ? 1 : 0)});
    if (std::ssize(pairs_) >= 2 * capacity_) shrink();
  }
}

void TopPairs::add(const TopPairs& other) {
  pairs_.insert(pairs_.end(), other.pairs_.begin(), other.pairs_.end());
  if (std::ssize(pairs_) >= 2 * capacity_) shrink();
}

// Pairs behind the worst that is kept cannot come back: capacity_ better ones were seen.
void TopPairs::shrink() {
  const auto last = pairs_.begin() + capacity_ - 1;
  std::ranges::nth_element(pairs_, last, before);
  bound_ = last->key;
  pairs_.resize(static_cast<size_t>(capacity_));
}

std::vector<double> TopPairs::precision_at(std::span<const int64_t> sizes) {
  if (std::ssize(pairs_) > capacity_) shrink();
  std::ranges::sort(pairs_, before);
  std::vector<double> result;
  for (const int64_t size : sizes) {
    if (size > std::ssize(pairs_)) {
      result.push_back(std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    const auto edges = std::count_if(pairs_.begin(), pairs_.begin() + size,
                                     [](const Pair& pair) { return (pair.place_and_edge & 1) != 0; });
    result.push_back(static_cast<double>(edges) / static_cast<double>(size));
  }
  return result;
}

}  // namespace whitney::eval
