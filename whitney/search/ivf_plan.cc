#include "whitney/search/ivf_plan.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "whitney/search/cost_fields.h"
#include "whitney/search/ivf_index.h"

namespace whitney::search {
namespace {

/// By default one list in so many is scanned, at least so many, and of pq so many times k are ranked again.
constexpr int64_t kListsPerProbe = 16, kLeastProbes = 16, kRescoreFactor = 10;
/// Of bounds' codes so many times k are ranked, about.
constexpr int64_t kRankedByBounds = 8;
/// All centroids take at least so many times as long as the landmarks among them.
constexpr int64_t kLeastPanels = 4;
/// Without a filter, so few rows are ranked one by one.
constexpr int64_t kFewLive = 1024;

constexpr std::array<CostField<IvfCosts>, 7> kCostFields = {{{"scan_start", &IvfCosts::scan_start},
                                                             {"scan_row", &IvfCosts::scan_row},
                                                             {"lists_start", &IvfCosts::lists_start},
                                                             {"list", &IvfCosts::list},
                                                             {"visit", &IvfCosts::visit},
                                                             {"test", &IvfCosts::test},
                                                             {"compare", &IvfCosts::compare}}};

double mean_list_rows(const IvfParts& parts) {
  return static_cast<double>(parts.rows.size()) /
         static_cast<double>(std::max<int64_t>(parts.centroids.size(), 1));
}

/// Codes are compared a block at a time, those without a row that passes left out.
double share_compared(const IvfParts& parts, double share) {
  return parts.has_codes() ? 1 - std::pow(1 - share, kFastScanLanes) : share;
}

/// What so many lists hold where the share s passes in them.
ListsSeen lists_of_share(const IvfParts& parts, double lists, double share) {
  const double rows_of_list = mean_list_rows(parts);
  return {.lists = static_cast<int64_t>(lists),
          .visited = static_cast<int64_t>(lists * (1 - std::pow(1 - share, rows_of_list))),
          .tested = static_cast<int64_t>(lists * rows_of_list),
          .compared = static_cast<int64_t>(lists * rows_of_list * share_compared(parts, share))};
}

/// What the lists of a query hold where the share s passes everywhere. A vector that passes is the (k / s)-th
/// nearest of all. With nprobe lists alone its chance to be seen falls with s, and with nprobe / s of them,
/// which cost as much as without a filter, it grows: halfway between it stays about the same.
ListsSeen expected_lists(const IvfParts& parts, int64_t nprobe, double share) {
  const auto nlist = static_cast<double>(parts.centroids.size());
  const double lists = std::ceil(static_cast<double>(nprobe) / std::sqrt(std::max(share, 1e-12)));
  return lists_of_share(parts, std::min(nlist, lists), share);
}

void plan_ranking(const IvfParts& parts, const IvfSearchOptions& options, int64_t k, int64_t num_allowed,
                  IvfPlan& plan) {
  if (!parts.has_codes() || !parts.has_better()) return;
  plan.by_bounds = parts.codes.has_errors() && !options.rescore;
  if (plan.by_bounds) return;
  plan.num_rescored = options.rescore.value_or(kRescoreFactor * k);
  if (plan.num_rescored > 0)
    plan.num_rescored = std::min(std::max(plan.num_rescored, plan.wanted), num_allowed);
}

}  // namespace

IvfCosts IvfCosts::typical(const IvfParts& parts) {
  const auto dim = static_cast<double>(parts.dim), nlist = static_cast<double>(parts.centroids.size());
  IvfCosts costs;
  costs.scan_start = 3000;
  costs.lists_start = 1000 + nlist * std::max(4.0, 0.17 * dim - 8);
  costs.list = 50;
  costs.visit = 80;
  costs.test = 8;
  if (parts.has_vectors())
    costs.scan_row = 8 + 0.24 * dim;
  else
    costs.scan_row = parts.has_bytes() ? 20 + 0.1 * dim : 15 + 1.1 * dim;
  costs.compare = parts.has_codes() ? 5 + 0.04 * dim : 4 + 0.2 * dim;
  // Codes are compared by tables or planes of the query, which are made first.
  if (parts.has_codes()) costs.lists_start += 3000 + 15 * dim;
  return costs;
}

IvfCosts IvfCosts::bounded_by(const IvfCosts& standard) const {
  return costs_bounded_by<IvfCosts>(standard, *this, kCostFields);
}

Value IvfCosts::to_value() const { return costs_to_value<IvfCosts>(*this, kCostFields); }

std::optional<IvfCosts> IvfCosts::from_value(const Value& value) {
  return costs_from_value<IvfCosts>(value, kCostFields);
}

int64_t default_nprobe(int64_t nlist) {
  return std::min(nlist, std::max(kLeastProbes, nlist / kListsPerProbe));
}

IvfPlan plan_ivf(const IvfParts& parts, const SearchParams& params, int64_t num_allowed) {
  const auto options = options_from<IvfSearchOptions>(params.options);
  const int64_t nlist = parts.centroids.size(), n = parts.rows.size();
  IvfPlan plan;
  plan.deadline = params.deadline;
  plan.wanted = std::min(params.k + (params.excluded.empty() ? 0 : 1), num_allowed);
  plan.nprobe = std::min(nlist, options.nprobe.value_or(default_nprobe(nlist)));
  plan.least_passing = plan.wanted;
  plan_ranking(parts, options, params.k, num_allowed, plan);
  const double share = n == 0 ? 1 : static_cast<double>(num_allowed) / static_cast<double>(n);
  plan.expected = expected_lists(parts, plan.nprobe, share);
  if (num_allowed < n) {
    const auto passing = static_cast<int64_t>(static_cast<double>(plan.expected.tested) * share);
    plan.least_passing = std::max(plan.wanted, passing);
  }
  if (num_allowed == n) plan.expected.tested = 0;
  plan.scans = params.exact || plan.wanted == 0;
  if (plan.scans) return plan;
  if (params.plan) {
    plan.scans = *params.plan == FilterPlan::kScan;
  } else if (num_allowed == n) {
    plan.scans = n <= kFewLive;
  } else {
    const int64_t num_ranked =
        std::min(num_allowed, plan.by_bounds ? kRankedByBounds * plan.wanted : plan.num_rescored);
    plan.planner.emplace(parts.costs ? *parts.costs : IvfCosts::typical(parts), num_allowed, num_ranked);
    // The least that lists may take: those nearest to the query hold what passes, and nothing else.
    const ListsSeen least{.lists = plan.nprobe, .visited = plan.nprobe, .compared = plan.least_passing};
    const bool is_doubtful = plan.planner->prefers_scan(plan.expected);
    const bool may_look = nlist >= kLeastPanels * ListCentroids::kMostLandmarks;
    plan.scans = plan.planner->prefers_scan(least) || (is_doubtful && !may_look);
    plan.looks_around = may_look && !plan.scans && (is_doubtful || plan.planner->risks_much());
  }
  return plan;
}

ListsSeen lists_that_hold(const IvfParts& parts, const IvfPlan& plan, double share) {
  const auto nlist = static_cast<double>(parts.centroids.size()),
             least = static_cast<double>(plan.least_passing);
  const double rows_of_list = std::max(mean_list_rows(parts), 1e-9);
  const double enough = std::ceil(least / (rows_of_list * std::max(share, 1e-12)));
  const double lists = std::min(nlist, std::max(static_cast<double>(plan.nprobe), enough));
  ListsSeen seen = lists_of_share(parts, lists, share);
  // Where nothing passes nearby, what is looked for lies far away, in lists full of it.
  seen.compared = std::max(seen.compared, plan.least_passing);
  seen.visited = std::max(seen.visited, static_cast<int64_t>(least / rows_of_list));
  return seen;
}

}  // namespace whitney::search
