// Whatever a filter lets pass, a search costs a constant number of scans of what passes, and gives all hits.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/search/index.h"
#include "whitney/search/ivf_plan.h"
#include "whitney/search/planner.h"

namespace whitney::search {
namespace {

/// From 2,000 on, costs can be measured.
constexpr int64_t kRows = 2400, kDim = 6, kClusters = 12, kGraphLinks = 32;

/// Clusters around points on a line: row r is of cluster r mod kClusters.
Matrix rows_on_a_line(int64_t n, uint64_t item) {
  RandomStream random(42, "plan bound", item);
  Matrix rows(n, kDim);
  auto* values = rows.mutable_data<float>();
  for (int64_t i = 0; i < n * kDim; ++i) {
    values[i] = static_cast<float>(random.normal());
    if (i % kDim == 0) values[i] += 6 * static_cast<float>(i / kDim % kClusters);
  }
  return rows;
}

struct Built {
  std::string name;
  bool is_ivf = false;
  std::unique_ptr<Index> index;
};

const std::vector<Built>& all_built() {
  static const std::vector<Built> built = [] {
    Embeddings embeddings;
    embeddings.ids = Ids::row_numbers(kRows);
    embeddings.vectors = rows_on_a_line(kRows, 1);
    embeddings.record = Value::object({{"metric", "l2"}});
    std::vector<Built> result;
    const auto add = [&](const std::string& method, Value options) {
      result.push_back({concat(method, " ", options.to_json()), method == "ivf",
                        build_index(method, embeddings, options, {})});
    };
    for (const char* costs : {"standard", "measured"}) {
      add("hnsw", Value::object({{"m", 6}, {"ef_construction", 24}, {"plan_costs", costs}}));
      add("vamana", Value::object({{"degree", 12}, {"window", 24}, {"plan_costs", costs}}));
      add("symphonyqg", Value::object({{"ef_construction", 40}, {"plan_costs", costs}}));
    }
    for (const char* costs : {"standard", "measured"}) {
      for (const char* codes : {"flat", "pq", "rabitq"})
        add("ivf", Value::object({{"codes", codes}, {"plan_costs", costs}}));
    }
    return result;
  }();
  return built;
}

/// Rows that pass: far from a query of cluster 0, of few clusters, very few, all but a few, or a share of
/// all.
RowSet adversarial_rows(int kind, uint64_t item) {
  RandomStream random(42, "plan bound filter", item);
  const double share = std::pow(10.0, -3 * random.uniform());
  const auto cluster = random.below(kClusters);
  const uint64_t few = 1 + random.below(20);
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < kRows; ++row) {
    const uint64_t of = row % kClusters;
    const bool drawn = random.uniform() < share;
    const bool passes = kind == 0   ? of >= kClusters / 2 && drawn
                        : kind == 1 ? of == cluster || of == (cluster + 5) % kClusters
                        : kind == 2 ? (row + item) % (kRows / few) == 0
                        : kind == 3 ? random.below(kRows) >= few
                                    : drawn;
    if (passes) rows.push_back(row);
  }
  return RowSet::of(rows);
}

/// What a search of a graph took and what a scan would, in the index's own costs.
double scans_of_graph(const Value& explain, int64_t num_passing) {
  const std::optional<SearchCosts> costs = SearchCosts::from_value(explain.at("costs"));
  const Value& actuals = explain.at("actuals");
  double distances = actuals.at("distances").as_real();
  if (const Value* lanes = actuals.find("estimates")) distances += lanes->as_real() / 16;
  const double scan = costs->scan_start + static_cast<double>(num_passing) * costs->scan_row;
  // The descent, and the last hop of each walk with what it left unmeasured, come on top.
  const double hops = 2 * (costs->start_steps + 4 * kGraphLinks) * costs->walk_distance;
  return (costs->walk(distances, actuals.at("lists").as_real()) - hops) / scan;
}

/// The same of a search in lists, what it begins with aside.
double scans_of_ivf(const Value& explain, int64_t num_passing) {
  const std::optional<IvfCosts> costs = IvfCosts::from_value(explain.at("costs"));
  const Value& actuals = explain.at("actuals");
  const bool has_scanned =
      explain.at("plan") == Value("scan of the allowed rows") || actuals.at("switched").as_int() > 0;
  const double row = explain.at("plan") == Value("lists") && !has_scanned ? costs->compare : costs->scan_row;
  const double spent = actuals.at("tested").as_real() * costs->test +
                       actuals.at("codes").as_real() * costs->compare +
                       actuals.at("distances").as_real() * row;
  return spent / (costs->scan_start + static_cast<double>(num_passing) * costs->scan_row);
}

RC_GTEST_PROP(PlanBound, ASearchCostsAConstantNumberOfScansAndGivesAllHitsUnderAnyFilter, ()) {
  const auto kind = *rc::gen::inRange(0, 5);
  const auto item = static_cast<uint64_t>(*rc::gen::inRange(0, 1 << 20));
  const auto k = static_cast<int64_t>(*rc::gen::element(1, 10, 60));
  const auto width = static_cast<int64_t>(*rc::gen::element(10, 60, 300));
  const RowSet allowed = adversarial_rows(kind, item);
  // Near cluster 0.
  const Matrix query = Matrix::copy_of(rows_on_a_line(1, 100 + item).view());
  for (const Built& built : all_built()) {
    SearchParams params;
    params.k = k;
    params.allowed = &allowed;
    params.explain = true;
    if (!built.is_ivf) params.options = Value::object({{"ef", width}});
    const SearchResult result = built.index->search(query, params, {});
    RC_ASSERT(result.counts[0] == std::min<int64_t>(k, allowed.size()));
    if (allowed.empty() || allowed.size() == kRows) continue;
    if (built.is_ivf) {
      const double scans = scans_of_ivf(result.explain, allowed.size());
      if (scans > IvfPlanner::kMostScans)
        RC_FAIL(concat(built.name, ": ", scans, " scans, ", allowed.size(), " of kind ", kind));
    } else if (const double scans = scans_of_graph(result.explain, allowed.size());
               scans > FilterPlanner::kMostScans) {
      RC_FAIL(concat(built.name, ": ", scans, " scans, ", allowed.size(), " of kind ", kind));
    }
  }
}

}  // namespace
}  // namespace whitney::search
