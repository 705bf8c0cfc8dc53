#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <tuple>

#include "python/module_call.h"
#include "python/module_rooms.h"
#include "python/module_values.h"
#include "whitney/core/error.h"
#include "whitney/core/prepare_run.h"
#include "whitney/core/registry.h"
#include "whitney/search/fusion.h"

namespace whitney::python {
namespace {

// Ids and values of one query's hits, best first.
using Ranking = std::pair<std::vector<std::string>, std::vector<float>>;
// (id, score, rank in each search)
using Fused = std::tuple<std::string, double, std::vector<std::optional<int64_t>>>;

RankedHits hits_of(const Ranking& ranking, int64_t depth) {
  const auto& [ids, values] = ranking;
  if (ids.size() != values.size()) fail(ids.size(), " ids for ", values.size(), " scores");
  const auto kept = std::min<ptrdiff_t>(std::ssize(ids), depth);
  return {{ids.begin(), ids.begin() + kept}, {values.begin(), values.begin() + kept}};
}

// Rankings of each search's queries.
std::vector<std::vector<Fused>> fuse_queries(const std::vector<std::vector<Ranking>>& searches, int64_t k,
                                             const nb::dict& options, const Call& call) {
  const size_t num_queries = searches.empty() ? 0 : searches.front().size();
  for (size_t s = 1; s < searches.size(); ++s) {
    if (searches[s].size() != num_queries)
      fail("the first search has hits of ", num_queries, " queries, and search number ", s + 1, " of ",
           searches[s].size());
  }
  if (k < 1) fail("k is ", k, "; a fusion returns at least 1 hit");
  const Value given = value_from(options, "options of fuse");
  return call([&](const Context& context) {
    const auto wanted =
        options_from<FusionOptions>(prepare_options(declared<FusionOptions>("fuse"), given, context));
    const int64_t depth = std::max(wanted.depth, k);
    std::vector<std::vector<Fused>> result(num_queries);
    std::vector<RankedHits> rankings(searches.size());
    for (size_t q = 0; q < num_queries; ++q) {
      for (size_t s = 0; s < searches.size(); ++s) rankings[s] = hits_of(searches[s][q], depth);
      for (FusedHit& hit : fuse(rankings, wanted, k))
        result[q].emplace_back(std::move(hit.id), hit.score, std::move(hit.ranks));
    }
    return result;
  });
}

}  // namespace

void bind_fusion(nb::module_& module) {
  module.def("fuse", &fuse_queries, nb::arg("searches"), nb::arg("k"), nb::arg("options"), nb::arg("call"),
             "Per query (id, score, rank in each search), best first.");
  module.def(
      "fusion_options", [] { return list_from(option_specs<FusionOptions>()); },
      "Declarations of the options of a fusion.");
}

}  // namespace whitney::python
