#include "whitney/search/ordered_rows.h"

#include <algorithm>

#include "whitney/core/parallel.h"
#include "whitney/search/postings.h"

namespace whitney::search {
namespace {

constexpr int64_t kCheckpoints = 32;
// Below this length a slice is set row by row.
constexpr int64_t kShort = 96;

}  // namespace

OrderedRows::OrderedRows(int64_t num_rows, std::vector<uint32_t> order, const FilterWatch& watch)
    : num_rows_(num_rows), order_(std::move(order)) {
  step_ = std::max<int64_t>(1, (size() + kCheckpoints - 1) / kCheckpoints);
  const int64_t words = (num_rows_ + 63) / 64, count = size() / step_ + 1;
  checkpoints_.assign(static_cast<size_t>(words * count), 0);
  // Checkpoint c first gets its own step's rows, then everything before it, words in parallel.
  parallel_for(watch.context(), count, [&](int64_t c) {
    watch.check();
    uint64_t* bits = checkpoints_.data() + c * words;
    for (int64_t i = (c - 1) * step_; c > 0 && i < c * step_; ++i) {
      const uint32_t row = order_[static_cast<size_t>(i)];
      bits[row / 64] |= uint64_t{1} << (row % 64);
    }
  });
  parallel_blocks(watch.context(), words, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t c = 1; c < count; ++c) {
      const uint64_t* before = checkpoints_.data() + (c - 1) * words;
      uint64_t* bits = checkpoints_.data() + c * words;
      for (int64_t w = begin; w < end; ++w) bits[w] |= before[w];
    }
  });
}

std::span<const uint64_t> OrderedRows::checkpoint(int64_t c) const {
  const auto words = static_cast<size_t>((num_rows_ + 63) / 64);
  return std::span(checkpoints_).subspan(static_cast<size_t>(c) * words, words);
}

int64_t OrderedRows::nearest_checkpoint(int64_t place) const {
  return std::min((place + step_ / 2) / step_, size() / step_);
}

void OrderedRows::toggle(int64_t begin, int64_t end, std::vector<uint64_t>& bits) const {
  if (begin > end) std::swap(begin, end);
  for (int64_t i = begin; i < end; ++i) {
    const uint32_t row = order_[static_cast<size_t>(i)];
    bits[row / 64] ^= uint64_t{1} << (row % 64);
  }
}

RowSet OrderedRows::slice(int64_t begin, int64_t end) const {
  if (begin >= end) return {};
  const auto rows = std::span(order_).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  if (end - begin <= std::max(kShort, num_rows_ / 1024)) return set_of_rows(rows, num_rows_);
  // Rows before `end` without rows before `begin`, each counted from its nearest checkpoint: differences of
  // nested sets are exclusive ors, so the rows between checkpoint and end are toggled whichever lies first.
  const int64_t first = nearest_checkpoint(begin), last = nearest_checkpoint(end);
  const auto before = checkpoint(first), until = checkpoint(last);
  std::vector<uint64_t> bits(before.size());
  for (size_t w = 0; w < bits.size(); ++w) bits[w] = before[w] ^ until[w];
  toggle(first * step_, begin, bits);
  toggle(last * step_, end, bits);
  return RowSet::from_bits(bits);
}

RowSet OrderedRows::slices(std::span<const std::pair<int64_t, int64_t>> ranges) const {
  if (ranges.size() == 1) return slice(ranges[0].first, ranges[0].second);
  std::vector<uint32_t> rows;
  RowSet result;
  for (const auto& [begin, end] : ranges) {
    if (end - begin > kShort) {
      result = result | slice(begin, end);
    } else {
      rows.insert(rows.end(), order_.begin() + begin, order_.begin() + std::max(begin, end));
    }
  }
  return rows.empty() ? result : result | set_of_rows(rows, num_rows_);
}

}  // namespace whitney::search
