#include <gtest/gtest.h>

#include "whitney/core/one_in_test.h"
#include "whitney/search/graph_file_cases_test.h"
#include "whitney/search/vamana_cases_test.h"

namespace whitney::search {
namespace {

void open_and_walk_vamana(std::string_view bytes) {
  HnswParts parts = open_vamana(graph_file_artifact(bytes));
  if (parts.graph.num_nodes == 0) return;
  const Matrix queries = normal_vectors(3, parts.space.dim, 9);
  for (int64_t q = 0; q < queries.rows(); ++q) walk_nodes(parts, queries.row<float>(q), 1000);
  ScratchPool pool;
  search_vamana(parts, pool, queries, search_params(10, 8), {});
  remove_from_vamana(parts, std::vector<uint32_t>{0, 3}, {});
  walk_nodes(parts, queries.row<float>(0), 1000);
}

TEST(VamanaFile, OpensToTheSameHitsAndSavesTheSameBytes) {
  for (const std::string_view codes : {"float32", "lvq8", "lvq4x8", "lvq4x4", "rabitq4"}) {
    for (const Metric metric : {Metric::kCosine, Metric::kInnerProduct, Metric::kL2})
      expect_opens_the_same(*vamana_of(normal_vectors(100, 5, 2), metric, codes), normal_vectors(7, 5, 3));
  }
}

TEST(VamanaFile, ChangesAfterOpeningAsWithoutIt) {
  for (const std::string_view codes : {"float32", "lvq8x8", "rabitq8"})
    expect_changes_the_same(*vamana_of(graph_file_vectors(), Metric::kCosine, codes));
}

TEST(VamanaFile, HoldsAnEmptyIndex) { expect_opens_empty(*vamana_of(Matrix(0, 5), Metric::kL2, "lvq8")); }

TEST(VamanaFile, IsAnErrorWhereverItIsCutOff) {
  expect_refuses_parts(*vamana_of(graph_file_vectors(), Metric::kCosine, "lvq4x8"), 197,
                       open_and_walk_vamana);
}

TEST(VamanaFile, IsReadOrRefusedWithAnyBitFlipped) {
  expect_survives_flips(*vamana_of(graph_file_vectors(), Metric::kInnerProduct, "lvq4x8"), 11 * one_in(), 50,
                        open_and_walk_vamana);
  expect_survives_flips(*vamana_of(graph_file_vectors(), Metric::kL2, "rabitq4"), 17 * one_in(), 50,
                        open_and_walk_vamana);
}

}  // namespace
}  // namespace whitney::search
