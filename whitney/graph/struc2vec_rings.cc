#include "whitney/graph/struc2vec_rings.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "whitney/core/parallel.h"

namespace whitney::graph {
namespace {

constexpr int64_t kNodesAtOnce = 64;

/// Breadth-first search that is told apart from the one before by a number.
struct Search {
  std::vector<uint32_t> seen_in;
  uint32_t number = 0;
  std::vector<uint32_t> ring, next;
};

/// Appends the degrees of a ring, ascending.
void append_ring(const std::vector<uint32_t>& degrees, std::span<const uint32_t> ring, bool compressed,
                 std::vector<uint32_t>& sorted, std::vector<RingDegree>& out) {
  sorted.clear();
  for (const uint32_t v : ring) sorted.push_back(degrees[v]);
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (compressed && i > 0 && sorted[i] == sorted[i - 1]) {
      ++out.back().count;
    } else {
      out.push_back({sorted[i], 1});
    }
  }
}

void next_ring(const Graph& graph, Search& search) {
  search.next.clear();
  for (const uint32_t u : search.ring) {
    for (const uint32_t v : graph.neighbors(u)) {
      if (std::exchange(search.seen_in[v], search.number) != search.number) search.next.push_back(v);
    }
  }
  std::swap(search.ring, search.next);
}

}  // namespace

std::vector<uint32_t> degrees_without_loops(const Graph& graph) {
  std::vector<uint32_t> degrees(static_cast<size_t>(graph.num_nodes()));
  for (uint32_t u = 0; u < degrees.size(); ++u) {
    for (const uint32_t v : graph.neighbors(u)) degrees[u] += v != u ? 1 : 0;
  }
  return degrees;
}

RingDegrees::RingDegrees(const Graph& graph, std::span<const uint32_t> nodes, int64_t num_layers,
                         bool compressed, const Context& context)
    : num_layers_(num_layers) {
  struct Block {
    std::vector<int64_t> sizes;
    std::vector<RingDegree> degrees;
  };
  const std::vector<uint32_t> degrees = degrees_without_loops(graph);
  const auto n = std::ssize(nodes);
  std::vector<Block> blocks(static_cast<size_t>((n + kNodesAtOnce - 1) / kNodesAtOnce));
  std::vector<Search> searches(static_cast<size_t>(context.num_threads()));
  parallel_for_workers(context, std::ssize(blocks), [&](int worker, int64_t b) {
    Search& search = searches[static_cast<size_t>(worker)];
    Block& block = blocks[static_cast<size_t>(b)];
    std::vector<uint32_t> sorted;
    search.seen_in.resize(degrees.size());
    for (int64_t place = b * kNodesAtOnce; place < std::min(n, (b + 1) * kNodesAtOnce); ++place) {
      const uint32_t node = nodes[static_cast<size_t>(place)];
      ++search.number;
      search.ring.assign(1, node);
      search.seen_in[node] = search.number;
      for (int64_t k = 0; k < num_layers; ++k) {
        const auto before = std::ssize(block.degrees);
        append_ring(degrees, search.ring, compressed, sorted, block.degrees);
        block.sizes.push_back(std::ssize(block.degrees) - before);
        if (k + 1 < num_layers) next_ring(graph, search);
      }
    }
  });
  starts_.push_back(0);
  for (Block& block : blocks) {
    for (const int64_t size : block.sizes) starts_.push_back(starts_.back() + size);
    degrees_.insert(degrees_.end(), block.degrees.begin(), block.degrees.end());
    block = Block();
  }
}

double ring_distance(std::span<const RingDegree> a, std::span<const RingDegree> b,
                     std::vector<double>& scratch) {
  if (a.size() < b.size()) std::swap(a, b);
  // costs[j]: of aligning a's elements so far with the first j of b.
  constexpr double kNever = std::numeric_limits<double>::infinity();
  scratch.assign(b.size() + 1, kNever);
  std::vector<double>& costs = scratch;
  costs[0] = 0;
  for (const RingDegree& x : a) {
    double diagonal = std::exchange(costs[0], kNever);
    for (size_t j = 0; j < b.size(); ++j) {
      const auto [low, high] = std::minmax(x.degree, b[j].degree);
      const double apart = static_cast<double>(high) / static_cast<double>(low) - 1;
      const double best = std::min({diagonal, costs[j], costs[j + 1]});
      diagonal =
          std::exchange(costs[j + 1], best + apart * static_cast<double>(std::max(x.count, b[j].count)));
    }
  }
  return costs.back();
}

}  // namespace whitney::graph
