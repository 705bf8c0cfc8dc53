#include <gtest/gtest.h>

#include <cstring>

#include "whitney/core/one_in_test.h"
#include "whitney/search/graph_file_cases_test.h"

namespace whitney::search {
namespace {

void open_and_walk_hnsw(std::string_view bytes) {
  HnswParts parts = open_hnsw(graph_file_artifact(bytes));
  if (parts.graph.num_nodes == 0) return;
  const Matrix queries = normal_vectors(3, parts.space.dim, 9);
  for (int64_t q = 0; q < queries.rows(); ++q) walk_nodes(parts, queries.row<float>(q), 1000);
  ScratchPool pool;
  search_hnsw(parts, pool, queries, search_params(10, 8), {});
  remove_from_hnsw(parts, std::vector<uint32_t>{0, 3}, {});
  walk_nodes(parts, queries.row<float>(0), 1000);
}

TEST(HnswFile, OpensToTheSameHitsAndSavesTheSameBytes) {
  for (const Metric metric : {Metric::kCosine, Metric::kInnerProduct, Metric::kL2})
    expect_opens_the_same(*hnsw_of(graph_file_vectors(), metric), normal_vectors(7, 5, 2));
}

TEST(HnswFile, ChangesAfterOpeningAsWithoutIt) {
  expect_changes_the_same(*hnsw_of(graph_file_vectors(), Metric::kL2));
}

TEST(HnswFile, HoldsAnEmptyIndex) { expect_opens_empty(*hnsw_of(Matrix(0, 5), Metric::kL2)); }

TEST(HnswFile, IsAnErrorWhereverItIsCutOff) {
  expect_refuses_parts(*hnsw_of(graph_file_vectors(), Metric::kCosine), 97, open_and_walk_hnsw);
}

TEST(HnswFile, IsReadOrRefusedWithAnyBitFlipped) {
  expect_survives_flips(*hnsw_of(graph_file_vectors(), Metric::kCosine, 3, 8), 5 * one_in(), 100,
                        open_and_walk_hnsw);
}

TEST(HnswFile, IsAnErrorWhenALinkPointsOutside) {
  const TemporaryFolder folder;
  const auto index = hnsw_of(graph_file_vectors(), Metric::kL2);
  std::string bytes = graph_file_bytes(*index, folder, "whole");
  const Artifact artifact = graph_file_artifact(bytes);
  const HnswParts parts = open_hnsw(artifact);
  // The first link of every node becomes 1,000 of 59.
  const GraphView view = parts.graph.view();
  const uint8_t* begin = view.blocks;
  const std::string blocks(begin, begin + parts.graph.num_nodes * view.stride);
  const size_t start = bytes.find(blocks);
  ASSERT_NE(start, std::string::npos);
  for (uint32_t node = 0; node < parts.graph.num_nodes; ++node) {
    const uint32_t outside = 1000;
    std::memcpy(&bytes[start + node * view.stride + static_cast<size_t>(view.head_offset) + sizeof(NodeHead)],
                &outside, 4);
  }
  EXPECT_NE(graph_file_error([&] { open_and_walk_hnsw(bytes); }).find("link points outside"),
            std::string::npos);
}

}  // namespace
}  // namespace whitney::search
