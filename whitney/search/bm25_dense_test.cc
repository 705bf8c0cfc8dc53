#include "whitney/search/bm25_dense.h"

#include <gtest/gtest.h>

#include <bit>
#include <stdexcept>

namespace whitney::search {
namespace {

constexpr int64_t kRows = DenseScores::kMostRows;

void make(DenseScores& kept, int64_t list) {
  kept.make(list, kRows, [&](std::span<float> scores) {
    for (const float score : scores) ASSERT_TRUE(std::bit_cast<uint32_t>(score) == 0x80000000U);
    scores[3] = static_cast<float>(list);
  });
}

TEST(DenseScores, AreKeptForListsOfManyRowsOfSmallIndexes) {
  EXPECT_TRUE(DenseScores::is_dense(125, 1000));
  EXPECT_FALSE(DenseScores::is_dense(124, 1000));
  EXPECT_FALSE(DenseScores::is_dense(kRows + 1, kRows + 1));
}

// Eight lists that fall together stay, and a ninth takes the place of the first.
TEST(DenseScores, ForgetTheListThatCameFirst) {
  DenseScores kept;
  EXPECT_EQ(kept.find(7), nullptr);
  constexpr int64_t kWays = 8, kSets = (1 << 19) / kRows / kWays;
  for (int64_t i = 0; i < kWays; ++i) make(kept, 7 + i * kSets);
  make(kept, 8);
  for (int64_t i = 0; i < kWays; ++i) EXPECT_EQ(kept.find(7 + i * kSets)[3], 7 + i * kSets);
  make(kept, 7 + kWays * kSets);
  EXPECT_EQ(kept.find(7), nullptr);
  for (int64_t i = 1; i <= kWays; ++i) EXPECT_EQ(kept.find(7 + i * kSets)[3], 7 + i * kSets);
  EXPECT_EQ(kept.find(8)[3], 8);
}

TEST(DenseScores, KeepNothingOfAListThatCannotBeRead) {
  DenseScores kept;
  EXPECT_THROW(kept.make(7, kRows, [](std::span<float>) { throw std::runtime_error("damaged"); }),
               std::runtime_error);
  EXPECT_EQ(kept.find(7), nullptr);
}

}  // namespace
}  // namespace whitney::search
