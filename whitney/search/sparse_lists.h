#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/data/ragged.h"

namespace whitney::search {

/// Rows of a block: as many as a word has bits.
inline constexpr int64_t kSparseBlock = 64;
/// Rows of a run, which a scan adds up together.
inline constexpr int64_t kSparseRun = 65'536;

/// The entries of a list in one block of rows.
struct SparseGroup {
  uint32_t block;
  /// Entries [begin, end) of all lists.
  int64_t begin, end;
};

/// For each dimension that occurs the rows that have it and their values, cut in blocks of 64 rows. The
/// arrays are a file's tensors; `group` checks what is followed.
struct SparseLists {
  int64_t num_rows = 0;
  /// Dimensions that occur, ascending: list i is that of dims[i].
  Array<uint32_t> dims;
  /// The first group and the first entry of each list; one more at the end.
  Array<uint64_t> first_groups, first_entries;
  /// What a step of the bounds of a list, and of its codes, is worth: more than 0.
  Array<float> steps;
  /// Of each group: its block, ascending within a list; the largest magnitude of its values in steps, rounded
  /// up; where its entries end, counted within the list.
  Array<uint32_t> blocks;
  Array<uint8_t> bests;
  Array<uint32_t> ends;
  /// Of each entry: the row within its run, and the value, as float32 or in steps (1..255).
  Array<uint16_t> offsets;
  Array<float> values;
  Array<uint8_t> codes;
  /// True where a value may be negative: a bound is then one of magnitudes.
  bool has_negative = false;

  int64_t num_lists() const { return dims.size(); }
  int64_t num_groups() const { return blocks.size(); }
  int64_t num_entries() const { return offsets.size(); }
  int64_t num_blocks() const { return (num_rows + kSparseBlock - 1) / kSparseBlock; }
  bool has_codes() const { return !codes.empty(); }
  int64_t size_bytes() const;
  /// The list of a dimension.
  std::optional<int64_t> find(int32_t dim) const;
  /// Groups of a list. Throws Error when they cannot be.
  struct Range {
    int64_t begin, end;
    int64_t size() const { return end - begin; }
  };
  Range groups_of(int64_t list) const;
  /// Group `g` of a list, whose first group is `first`. Throws Error when it cannot be.
  SparseGroup group(int64_t list, int64_t first, int64_t g) const {
    const auto start = static_cast<int64_t>(first_entries[list]);
    const SparseGroup group{blocks[g], start + (g == first ? 0 : int64_t{ends[g - 1]}),
                            start + int64_t{ends[g]}};
    const int64_t size = group.end - group.begin;
    if (group.block >= num_blocks() || size < 1 || size > kSparseBlock ||
        group.end > static_cast<int64_t>(first_entries[list + 1])) {
      fail_damaged(list);
    }
    return group;
  }
  /// The value of an entry of a list.
  float value(int64_t list, int64_t entry) const {
    return has_codes() ? steps[list] * static_cast<float>(codes[entry]) : values[entry];
  }
  /// Throws Error when the lengths of the arrays do not fit one another, dimensions do not ascend, or a step
  /// is no number above 0. O(lists).
  void check_shapes() const;
  [[noreturn]] void fail_damaged(int64_t list) const;
};

/// Makes the lists of sparse rows, as float32 or as codes; values of 0 are left out. Throws Error for codes
/// of negative values. The same bytes for any number of threads.
SparseLists make_sparse_lists(const RaggedEmbeddings& rows, bool as_codes, const Context& context);

/// The rows that lists were made of, without ids; num_dims is the caller's to set. Throws Error where the
/// lists are damaged.
RaggedEmbeddings rows_of_lists(const SparseLists& lists);

/// The entries of one row, as rows_of_lists gives them.
RaggedEmbeddings row_of_lists(const SparseLists& lists, int64_t row);

}  // namespace whitney::search
