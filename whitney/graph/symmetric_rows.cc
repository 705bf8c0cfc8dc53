#include "whitney/graph/symmetric_rows.h"

#include <algorithm>

#include "whitney/core/parallel.h"

namespace whitney::graph {
namespace {

constexpr int64_t kBlockNodes = 1 << 12;

struct Entry {
  uint32_t node;
  double weight;
};

// The rows of S^T as entry numbers of S, ascending by source.
struct Transposed {
  std::vector<int64_t> offsets;
  std::vector<uint32_t> sources;
  std::vector<int64_t> entries;
};

Transposed transpose(const Graph& graph) {
  const int64_t n = graph.num_nodes();
  Transposed result;
  result.offsets.assign(static_cast<size_t>(n) + 1, 0);
  for (const uint32_t target : graph.targets) ++result.offsets[size_t{target} + 1];
  for (size_t v = 0; v < static_cast<size_t>(n); ++v) result.offsets[v + 1] += result.offsets[v];
  result.sources.resize(static_cast<size_t>(graph.nnz()));
  result.entries.resize(static_cast<size_t>(graph.weighted() ? graph.nnz() : 0));
  std::vector<int64_t> next(result.offsets.begin(), result.offsets.end() - 1);
  for (int64_t source = 0; source < n; ++source) {
    for (int64_t e = graph.offsets[source]; e < graph.offsets[source + 1]; ++e) {
      const auto place = static_cast<size_t>(next[graph.targets[e]]++);
      result.sources[place] = static_cast<uint32_t>(source);
      if (graph.weighted()) result.entries[place] = e;
    }
  }
  return result;
}

// Calls visit({node, weight}) for the entries of row v of S + S^T (S alone when it is symmetric), ascending.
template <class Visit>
void visit_row(const Graph& graph, const Transposed* transposed, int64_t v, const Visit& visit) {
  const auto weight = [&](int64_t e) { return graph.weighted() ? double{graph.weights[e]} : 1.0; };
  int64_t out = graph.offsets[v], in = 0, in_end = 0;
  const int64_t out_end = graph.offsets[v + 1];
  if (transposed != nullptr) {
    in = transposed->offsets[static_cast<size_t>(v)];
    in_end = transposed->offsets[static_cast<size_t>(v) + 1];
  }
  const auto weight_in = [&](int64_t place) {
    return graph.weighted() ? weight(transposed->entries[static_cast<size_t>(place)]) : 1.0;
  };
  while (out < out_end || in < in_end) {
    const uint32_t source = in < in_end ? transposed->sources[static_cast<size_t>(in)] : 0;
    const bool take_out = in == in_end || (out < out_end && graph.targets[out] <= source);
    const bool take_in = out == out_end || (in < in_end && source <= graph.targets[out]);
    Entry entry{take_out ? graph.targets[out] : source, 0};
    if (take_out) entry.weight += weight(out++);
    // A directed loop stands in both matrices, and is one edge.
    if (take_in && !(take_out && entry.node == v)) entry.weight += weight_in(in);
    if (take_in) ++in;
    visit(entry);
  }
}

bool has_loops(const Graph& graph) {
  for (int64_t v = 0; v < graph.num_nodes(); ++v) {
    if (std::ranges::binary_search(graph.neighbors(v), static_cast<uint32_t>(v))) return true;
  }
  return false;
}

}  // namespace

SymmetricRows symmetric_rows(const Graph& graph, const Context& context) {
  const int64_t n = graph.num_nodes();
  const bool loops = has_loops(graph);
  SymmetricRows result;
  if (!graph.directed && !graph.weighted() && !loops) {
    result.offsets = n == 0 ? Array<int64_t>(1, 0) : graph.offsets;
    result.neighbors = graph.targets;
    return result;
  }
  Transposed transposed;
  if (graph.directed) transposed = transpose(graph);
  const Transposed* both = graph.directed ? &transposed : nullptr;
  if (loops) result.loops.assign(static_cast<size_t>(n), 0);
  Array<int64_t> offsets(n + 1, 0);
  int64_t* starts = offsets.mutable_data();
  parallel_blocks(context, n, kBlockNodes, [&](int64_t begin, int64_t end) {
    for (int64_t v = begin; v < end; ++v)
      visit_row(graph, both, v, [&](const Entry& entry) { starts[v + 1] += entry.node == v ? 0 : 1; });
  });
  for (int64_t v = 0; v < n; ++v) starts[v + 1] += starts[v];
  // Both directions of a pair add up, so that weights are needed even where the edges have none.
  const bool weighted = graph.weighted() || graph.directed;
  Array<uint32_t> neighbors(starts[n]);
  Array<double> weights(weighted ? starts[n] : 0);
  uint32_t* out = neighbors.mutable_data();
  double* out_weights = weights.mutable_data();
  parallel_blocks(context, n, kBlockNodes, [&](int64_t begin, int64_t end) {
    for (int64_t v = begin; v < end; ++v) {
      int64_t place = starts[v];
      visit_row(graph, both, v, [&](const Entry& entry) {
        if (entry.node == v) {
          result.loops[static_cast<size_t>(v)] = entry.weight;
          return;
        }
        out[place] = entry.node;
        if (weighted) out_weights[place] = entry.weight;
        ++place;
      });
    }
  });
  result.offsets = std::move(offsets);
  result.neighbors = std::move(neighbors);
  result.weights = std::move(weights);
  return result;
}

int64_t symmetric_entries(const DataSize& size) { return size.directed ? 2 * size.nnz : size.nnz; }

int64_t symmetric_bytes(const DataSize& size) {
  if (!size.directed && !size.weighted) return 0;  // the graph's memory
  return size.num_rows * 8 + symmetric_entries(size) * (4 + 8);
}

int64_t symmetrizing_bytes(const DataSize& size) {
  const int64_t transposed = size.directed ? size.num_rows * 16 + size.nnz * (size.weighted ? 12 : 4) : 0;
  return symmetric_bytes(size) + transposed;
}

}  // namespace whitney::graph
