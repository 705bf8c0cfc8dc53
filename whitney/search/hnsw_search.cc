#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/search/hnsw_index.h"
#include "whitney/search/hnsw_walk.h"
#include "whitney/search/row_scan.h"

namespace whitney::search {
namespace {

/// Below so many passing vectors (or a share 1 / 2M of all) a scan costs less than a filtered walk; measured
/// on MNIST and DEEP.
constexpr int64_t kScanAtMost = 2000;
/// Queries of one task.
constexpr int64_t kQueriesPerTask = 16;
/// By how many standard errors an estimate from codes may be wrong before a true neighbour is missed.
constexpr float kErrors = 6;

enum class Plan : uint8_t { kGraph, kFilteredGraph, kScan };

std::string_view name_of(Plan plan) {
  switch (plan) {
    case Plan::kGraph:
      return "graph";
    case Plan::kFilteredGraph:
      return "filtered graph";
    case Plan::kScan:
      break;
  }
  return "scan";
}

/// Distances that a walk was measured to take, roughly: 4 to 8 for each of ef.
int64_t estimated_distances(int64_t ef) { return 150 + 7 * ef; }

struct Actuals {
  int64_t distances = 0;
  int64_t hops = 0;
  int64_t exact_distances = 0;
  int64_t scans = 0;
  int64_t estimates = 0;

  void add(const Actuals& other) {
    distances += other.distances;
    hops += other.hops;
    exact_distances += other.exact_distances;
    scans += other.scans;
    estimates += other.estimates;
  }
};

/// What all queries of a call share.
class Request {
 public:
  Request(const HnswParts& parts, const SearchParams& params, const GraphWalk* walk)
      : graph_walk(walk), parts_(parts) {
    const RowSet& live = parts.rows.live;
    k = params.k;
    num_allowed = live.size();
    if (params.allowed != nullptr) {
      allowed = *params.allowed & live;
      num_allowed = allowed.size();
      is_filtered = num_allowed < live.size();
    }
    num_zero = std::ssize(parts.nodes.zero_rows());
    if (is_filtered) mark_passing();
    HnswSearchOptions options;
    if (const Value* given = params.options.find("ef")) options.ef = static_cast<int>(given->as_int());
    const int64_t num_nodes = parts.graph.num_nodes;
    // The row to leave out takes a place of its own.
    ef = std::min(std::max<int64_t>(options.ef, std::min(k, num_allowed) + 1),
                  std::max<int64_t>(num_nodes, 1));
    plan = choose_plan(params.exact);
  }

  bool allows(uint32_t row) const { return !is_filtered || ((row_bits[row >> 6] >> (row & 63)) & 1) != 0; }
  bool passes(uint32_t node) const {
    return !is_filtered || ((passing()[node >> 6] >> (node & 63)) & 1) != 0;
  }
  const uint64_t* passing() const { return parts_.nodes.is_identity() ? row_bits.data() : node_bits.data(); }

  int64_t k = 0, ef = 0, num_allowed = 0, num_passing = 0, num_zero = 0;
  bool is_filtered = false;
  Plan plan = Plan::kScan;
  RowSet allowed;
  std::vector<uint64_t> row_bits, node_bits;
  /// Passing nodes where filtered walks also begin.
  std::vector<uint32_t> starts;
  const GraphWalk* graph_walk;

 private:
  void mark_passing() {
    const int64_t num_rows = parts_.rows.size();
    row_bits = allowed.bits(num_rows);
    num_zero = std::ranges::count_if(parts_.nodes.zero_rows(), [&](uint32_t row) { return allows(row); });
    num_passing = num_allowed;
    if (parts_.nodes.is_identity()) return;
    node_bits.assign(static_cast<size_t>((parts_.graph.num_nodes + 63) / 64), 0);
    num_passing = 0;
    for (const uint32_t row : allowed.rows()) {
      const uint32_t node = parts_.nodes.node_of(row);
      if (node == kNoNode) continue;
      uint64_t& word = node_bits[node >> 6];
      const uint64_t bit = uint64_t{1} << (node & 63);
      num_passing += (word & bit) == 0;
      word |= bit;
    }
  }

  Plan choose_plan(bool exact) {
    const int64_t num_nodes = parts_.graph.num_nodes;
    if (!is_filtered) num_passing = num_nodes;
    if (exact || num_passing <= estimated_distances(ef)) return Plan::kScan;
    if (!is_filtered) return Plan::kGraph;
    if (num_passing < std::max(kScanAtMost, num_nodes / (2 * parts_.graph.m))) return Plan::kScan;
    for (const int64_t at : {num_allowed / 6, num_allowed / 2, num_allowed * 5 / 6}) {
      const uint32_t node = parts_.nodes.node_of(allowed.select(at));
      if (node != kNoNode) starts.push_back(node);
    }
    return Plan::kFilteredGraph;
  }

  const HnswParts& parts_;
};

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
  explicit BestHits(int64_t capacity) : capacity_(static_cast<size_t>(capacity)) {}
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

/// Answers one query.
class QuerySearch {
 public:
  QuerySearch(const HnswParts& parts, const Request& request, WalkScratch& scratch, Actuals& actuals)
      : parts_(parts), request_(request), view_(parts.graph.view()), scratch_(scratch), actuals_(actuals) {
    scratch_.fit(view_);
  }

  /// Writes the hits into rows and values (k each); returns how many.
  int64_t answer(const float* query, double norm, int64_t excluded, int64_t* rows, float* values) {
    excluded_ = excluded;
    raw_query_ = query;
    const bool leaves_one_out = excluded >= 0 && is_candidate(static_cast<uint32_t>(excluded));
    const int64_t due = std::min(request_.k, request_.num_allowed - (leaves_one_out ? 1 : 0));
    if (parts_.metric == Metric::kCosine && norm == 0) return answer_zero(due, rows, values);
    const bool leaves_zero_out =
        leaves_one_out && parts_.nodes.node_of(static_cast<uint32_t>(excluded)) == kNoNode;
    const int64_t num_zero = request_.num_zero - (leaves_zero_out ? 1 : 0);
    const int64_t num_ranked =
        request_.num_allowed - request_.num_zero - (leaves_one_out && !leaves_zero_out ? 1 : 0);
    const int64_t due_ranked = std::min(due, num_ranked);
    BestHits best(due_ranked);
    if (due_ranked > 0) {
      scratch_.query.prepare(parts_.space, parts_.metric, query, norm, view_.padded_dim);
      if (!walk(best, due_ranked)) scan(best);
    }
    const int64_t count = write(best, rows, values);
    return count + write_zeros(std::min(due - count, num_zero), count, rows, values);
  }

 private:
  bool is_candidate(uint32_t row) const {
    return request_.is_filtered ? request_.allows(row) : parts_.rows.live.contains(row);
  }

  /// A zero query scores 0 with every row: the first ones.
  int64_t answer_zero(int64_t due, int64_t* rows, float* values) const {
    int64_t count = 0;
    for (uint32_t row = 0; count < due; ++row) {
      if (row == excluded_ || !is_candidate(row)) continue;
      rows[count] = row;
      values[count++] = 0;
    }
    return count;
  }

  /// Fills `best` by the graph; false when a scan must.
  bool walk(BestHits& best, int64_t due) {
    if (request_.plan == Plan::kScan) return false;
    const CodeQuery& query = scratch_.query.code;
    const WalkCounters before = scratch_.counters;
    const HnswGraph& graph = parts_.graph;
    bool finished = true;
    if (request_.plan == Plan::kGraph && request_.graph_walk != nullptr) {
      request_.graph_walk->walk(raw_query_, request_.ef, scratch_);
    } else if (request_.plan == Plan::kGraph) {
      scratch_.pool.reset(request_.ef);
      search_layer(view_, query, descend(view_, query, graph.entry, graph.top_level, 1, scratch_), 0,
                   scratch_);
    } else {
      const uint32_t start = descend(view_, query, graph.entry, graph.top_level, 1, scratch_);
      scratch_.pool.reset(request_.ef);
      FilterWalk filter;
      filter.passing = request_.passing();
      filter.soft_budget = 2 * estimated_distances(request_.ef);
      filter.hard_budget = std::max(request_.num_passing, filter.soft_budget);
      filter.wanted = std::min(request_.k, request_.num_passing);
      finished = search_filtered(view_, query, start, request_.starts, filter, scratch_);
    }
    actuals_.distances += scratch_.counters.distances - before.distances;
    actuals_.hops += scratch_.counters.hops - before.hops;
    actuals_.estimates += scratch_.counters.estimates - before.estimates;
    if (!finished) return false;
    rescore(best);
    return std::ssize(best.hits()) == due;
  }

  /// Measures the nodes of the pool exactly, as far down as one may be among the best.
  void rescore(BestHits& best) {
    const NodePool& pool = scratch_.pool;
    constexpr uint32_t kStep = 8;
    uint32_t nodes[kStep];
    for (uint32_t next = 0; next < pool.size;) {
      const int64_t missing = best.num_missing();
      uint32_t count = 0;
      while (
          count < kStep && next < pool.size &&
          (missing > 0 ? count < missing : may_enter(NodePool::distance_of(pool.keys[next]), best.worst()))) {
        nodes[count++] = NodePool::node_of(pool.keys[next++]);
      }
      if (count == 0) return;
      measure({nodes, count}, best);
    }
  }

  /// Whether a node of this estimate may be as near as what the exact kernel returned for another.
  bool may_enter(float estimate, float worst) const {
    if (parts_.space.precision == Precision::kFloat && !view_.exact_walk) return true;
    const CodeQuery& query = scratch_.query.code;
    const double worst_distance = scratch_.query.distance_of(exact_of(worst), parts_.space.scale);
    // Rounding adds its variance to every estimate and is off by its deviation times the distance.
    const double variance = query.error * query.error / 4.0;
    const double bias = variance * static_cast<double>(view_.dim);
    const double error = kErrors * (query.error * std::sqrt(static_cast<double>(estimate)) +
                                    2 * variance * std::sqrt(static_cast<double>(view_.dim)));
    return estimate - bias - error - query.rounding <= worst_distance;
  }

  /// Orders put the best first; the exact kernel's inner products are better when larger.
  float order_of(float exact) const { return scratch_.query.code.inner_product ? -exact : exact; }
  float exact_of(float order) const { return order_of(order); }

  void measure(std::span<const uint32_t> nodes, BestHits& best) {
    if (scratch_.batch_distances.size() < nodes.size()) scratch_.batch_distances.resize(nodes.size());
    exact_distances(view_, scratch_.query.code, nodes, scratch_.batch_distances.data());
    actuals_.exact_distances += std::ssize(nodes);
    for (size_t i = 0; i < nodes.size(); ++i) {
      const float order = order_of(scratch_.batch_distances[i]);
      int64_t left = request_.k;
      parts_.nodes.visit_rows(nodes[i], [&](uint32_t row) {
        if (row == excluded_ || !request_.allows(row)) return true;
        best.push({order, row});
        return --left > 0;
      });
    }
  }

  void scan(BestHits& best) {
    ++actuals_.scans;
    best.clear();
    constexpr size_t kChunk = 256;
    std::vector<uint32_t> chunk;
    chunk.reserve(kChunk);
    for (uint32_t node = 0; node < view_.num_nodes; ++node) {
      if (request_.passes(node)) chunk.push_back(node);
      if (chunk.size() < kChunk && node + 1 < view_.num_nodes) continue;
      measure(chunk, best);
      chunk.clear();
    }
  }

  int64_t write(const BestHits& best, int64_t* rows, float* values) const {
    int64_t count = 0;
    for (const Hit& hit : best.hits()) {
      rows[count] = hit.row;
      values[count++] = scratch_.query.value_of(exact_of(hit.order), parts_.space.scale, parts_.metric);
    }
    return count;
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
      if (row == excluded_ || !request_.allows(row)) continue;
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
  const Request& request_;
  GraphView view_;
  WalkScratch& scratch_;
  Actuals& actuals_;
  const float* raw_query_ = nullptr;
  int64_t excluded_ = -1;
};

Value explain(const Request& request, int64_t num_queries, const Actuals& actuals) {
  const int64_t estimate =
      request.plan == Plan::kScan ? request.num_passing : estimated_distances(request.ef);
  const std::string_view index = request.graph_walk == nullptr ? "hnsw" : request.graph_walk->name();
  Value explained = Value::object({{"index", index}, {"plan", name_of(request.plan)}});
  explained.set("estimates",
                Value::object({{"allowed", request.num_allowed}, {"distances", num_queries * estimate}}));
  Value spent = Value::object({{"allowed", request.num_allowed},
                               {"distances", actuals.distances},
                               {"exact_distances", actuals.exact_distances},
                               {"hops", actuals.hops},
                               {"scans", actuals.scans}});
  if (request.graph_walk != nullptr) spent.set("estimates", actuals.estimates);
  explained.set("actuals", std::move(spent));
  return explained;
}

}  // namespace

SearchResult search_hnsw(const HnswParts& parts, ScratchPool& scratch_pool, const MatrixView& queries,
                         const SearchParams& params, const Context& context, const GraphWalk* graph_walk) {
  if (params.k < 1) throw UsageError(concat("k is ", params.k, "; a search returns at least 1 hit"));
  const Matrix checked = checked_queries(queries, parts.space.dim, params.k, context);
  const Request request(parts, params, graph_walk);
  const PreparedRows prepared(checked, parts.metric);
  const int64_t m = queries.rows, k = params.k;
  SearchResult result;
  result.neighbors.num_queries = m;
  result.neighbors.k = k;
  result.neighbors.rows.assign(static_cast<size_t>(m * k), -1);
  result.neighbors.values.assign(static_cast<size_t>(m * k), std::numeric_limits<float>::quiet_NaN());
  result.counts.resize(static_cast<size_t>(m));
  std::vector<Actuals> actuals(static_cast<size_t>((m + kQueriesPerTask - 1) / kQueriesPerTask));
  parallel_blocks(context, m, kQueriesPerTask, [&](int64_t begin, int64_t end) {
    std::unique_ptr<WalkScratch> scratch = scratch_pool.take();
    QuerySearch search(parts, request, *scratch, actuals[static_cast<size_t>(begin / kQueriesPerTask)]);
    std::vector<float> query(static_cast<size_t>(parts.space.dim));
    for (int64_t q = begin; q < end; ++q) {
      const double norm = prepared.read(q, query.data());
      const int64_t excluded = params.excluded.empty() ? -1 : params.excluded[static_cast<size_t>(q)];
      result.counts[static_cast<size_t>(q)] =
          search.answer(query.data(), norm, excluded, &result.neighbors.rows[static_cast<size_t>(q * k)],
                        &result.neighbors.values[static_cast<size_t>(q * k)]);
    }
    scratch_pool.give(std::move(scratch));
  });
  if (params.explain) {
    Actuals total;
    for (const Actuals& part : actuals) total.add(part);
    result.explain = explain(request, m, total);
  }
  return result;
}

}  // namespace whitney::search
