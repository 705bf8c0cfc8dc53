#pragma once

// What every index that walks a graph must do, besides what hnsw's tests share.

#include <gtest/gtest.h>

#include "whitney/search/hnsw_cases_test.h"

namespace whitney::search {

/// Expects that a search ends where its time is up, and says so; with time it is as without a deadline.
inline void expect_ends_in_time(const Index& index, const Matrix& queries) {
  SearchParams params = search_params(5, 40);
  const SearchResult whole = index.search(queries, params, {});
  params.deadline = Deadline::after(1e9);
  const SearchResult in_time = index.search(queries, params, {});
  EXPECT_FALSE(in_time.partial);
  EXPECT_EQ(in_time.neighbors.rows, whole.neighbors.rows);
  params.deadline = Deadline::after(0);
  const SearchResult late = index.search(queries, params, {});
  EXPECT_TRUE(late.partial);
  EXPECT_EQ(late.counts.size(), whole.counts.size());
}

}  // namespace whitney::search
