#include "whitney/linalg/top_k.h"

#include <algorithm>
#include <array>
#include <limits>

#include "whitney/linalg/select.h"

namespace whitney {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Orders a heap so that its root is the entry to drop: the largest key, and of equal keys the largest row.
bool before(const TopK::Entry& a, const TopK::Entry& b) {
  return a.key != b.key ? a.key < b.key : a.row < b.row;
}

}  // namespace

TopK::TopK(int64_t k) : k_(std::max(k, int64_t{0})), bound_(k_ > 0 ? kInfinity : -kInfinity) {}

void TopK::insert(float key, uint32_t row) {
  if (!(key <= bound_) || k_ == 0) return;  // NaN passes the test at the door
  const Entry entry{key, row};
  if (std::ssize(heap_) < k_) {
    heap_.push_back(entry);
    std::push_heap(heap_.begin(), heap_.end(), before);
  } else {
    if (!before(entry, heap_.front())) return;
    std::pop_heap(heap_.begin(), heap_.end(), before);
    heap_.back() = entry;
    std::push_heap(heap_.begin(), heap_.end(), before);
  }
  if (std::ssize(heap_) == k_) bound_ = heap_.front().key;
}

void TopK::push_run(std::span<const float> keys, uint32_t first_row) {
  constexpr int64_t kRun = 1024;  // short enough that the bound follows
  std::array<uint32_t, kRun + 16> positions;
  for (int64_t begin = 0; begin < std::ssize(keys); begin += kRun) {
    const int64_t count = std::min(kRun, std::ssize(keys) - begin);
    const int64_t found = select_at_most(keys.data() + begin, count, bound_, positions.data());
    for (int64_t i = 0; i < found; ++i) {
      const int64_t at = begin + positions[static_cast<size_t>(i)];
      push(keys[static_cast<size_t>(at)], first_row + static_cast<uint32_t>(at));
    }
  }
}

std::vector<TopK::Entry> TopK::take() {
  std::vector<Entry> entries = std::move(heap_);
  heap_.clear();
  bound_ = k_ > 0 ? kInfinity : -kInfinity;
  std::sort(entries.begin(), entries.end(), before);
  return entries;
}

}  // namespace whitney
