#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/search/index.h"
#include "whitney/search/index_artifact.h"
#include "whitney/search/row_set.h"

namespace whitney::search {

/// The rows that a search may return, made ready once for all its queries.
struct AllowedRows {
  /// Absent: all rows.
  std::optional<RowSet> set;
  /// Bit r of word r / 64; empty: all rows.
  std::vector<uint64_t> bits;

  AllowedRows(std::optional<RowSet> rows, int64_t num_rows);
  /// Those that are live and that `params` allow.
  static AllowedRows of(const IndexRows& rows, const SearchParams& params);
};

/// A result without hits, of params.k places for each query. Throws UsageError for a k below 1, and Error
/// when it does not fit the memory allowed; `what` names the rows ("texts").
SearchResult result_without_hits(int64_t num_queries, int64_t num_rows, std::string_view what,
                                 const SearchParams& params, const Context& context);

/// Writes the hits of query q, keys of BestRows.
void put_hits(std::span<const uint64_t> hits, int64_t q, SearchResult& result);

}  // namespace whitney::search
