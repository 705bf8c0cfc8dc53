#include "whitney/search/ivf_search.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/distance.h"
#include "whitney/search/row_scan.h"

namespace whitney::search {
namespace {

using Entries = std::vector<TopK::Entry>;

/// By default one list in so many is scanned, at least so many, and of pq so many times k are ranked again.
constexpr int64_t kListsPerProbe = 16, kLeastProbes = 16, kRescoreFactor = 10;
/// Queries that a task measures centroids for at once, numbers that these are at most, and queries that share
/// the reading of lists of vectors.
constexpr int64_t kMeasuredAtOnce = 256, kMostMeasured = 4 << 20, kMostOfTask = 1024;
/// Rows that are ranked one by one before lists are thought of, and of a task.
constexpr int64_t kFewRows = 1024, kScanRows = 4096;
/// Lists, and rows, from one look at the clock and for a request to stop to the next.
constexpr size_t kVisitsPerLook = 64, kRowsPerLook = 1024;

/// The allowed and live rows: which, and how many.
struct AllowedBits {
  AllowedBits(const RowSet& rows, int64_t num_rows) : set(rows), size(rows.size()) {
    if (size < num_rows) bits = rows.bits(num_rows);
  }
  RowSet set;
  int64_t size = 0;
  /// Empty where all rows are allowed.
  std::vector<uint64_t> bits;
};

/// What an index of such parts will look at for a query.
struct Expected {
  int64_t nprobe = 0, lists = 0, rows = 0;
};

/// A vector that passes a filter which lets the share s through is, where the filter is no nearer to the
/// query than any, the (k / s)-th nearest. With nprobe lists alone its chance to be seen falls with s, and
/// with nprobe / s of them, which cost as much as without a filter, it grows: halfway between it stays about
/// the same.
Expected expect(const IvfParts& parts, const IvfSearchOptions& options, int64_t num_allowed) {
  Expected result;
  const int64_t nlist = parts.centroids.size();
  if (nlist == 0) return result;
  result.nprobe = std::min(nlist, options.nprobe.value_or(std::max(kLeastProbes, nlist / kListsPerProbe)));
  const auto n = static_cast<double>(parts.rows.size());
  const double share = n == 0 ? 1 : static_cast<double>(num_allowed) / n;
  const double seen = static_cast<double>(result.nprobe) * n / static_cast<double>(nlist);
  result.rows = static_cast<int64_t>(seen * std::sqrt(share));
  const double lists = static_cast<double>(result.nprobe) / std::sqrt(std::max(share, 1e-12));
  result.lists = std::min(nlist, static_cast<int64_t>(std::ceil(lists)));
  return result;
}

/// In distances of full vectors, what a query costs by lists and by ranking all allowed rows: a centroid or a
/// code takes an eighth of one.
bool is_scan_cheaper(const IvfParts& parts, const Expected& expected, int64_t num_allowed) {
  const int64_t nlist = parts.centroids.size();
  const int64_t by_lists = parts.has_codes() ? (nlist + expected.rows) / 8 + 64 : nlist / 8 + expected.rows;
  const int64_t of_row = parts.has_vectors() || parts.has_bytes() ? 1 : 4;
  return num_allowed * of_row <= std::max(by_lists, kFewRows);
}

IvfPlan make_plan(const IvfParts& parts, const IvfSearchOptions& options, const SearchParams& params,
                  const Expected& expected, int64_t num_allowed) {
  IvfPlan plan;
  plan.wanted = std::min(params.k + (params.excluded.empty() ? 0 : 1), num_allowed);
  plan.nprobe = expected.nprobe;
  const bool is_chosen = params.plan.has_value();
  plan.scans = params.exact || (is_chosen ? *params.plan == FilterPlan::kScan
                                          : is_scan_cheaper(parts, expected, num_allowed));
  plan.deadline = params.deadline;
  if (parts.has_codes() && parts.has_better()) {
    plan.by_bounds = parts.codes.has_errors() && !options.rescore;
    if (!plan.by_bounds) plan.num_rescored = options.rescore.value_or(kRescoreFactor * params.k);
    if (plan.num_rescored > 0)
      plan.num_rescored = std::min(std::max(plan.num_rescored, plan.wanted), num_allowed);
  }
  plan.least_passing = std::max(plan.wanted, num_allowed < parts.rows.size() ? expected.rows : 0);
  return plan;
}

/// Numbers that the queries of a task have.
class AskedQueries {
 public:
  AskedQueries(const IvfParts& parts, const Matrix& queries)
      : parts_(parts), queries_(queries), centred_(queries.rows(), queries.cols()) {
    const std::span<const float> centre = parts.centroids.centre();
    auto* out = centred_.mutable_data<float>();
    for (int64_t q = 0; q < queries.rows(); ++q, out += queries.cols())
      std::ranges::transform(queries.row<float>(q), centre, out, std::minus<>());
  }
  /// Measures the centroids for some queries.
  void measure(int64_t begin, int64_t end, std::vector<float>& measured) const {
    measured.resize(static_cast<size_t>((end - begin) * parts_.centroids.stride()));
    parts_.centroids.measure(centred_.view().slice(begin, end), measured.data());
    for (float& value : measured) value = value == value ? value : std::numeric_limits<float>::infinity();
  }
  IvfQuery query(int64_t q, const float* measured) const {
    IvfQuery result{queries_.row<float>(q).data(), centred_.row<float>(q).data(), measured, 0};
    result.square = distance(Kernel::kInnerProduct, result.centred, result.centred, parts_.dim);
    return result;
  }
  const float* vector(int64_t q) const { return queries_.row<float>(q).data(); }
  int64_t size() const { return queries_.rows(); }

 private:
  const IvfParts& parts_;
  const Matrix& queries_;
  Matrix centred_;
};

class ListSearch {
 public:
  ListSearch(const IvfParts& parts, const IvfPlan& plan, const AllowedBits& allowed,
             const AskedQueries& asked, const Context& context)
      : parts_(parts), plan_(plan), allowed_(allowed), asked_(asked), context_(context) {}

  std::vector<Entries> run(IvfWork& work) {
    found_.resize(static_cast<size_t>(asked_.size()));
    if (plan_.wanted == 0) return std::move(found_);
    if (plan_.scans) {
      scan_allowed(work);
      return std::move(found_);
    }
    // What is found depends on no other query: any cut will do.
    const int64_t share = (asked_.size() + context_.num_threads() - 1) / context_.num_threads();
    const int64_t most = parts_.has_codes() ? measured_at_once() : kMostOfTask;
    const int64_t of_task = std::clamp<int64_t>(share, 1, most);
    const int64_t num_tasks = (asked_.size() + of_task - 1) / of_task;
    std::vector<IvfWork> works(static_cast<size_t>(num_tasks));
    parallel_for(context_, num_tasks, [&](int64_t task) {
      const int64_t begin = task * of_task, end = std::min(begin + of_task, asked_.size());
      IvfWork& own = works[static_cast<size_t>(task)];
      if (parts_.has_codes())
        by_codes(begin, end, own);
      else
        by_vectors(begin, end, own);
    });
    for (const IvfWork& own : works) work += own;
    return std::move(found_);
  }

 private:
  std::span<const float> of_query(const std::vector<float>& measured, int64_t i) const {
    return std::span(measured).subspan(static_cast<size_t>(i * parts_.centroids.stride()),
                                       static_cast<size_t>(parts_.centroids.size()));
  }

  int64_t measured_at_once() const {
    return std::clamp<int64_t>(kMostMeasured / parts_.centroids.stride(), 1, kMeasuredAtOnce);
  }

  void by_codes(int64_t begin, int64_t end, IvfWork& work) {
    PassingPlaces passing(parts_, allowed_.bits);
    std::vector<float> measured;
    asked_.measure(begin, end, measured);
    for (int64_t q = begin; q < end && !work.is_partial; ++q) {
      context_.check_cancelled();
      const std::span<const float> numbers = of_query(measured, q - begin);
      const std::vector<uint32_t> lists = nearest_lists(plan_, numbers, passing);
      found_[static_cast<size_t>(q)] =
          search_codes(parts_, plan_, asked_.query(q, numbers.data()), lists, passing, work);
    }
  }

  struct Visit {
    uint32_t list;
    uint32_t query;
    /// No vector of the list has a lower key.
    float least_key;
  };
  std::vector<Visit> by_list(const std::vector<Visit>& visits) const {
    std::vector<size_t> next(parts_.lists.size() + 1);
    for (const Visit& visit : visits) ++next[visit.list + 1];
    std::partial_sum(next.begin(), next.end(), next.begin());
    std::vector<Visit> sorted(visits.size());
    for (const Visit& visit : visits) sorted[next[visit.list]++] = visit;
    return sorted;
  }

  /// A list is read from memory once for all queries of the task.
  void by_vectors(int64_t begin, int64_t end, IvfWork& work) {
    PassingPlaces passing(parts_, allowed_.bits);
    std::vector<Visit> visits;
    std::vector<TopK> tops(static_cast<size_t>(end - begin), TopK(plan_.wanted));
    std::vector<float> measured;
    for (int64_t first = begin; first < end; first += measured_at_once()) {
      const int64_t last = std::min(first + measured_at_once(), end);
      asked_.measure(first, last, measured);
      for (int64_t q = first; q < last; ++q) {
        const IvfQuery query = asked_.query(q, of_query(measured, q - first).data());
        for (const uint32_t list : nearest_lists(plan_, of_query(measured, q - first), passing)) {
          const float least =
              parts_.centroids.least_key(list, query.measured[list], query.square, parts_.lists[list].radius);
          visits.push_back({list, static_cast<uint32_t>(q - begin), least});
        }
      }
    }
    if (end - begin > 1) visits = by_list(visits);
    for (size_t i = 0; i < visits.size(); ++i) {
      if (i % kVisitsPerLook == 0) {
        context_.check_cancelled();
        work.is_partial = plan_.deadline.is_past();
        if (work.is_partial) break;
      }
      const auto [list, q, least_key] = visits[i];
      if (least_key > tops[q].bound() || passing.count(list) == 0) continue;
      ++work.lists;
      scan_vectors(parts_, list, passing.of(list), asked_.vector(begin + q), tops[q], work);
    }
    for (int64_t q = begin; q < end; ++q)
      found_[static_cast<size_t>(q)] = tops[static_cast<size_t>(q - begin)].take();
  }

  /// Ranks every allowed row for every query, few queries by ranges of rows.
  void scan_allowed(IvfWork& work) {
    const std::vector<uint32_t> rows = allowed_.set.rows();
    const int64_t num_queries = asked_.size();
    const int64_t wanted_ranges = num_queries >= 64 ? 1 : std::min<int64_t>(64, std::ssize(rows) / kScanRows);
    const int64_t num_ranges = std::max<int64_t>(1, wanted_ranges);
    std::vector<Entries> parts_found(static_cast<size_t>(num_queries * num_ranges));
    std::vector<IvfWork> works(parts_found.size());
    parallel_for(context_, num_queries * num_ranges, [&](int64_t task) {
      const int64_t q = task / num_ranges, range = task % num_ranges;
      const auto begin = static_cast<size_t>(std::ssize(rows) * range / num_ranges);
      const auto end = static_cast<size_t>(std::ssize(rows) * (range + 1) / num_ranges);
      parts_found[static_cast<size_t>(task)] =
          rank_all(q, std::span(rows).subspan(begin, end - begin), works[static_cast<size_t>(task)]);
    });
    for (const IvfWork& own : works) work += own;
    for (size_t q = 0; q < found_.size(); ++q) {
      TopK top(plan_.wanted);
      for (size_t range = 0; range < static_cast<size_t>(num_ranges); ++range) {
        for (const TopK::Entry& entry : parts_found[q * static_cast<size_t>(num_ranges) + range])
          top.push(entry.key, entry.row);
      }
      found_[q] = top.take();
    }
  }

  Entries rank_all(int64_t q, std::span<const uint32_t> rows, IvfWork& work) const {
    constexpr size_t kAhead = 4;
    std::vector<float> measured;
    std::optional<ListQuery> codes;
    if (!parts_.has_vectors() && !parts_.has_bytes()) {
      asked_.measure(q, q + 1, measured);
      codes.emplace(parts_.codes, asked_.query(q, nullptr).centred);
    }
    const IvfQuery query = asked_.query(q, measured.data());
    IvfRanker ranker(parts_, query, codes ? &*codes : nullptr);
    TopK top(std::min(plan_.wanted, std::ssize(rows)));
    for (size_t i = 0; i < rows.size(); ++i) {
      if (i % kRowsPerLook == 0) {
        context_.check_cancelled();
        work.is_partial = plan_.deadline.is_past();
        if (work.is_partial) break;
      }
      ++work.distances;
      if (i + kAhead < rows.size()) ranker.prefetch(parts_.places[rows[i + kAhead]]);
      top.push(ranker.key(parts_.places[rows[i]]), rows[i]);
    }
    return top.take();
  }

  const IvfParts& parts_;
  const IvfPlan& plan_;
  const AllowedBits& allowed_;
  const AskedQueries& asked_;
  const Context& context_;
  std::vector<Entries> found_;
};

/// True where keys are those of full vectors, not of what codes or bytes tell.
bool has_exact_keys(const IvfParts& parts, const IvfPlan& plan) {
  return parts.has_vectors() && (!parts.has_codes() || plan.scans || plan.by_bounds || plan.num_rescored > 0);
}

float value_of(float key, Metric metric, bool is_exact) {
  if (metric == Metric::kInnerProduct) return 0.0F - key;
  if (metric == Metric::kL2) return is_exact ? key : std::sqrt(std::max(key, 0.0F));
  return is_exact ? 0.0F - key : 1 - key / 2;
}

bool is_zero(std::span<const float> query) {
  return std::ranges::all_of(query, [](float value) { return value == 0; });
}

SearchResult result_of(const IvfParts& parts, const IvfPlan& plan, const std::vector<Entries>& found,
                       bool is_partial, const Matrix& queries, const SearchParams& params) {
  SearchResult result;
  result.partial = is_partial;
  const int64_t m = queries.rows();
  result.neighbors.num_queries = m;
  result.neighbors.k = params.k;
  result.neighbors.rows.assign(static_cast<size_t>(m * params.k), -1);
  result.neighbors.values.assign(static_cast<size_t>(m * params.k), std::numeric_limits<float>::quiet_NaN());
  const bool is_exact = has_exact_keys(parts, plan);
  for (size_t q = 0; q < found.size(); ++q) {
    if (!is_partial && std::ssize(found[q]) < plan.wanted) fail_without_number();
    // A zero vector has cosine 0 to all.
    const bool scores_0 =
        parts.metric == Metric::kCosine && !is_exact && is_zero(queries.row<float>(static_cast<int64_t>(q)));
    int64_t count = 0;
    for (const TopK::Entry& entry : found[q]) {
      if (count == params.k) break;
      if (!params.excluded.empty() && params.excluded[q] == int64_t{entry.row}) continue;
      const size_t at = q * static_cast<size_t>(params.k) + static_cast<size_t>(count++);
      result.neighbors.rows[at] = entry.row;
      result.neighbors.values[at] = scores_0 ? 0.0F : value_of(entry.key, parts.metric, is_exact);
    }
    result.counts.push_back(count);
  }
  return result;
}

std::string plan_name(const IvfParts& parts, const IvfPlan& plan) {
  if (plan.wanted == 0) return "none: no row is allowed";
  if (plan.scans) return "scan of the allowed rows";
  if (!parts.has_codes()) return "lists";
  if (plan.by_bounds) return "codes in lists, then ranking by bounds";
  return plan.num_rescored > 0 ? "codes in lists, then ranking" : "codes in lists";
}

Value explanation(const IvfParts& parts, const IvfPlan& plan, const Expected& expected, int64_t num_allowed,
                  int64_t num_queries, const IvfWork& work) {
  const bool by_lists = plan.wanted > 0 && !plan.scans;
  const int64_t num_scanned = by_lists ? expected.rows : (plan.scans ? num_allowed : 0);
  const int64_t num_ranked = parts.has_codes() && by_lists ? plan.num_rescored : num_scanned;
  Value estimates =
      Value::object({{"allowed", num_allowed},
                     {"lists", num_queries * (by_lists ? expected.lists : 0)},
                     {"codes", num_queries * (parts.has_codes() && by_lists ? num_scanned : 0)}});
  // How many a bound lets through is known afterwards.
  if (!plan.by_bounds || plan.scans) estimates.set("distances", num_queries * num_ranked);
  const Value actuals = Value::object({{"allowed", num_allowed},
                                       {"lists", work.lists},
                                       {"codes", work.codes},
                                       {"distances", work.distances}});
  Value explained = Value::object({{"index", "ivf"}, {"plan", plan_name(parts, plan)}});
  explained.set("nlist", parts.centroids.size()).set("nprobe", plan.nprobe);
  return explained.set("estimates", std::move(estimates)).set("actuals", actuals);
}

}  // namespace

SearchResult search_ivf(const IvfParts& parts, const MatrixView& queries, const SearchParams& params,
                        const Context& context) {
  Matrix prepared = checked_queries(queries, parts.dim, params.k, context);
  if (parts.metric == Metric::kCosine) {
    const Matrix raw = prepared;
    normalize_rows(context, raw, prepared);
  }
  const RowSet& live = parts.rows.live;
  const AllowedBits allowed(params.allowed != nullptr ? *params.allowed & live : live, parts.rows.size());
  const auto options = options_from<IvfSearchOptions>(params.options);
  const Expected expected = expect(parts, options, allowed.size);
  const IvfPlan plan = make_plan(parts, options, params, expected, allowed.size);
  const AskedQueries asked(parts, prepared);
  IvfWork work;
  const std::vector<Entries> found = ListSearch(parts, plan, allowed, asked, context).run(work);
  SearchResult result = result_of(parts, plan, found, work.is_partial, prepared, params);
  if (params.explain) result.explain = explanation(parts, plan, expected, allowed.size, queries.rows, work);
  return result;
}

}  // namespace whitney::search
