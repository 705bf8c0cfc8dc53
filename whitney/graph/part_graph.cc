#include "whitney/graph/part_graph.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "whitney/core/parallel.h"
#include "whitney/graph/partition.h"

namespace whitney::graph {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
constexpr int64_t kBlockNodes = 1 << 12;

// Where rows of the whole graph stand in a piece of it: by hashing, for an array of all rows would take as
// much for each of a thousand parts.
class Places {
 public:
  explicit Places(std::span<const uint32_t> rows)
      : shift_(64 - static_cast<int>(std::bit_width(2 * rows.size() | 1))),
        entries_(size_t{1} << (64 - shift_), Entry{kNone, 0}) {
    for (uint32_t place = 0; place < rows.size(); ++place) {
      size_t at = first(rows[place]);
      while (entries_[at].row != kNone) at = next(at);
      entries_[at] = {rows[place], place};
    }
  }

  /// kNone where the row is in no place.
  uint32_t of(uint32_t row) const {
    size_t at = first(row);
    while (entries_[at].row != row) {
      if (entries_[at].row == kNone) return kNone;
      at = next(at);
    }
    return entries_[at].place;
  }

 private:
  struct Entry {
    uint32_t row, place;
  };
  size_t first(uint32_t row) const {
    constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;  // spreads neighbouring rows
    return static_cast<size_t>((row * kGolden) >> shift_);
  }
  size_t next(size_t at) const { return (at + 1) & (entries_.size() - 1); }

  int shift_;
  std::vector<Entry> entries_;
};

// The sub-graph of `rows` with those edges u -> v for which keep(u, v) holds.
template <class Keep>
PartGraph select(const Graph& graph, std::vector<uint32_t> rows, const Keep& keep, const Context& context) {
  const Places places(rows);
  const auto n = static_cast<int64_t>(rows.size());
  Array<int64_t> offsets(n + 1, 0);
  int64_t* starts = offsets.mutable_data();
  const auto visit = [&](int64_t i, const auto& take) {
    const int64_t row = rows[static_cast<size_t>(i)];
    for (int64_t e = graph.offsets[row]; e < graph.offsets[row + 1]; ++e) {
      const uint32_t target = graph.targets[e], place = places.of(target);
      if (place != kNone && keep(static_cast<uint32_t>(row), target)) take(e, place);
    }
  };
  parallel_blocks(context, n, kBlockNodes, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) visit(i, [&](int64_t, uint32_t) { ++starts[i + 1]; });
  });
  for (int64_t i = 0; i < n; ++i) starts[i + 1] += starts[i];
  Array<uint32_t> targets(starts[n]);
  Array<float> weights(graph.weighted() ? starts[n] : 0);
  uint32_t* out = targets.mutable_data();
  float* out_weights = weights.mutable_data();
  parallel_blocks(context, n, kBlockNodes, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t place = starts[i];
      visit(i, [&](int64_t e, uint32_t target) {
        out[place] = target;
        if (graph.weighted()) out_weights[place] = graph.weights[e];
        ++place;
      });
    }
  });
  const std::vector<int64_t> wide(rows.begin(), rows.end());
  return {.graph = {.ids = graph.ids.select(wide),
                    .offsets = std::move(offsets),
                    .targets = std::move(targets),
                    .weights = std::move(weights),
                    .directed = graph.directed},
          .rows = std::move(rows),
          .is_core = {}};
}

std::vector<uint32_t> border_rows(const Graph& graph, std::span<const uint32_t> part_of) {
  const std::vector<uint8_t> is_border = border_of(graph, part_of);
  std::vector<uint32_t> rows;
  for (uint32_t v = 0; v < is_border.size(); ++v) {
    if (is_border[v] != 0) rows.push_back(v);
  }
  return rows;
}

// Keeps the `count` nodes with the largest scores, the lower row first among equal ones, ascending.
template <class Score>
void keep_largest(std::vector<uint32_t>& rows, int64_t count, const Score& score) {
  if (std::ssize(rows) <= count) return;
  std::ranges::stable_sort(rows, [&](uint32_t a, uint32_t b) { return score(a) > score(b); });
  rows.resize(static_cast<size_t>(count));
  std::ranges::sort(rows);
}

double weight_of(const Graph& graph, int64_t e) { return graph.weighted() ? double{graph.weights[e]} : 1.0; }

// The nodes outside of a part that edges join with it, ascending, and the weight of these edges. `rows`: the
// part's; `incoming`: edges that lead into it, where they stand in no row of it.
std::vector<WeighedNode> neighbors_outside(const Graph& graph, std::span<const uint32_t> part_of,
                                           std::span<const uint32_t> rows,
                                           std::span<const WeighedNode> incoming) {
  std::vector<WeighedNode> ends(incoming.begin(), incoming.end());
  for (const uint32_t row : rows) {
    for (int64_t e = graph.offsets[row]; e < graph.offsets[int64_t{row} + 1]; ++e) {
      if (part_of[graph.targets[e]] != part_of[row]) ends.push_back({graph.targets[e], weight_of(graph, e)});
    }
  }
  std::ranges::stable_sort(ends, {}, &WeighedNode::node);
  std::vector<WeighedNode> result;
  for (const WeighedNode& end : ends) {
    if (result.empty() || result.back().node != end.node)
      result.push_back(end);
    else
      result.back().weight += end.weight;
  }
  return result;
}

PartGraph with_halo(const Graph& graph, std::span<const uint32_t> part_of, std::vector<uint32_t> rows,
                    std::span<const WeighedNode> incoming, double max_halo, const Context& context) {
  std::vector<WeighedNode> halo = neighbors_outside(graph, part_of, rows, incoming);
  const auto most = static_cast<size_t>(std::ceil(max_halo * static_cast<double>(rows.size())));
  if (halo.size() > most) {
    std::ranges::stable_sort(halo, std::greater(), &WeighedNode::weight);
    halo.resize(most);
    std::ranges::sort(halo, {}, &WeighedNode::node);
  }
  const auto middle = std::ssize(rows);
  for (const WeighedNode& end : halo) rows.push_back(end.node);
  const uint32_t part = middle == 0 ? kNone : part_of[rows.front()];
  std::inplace_merge(rows.begin(), rows.begin() + middle, rows.end());
  PartGraph result = induced_graph(graph, std::move(rows), context);
  for (const uint32_t row : result.rows) result.is_core.push_back(part_of[row] == part ? 1 : 0);
  return result;
}

}  // namespace

std::vector<uint32_t> rows_of_part(std::span<const uint32_t> part_of, uint32_t part) {
  std::vector<uint32_t> rows;
  for (uint32_t v = 0; v < part_of.size(); ++v) {
    if (part_of[v] == part) rows.push_back(v);
  }
  return rows;
}

PartGraph induced_graph(const Graph& graph, std::vector<uint32_t> rows, const Context& context) {
  return select(graph, std::move(rows), [](uint32_t, uint32_t) { return true; }, context);
}

PartGraph part_with_halo(const Graph& graph, std::span<const uint32_t> part_of, uint32_t part,
                         double max_halo, const Context& context) {
  std::vector<WeighedNode> incoming;
  for (int64_t v = 0; v < graph.num_nodes() && graph.directed; ++v) {
    if (part_of[static_cast<size_t>(v)] == part) continue;
    for (int64_t e = graph.offsets[v]; e < graph.offsets[v + 1]; ++e) {
      if (part_of[graph.targets[e]] == part)
        incoming.push_back({static_cast<uint32_t>(v), weight_of(graph, e)});
    }
  }
  return with_halo(graph, part_of, rows_of_part(part_of, part), incoming, max_halo, context);
}

Parts::Parts(const Graph& graph, std::span<const uint32_t> part_of, int parts)
    : graph_(graph), part_of_(part_of), groups_(group(part_of, parts)) {
  incoming_starts_.assign(static_cast<size_t>(parts) + 1, 0);
  if (!graph.directed) return;  // an edge stands in the rows of both its ends
  const auto visit = [&](const auto& take) {
    for (int64_t v = 0; v < graph.num_nodes(); ++v) {
      for (int64_t e = graph.offsets[v]; e < graph.offsets[v + 1]; ++e) {
        const uint32_t part = part_of[graph.targets[e]];
        if (part != part_of[static_cast<size_t>(v)]) take(part, v, e);
      }
    }
  };
  visit([&](uint32_t part, int64_t, int64_t) { ++incoming_starts_[size_t{part} + 1]; });
  std::partial_sum(incoming_starts_.begin(), incoming_starts_.end(), incoming_starts_.begin());
  incoming_.resize(static_cast<size_t>(incoming_starts_.back()));
  std::vector<int64_t> next(incoming_starts_.begin(), incoming_starts_.end() - 1);
  visit([&](uint32_t part, int64_t v, int64_t e) {
    incoming_[static_cast<size_t>(next[part]++)] = {static_cast<uint32_t>(v), weight_of(graph, e)};
  });
}

PartGraph Parts::with_halo(uint32_t part, double max_halo, const Context& context) const {
  const auto own = rows(part);
  const auto from = static_cast<size_t>(incoming_starts_[part]);
  const auto to = static_cast<size_t>(incoming_starts_[size_t{part} + 1]);
  return graph::with_halo(graph_, part_of_, {own.begin(), own.end()},
                          std::span(incoming_).subspan(from, to - from), max_halo, context);
}

PartGraph border_graph(const Graph& graph, std::span<const uint32_t> part_of, BorderEdges edges,
                       const Context& context) {
  return select(
      graph, border_rows(graph, part_of),
      [&](uint32_t u, uint32_t v) { return edges == BorderEdges::kInduced || part_of[u] != part_of[v]; },
      context);
}

PartGraph frame_graph(const Graph& graph, std::span<const uint32_t> part_of, int64_t max_nodes,
                      const Context& context) {
  const auto degree = [&](uint32_t v) { return graph.neighbors(v).size(); };
  const std::vector<uint8_t> is_border = border_of(graph, part_of);
  std::vector<uint32_t> rows, inner;
  for (uint32_t v = 0; v < is_border.size(); ++v) {
    if (is_border[v] != 0)
      rows.push_back(v);
    else if (degree(v) > 0)
      inner.push_back(v);
  }
  keep_largest(rows, max_nodes, degree);
  if (!rows.empty()) {
    keep_largest(inner, std::max<int64_t>(0, max_nodes - std::ssize(rows)), degree);
    const auto middle = std::ssize(rows);
    rows.insert(rows.end(), inner.begin(), inner.end());
    std::inplace_merge(rows.begin(), rows.begin() + middle, rows.end());
  }
  return induced_graph(graph, std::move(rows), context);
}

}  // namespace whitney::graph
