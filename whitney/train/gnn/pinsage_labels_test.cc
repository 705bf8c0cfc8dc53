#include "whitney/train/gnn/pinsage_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/train/gnn/pinsage_cases_test.h"

namespace whitney::gnn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(PinSageLabels, AreItemsThatFollowOneAnotherInTime) {
  const PinSageLabels labels = labels_of_contexts(contexts_of(4, {{3, 0, 2}, {1}, {2, 1}}), 0, {});
  EXPECT_THAT(labels.train, ElementsAre(ItemPair{3, 0}, ItemPair{0, 2}, ItemPair{2, 1}));
  EXPECT_TRUE(labels.validation.empty());
  EXPECT_THAT(labels.graph.items_of.columns, ElementsAre(0, 2, 3, 1, 1, 2));
}

TEST(PinSageLabels, WithoutTimesAreOtherItemsOfTheContext) {
  Interactions events = contexts_of(4, {{3, 0, 2}, {1}, {2, 1}});
  events.times = {};
  const PinSageLabels labels = labels_of_contexts(events, 0, {});
  ASSERT_EQ(labels.train.size(), 5U);
  for (const ItemPair& pair : std::span(labels.train).first(3)) {
    EXPECT_NE(pair.query, pair.answer);
    EXPECT_NE(pair.query, 1U);
    EXPECT_NE(pair.answer, 1U);
  }
  EXPECT_THAT(std::span(labels.train).last(2), ElementsAre(ItemPair{1, 2}, ItemPair{2, 1}));
}

TEST(PinSageLabels, HeldOutContextsAreNotInTheGraph) {
  const Interactions events = grouped_contexts(40, 200, 4);
  const PinSageLabels labels = labels_of_contexts(events, 0.3, {});
  EXPECT_EQ(labels.train.size() + labels.validation.size(), 600U);
  // Of 200 contexts 60 are held out; five deviations are 32.
  EXPECT_NEAR(static_cast<double>(labels.validation.size()) / 3, 60, 32);
  EXPECT_EQ(labels.graph.items_of.columns.size(), 4 * labels.train.size() / 3);
  EXPECT_EQ(labels.graph.num_contexts(), 200);
}

TEST(PinSageLabels, AreReadFromPairsOfIdsAndALineWithoutItemIsNamed) {
  const TemporaryFolder folder;
  const Interactions events = contexts_of(4, {{3, 0, 2}, {2, 1}});
  std::ofstream(folder.file("pairs.tsv")) << "3\t1\r\n0 2\n";
  const PinSageLabels labels = read_item_pairs(folder.file("pairs.tsv"), events, 0, {});
  EXPECT_THAT(labels.train, ElementsAre(ItemPair{3, 1}, ItemPair{0, 2}));
  EXPECT_EQ(labels.graph.items_of.columns.size(), 5U);
  std::ofstream(folder.file("wrong.tsv")) << "3\t1\n0\tcup\n";
  EXPECT_THAT(error_of([&] { read_item_pairs(folder.file("wrong.tsv"), events, 0, {}); }),
              HasSubstr("wrong.tsv:2: no item of the events has the id \"cup\""));
  std::ofstream(folder.file("self.tsv")) << "3\t1\n2\t2\n";
  EXPECT_THAT(
      error_of([&] { read_item_pairs(folder.file("self.tsv"), events, 0, {}); }),
      HasSubstr("self.tsv:2: the item \"2\" is a pair with itself (expected: a query and another item)"));
}

TEST(PinSageLabels, CountsTheContextsThatPairsShareUpToTwo) {
  const PinSageLabels labels = labels_of_contexts(contexts_of(5, {{0, 1, 2}, {0, 1}, {1, 0, 3}, {4}}), 0, {});
  const std::vector<ItemPair> pairs = {{0, 1}, {1, 2}, {3, 0}, {3, 2}, {4, 0}};
  EXPECT_THAT(shared_contexts(labels.graph, pairs, {}), ElementsAre(2, 1, 1, 0, 0));
}

}  // namespace
}  // namespace whitney::gnn
