#include "whitney/graph/partitioned_steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/graph/fastrp_cases_test.h"
#include "whitney/graph/partitioned_align.h"

namespace whitney::graph {
namespace {

using ::testing::ElementsAre;

// Blocks of 30 nodes with 4 weighted edges inside a block and half a one to anywhere for each node.
Graph weighted_blocks() {
  RandomStream random(4, "blocks", 0);
  Edges edges;
  std::vector<float> weights;
  for (uint32_t u = 0; u < 150; ++u) {
    for (int i = 0; i < 4; ++i) edges.emplace_back(u, u / 30 * 30 + random.below(30));
    if (u % 2 == 0) edges.emplace_back(u, random.below(150));
  }
  for (size_t e = 0; e < edges.size(); ++e) weights.push_back(static_cast<float>(1 + e % 3));
  return graph_of(151, edges, weights);
}

PartitionedOptions options_with(PartCombination combine) {
  const Method& method = Registry::instance().get(Verb::kLearn, "fastrp");
  PartitionedOptions options;
  options.base = {"fastrp", resolve_options(method, Value::object({{"dim", 24}}))};
  options.combine = combine;
  options.leaf_nodes = 40;
  options.min_dim = 2;
  return options;
}

// Puts rows of `values` into columns of `whole`.
void put(Matrix& whole, const std::vector<uint32_t>& rows, const Matrix& values, int64_t column) {
  float* out = whole.mutable_data<float>();
  for (size_t i = 0; i < rows.size(); ++i)
    std::ranges::copy(values.row<float>(static_cast<int64_t>(i)), out + rows[i] * whole.cols() + column);
}

Matrix zeros(int64_t rows, int64_t cols) {
  Matrix result(rows, cols);
  std::fill_n(result.mutable_data<float>(), rows * cols, 0.0F);
  return result;
}

std::vector<uint32_t> rows_of(const Matrix& matrix) {
  std::vector<uint32_t> rows(static_cast<size_t>(matrix.rows()));
  for (uint32_t i = 0; i < rows.size(); ++i) rows[i] = i;
  return rows;
}

TEST(PartitionedSteps, GiveTheBytesOfOneProcessWhenPartsAreTurnedAndSmoothedInAnyOrder) {
  const Graph graph = weighted_blocks();
  const PartitionedOptions options = options_with(PartCombination::kAlign);
  const PartitionPlan plan(graph, options, {});
  const std::optional<Piece> border = plan.frame({});
  ASSERT_TRUE(border.has_value());
  const Matrix frame_vectors = embed_piece(options, *border, {});
  Matrix vectors = zeros(graph.num_nodes(), plan.dim());
  for (int part = plan.num_pieces() - 1; part >= 0; --part) {
    const Piece piece = plan.piece(part, {});
    const Frame frame{border->part.rows, reader_of(frame_vectors)};
    put(vectors, rows_of_core(piece.part), align_part(piece.part, embed_piece(options, piece, {}), frame, {}),
        0);
  }
  for (int pass = 0; pass < options.smoothing; ++pass) {
    Matrix smoothed = zeros(graph.num_nodes(), plan.dim());
    for (uint32_t part : {2U, 0U, 3U, 1U}) {
      const PartGraph near = neighborhood(plan.graph(), plan.part_of(), part);
      put(smoothed, rows_of_core(near), smooth_part(near, reader_of(vectors)(near.rows), {}), 0);
    }
    vectors = std::move(smoothed);
  }
  EXPECT_TRUE(same_bytes(vectors, partitioned(graph, options, {}).vectors));
}

TEST(PartitionedSteps, GiveTheBytesOfOneProcessWhenLevelsAreEmbeddedLastPieceFirst) {
  const Graph graph = weighted_blocks();
  const PartitionedOptions options = options_with(PartCombination::kConcatenate);
  PartitionPlan plan(graph, options, {});
  std::vector<Piece> pieces;
  do {
    for (int part = 0; part < plan.num_pieces(); ++part) pieces.push_back(plan.piece(part, {}));
  } while (plan.next_level({}));
  EXPECT_GE(plan.level(), 1);
  EXPECT_EQ(std::ssize(plan.levels()), plan.level() + 1);
  std::ranges::reverse(pieces);
  Matrix vectors = zeros(graph.num_nodes(), plan.dim());
  for (const Piece& piece : pieces)
    put(vectors, piece.part.rows, embed_piece(options, piece, {}), piece.column);
  EXPECT_TRUE(same_bytes(vectors, partitioned(graph, options, {}).vectors));
}

TEST(PartitionedSteps, AreOneWhereTheGraphIsEmbeddedWhole) {
  const Graph graph = weighted_blocks();
  PartitionedOptions options = options_with(PartCombination::kAlign);
  options.parts = 1;
  const PartitionPlan plan(graph, options, {});
  EXPECT_TRUE(plan.is_whole());
  EXPECT_EQ(plan.num_pieces(), 1);
  EXPECT_FALSE(plan.frame({}).has_value());
  const Piece piece = plan.piece(0, {});
  EXPECT_TRUE(same_bytes(embed_piece(options, piece, {}), partitioned(graph, options, {}).vectors));
  EXPECT_EQ(rows_of_core(piece.part), rows_of(partitioned(graph, options, {}).vectors));
}

TEST(Neighborhood, HoldsAPartItsNeighboursAndTheEdgesOfItsOwnNodes) {
  // 0 - 1 - 2 - 3 - 4, part 0 = {1, 2}: neighbours 0 and 3.
  const Graph graph = graph_of(5, {{0, 1}, {1, 2}, {2, 3}, {3, 4}}, {1, 2, 3, 4});
  const std::vector<uint32_t> part_of = {1, 0, 0, 1, 1};
  const PartGraph near = neighborhood(graph, part_of, 0);
  EXPECT_THAT(near.rows, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(near.is_core, ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(near.graph.offsets.span(), ElementsAre(0, 0, 2, 4, 4));
  EXPECT_THAT(near.graph.targets.span(), ElementsAre(0, 2, 1, 3));
  EXPECT_THAT(near.graph.weights.span(), ElementsAre(1, 2, 2, 3));
}

}  // namespace
}  // namespace whitney::graph
