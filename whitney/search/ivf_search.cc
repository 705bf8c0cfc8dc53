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

/// The hits of each query, and whether a scan found them.
struct Found {
  std::vector<Entries> entries;
  std::vector<uint8_t> scanned;
};

/// Queries that a task measures centroids for at once, numbers that these are at most, and queries that share
/// the reading of lists of vectors.
constexpr int64_t kMeasuredAtOnce = 256, kMostMeasured = 4 << 20, kMostOfTask = 1024;
/// Rows that a task scans.
constexpr int64_t kScanRows = 4096;
/// Lists, and rows, from one look at the clock and for a request to stop to the next.
constexpr size_t kVisitsPerLook = 64, kRowsPerLook = 1024;

/// The allowed and live rows: which, and how many. Those of a filter that is met again are known well enough:
/// of these nothing is copied.
class AllowedRows {
 public:
  AllowedRows(const RowSet* given, const IndexRows& rows) : num_rows_(rows.size()) {
    const RowSet& live = rows.live;
    if (given == nullptr) {
      set_ = &live;
    } else if (live.size() == num_rows_ && (given->empty() || given->select(given->size() - 1) < num_rows_)) {
      set_ = given;
    } else {
      both_ = *given & live;
      set_ = &both_;
    }
    size_ = set_->size();
  }
  AllowedRows(const AllowedRows&) = delete;
  AllowedRows& operator=(const AllowedRows&) = delete;

  const RowSet& set() const { return *set_; }
  int64_t size() const { return size_; }
  /// Whether some row is left out.
  bool is_filtered() const { return size_ < num_rows_; }

  /// What lists ask, for that plan: bits, or what was kept of a filter that is met again, and regions where
  /// it looks around.
  void prepare_lists(const IvfParts& parts, const IvfPlan& plan, const SearchParams& params) {
    if (!is_filtered() || plan.scans) return;
    // To find out about all lists takes longer than a search: it is worth it from the second on.
    if (params.memo != nullptr && params.allowed != nullptr &&
        KeptPlaces::size_bytes_of(parts, size_) <= FilterMemo::kMostBytes && params.memo->is_met_again()) {
      kept_ = params.memo->get<KeptPlaces>(
          [&] { return std::make_shared<const KeptPlaces>(parts, set_->bits(num_rows_), size_); });
      regions_ = kept_->regions();
      return;
    }
    bits_ = set_->bits(num_rows_);
    if (plan.looks_around) regions_ = list_regions(parts, bits_, size_);
  }
  PassingPlaces places(const IvfParts& parts) const { return {parts, is_filtered(), bits_, kept_.get()}; }
  const ListRegions& regions() const { return regions_; }

 private:
  int64_t num_rows_ = 0, size_ = 0;
  const RowSet* set_ = nullptr;
  RowSet both_;
  std::vector<uint64_t> bits_;
  std::shared_ptr<const KeptPlaces> kept_;
  ListRegions regions_{};
};

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
    clear_nan(measured);
  }
  /// The same of the landmarks, and then of the others for some of these queries: [first, last) of
  /// [begin, end).
  void measure_landmarks(int64_t begin, int64_t end, std::vector<float>& measured) const {
    measured.resize(static_cast<size_t>((end - begin) * parts_.centroids.stride()));
    parts_.centroids.measure_landmarks(centred_.view().slice(begin, end), measured.data());
    for (int64_t q = begin; q < end; ++q) {
      clear_nan(std::span(measured).subspan(static_cast<size_t>((q - begin) * parts_.centroids.stride()),
                                            static_cast<size_t>(parts_.centroids.num_landmarks())));
    }
  }
  void measure_others(int64_t begin, int64_t first, int64_t last, std::vector<float>& measured) const {
    const int64_t stride = parts_.centroids.stride();
    float* out = measured.data() + (first - begin) * stride;
    parts_.centroids.measure_others(centred_.view().slice(first, last), out);
    clear_nan({out, static_cast<size_t>((last - first) * stride)});
  }
  IvfQuery query(int64_t q, const float* measured) const {
    IvfQuery result{queries_.row<float>(q).data(), centred_.row<float>(q).data(), measured, 0};
    result.square = distance(Kernel::kInnerProduct, result.centred, result.centred, parts_.dim);
    return result;
  }
  const float* vector(int64_t q) const { return queries_.row<float>(q).data(); }
  int64_t size() const { return queries_.rows(); }

 private:
  static void clear_nan(std::span<float> measured) {
    for (float& value : measured) value = value == value ? value : std::numeric_limits<float>::infinity();
  }
  const IvfParts& parts_;
  const Matrix& queries_;
  Matrix centred_;
};

class ListSearch {
 public:
  ListSearch(const IvfParts& parts, const IvfPlan& plan, const AllowedRows& allowed,
             const AskedQueries& asked, const Context& context)
      : parts_(parts), plan_(plan), allowed_(allowed), asked_(asked), context_(context) {}

  Found run(IvfWork& work) {
    found_.scanned.assign(static_cast<size_t>(asked_.size()), plan_.scans ? 1 : 0);
    found_.entries.resize(static_cast<size_t>(asked_.size()));
    if (plan_.wanted == 0) return std::move(found_);
    if (plan_.scans) {
      std::vector<int64_t> all(static_cast<size_t>(asked_.size()));
      std::iota(all.begin(), all.end(), int64_t{0});
      scan_allowed(all, work);
      return std::move(found_);
    }
    // What is found depends on no other query: any cut will do.
    const int64_t share = (asked_.size() + context_.num_threads() - 1) / context_.num_threads();
    const int64_t most = parts_.has_codes() ? measured_at_once() : kMostOfTask;
    const int64_t of_task = std::clamp<int64_t>(share, 1, most);
    const int64_t num_tasks = (asked_.size() + of_task - 1) / of_task;
    std::vector<TaskResult> results(static_cast<size_t>(num_tasks));
    parallel_for(context_, num_tasks, [&](int64_t task) {
      const int64_t begin = task * of_task, end = std::min(begin + of_task, asked_.size());
      TaskResult& own = results[static_cast<size_t>(task)];
      if (parts_.has_codes())
        by_codes(begin, end, own);
      else
        by_vectors(begin, end, own);
    });
    std::vector<int64_t> waiting;
    for (const TaskResult& own : results) {
      work += own.work;
      waiting.insert(waiting.end(), own.waiting.begin(), own.waiting.end());
    }
    if (!waiting.empty() && !work.is_partial) scan_allowed(waiting, work);
    return std::move(found_);
  }

 private:
  /// What a task did, and the queries that wait for a scan.
  struct TaskResult {
    IvfWork work;
    std::vector<int64_t> waiting;
  };

  std::span<const float> of_query(const std::vector<float>& measured, int64_t i) const {
    return std::span(measured).subspan(static_cast<size_t>(i * parts_.centroids.stride()),
                                       static_cast<size_t>(parts_.centroids.size()));
  }

  /// Of each query of some the lists that it is expected to take; kScanned: a look around hands it to a scan.
  static constexpr int64_t kScanned = -1;

  /// Measures centroids for some queries, only the landmarks for those that get kScanned.
  std::vector<int64_t> measure(int64_t begin, int64_t end, std::vector<float>& measured) const {
    std::vector<int64_t> expected(static_cast<size_t>(end - begin), plan_.expected.lists);
    if (!plan_.looks_around) {
      asked_.measure(begin, end, measured);
      return expected;
    }
    asked_.measure_landmarks(begin, end, measured);
    for (int64_t i = 0; i < end - begin; ++i) {
      const ListsSeen around = lists_around(parts_, plan_, allowed_.regions(), of_query(measured, i));
      expected[static_cast<size_t>(i)] = plan_.planner->prefers_scan(around) ? kScanned : around.lists;
    }
    const auto is_scanned = [](int64_t lists) { return lists == kScanned; };
    for (auto first = std::ranges::find_if_not(expected, is_scanned); first != expected.end();) {
      const auto last = std::find_if(first, expected.end(), is_scanned);
      asked_.measure_others(begin, begin + (first - expected.begin()), begin + (last - expected.begin()),
                            measured);
      first = std::find_if_not(last, expected.end(), is_scanned);
    }
    return expected;
  }

  /// The lists of a query, of which so many are expected, or that a scan waits for it.
  ChosenLists choose(int64_t expected, std::span<const float> numbers, PassingPlaces& passing,
                     IvfWork& work) const {
    if (expected != kScanned) return nearest_lists(plan_, numbers, expected, passing, work);
    ++work.switched;
    return {.lists = {}, .scans = true};
  }

  int64_t measured_at_once() const {
    return std::clamp<int64_t>(kMostMeasured / parts_.centroids.stride(), 1, kMeasuredAtOnce);
  }

  void by_codes(int64_t begin, int64_t end, TaskResult& result) {
    IvfWork& work = result.work;
    PassingPlaces passing = allowed_.places(parts_);
    std::vector<float> measured;
    const std::vector<int64_t> expected = measure(begin, end, measured);
    for (int64_t q = begin; q < end && !work.is_partial; ++q) {
      context_.check_cancelled();
      const std::span<const float> numbers = of_query(measured, q - begin);
      const ChosenLists chosen = choose(expected[static_cast<size_t>(q - begin)], numbers, passing, work);
      if (chosen.scans) {
        result.waiting.push_back(q);
        continue;
      }
      found_.entries[static_cast<size_t>(q)] =
          search_codes(parts_, plan_, asked_.query(q, numbers.data()), chosen.lists, passing, work);
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

  /// Asks memory for what the visits to come read: where few rows of a list pass, a search would wait for
  /// each list and for each row.
  void prefetch_next(std::span<const Visit> next, PassingPlaces& passing) const {
    constexpr size_t kLists = 6, kVectors = 2;
    if (next.size() > kLists) __builtin_prefetch(&parts_.lists[next[kLists].list]);
    if (next.size() <= kVectors) return;
    const uint32_t list = next[kVectors].list;
    prefetch_vectors(parts_, list, passing.of(list));
  }

  /// A list is read from memory once for all queries of the task.
  void by_vectors(int64_t begin, int64_t end, TaskResult& result) {
    IvfWork& work = result.work;
    PassingPlaces passing = allowed_.places(parts_);
    std::vector<Visit> visits;
    std::vector<TopK> tops(static_cast<size_t>(end - begin), TopK(plan_.wanted));
    std::vector<float> measured;
    for (int64_t first = begin; first < end; first += measured_at_once()) {
      const int64_t last = std::min(first + measured_at_once(), end);
      const std::vector<int64_t> expected = measure(first, last, measured);
      for (int64_t q = first; q < last; ++q) {
        const std::span<const float> numbers = of_query(measured, q - first);
        const IvfQuery query = asked_.query(q, numbers.data());
        const ChosenLists chosen = choose(expected[static_cast<size_t>(q - first)], numbers, passing, work);
        if (chosen.scans) {
          result.waiting.push_back(q);
          continue;
        }
        for (const uint32_t list : chosen.lists) {
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
      prefetch_next(std::span(visits).subspan(i + 1), passing);
      if (least_key > tops[q].bound() || passing.of(list).count == 0) continue;
      ++work.lists;
      scan_vectors(parts_, list, passing.of(list), asked_.vector(begin + q), tops[q], work);
    }
    for (int64_t q = begin; q < end; ++q)
      found_.entries[static_cast<size_t>(q)] = tops[static_cast<size_t>(q - begin)].take();
  }

  /// Ranks every allowed row for some queries, few of them by ranges of rows.
  void scan_allowed(std::span<const int64_t> queries, IvfWork& work) {
    const std::vector<uint32_t> rows = allowed_.set().rows();
    const int64_t num_queries = std::ssize(queries);
    const int64_t wanted_ranges = num_queries >= 64 ? 1 : std::min<int64_t>(64, std::ssize(rows) / kScanRows);
    const int64_t num_ranges = std::max<int64_t>(1, wanted_ranges);
    std::vector<Entries> parts_found(static_cast<size_t>(num_queries * num_ranges));
    std::vector<IvfWork> works(parts_found.size());
    parallel_for(context_, num_queries * num_ranges, [&](int64_t task) {
      const int64_t q = queries[static_cast<size_t>(task / num_ranges)], range = task % num_ranges;
      const auto begin = static_cast<size_t>(std::ssize(rows) * range / num_ranges);
      const auto end = static_cast<size_t>(std::ssize(rows) * (range + 1) / num_ranges);
      parts_found[static_cast<size_t>(task)] =
          rank_all(q, std::span(rows).subspan(begin, end - begin), works[static_cast<size_t>(task)]);
    });
    for (const IvfWork& own : works) work += own;
    for (size_t i = 0; i < queries.size(); ++i) {
      TopK top(plan_.wanted);
      for (size_t range = 0; range < static_cast<size_t>(num_ranges); ++range) {
        for (const TopK::Entry& entry : parts_found[i * static_cast<size_t>(num_ranges) + range])
          top.push(entry.key, entry.row);
      }
      found_.scanned[static_cast<size_t>(queries[i])] = 1;
      found_.entries[static_cast<size_t>(queries[i])] = top.take();
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
  const AllowedRows& allowed_;
  const AskedQueries& asked_;
  const Context& context_;
  Found found_;
};

/// True where keys are those of full vectors, not of what codes or bytes tell.
bool has_exact_keys(const IvfParts& parts, const IvfPlan& plan, bool scanned) {
  return parts.has_vectors() && (!parts.has_codes() || scanned || plan.by_bounds || plan.num_rescored > 0);
}

float value_of(float key, Metric metric, bool is_exact) {
  if (metric == Metric::kInnerProduct) return 0.0F - key;
  if (metric == Metric::kL2) return is_exact ? key : std::sqrt(std::max(key, 0.0F));
  return is_exact ? 0.0F - key : 1 - key / 2;
}

bool is_zero(std::span<const float> query) {
  return std::ranges::all_of(query, [](float value) { return value == 0; });
}

SearchResult result_of(const IvfParts& parts, const IvfPlan& plan, const Found& found, bool is_partial,
                       const Matrix& queries, const SearchParams& params) {
  SearchResult result;
  result.partial = is_partial;
  const int64_t m = queries.rows();
  result.neighbors.num_queries = m;
  result.neighbors.k = params.k;
  result.neighbors.rows.assign(static_cast<size_t>(m * params.k), -1);
  result.neighbors.values.assign(static_cast<size_t>(m * params.k), std::numeric_limits<float>::quiet_NaN());
  for (size_t q = 0; q < found.entries.size(); ++q) {
    const bool is_exact = has_exact_keys(parts, plan, found.scanned[q] != 0);
    if (!is_partial && std::ssize(found.entries[q]) < plan.wanted) fail_without_number();
    // A zero vector has cosine 0 to all.
    const bool scores_0 =
        parts.metric == Metric::kCosine && !is_exact && is_zero(queries.row<float>(static_cast<int64_t>(q)));
    int64_t count = 0;
    for (const TopK::Entry& entry : found.entries[q]) {
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

Value explanation(const IvfParts& parts, const IvfPlan& plan, int64_t num_allowed, int64_t num_queries,
                  const IvfWork& work) {
  const bool by_lists = plan.wanted > 0 && !plan.scans;
  const int64_t num_scanned = plan.wanted == 0 ? 0 : (plan.scans ? num_allowed : plan.expected.compared);
  const int64_t num_ranked = parts.has_codes() && by_lists ? plan.num_rescored : num_scanned;
  Value estimates =
      Value::object({{"allowed", num_allowed},
                     {"lists", num_queries * (by_lists ? plan.expected.lists : 0)},
                     {"codes", num_queries * (parts.has_codes() && by_lists ? num_scanned : 0)}});
  // How many a bound lets through is known afterwards.
  if (!plan.by_bounds || plan.scans) estimates.set("distances", num_queries * num_ranked);
  Value actuals = Value::object({{"allowed", num_allowed},
                                 {"seen", work.seen},
                                 {"passing", work.passing},
                                 {"lists", work.lists},
                                 {"codes", work.codes},
                                 {"distances", work.distances}});
  Value explained = Value::object({{"index", "ivf"}, {"plan", plan_name(parts, plan)}});
  explained.set("nlist", parts.centroids.size()).set("nprobe", plan.nprobe);
  if (num_allowed < parts.rows.size()) actuals.set("tested", work.tested);
  if (plan.planner) {
    Value costs = Value::object({{"from", parts.costs ? "measured" : "standard"}});
    const Value steps = plan.planner->costs().to_value();
    for (const auto& [step, cost] : steps.as_object()) costs.set(step, cost);
    explained.set("costs", std::move(costs));
    const auto queries = static_cast<double>(num_queries);
    estimates.set("microseconds_of_scan", queries * plan.planner->scan() / 1000);
    estimates.set("microseconds_of_lists", queries * plan.planner->lists(plan.expected) / 1000);
    actuals.set("switched", work.switched);
  }
  return explained.set("estimates", std::move(estimates)).set("actuals", std::move(actuals));
}

}  // namespace

SearchResult search_ivf(const IvfParts& parts, const MatrixView& queries, const SearchParams& params,
                        const Context& context) {
  Matrix prepared = checked_queries(queries, parts.dim, params.k, context);
  if (parts.metric == Metric::kCosine) {
    const Matrix raw = prepared;
    normalize_rows(context, raw, prepared);
  }
  AllowedRows allowed(params.allowed, parts.rows);
  const IvfPlan plan = plan_ivf(parts, params, allowed.size());
  allowed.prepare_lists(parts, plan, params);
  const AskedQueries asked(parts, prepared);
  IvfWork work;
  const Found found = ListSearch(parts, plan, allowed, asked, context).run(work);
  SearchResult result = result_of(parts, plan, found, work.is_partial, prepared, params);
  if (params.explain) result.explain = explanation(parts, plan, allowed.size(), queries.rows, work);
  return result;
}

}  // namespace whitney::search
