#include "whitney/search/keyed_hits.h"

#include <limits>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/prepare_run.h"
#include "whitney/search/best_rows.h"
#include "whitney/search/row_scan.h"

namespace whitney::search {

AllowedRows::AllowedRows(std::optional<RowSet> rows, int64_t num_rows) : set(std::move(rows)) {
  if (set) bits = set->bits(num_rows);
}

AllowedRows AllowedRows::of(const IndexRows& rows, const SearchParams& params) {
  const bool all_live = rows.live.size() == rows.size();
  if (params.allowed == nullptr && all_live) return {std::nullopt, 0};
  return {params.allowed != nullptr ? *params.allowed & rows.live : rows.live, rows.size()};
}

SearchResult result_without_hits(int64_t num_queries, int64_t num_rows, std::string_view what,
                                 const SearchParams& params, const Context& context) {
  check_k(params.k);
  SearchResult result;
  result.neighbors.num_queries = num_queries;
  result.neighbors.k = params.k;
  const double size_bytes = 12.0 * static_cast<double>(num_queries) * static_cast<double>(params.k);
  // What the system allows is read from files, which would take longer than a search.
  const bool may_be_too_large = context.max_memory_bytes || size_bytes > 1 << 20;
  if (may_be_too_large && size_bytes > static_cast<double>(context.memory_limit_bytes())) {
    fail(params.k, " hits for each of ", num_queries, " queries do not fit the memory allowed, ",
         size_text(context.memory_limit_bytes()), " (the index has ", num_rows, " ", what, ")");
  }
  const auto size = static_cast<size_t>(num_queries * params.k);
  result.neighbors.rows.assign(size, -1);
  result.neighbors.values.assign(size, std::numeric_limits<float>::quiet_NaN());
  result.counts.assign(static_cast<size_t>(num_queries), 0);
  return result;
}

void put_hits(std::span<const uint64_t> hits, int64_t q, SearchResult& result) {
  result.counts[static_cast<size_t>(q)] = std::ssize(hits);
  const auto first = static_cast<size_t>(q * result.neighbors.k);
  for (size_t i = 0; i < hits.size(); ++i) {
    result.neighbors.rows[first + i] = BestRows::row_of(hits[i]);
    result.neighbors.values[first + i] = BestRows::score_of(hits[i]);
  }
}

}  // namespace whitney::search
