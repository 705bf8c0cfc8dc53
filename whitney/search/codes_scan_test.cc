#include "whitney/search/codes_scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "whitney/codec/compressed.h"
#include "whitney/core/random.h"

namespace whitney::search {
namespace {

constexpr int64_t kDim = 16;

Matrix made_up_rows(int64_t n, uint64_t item) {
  Matrix rows(n, kDim);
  RandomStream random(42, "codes scan", item);
  auto* values = rows.mutable_data<float>();
  for (int64_t i = 0; i < n * kDim; ++i) values[i] = static_cast<float>(random.normal());
  return rows;
}

CodedRows coded(std::string_view method, int64_t n) {
  Embeddings embeddings;
  embeddings.vectors = made_up_rows(n, 0);
  embeddings.ids = Ids::row_numbers(n);
  embeddings.record.set("metric", "l2");
  const CompressedEmbeddings made = compress(method, embeddings, Value::object(), {});
  return {made.codec, Metric::kL2, {*made.codec, made.codes.codes}, {}};
}

/// All allowed rows, measured one by one and sorted.
std::vector<TopK::Entry> best_by_measure(const CodedRows& rows, const RowSet& allowed,
                                         const CodesQuery& query, int64_t k) {
  RowMeasure measure(rows, query);
  std::vector<TopK::Entry> entries;
  for (const uint32_t row : allowed.rows()) entries.push_back({measure.key(row), row});
  std::ranges::sort(entries, [](const TopK::Entry& a, const TopK::Entry& b) {
    return a.key != b.key ? a.key < b.key : a.row < b.row;
  });
  entries.resize(std::min(entries.size(), static_cast<size_t>(k)));
  return entries;
}

TEST(CodesScan, FindsTheBestThatMeasuringEachRowFinds) {
  for (const char* method : {"sq8", "pq", "rabitq"}) {
    const CodedRows rows = coded(method, 700);
    const std::vector<CodesQuery> queries = codes_queries(rows, made_up_rows(3, 1), {});
    const std::vector<uint32_t> few = {3, 4, 5, 64, 400, 699};
    for (const RowSet& allowed : {RowSet::range(0, 700), RowSet::of(few)}) {
      SharedDeadlineWatch watch{Deadline()};
      const auto found = scan_for_best(rows, allowed, queries, 10, watch, {});
      ASSERT_EQ(found.size(), 3);
      for (size_t q = 0; q < 3; ++q)
        EXPECT_EQ(found[q], best_by_measure(rows, allowed, queries[q], 10)) << method;
    }
  }
}

TEST(CodesScan, RanksThoseWhoseBoundsLeaveThemAmongTheBest) {
  constexpr int64_t kRows = 700, kHits = 10;
  const CodedRows rows = coded("rabitq", kRows);
  const Matrix asked = made_up_rows(3, 1), vectors = made_up_rows(kRows, 0);
  const std::vector<CodesQuery> queries = codes_queries(rows, asked, {});
  const auto exact = [&](size_t q, uint32_t row) {
    return distance(Kernel::kSquaredL2, asked.row<float>(static_cast<int64_t>(q)).data(),
                    vectors.row<float>(row).data(), kDim);
  };
  SharedDeadlineWatch watch{Deadline()};
  const RankedCodes ranked =
      scan_and_rank(rows, RowSet::range(0, kRows), queries, kHits,
                    [&](size_t q, uint32_t row, RankScratch&) { return exact(q, row); }, watch, {});
  EXPECT_GE(ranked.num_ranked, 3 * kHits);
  EXPECT_LT(ranked.num_ranked, 3 * kRows / 2);
  for (size_t q = 0; q < 3; ++q) {
    ASSERT_EQ(ranked.best[q].size(), kHits);
    for (const TopK::Entry& entry : ranked.best[q]) EXPECT_EQ(entry.key, exact(q, entry.row));
    EXPECT_TRUE(std::ranges::is_sorted(ranked.best[q], {}, &TopK::Entry::key));
    // No other row is nearer, and was so by its bound.
    RowMeasure measure(rows, queries[q]);
    const float farthest = ranked.best[q].back().key;
    for (uint32_t row = 0; row < kRows; ++row) {
      if (std::ranges::count(ranked.best[q], row, &TopK::Entry::row) > 0) continue;
      float bound = 0;
      const float key = measure.key_with_bound(row, bound);
      EXPECT_GE(std::max(exact(q, row), key - bound) * 1.0001F, farthest) << row;
    }
  }
}

TEST(CodesScan, FindsNothingWithoutTime) {
  const CodedRows rows = coded("sq8", 100);
  const std::vector<CodesQuery> queries = codes_queries(rows, made_up_rows(1, 1), {});
  SharedDeadlineWatch watch(Deadline::after(0));
  EXPECT_TRUE(scan_for_best(rows, RowSet::range(0, 100), queries, 10, watch, {})[0].empty());
  EXPECT_TRUE(watch.was_over());
}

}  // namespace
}  // namespace whitney::search
