#include "whitney/train/gnn/pinsage_negatives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "whitney/core/error_of.h"
#include "whitney/train/gnn/pinsage_cases_test.h"

namespace whitney::gnn {
namespace {

using ::testing::HasSubstr;

TEST(PinSageNegatives, EpochNHasNMinusOneHardOnesUpToTheMost) {
  PinSageOptions options;
  options.hard_negatives = 6;
  std::vector<int64_t> counts;
  for (int64_t epoch = 0; epoch < 9; ++epoch) counts.push_back(curriculum(epoch, options));
  EXPECT_EQ(counts, (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 6, 6}));
}

TEST(PinSageNegatives, BandIsAShareOfTheCatalogueFromRank20AndTo5000) {
  const PinSageOptions options;  // 1% to 5%
  EXPECT_EQ(hard_band(7283, options).from, 73);
  EXPECT_EQ(hard_band(7283, options).to, 365);
  EXPECT_EQ(hard_band(1000, options).from, 20);
  EXPECT_EQ(hard_band(1000, options).to, 50);
  EXPECT_EQ(hard_band(3'000'000, options).from, 2000);
  EXPECT_EQ(hard_band(3'000'000, options).to, 5000);
  PinSageOptions wrong;
  wrong.hard_from = 0.05;
  EXPECT_THAT(error_of([&] { hard_band(1000, wrong); }), HasSubstr("hard_from is 0.05"));
}

TEST(PinSageNegatives, HardOnesLieInTheBandAndAreNoKnownAnswers) {
  const Interactions events = grouped_contexts(200, 900, 1);
  const PinSageLabels labels = labels_of_contexts(events, 0, {});
  PinSageOptions options;
  options.hard_from = 0.12;
  options.hard_to = 0.2;  // ranks 24 to 40
  const PinSageNegatives negatives(labels.graph, labels.train, options, {});
  const SparseMatrix ranks =
      graph::truncated_page_rank(labels.graph, {.neighbors = 40, .stop = options.stop, .max_steps = 3}, {});
  int64_t answers_in_band = 0;
  for (uint32_t query = 0; query < 200; ++query) {
    std::vector<uint32_t> drawn;
    negatives.hard(query, 60, 5, query, drawn);
    ASSERT_EQ(drawn.size(), 60U);
    const auto row = std::span(ranks.columns).subspan(static_cast<size_t>(ranks.offsets[query]), 40);
    const auto is_answer = [&](uint32_t item) {
      return std::ranges::find(labels.train, ItemPair{query, item}) != labels.train.end();
    };
    for (const uint32_t item : drawn) {
      const auto rank = std::ranges::find(row, item) - row.begin() + 1;
      EXPECT_GE(rank, 24);
      EXPECT_LE(rank, 40);
      EXPECT_FALSE(is_answer(item)) << query << " " << item;
    }
    answers_in_band += std::ranges::count_if(row.subspan(23), is_answer);
  }
  EXPECT_GT(answers_in_band, 0);  // so that leaving them out shows
}

TEST(PinSageNegatives, AreFunctionsOfTheSeedAndTheirPlace) {
  const PinSageLabels labels = labels_of_contexts(grouped_contexts(200, 300, 1), 0, {});
  Context five;
  five.threads = 5;
  PinSageOptions options;
  options.hard_from = 0.15;
  options.hard_to = 0.4;
  const PinSageNegatives one(labels.graph, labels.train, options, {}),
      other(labels.graph, labels.train, options, five);
  EXPECT_EQ(one.shared(3), other.shared(3));
  EXPECT_NE(one.shared(3), one.shared(4));
  const auto hard = [](const PinSageNegatives& negatives, int64_t epoch, int64_t example) {
    std::vector<uint32_t> items;
    negatives.hard(8, 30, epoch, example, items);
    return items;
  };
  EXPECT_EQ(hard(one, 2, 7), hard(other, 2, 7));
  EXPECT_NE(hard(one, 2, 7), hard(one, 3, 7));
  EXPECT_NE(hard(one, 2, 7), hard(one, 2, 8));
}

TEST(PinSageNegatives, OfAQueryWithoutBandAreTheQueryItself) {
  const PinSageLabels labels = labels_of_contexts(contexts_of(30, {{0, 1, 2}}), 0, {});
  PinSageOptions options;
  options.hard_from = 0.5;
  options.hard_to = 1;
  const PinSageNegatives negatives(labels.graph, labels.train, options, {});
  std::vector<uint32_t> items;
  negatives.hard(1, 2, 1, 0, items);
  EXPECT_EQ(items, (std::vector<uint32_t>{1, 1}));
}

}  // namespace
}  // namespace whitney::gnn
