#pragma once

// What the tests of symphonyqg share, besides what hnsw's share.

#include <memory>
#include <string>
#include <vector>

#include "whitney/search/hnsw_cases_test.h"
#include "whitney/search/symphonyqg_index.h"
#include "whitney/search/symphonyqg_walk.h"

namespace whitney::search {

inline std::unique_ptr<Index> symphonyqg_of(const Matrix& vectors, Metric metric, int ef_construction = 60,
                                            const Context& context = {}) {
  const Value options = Value::object({{"ef_construction", ef_construction}});
  return build_index("symphonyqg", embeddings_of(vectors, metric), options, context);
}

inline SymphonyqgParts symphonyqg_parts(const Matrix& vectors, Metric metric, int ef_construction = 60) {
  SymphonyqgOptions options;
  options.ef_construction = ef_construction;
  return build_symphonyqg(embeddings_of(vectors, metric), options, {});
}

/// Walks by the lanes; nodes by ascending distance.
inline std::vector<uint32_t> lane_walk_nodes(const SymphonyqgParts& parts, std::span<const float> vector,
                                             int64_t ef, const Deadline& deadline = {},
                                             int64_t most_distances = INT64_MAX) {
  const HnswParts& base = parts.base;
  const GraphView view = base.graph.view();
  WalkScratch scratch;
  scratch.fit(view);
  Matrix one(1, std::ssize(vector));
  std::ranges::copy(vector, one.mutable_data<float>());
  std::vector<float> prepared(vector.size());
  const double norm = PreparedRows(one, base.metric).read(0, prepared.data());
  scratch.query.prepare(base.space, base.metric, prepared.data(), norm, view.padded_dim);
  std::vector<float> z(static_cast<size_t>(parts.codes.dim()), 0.0F);
  std::vector<float> turned(static_cast<size_t>(parts.codes.padded_dim()));
  for (size_t i = 0; i < prepared.size(); ++i) {
    z[i] = static_cast<float>((prepared[i] / scratch.query.value_scale - base.space.centre[i]) /
                              base.space.scale);
  }
  parts.codes.turn(z.data(), turned.data());
  scratch.deadline = deadline;
  scratch.most_distances = most_distances;
  scratch.pool.reset(ef);
  LaneBeam beam;
  beam.reset(ef, base.graph.num_nodes);
  walk_lanes(view, LaneView(parts.codes), scratch.query.code, LaneQuery(turned), base.graph.entry, ef, beam,
             scratch);
  std::vector<uint32_t> nodes;
  for (uint32_t i = 0; i < scratch.pool.size; ++i) nodes.push_back(NodePool::node_of(scratch.pool.keys[i]));
  return nodes;
}

/// What must hold after every change: a sound graph, every list full, every lane as if it were written anew.
inline void expect_sound(const SymphonyqgParts& parts) {
  const HnswGraph& graph = parts.base.graph;
  expect_sound(parts.base);
  for (uint32_t node = 0; node < graph.num_nodes; ++node) {
    ASSERT_EQ(std::ssize(graph.links(node, 0)), std::min(graph.cap(0), graph.num_nodes - 1));
  }
  const NeighbourCodes anew = encode_all_lanes(parts, {});
  ASSERT_EQ(anew.stride(), parts.codes.stride());
  for (uint32_t node = 0; node < graph.num_nodes; ++node) {
    ASSERT_TRUE(std::equal(anew.row(node), anew.row(node) + anew.stride(), parts.codes.row(node)))
        << "the lanes of node " << node;
  }
}

}  // namespace whitney::search
