#include "bench/bm25_bench_plans.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <limits>
#include <optional>
#include <span>

#include "bench/pairs.h"
#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/search/bm25_index.h"
#include "whitney/search/bm25_plan.h"
#include "whitney/search/bm25_wand.h"

namespace whitney::bench {
namespace {

using search::Bm25Parts;
using search::Bm25Plan;
using search::Bm25Term;

constexpr std::array kPlans = {Bm25Plan::kScan, Bm25Plan::kMaxScore, Bm25Plan::kWand};
constexpr int kQueries = 100, kRuns = 3;

// Successive words of a text, as lists of the index; rare ones first.
struct Query {
  std::vector<std::pair<int64_t, int64_t>> lists;  // (rows, list)
  int64_t num_postings = 0;
};

std::vector<Query> made_queries(const Bm25Parts& parts, const std::vector<std::string>& texts,
                                size_t length) {
  const text::Analyzer analyzer = parts.analyzer();
  std::vector<Query> queries;
  for (uint64_t i = 0; queries.size() < kQueries; ++i) {
    RandomStream stream(42, "queries", 1000 * length + i);
    Query query;
    // Long queries run on in the next texts.
    for (auto at = static_cast<size_t>(stream.below(texts.size())); query.lists.size() < length; ++at) {
      for (const text::Token& token : analyzer.analyze(texts[at % texts.size()])) {
        const int64_t list = parts.words.find(token.term).value();
        const std::pair<int64_t, int64_t> entry{parts.lists.counts[list], list};
        if (query.lists.size() < length && std::ranges::find(query.lists, entry) == query.lists.end())
          query.lists.push_back(entry);
      }
    }
    std::ranges::sort(query.lists);
    for (const auto& entry : query.lists) query.num_postings += entry.first;
    queries.push_back(std::move(query));
  }
  return queries;
}

class Runner {
 public:
  explicit Runner(const Bm25Parts& parts) : parts_(parts), scores_{parts.formula(), parts.lengths.span()} {}

  std::vector<uint64_t> run(const Query& query, Bm25Plan plan, int64_t k) {
    prepare(query);
    if (plan == Bm25Plan::kWand) return copied(search::Bm25Wand(scores_, terms_, 0, scratch_).run({}, k));
    search::Bm25Walk walk(scores_, terms_, 0, scratch_);
    return copied(plan == Bm25Plan::kScan ? walk.scan({}, k) : walk.max_score({}, k));
  }
  Bm25Plan chosen(const Query& query, int64_t k) {
    prepare(query);
    return search::choose_plan(terms_, parts_.lengths.size(), k);
  }

 private:
  void prepare(const Query& query) {
    terms_.clear();
    for (const auto& [rows, list] : query.lists)
      terms_.emplace_back(parts_.lists, list, 1, scores_.formula, &scratch_.blocks);
  }
  static std::vector<uint64_t> copied(std::span<const uint64_t> hits) { return {hits.begin(), hits.end()}; }

  const Bm25Parts& parts_;
  search::Bm25Scores scores_;
  search::Bm25WalkScratch scratch_;
  std::vector<Bm25Term> terms_;
};

// Seconds of each plan, in the order of kPlans: the least of some runs in turns.
std::array<double, 3> seconds_of_plans(Runner& runner, const Query& query, int64_t k) {
  std::array<double, 3> seconds;
  seconds.fill(std::numeric_limits<double>::infinity());
  std::array<std::vector<uint64_t>, 3> hits;
  for (int run = 0; run < kRuns; ++run) {
    for (size_t p = 0; p < kPlans.size(); ++p)
      seconds[p] = std::min(seconds[p], seconds_of([&] { hits[p] = runner.run(query, kPlans[p], k); }));
  }
  if (hits[1] != hits[0] || hits[2] != hits[0])
    fail("the plans of a query of ", query.lists.size(), " words differ");
  return seconds;
}

// Sums over the queries of a row of the table.
struct Row {
  double postings = 0, chosen = 0, best = 0;
  std::array<double, 3> plans{};

  void print(size_t length, int64_t k) const {
    const double us = 1e6 / kQueries;
    std::printf("  %5zu %5lld %11.0f %9.1f %9.1f %9.1f %9.1f %9.1f\n", length, static_cast<long long>(k),
                postings / kQueries, plans[0] * us, plans[1] * us, plans[2] * us, chosen * us, best * us);
  }
};

}  // namespace

void compare_plans(const std::string& name, const std::vector<std::string>& texts,
                   const std::string& each_query) {
  Context context;
  context.threads = 1;
  Bm25Options options;
  options.positions = false;
  search::IndexRows rows;
  rows.ids = Ids::row_numbers(std::ssize(texts));
  const Bm25Parts parts = search::build_bm25(texts, std::move(rows), options, context);
  Runner runner(parts);
  std::ofstream file;
  if (!each_query.empty()) file.open(each_query, std::ios::app);
  std::printf(
      "plans on %s: %zu texts; microseconds a query, mean of %d\n  words     k    postings      scan max "
      "score "
      "     wand    chosen best of 3\n",
      name.c_str(), texts.size(), kQueries);
  for (const size_t length : {1, 2, 3, 5, 8, 16, 32}) {
    const std::vector<Query> queries = made_queries(parts, texts, length);
    for (const int64_t k : {1, 10, 100, 1000}) {
      Row row;
      for (const Query& query : queries) {
        const std::array<double, 3> seconds = seconds_of_plans(runner, query, k);
        row.postings += static_cast<double>(query.num_postings);
        for (size_t p = 0; p < seconds.size(); ++p) row.plans[p] += seconds[p];
        row.best += std::ranges::min(seconds);
        row.chosen += seconds[static_cast<size_t>(runner.chosen(query, k))];
        file << name << '\t' << texts.size() << '\t' << length << '\t' << k << '\t' << query.num_postings
             << '\t' << query.lists.front().first << '\t' << query.lists.back().first << '\t'
             << seconds[0] * 1e6 << '\t' << seconds[1] * 1e6 << '\t' << seconds[2] * 1e6 << '\n';
      }
      row.print(length, k);
    }
  }
}

}  // namespace whitney::bench
