#include "whitney/eval/reconstruction_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "whitney/core/one_in_test.h"
#include "whitney/core/random.h"

namespace whitney::eval {
namespace {

// Scores of a bell with long tails, of few values, with an end far out, and without numbers.
TEST(CandidateOrder, IsThatOfScoresThenNodes) {
  const auto n = static_cast<size_t>(fewer(3000));
  RandomStream random(42, "order test", 24);
  std::vector<std::vector<float>> cases(4, std::vector<float>(n));
  for (std::vector<float>& scores : cases) {
    for (float& score : scores) score = static_cast<float>(random.normal());
  }
  for (float& score : cases[0]) score = score * score * score;
  for (float& score : cases[1]) score = std::round(score);
  cases[2][7] = 1e30F;
  cases[3][7] = -NAN;
  cases[3][8] = INFINITY;
  cases.emplace_back(n, 0.25F);
  CandidateOrder order;
  for (const std::vector<float>& scores : cases) {
    const int64_t source = 11;
    const std::vector<uint8_t> hops(n, 1);
    std::vector<Candidate> expected;
    for (uint32_t v = 0; v < n; ++v) {
      if (v != source) expected.push_back((Candidate{descending_key(scores[v])} << 32) | v);
    }
    std::ranges::sort(expected);
    const auto seen = order.of(source, scores, hops);
    EXPECT_TRUE(std::ranges::equal(seen, expected)) << &scores - cases.data();
  }
}

TEST(CandidateOrder, EndsWithTheWorstThatCounts) {
  std::vector<uint8_t> hops = {0, 0, 2, 0, 1, 0};
  CandidateOrder order;
  const auto seen = order.of(0, std::vector<float>{9, 5, 3, 2, 4, 3}, hops);
  std::vector<uint32_t> nodes;
  for (const Candidate candidate : seen) nodes.push_back(node_of(candidate));
  EXPECT_EQ(nodes, (std::vector<uint32_t>{1, 4, 2, 5}));
}

}  // namespace
}  // namespace whitney::eval
