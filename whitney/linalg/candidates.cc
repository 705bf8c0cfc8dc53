#include "whitney/linalg/candidates.h"

#include <algorithm>

namespace whitney {

Candidates::Candidates(int64_t k, float limit)
    : k_(static_cast<size_t>(k)), capacity_(2 * k_ + 64), limit_(limit) {}

void Candidates::shrink() {
  if (entries_.size() > k_ && k_ > 0) {
    const auto kth = entries_.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
    std::nth_element(entries_.begin(), kth, entries_.end(),
                     [](const Entry& a, const Entry& b) { return a.upper < b.upper; });
    limit_ = std::min(limit_, kth->upper);
  }
  std::erase_if(entries_, [this](const Entry& entry) { return entry.lower > limit_; });
  // Many ties leave many rows; growing then keeps the cost of selecting linear.
  capacity_ = std::max(capacity_, 2 * entries_.size());
}

std::vector<uint32_t> merge_candidates(std::span<Candidates> parts, int64_t k) {
  Candidates all(k);
  for (Candidates& part : parts) {
    for (const Candidates::Entry& entry : part.entries_) all.append(entry);
    part.entries_ = {};
  }
  all.shrink();
  std::vector<uint32_t> rows;
  rows.reserve(all.entries_.size());
  for (const Candidates::Entry& entry : all.entries_) rows.push_back(entry.row);
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace whitney
