#include "bench/reconstruction_bench_plain.h"

#include <algorithm>
#include <numeric>
#include <queue>

namespace whitney::bench {
namespace {

std::vector<int> distances_from(const Graph& graph, int64_t source, int max_hops) {
  std::vector<int> distances(static_cast<size_t>(graph.num_nodes()), 0);
  std::vector<bool> seen(distances.size(), false);
  std::queue<int64_t> waiting({source});
  seen[size_t(source)] = true;
  while (!waiting.empty()) {
    const int64_t u = waiting.front();
    waiting.pop();
    if (distances[size_t(u)] == max_hops) continue;
    for (const uint32_t v : graph.neighbors(u)) {
      if (seen[v]) continue;
      seen[v] = true;
      distances[v] = distances[size_t(u)] + 1;
      waiting.push(v);
    }
  }
  return distances;
}

std::vector<int64_t> ranking_of(const MatrixView& vectors, int64_t source) {
  std::vector<float> scores(static_cast<size_t>(vectors.rows), 0);
  const auto query = vectors.row<float>(source);
  for (int64_t v = 0; v < vectors.rows; ++v) {
    const auto row = vectors.row<float>(v);
    for (size_t j = 0; j < row.size(); ++j) scores[size_t(v)] += query[j] * row[j];
  }
  std::vector<int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](int64_t a, int64_t b) {
    return scores[size_t(a)] != scores[size_t(b)] ? scores[size_t(a)] > scores[size_t(b)] : a < b;
  });
  std::erase(order, source);
  return order;
}

struct Sum {
  double total = 0, sources = 0;
  double mean() const { return total / sources; }
};

}  // namespace

PlainFigures plain_reconstruction(const Graph& graph, const MatrixView& vectors,
                                  std::span<const int64_t> sources, int max_hops) {
  const auto num_hops = static_cast<size_t>(max_hops);
  std::vector<Sum> sums(2 * num_hops);
  Sum precision;
  for (const int64_t source : sources) {
    const std::vector<int> distances = distances_from(graph, source, max_hops);
    const std::vector<int64_t> order = ranking_of(vectors, source);
    for (size_t set = 0; set < sums.size(); ++set) {
      const int hop = static_cast<int>(set % num_hops) + 1;
      const auto relevant = [&](int64_t v) {
        const int distance = distances[size_t(v)];
        return set < num_hops ? distance == hop : distance > 0 && distance <= hop;
      };
      double found = 0, average = 0;
      for (size_t i = 0; i < order.size(); ++i) {
        if (relevant(order[i])) average += ++found / static_cast<double>(i + 1);
      }
      if (found == 0) continue;
      sums[set].total += average / found;
      sums[set].sources += 1;
      if (set > 0) continue;
      precision.total +=
          static_cast<double>(std::count_if(order.begin(), order.begin() + int64_t(found), relevant)) / found;
      precision.sources += 1;
    }
  }
  PlainFigures figures;
  for (size_t set = 0; set < sums.size(); ++set)
    (set < num_hops ? figures.exact : figures.cumulative).push_back(sums[set].mean());
  figures.precision = precision.mean();
  return figures;
}

}  // namespace whitney::bench
