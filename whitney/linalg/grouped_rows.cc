#include "whitney/linalg/grouped_rows.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"

namespace whitney {
namespace {

/// A stable pass of a radix sort by 11 bits of the keys.
void sort_pass(const std::vector<uint64_t>& from, int shift, std::vector<uint64_t>& to) {
  constexpr size_t kBuckets = 1 << 11;
  std::array<size_t, kBuckets> begins{};
  for (const uint64_t entry : from) ++begins[(entry >> shift) % kBuckets];
  std::exclusive_scan(begins.begin(), begins.end(), begins.begin(), size_t{0});
  for (const uint64_t entry : from) to[begins[(entry >> shift) % kBuckets]++] = entry;
}

}  // namespace

GroupedPlaces grouped_places(std::span<const uint32_t> keys) {
  if (keys.size() > std::numeric_limits<uint32_t>::max()) fail("cannot group ", keys.size(), " keys");
  // A key over its place: sorted by the key's bits alone, places stay in order.
  std::vector<uint64_t> entries(keys.size()), other(keys.size());
  uint32_t largest = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    entries[i] = uint64_t{keys[i]} << 32 | i;
    largest = std::max(largest, keys[i]);
  }
  for (int shift = 0; shift < 32 && (uint64_t{largest} >> shift) > 0; shift += 11) {
    sort_pass(entries, 32 + shift, other);
    entries.swap(other);
  }
  GroupedPlaces groups;
  groups.places.resize(keys.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto key = static_cast<uint32_t>(entries[i] >> 32);
    if (i == 0 || key != groups.keys.back()) {
      groups.keys.push_back(key);
      groups.offsets.push_back(static_cast<int64_t>(i));
    }
    groups.places[i] = static_cast<uint32_t>(entries[i]);
  }
  groups.offsets.push_back(std::ssize(keys));
  return groups;
}

void sum_groups(const Context& context, const GroupedPlaces& groups, const float* rows, int64_t dim,
                float* out) {
  constexpr int64_t kBlock = 1024, kAhead = 8;
  const int64_t num_places = std::ssize(groups.places);
  parallel_blocks(context, groups.num_groups(), kBlock, [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; ++g) {
      const int64_t first = groups.offsets[static_cast<size_t>(g)],
                    last = groups.offsets[static_cast<size_t>(g) + 1];
      float* sum = out + g * dim;
      std::copy_n(rows + groups.places[static_cast<size_t>(first)] * dim, dim, sum);
      __builtin_prefetch(rows +
                         groups.places[static_cast<size_t>(std::min(last + kAhead, num_places - 1))] * dim);
      for (int64_t p = first + 1; p < last; ++p) {
        const float* row = rows + groups.places[static_cast<size_t>(p)] * dim;
        for (int64_t c = 0; c < dim; ++c) sum[c] += row[c];
      }
    }
  });
}

}  // namespace whitney
