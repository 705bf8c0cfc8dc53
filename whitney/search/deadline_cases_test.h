#pragma once

#include <gtest/gtest.h>

#include "whitney/search/index.h"

namespace whitney::search {

/// Expects that search(params) ends where its time is up, and says so; with time it is as without a deadline.
/// Gives what it found without any time.
template <class Search>
SearchResult expect_ends_in_time(SearchParams params, const Search& search) {
  const SearchResult whole = search(params);
  params.deadline = Deadline::after(1e15);  // beyond what a clock counts
  const SearchResult in_time = search(params);
  EXPECT_FALSE(in_time.partial);
  EXPECT_EQ(in_time.neighbors.rows, whole.neighbors.rows);
  params.deadline = Deadline::after(0);
  SearchResult late = search(params);
  EXPECT_TRUE(late.partial);
  EXPECT_EQ(late.counts.size(), whole.counts.size());
  return late;
}

}  // namespace whitney::search
