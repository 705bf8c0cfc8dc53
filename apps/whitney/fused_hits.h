#pragma once

#include <string>
#include <vector>

#include "whitney/core/value.h"
#include "whitney/search/fusion.h"
#include "whitney/search/index.h"

namespace whitney::app {

/// Hits of two searches, fused, query by query.
struct FusedHits {
  /// A name per query.
  std::vector<std::string> queries;
  std::vector<std::vector<FusedHit>> hits;
  /// The indexes that were searched: attributes come from the first that has the id.
  const Index* first = nullptr;
  const Index* second = nullptr;
};

/// Writes them as a table: rank, id, score, the ranks in both searches (- where one did not find it), and the
/// attributes in `show`; with several queries, the query first.
std::string fused_hits_text(const FusedHits& fused, const std::vector<std::string>& show);
/// The same as a value: {"fusion", "queries": [{"query", "hits": [{"rank", "id", "score", "ranks",
/// "attributes"}]}]}.
Value fused_hits_value(const FusedHits& fused, Fusion fusion, const std::vector<std::string>& show);

}  // namespace whitney::app
