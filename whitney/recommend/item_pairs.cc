#include "whitney/recommend/item_pairs.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include "whitney/core/parallel.h"

namespace whitney::recommend {
namespace {

constexpr int64_t kBlockItems = 64;

struct Neighbor {
  uint32_t item;
  float weight;
};

/// Sums of a row of the product, which of them are not zero, and these as neighbours.
struct RowSums {
  std::vector<double> sums;
  std::vector<uint32_t> touched;
  std::vector<Neighbor> row;
};

/// Keeps the `count` neighbours of most weight, of equal ones the lower item, by item.
void keep_most(std::vector<Neighbor>& row, size_t count) {
  const auto comes_before = [](const Neighbor& a, const Neighbor& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.item < b.item;
  };
  if (row.size() > count) {
    std::nth_element(row.begin(), row.begin() + static_cast<int64_t>(count), row.end(), comes_before);
    row.resize(count);
  }
  std::ranges::sort(row, {}, &Neighbor::item);
}

ItemWeights joined(std::vector<std::vector<Neighbor>>& rows) {
  int64_t num_pairs = 0;
  for (const std::vector<Neighbor>& row : rows) num_pairs += std::ssize(row);
  ItemWeights result{Array<int64_t>(std::ssize(rows) + 1), Array<uint32_t>(num_pairs),
                     Array<float>(num_pairs)};
  int64_t* offset = result.offsets.mutable_data();
  uint32_t* item = result.items.mutable_data();
  float* weight = result.weights.mutable_data();
  *offset++ = 0;
  int64_t end = 0;
  for (std::vector<Neighbor>& row : rows) {
    for (const Neighbor& neighbor : row) {
      *item++ = neighbor.item;
      *weight++ = neighbor.weight;
    }
    *offset++ = end += std::ssize(row);
    row = {};
  }
  return result;
}

}  // namespace

ItemWeights weigh_pairs(const Interactions& events, const std::vector<double>& user_weight, int64_t neighbors,
                        const Context& context, const PairWeight& weight) {
  const Interactions of_items = transposed(events);
  const int64_t num_items = events.num_items();
  std::vector<std::vector<Neighbor>> rows(static_cast<size_t>(num_items));
  std::vector<RowSums> scratch(static_cast<size_t>(context.num_threads()));
  const int64_t num_blocks = (num_items + kBlockItems - 1) / kBlockItems;
  parallel_for_workers(context, num_blocks, [&](int worker, int64_t block) {
    auto& [sums, touched, row] = scratch[static_cast<size_t>(worker)];
    sums.resize(static_cast<size_t>(num_items));
    const int64_t end = std::min((block + 1) * kBlockItems, num_items);
    for (int64_t i = block * kBlockItems; i < end; ++i) {
      for (const uint32_t user : of_items.items_of(i)) {
        for (const uint32_t j : events.items_of(user)) {
          if (sums[j] == 0) touched.push_back(j);
          sums[j] += user_weight[user];
        }
      }
      row.clear();
      for (const uint32_t j : touched) {
        if (j != i) row.push_back({j, static_cast<float>(weight(i, j, sums[j]))});
        sums[j] = 0;
      }
      touched.clear();
      keep_most(row, static_cast<size_t>(neighbors));
      rows[static_cast<size_t>(i)].assign(row.begin(), row.end());  // no more room than what stays
    }
  });
  return joined(rows);
}

CostEstimate estimate_pairs(const DataSize& size, int64_t neighbors, const Context& context) {
  // No item has more neighbours than its users have other events; rows are held as lists, then joined.
  const double events = static_cast<double>(size.nnz),
               users = static_cast<double>(std::max<int64_t>(size.num_rows, 1));
  const double visits = events * events / users;
  const double pairs = std::min({visits, static_cast<double>(size.num_items) * static_cast<double>(neighbors),
                                 static_cast<double>(size.num_items) * static_cast<double>(size.num_items)});
  CostEstimate cost;
  cost.peak_bytes = interactions_bytes(size) + size.nnz * 4 + size.num_items * (8 + 24) +
                    static_cast<int64_t>(16 * pairs) + context.num_threads() * size.num_items * 12;
  // Users of many events are visited more often than the mean tells.
  constexpr double kVisitsPerSecond = 3e8, kSkew = 4;
  cost.seconds = kSkew * visits / (kVisitsPerSecond * context.num_threads());
  return cost;
}

}  // namespace whitney::recommend
