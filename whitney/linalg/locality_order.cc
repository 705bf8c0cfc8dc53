#include "whitney/linalg/locality_order.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>

namespace whitney {
namespace {

std::span<const uint32_t> columns_of(const SparseView& sparse, uint32_t node) {
  const auto begin = static_cast<size_t>(sparse.offsets[node]),
             end = static_cast<size_t>(sparse.offsets[size_t{node} + 1]);
  return sparse.columns.subspan(begin, end - begin);
}

/// Nodes by their number of entries, few first.
std::vector<uint32_t> shortest_first(const SparseView& sparse) {
  std::vector<uint32_t> order(static_cast<size_t>(sparse.rows));
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](uint32_t node) { return columns_of(sparse, node).size(); });
  return order;
}

std::vector<uint32_t> breadth_first_order(const SparseView& sparse, std::span<const uint32_t> starts) {
  std::vector<char> seen(starts.size(), 0);
  std::vector<uint32_t> order;
  order.reserve(starts.size());
  const auto visit = [&](uint32_t node) {
    if (seen[node] != 0) return;
    seen[node] = 1;
    order.push_back(node);
  };
  for (const uint32_t start : starts) {
    const size_t first = order.size();
    visit(start);
    for (size_t at = first; at < order.size(); ++at) {
      const auto before = static_cast<std::ptrdiff_t>(order.size());
      for (const uint32_t column : columns_of(sparse, order[at])) visit(column);
      std::ranges::stable_sort(order.begin() + before, order.end(), {},
                               [&](uint32_t node) { return columns_of(sparse, node).size(); });
    }
  }
  return order;
}

/// Each node takes over the label that most of its entries have, of labels that fewer than `most` nodes have.
std::vector<uint32_t> propagated_labels(const SparseView& sparse, std::span<const uint32_t> visits) {
  constexpr int kSweeps = 8;
  constexpr uint32_t kMost = 4096;
  const size_t n = visits.size();
  std::vector<uint32_t> labels(n), sizes(n, 1), counts(n, 0), met;
  std::iota(labels.begin(), labels.end(), 0U);
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    for (const uint32_t node : visits) {
      met.clear();
      for (const uint32_t column : columns_of(sparse, node)) {
        const uint32_t label = labels[column];
        if (counts[label]++ == 0) met.push_back(label);
      }
      uint32_t best = labels[node], most = counts[best];
      for (const uint32_t label : met) {
        if (sizes[label] >= kMost || counts[label] <= most) continue;
        best = label;
        most = counts[label];
      }
      for (const uint32_t label : met) counts[label] = 0;
      --sizes[labels[node]];
      ++sizes[best];
      labels[node] = best;
    }
  }
  return labels;
}

}  // namespace

std::vector<uint32_t> locality_order(const SparseView& sparse) {
  const std::vector<uint32_t> starts = shortest_first(sparse);
  std::vector<uint32_t> order = breadth_first_order(sparse, starts);
  const std::vector<uint32_t> labels = propagated_labels(sparse, starts);
  std::vector<uint32_t> first_met(order.size(), std::numeric_limits<uint32_t>::max());
  for (size_t place = 0; place < order.size(); ++place) {
    uint32_t& first = first_met[labels[order[place]]];
    first = std::min(first, static_cast<uint32_t>(place));
  }
  std::ranges::stable_sort(order, {}, [&](uint32_t node) { return first_met[labels[node]]; });
  return order;
}

}  // namespace whitney
