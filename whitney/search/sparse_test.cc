#include "whitney/search/sparse.h"

#include <gtest/gtest.h>

#include <limits>

#include "whitney/core/error.h"
#include "whitney/search/deadline_cases_test.h"
#include "whitney/search/sparse_cases_test.h"
#include "whitney/search/sparse_index.h"

namespace whitney::search {
namespace {

// Three rows over five dimensions, and a query of dimensions 1, 3 and 4:
// row 0: 1*2 + 3*0.5 = 3.5; row 1: none; row 2: 3*1 = 3.
RaggedEmbeddings three_rows() {
  return sparse_rows_of(std::vector<int64_t>{0, 2, 3, 5}, std::vector<int64_t>{1, 3, 0, 2, 3},
                        std::vector<float>{2, 0.5, 1, 7, 1}, 5);
}

RaggedEmbeddings one_query(std::vector<int64_t> dims, std::vector<float> weights, int64_t num_dims) {
  return sparse_rows_of(std::vector<int64_t>{0, std::ssize(dims)}, dims, weights, num_dims);
}

TEST(Sparse, ScoresAreInnerProductsOfRowsThatShareADimension) {
  const auto index = index_sparse(three_rows());
  const SearchResult found = index->search_ragged(one_query({4, 3, 1}, {9, 3, 1}, 5), {}, {});
  EXPECT_EQ(sparse_hits_of(found, 0), (SparseHits{{0, 3.5F}, {2, 3.0F}}));
  EXPECT_EQ(found.neighbors.rows[2], -1);
  EXPECT_EQ(index->dim(), 5);
  EXPECT_EQ(index->input(), IndexInput::kSparse);
}

TEST(Sparse, AQueryWithoutKnownDimensionsFindsNothing) {
  const auto index = index_sparse(three_rows());
  EXPECT_EQ(index->search_ragged(one_query({4}, {9}, 5), {}, {}).counts[0], 0);
  EXPECT_EQ(index->search_ragged(one_query({}, {}, 5), {}, {}).counts[0], 0);
  EXPECT_EQ(index->search_ragged(one_query({1}, {0}, 5), {}, {}).counts[0], 0);
}

TEST(Sparse, NegativeWeightsAndValuesCount) {
  const auto index = index_sparse(three_rows());
  const auto found = index->search_ragged(one_query({2, 3}, {-1, 2}, 5), {}, {});
  EXPECT_EQ(sparse_hits_of(found, 0), (SparseHits{{0, 1.0F}, {2, -5.0F}}));
}

TEST(Sparse, EveryPlanGivesTheBitsOfBruteForce) {
  for (const bool has_negative : {false, true}) {
    const RaggedEmbeddings rows = made_up_sparse(1, 1500, 30, 300, has_negative);
    const RaggedEmbeddings queries = made_up_sparse(2, 12, 20, 300, has_negative);
    const SparseLists lists = make_sparse_lists(rows, false, {});
    std::vector<uint32_t> some;
    for (uint32_t row = 0; row < 1500; row += 1 + row % 90) some.push_back(row);
    const RowSet few = RowSet::of(some);
    const std::vector<uint64_t> few_bits = few.bits(rows.size());
    SparseScratch scratch;
    for (int64_t q = 0; q < queries.size(); ++q) {
      for (const bool is_filtered : {false, true}) {
        for (const int64_t k : {1, 10, 100}) {
          const SparseHits expected = brute_force(rows, queries, q, k, is_filtered ? &few : nullptr, 7);
          for (const SparsePlan plan : {SparsePlan::kScan, SparsePlan::kBlockMax, SparsePlan::kLookUp}) {
            scratch.terms.clear();
            for (int64_t i = queries.starts[q]; i < queries.starts[q + 1]; ++i) {
              const auto list = lists.find(queries.indices[i]);
              if (list) scratch.terms.push_back({*list, queries.values[i], lists.groups_of(*list), 0});
            }
            const std::span<const uint64_t> all;
            SparseWalk walk(lists, is_filtered ? std::span(few_bits) : all, 7, scratch);
            const auto keys = plan == SparsePlan::kScan       ? walk.scan(k)
                              : plan == SparsePlan::kBlockMax ? walk.block_max(k)
                                                              : walk.look_up(k);
            SparseHits hits;
            for (const uint64_t key : keys) hits.emplace_back(BestRows::row_of(key), BestRows::score_of(key));
            ASSERT_EQ(hits, expected) << q << " " << k << " " << static_cast<int>(plan) << is_filtered;
          }
        }
      }
    }
  }
}

TEST(Sparse, BlocksThatCannotHoldTheBestAreSkipped) {
  const RaggedEmbeddings rows = made_up_sparse(3, 6000, 60, 400), queries = made_up_sparse(4, 5, 12, 400);
  const SparseLists lists = make_sparse_lists(rows, false, {});
  SparseScratch scratch;
  SparseCounts counts;
  int64_t num_postings = 0;
  for (int64_t q = 0; q < queries.size(); ++q) {
    scratch.terms.clear();
    for (int64_t i = queries.starts[q]; i < queries.starts[q + 1]; ++i) {
      const int64_t list = *lists.find(queries.indices[i]);
      scratch.terms.push_back({list, queries.values[i], lists.groups_of(list), 0});
      num_postings += static_cast<int64_t>(lists.first_entries[list + 1] - lists.first_entries[list]);
    }
    SparseWalk walk(lists, {}, -1, scratch);
    SparseHits hits;
    for (const uint64_t key : walk.block_max(3))
      hits.emplace_back(BestRows::row_of(key), BestRows::score_of(key));
    EXPECT_EQ(hits, brute_force(rows, queries, q, 3)) << q;
    counts.blocks_skipped += walk.counts().blocks_skipped;
    counts.postings += walk.counts().postings;
  }
  EXPECT_GT(counts.blocks_skipped, 0);
  EXPECT_LT(counts.postings, num_postings);
}

TEST(Sparse, PlansBlockMaxForFewHitsInFewLists) {
  const SparseCosts two{2, 5000, 3000, 2048, 2048}, many{40, 60'000, 15'000, 2048, 2048};
  EXPECT_EQ(choose_sparse_plan(two, false, 4), SparsePlan::kBlockMax);
  EXPECT_EQ(choose_sparse_plan(two, false, 10), SparsePlan::kScan);
  EXPECT_EQ(choose_sparse_plan(many, false, 1), SparsePlan::kScan);
  const SparseCosts filtered{40, 60'000, 15'000, 2048, 3};
  EXPECT_EQ(choose_sparse_plan(filtered, true, 10), SparsePlan::kLookUp);
}

// More rows than a run has.
TEST(Sparse, ScansRunBehindRun) {
  const RaggedEmbeddings rows = made_up_sparse(10, 70'000, 3, 30), queries = made_up_sparse(11, 2, 6, 30);
  const auto index = index_sparse(rows);
  const SearchResult found = index->search_ragged(queries, {}, {});
  for (int64_t q = 0; q < 2; ++q) EXPECT_EQ(sparse_hits_of(found, q), brute_force(rows, queries, q, 10)) << q;
  for (const int64_t row : {65'535, 65'536, 69'999}) {
    const std::vector<int64_t> wanted = {row};
    const RaggedEmbeddings expected = rows.entries_of(wanted), one = index->ragged(row);
    EXPECT_EQ(std::vector<int32_t>(one.indices.begin(), one.indices.end()),
              std::vector<int32_t>(expected.indices.begin(), expected.indices.end()));
  }
}

TEST(Sparse, EndsWhenItsTimeIsUpAndSaysSo) {
  const RaggedEmbeddings rows = made_up_sparse(8, 6000, 60, 400), queries = made_up_sparse(9, 5, 12, 400);
  const auto index = index_sparse(rows);
  for (const bool exact : {false, true}) {
    SearchParams params;
    params.exact = exact;
    const SearchResult late = expect_ends_in_time(
        params, [&](const SearchParams& asked) { return index->search_ragged(queries, asked, {}); });
    EXPECT_EQ(late.counts, std::vector<int64_t>(5, 0));
  }
}

TEST(Sparse, AWalkLooksAtTheClockByEachPlan) {
  const SparseLists lists = make_sparse_lists(three_rows(), false, {});
  SparseScratch scratch;
  scratch.terms.push_back({*lists.find(3), 1, lists.groups_of(*lists.find(3)), 0});
  const auto num_hits = [&](auto plan) {
    SparseWalk walk(lists, {}, -1, scratch);
    return (walk.*plan)(3).size();
  };
  for (const auto plan : {&SparseWalk::scan, &SparseWalk::block_max, &SparseWalk::look_up}) {
    scratch.watch = DeadlineWatch();
    EXPECT_EQ(num_hits(plan), 2);
    scratch.watch = DeadlineWatch(Deadline::after(0));
    EXPECT_EQ(num_hits(plan), 0);
  }
}

TEST(Sparse, EightBitsMoveAScoreByHalfAStepOfEachDimensionAtMost) {
  const RaggedEmbeddings rows = made_up_sparse(5, 2000, 20, 100);
  const auto index = index_sparse(rows, "8");
  const RaggedEmbeddings queries = made_up_sparse(6, 6, 12, 100);
  SearchParams params;
  params.k = 5;
  const SearchResult found = index->search_ragged(queries, params, {});
  for (int64_t q = 0; q < queries.size(); ++q) {
    double most = 0;  // values are below 3.01
    for (int64_t i = queries.starts[q]; i < queries.starts[q + 1]; ++i)
      most += double{queries.values[i]} * 3.01 / 255 / 2 + 1e-6;
    const SparseHits exact = brute_force(rows, queries, q, rows.size());
    for (const auto& [row, score] : sparse_hits_of(found, q)) {
      const auto same = std::ranges::find(exact, row, &std::pair<int64_t, float>::first);
      ASSERT_NE(same, exact.end());
      EXPECT_NEAR(score, same->second, most);
    }
  }
  EXPECT_LT(index->size_bytes(), index_sparse(rows)->size_bytes());
  EXPECT_THROW(index_sparse(made_up_sparse(5, 20, 20, 100, true), "8"), Error);
}

TEST(Sparse, GivesBackTheRowsItWasMadeOf) {
  const RaggedEmbeddings rows = made_up_sparse(7, 200, 9, 50);
  const auto index = index_sparse(rows);
  for (const int64_t row : {0, 63, 64, 199}) {
    const RaggedEmbeddings one = index->ragged(row);
    const std::vector<int64_t> wanted = {row};
    const RaggedEmbeddings expected = rows.entries_of(wanted);
    EXPECT_EQ(std::vector<int32_t>(one.indices.begin(), one.indices.end()),
              std::vector<int32_t>(expected.indices.begin(), expected.indices.end()));
    EXPECT_EQ(std::vector<float>(one.values.begin(), one.values.end()),
              std::vector<float>(expected.values.begin(), expected.values.end()));
  }
}

TEST(Sparse, RefusesWhatItDoesNotHold) {
  const auto index = index_sparse(three_rows());
  EXPECT_THROW(index->search(Matrix::zeros(1, 5), {}, {}), Error);
  EXPECT_THROW(index->search_ragged(one_query({1}, {1}, 6), {}, {}), Error);
  EXPECT_THROW(index->search_ragged(one_query({1}, {std::numeric_limits<float>::infinity()}, 5), {}, {}),
               Error);
  EXPECT_THROW(build_index("flat", three_rows(), Value::object(), {}), Error);
}

}  // namespace
}  // namespace whitney::search
