#include "whitney/search/passing_nodes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include "whitney/search/hnsw_cases_test.h"
#include "whitney/search/hnsw_walk.h"

namespace whitney::search {
namespace {

// 90 rows: every third equals the one before, and every tenth is zero.
HnswParts parts_with_equal_and_zero_rows() {
  Matrix vectors = normal_vectors(90, 5, 1);
  auto* values = vectors.mutable_data<float>();
  for (int64_t i = 2; i < 90; i += 3) std::copy_n(values + (i - 1) * 5, 5, values + i * 5);
  for (int64_t i = 0; i < 90; i += 10) std::fill_n(values + i * 5, 5, 0.0F);
  return build_hnsw(embeddings_of(vectors, Metric::kCosine), HnswOptions(), {});
}

std::vector<uint32_t> set_bits(const uint64_t* bits, int64_t count) {
  std::vector<uint32_t> set;
  for (uint32_t i = 0; i < count; ++i) {
    if ((bits[i >> 6] >> (i & 63) & 1) != 0) set.push_back(i);
  }
  return set;
}

TEST(PassingNodes, AreThoseOfTheRowsThatPass) {
  const HnswParts parts = parts_with_equal_and_zero_rows();
  const std::vector<uint32_t> some = {1, 2, 4, 10, 20, 71};
  for (const RowSet& allowed : {RowSet::of(some), RowSet::range(0, 50), RowSet()}) {
    std::set<uint32_t> expected;
    int64_t num_zero = 0;
    for (const uint32_t row : allowed.rows()) {
      const uint32_t node = parts.nodes.node_of(row);
      if (node == kNoNode)
        ++num_zero;
      else
        expected.insert(node);
    }
    const PassingNodes passing(parts, &allowed);
    EXPECT_TRUE(passing.is_filtered());
    EXPECT_EQ(passing.num_rows(), allowed.size());
    EXPECT_EQ(passing.num_zero(), num_zero);
    EXPECT_EQ(passing.num_nodes(), std::ssize(expected));
    const std::vector<uint32_t> nodes(expected.begin(), expected.end());
    EXPECT_TRUE(std::ranges::equal(passing.nodes(), nodes));
    EXPECT_EQ(set_bits(passing.node_bits(), parts.graph.num_nodes), nodes);
    EXPECT_EQ(set_bits(passing.row_bits(), 90), allowed.rows());
  }
}

TEST(PassingNodes, AreAllWithoutAFilterThatLeavesAnyOut) {
  const HnswParts parts = parts_with_equal_and_zero_rows();
  const RowSet all = RowSet::range(0, 200);
  for (const RowSet* allowed : {static_cast<const RowSet*>(nullptr), &all}) {
    const PassingNodes passing(parts, allowed);
    EXPECT_FALSE(passing.is_filtered());
    EXPECT_EQ(passing.num_rows(), 90);
    EXPECT_EQ(passing.num_zero(), 9);
    EXPECT_EQ(std::ssize(passing.nodes()), parts.graph.num_nodes);
    EXPECT_EQ(passing.node_bits(), nullptr);
  }
}

TEST(PassingNodes, ShareAroundALandmarkIsThatOfItsNodeFoundOnce) {
  for (const int64_t num_rows : {300, 7}) {  // fewer nodes than there may be landmarks
    const HnswParts parts =
        build_hnsw(embeddings_of(normal_vectors(num_rows, 4, 2), Metric::kL2), HnswOptions(), {});
    const RowSet allowed = RowSet::range(0, num_rows / 2);
    const PassingNodes passing(parts, &allowed);
    EXPECT_EQ(passing.num_landmarks(), std::min(num_rows, PassingNodes::kMostLandmarks));
    std::set<uint32_t> different;
    std::set<double> shares;
    for (int64_t i = 0; i < passing.num_landmarks(); ++i) {
      const uint32_t node = passing.landmark(i);
      different.insert(node);
      const double share = passing_share(parts.graph.view(), node, passing.node_bits());
      shares.insert(share);
      EXPECT_EQ(passing.share_around_landmark(i), share);
      EXPECT_EQ(passing.share_around_landmark(i), share);  // as it was kept
    }
    EXPECT_EQ(std::ssize(different), passing.num_landmarks());
    EXPECT_LT(*different.rbegin(), num_rows);
    EXPECT_GT(*shares.rbegin(), 0);
  }
}

TEST(PassingNodes, ManyThreadsMayAskAtOnce) {
  const HnswParts parts =
      build_hnsw(embeddings_of(normal_vectors(300, 4, 2), Metric::kL2), HnswOptions(), {});
  const RowSet allowed = RowSet::range(20, 250);
  FilterMemo memo;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto passing =
          memo.get<PassingNodes>([&] { return std::make_shared<const PassingNodes>(parts, &allowed); });
      EXPECT_EQ(set_bits(passing->node_bits(), 300), allowed.rows());
      EXPECT_EQ(std::ssize(passing->nodes()), 230);
      for (int64_t landmark = 0; landmark < passing->num_landmarks(); ++landmark)
        EXPECT_GE(passing->share_around_landmark(landmark), 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

struct Numbers : FilterMemo::Content {
  explicit Numbers(int64_t size) : bytes(size) {}
  int64_t size_bytes() const override { return bytes; }
  int64_t bytes;
};

TEST(FilterMemo, KeepsWhatIsMadeUnlessItIsTooLarge) {
  for (const auto& [bytes, times] : {std::pair(FilterMemo::kMostBytes, 1), {FilterMemo::kMostBytes + 1, 2}}) {
    FilterMemo memo;
    int made = 0;
    for (int round = 0; round < 2; ++round) {
      const auto numbers = memo.get<Numbers>([&] { return ++made, std::make_shared<const Numbers>(bytes); });
      EXPECT_EQ(numbers->bytes, bytes);
    }
    EXPECT_EQ(made, times);
  }
}

}  // namespace
}  // namespace whitney::search
