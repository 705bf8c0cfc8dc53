#include "whitney/search/bm25_plan.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace whitney::search {
namespace {

// The plan for words that stand in so many of the rows each.
Bm25Plan plan_of(const std::vector<int64_t>& counts, int64_t num_rows, int64_t k) {
  PostingWriter writer({.positions = false, .scores = true});
  for (const int64_t count : counts) {
    std::vector<uint32_t> rows(static_cast<size_t>(count)), ones(rows.size(), 1);
    std::iota(rows.begin(), rows.end(), 0U);
    writer.add_list(rows, ones, std::vector<float>(rows.size(), 1), {});
  }
  const PostingLists lists = PostingWriter::join({&writer, 1}, num_rows);
  const Bm25Formula formula({}, num_rows, 10);
  std::vector<Bm25Term> terms;
  for (int64_t list = 0; list < std::ssize(counts); ++list) terms.emplace_back(lists, list, 1, formula);
  return choose_plan(terms, num_rows, k);
}

TEST(Bm25Plan, GoesRowByRowForOneWordAndForARareOneBesideOthers) {
  EXPECT_EQ(plan_of({20'000}, 60'000, 1000), Bm25Plan::kWand);
  EXPECT_EQ(plan_of({100, 800}, 60'000, 10), Bm25Plan::kWand);
  EXPECT_EQ(plan_of({101, 800}, 60'000, 10), Bm25Plan::kScan);
  EXPECT_EQ(plan_of({10, 500, 640}, 60'000, 10), Bm25Plan::kWand);
  EXPECT_EQ(plan_of({11, 500, 640}, 60'000, 10), Bm25Plan::kScan);
}

TEST(Bm25Plan, GoesRowByRowForTwoOrThreeWordsOfHardlyAnyRow) {
  EXPECT_EQ(plan_of({117, 117, 117}, 60'000, 10), Bm25Plan::kWand);
  EXPECT_EQ(plan_of({117, 117, 118}, 60'000, 10), Bm25Plan::kScan);
  EXPECT_EQ(plan_of({117, 117, 117, 117}, 60'000, 10), Bm25Plan::kScan);
}

TEST(Bm25Plan, SkipsWithinWindowsForTheBestRowsOnly) {
  const std::vector<int64_t> words(5, 10'000);
  EXPECT_EQ(plan_of(words, 60'000, 2), Bm25Plan::kMaxScore);
  EXPECT_EQ(plan_of(words, 60'000, 3), Bm25Plan::kScan);
  EXPECT_EQ(plan_of(words, 400'000, 1), Bm25Plan::kScan);
  EXPECT_EQ(plan_of(words, 300'000, 1), Bm25Plan::kMaxScore);
  EXPECT_EQ(plan_of(std::vector<int64_t>(12, 10'000), 60'000, 1), Bm25Plan::kScan);
}

TEST(Bm25Plan, IsThereForNoWordsAtAll) { EXPECT_EQ(plan_of({}, 60'000, 10), Bm25Plan::kWand); }

}  // namespace
}  // namespace whitney::search
