#include "whitney/search/postings.h"

#include <algorithm>
#include <utility>

#include "whitney/core/parallel.h"

namespace whitney::search {
namespace {

constexpr int64_t kLong = 64;
// A bit array costs a pass over num_rows / 64 words; sorting rows costs some 15 ns a row.
constexpr int64_t kFewestForBits = 96, kShareForBits = 1024;

}  // namespace

RowSet set_of_rows(std::span<const uint32_t> rows, int64_t num_rows) {
  if (std::ssize(rows) > std::max(kFewestForBits, num_rows / kShareForBits)) {
    std::vector<uint64_t> bits(static_cast<size_t>((num_rows + 63) / 64), 0);
    for (const uint32_t row : rows) bits[row / 64] |= uint64_t{1} << (row % 64);
    return RowSet::from_bits(bits);
  }
  std::vector<uint32_t> sorted(rows.begin(), rows.end());
  std::sort(sorted.begin(), sorted.end());
  return RowSet::of(sorted);
}

Postings::Postings(int64_t num_rows, std::vector<uint64_t> starts, std::vector<uint32_t> rows,
                   const FilterWatch& watch)
    : num_rows_(num_rows), starts_(std::move(starts)), rows_(std::move(rows)) {
  for (int64_t key = 0; key < num_keys(); ++key) {
    if (num_rows_of(key) >= kLong) long_keys_.push_back(key);
  }
  bitmaps_.resize(long_keys_.size());
  parallel_blocks(watch.context(), std::ssize(long_keys_), 64, [&](int64_t begin, int64_t end) {
    watch.check();
    for (int64_t i = begin; i < end; ++i) {
      bitmaps_[static_cast<size_t>(i)] = RowSet::of(rows_of(long_keys_[static_cast<size_t>(i)]));
    }
  });
}

std::span<const uint32_t> Postings::rows_of(int64_t key) const {
  const auto at = static_cast<size_t>(key);
  return std::span(rows_).subspan(starts_[at], starts_[at + 1] - starts_[at]);
}

RowSet Postings::of(int64_t key) const {
  const auto rows = rows_of(key);
  if (std::ssize(rows) < kLong) return RowSet::of(rows);
  const auto found = std::lower_bound(long_keys_.begin(), long_keys_.end(), key);
  return bitmaps_[static_cast<size_t>(found - long_keys_.begin())];
}

RowSet Postings::of_any(std::span<const int64_t> keys) const {
  if (keys.size() == 1) return of(keys[0]);
  std::vector<uint32_t> rows;
  RowSet result;
  for (const int64_t key : keys) {
    const auto more = rows_of(key);
    if (std::ssize(more) < kLong) {
      rows.insert(rows.end(), more.begin(), more.end());
    } else {
      result = result | of(key);
    }
  }
  return rows.empty() ? result : result | set_of_rows(rows, num_rows_);
}

RowSet Postings::of_range(int64_t begin, int64_t end) const {
  if (begin >= end) return {};
  if (end - begin == 1) return of(begin);
  const uint64_t from = starts_[static_cast<size_t>(begin)], to = starts_[static_cast<size_t>(end)];
  return set_of_rows(std::span(rows_).subspan(from, to - from), num_rows_);
}

}  // namespace whitney::search
