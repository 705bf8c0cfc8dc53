#include "whitney/graph/components.h"

#include <gtest/gtest.h>

#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

TEST(Components, AreNumberedByTheirFirstNodes) {
  // 0-4-2 and 1-5, node 3 alone but for an edge to itself.
  const Components found = components_of(graph_of(6, {{0, 4}, {4, 2}, {1, 5}, {3, 3}}));
  EXPECT_EQ(found.count, 3);
  EXPECT_EQ(found.of_node, (std::vector<uint32_t>{0, 1, 0, 2, 0, 1}));
}

TEST(Components, OfAGraphWithoutEdgesAreItsNodes) { EXPECT_EQ(components_of(graph_of(3, {})).count, 3); }

}  // namespace
}  // namespace whitney::graph
