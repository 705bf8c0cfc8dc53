#include "whitney/recommend/item_neighbors.h"

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

/// Sums of a row of the product, and which of them are not zero.
struct RowSums {
  std::vector<double> sums;
  std::vector<uint32_t> touched;
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

/// Row i of the result: weight(i, j, s) of the items j with s = the sum over common users u of
/// user_weight[u], in the order of users; without i itself.
template <class Weight>
ItemWeights weigh_pairs(const Interactions& events, const std::vector<double>& user_weight, int64_t neighbors,
                        const Context& context, const Weight& weight) {
  const Interactions of_items = transposed(events);
  const int64_t num_items = events.num_items();
  std::vector<std::vector<Neighbor>> rows(static_cast<size_t>(num_items));
  std::vector<RowSums> scratch(static_cast<size_t>(context.num_threads()));
  const int64_t num_blocks = (num_items + kBlockItems - 1) / kBlockItems;
  parallel_for_workers(context, num_blocks, [&](int worker, int64_t block) {
    auto& [sums, touched] = scratch[static_cast<size_t>(worker)];
    sums.resize(static_cast<size_t>(num_items));
    const int64_t end = std::min((block + 1) * kBlockItems, num_items);
    for (int64_t i = block * kBlockItems; i < end; ++i) {
      for (const uint32_t user : of_items.items_of(i)) {
        for (const uint32_t j : events.items_of(user)) {
          if (sums[j] == 0) touched.push_back(j);
          sums[j] += user_weight[user];
        }
      }
      std::vector<Neighbor>& row = rows[static_cast<size_t>(i)];
      for (const uint32_t j : touched) {
        if (j != i) row.push_back({j, static_cast<float>(weight(i, j, sums[j]))});
        sums[j] = 0;
      }
      touched.clear();
      keep_most(row, static_cast<size_t>(neighbors));
    }
  });
  ItemWeights result;
  result.offsets.push_back(0);
  for (std::vector<Neighbor>& row : rows) {
    for (const Neighbor& neighbor : row) {
      result.items.push_back(neighbor.item);
      result.weights.push_back(neighbor.weight);
    }
    result.offsets.push_back(std::ssize(result.items));
    row = {};
  }
  return result;
}

}  // namespace

ItemWeights item_knn(const Interactions& events, const ItemKnnOptions& options, const Context& context) {
  std::vector<double> roots;
  for (const int64_t degree : item_degrees(events)) roots.push_back(std::sqrt(static_cast<double>(degree)));
  const std::vector<double> ones(static_cast<size_t>(events.num_users()), 1.0);
  return weigh_pairs(events, ones, options.neighbors, context, [&](int64_t i, uint32_t j, double common) {
    return common / (roots[static_cast<size_t>(i)] * roots[j] + options.shrink);
  });
}

ItemWeights rp3beta(const Interactions& events, const Rp3BetaOptions& options, const Context& context) {
  std::vector<double> step, of_user, held_back;
  for (const int64_t degree : item_degrees(events)) {
    const auto count = static_cast<double>(std::max<int64_t>(degree, 1));
    step.push_back(std::pow(count, -options.alpha));
    held_back.push_back(std::pow(count, -options.beta));
  }
  for (int64_t user = 0; user < events.num_users(); ++user) {
    const auto count = static_cast<double>(std::max<int64_t>(events.degree(user), 1));
    of_user.push_back(std::pow(count, -options.alpha));
  }
  return weigh_pairs(events, of_user, options.neighbors, context, [&](int64_t i, uint32_t j, double sum) {
    return step[static_cast<size_t>(i)] * sum * held_back[j];
  });
}

}  // namespace whitney::recommend
