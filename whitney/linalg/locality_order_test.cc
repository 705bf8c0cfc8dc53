#include "whitney/linalg/locality_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "whitney/linalg/sparse_cases_test.h"

namespace whitney {
namespace {

TEST(LocalityOrder, FollowsAPathThatIsShuffled) {
  // The path 3 - 0 - 4 - 1 - 2: from the end of the lower number.
  const SparseCase path = adjacency_of(5, {{3, 0}, {0, 4}, {4, 1}, {1, 2}});
  EXPECT_THAT(locality_order(path.view()), testing::ElementsAre(2, 1, 4, 0, 3));
}

TEST(LocalityOrder, PutsTheNodesOfACliqueSideBySide) {
  // Two cliques of six, their nodes alternating, with one edge between; node 12 is alone.
  std::vector<std::pair<uint32_t, uint32_t>> edges = {{0, 1}};
  for (uint32_t a = 0; a < 12; ++a) {
    for (uint32_t b = a + 2; b < 12; b += 2) edges.push_back({a, b});
  }
  const SparseCase cliques = adjacency_of(13, edges);
  std::vector<uint32_t> order = locality_order(cliques.view());
  ASSERT_EQ(order.size(), 13U);
  EXPECT_EQ(order[0], 12U);
  int changes = 0;
  for (size_t place = 2; place < 13; ++place) changes += order[place] % 2 != order[place - 1] % 2 ? 1 : 0;
  EXPECT_EQ(changes, 1);
  std::ranges::sort(order);
  for (uint32_t node = 0; node < 13; ++node) EXPECT_EQ(order[node], node);
}

TEST(LocalityOrder, OfNothingIsNothing) {
  const SparseCase none;
  EXPECT_TRUE(locality_order(none.view()).empty());
}

}  // namespace
}  // namespace whitney
