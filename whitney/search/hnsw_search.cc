#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/search/hnsw_index.h"
#include "whitney/search/hnsw_request.h"
#include "whitney/search/hnsw_scan.h"
#include "whitney/search/hnsw_walk.h"
#include "whitney/search/row_scan.h"

namespace whitney::search {
namespace {

/// Queries of one task.
constexpr int64_t kQueriesPerTask = 16;
/// By how many standard errors an estimate from codes may be wrong before a walk misses a true neighbour.
constexpr float kErrors = 6;

/// A hit: what orders it (smaller first), then its row.
struct Hit {
  float order;
  uint32_t row;
  friend bool operator<(const Hit& a, const Hit& b) {
    return a.order != b.order ? a.order < b.order : a.row < b.row;
  }
};

/// The best hits so far, ascending; at most `capacity`.
class BestHits {
 public:
  explicit BestHits(int64_t capacity) : capacity_(static_cast<size_t>(capacity)) {
    hits_.reserve(std::min<size_t>(capacity_, 64));
  }
  bool is_full() const { return hits_.size() == capacity_; }
  int64_t num_missing() const { return static_cast<int64_t>(capacity_ - hits_.size()); }
  float worst() const { return hits_.back().order; }
  const std::vector<Hit>& hits() const { return hits_; }
  void clear() { hits_.clear(); }
  void push(Hit hit) {
    if (capacity_ == 0 || (is_full() && !(hit < hits_.back()))) return;
    if (is_full()) hits_.pop_back();
    hits_.insert(std::upper_bound(hits_.begin(), hits_.end(), hit), hit);
  }

 private:
  size_t capacity_;
  std::vector<Hit> hits_;
};

/// Answers the queries of a task.
class TaskSearch {
 public:
  TaskSearch(const HnswParts& parts, const HnswRequest& request, const SearchParams& params,
             const PreparedRows& queries, WalkScratch& scratch, SearchActuals& actuals, SearchResult& result)
      : parts_(parts),
        request_(request),
        params_(params),
        queries_(queries),
        view_(parts.graph.view()),
        scratch_(scratch),
        actuals_(actuals),
        result_(result) {
    scratch_.fit(view_);
    scratch_.deadline = params.deadline;
  }

  /// False when the deadline ended it.
  bool run(int64_t begin, int64_t end) {
    for (int64_t q = begin; q < end; ++q) {
      if (params_.deadline.is_past()) return false;
      timed([&] { answer(q); });
    }
    timed([&] { scan_together(); });
    return !is_partial_;
  }

 private:
  /// A query as it is read: what is due of rows with a node (ranked) and of zero vectors.
  struct Asked {
    double norm = 0;
    int64_t excluded = -1;
    int64_t due = 0, due_ranked = 0, num_zero = 0;
  };
  /// A query that waits for the scan of its task.
  struct Waiting {
    int64_t q = 0;
    Asked asked;
  };

  template <class Work>
  void timed(const Work& work) {
    if (!params_.explain) return work();
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
    actuals_.nanoseconds += time.count();
  }

  Asked read(int64_t q) {
    row_.resize(static_cast<size_t>(parts_.space.dim));
    Asked asked;
    asked.norm = queries_.read(q, row_.data());
    asked.excluded = params_.excluded.empty() ? -1 : params_.excluded[static_cast<size_t>(q)];
    const bool leaves_one_out =
        asked.excluded >= 0 && request_.is_candidate(static_cast<uint32_t>(asked.excluded));
    const bool leaves_zero_out =
        leaves_one_out && parts_.nodes.node_of(static_cast<uint32_t>(asked.excluded)) == kNoNode;
    asked.due = std::min(request_.k(), request_.num_allowed() - (leaves_one_out ? 1 : 0));
    asked.num_zero = request_.num_zero() - (leaves_zero_out ? 1 : 0);
    const int64_t num_ranked =
        request_.num_allowed() - request_.num_zero() - (leaves_one_out && !leaves_zero_out ? 1 : 0);
    asked.due_ranked = std::min(asked.due, num_ranked);
    return asked;
  }
  bool is_zero(const Asked& asked) const { return parts_.metric == Metric::kCosine && asked.norm == 0; }
  void prepare(const Asked& asked, PreparedQuery& query) const {
    query.prepare(parts_.space, parts_.metric, row_.data(), asked.norm, view_.padded_dim);
  }

  void answer(int64_t q) {
    asked_ = read(q);
    if (is_zero(asked_)) return answer_zero(q);
    BestHits best(asked_.due_ranked);
    query_ = &scratch_.query;
    if (asked_.due_ranked > 0) {
      prepare(asked_, scratch_.query);
      const bool is_found = walk(best);
      if (!is_found && codes_bound_distances(view_)) return wait_for_scan(q);
      if (!is_found) scan(best);
    }
    write(q, best);
  }

  /// Leaves the query that was prepared to scan_together.
  void wait_for_scan(int64_t q) {
    std::vector<ScanSlot>& slots = scratch_.scan.slots;
    // At once: a prepared query points into itself.
    if (slots.empty()) slots.resize(static_cast<size_t>(kQueriesPerTask));
    ScanSlot& slot = slots[waiting_.size()];
    std::swap(slot.query, scratch_.query);
    // A node may have no other row than the one that is left out.
    slot.candidates.reset(CodeBounds::of(slot.query, parts_.space),
                          asked_.due_ranked + (asked_.excluded >= 0 ? 1 : 0));
    waiting_.push_back({q, asked_});
  }

  /// All queries of the task that wait, by one pass over the codes.
  void scan_together() {
    if (waiting_.empty()) return;
    const std::span<ScanSlot> slots(scratch_.scan.slots.data(), waiting_.size());
    scan_slots(slots);
    for (size_t i = 0; i < waiting_.size(); ++i) {
      asked_ = waiting_[i].asked;
      BestHits best(asked_.due_ranked);
      rank(slots[i], best);
      write(waiting_[i].q, best);
    }
  }

  void scan_slots(std::span<ScanSlot> slots) {
    const std::span<const uint32_t> nodes = request_.passing_nodes();
    const int64_t num_scanned =
        search::scan_codes(view_, nodes, slots, params_.deadline, scratch_.scan.estimates);
    is_partial_ = is_partial_ || num_scanned < std::ssize(nodes);
    actuals_.distances += num_scanned * std::ssize(slots);
    actuals_.scans += std::ssize(slots);
  }
  void rank(ScanSlot& slot, BestHits& best) {
    query_ = &slot.query;
    const std::span<const CodeCandidates::Entry> entries = slot.candidates.finish();
    rank_ascending(
        entries.size(), best, [&](size_t i) { return entries[i].node; },
        [&](size_t i) {
          const double worst = query_->distance_of(exact_of(best.worst()), parts_.space.scale);
          return slot.candidates.may_enter(entries[i].estimate, worst);
        });
  }

  /// Fills `best` by comparing with the vectors of all nodes that pass.
  void scan(BestHits& best) {
    best.clear();
    ++actuals_.scans;
    constexpr size_t kChunk = 256;
    std::span<const uint32_t> nodes = request_.passing_nodes();
    for (; !nodes.empty(); nodes = nodes.subspan(std::min(kChunk, nodes.size()))) {
      if (params_.deadline.is_past()) {
        is_partial_ = true;
        return;
      }
      measure(nodes.first(std::min(kChunk, nodes.size())), best);
    }
  }

  /// Fills `best` by the graph; false when a scan must.
  bool walk(BestHits& best) {
    if (request_.scans_all()) {
      actuals_.expect(request_.planner().scan());
      return false;
    }
    const WalkCounters before = scratch_.counters;
    scratch_.is_stopped = false;
    const bool finished = request_.is_filtered() ? walk_filtered() : walk_all();
    actuals_.distances += scratch_.counters.distances - before.distances;
    actuals_.hops += scratch_.counters.hops - before.hops;
    actuals_.lists += scratch_.counters.lists - before.lists;
    actuals_.estimates += scratch_.counters.estimates - before.estimates;
    if (!finished) return false;
    rescore(best);
    is_partial_ = is_partial_ || scratch_.is_stopped;
    if (scratch_.is_stopped || std::ssize(best.hits()) == asked_.due_ranked) return true;
    ++actuals_.switched;
    return false;
  }

  bool walk_all() {
    PlanEstimate estimate = request_.planner().graph();
    estimate.plan = FilterPlan::kFilteredGraph;  // counted as the walk
    actuals_.expect(estimate);
    walk_unfiltered(request_.ef());
    return true;
  }
  void walk_unfiltered(int64_t ef) {
    if (request_.graph_walk() != nullptr) return request_.graph_walk()->walk(row_.data(), ef, scratch_);
    walk_unfiltered_from(start_of_walk(), ef);
  }
  void walk_unfiltered_from(uint32_t start, int64_t ef) {
    scratch_.pool.reset(ef);
    search_layer(view_, query_->code, start, 0, scratch_);
  }
  uint32_t start_of_walk() {
    return descend(view_, query_->code, parts_.graph.entry, parts_.graph.top_level, 1, scratch_);
  }

  bool walk_filtered() {
    const FilterPlanner& planner = request_.planner();
    if (!request_.is_forced() && planner.looks_roughly()) {
      const double rough = rough_share();
      if (planner.scan_is_best_near(rough)) {
        actuals_.expect(planner.scan(), rough);
        return false;
      }
    }
    const uint32_t start = start_of_walk();
    const double share = share_around(start);
    const PlanEstimate chosen = request_.plan_for(share);
    actuals_.expect(chosen, share);
    if (chosen.plan == FilterPlan::kScan) return false;
    if (chosen.plan == FilterPlan::kGraphThenFilter && walk_then_filter(start, chosen)) return true;
    const PlanEstimate filtered = planner.filtered_graph(share);
    const bool is_dearer = filtered.nanoseconds > planner.scan().nanoseconds;
    const bool finished =
        (chosen.plan == FilterPlan::kFilteredGraph || !is_dearer) && walk_passing(start, filtered);
    actuals_.switched += finished ? 0 : 1;
    return finished;
  }

  double share_around(uint32_t node) const { return passing_share(view_, node, request_.passing()); }
  /// Around the landmark nearest to the query: a quarter of a descent's time tells the region that it lies
  /// in.
  double rough_share() {
    const PassingNodes& passing = request_.passing_set();
    std::array<uint32_t, PassingNodes::kMostLandmarks> nodes;
    std::array<float, PassingNodes::kMostLandmarks> distances;
    const int64_t count = passing.num_landmarks();
    for (int64_t i = 0; i < count; ++i) nodes[static_cast<size_t>(i)] = passing.landmark(i);
    const auto measured = std::span(distances).first(static_cast<size_t>(count));
    walk_distances(view_, query_->code, std::span(nodes).first(measured.size()), measured.data());
    actuals_.distances += count;
    return passing.share_around_landmark(std::ranges::min_element(measured) - measured.begin());
  }

  /// False where too few of the nearest pass, or the walk took more than it may.
  bool walk_then_filter(uint32_t start, const PlanEstimate& estimate) {
    scratch_.is_spent = false;
    scratch_.most_distances =
        scratch_.counters.distances + static_cast<int64_t>(request_.planner().hard_budget(estimate));
    if (request_.graph_walk() != nullptr)
      request_.graph_walk()->walk(row_.data(), estimate.ef, scratch_);
    else
      walk_unfiltered_from(start, estimate.ef);
    scratch_.most_distances = std::numeric_limits<int64_t>::max();
    NodePool& pool = scratch_.pool;
    uint32_t kept = 0;
    const uint64_t* passing = request_.passing();
    for (uint32_t i = 0; i < pool.size; ++i) {
      const uint32_t node = NodePool::node_of(pool.keys[i]);
      if (((passing[node >> 6] >> (node & 63)) & 1) != 0) pool.keys[kept++] = pool.keys[i];
    }
    pool.size = kept;
    return scratch_.is_stopped || (!scratch_.is_spent && kept >= asked_.due_ranked);
  }

  bool walk_passing(uint32_t start, const PlanEstimate& estimate) {
    const FilterPlanner& planner = request_.planner();
    scratch_.pool.reset(estimate.ef);
    FilterWalk filter;
    filter.passing = request_.passing();
    constexpr double kNoLimit = std::numeric_limits<double>::infinity();
    filter.soft_budget = request_.is_forced() ? kNoLimit : planner.soft_budget(estimate);
    filter.hard_budget = request_.is_forced() ? kNoLimit : planner.hard_budget(estimate);
    filter.wanted = asked_.due_ranked;
    filter.links_cost = planner.costs().links / planner.costs().walk_distance;
    // Far from what passes, some of the nearest that do are linked to by nodes alone that do not (MNIST, the
    // half of the digits that a query does not lie in: recall .980 to .988 with 160 kept).
    if (estimate.is_far) filter.one_hop_share = 0.6;
    return search_filtered(view_, query_->code, start, request_.starts(), filter, scratch_);
  }

  /// Measures the nodes of the pool exactly, as far down as one may be among the best.
  void rescore(BestHits& best) {
    const NodePool& pool = scratch_.pool;
    rank_ascending(
        pool.size, best, [&](size_t i) { return NodePool::node_of(pool.keys[i]); },
        [&](size_t i) { return may_enter(NodePool::distance_of(pool.keys[i]), best.worst()); });
  }

  /// Measures nodes by ascending estimate, until none may be among the best any more.
  template <class NodeAt, class MayEnter>
  void rank_ascending(size_t size, BestHits& best, const NodeAt& node_at, const MayEnter& may_enter_at) {
    constexpr uint32_t kStep = 8;
    uint32_t nodes[kStep];
    for (size_t next = 0; next < size;) {
      const int64_t missing = best.num_missing();
      uint32_t count = 0;
      while (count < kStep && next < size && (missing > 0 ? count < missing : may_enter_at(next))) {
        nodes[count++] = node_at(next++);
      }
      if (count == 0) return;
      measure({nodes, count}, best);
    }
  }

  /// Whether a node of this estimate may be as near as what the exact kernel returned for another.
  bool may_enter(float estimate, float worst) const {
    if (parts_.space.precision == Precision::kFloat && !view_.exact_walk) return true;
    const CodeQuery& query = query_->code;
    const double worst_distance = query_->distance_of(exact_of(worst), parts_.space.scale);
    // Rounding adds its variance to every estimate and is off by its deviation times the distance.
    const double variance = query.error * query.error / 4.0;
    const double bias = variance * static_cast<double>(view_.dim);
    const double error = kErrors * (query.error * std::sqrt(static_cast<double>(estimate)) +
                                    2 * variance * std::sqrt(static_cast<double>(view_.dim)));
    return estimate - bias - error - query.rounding <= worst_distance;
  }

  /// Orders put the best first; the exact kernel's inner products are better when larger.
  float order_of(float exact) const { return query_->code.inner_product ? -exact : exact; }
  float exact_of(float order) const { return order_of(order); }

  void measure(std::span<const uint32_t> nodes, BestHits& best) {
    if (scratch_.batch_distances.size() < nodes.size()) scratch_.batch_distances.resize(nodes.size());
    exact_distances(view_, query_->code, nodes, scratch_.batch_distances.data());
    actuals_.exact_distances += std::ssize(nodes);
    const bool may_be_other = asked_.excluded >= 0 || !parts_.nodes.is_identity();
    for (size_t i = 0; i < nodes.size(); ++i) {
      const float order = order_of(scratch_.batch_distances[i]);
      if (!may_be_other) {
        best.push({order, nodes[i]});
        continue;
      }
      int64_t left = request_.k();
      parts_.nodes.visit_rows(nodes[i], [&](uint32_t row) {
        if (row == asked_.excluded || !request_.allows(row)) return true;
        best.push({order, row});
        return --left > 0;
      });
    }
  }

  int64_t* rows_of(int64_t q) { return &result_.neighbors.rows[static_cast<size_t>(q * request_.k())]; }
  float* values_of(int64_t q) { return &result_.neighbors.values[static_cast<size_t>(q * request_.k())]; }

  void write(int64_t q, const BestHits& best) {
    int64_t* rows = rows_of(q);
    float* values = values_of(q);
    int64_t count = 0;
    for (const Hit& hit : best.hits()) {
      rows[count] = hit.row;
      values[count++] = query_->value_of(exact_of(hit.order), parts_.space.scale, parts_.metric);
    }
    count += write_zeros(std::min(asked_.due - count, asked_.num_zero), count, rows, values);
    result_.counts[static_cast<size_t>(q)] = count;
  }

  /// A zero query scores 0 with every row: the first ones.
  void answer_zero(int64_t q) {
    int64_t count = 0;
    for (uint32_t row = 0; count < asked_.due; ++row) {
      if (row == asked_.excluded || !request_.is_candidate(row)) continue;
      rows_of(q)[count] = row;
      values_of(q)[count++] = 0;
    }
    result_.counts[static_cast<size_t>(q)] = count;
  }

  /// Zero vectors have no direction: they fill up what others leave, and stand where their score of 0 puts
  /// them.
  int64_t write_zeros(int64_t wanted, int64_t num_ranked, int64_t* rows, float* values) const {
    if (wanted <= 0) return 0;
    std::vector<std::pair<float, int64_t>> hits;
    for (int64_t i = 0; i < num_ranked; ++i) hits.emplace_back(-values[i], rows[i]);
    int64_t count = 0;
    for (const uint32_t row : parts_.nodes.zero_rows()) {
      if (count == wanted) break;
      if (row == asked_.excluded || !request_.allows(row)) continue;
      hits.emplace_back(0.0F, row);
      ++count;
    }
    std::ranges::sort(hits);
    for (size_t i = 0; i < hits.size(); ++i) {
      values[i] = 0.0F - hits[i].first;
      rows[i] = hits[i].second;
    }
    return count;
  }

  const HnswParts& parts_;
  const HnswRequest& request_;
  const SearchParams& params_;
  const PreparedRows& queries_;
  GraphView view_;
  WalkScratch& scratch_;
  SearchActuals& actuals_;
  SearchResult& result_;
  std::vector<Waiting> waiting_;
  // Of the query at hand.
  Asked asked_;
  std::vector<float> row_;
  const PreparedQuery* query_ = nullptr;
  bool is_partial_ = false;
};

}  // namespace

SearchResult search_hnsw(const HnswParts& parts, ScratchPool& scratch_pool, const MatrixView& queries,
                         const SearchParams& params, const Context& context, const GraphWalk* graph_walk) {
  const Matrix checked = checked_queries(queries, parts.space.dim, params.k, context);
  const int64_t num_together =
      codes_bound_distances(parts.graph.view()) ? std::min(queries.rows, kQueriesPerTask) : 1;
  const HnswRequest request(parts, params, num_together, graph_walk);
  const PreparedRows prepared(checked, parts.metric);
  const int64_t m = queries.rows, k = params.k;
  SearchResult result;
  result.neighbors.num_queries = m;
  result.neighbors.k = k;
  result.neighbors.rows.assign(static_cast<size_t>(m * k), -1);
  result.neighbors.values.assign(static_cast<size_t>(m * k), std::numeric_limits<float>::quiet_NaN());
  result.counts.resize(static_cast<size_t>(m));
  const auto num_tasks = static_cast<size_t>((m + kQueriesPerTask - 1) / kQueriesPerTask);
  std::vector<SearchActuals> actuals(num_tasks);
  std::vector<uint8_t> is_partial(num_tasks, 0);
  parallel_blocks(context, m, kQueriesPerTask, [&](int64_t begin, int64_t end) {
    const auto task = static_cast<size_t>(begin / kQueriesPerTask);
    std::unique_ptr<WalkScratch> scratch = scratch_pool.take();
    TaskSearch search(parts, request, params, prepared, *scratch, actuals[task], result);
    is_partial[task] = search.run(begin, end) ? 0 : 1;
    scratch_pool.give(std::move(scratch));
  });
  result.partial = std::ranges::find(is_partial, 1) != is_partial.end();
  if (params.explain) {
    SearchActuals total;
    for (const SearchActuals& part : actuals) total.add(part);
    result.explain = explain_search(request, total);
  }
  return result;
}

}  // namespace whitney::search
