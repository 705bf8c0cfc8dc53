// A search of two levels, as Broder et al. (CIKM 2003) and PinSage have it: the rows with most hashes in
// common with the query, by inverted lists, then their exact scores.

#include <algorithm>
#include <atomic>
#include <optional>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/search/keyed_hits.h"
#include "whitney/search/lsh_index.h"
#include "whitney/search/row_scan.h"

namespace whitney::search {
namespace {

constexpr int64_t kCandidatesPerHit = 20, kLeastCandidates = 200;

int64_t num_candidates(const LshSearchOptions& options, int64_t k) {
  const int64_t wanted = options.candidates.value_or(std::max(kCandidatesPerHit * k, kLeastCandidates));
  return std::max(wanted, k);
}

// The rows that a query's hashes found, ascending.
std::vector<uint32_t> candidates_of(const SearchResult& found, int64_t query) {
  const auto begin = found.neighbors.rows.begin() + query * found.neighbors.k;
  std::vector<uint32_t> rows(begin, begin + found.counts[static_cast<size_t>(query)]);
  std::ranges::sort(rows);
  return rows;
}

// What the searches of some queries came to.
struct LshOutcome {
  std::atomic<int64_t> compared = 0, scanned = 0;
  std::atomic<bool> is_partial = false;
};

Value explanation_of(const SearchResult& tokens, const LshOutcome& outcome, int64_t num_queries,
                     int64_t num_allowed, int64_t candidates) {
  const bool is_scan = tokens.counts.empty();
  Value explained = Value::object({{"index", "lsh"}, {"plan", is_scan ? "scan" : "hashes, then vectors"}});
  const int64_t expected = is_scan ? num_allowed : std::min(candidates, num_allowed);
  explained.set("estimates",
                Value::object({{"allowed", num_allowed}, {"distances", num_queries * expected}}));
  explained.set("actuals", Value::object({{"distances", outcome.compared.load()},
                                          {"queries_scanned", outcome.scanned.load()}}));
  if (!is_scan) explained.set("hashes", tokens.explain);
  return explained;
}

}  // namespace

SearchResult LshIndex::search(const MatrixView& queries, const SearchParams& params,
                              const Context& context) const {
  const Matrix checked = checked_queries(queries, dim(), params.k, context);
  const auto options = options_from<LshSearchOptions>(params.options);
  const RowSet allowed = params.allowed != nullptr ? *params.allowed & rows_.live : rows_.live;
  const std::vector<uint32_t> all = allowed.rows();
  SearchResult result = result_without_hits(queries.rows, num_rows(), "rows", params, context);
  const int64_t candidates = num_candidates(options, params.k);
  SearchResult tokens;
  if (!params.exact && candidates < std::ssize(all)) {
    SearchParams by_tokens = params;
    by_tokens.k = candidates;
    by_tokens.options = Value::object();
    tokens = search_sparse(lists_, rows_, tokens_.of(checked, context), by_tokens, context);
  }
  LshOutcome outcome;
  outcome.is_partial = tokens.partial;
  Context one_thread = context;
  one_thread.threads = 1;
  parallel_for(context, queries.rows, [&](int64_t query) {
    const int64_t excluded = params.excluded.empty() ? -1 : params.excluded[static_cast<size_t>(query)];
    const bool has_excluded = excluded >= 0 && allowed.contains(static_cast<uint32_t>(excluded));
    const int64_t due = std::min(params.k, std::ssize(all) - (has_excluded ? 1 : 0));
    std::vector<uint32_t> rows;
    if (!tokens.counts.empty()) rows = candidates_of(tokens, query);
    if (std::ssize(rows) < due) {  // too few share a hash
      rows = all;
      if (has_excluded) std::erase(rows, static_cast<uint32_t>(excluded));
      ++outcome.scanned;
    }
    bool is_partial = false;
    const Neighbors best =
        scan_rows_until(params.deadline, is_partial, checked.view().slice(query, query + 1), vectors_, rows,
                        params.k, metric_, one_thread);
    if (is_partial) outcome.is_partial = true;
    if (!is_partial && due > 0 && best.rows[static_cast<size_t>(due - 1)] < 0) fail_without_number();
    outcome.compared += std::ssize(rows);
    std::ranges::copy(best.rows, result.neighbors.rows.begin() + query * params.k);
    std::ranges::copy(best.values, result.neighbors.values.begin() + query * params.k);
    result.counts[static_cast<size_t>(query)] = params.k - std::ranges::count(best.rows, int64_t{-1});
  });
  result.partial = outcome.is_partial;
  if (params.explain)
    result.explain = explanation_of(tokens, outcome, queries.rows, std::ssize(all), candidates);
  return result;
}

}  // namespace whitney::search
