#include <gtest/gtest.h>

#include "whitney/core/one_in_test.h"
#include "whitney/search/graph_file_cases_test.h"
#include "whitney/search/symphonyqg_cases_test.h"

namespace whitney::search {
namespace {

void open_and_walk_lanes(std::string_view bytes) {
  SymphonyqgParts parts = open_symphonyqg(graph_file_artifact(bytes));
  if (parts.base.graph.num_nodes == 0) return;
  const Matrix queries = normal_vectors(3, parts.base.space.dim, 9);
  for (int64_t q = 0; q < queries.rows(); ++q) lane_walk_nodes(parts, queries.row<float>(q), 1000);
  ScratchPool pool;
  search_symphonyqg(parts, pool, queries, search_params(10, 8), {});
  remove_from_symphonyqg(parts, std::vector<uint32_t>{0, 3}, {});
  lane_walk_nodes(parts, queries.row<float>(0), 1000);
}

TEST(SymphonyQGFile, OpensToTheSameHitsAndSavesTheSameBytes) {
  for (const Metric metric : {Metric::kCosine, Metric::kInnerProduct, Metric::kL2})
    expect_opens_the_same(*symphonyqg_of(normal_vectors(700, 5, 2), metric), normal_vectors(7, 5, 3));
}

TEST(SymphonyQGFile, ChangesAfterOpeningAsWithoutIt) {
  expect_changes_the_same(*symphonyqg_of(graph_file_vectors(), Metric::kCosine));
}

TEST(SymphonyQGFile, HoldsAnEmptyIndex) { expect_opens_empty(*symphonyqg_of(Matrix(0, 5), Metric::kL2)); }

TEST(SymphonyQGFile, IsAnErrorWhereverItIsCutOff) {
  expect_refuses_parts(*symphonyqg_of(graph_file_vectors(), Metric::kCosine), 197, open_and_walk_lanes);
}

TEST(SymphonyQGFile, IsReadOrRefusedWithAnyBitFlipped) {
  expect_survives_flips(*symphonyqg_of(graph_file_vectors(), Metric::kInnerProduct), 23 * one_in(), 50,
                        open_and_walk_lanes);
}

TEST(SymphonyQGFile, NamesTheTensorThatIsMissing) {
  const TemporaryFolder folder;
  std::string bytes = graph_file_bytes(*symphonyqg_of(graph_file_vectors(), Metric::kL2), folder, "whole");
  const size_t at = bytes.find("\"symphonyqg.lanes\"");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 12] = 'L';
  EXPECT_NE(graph_file_error([&] { open_and_walk_lanes(bytes); }).find("symphonyqg.lanes"),
            std::string::npos);
}

}  // namespace
}  // namespace whitney::search
