#pragma once

// What every index that walks a graph must do, besides what hnsw's tests share.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "whitney/core/one_in_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/search/deadline_cases_test.h"
#include "whitney/search/graph_file_cases_test.h"
#include "whitney/search/hnsw_cases_test.h"

namespace whitney::search {

inline constexpr std::array kGraphMetrics = {Metric::kCosine, Metric::kInnerProduct, Metric::kL2};

inline Ids ids_from(uint64_t first, int64_t count) {
  Array<uint64_t> ids(count);
  std::iota(ids.mutable_data(), ids.mutable_data() + count, first);
  return Ids::integers(ids);
}

/// 40 clusters of points.
inline Matrix clustered_vectors(int64_t rows, int64_t dim, uint64_t item) {
  Matrix result = normal_vectors(rows, dim, item);
  const Matrix centres = normal_vectors(40, dim, 99);
  auto* values = result.mutable_data<float>();
  for (int64_t i = 0; i < rows * dim; ++i)
    values[i] += 4 * centres.row<float>(i / dim * 7 % 40)[static_cast<size_t>(i % dim)];
  return result;
}

/// Some of the vectors as embeddings whose ids are their places.
inline Embeddings part_of(const Matrix& vectors, int64_t begin, int64_t end, Metric metric) {
  Embeddings some = embeddings_of(Matrix::copy_of(vectors.view().slice(begin, end)), metric);
  some.ids = ids_from(static_cast<uint64_t>(begin), end - begin);
  return some;
}

/// Of the rows that are right, the share that was found.
inline double share_found(const SearchResult& found, const SearchResult& right) {
  const auto k = static_cast<size_t>(right.neighbors.k);
  int64_t num_found = 0;
  for (size_t i = 0; i < found.neighbors.rows.size(); ++i) {
    const auto begin = right.neighbors.rows.begin() + static_cast<std::ptrdiff_t>(i / k * k);
    num_found += std::count(begin, begin + right.neighbors.k, found.neighbors.rows[i]);
  }
  return static_cast<double>(num_found) / static_cast<double>(found.neighbors.rows.size());
}

/// Of the k nearest by what the index holds, the share that a search by the graph finds.
inline double recall_of(const Index& index, const Matrix& queries, int64_t k, int64_t ef) {
  SearchParams params = search_params(k, ef);
  const SearchResult found = index.search(queries, params, {});
  params.exact = true;
  return share_found(found, index.search(queries, params, {}));
}

/// Expects all hits that are due under filters of half the rows, of seven and of none, among those alone.
/// rows: of the index; queries of its width.
inline void expect_all_due_under_filters(const Index& index, const Matrix& queries) {
  std::vector<uint32_t> half;
  for (uint32_t row = 0; row < index.num_rows(); row += 2) half.push_back(row);
  for (const RowSet& allowed : {RowSet::of(half), RowSet::range(100, 107), RowSet()}) {
    SearchParams params = search_params(10, 50);
    params.allowed = &allowed;
    const SearchResult result = index.search(queries, params, {});
    for (int64_t q = 0; q < queries.rows(); ++q) {
      const int64_t count = result.counts[static_cast<size_t>(q)];
      EXPECT_EQ(count, std::min<int64_t>(10, allowed.size()));
      for (int64_t i = 0; i < count; ++i)
        EXPECT_TRUE(
            allowed.contains(static_cast<uint32_t>(result.neighbors.rows[static_cast<size_t>(q * 10 + i)])));
    }
  }
}

/// 1,500 vectors, of which the first 900 are equal.
inline Matrix many_equal_vectors(uint64_t item) {
  Matrix vectors = normal_vectors(1500, 4, item);
  auto* values = vectors.mutable_data<float>();
  for (int64_t i = 1; i < 900; ++i) std::copy_n(values, 4, values + i * 4);
  return vectors;
}
/// Expects of an index over them k rows always, and the equal ones first.
inline void expect_k_rows_and_equal_ones(const Index& index, const Matrix& vectors) {
  const Matrix query = Matrix::copy_of(vectors.view().slice(0, 1));
  for (const int64_t k : {1, 700, 900, 1500, 2000}) {
    const SearchResult result = index.search(query, search_params(k, 10), {});
    ASSERT_EQ(result.counts[0], std::min<int64_t>(k, 1500));
    for (int64_t i = 0; i < std::min<int64_t>(k, 900); ++i)
      ASSERT_EQ(result.neighbors.rows[static_cast<size_t>(i)], i);
  }
}

/// Expects an index of 50 rows of 4 dimensions to be emptied and filled again.
inline void expect_takes_rows_when_emptied(Index& index) {
  index.remove(Ids::row_numbers(50), {});
  EXPECT_EQ(index.search(normal_vectors(1, 4, 1), search_params(3, 10), {}).counts[0], 0);
  index.add(embeddings_of(normal_vectors(20, 4, 20), Metric::kL2), {});
  EXPECT_EQ(index.search(normal_vectors(1, 4, 1), search_params(30, 10), {}).counts[0], 20);
}

/// Expects the same file for any number of threads: built over 500 rows of 20 dimensions, added to, removed
/// from.
inline void expect_same_file_for_any_threads(
    const std::function<std::unique_ptr<Index>(const Matrix& vectors, const Context& context)>& build) {
  const TemporaryFolder folder;
  std::vector<std::string> files;
  for (const int threads : {1, 2, 5}) {
    Context context;
    context.threads = threads;
    const auto index = build(clustered_vectors(500, 20, 8), context);
    Embeddings more = embeddings_of(normal_vectors(70, 20, 9), Metric::kCosine);
    more.ids = ids_from(5000, 70);
    index->add(more, context);
    index->remove(ids_from(30, 50), context);
    files.push_back(graph_file_bytes(*index, folder, "index"));
  }
  EXPECT_TRUE(files[1] == files[0] && files[2] == files[0]);
}

/// Far vectors to add behind ids below 1,000: 40 of 4 dimensions, `times` as long as normal ones.
inline Embeddings far_vectors(float times, Metric metric) {
  Matrix far = normal_vectors(40, 4, 18);
  auto* values = far.mutable_data<float>();
  for (int64_t i = 0; i < 160; ++i) values[i] *= times;
  Embeddings more = embeddings_of(far, metric);
  more.ids = ids_from(1000, 40);
  return more;
}

inline void expect_ends_in_time(const Index& index, const Matrix& queries) {
  expect_ends_in_time(search_params(5, 40),
                      [&](const SearchParams& asked) { return index.search(queries, asked, {}); });
}

}  // namespace whitney::search
