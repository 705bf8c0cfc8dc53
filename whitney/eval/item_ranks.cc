#include "whitney/eval/item_ranks.h"

#include <algorithm>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"

namespace whitney::eval {
namespace {

/// Scores that a thread holds at a time: 16 MB, or one query's.
constexpr int64_t kScores = int64_t{1} << 22;
/// Queries whose vectors stay in L2 while all items pass by.
constexpr int64_t kMostQueries = 128;

void check(std::span<const ItemPair> pairs, int64_t num_items) {
  for (const ItemPair& pair : pairs) {
    const uint32_t last = std::max(pair.query, pair.answer);
    if (last >= num_items)
      fail("a pair names the item of row ", last, ", but there are ", num_items, " items");
    if (pair.query == pair.answer) fail("the item of row ", pair.query, " is a pair with itself");
  }
}

/// Counts what stands before the answer. The query stands nowhere.
int64_t rank_of(const ItemPair& pair, std::span<const float> scores) {
  const float score = scores[pair.answer];
  const auto before = [&](size_t begin, size_t end, auto counts) {
    int64_t count = 0;
    for (size_t item = begin; item < end; ++item) count += counts(scores[item]) ? 1 : 0;
    return count;
  };
  const float own = scores[pair.query];
  const bool query_counts = pair.query < pair.answer ? own >= score : own > score;
  return 1 + before(0, pair.answer, [&](float other) { return other >= score; }) +
         before(pair.answer + size_t{1}, scores.size(), [&](float other) { return other > score; }) -
         (query_counts ? 1 : 0);
}

/// Pairs, those of a query side by side.
struct PairsByQuery {
  std::vector<uint32_t> queries;
  /// One more than queries: where each one's pairs begin in `pairs`.
  std::vector<size_t> begins;
  /// Numbers of pairs.
  std::vector<size_t> pairs;
};

PairsByQuery by_query(std::span<const ItemPair> pairs) {
  PairsByQuery result;
  result.pairs.resize(pairs.size());
  std::iota(result.pairs.begin(), result.pairs.end(), size_t{0});
  std::ranges::stable_sort(result.pairs, {}, [&](size_t pair) { return pairs[pair].query; });
  for (size_t at = 0; at < pairs.size(); ++at) {
    const uint32_t query = pairs[result.pairs[at]].query;
    if (!result.queries.empty() && result.queries.back() == query) continue;
    result.queries.push_back(query);
    result.begins.push_back(at);
  }
  result.begins.push_back(pairs.size());
  return result;
}

}  // namespace

std::vector<int64_t> answer_ranks(const ItemScores& scores, std::span<const ItemPair> pairs,
                                  const Context& context) {
  const int64_t num_items = scores.num_items();
  check(pairs, num_items);
  const PairsByQuery sorted = by_query(pairs);
  const int64_t num_queries = std::ssize(sorted.queries);
  const int64_t block = std::clamp(kScores / std::max(num_items, int64_t{1}), int64_t{1}, kMostQueries);
  std::vector<int64_t> ranks(pairs.size());
  std::vector<std::vector<float>> buffers(static_cast<size_t>(context.num_threads()));
  parallel_for_workers(context, (num_queries + block - 1) / block, [&](int worker, int64_t task) {
    const auto begin = static_cast<size_t>(task * block);
    const auto count = std::min(static_cast<size_t>(block), sorted.queries.size() - begin);
    std::vector<float>& buffer = buffers[static_cast<size_t>(worker)];
    buffer.resize(count * static_cast<size_t>(num_items));
    scores.score(std::span(sorted.queries).subspan(begin, count), buffer.data());
    for (size_t i = 0; i < count; ++i) {
      const auto row = std::span<const float>(buffer).subspan(i * static_cast<size_t>(num_items),
                                                              static_cast<size_t>(num_items));
      for (size_t at = sorted.begins[begin + i]; at < sorted.begins[begin + i + 1]; ++at)
        ranks[sorted.pairs[at]] = rank_of(pairs[sorted.pairs[at]], row);
    }
  });
  return ranks;
}

}  // namespace whitney::eval
