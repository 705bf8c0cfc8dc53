#include "whitney/graph/bfs.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <queue>
#include <utility>

#include "whitney/core/random.h"
#include "whitney/graph/bfs_seeds.h"
#include "whitney/graph/partition.h"

namespace whitney::graph {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

class Growth {
 public:
  Growth(const SymmetricRows& rows, const PartSizes& sizes, uint64_t seed)
      : rows_(rows),
        cap_(sizes.cap(rows.offsets.size() - 1)),
        part_of_(static_cast<size_t>(rows.offsets.size() - 1), kNone),
        parts_(static_cast<size_t>(sizes.parts)),
        restarts_(part_of_.size()) {
    std::iota(restarts_.begin(), restarts_.end(), 0U);
    RandomStream(seed, "bfs restarts", 0).shuffle(std::span(restarts_));
  }

  std::vector<uint32_t> run(const std::vector<uint32_t>& seeds, const Context& context) {
    for (uint32_t part = 0; part < parts_.size(); ++part) {
      if (part < seeds.size()) parts_[part].queue.push_back(seeds[part]);
      growing_.emplace(0, part);
    }
    for (size_t num_placed = 0; num_placed < part_of_.size(); ++num_placed) {
      if (num_placed % (1 << 14) == 0) {
        context.check_cancelled();
        context.advance("partitioning", static_cast<int64_t>(num_placed), std::ssize(part_of_), "nodes");
      }
      place_next();
    }
    return std::move(part_of_);
  }

 private:
  struct Part {
    std::vector<uint32_t> queue;
    size_t head = 0;
    int64_t size = 0;
  };
  using BySize = std::priority_queue<std::pair<int64_t, uint32_t>, std::vector<std::pair<int64_t, uint32_t>>,
                                     std::greater<>>;

  void place_next() {
    while (!growing_.empty()) {
      const uint32_t part = growing_.top().second;
      growing_.pop();
      const uint32_t node = next_of(parts_[part]);
      if (node == kNone) {
        waiting_.emplace(parts_[part].size, part);
        continue;
      }
      take(part, node);
      return;
    }
    // All parts wait: what is left borders none of them, or only full ones.
    while (part_of_[restarts_[next_restart_]] != kNone) ++next_restart_;
    const uint32_t part = waiting_.top().second;
    waiting_.pop();
    take(part, restarts_[next_restart_]);
  }

  uint32_t next_of(Part& part) const {
    while (part.head < part.queue.size()) {
      const uint32_t node = part.queue[part.head++];
      if (part_of_[node] == kNone) return node;
    }
    return kNone;
  }

  void take(uint32_t number, uint32_t node) {
    Part& part = parts_[number];
    part_of_[node] = number;
    if (++part.size >= cap_) {
      part.queue = {};
      return;  // full: it waits for nothing
    }
    for (int64_t e = rows_.offsets[node]; e < rows_.offsets[int64_t{node} + 1]; ++e) {
      if (part_of_[rows_.neighbors[e]] == kNone) part.queue.push_back(rows_.neighbors[e]);
    }
    growing_.emplace(part.size, number);
  }

  const SymmetricRows& rows_;
  int64_t cap_;
  std::vector<uint32_t> part_of_;
  std::vector<Part> parts_;
  /// Nodes in random order, where growth starts anew.
  std::vector<uint32_t> restarts_;
  size_t next_restart_ = 0;
  BySize growing_, waiting_;
};

}  // namespace

std::vector<uint32_t> bfs_parts(const Graph& graph, const BFSOptions& options, const Context& context) {
  const PartSizes sizes{options.parts, options.max_imbalance};
  sizes.check(graph.num_nodes());
  if (graph.weighted()) context.note("bfs: the weights of edges have no effect: parts grow edge by edge");
  const SymmetricRows rows = partition_rows(graph, context);
  return Growth(rows, sizes, context.seed)
      .run(seeds_far_apart(rows, options.parts, context.seed, context), context);
}

Table bfs(const Graph& graph, const BFSOptions& options, const Context& context) {
  return partition_table(graph, bfs_parts(graph, options, context), options.parts);
}

namespace {

CostEstimate estimate_bfs(const DataSize& size, const BFSOptions&, const Context&) {
  constexpr double kEntriesPerSecond = 5e7;
  // Queues of parts, which grow by doubling; distances, the component, a heap, restarts.
  const int64_t working = symmetric_entries(size) * 4 * 3 / 2 + size.num_rows * 24;
  return {.peak_bytes = partition_bytes(size, working),
          .seconds = 3 * static_cast<double>(size.nnz) / kEntriesPerSecond};
}

// clang-format off
const bool registered = register_graph_learner<BFSOptions, Table>(
    {.name = "bfs",
     .class_name = "BFSGrowth",
     .summary = "Parts of a graph of even size, grown from nodes far apart",
     .description =
         "Gives each node the number of a part: parts grow from seeds far apart, the smallest first, each by breadth-"
         "first search, until all nodes have one. The quickest of the partitioners, and the one that cuts most on "
         "graphs where everybody is near to everybody. No part has more than 1 + max_imbalance times its share.\n"
         "Weights and directions do not count. The output is a table with the column part.",
     .source = "Lin: Large-Scale Network Embedding in Apache Spark, KDD 2021, arXiv 2106.10620 (even-sized parts; cap, "
               "seeds and restarts are ours)",
     .example = "whitney learn bfs edges.tsv -o parts.tsv --parts 4"},
    bfs, estimate_bfs);
// clang-format on

}  // namespace

}  // namespace whitney::graph
