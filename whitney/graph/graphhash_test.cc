#include "whitney/graph/graphhash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/graph/fastrp_cases_test.h"
#include "whitney/graph/interactions_cases_test.h"

namespace whitney::graph {
namespace {

using ::testing::HasSubstr;

// Of each node "user 3", "item 0", or "-".
std::vector<std::string> rows_of(const Table& table) {
  const Column& side = *table.attributes.find("side");
  const Column& bucket = *table.attributes.find("bucket");
  std::vector<std::string> rows;
  for (int64_t v = 0; v < table.ids.size(); ++v) {
    EXPECT_EQ(side.has(v), bucket.has(v));
    if (side.has(v))
      rows.push_back(std::string(side.dictionary_entry(side.codes[v])) + " " +
                     std::to_string(bucket.ints[v]));
    else
      rows.emplace_back("-");
  }
  return rows;
}

int64_t num_rows(const Table& table) {
  const Value& quality = table.record.at("quality");
  return quality.at("user_buckets").as_int() + quality.at("item_buckets").as_int();
}

// Blocks of 6 users and 5 items, all pairs inside; and pairs drawn at random.
Graph blocks_of_interactions(uint32_t num_blocks, int num_random, uint64_t seed) {
  RandomStream random(seed, "interactions", 0);
  const uint32_t num_users = 6 * num_blocks;
  std::set<std::pair<uint32_t, uint32_t>> pairs;
  for (uint32_t user = 0; user < num_users; ++user) {
    for (uint32_t item = 0; item < 5; ++item) pairs.emplace(user, num_users + user / 6 * 5 + item);
    for (int i = 0; i < num_random; ++i)
      pairs.emplace(user, num_users + static_cast<uint32_t>(random.below(uint64_t{5} * num_blocks)));
  }
  return graph_of(11 * int64_t{num_blocks}, {pairs.begin(), pairs.end()}, {}, true);
}

TEST(GraphHash, GivesARowToEachBlockOfInteractionsOnEitherSide) {
  const Table table = graphhash(blocks_of_interactions(4, 0, 1), {}, {});
  const std::vector<std::string> rows = rows_of(table);
  for (size_t user = 0; user < 24; ++user) EXPECT_EQ(rows[user], "user " + std::to_string(user / 6));
  for (size_t item = 0; item < 20; ++item) EXPECT_EQ(rows[24 + item], "item " + std::to_string(item / 5));
  const Value& quality = table.record.at("quality");
  EXPECT_EQ(quality.at("user_buckets"), Value(4));
  EXPECT_EQ(quality.at("item_buckets"), Value(4));
  EXPECT_DOUBLE_EQ(quality.at("rows_saved").as_real(), 1 - 8.0 / 44);
  EXPECT_DOUBLE_EQ(quality.at("modularity").as_real(), 1 - 1.0 / 4);
}

// One pair of m = 3, degrees 1 and 1: it is one cluster as long as gamma < 3.
TEST(GraphHash, JoinsAPairWhereItGains) {
  const Graph graph = graph_of(6, {{0, 3}, {1, 4}, {2, 5}}, {}, true);
  EXPECT_EQ(num_rows(graphhash(graph, {.resolution = 2.99}, {})), 6);
  const std::vector<std::string> joined = rows_of(graphhash(graph, {.resolution = 2.99}, {}));
  EXPECT_EQ(joined[0].substr(5), joined[3].substr(5));
  const Graph star = graph_of(4, {{0, 1}, {0, 2}, {0, 3}}, {}, true);
  EXPECT_EQ(num_rows(graphhash(star, {.resolution = 0.9}, {})), 2);
  EXPECT_EQ(num_rows(graphhash(star, {.resolution = 1.1}, {})), 4);
}

TEST(GraphHash, GivesEachItsOwnRowWhereNoMergePays) {
  const Graph graph = blocks_of_interactions(4, 2, 2);
  std::set<std::string> rows;
  for (const std::string& row : rows_of(graphhash(graph, {.resolution = 1e9}, {}))) rows.insert(row);
  EXPECT_EQ(rows.size(), 44U);
}

TEST(GraphHash, KeepsABudgetOfRows) {
  const Graph graph = blocks_of_interactions(30, 1, 3);
  for (const BucketMethod method : {BucketMethod::kLouvain, BucketMethod::kLeiden}) {
    for (const int64_t buckets : {60, 120, 330, 1000}) {
      const Table table = graphhash(graph, {.buckets = buckets, .method = method}, {});
      EXPECT_LE(num_rows(table), buckets);
      EXPECT_GE(num_rows(table), std::min<int64_t>(buckets, 330) * 3 / 4) << buckets;
    }
  }
  EXPECT_THAT(error_of([&] { graphhash(blocks_of_interactions(4, 0, 1), {.buckets = 7}, {}); }),
              HasSubstr("\"buckets\" is 7, and the graph has 4 parts"));
}

TEST(GraphHash, NumbersEverySideWithoutAGap) {
  const Table table = graphhash(blocks_of_interactions(30, 3, 4), {.resolution = 10}, {});
  std::map<std::string, std::set<int64_t>> used;
  for (const std::string& row : rows_of(table)) used[row.substr(0, 4)].insert(std::stoll(row.substr(5)));
  EXPECT_EQ(std::ssize(used["user"]), table.record.at("quality").at("user_buckets").as_int());
  EXPECT_EQ(std::ssize(used["item"]), table.record.at("quality").at("item_buckets").as_int());
  for (const auto& [side, buckets] : used) EXPECT_EQ(*buckets.rbegin(), std::ssize(buckets) - 1) << side;
}

TEST(GraphHash, LeavesNodesWithoutAnEdgeOut) {
  Notes notes;
  Context context;
  context.progress = &notes;
  EXPECT_THAT(rows_of(graphhash(graph_of(3, {{0, 2}}, {}, true), {}, context)),
              testing::ElementsAre("user 0", "-", "item 0"));
  EXPECT_THAT(notes.sentences.back(), HasSubstr("1 node has no edge and no bucket"));
  EXPECT_EQ(graphhash(graph_of(0, {}), {}, {}).ids.size(), 0);
  EXPECT_EQ(num_rows(graphhash(graph_of(2, {}), {.buckets = 2}, {})), 0);
}

TEST(GraphHash, RefusesAGraphThatIsNotBipartite) {
  EXPECT_NE(error_of([&] { graphhash(graph_of(3, {{0, 1}, {1, 2}, {0, 2}}), {}, {}); }), "no error");
}

TEST(GraphHash, FindsAsManyRowsForInteractionsAsOthers) {
  const auto graph = read_interactions("lastfm");
  if (!graph) GTEST_SKIP() << "no lastfm (WHITNEY_DATA)";
  const Table table = graphhash(*graph, {.resolution = 20}, {});
  EXPECT_NEAR(static_cast<double>(num_rows(table)), 454 + 453, 0.03 * 907);
  // Within a budget, the gain of a search by hand: the same rows, nearly the same modularity.
  const Table within = graphhash(*graph, {.buckets = 907}, {});
  EXPECT_LE(num_rows(within), 907);
  EXPECT_GE(num_rows(within), 860);
}

}  // namespace
}  // namespace whitney::graph
