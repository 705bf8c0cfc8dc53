#include "whitney/search/sparse_lists.h"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"

namespace whitney::search {
namespace {

constexpr int64_t kListsPerTask = 64;
constexpr int kMostSteps = 255;

// Entries by list, rows ascending: what lists are packed of.
struct EntriesByList {
  std::vector<uint32_t> dims;
  std::vector<uint64_t> first_entries;
  std::vector<uint32_t> rows;
  std::vector<float> values;
};

// The dimensions that occur, ascending. Counted where there are not many more of them than entries.
std::vector<uint32_t> dims_of(const RaggedEmbeddings& rows) {
  std::vector<uint32_t> dims;
  if (rows.num_dims <= std::max<int64_t>(int64_t{1} << 20, 4 * rows.num_entries())) {
    std::vector<bool> occurs(static_cast<size_t>(rows.num_dims));
    for (int64_t i = 0; i < rows.num_entries(); ++i) {
      if (rows.values[i] != 0) occurs[static_cast<size_t>(rows.indices[i])] = true;
    }
    for (size_t dim = 0; dim < occurs.size(); ++dim) {
      if (occurs[dim]) dims.push_back(static_cast<uint32_t>(dim));
    }
    return dims;
  }
  for (int64_t i = 0; i < rows.num_entries(); ++i) {
    if (rows.values[i] != 0) dims.push_back(static_cast<uint32_t>(rows.indices[i]));
  }
  std::ranges::sort(dims);
  dims.erase(std::unique(dims.begin(), dims.end()), dims.end());
  return dims;
}

EntriesByList sorted_by_list(const RaggedEmbeddings& rows) {
  EntriesByList postings;
  postings.dims = dims_of(rows);
  const auto& dims = postings.dims;
  std::vector<uint32_t> lists(static_cast<size_t>(rows.num_entries()));
  std::vector<uint64_t> next(dims.size() + 1, 0);
  std::vector<uint32_t> list_of;
  if (!dims.empty() && rows.num_dims <= int64_t{1} << 26) {
    list_of.resize(static_cast<size_t>(dims.back()) + 1);
    for (size_t i = 0; i < dims.size(); ++i) list_of[dims[i]] = static_cast<uint32_t>(i);
  }
  for (size_t i = 0; i < lists.size(); ++i) {
    const auto entry = static_cast<int64_t>(i);
    if (rows.values[entry] == 0) continue;
    const auto dim = static_cast<uint32_t>(rows.indices[entry]);
    lists[i] = list_of.empty() ? static_cast<uint32_t>(std::ranges::lower_bound(dims, dim) - dims.begin())
                               : list_of[dim];
    ++next[lists[i] + 1];
  }
  for (size_t i = 1; i < next.size(); ++i) next[i] += next[i - 1];
  postings.first_entries = next;
  postings.rows.resize(next.back());
  postings.values.resize(next.back());
  for (int64_t row = 0; row < rows.size(); ++row) {
    for (int64_t entry = rows.starts[row]; entry < rows.starts[row + 1]; ++entry) {
      if (rows.values[entry] == 0) continue;
      const uint64_t place = next[lists[static_cast<size_t>(entry)]]++;
      postings.rows[place] = static_cast<uint32_t>(row);
      postings.values[place] = rows.values[entry];
    }
  }
  return postings;
}

// The least step of which 255 reach the largest magnitude.
float step_of(float largest) {
  float step = std::max(largest / static_cast<float>(kMostSteps), std::numeric_limits<float>::min());
  while (double{step} * kMostSteps < double{largest})
    step = std::nextafter(step, std::numeric_limits<float>::infinity());
  return step;
}

uint8_t bound_in_steps(float magnitude, float step) {
  int steps = std::max(1, static_cast<int>(magnitude / step));
  while (double{step} * steps < double{magnitude}) ++steps;
  return static_cast<uint8_t>(std::min(steps, kMostSteps));
}

uint8_t nearest_step(float value, float step) {
  return static_cast<uint8_t>(std::clamp(std::lround(value / step), 1L, long{kMostSteps}));
}

// Calls visit(begin, end) for each run of entries of one block, [first, last) being those of a list.
template <class Visit>
void for_each_group(const std::vector<uint32_t>& rows, uint64_t first, uint64_t last, const Visit& visit) {
  for (uint64_t begin = first, end = first; begin < last; begin = end) {
    const uint32_t block = rows[begin] / kSparseBlock;
    while (end < last && rows[end] / kSparseBlock == block) ++end;
    visit(begin, end);
  }
}

std::vector<uint64_t> first_groups_of(const EntriesByList& entries, const Context& context) {
  std::vector<uint64_t> first_groups(entries.dims.size() + 1, 0);
  parallel_blocks(context, std::ssize(entries.dims), kListsPerTask, [&](int64_t begin, int64_t end) {
    for (auto list = static_cast<size_t>(begin); list < static_cast<size_t>(end); ++list) {
      for_each_group(entries.rows, entries.first_entries[list], entries.first_entries[list + 1],
                     [&](uint64_t, uint64_t) { ++first_groups[list + 1]; });
    }
  });
  for (size_t list = 1; list < first_groups.size(); ++list) first_groups[list] += first_groups[list - 1];
  return first_groups;
}

// Writes steps, groups, offsets and codes of single lists; `lists` has the room.
class ListPacker {
 public:
  ListPacker(const EntriesByList& entries, bool as_codes, SparseLists& lists)
      : entries_(entries),
        as_codes_(as_codes),
        first_groups_(lists.first_groups.span()),
        steps_(lists.steps.mutable_data()),
        blocks_(lists.blocks.mutable_data()),
        bests_(lists.bests.mutable_data()),
        ends_(lists.ends.mutable_data()),
        offsets_(lists.offsets.mutable_data()),
        codes_(lists.codes.mutable_data()) {}

  void pack(size_t list) const {
    const uint64_t first = entries_.first_entries[list], last = entries_.first_entries[list + 1];
    const float step = steps_[list] = step_of(largest_of(first, last));
    uint64_t g = first_groups_[list];
    for_each_group(entries_.rows, first, last, [&](uint64_t begin, uint64_t end) {
      const float largest = largest_of(begin, end);
      blocks_[g] = entries_.rows[begin] / kSparseBlock;
      ends_[g] = static_cast<uint32_t>(end - first);
      bests_[g] = as_codes_ ? nearest_step(largest, step) : bound_in_steps(largest, step);
      for (uint64_t i = begin; i < end; ++i) {
        offsets_[i] = static_cast<uint16_t>(entries_.rows[i] % kSparseRun);
        if (as_codes_) codes_[i] = nearest_step(entries_.values[i], step);
      }
      ++g;
    });
  }

 private:
  float largest_of(uint64_t begin, uint64_t end) const {
    float largest = 0;
    for (uint64_t i = begin; i < end; ++i) largest = std::max(largest, std::abs(entries_.values[i]));
    return largest;
  }

  const EntriesByList& entries_;
  bool as_codes_;
  std::span<const uint64_t> first_groups_;
  float* steps_;
  uint32_t* blocks_;
  uint8_t* bests_;
  uint32_t* ends_;
  uint16_t* offsets_;
  uint8_t* codes_;
};

}  // namespace

int64_t SparseLists::size_bytes() const {
  return 4 * (dims.size() + steps.size() + blocks.size() + ends.size() + values.size()) +
         8 * (first_groups.size() + first_entries.size()) + bests.size() + 2 * offsets.size() + codes.size();
}

std::optional<int64_t> SparseLists::find(int32_t dim) const {
  const auto wanted = static_cast<uint32_t>(dim);
  const uint32_t* found = std::lower_bound(dims.begin(), dims.end(), wanted);
  if (found == dims.end() || *found != wanted) return std::nullopt;
  return found - dims.begin();
}

SparseLists::Range SparseLists::groups_of(int64_t list) const {
  const uint64_t begin = first_groups[list], end = first_groups[list + 1];
  const uint64_t first = first_entries[list], last = first_entries[list + 1];
  if (begin >= end || end > static_cast<uint64_t>(num_groups()) || first > last ||
      last > static_cast<uint64_t>(num_entries()) || end - begin > static_cast<uint64_t>(num_blocks())) {
    fail_damaged(list);
  }
  return {static_cast<int64_t>(begin), static_cast<int64_t>(end)};
}

void SparseLists::check_shapes() const {
  const int64_t lists = num_lists(), groups = num_groups(), entries = num_entries();
  const bool fits = first_groups.size() == lists + 1 && first_entries.size() == lists + 1 &&
                    steps.size() == lists && bests.size() == groups && ends.size() == groups &&
                    (has_codes() ? codes.size() == entries && values.empty() : values.size() == entries);
  if (!fits) fail("the lengths of the sparse lists' tensors do not fit one another");
  for (int64_t i = 0; i < lists; ++i) {
    if ((i > 0 && dims[i] <= dims[i - 1]) || !(steps[i] > 0) || !std::isfinite(steps[i])) fail_damaged(i);
  }
}

void SparseLists::fail_damaged(int64_t list) const {
  fail("the list of dimension ", dims[list], " is damaged (expected: the index as it was written)");
}

SparseLists make_sparse_lists(const RaggedEmbeddings& rows, bool as_codes, const Context& context) {
  const EntriesByList entries = sorted_by_list(rows);
  const auto num_entries = std::ssize(entries.rows);
  SparseLists lists;
  lists.num_rows = rows.size();
  lists.has_negative = std::ranges::any_of(entries.values, [](float value) { return value < 0; });
  if (lists.has_negative && as_codes)
    fail("values in 8 bits must not be negative (expected: --bits 32 for such rows)");
  lists.dims = Array<uint32_t>::copy_of(entries.dims);
  lists.first_entries = Array<uint64_t>::copy_of(entries.first_entries);
  lists.first_groups = Array<uint64_t>::copy_of(first_groups_of(entries, context));
  const auto num_groups = static_cast<int64_t>(lists.first_groups[lists.num_lists()]);
  lists.steps = Array<float>(lists.num_lists());
  lists.blocks = Array<uint32_t>(num_groups);
  lists.bests = Array<uint8_t>(num_groups);
  lists.ends = Array<uint32_t>(num_groups);
  lists.offsets = Array<uint16_t>(num_entries);
  if (as_codes)
    lists.codes = Array<uint8_t>(num_entries);
  else
    lists.values = Array<float>::copy_of(entries.values);
  const ListPacker packer(entries, as_codes, lists);
  parallel_blocks(context, lists.num_lists(), kListsPerTask, [&](int64_t begin, int64_t end) {
    for (auto list = static_cast<size_t>(begin); list < static_cast<size_t>(end); ++list) packer.pack(list);
  });
  return lists;
}

RaggedEmbeddings rows_of_lists(const SparseLists& lists) {
  // Twice over all entries: how many each row has, then where they go. Lists ascend, and so do a row's
  // dimensions.
  const auto for_each_entry = [&](const auto& visit) {
    for (int64_t list = 0; list < lists.num_lists(); ++list) {
      const SparseLists::Range groups = lists.groups_of(list);
      int64_t before = -1;
      for (int64_t g = groups.begin; g < groups.end; ++g) {
        const SparseGroup group = lists.group(list, groups.begin, g);
        for (int64_t i = group.begin; i < group.end; ++i) {
          const int64_t row = kSparseBlock * group.block / kSparseRun * kSparseRun + lists.offsets[i];
          if (row / kSparseBlock != group.block || row <= before || row >= lists.num_rows)
            lists.fail_damaged(list);
          before = row;
          visit(list, row, i);
        }
      }
    }
  };
  RaggedEmbeddings rows;
  rows.is_sparse = true;
  rows.starts = Array<int64_t>(lists.num_rows + 1, 0);
  int64_t* const starts = rows.starts.mutable_data();
  int64_t num_entries = 0;
  for_each_entry([&](int64_t, int64_t row, int64_t) { ++starts[row + 1], ++num_entries; });
  for (int64_t row = 0; row < lists.num_rows; ++row) starts[row + 1] += starts[row];
  std::vector<int64_t> next(starts, starts + lists.num_rows);
  rows.indices = Array<int32_t>(num_entries);
  rows.values = Array<float>(num_entries);
  int32_t* const indices = rows.indices.mutable_data();
  float* const values = rows.values.mutable_data();
  for_each_entry([&](int64_t list, int64_t row, int64_t i) {
    const int64_t place = next[static_cast<size_t>(row)]++;
    indices[place] = static_cast<int32_t>(lists.dims[list]);
    values[place] = lists.value(list, i);
    if (!std::isfinite(values[place])) lists.fail_damaged(list);
  });
  return rows;
}

RaggedEmbeddings row_of_lists(const SparseLists& lists, int64_t row) {
  std::vector<int32_t> indices;
  std::vector<float> values;
  const auto block = static_cast<uint32_t>(row / kSparseBlock);
  for (int64_t list = 0; list < lists.num_lists(); ++list) {
    const SparseLists::Range groups = lists.groups_of(list);
    const uint32_t* found =
        std::lower_bound(lists.blocks.data() + groups.begin, lists.blocks.data() + groups.end, block);
    const int64_t g = found - lists.blocks.data();
    if (g == groups.end || *found != block) continue;
    const SparseGroup group = lists.group(list, groups.begin, g);
    for (int64_t i = group.begin; i < group.end; ++i) {
      if (lists.offsets[i] != row % kSparseRun) continue;
      indices.push_back(static_cast<int32_t>(lists.dims[list]));
      values.push_back(lists.value(list, i));
      break;
    }
  }
  RaggedEmbeddings one;
  one.is_sparse = true;
  one.starts = {0, std::ssize(values)};
  one.indices = Array<int32_t>::copy_of(indices);
  one.values = Array<float>::copy_of(values);
  return one;
}

}  // namespace whitney::search
