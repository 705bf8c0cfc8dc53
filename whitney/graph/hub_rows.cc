#include "whitney/graph/hub_rows.h"

#include <algorithm>

namespace whitney::graph {

HubRows::HubRows(const Graph& graph, int64_t budget_bytes) : backwards_(!graph.directed) {
  constexpr int64_t kMostTimes = 8;
  const int64_t n = graph.num_nodes(), words = (n + 63) / 64, row_bytes = words * 8;
  const auto degree = [&](uint32_t v) { return graph.offsets[int64_t{v} + 1] - graph.offsets[v]; };
  std::vector<uint32_t> hubs;
  for (uint32_t v = 0; v < n; ++v) {
    if (row_bytes <= kMostTimes * degree(v) * static_cast<int64_t>(sizeof(uint32_t))) hubs.push_back(v);
  }
  const auto most = static_cast<size_t>(n == 0 ? 0 : budget_bytes / row_bytes);
  if (hubs.size() > most) {
    std::ranges::nth_element(hubs, hubs.begin() + static_cast<ptrdiff_t>(most), [&](uint32_t a, uint32_t b) {
      return degree(a) != degree(b) ? degree(a) > degree(b) : a < b;
    });
    hubs.resize(most);
  }
  if (hubs.empty()) return;
  num_words_ = words;
  row_of_.assign(static_cast<size_t>(n), -1);
  bits_.assign(hubs.size() * static_cast<size_t>(words), 0);
  for (size_t row = 0; row < hubs.size(); ++row) {
    row_of_[hubs[row]] = static_cast<int32_t>(row);
    uint64_t* bits = bits_.data() + row * static_cast<size_t>(words);
    for (const uint32_t target : graph.neighbors(hubs[row]))
      bits[target / 64] |= uint64_t{1} << (target % 64);
  }
}

}  // namespace whitney::graph
