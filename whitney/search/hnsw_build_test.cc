#include "whitney/search/hnsw_build.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <numeric>

#include "whitney/linalg/simd.h"
#include "whitney/search/hnsw_cases_test.h"

namespace whitney::search {
namespace {

using testing::ElementsAre;

Context with_threads(int threads) {
  Context context;
  context.threads = threads;
  return context;
}

HnswParts parts_of(const Matrix& vectors, Metric metric, int m = 4, int ef_construction = 24,
                   int threads = 1) {
  return build_hnsw(embeddings_of(vectors, metric), hnsw_options(m, ef_construction), with_threads(threads));
}

// What SELECT keeps for row 0 as the base among the other rows, at most m.
std::vector<uint32_t> select_for_first(const Matrix& vectors, int64_t m) {
  const HnswParts parts = parts_of(vectors, Metric::kL2, 16);
  const GraphView view = parts.graph.view();
  Array<int8_t> codes(node_query_bytes(view)), kept(node_query_bytes(view) * 2 * 16);
  const CodeQuery query = query_of_node(view, 0, codes.mutable_data());
  std::vector<uint32_t> others(static_cast<size_t>(vectors.rows() - 1));
  std::iota(others.begin(), others.end(), 1u);
  std::vector<float> distances(others.size());
  walk_distances(view, query, others, distances.data());
  std::vector<uint64_t> keys;
  for (size_t i = 0; i < others.size(); ++i) keys.push_back(NodePool::key_of(distances[i], others[i]));
  std::ranges::sort(keys);
  std::vector<uint32_t> chosen(static_cast<size_t>(m));
  WalkCounters counters;
  chosen.resize(
      static_cast<size_t>(select_neighbors(view, keys, m, kept.mutable_data(), chosen.data(), counters)));
  return chosen;
}

Matrix integers(int64_t cols, const std::vector<float>& values) {
  Matrix result(std::ssize(values) / cols, cols);
  std::ranges::copy(values, result.mutable_data<float>());
  return result;
}

std::vector<uint8_t> bytes_of(const HnswGraph& graph) {
  const GraphView view = graph.view();
  std::vector<uint8_t> bytes(view.blocks, view.blocks + graph.num_nodes * view.stride);
  bytes.insert(bytes.end(), view.details, view.details + graph.num_nodes * view.detail_stride);
  const auto* upper = reinterpret_cast<const uint8_t*>(view.upper);
  bytes.insert(bytes.end(), upper, upper + 4 * graph.upper_used);
  return bytes;
}

std::vector<uint8_t> dead_every(int64_t n, int64_t step) {
  std::vector<uint8_t> dead(static_cast<size_t>(n), 0);
  for (int64_t i = 0; i < n; i += step) dead[static_cast<size_t>(i)] = 1;
  return dead;
}

TEST(HnswLevels, FollowTheGeometricLaw) {
  // P(level = j) = (1 - 1/M) M^-j.
  constexpr int64_t kNodes = 100'000, kM = 16;
  std::array<double, 4> counts{};
  for (uint32_t node = 0; node < kNodes; ++node) ++counts[std::min<size_t>(draw_level(7, node, kM), 3)];
  double chi_square = 0, reach = 1;
  for (size_t level = 0; level < 4; ++level) {
    const double expected = kNodes * (level == 3 ? reach : reach * (1 - 1.0 / kM));
    chi_square += (counts[level] - expected) * (counts[level] - expected) / expected;
    reach /= kM;
  }
  EXPECT_LT(chi_square, 3 + 5 * std::sqrt(6));  // 3 degrees of freedom: variance 6
}

TEST(HnswSelect, KeepsOnlyTheNearestOfPointsOnALine) {
  EXPECT_THAT(select_for_first(integers(1, {0, 1, 2, 3}), 3), ElementsAre(1));
}

TEST(HnswSelect, KeepsPointsInDifferentDirections) {
  // From the origin: (1,0), (0,1) and (-1,0) are at 1, and no nearer to one another; (2,1) is nearer to
  // (1,0).
  EXPECT_THAT(select_for_first(integers(2, {0, 0, 1, 0, 0, 1, -1, 0, 2, 1}), 4), ElementsAre(1, 2, 3));
}

TEST(HnswSelect, KeepsAnEqualDistance) {
  // (1,2) is at sqrt 5 of the base (0,0), and at sqrt 5 of (2,0), which is kept.
  EXPECT_THAT(select_for_first(integers(2, {0, 0, 2, 0, 1, 2}), 2), ElementsAre(1, 2));
}

TEST(HnswSelect, KeepsAllWhenTheyAreFewerThanWanted) {
  EXPECT_THAT(select_for_first(integers(1, {0, 1, 2, 3}), 4), ElementsAre(1, 2, 3));
}

TEST(HnswSelect, StopsAtTheNumberWanted) {
  EXPECT_THAT(select_for_first(integers(2, {0, 0, 1, 0, 0, 2, -3, 0, 0, -4}), 2), ElementsAre(1, 2));
}

TEST(HnswBuild, GivesTheSameBytesForAnyNumberOfThreads) {
  const Matrix vectors = normal_vectors(700, 10, 1);
  const std::vector<uint8_t> one = bytes_of(parts_of(vectors, Metric::kCosine, 4, 24, 1).graph);
  EXPECT_EQ(bytes_of(parts_of(vectors, Metric::kCosine, 4, 24, 2).graph), one);
  EXPECT_EQ(bytes_of(parts_of(vectors, Metric::kCosine, 4, 24, 5).graph), one);
}

TEST(HnswBuild, MakesSoundGraphsOfEverySizeAroundTheCaps) {
  for (const int64_t n : {0, 1, 2, 3, 8, 9, 10, 33, 100}) {
    expect_sound(parts_of(normal_vectors(n, 3, 2), Metric::kL2));
  }
}

TEST(HnswBuild, MakesASoundGraphOfTightClusters) {
  // 40 clusters of 12: the choice of neighbours alone would leave some apart.
  Matrix vectors = normal_vectors(480, 6, 3);
  auto* values = vectors.mutable_data<float>();
  for (int64_t i = 0; i < 480; ++i) {
    for (int64_t j = 0; j < 6; ++j)
      values[i * 6 + j] = values[i * 6 + j] * 0.01F + static_cast<float>((i % 40) * (j + 1) % 17);
  }
  expect_sound(parts_of(vectors, Metric::kL2, 3, 10));
}

TEST(HnswBuild, ReachesTheExactNearestWhenEfIsTheSize) {
  const Matrix vectors = integer_vectors(400, 5, 4, 50), queries = integer_vectors(20, 5, 5, 50);
  const HnswParts parts = parts_of(vectors, Metric::kL2);
  for (int64_t q = 0; q < queries.rows(); ++q) {
    const std::vector<uint32_t> found = walk_nodes(parts, queries.row<float>(q), parts.graph.num_nodes);
    ASSERT_EQ(std::ssize(found), parts.graph.num_nodes);
  }
}

TEST(HnswBuild, GivesEqualVectorsOneNode) {
  Matrix vectors = integer_vectors(300, 4, 6, 3);  // 81 different vectors at most
  const HnswParts parts = parts_of(vectors, Metric::kL2);
  EXPECT_LE(parts.graph.num_nodes, 81);
  for (uint32_t row = 0; row < 300; ++row) {
    bool found = false;
    parts.nodes.visit_rows(parts.nodes.node_of(row), [&](uint32_t other) {
      found = found || other == row;
      EXPECT_TRUE(std::ranges::equal(vectors.row<float>(row), vectors.row<float>(other)));
      return true;
    });
    EXPECT_TRUE(found);
  }
}

TEST(HnswBuild, KeepsTheVectorsAsExactlyAsFloat32) {
  const Matrix vectors = normal_vectors(50, 70, 7);
  const HnswParts parts = parts_of(vectors, Metric::kL2);
  std::vector<float> decoded(70);
  for (uint32_t row = 0; row < 50; ++row) {
    parts.space.decode(parts.graph.view(), parts.nodes.node_of(row), decoded.data());
    for (size_t j = 0; j < 70; ++j) EXPECT_NEAR(decoded[j], vectors.row<float>(row)[j], 5e-7);
  }
}

TEST(HnswRemove, KeepsTheGraphSoundAndTheOthersLinked) {
  HnswParts parts = parts_of(normal_vectors(300, 4, 8), Metric::kL2);
  const std::vector<uint8_t> dead = dead_every(300, 7);
  const std::vector<uint32_t> numbers = remove_nodes(parts.graph, dead, {.window = 24}, with_threads(2));
  EXPECT_EQ(parts.graph.num_nodes, 300 - 43);
  EXPECT_EQ(numbers[0], kNoNode);
  EXPECT_EQ(numbers[1], 0);
  EXPECT_EQ(numbers[8], 6);
  expect_sound(parts);
}

TEST(HnswRemove, LinksAnewWhenManyNodesGo) {
  HnswParts parts = parts_of(normal_vectors(300, 4, 9), Metric::kL2);
  remove_nodes(parts.graph, dead_every(300, 2), {.window = 24}, with_threads(2));
  EXPECT_EQ(parts.graph.num_nodes, 150);
  expect_sound(parts);
}

TEST(HnswRemove, ChoosesAnotherEntry) {
  HnswParts parts = parts_of(normal_vectors(200, 4, 10), Metric::kL2);
  for (int round = 0; round < 20; ++round) {
    std::vector<uint8_t> dead(static_cast<size_t>(parts.graph.num_nodes), 0);
    dead[parts.graph.entry] = 1;
    remove_nodes(parts.graph, dead, {.window = 24}, with_threads(1));
    expect_sound(parts);
  }
  EXPECT_EQ(parts.graph.num_nodes, 180);
}

TEST(HnswRemove, GivesTheSameBytesForAnyNumberOfThreads) {
  const Matrix vectors = normal_vectors(300, 4, 11);
  HnswParts one = parts_of(vectors, Metric::kL2), five = parts_of(vectors, Metric::kL2);
  remove_nodes(one.graph, dead_every(300, 5), {.window = 24}, with_threads(1));
  remove_nodes(five.graph, dead_every(300, 5), {.window = 24}, with_threads(5));
  EXPECT_EQ(bytes_of(one.graph), bytes_of(five.graph));
}

}  // namespace
}  // namespace whitney::search
