#include "whitney/search/multi_vector.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <limits>

#include "whitney/core/error.h"
#include "whitney/core/kept_file_test.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/search/deadline_cases_test.h"
#include "whitney/search/searcher.h"

namespace whitney::search {
namespace {

using SetHits = std::vector<std::pair<int64_t, float>>;

// Rows of 0 to most vectors, each near one of a few directions, so that clusters mean something.
RaggedEmbeddings made_up_sets(uint64_t seed, int64_t num_rows, int most, int64_t dim,
                              const std::string& metric = "cosine") {
  RaggedEmbeddings rows;
  std::vector<int64_t> starts = {0};
  std::vector<float> values;
  for (int64_t row = 0; row < num_rows; ++row) {
    RandomStream stream(seed, "vector sets", static_cast<uint64_t>(row));
    const auto size = static_cast<int64_t>(stream.uniform() * (most + 1));
    for (int64_t i = 0; i < size; ++i) {
      RandomStream near(9, "directions", stream.below(40));
      for (int64_t j = 0; j < dim; ++j)
        values.push_back(static_cast<float>(near.uniform() - 0.5 + 0.3 * (stream.uniform() - 0.5)));
    }
    starts.push_back(starts.back() + size);
  }
  rows.starts = Array<int64_t>::copy_of(starts);
  rows.vectors = Matrix::copy_of({values.data(), starts.back(), dim, dim, DType::kF32});
  rows.ids = Ids::row_numbers(num_rows);
  rows.record.set("metric", metric);
  return rows;
}

std::unique_ptr<Index> index_sets(const RaggedEmbeddings& rows, const Context& context = {}) {
  return build_index("multi_vector", rows, Value::object(), context);
}

double product_of(std::span<const float> a, std::span<const float> b, bool is_cosine) {
  double product = 0, norm_a = 0, norm_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    product += double{a[i]} * double{b[i]};
    norm_a += double{a[i]} * double{a[i]};
    norm_b += double{b[i]} * double{b[i]};
  }
  return is_cosine ? product / std::sqrt(norm_a * norm_b) : product;
}

// By the definition, in double.
double score_of(const RaggedEmbeddings& queries, int64_t q, const RaggedEmbeddings& rows, int64_t row,
                bool is_cosine) {
  double score = 0;
  for (int64_t i = queries.starts[q]; i < queries.starts[q + 1]; ++i) {
    double best = -std::numeric_limits<double>::infinity();
    for (int64_t j = rows.starts[row]; j < rows.starts[row + 1]; ++j)
      best = std::max(best, product_of(queries.vectors.row<float>(i), rows.vectors.row<float>(j), is_cosine));
    score += rows.starts[row] == rows.starts[row + 1] ? 0 : best;
  }
  return score;
}

SetHits set_hits_of(const SearchResult& found, int64_t q) {
  SetHits hits;
  for (int64_t i = 0; i < found.counts[static_cast<size_t>(q)]; ++i) {
    const auto place = static_cast<size_t>(q * found.neighbors.k + i);
    hits.emplace_back(found.neighbors.rows[place], found.neighbors.values[place]);
  }
  return hits;
}

SearchResult search_sets(const Index& index, const RaggedEmbeddings& queries, int64_t k, bool exact,
                         Value options = Value::object(), const Context& context = {}) {
  SearchParams params;
  params.k = k;
  params.exact = exact;
  params.explain = true;
  params.options = Value::object({{"nprobe", int64_t{4}}, {"candidates", int64_t{256}}});
  for (const auto& [name, value] : options.as_object()) params.options.set(name, value);
  return index.search_ragged(queries, params, context);
}

// Every hit has its score, none that is left out a better one.
void expect_best(const SetHits& hits, const RaggedEmbeddings& queries, int64_t q,
                 const RaggedEmbeddings& rows, bool is_cosine, const std::function<bool(int64_t)>& allowed) {
  constexpr double kTolerance = 2e-5;
  std::vector<bool> is_hit(static_cast<size_t>(rows.size()));
  for (const auto& [row, score] : hits) {
    EXPECT_NEAR(score, score_of(queries, q, rows, row, is_cosine), kTolerance);
    EXPECT_TRUE(allowed(row));
    is_hit[static_cast<size_t>(row)] = true;
  }
  for (int64_t row = 0; row < rows.size(); ++row) {
    if (is_hit[static_cast<size_t>(row)] || !allowed(row)) continue;
    EXPECT_LE(score_of(queries, q, rows, row, is_cosine), hits.back().second + kTolerance);
  }
}

TEST(MultiVector, ScoreIsTheSumOfTheLargestProducts) {
  // Row 0: (1,0), (0,2); row 1: none; row 2: (3,-1). Query: (1,1), (-1,0).
  // Row 0: max(1,2) + max(-1,0) = 2; row 1: 0; row 2: 2 + -3 = -1.
  RaggedEmbeddings rows;
  rows.starts = {0, 2, 2, 3};
  const std::vector<float> values = {1, 0, 0, 2, 3, -1}, asked = {1, 1, -1, 0};
  rows.vectors = Matrix::copy_of({values.data(), 3, 2, 2, DType::kF32});
  rows.ids = Ids::row_numbers(3);
  rows.record.set("metric", "inner_product");
  RaggedEmbeddings query;
  query.starts = {0, 2};
  query.vectors = Matrix::copy_of({asked.data(), 2, 2, 2, DType::kF32});
  query.ids = Ids::row_numbers(1);
  EXPECT_EQ(set_hits_of(search_sets(*index_sets(rows), query, 5, false), 0),
            (SetHits{{0, 2.0F}, {1, 0.0F}, {2, -1.0F}}));
}

TEST(MultiVector, ExactSearchIsBruteForceUnderBothMetrics) {
  for (const std::string metric : {"cosine", "inner_product"}) {
    // 300 vectors a row in some: more than are multiplied at once.
    const RaggedEmbeddings rows = made_up_sets(1, fewer(60), 300, 17, metric),
                           queries = made_up_sets(2, 5, 40, 17);
    const auto index = index_sets(rows);
    const SearchResult found = search_sets(*index, queries, 10, true);
    for (int64_t q = 0; q < queries.size(); ++q) {
      EXPECT_EQ(found.counts[static_cast<size_t>(q)], 10);
      expect_best(set_hits_of(found, q), queries, q, rows, metric == "cosine", [](int64_t) { return true; });
    }
  }
}

TEST(MultiVector, CentroidsFindNearlyAllOfTheBest) {
  const RaggedEmbeddings rows = made_up_sets(3, 1500, 12, 16), queries = made_up_sets(4, 20, 8, 16);
  const auto index = index_sets(rows);
  const SearchResult exact = search_sets(*index, queries, 10, true);
  const SearchResult found =
      search_sets(*index, queries, 10, false, Value::object({{"candidates", int64_t{100}}}));
  EXPECT_LT(found.explain.at("actuals").at("compared").as_int(), 20 * 400);
  int64_t common = 0, due = 0;
  for (int64_t q = 0; q < queries.size(); ++q) {
    const SetHits best = set_hits_of(exact, q), hits = set_hits_of(found, q);
    ASSERT_EQ(hits.size(), 10u);
    for (const auto& hit : best) common += std::ranges::find(hits, hit) != hits.end() ? 1 : 0;
    due += std::ssize(best);
  }
  EXPECT_GT(common, due * 9 / 10);
}

TEST(MultiVector, AFilterNeverLeavesFewerThanKHits) {
  RaggedEmbeddings rows = made_up_sets(5, 900, 6, 8);
  ColumnBuilder part("part");
  for (int64_t row = 0; row < 900; ++row) part.add_int(row % 10, "");
  rows.attributes = {900, {part.finish()}};
  const Searcher searcher(index_sets(rows));
  const RaggedEmbeddings queries = made_up_sets(6, 4, 5, 8);
  SearchRequest request;
  request.k = 40;
  request.filter = "part = 3";
  request.options = Value::object({{"nprobe", int64_t{1}}, {"candidates", int64_t{1}}});
  const SearchResult few = searcher.search_ragged(queries, request, {});
  for (int64_t q = 0; q < queries.size(); ++q) EXPECT_EQ(few.counts[static_cast<size_t>(q)], 40);
  request.exact = true;
  const SearchResult found = searcher.search_ragged(queries, request, {});
  for (int64_t q = 0; q < queries.size(); ++q)
    expect_best(set_hits_of(found, q), queries, q, rows, true, [](int64_t row) { return row % 10 == 3; });
}

TEST(MultiVector, IsTheSameForAnyNumberOfThreads) {
  const RaggedEmbeddings rows = made_up_sets(7, 500, 9, 12), queries = made_up_sets(8, 6, 9, 12);
  const auto saved = [&](int threads) {
    Context context;
    context.threads = threads;
    const TemporaryFolder folder;
    const auto index = index_sets(rows, context);
    index->save(folder.file("i.safetensors"), false, context);
    const SearchResult exact = search_sets(*index, queries, 9, true, Value::object(), context);
    const SearchResult found = search_sets(*index, queries, 9, false, Value::object(), context);
    return std::tuple(read_file(folder.file("i.safetensors")), exact.neighbors.values, exact.neighbors.rows,
                      found.neighbors.rows);
  };
  const auto expected = saved(1);
  for (const int threads : {2, 5}) EXPECT_EQ(saved(threads), expected) << threads;
}

TEST(MultiVector, EndsWhenItsTimeIsUpAndSaysSo) {
  const auto index = index_sets(made_up_sets(1, 400, 5, 8));
  const RaggedEmbeddings queries = made_up_sets(2, 3, 5, 8);
  for (const bool exact : {false, true}) {
    SearchParams params;
    params.exact = exact;
    params.options = Value::object({{"nprobe", int64_t{4}}, {"candidates", int64_t{20}}});
    const SearchResult late = expect_ends_in_time(
        params, [&](const SearchParams& asked) { return index->search_ragged(queries, asked, {}); });
    EXPECT_EQ(late.counts, std::vector<int64_t>(3, 0));
  }
}

TEST(MultiVector, ChangesWorkOnAMappedFile) {
  const RaggedEmbeddings rows = made_up_sets(1, 80, 9, 8), queries = made_up_sets(2, 3, 5, 8);
  const TemporaryFolder folder;
  index_sets(rows)->save(folder.file("a.safetensors"), false, {});
  const auto index = open_index(folder.file("a.safetensors"));
  EXPECT_EQ(index->method(), "multi_vector");
  EXPECT_EQ(search_sets(*index, queries, 80, false).neighbors.rows,
            search_sets(*index_sets(rows), queries, 80, false).neighbors.rows);
  std::vector<uint64_t> gone;
  std::vector<int64_t> kept;
  for (int64_t row = 0; row < 80; ++row)
    row % 3 == 0 ? gone.push_back(static_cast<uint64_t>(row)) : kept.push_back(row);
  index->remove(Ids::integers(Array<uint64_t>::copy_of(gone)), {});
  RaggedEmbeddings more = made_up_sets(3, 20, 9, 8);
  more.ids = Ids::integers(Array<uint64_t>::copy_of(std::vector<uint64_t>(gone.begin(), gone.begin() + 20)));
  index->add_ragged(more, {});
  EXPECT_EQ(index->num_rows(), std::ssize(kept) + 20);
  const RaggedEmbeddings expected = joined_entries(rows.entries_of(kept), more);
  const SearchResult found = search_sets(*index, queries, 10, false);
  for (int64_t q = 0; q < queries.size(); ++q)
    expect_best(set_hits_of(found, q), queries, q, expected, true, [](int64_t) { return true; });
  index->save(folder.file("b.safetensors"), false, {});
  EXPECT_EQ(search_sets(*open_index(folder.file("b.safetensors")), queries, 10, true).neighbors.rows,
            search_sets(*index, queries, 10, true).neighbors.rows);
  const RaggedEmbeddings one = index->ragged(0);
  EXPECT_EQ(one.vectors.rows(), rows.starts[2] - rows.starts[1]);
}

TEST(MultiVector, RefusesWhatItCannotCompare) {
  const auto index = index_sets(made_up_sets(1, 10, 5, 8));
  EXPECT_THROW(search_sets(*index, made_up_sets(1, 1, 5, 7), 3, false), Error);
  EXPECT_THROW(index->search(Matrix::zeros(1, 8), {}, {}), Error);
  EXPECT_THROW(index_sets(made_up_sets(1, 10, 5, 8, "l2")), Error);
  EXPECT_THROW(build_index("sparse", made_up_sets(1, 10, 5, 8), Value::object(), {}), Error);
}

// Damage may change what is found; it may not crash, hang or ask for much memory.
TEST(MultiVector, DamagedAnywhereIsAnErrorOrAnotherAnswer) {
  const RaggedEmbeddings queries = made_up_sets(2, 2, 5, 4);
  const TemporaryFolder folder;
  index_sets(made_up_sets(1, 120, 6, 4))->save(folder.file("a.safetensors"), false, {});
  const std::string bytes = read_file(folder.file("a.safetensors"));
  RandomStream stream(1, "damage", 0);
  for (uint32_t round = 0; round < 400 / one_in(); ++round) {
    std::string damaged = bytes;
    const size_t at = 4096 + stream.below(bytes.size() - 4096);
    damaged[at] =
        round % 3 == 0 ? static_cast<char>(0xFF) : static_cast<char>(damaged[at] ^ (1 << stream.below(8)));
    std::ofstream(folder.file("x.safetensors"), std::ios::binary) << damaged;
    try {
      const auto index = open_index(folder.file("x.safetensors"));
      search_sets(*index, queries, 5, true);
      search_sets(*index, queries, 5, false, Value::object({{"candidates", int64_t{6}}}));
      index->ragged(3);
      RaggedEmbeddings more = made_up_sets(3, 2, 5, 4);
      more.ids = Ids::integers({900, 901});
      index->add_ragged(more, {});
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch)
    }
  }
  for (size_t size = 0; size < bytes.size(); size += 997) {
    EXPECT_THROW(
        Artifact::from_bytes(Array<std::byte>::copy_of(std::as_bytes(std::span(bytes.data(), size))), "x"),
        Error);
  }
}

}  // namespace
}  // namespace whitney::search
