#include "whitney/core/alias_table.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "whitney/core/parallel.h"

namespace whitney {
namespace {

constexpr double kWhole = 4294967296.0;  // 2^32

AliasSlot whole_slot(size_t i) { return {UINT32_MAX, static_cast<uint32_t>(i)}; }

template <class Weight>
void fill(std::span<const Weight> weights, std::span<AliasSlot> slots, AliasScratch& scratch) {
  const size_t n = weights.size();
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (size_t i = 0; i < n; ++i) slots[i] = whole_slot(i);
  if (!(total > 0)) return;
  auto& [share, small, large] = scratch;
  share.resize(n);
  small.clear();
  large.clear();
  for (size_t i = 0; i < n; ++i) {
    share[i] = static_cast<double>(weights[i]) * (static_cast<double>(n) / total);
    (share[i] < 1 ? small : large).push_back(static_cast<uint32_t>(i));
  }
  // A place that is not filled gets its rest from one that has more than its own.
  while (!small.empty() && !large.empty()) {
    const uint32_t less = small.back(), more = large.back();
    small.pop_back();
    slots[less] = {static_cast<uint32_t>(std::min(share[less] * kWhole, kWhole - 1)), more};
    share[more] -= 1 - share[less];
    if (share[more] >= 1) continue;
    large.pop_back();
    small.push_back(more);
  }
  // What is left is a whole place up to rounding, but a place of weight 0 must never be drawn for itself.
  const auto heaviest =
      static_cast<uint32_t>(std::max_element(weights.begin(), weights.end()) - weights.begin());
  for (const uint32_t i : small) {
    if (weights[i] <= 0) slots[i] = {0, heaviest};
  }
}

}  // namespace

void fill_alias_slots(std::span<const double> weights, std::span<AliasSlot> slots, AliasScratch& scratch) {
  fill(weights, slots, scratch);
}

void fill_alias_slots(std::span<const float> weights, std::span<AliasSlot> slots, AliasScratch& scratch) {
  fill(weights, slots, scratch);
}

std::vector<AliasSlot> make_alias_slots(std::span<const double> weights) {
  std::vector<AliasSlot> slots(weights.size());
  AliasScratch scratch;
  fill_alias_slots(weights, slots, scratch);
  return slots;
}

Array<AliasSlot> make_alias_rows(std::span<const int64_t> offsets, std::span<const float> weights,
                                 const Context& context) {
  if (weights.empty()) return {};
  Array<AliasSlot> slots(std::ssize(weights));
  AliasSlot* data = slots.mutable_data();
  parallel_blocks(context, std::ssize(offsets) - 1, 1024, [&](int64_t begin, int64_t end) {
    AliasScratch scratch;
    for (auto row = static_cast<size_t>(begin); row < static_cast<size_t>(end); ++row) {
      const auto first = static_cast<size_t>(offsets[row]);
      const auto count = static_cast<size_t>(offsets[row + 1]) - first;
      fill_alias_slots(weights.subspan(first, count), {data + first, count}, scratch);
    }
  });
  return slots;
}

}  // namespace whitney
