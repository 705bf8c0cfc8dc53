#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/search/filter_watch.h"
#include "whitney/search/row_set.h"

namespace whitney::search {

/// For each key 0..num_keys-1 the ascending rows that have it. Long lists are kept as bitmaps too, so that
/// asking for one is a copy of a pointer; short ones (fewer than 64 rows) are made when asked for, in less
/// than a microsecond.
class Postings {
 public:
  Postings() = default;
  /// starts: num_keys + 1 offsets into `rows`, all below num_rows, ascending within a key.
  Postings(int64_t num_rows, std::vector<uint64_t> starts, std::vector<uint32_t> rows,
           const FilterWatch& watch);

  int64_t num_keys() const { return starts_.empty() ? 0 : std::ssize(starts_) - 1; }
  std::span<const uint32_t> rows_of(int64_t key) const;
  int64_t num_rows_of(int64_t key) const { return std::ssize(rows_of(key)); }
  RowSet of(int64_t key) const;
  /// Rows with any of the keys.
  RowSet of_any(std::span<const int64_t> keys) const;
  /// Rows with a key in [begin, end).
  RowSet of_range(int64_t begin, int64_t end) const;

 private:
  int64_t num_rows_ = 0;
  std::vector<uint64_t> starts_;
  std::vector<uint32_t> rows_;
  // Keys of long lists, ascending, and their bitmaps.
  std::vector<int64_t> long_keys_;
  std::vector<RowSet> bitmaps_;
};

/// Makes a set of rows given in any order: through a bit array where there are many.
RowSet set_of_rows(std::span<const uint32_t> rows, int64_t num_rows);

}  // namespace whitney::search
