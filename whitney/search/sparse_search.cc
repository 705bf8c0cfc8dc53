#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/search/keyed_hits.h"
#include "whitney/search/sparse_index.h"

namespace whitney::search {
namespace {

constexpr int64_t kQueriesPerTask = 8;

// What a query came to, for `explain`.
struct SparseOutcome {
  SparsePlan plan = SparsePlan::kScan;
  SparseCosts costs;
  SparseCounts counts;
};

// Finds the lists of a query's dimensions.
SparseCosts prepare_terms(const SparseParts& parts, const RaggedEmbeddings& queries, int64_t query,
                          std::vector<SparseTerm>& terms) {
  const SparseLists& lists = parts.lists;
  SparseCosts costs;
  terms.clear();
  for (int64_t i = queries.starts[query]; i < queries.starts[query + 1]; ++i) {
    const auto list = lists.find(queries.indices[i]);
    if (!list || queries.values[i] == 0) continue;
    const SparseLists::Range groups = lists.groups_of(*list);
    const double step = lists.has_codes() ? double{lists.steps[*list]} : 1;
    terms.push_back({*list, step * double{queries.values[i]}, groups, groups.begin});
    costs.num_groups += groups.size();
    costs.num_postings += static_cast<int64_t>(lists.first_entries[*list + 1] - lists.first_entries[*list]);
  }
  costs.num_terms = std::ssize(terms);
  costs.num_blocks = lists.num_blocks();
  return costs;
}

int64_t num_blocks_of(const AllowedRows& rows, int64_t num_blocks) {
  if (!rows.set) return num_blocks;
  return std::ranges::count_if(rows.bits, [](uint64_t word) { return word != 0; });
}

std::span<const uint64_t> answer(SparseWalk& walk, SparsePlan plan, int64_t k) {
  switch (plan) {
    case SparsePlan::kBlockMax:
      return walk.block_max(k);
    case SparsePlan::kLookUp:
      return walk.look_up(k);
    case SparsePlan::kScan:
      break;
  }
  return walk.scan(k);
}

Value explanation_of(std::span<const SparseOutcome> outcomes, int64_t num_allowed) {
  SparseCosts costs;
  SparseCounts counts;
  std::array<int64_t, 3> num_by_plan{};
  for (const SparseOutcome& one : outcomes) {
    costs.num_terms += one.costs.num_terms;
    costs.num_postings += one.costs.num_postings;
    costs.num_groups += one.costs.num_groups;
    counts.bounds += one.counts.bounds;
    counts.blocks += one.counts.blocks;
    counts.blocks_skipped += one.counts.blocks_skipped;
    counts.postings += one.counts.postings;
    ++num_by_plan[static_cast<size_t>(one.plan)];
  }
  static constexpr std::array<std::string_view, 3> kPlans = {"scan", "block-max", "look up"};
  std::string plan;
  for (size_t i = 0; i < kPlans.size(); ++i) {
    if (num_by_plan[i] > 0) plan += (plan.empty() ? "" : " and ") + std::string(kPlans[i]);
  }
  Value result = Value::object({{"index", "sparse"}});
  result.set("plan", plan);
  result.set("estimates", Value::object({{"dimensions", costs.num_terms},
                                         {"postings", costs.num_postings},
                                         {"bounds", costs.num_groups},
                                         {"allowed", num_allowed}}));
  result.set("actuals", Value::object({{"bounds", counts.bounds},
                                       {"blocks", counts.blocks},
                                       {"blocks_skipped", counts.blocks_skipped},
                                       {"postings", counts.postings},
                                       {"queries_scanned", num_by_plan[0]},
                                       {"queries_by_block_max", num_by_plan[1]},
                                       {"queries_looked_up", num_by_plan[2]}}));
  return result;
}

}  // namespace

SparsePlan choose_sparse_plan(const SparseCosts& costs, bool is_filtered, int64_t k) {
  // To find the group of a block among those of a list takes as long as adding so many bounds up.
  constexpr int64_t kBoundsPerLookup = 8;
  // A scan adds a value up sooner than block-max reads a bound, and has no list to pass over again. Bounds
  // pay where few lists touch few of the blocks, and the best are few.
  constexpr int64_t kFewTerms = 2, kBlocksPerHit = 512;
  if (is_filtered && costs.num_allowed_blocks * costs.num_terms * kBoundsPerLookup < costs.num_groups)
    return SparsePlan::kLookUp;
  return costs.num_terms <= kFewTerms && k <= costs.num_blocks / kBlocksPerHit ? SparsePlan::kBlockMax
                                                                               : SparsePlan::kScan;
}

SearchResult search_sparse(const SparseParts& parts, const IndexRows& rows, const RaggedEmbeddings& queries,
                           const SearchParams& params, const Context& context) {
  SearchResult result = result_without_hits(queries.size(), rows.size(), "rows", params, context);
  const AllowedRows allowed = AllowedRows::of(rows, params);
  const int64_t num_allowed_blocks = num_blocks_of(allowed, parts.lists.num_blocks());
  std::atomic<bool> is_partial = false;
  std::vector<SparseOutcome> outcomes(params.explain ? static_cast<size_t>(queries.size()) : 0);
  parallel_blocks(context, queries.size(), kQueriesPerTask, [&](int64_t begin, int64_t end) {
    std::unique_ptr<SparseScratch> scratch = parts.scratch->take();
    DeadlineWatch& watch = scratch->watch = DeadlineWatch(params.deadline);
    for (int64_t q = begin; q < end && !watch.is_over(); ++q) {
      const int64_t excluded = params.excluded.empty() ? -1 : params.excluded[static_cast<size_t>(q)];
      SparseOutcome outcome;
      outcome.costs = prepare_terms(parts, queries, q, scratch->terms);
      outcome.costs.num_allowed_blocks = num_allowed_blocks;
      if (!params.exact) outcome.plan = choose_sparse_plan(outcome.costs, allowed.set.has_value(), params.k);
      SparseWalk walk(parts.lists, allowed.bits, excluded, *scratch);
      put_hits(answer(walk, outcome.plan, params.k), q, result);
      outcome.counts = walk.counts();
      if (params.explain) outcomes[static_cast<size_t>(q)] = outcome;
    }
    if (watch.was_over()) is_partial = true;
    parts.scratch->give(std::move(scratch));
  });
  result.partial = is_partial;
  if (params.explain)
    result.explain = explanation_of(outcomes, allowed.set ? allowed.set->size() : rows.size());
  return result;
}

}  // namespace whitney::search
