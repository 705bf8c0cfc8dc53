#include "whitney/data/graph.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"
#include "whitney/core/parallel.h"
#include "whitney/data/row_limit.h"

namespace whitney {

namespace {

// An entry of the matrix is kept as one number, row above column, so that sorting numbers sorts the matrix.
uint64_t entry_key(uint32_t row, uint32_t column) { return (uint64_t{row} << 32) | column; }

// The entries of all edges, put into buckets of neighbouring rows that fit the cache, each bucket in the
// edges' order.
struct Buckets {
  int shift = 0;  // row >> shift is the bucket
  int64_t num_buckets = 1;
  std::vector<int64_t> starts;  // num_buckets + 1
  Array<uint64_t> keys;
  Array<float> weights;
};

constexpr int64_t kBucketEntries = 1 << 16;
constexpr int64_t kMostBuckets = 4096;
constexpr int64_t kEdgeBlock = 1 << 18;

std::string edge_text(const Ids& ids, const EdgeArrays& edges, int64_t edge) {
  const auto e = static_cast<size_t>(edge);
  return concat("edge ", edge, " (\"", ids.text(edges.sources[e]), "\" to \"", ids.text(edges.targets[e]),
                "\")");
}

void check_edges(const Ids& ids, const EdgeArrays& edges, const Context& context) {
  const int64_t num_nodes = ids.size();
  const int64_t num_edges = std::ssize(edges.sources);
  data::check_num_rows(num_nodes, "graph", "nodes");
  if (std::ssize(edges.targets) != num_edges) {
    fail("graph: ", num_edges, " sources, but ", edges.targets.size(), " targets");
  }
  if (!edges.weights.empty() && std::ssize(edges.weights) != num_edges) {
    fail("graph: ", num_edges, " edges, but ", edges.weights.size(), " weights");
  }
  const auto first_bad = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto e = static_cast<size_t>(i);
      if (edges.sources[e] >= num_nodes || edges.targets[e] >= num_nodes) return i;
      if (!edges.weights.empty() && !(edges.weights[e] > 0 && std::isfinite(edges.weights[e]))) return i;
    }
    return num_edges;
  };
  const int64_t bad = ordered_reduce<int64_t>(context, num_edges, kEdgeBlock, num_edges, first_bad,
                                              [](int64_t a, int64_t b) { return std::min(a, b); });
  if (bad == num_edges) return;
  const auto e = static_cast<size_t>(bad);
  for (const uint32_t end : {edges.sources[e], edges.targets[e]}) {
    if (end >= num_nodes)
      fail("graph: edge ", bad, " has the end point ", end, ", but there are ", num_nodes, " nodes");
  }
  fail("graph: ", edge_text(ids, edges, bad), " weighs ", edges.weights[e],
       "; a weight must be finite and above zero");
}

// Calls `take(row, column, weight)` for the entries of an edge: both directions unless directed, a self-loop
// once.
template <class Take>
void for_entries(const EdgeArrays& edges, int64_t begin, int64_t end, bool directed, const Take& take) {
  for (int64_t i = begin; i < end; ++i) {
    const auto e = static_cast<size_t>(i);
    const uint32_t source = edges.sources[e];
    const uint32_t target = edges.targets[e];
    const float weight = edges.weights.empty() ? 1.0F : edges.weights[e];
    take(source, target, weight);
    if (!directed && source != target) take(target, source, weight);
  }
}

Buckets fill_buckets(int64_t num_nodes, const EdgeArrays& edges, bool directed, const Context& context) {
  const int64_t num_edges = std::ssize(edges.sources);
  Buckets buckets;
  const int64_t most = std::clamp<int64_t>(2 * num_edges / kBucketEntries, 1, kMostBuckets);
  while (((num_nodes - 1) >> buckets.shift) >= most) ++buckets.shift;
  buckets.num_buckets = num_nodes == 0 ? 0 : ((num_nodes - 1) >> buckets.shift) + 1;

  // counts[block][bucket] becomes the place of the block's first entry in the bucket: blocks depend on the
  // edges only, so the places do too.
  const int64_t block = std::max(kEdgeBlock, num_edges / 1024);
  const int64_t num_blocks = (num_edges + block - 1) / block;
  std::vector<int64_t> places(static_cast<size_t>(num_blocks * buckets.num_buckets));
  const auto places_of = [&](int64_t begin) { return places.data() + begin / block * buckets.num_buckets; };
  parallel_blocks(context, num_edges, block, [&](int64_t begin, int64_t end) {
    int64_t* const counts = places_of(begin);
    for_entries(edges, begin, end, directed,
                [&](uint32_t row, uint32_t, float) { ++counts[row >> buckets.shift]; });
  });
  int64_t sum = 0;
  for (int64_t bucket = 0; bucket < buckets.num_buckets; ++bucket) {
    buckets.starts.push_back(sum);
    for (int64_t b = 0; b < num_blocks; ++b) {
      sum += std::exchange(places[static_cast<size_t>(b * buckets.num_buckets + bucket)], sum);
    }
  }
  buckets.starts.push_back(sum);

  buckets.keys = Array<uint64_t>(sum);
  if (!edges.weights.empty()) buckets.weights = Array<float>(sum);
  uint64_t* const keys = buckets.keys.mutable_data();
  float* const weights = buckets.weights.mutable_data();
  parallel_blocks(context, num_edges, block, [&](int64_t begin, int64_t end) {
    int64_t* const next = places_of(begin);
    for_entries(edges, begin, end, directed, [&](uint32_t row, uint32_t column, float weight) {
      const int64_t place = next[row >> buckets.shift]++;
      keys[place] = entry_key(row, column);
      if (weights != nullptr) weights[place] = weight;
    });
  });
  return buckets;
}

// Memory of one worker for sorting.
struct Scratch {
  std::vector<uint64_t> keys;
  std::vector<float> weights;
};

constexpr int kDigitBits = 11;

// One stable pass of a radix sort by the digit at `shift`. Gives false when all entries have the same digit.
bool sort_by_digit(std::span<const uint64_t> keys, const float* weights, int shift, uint64_t* keys_out,
                   float* weights_out) {
  constexpr uint64_t kMask = (1U << kDigitBits) - 1;
  std::array<uint32_t, 1U << kDigitBits> places{};
  for (const uint64_t key : keys) ++places[(key >> shift) & kMask];
  if (places[(keys[0] >> shift) & kMask] == keys.size()) return false;
  uint32_t sum = 0;
  for (uint32_t& place : places) sum += std::exchange(place, sum);
  for (size_t i = 0; i < keys.size(); ++i) {
    const uint32_t place = places[(keys[i] >> shift) & kMask]++;
    keys_out[place] = keys[i];
    if (weights != nullptr) weights_out[place] = weights[i];
  }
  return true;
}

// Sorts entries by row and column, equal ones in their order: few by comparison, many by digits.
void sort_entries(std::span<uint64_t> keys, float* weights, int row_bits, int column_bits, Scratch& scratch) {
  constexpr size_t kFew = 512;
  const size_t size = keys.size();
  if (weights == nullptr && size < kFew) {
    std::sort(keys.begin(), keys.end());
    return;
  }
  scratch.keys.resize(size);
  if (weights != nullptr) scratch.weights.resize(size);
  if (size < kFew || size > UINT32_MAX) {
    std::vector<std::pair<uint64_t, float>> pairs(size);
    for (size_t i = 0; i < size; ++i) pairs[i] = {keys[i], weights != nullptr ? weights[i] : 1.0F};
    std::stable_sort(pairs.begin(), pairs.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t i = 0; i < size; ++i) {
      keys[i] = pairs[i].first;
      if (weights != nullptr) weights[i] = pairs[i].second;
    }
    return;
  }
  std::span<uint64_t> from = keys;
  std::span<uint64_t> to = scratch.keys;
  float* from_weights = weights;
  float* to_weights = scratch.weights.data();
  const auto pass = [&](int shift) {
    if (sort_by_digit(from, weights != nullptr ? from_weights : nullptr, shift, to.data(), to_weights)) {
      std::swap(from, to);
      std::swap(from_weights, to_weights);
    }
  };
  for (int shift = 0; shift < column_bits; shift += kDigitBits) pass(shift);
  for (int shift = 0; shift < row_bits; shift += kDigitBits) pass(32 + shift);
  if (from.data() != keys.data()) {
    std::copy(from.begin(), from.end(), keys.begin());
    if (weights != nullptr) std::copy_n(from_weights, size, weights);
  }
}

// Merges equal entries of a sorted bucket in place and counts those of each row. Gives the number that is
// left. Weights are added in the edges' order, in double.
int64_t merge_entries(std::span<uint64_t> keys, float* weights, int64_t* counts) {
  size_t size = 0;
  for (size_t i = 0; i < keys.size();) {
    const uint64_t key = keys[i];
    double sum = 0;
    for (; i < keys.size() && keys[i] == key; ++i) {
      if (weights != nullptr) sum += weights[i];
    }
    if (weights != nullptr) {
      weights[size] = static_cast<float>(sum);
      if (!std::isfinite(weights[size])) {
        fail("graph: the weights of an edge that stands several times add up to ", sum,
             ", more than float32 can hold");
      }
    }
    keys[size++] = key;
    ++counts[key >> 32];
  }
  return static_cast<int64_t>(size);
}

}  // namespace

std::vector<uint32_t> sources_of(const Graph& graph) {
  std::vector<uint32_t> sources;
  sources.reserve(static_cast<size_t>(graph.nnz()));
  for (int64_t u = 0; u < graph.num_nodes(); ++u)
    sources.insert(sources.end(), graph.neighbors(u).size(), static_cast<uint32_t>(u));
  return sources;
}

int64_t Graph::num_edges() const {
  if (directed) return nnz();
  int64_t num_loops = 0;
  for (int64_t node = 0; node < num_nodes(); ++node) {
    const auto row = neighbors(node);
    num_loops += std::binary_search(row.begin(), row.end(), static_cast<uint32_t>(node)) ? 1 : 0;
  }
  return (nnz() + num_loops) / 2;
}

Graph build_graph(Ids ids, const EdgeArrays& edges, bool directed, const Context& context) {
  check_edges(ids, edges, context);
  const int64_t num_nodes = ids.size();
  Buckets buckets = fill_buckets(num_nodes, edges, directed, context);

  Graph graph;
  graph.directed = directed;
  graph.ids = std::move(ids);
  graph.offsets = Array<int64_t>(num_nodes + 1, 0);
  int64_t* const offsets = graph.offsets.mutable_data();
  uint64_t* const keys = buckets.keys.mutable_data();
  float* const weights = buckets.weights.mutable_data();
  const int column_bits = std::bit_width(static_cast<uint64_t>(std::max<int64_t>(num_nodes - 1, 1)));
  std::vector<Scratch> scratch(static_cast<size_t>(context.num_threads()));
  std::vector<int64_t> sizes(static_cast<size_t>(buckets.num_buckets));
  parallel_for_workers(context, buckets.num_buckets, [&](int worker, int64_t b) {
    const int64_t start = buckets.starts[static_cast<size_t>(b)];
    const auto size = static_cast<size_t>(buckets.starts[static_cast<size_t>(b) + 1] - start);
    const std::span<uint64_t> bucket(keys + start, size);
    float* const bucket_weights = weights != nullptr ? weights + start : nullptr;
    sort_entries(bucket, bucket_weights, buckets.shift, column_bits, scratch[static_cast<size_t>(worker)]);
    sizes[static_cast<size_t>(b)] = merge_entries(bucket, bucket_weights, offsets + 1);
  });
  for (int64_t node = 0; node < num_nodes; ++node) offsets[node + 1] += offsets[node];

  graph.targets = Array<uint32_t>(offsets[num_nodes]);
  if (weights != nullptr) graph.weights = Array<float>(offsets[num_nodes]);
  uint32_t* const targets = graph.targets.mutable_data();
  float* const merged = graph.weights.mutable_data();
  parallel_for(context, buckets.num_buckets, [&](int64_t b) {
    const int64_t from = buckets.starts[static_cast<size_t>(b)];
    const int64_t to = offsets[b << buckets.shift];
    const int64_t size = sizes[static_cast<size_t>(b)];
    for (int64_t i = 0; i < size; ++i) targets[to + i] = static_cast<uint32_t>(keys[from + i]);
    if (merged != nullptr) std::copy_n(weights + from, size, merged + to);
  });
  return graph;
}

std::string fingerprint(const Graph& graph) {
  Hasher128 hasher;
  const auto add = [&](const auto& array) {
    const int64_t size = array.size();
    hasher.update(&size, sizeof size);  // so that no two different graphs give the same bytes
    hasher.update(array.data(), size * static_cast<int64_t>(sizeof(array[0])));
  };
  const std::array<int64_t, 2> head = {graph.directed ? 1 : 0, graph.ids.is_integer() ? 1 : 0};
  hasher.update(head.data(), sizeof head);
  if (graph.ids.is_integer()) {
    add(graph.ids.integer_array());
  } else {
    add(graph.ids.offsets_array());
    add(graph.ids.bytes_array());
  }
  add(graph.offsets);
  add(graph.targets);
  add(graph.weights);
  return hasher.digest();
}

}  // namespace whitney
