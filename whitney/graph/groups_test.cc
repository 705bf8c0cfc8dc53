#include "whitney/graph/groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace whitney::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Groups, HoldTheNodesOfEachLabelAscending) {
  const std::vector<uint32_t> labels = {2, 0, 2, 2, 0};
  const Groups groups = group(labels, 4);
  EXPECT_THAT(groups.of(0), ElementsAre(1, 4));
  EXPECT_THAT(groups.of(1), IsEmpty());
  EXPECT_THAT(groups.of(2), ElementsAre(0, 2, 3));
  EXPECT_THAT(groups.of(3), IsEmpty());
  EXPECT_THAT(sizes_of(labels, 4), ElementsAre(2, 0, 3, 0));
}

}  // namespace
}  // namespace whitney::graph
