#include "whitney/graph/fennel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "whitney/core/random.h"
#include "whitney/graph/least_loaded.h"
#include "whitney/graph/partition.h"

namespace whitney::graph {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

std::vector<uint32_t> breadth_first(const SymmetricRows& rows) {
  const int64_t n = rows.offsets.size() - 1;
  std::vector<uint32_t> order;
  order.reserve(static_cast<size_t>(n));
  std::vector<uint8_t> seen(static_cast<size_t>(n), 0);
  for (int64_t first = 0; first < n; ++first) {
    if (std::exchange(seen[static_cast<size_t>(first)], 1) != 0) continue;
    order.push_back(static_cast<uint32_t>(first));
    for (size_t next = order.size() - 1; next < order.size(); ++next) {
      const int64_t node = order[next];
      for (int64_t e = rows.offsets[node]; e < rows.offsets[node + 1]; ++e) {
        const uint32_t neighbor = rows.neighbors[e];
        if (std::exchange(seen[neighbor], 1) == 0) order.push_back(neighbor);
      }
    }
  }
  return order;
}

std::vector<uint32_t> stream_of(const SymmetricRows& rows, StreamOrder order, uint64_t seed) {
  if (order == StreamOrder::kBreadthFirst) return breadth_first(rows);
  std::vector<uint32_t> stream(static_cast<size_t>(rows.offsets.size() - 1));
  std::iota(stream.begin(), stream.end(), 0U);
  if (order == StreamOrder::kRandom) RandomStream(seed, "fennel stream", 0).shuffle(std::span(stream));
  return stream;
}

class Placement {
 public:
  Placement(const SymmetricRows& rows, const FennelOptions& options)
      : rows_(rows),
        gamma_(options.gamma),
        sizes_(options.parts),
        part_of_(static_cast<size_t>(rows.offsets.size() - 1), kNone) {
    const auto n = static_cast<double>(part_of_.size());
    const double entries = rows.weights.empty()
                               ? static_cast<double>(rows.neighbors.size())
                               : std::accumulate(rows.weights.begin(), rows.weights.end(), 0.0);
    const double alpha = entries / 2 * std::pow(options.parts, gamma_ - 1) / std::pow(n, gamma_);
    cap_ = PartSizes{options.parts, options.max_imbalance}.cap(std::ssize(part_of_));
    // What a size costs, looked up: pow once for each size, not for each node and part.
    for (int64_t size = 0; size <= cap_; ++size) {
      const double cost = alpha * gamma_ * std::pow(static_cast<double>(size), gamma_ - 1);
      cost_.push_back(size == 0 ? cost : std::max(cost, cost_.back()));  // in spite of rounding
    }
    weight_to_.resize(static_cast<size_t>(options.parts));
    is_near_.resize(static_cast<size_t>(options.parts));
  }

  /// Gives true when the node's part is another one than before.
  bool place(uint32_t node) {
    const uint32_t before = part_of_[node];
    if (before != kNone) sizes_.remove_from(before);
    near_.clear();
    for (int64_t e = rows_.offsets[node]; e < rows_.offsets[int64_t{node} + 1]; ++e) {
      const uint32_t part = part_of_[rows_.neighbors[e]];
      if (part == kNone) continue;
      if (std::exchange(is_near_[part], 1) == 0) near_.push_back(part);
      weight_to_[part] += rows_.weights.empty() ? 1 : rows_.weights[e];
    }
    const uint32_t best = best_part();
    for (const uint32_t part : near_) weight_to_[part] = is_near_[part] = 0;
    part_of_[node] = best;
    sizes_.add_to(best);
    return best != before;
  }

  std::vector<uint32_t> take() { return std::move(part_of_); }

 private:
  /// A part without neighbours scores less its cost alone, which grows with its size: of all these none is
  /// before the least loaded part, whether or not neighbours are there (weights are above 0).
  uint32_t best_part() const {
    uint32_t best = sizes_.least();
    double best_score = score_of(best);
    for (const uint32_t part : near_) {
      if (sizes_.of(part) >= cap_) continue;
      const double score = score_of(part);
      if (score < best_score) continue;
      if (score > best_score || std::pair(sizes_.of(part), part) < std::pair(sizes_.of(best), best)) {
        best = part;
        best_score = score;
      }
    }
    return best;
  }

  double score_of(uint32_t part) const {
    return weight_to_[part] - cost_[static_cast<size_t>(sizes_.of(part))];
  }

  const SymmetricRows& rows_;
  double gamma_;
  int64_t cap_ = 0;
  /// weight_to_: of the parts of near_, and 0 for all others.
  std::vector<double> cost_, weight_to_;
  /// The parts of the node's neighbours, each once, and 1 for each of them.
  std::vector<uint32_t> near_;
  std::vector<uint8_t> is_near_;
  LeastLoaded sizes_;
  std::vector<uint32_t> part_of_;
};

}  // namespace

std::vector<uint32_t> fennel_parts(const Graph& graph, const FennelOptions& options, const Context& context) {
  PartSizes{options.parts, options.max_imbalance}.check(graph.num_nodes());
  return fennel_parts(partition_rows(graph, context), options, context);
}

std::vector<uint32_t> fennel_parts(const SymmetricRows& rows, const FennelOptions& options,
                                   const Context& context) {
  const std::vector<uint32_t> stream = stream_of(rows, options.order, context.seed);
  Placement placement(rows, options);
  for (int pass = 0; pass < options.passes; ++pass) {
    int64_t num_changed = 0;
    for (size_t i = 0; i < stream.size(); ++i) {
      if (i % (1 << 14) == 0) context.check_cancelled();
      num_changed += placement.place(stream[i]) ? 1 : 0;
    }
    context.advance("partitioning", pass + 1, options.passes, "passes");
    if (num_changed == 0) break;
  }
  return placement.take();
}

Table fennel(const Graph& graph, const FennelOptions& options, const Context& context) {
  return partition_table(graph, fennel_parts(graph, options, context), options.parts);
}

namespace {

CostEstimate estimate_fennel(const DataSize& size, const FennelOptions& options, const Context&) {
  constexpr double kEntriesPerSecond = 1e8;
  const double visits =
      static_cast<double>(size.nnz) + static_cast<double>(size.num_rows) * std::log2(2.0 * options.parts);
  // The stream, marks, and a cost for each size.
  return {.peak_bytes = partition_bytes(size, size.num_rows * 16),
          .seconds = visits * options.passes / kEntriesPerSecond};
}

// clang-format off
const bool registered = register_graph_learner<FennelOptions, Table>(
    {.name = "fennel",
     .class_name = "Fennel",
     .summary = "Parts of a graph of even size, by a stream of its nodes",
     .description =
         "Gives each node the number of a part, so that parts are even and few edges lead from one to another. Nodes "
         "come one after another, and each goes where most of its neighbours are, less a cost that grows with a part's "
         "size. Reads the stream several times; --passes 1 --order rows is the paper's single pass. No part has more "
         "than 1 + max_imbalance times its share. metis cuts less on sparse graphs, and needs the graph several times in memory.\n"
         "Weights count; directions do not. The output is a table with the column part.",
     .source = "Tsourakakis, Gkantsidis, Radunovic, Vojnovic: FENNEL: Streaming Graph Partitioning for Massive Scale "
               "Graphs, WSDM 2014; Nishimura, Ugander: Restreaming Graph Partitioning, KDD 2013",
     .example = "whitney learn fennel edges.tsv -o parts.tsv --parts 4"},
    fennel, estimate_fennel);
// clang-format on

}  // namespace

}  // namespace whitney::graph
