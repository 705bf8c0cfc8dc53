#include "whitney/search/shared_searcher.h"

#include <atomic>
#include <thread>

#include "whitney/core/one_in_test.h"
#include "whitney/search/index_kinds_test.h"

namespace whitney::search {
namespace {

class SharedIndex : public testing::TestWithParam<IndexKind> {};

// Threads that search while another adds and removes: each search sees the rows before or after a change,
// never between. Run under ThreadSanitizer.
TEST_P(SharedIndex, IsSearchedByThreadsWhileRowsComeAndGo) {
  const IndexKind& kind = GetParam();
  constexpr int64_t kRows = 120, kMore = 10;
  Context context;
  context.threads = 2;
  KindRows rows = kind_rows(kind, kRows, 0, 1);
  SharedSearcher shared{Searcher(build_kind(kind, rows, context))};
  const KindRows queries = kind_rows(kind, 2, 0, 8);
  std::atomic<bool> is_over = false;
  std::atomic<int64_t> num_searches = 0, num_wrong = 0;
  const auto search = [&](bool exact) {
    SearchRequest request;
    request.k = kRows + kMore + 5;
    request.exact = exact;
    request.filter = exact ? "not id = 1" : "";
    while (!is_over) {
      shared.read([&](const Searcher& searcher) {
        // All that is live is due, whatever is changed meanwhile.
        const int64_t due = searcher.index().live().size() - (exact ? 1 : 0);
        const SearchResult found = search_kind(kind, searcher, queries, request);
        num_wrong += found.counts[0] == due && (due + (exact ? 1 : 0)) % kMore == 0 ? 0 : 1;
      });
      ++num_searches;
    }
  };
  std::thread first(search, false), second(search, true);
  const uint32_t rounds = std::max(2U, 6 / one_in());
  for (uint64_t round = 0; round < rounds; ++round) {
    const uint64_t begin = 1000 + 100 * round;
    shared.change([&](Searcher& searcher) {
      add_to_kind(kind, searcher, kind_rows(kind, kMore, begin, 20 + round), context);
    });
    shared.change([&](Searcher& searcher) {
      std::vector<uint64_t> gone(kMore);
      std::iota(gone.begin(), gone.end(), begin);
      searcher.remove(Ids::integers(Array<uint64_t>::copy_of(gone)), context);
    });
    // A search between changes, at the least.
    for (const int64_t before = num_searches; num_searches == before;) std::this_thread::yield();
  }
  is_over = true;
  first.join();
  second.join();
  EXPECT_EQ(num_wrong, 0);
  EXPECT_GE(num_searches, rounds);
}

INSTANTIATE_TEST_SUITE_P(Kinds, SharedIndex, testing::ValuesIn(index_kinds()), name_of_kind);

// Readers that take turns without a gap: with std::shared_mutex alone the change would wait for ever.
TEST(SharedSearcher, AChangeIsNotKeptOutByThreadsThatSearchWithoutAPause) {
  const IndexKind kind = {"Flat", "flat"};
  SharedSearcher shared{Searcher(build_kind(kind, 10))};
  std::atomic<bool> is_over = false;
  std::atomic<int> inside = 0;
  const auto read = [&] {
    // Leaves only while the other is inside, or when all is over.
    while (!is_over) {
      shared.read([&](const Searcher&) {
        ++inside;
        for (int i = 0; i < 2000 && inside < 2 && !is_over; ++i) std::this_thread::yield();
        --inside;
      });
    }
  };
  std::thread first(read), second(read);
  for (int i = 0; i < 20; ++i) shared.change([&](Searcher&) { EXPECT_EQ(inside, 0); });
  is_over = true;
  first.join();
  second.join();
}

}  // namespace
}  // namespace whitney::search
