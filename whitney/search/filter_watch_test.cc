#include "whitney/search/filter_watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/search/attribute_index.h"
#include "whitney/search/built_once.h"
#include "whitney/search/flat.h"
#include "whitney/search/ordered_rows.h"
#include "whitney/search/postings.h"
#include "whitney/search/searcher.h"
#include "whitney/search/sorted_numbers.h"
#include "whitney/search/word_index.h"

namespace whitney::search {
namespace {

constexpr int64_t kRows = 500;

std::vector<uint32_t> all_rows() {
  std::vector<uint32_t> rows(kRows);
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

Attributes attributes() {
  ColumnBuilder size("size"), text("text"), flag("flag"), tags("tags"), share("share");
  for (int64_t row = 0; row < kRows; ++row) {
    size.add_int(row % 9, "");
    text.add(Value("w" + std::to_string(row % 50) + " of " + std::to_string(row)), "");
    flag.add(Value(row % 2 == 0), "");
    share.add(Value(static_cast<double>(row) / kRows), "");
    tags.add(Value(Value::List{Value("t" + std::to_string(row % 3))}), "");
  }
  return {kRows, {size.finish(), text.finish(), flag.finish(), tags.finish(), share.finish()}};
}

TEST(FilterWatch, ChecksForARequestToStopAndForItsDeadline) {
  const Context context;
  FilterWatch(context).check();
  FilterWatch(context, Deadline::after(1e9)).check();
  EXPECT_THROW(FilterWatch(context, Deadline::after(0)).check(), FilterTimeUp);
  CancellationToken token;
  token.request();
  Context stopped;
  stopped.cancellation = &token;
  EXPECT_THROW(FilterWatch(stopped).check(), Cancelled);
}

TEST(FilterWatch, EndsWhateverIsBuiltForAFilter) {
  const Context context;
  const FilterWatch late(context, Deadline::after(0));
  const std::vector<uint32_t> rows = all_rows();
  const Attributes columns = attributes();
  EXPECT_THROW(WordIndex(columns.columns[1], rows, late), FilterTimeUp);
  EXPECT_THROW(SortedNumbers<int64_t>(columns.columns[0].ints.span(), rows, late), FilterTimeUp);
  EXPECT_THROW(OrderedRows(kRows, rows, late), FilterTimeUp);
  EXPECT_THROW(Postings(kRows, {0, kRows}, rows, late), FilterTimeUp);
}

TEST(FilterWatch, EndsAnyConditionAndTheNextIsAnswered) {
  const AttributeIndex index(Ids::row_numbers(kRows), attributes());
  const Context context;
  for (const char* text :
       {"text contains \"w5\"", "size < 3", "share < 0.5", "flag = true", "tags contains \"t1\"",
        "text exists", "id in [1, 2]", "not size = 1", "size = 1 or flag = false"}) {
    const Filter filter = parse_filter(text);
    EXPECT_THROW(index.matches(filter, FilterWatch(context, Deadline::after(0))), FilterTimeUp) << text;
    EXPECT_FALSE(index.matches(filter, FilterWatch(context, Deadline::after(1e9))).empty()) << text;
  }
}

TEST(FilterWatch, MakesASearchPartialThatHasNoTimeForItsFilter) {
  Embeddings embeddings;
  embeddings.ids = Ids::row_numbers(kRows);
  embeddings.vectors = Matrix::zeros(kRows, 2);
  embeddings.attributes = attributes();
  embeddings.record = Value::object({{"metric", "l2"}});
  const Searcher searcher(flat_index(std::move(embeddings)));
  SearchRequest request;
  request.k = 3;
  request.filter = "text contains \"w5\"";
  request.timeout_ms = 0;
  request.explain = true;
  const Matrix queries = Matrix::zeros(2, 2);
  const SearchResult late = searcher.search(queries, request, {});
  EXPECT_TRUE(late.partial);
  EXPECT_EQ(late.counts, (std::vector<int64_t>{0, 0}));
  EXPECT_EQ(late.neighbors.rows, std::vector<int64_t>(6, -1));
  EXPECT_EQ(late.explain.at("filter").at("is_evaluated"), Value(false));
  request.timeout_ms = 1e9;
  const SearchResult in_time = searcher.search(queries, request, {});
  EXPECT_FALSE(in_time.partial);
  EXPECT_EQ(in_time.counts, (std::vector<int64_t>{3, 3}));
}

TEST(BuiltOnce, AThreadWithADeadlineDoesNotWaitForTheOneThatBuilds) {
  const BuiltOnce<int> part;
  std::atomic<bool> is_building = false, may_end = false;
  std::thread builder([&] {
    part.get([&] {
      is_building = true;
      while (!may_end) std::this_thread::yield();
      return std::make_unique<const int>(1);
    });
  });
  while (!is_building) std::this_thread::yield();
  const Context context;
  const auto never = []() -> std::unique_ptr<const int> { return nullptr; };
  EXPECT_THROW(part.get(FilterWatch(context, Deadline::after(0)), never), FilterTimeUp);
  may_end = true;
  builder.join();
  EXPECT_EQ(part.get(FilterWatch(context, Deadline::after(0)), never), 1);
}

}  // namespace
}  // namespace whitney::search
