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

// Two lists of a pair of places stay, and a third takes the place of the first.
TEST(DenseScores, ForgetTheListThatCameFirst) {
  DenseScores kept;
  EXPECT_EQ(kept.find(7), nullptr);
  constexpr int64_t kPairs = (1 << 19) / kRows / 2;
  for (const int64_t list : {7, 7 + static_cast<int>(kPairs), 8}) make(kept, list);
  EXPECT_EQ(kept.find(7)[3], 7);
  EXPECT_EQ(kept.find(7 + kPairs)[3], 7 + kPairs);
  make(kept, 7 + 2 * kPairs);
  EXPECT_EQ(kept.find(7), nullptr);
  EXPECT_EQ(kept.find(7 + kPairs)[3], 7 + kPairs);
  EXPECT_EQ(kept.find(7 + 2 * kPairs)[3], 7 + 2 * kPairs);
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
