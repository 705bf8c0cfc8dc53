#include "whitney/search/filter_cache.h"

#include <gtest/gtest.h>

namespace whitney::search {
namespace {

std::shared_ptr<const EvaluatedFilter> rows_up_to(uint32_t end) {
  return std::make_shared<const EvaluatedFilter>(EvaluatedFilter{{}, RowSet::range(0, end)});
}

TEST(FilterCache, GivesBackWhatItKeepsByText) {
  FilterCache cache;
  EXPECT_EQ(cache.find("size < 3"), nullptr);
  cache.keep("size < 3", rows_up_to(3));
  cache.keep("size < 5", rows_up_to(5));
  EXPECT_EQ(cache.find("size < 3")->rows.size(), 3);
  EXPECT_EQ(cache.find("size < 5")->rows.size(), 5);
  cache.keep("size < 3", rows_up_to(2));
  EXPECT_EQ(cache.find("size < 3")->rows.size(), 2);
  cache.clear();
  EXPECT_EQ(cache.find("size < 5"), nullptr);
}

TEST(FilterCache, DropsTheOneThatWasNotAskedForTheLongest) {
  FilterCache cache;
  for (size_t i = 0; i < FilterCache::kMost; ++i) cache.keep(std::to_string(i), rows_up_to(1));
  EXPECT_NE(cache.find("0"), nullptr);
  cache.keep("one more", rows_up_to(1));
  EXPECT_NE(cache.find("0"), nullptr);
  EXPECT_EQ(cache.find("1"), nullptr);
  EXPECT_NE(cache.find("2"), nullptr);
  EXPECT_NE(cache.find("one more"), nullptr);
}

}  // namespace
}  // namespace whitney::search
