#pragma once

// What the tests of hnsw share: vectors, indexes over them, and answers by brute force in double.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/search/hnsw_index.h"
#include "whitney/search/hnsw_walk.h"

namespace whitney::search {

inline Embeddings embeddings_of(Matrix vectors, Metric metric) {
  Embeddings result;
  result.ids = Ids::row_numbers(vectors.rows());
  result.vectors = std::move(vectors);
  result.record = Value::object({{"method", "by-hand"}, {"metric", name_of_enum(metric)}});
  return result;
}

/// Normal values in float32; `item` chooses among sets of them.
inline Matrix normal_vectors(int64_t rows, int64_t cols, uint64_t item) {
  Matrix result(rows, cols);
  RandomStream random(42, "hnsw test", item);
  auto* values = result.mutable_data<float>();
  for (int64_t i = 0; i < rows * cols; ++i) values[i] = static_cast<float>(random.normal());
  return result;
}

/// Integers 0 .. bound - 1.
inline Matrix integer_vectors(int64_t rows, int64_t cols, uint64_t item, uint64_t bound) {
  Matrix result(rows, cols);
  RandomStream random(42, "hnsw test integers", item);
  auto* values = result.mutable_data<float>();
  for (int64_t i = 0; i < rows * cols; ++i) values[i] = static_cast<float>(random.below(bound));
  return result;
}

inline double value_by_hand(std::span<const float> a, std::span<const float> b, Metric metric) {
  double dot = 0, aa = 0, bb = 0, l2 = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += double{a[i]} * b[i];
    aa += double{a[i]} * a[i];
    bb += double{b[i]} * b[i];
    l2 += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  }
  switch (metric) {
    case Metric::kCosine:
      return aa == 0 || bb == 0 ? 0 : dot / std::sqrt(aa * bb);
    case Metric::kInnerProduct:
      return dot;
    case Metric::kL2:
      break;
  }
  return std::sqrt(l2);
}

/// The values of the best `k` among `rows` for a query, best first.
inline std::vector<double> best_values(std::span<const float> query, const Matrix& vectors,
                                       std::span<const uint32_t> rows, int64_t k, Metric metric) {
  std::vector<double> values;
  for (const uint32_t row : rows) values.push_back(value_by_hand(query, vectors.row<float>(row), metric));
  std::ranges::sort(values);
  if (higher_is_better(metric)) std::ranges::reverse(values);
  values.resize(std::min(values.size(), static_cast<size_t>(k)));
  return values;
}

/// Walks with ef = `ef` on layer 0; nodes by ascending distance of their codes.
inline std::vector<uint32_t> walk_nodes(const HnswParts& parts, std::span<const float> vector, int64_t ef,
                                        const Deadline& deadline = {}) {
  const GraphView view = parts.graph.view();
  WalkScratch scratch;
  scratch.fit(view);
  Matrix one(1, std::ssize(vector));
  std::ranges::copy(vector, one.mutable_data<float>());
  std::vector<float> prepared(vector.size());
  const double norm = PreparedRows(one, parts.metric).read(0, prepared.data());
  scratch.query.prepare(parts.space, parts.metric, prepared.data(), norm, view.padded_dim);
  scratch.deadline = deadline;
  scratch.pool.reset(ef);
  const uint32_t start =
      descend(view, scratch.query.code, parts.graph.entry, parts.graph.top_level, 1, scratch);
  search_layer(view, scratch.query.code, start, 0, scratch);
  std::vector<uint32_t> nodes;
  for (uint32_t i = 0; i < scratch.pool.size; ++i) nodes.push_back(NodePool::node_of(scratch.pool.keys[i]));
  return nodes;
}

/// What must hold after every change: lists without repeats or the node itself, no longer than the cap, to
/// nodes of the layer; every node of layer 0 within reach of the entry, which is of the highest level.
inline void expect_sound(const HnswParts& parts) {
  const HnswGraph& graph = parts.graph;
  if (graph.num_nodes == 0) {
    EXPECT_EQ(graph.entry, kNoNode);
    return;
  }
  ASSERT_LT(graph.entry, graph.num_nodes);
  std::vector<uint32_t> queue = {graph.entry};
  std::vector<uint8_t> met(static_cast<size_t>(graph.num_nodes), 0);
  met[graph.entry] = 1;
  while (!queue.empty()) {
    const uint32_t node = queue.back();
    queue.pop_back();
    for (const uint32_t link : graph.links(node, 0)) {
      ASSERT_LT(link, graph.num_nodes);
      if (met[link] == 0) queue.push_back(link);
      met[link] = 1;
    }
  }
  for (uint32_t node = 0; node < graph.num_nodes; ++node) {
    ASSERT_EQ(met[node], 1) << "node " << node << " cannot be reached";
    ASSERT_LE(graph.levels[node], graph.top_level);
    for (int layer = 0; layer <= graph.levels[node]; ++layer) {
      const std::span<const uint32_t> links = graph.links(node, layer);
      ASSERT_LE(std::ssize(links), graph.cap(layer));
      ASSERT_EQ(std::set<uint32_t>(links.begin(), links.end()).size(), links.size()) << "a repeated link";
      for (const uint32_t link : links) {
        ASSERT_NE(link, node);
        ASSERT_LT(link, graph.num_nodes);
        ASSERT_GE(graph.levels[link], layer);
      }
    }
  }
}

inline HnswOptions hnsw_options(int m, int ef_construction) {
  HnswOptions options;
  options.m = m;
  options.ef_construction = ef_construction;
  return options;
}

inline std::unique_ptr<Index> hnsw_of(const Matrix& vectors, Metric metric, int m = 8,
                                      int ef_construction = 40, const Context& context = {}) {
  const Value options = Value::object({{"m", m}, {"ef_construction", ef_construction}});
  return build_index("hnsw", embeddings_of(vectors, metric), options, context);
}

inline SearchParams search_params(int64_t k, int64_t ef) {
  SearchParams params;
  params.k = k;
  params.options = Value::object({{"ef", ef}});
  return params;
}

}  // namespace whitney::search
