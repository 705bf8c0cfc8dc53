#include "whitney/text/skip_gram_grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/random.h"
#include "whitney/text/skip_gram_cells.h"

namespace whitney::text {
namespace {

Context with_threads(int threads) {
  Context context;
  context.threads = threads;
  return context;
}

/// Chunks of random pairs of n items, the last one empty.
struct RandomPairs : PairSource {
  int64_t n;
  explicit RandomPairs(int64_t items) : n(items) {}
  int64_t num_chunks() const override { return 5; }
  double pairs_per_chunk() const override { return 100; }
  void read(int64_t chunk, PairBuffer& pairs) const override {
    RandomStream random(42, "test", static_cast<uint64_t>(chunk));
    for (int64_t i = 0; i < (chunk == 4 ? 0 : 200); ++i) {
      const auto u = static_cast<uint32_t>(random.below(static_cast<uint64_t>(n)));
      pairs.add(u, static_cast<uint32_t>(random.below(static_cast<uint64_t>(n))));
    }
  }
};

TEST(PairGrid, SortsPairsByCellAndRowInTheOrderRead) {
  const int64_t n = 37;
  const BlockLayout layout = deal_blocks(std::vector<int64_t>(static_cast<size_t>(n), 1), 4);
  const PairRows rows{layout.row_of, layout.row_of, nullptr};
  PairBuffer read(rows);
  for (int64_t chunk = 0; chunk < 5; ++chunk) RandomPairs(n).read(chunk, read);
  for (const int threads : {1, 2, 5}) {
    PairGrid grid(layout, layout, rows);
    grid.fill(RandomPairs(n), 0, 5, with_threads(threads));
    EXPECT_EQ(grid.num_pairs(), 800);
    for (int64_t i = 0; i < 4; ++i) {
      for (int64_t o = 0; o < 4; ++o) {
        std::vector<SkipGramPair> expected;
        for (const SkipGramPair& pair : read.pairs()) {
          if (pair.input / layout.block_rows == i && pair.output / layout.block_rows == o)
            expected.push_back(pair);
        }
        std::stable_sort(expected.begin(), expected.end(),
                         [](const SkipGramPair& a, const SkipGramPair& b) { return a.input < b.input; });
        const auto cell = grid.cell({i, o});
        ASSERT_EQ(cell.size(), expected.size());
        for (size_t k = 0; k < cell.size(); ++k) {
          EXPECT_EQ(cell[k].input, expected[k].input);
          EXPECT_EQ(cell[k].output, expected[k].output);
        }
      }
    }
  }
}

TEST(PairGrid, CountsThePairsOfEachRow) {
  const BlockLayout layout = deal_blocks(std::vector<int64_t>(8, 1), 2);
  const PairRows rows{layout.row_of, layout.row_of, nullptr};
  PairGrid grid(layout, layout, rows);
  grid.fill(RandomPairs(8), 1, 3, with_threads(1));
  std::map<uint32_t, uint32_t> counts;
  PairBuffer read(rows);
  for (int64_t chunk = 1; chunk < 3; ++chunk) RandomPairs(8).read(chunk, read);
  for (const SkipGramPair& pair : read.pairs()) ++counts[pair.input];
  for (const int64_t block : {0, 1}) {
    for (const RowPairs& row : grid.rows_of(block)) {
      EXPECT_EQ(row.count, counts[row.row]);
      counts.erase(row.row);
    }
  }
  EXPECT_TRUE(counts.empty());
  grid.fill(RandomPairs(8), 4, 5, with_threads(1));
  EXPECT_EQ(grid.num_pairs(), 0);
  EXPECT_TRUE(grid.rows_of(0).empty());
}

TEST(BlockNoise, IsTheLawOfFrequenciesToThePower) {
  const std::vector<int64_t> counts = {16, 0, 1, 81, 256};
  const BlockLayout layout = deal_blocks(counts, 2);
  const BlockNoise noise(counts, 0.75, layout);
  // 16^.75 = 8, 1, 81^.75 = 27, 256^.75 = 64: 100 in all. Blocks: 256, 1, 0 (1 is first of the second deal).
  EXPECT_DOUBLE_EQ(noise.share(0) + noise.share(1), 1);
  const int64_t block = layout.row_of[4] / layout.block_rows;
  double expected = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const std::vector<double> weights = {8, 0, 1, 27, 64};
    if (layout.row_of[i] / layout.block_rows == block) expected += weights[i] / 100;
  }
  EXPECT_DOUBLE_EQ(noise.share(block), expected);
  FastRandom random(1, "test", 0);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_NE(noise.draw(0, random.next_u64()), layout.row_of[1]);
    EXPECT_NE(noise.draw(1, random.next_u64()), layout.row_of[1]);
  }
}

/// Tables of one value a row, x = 1 where a row is an input. At a rate so small that sigma stays 1/2, a row
/// of y sums (label - 1/2) rate over its targets.
struct CountingTables {
  Array<float> x = Array<float>(8 * 16, 0.0F), y = Array<float>(8 * 16, 0.0F);
  static constexpr float kRate = 1e-5F;

  SkipGramTables tables() { return {x.mutable_data(), y.mutable_data(), 16, false}; }
  double half_targets(int64_t row) const { return static_cast<double>(y[row * 16]) / kRate; }
};

TEST(CellTrainer, MeetsAsMuchNoiseAsItsPairsAskFor) {
  const std::vector<int64_t> counts = {1, 1, 1, 1};
  const BlockLayout layout = deal_blocks(counts, 2);
  const BlockNoise noise(counts, 0.75, layout);
  CountingTables counting;
  counting.x.mutable_data()[0] = 1;
  CellTrainer trainer(counting.tables(), &noise, 5);
  FastRandom random(1, "test", 0);
  // Row 0 has 1,001 pairs in all, 300 of them with row 1 here: 1001 * 5 / 2 = 2,502.5 of noise in this block.
  const std::vector<SkipGramPair> pairs(300, {0, 1});
  trainer.train(pairs, std::vector<RowPairs>{{0, 1001}}, 0, CountingTables::kRate, random);
  // Sigma drifts by y, at most 0.02.
  EXPECT_NEAR(counting.half_targets(0) + counting.half_targets(1), 300 * 0.5 - 2502.5 * 0.5, 60);
}

TEST(CellTrainer, GivesRowsWithoutPairsHereNoiseOnly) {
  const std::vector<int64_t> counts = {1, 1, 1, 1};
  const BlockLayout layout = deal_blocks(counts, 2);
  const BlockNoise noise(counts, 0.75, layout);
  CountingTables counting;
  counting.x.mutable_data()[0] = 1;
  CellTrainer trainer(counting.tables(), &noise, 5);
  FastRandom random(1, "test", 0);
  // Row 0 has 8 pairs elsewhere, 20 of noise here. The pairs of row 1 are no business of row 0's, and row 1's
  // x is 0.
  const std::vector<SkipGramPair> pairs(3, {1, 0});
  trainer.train(pairs, std::vector<RowPairs>{{0, 8}, {1, 3}}, 0, CountingTables::kRate, random);
  EXPECT_NEAR(counting.half_targets(0) + counting.half_targets(1), -20 * 0.5, 0.01);
}

}  // namespace
}  // namespace whitney::text
