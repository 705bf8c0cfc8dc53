#include "whitney/search/candidate_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "whitney/search/hnsw_cases_test.h"

namespace whitney::search {
namespace {

/// 30 points on a line at 0, 1, 2, ... of one layer, whose links are those given.
class CandidateKeysTest : public testing::Test {
 protected:
  static constexpr uint32_t kPoints = 30;

  CandidateKeysTest() : parts_(build_hnsw(embeddings_of(line(), Metric::kL2), hnsw_options(2, 20), {})) {
    parts_.graph.make_writable();
    scratch_.fit(parts_.graph.view());
    query_ = Array<int8_t>(node_query_bytes(parts_.graph.view()));
  }
  static Matrix line() {
    Matrix points(kPoints, 1);
    std::iota(points.mutable_data<float>(), points.mutable_data<float>() + kPoints, 0.0F);
    return points;
  }
  /// The next ones on both sides.
  void link_along(uint32_t begin, uint32_t end) {
    for (uint32_t node = begin; node < end; ++node) {
      std::vector<uint32_t> links;
      if (node > begin) links.push_back(node - 1);
      if (node + 1 < end) links.push_back(node + 1);
      parts_.graph.set_links(node, 0, links);
    }
  }
  std::vector<uint32_t> around(uint32_t node, int64_t window) {
    const CodeQuery query = query_of_node(parts_.graph.view(), node, query_.mutable_data());
    candidates_.find_around(parts_.graph, query, node, window, window / 2, scratch_);
    std::vector<uint32_t> nodes;
    for (const uint64_t key : candidates_.keys) nodes.push_back(NodePool::node_of(key));
    return nodes;
  }

  HnswParts parts_;
  WalkScratch scratch_;
  Array<int8_t> query_;
  CandidateKeys candidates_;
};

TEST_F(CandidateKeysTest, HoldTheNearestInOrderWithoutTheNodeItself) {
  link_along(0, kPoints);
  // The walk keeps the node and the three nearest, and expands the node and 9.
  EXPECT_EQ(around(10, 4), (std::vector<uint32_t>{9, 11, 8}));
  EXPECT_TRUE(std::ranges::is_sorted(candidates_.keys));
  EXPECT_FLOAT_EQ(NodePool::distance_of(candidates_.keys[2]) / NodePool::distance_of(candidates_.keys[0]), 4);
}

TEST_F(CandidateKeysTest, HoldThePresentLinksOnceHoweverFar) {
  link_along(0, kPoints);
  parts_.graph.set_links(10, 0, std::vector<uint32_t>{9, 11, 25});
  const std::vector<uint32_t> found = around(10, 4);
  EXPECT_EQ(found.back(), 25U);
  EXPECT_EQ(std::ranges::count(found, 9U), 1);
}

TEST_F(CandidateKeysTest, HoldOthersWhereNoLinkLeadsOutOfAGroup) {
  link_along(0, 3);
  link_along(3, kPoints);
  parts_.graph.set_links(3, 0, std::vector<uint32_t>{2, 4});
  parts_.graph.entry = kPoints - 1;
  parts_.graph.top_level = 0;
  EXPECT_EQ(around(0, 6), (std::vector<uint32_t>{1, 2, 3, 4, 5}));
}

}  // namespace
}  // namespace whitney::search
