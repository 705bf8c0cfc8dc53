#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/distance.h"
#include "whitney/search/best_rows.h"
#include "whitney/search/keyed_hits.h"
#include "whitney/search/multi_vector_index.h"
#include "whitney/search/multi_vector_kernels.h"

namespace whitney::search {
namespace {

// Of an exact search: query vectors that are multiplied together, so that a row's vectors are read once for
// several queries, and rows whose scores are held at a time.
constexpr int64_t kQueryVectorsAtOnce = 192, kRowsAtOnce = 4096;

// What a query came to, for `explain`.
struct MultiVectorOutcome {
  bool is_scan = false;
  int64_t num_vectors = 0, probed = 0, candidates = 0, compared = 0;
  /// The deadline ended it.
  bool is_partial = false;
};

struct MultiVectorQuestion {
  const MultiVectorParts& parts;
  VectorSets queries;
  /// Ascending, and as bits (empty: all rows).
  std::vector<uint32_t> rows;
  std::vector<uint64_t> bits;
  const SearchParams& params;
  MultiVectorSearchOptions options;

  int64_t excluded(int64_t query) const {
    return params.excluded.empty() ? -1 : params.excluded[static_cast<size_t>(query)];
  }
  bool allows(uint32_t row) const { return bits.empty() || (bits[row / 64] >> (row % 64) & 1) != 0; }
  /// Queries [begin, end), packed.
  MaxSimQueries packed(int64_t begin, int64_t end) const {
    return MaxSimQueries({queries.vectors, queries.starts.subspan(static_cast<size_t>(begin),
                                                                  static_cast<size_t>(end - begin + 1))});
  }
};

// Compares queries [begin, end) with all allowed rows; false where the deadline ended it.
bool scan(const MultiVectorQuestion& question, int64_t begin, int64_t end, const Context& context,
          SearchResult& result) {
  const MaxSimQueries packed = question.packed(begin, end);
  const auto num_queries = static_cast<size_t>(end - begin);
  std::vector<BestRows> best(num_queries);
  for (BestRows& one : best) one.reset(std::min(question.params.k, std::ssize(question.rows)));
  std::vector<float> scores;
  const std::span<const uint32_t> all = question.rows;
  bool is_whole = true;
  for (size_t at = 0; at < all.size() && is_whole; at += kRowsAtOnce) {
    const auto rows = all.subspan(at, std::min<size_t>(kRowsAtOnce, all.size() - at));
    scores.resize(rows.size() * num_queries);
    is_whole = packed.score(context, question.parts.sets(), rows, question.params.deadline, scores.data());
    for (size_t i = 0; i < rows.size(); ++i) {
      if (scores[i * num_queries] == MaxSimQueries::kNotScored) continue;
      for (size_t q = 0; q < num_queries; ++q) {
        if (question.excluded(begin + static_cast<int64_t>(q)) != rows[i])
          best[q].offer(scores[i * num_queries + q], rows[i]);
      }
    }
  }
  for (size_t q = 0; q < num_queries; ++q) put_hits(best[q].take(), begin + static_cast<int64_t>(q), result);
  return is_whole;
}

// Compares queries with all allowed rows, some queries together; false where the deadline ended it.
bool scan_all(const MultiVectorQuestion& question, std::span<const int64_t> queries, const Context& context,
              SearchResult& result) {
  for (size_t i = 0, next = 0; i < queries.size(); i = next) {
    if (question.params.deadline.is_past()) return false;
    const int64_t begin = queries[i];
    int64_t end = begin + 1;
    const auto num_vectors = [&](int64_t stop) {
      return question.queries.range(stop - 1).second - question.queries.range(begin).first;
    };
    for (next = i + 1; next < queries.size() && queries[next] == end; ++next, ++end) {
      if (num_vectors(end + 1) > kQueryVectorsAtOnce) break;
    }
    if (!scan(question, begin, end, context, result)) return false;
  }
  return true;
}

// The clusters nearest to any vector of a query, ascending. products: centroids x query vectors.
std::vector<uint32_t> nearest_clusters(const std::vector<float>& products, size_t num_vectors,
                                       int64_t num_centroids, int64_t nprobe) {
  std::vector<BestRows> best(num_vectors);
  for (BestRows& one : best) one.reset(std::min(nprobe, num_centroids));
  for (int64_t c = 0; c < num_centroids; ++c) {
    const float* row = products.data() + static_cast<size_t>(c) * num_vectors;
    for (size_t j = 0; j < num_vectors; ++j) {
      if (row[j] > best[j].threshold()) best[j].offer(row[j], static_cast<uint32_t>(c));
    }
  }
  std::vector<uint32_t> clusters;
  for (BestRows& one : best) {
    for (const uint64_t key : one.take()) clusters.push_back(BestRows::row_of(key));
  }
  std::ranges::sort(clusters);
  clusters.erase(std::unique(clusters.begin(), clusters.end()), clusters.end());
  return clusters;
}

// The allowed rows that have a vector in one of some clusters, ascending; of the first ones where time is up.
std::vector<uint32_t> rows_in(const MultiVectorQuestion& question, std::span<const uint32_t> clusters,
                              int64_t excluded, DeadlineWatch& watch) {
  const auto num_rows = static_cast<size_t>(question.parts.sets().size());
  std::vector<uint64_t> met((num_rows + 63) / 64, 0);
  std::vector<uint32_t> rows;
  for (const uint32_t cluster : clusters) {
    if (watch.is_over()) break;
    for (const uint32_t row : question.parts.rows_of(cluster)) {
      if (row >= num_rows) VectorSets::fail_damaged(row);
      const uint64_t bit = uint64_t{1} << (row % 64);
      if ((met[row / 64] & bit) != 0 || row == excluded || !question.allows(row)) continue;
      met[row / 64] |= bit;
      rows.push_back(row);
    }
  }
  std::ranges::sort(rows);
  return rows;
}

// Of some rows those with the best scores when each vector stands where its centroid is, ascending. Where the
// deadline passes, some of those come to.
std::vector<uint32_t> best_by_centroids(const MultiVectorParts& parts, const MaxSimQueries& query,
                                        const std::vector<float>& products, std::span<const uint32_t> rows,
                                        int64_t num_wanted, const Deadline& deadline,
                                        const Context& context) {
  constexpr int64_t kRowsPerTask = 256;
  std::vector<float> scores(rows.size(), MaxSimQueries::kNotScored);
  parallel_blocks(context, std::ssize(rows), kRowsPerTask, [&](int64_t begin, int64_t end) {
    if (deadline.is_past()) return;
    std::vector<float> best(static_cast<size_t>(query.num_vectors()), MaxSimQueries::kNone);
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      max_of_listed_rows(products.data(), parts.codes_of(rows[i]), best);
      query.add_up(best, &scores[i]);
    }
  });
  BestRows best;
  best.reset(num_wanted);
  for (size_t i = 0; i < rows.size(); ++i) best.offer(scores[i], rows[i]);
  std::vector<uint32_t> chosen;
  for (const uint64_t key : best.take()) chosen.push_back(BestRows::row_of(key));
  std::ranges::sort(chosen);
  return chosen;
}

// Looks for the best rows by centroids first (Santhanam et al. 2022). False where these give fewer rows than
// are due, though there was time.
bool search_by_centroids(const MultiVectorQuestion& question, int64_t q, const Context& context,
                         SearchResult& result, MultiVectorOutcome& outcome) {
  const MultiVectorParts& parts = question.parts;
  const MaxSimQueries query = question.packed(q, q + 1);
  const int64_t num_centroids = parts.centroids.rows(), excluded = question.excluded(q);
  DeadlineWatch watch(question.params.deadline);
  outcome.is_partial = watch.is_over();
  if (outcome.is_partial) return true;
  if (query.num_vectors() == 0) return false;
  std::vector<float> products(static_cast<size_t>(num_centroids * query.num_vectors()));
  query.multiply(parts.centroids, products.data());
  const std::vector<uint32_t> clusters = nearest_clusters(products, static_cast<size_t>(query.num_vectors()),
                                                          num_centroids, question.options.nprobe);
  std::vector<uint32_t> rows = rows_in(question, clusters, excluded, watch);
  outcome.probed = std::ssize(clusters);
  outcome.candidates = std::ssize(rows);
  const int64_t wanted = std::max(question.options.candidates, question.params.k);
  const int64_t due = std::min(question.params.k, std::ssize(question.rows) - (excluded >= 0 ? 1 : 0));
  if (std::ssize(rows) < due && !watch.was_over()) return false;
  const Deadline& deadline = question.params.deadline;
  if (std::ssize(rows) > wanted)
    rows = best_by_centroids(parts, query, products, rows, wanted, deadline, context);
  std::vector<float> scores(rows.size());
  outcome.is_partial = !query.score(context, parts.sets(), rows, deadline, scores.data()) || watch.was_over();
  BestRows best;
  best.reset(std::min(question.params.k, std::ssize(rows)));
  for (size_t i = 0; i < rows.size(); ++i) {
    if (scores[i] != MaxSimQueries::kNotScored) best.offer(scores[i], rows[i]);
  }
  put_hits(best.take(), q, result);
  outcome.compared = std::ssize(rows);
  return true;
}

Value explanation_of(std::span<const MultiVectorOutcome> outcomes, const MultiVectorQuestion& question) {
  MultiVectorOutcome sum;
  int64_t scans = 0;
  for (const MultiVectorOutcome& one : outcomes) {
    sum.num_vectors += one.num_vectors;
    sum.probed += one.probed;
    sum.candidates += one.candidates;
    sum.compared += one.compared;
    scans += one.is_scan ? 1 : 0;
  }
  const auto num_queries = std::ssize(outcomes);
  const int64_t most = std::max(question.options.candidates, question.params.k);
  Value result = Value::object({{"index", "multi_vector"}});
  result.set("plan", scans == num_queries ? "scan"
                     : scans == 0         ? "centroids, then exact"
                                          : "scan and centroids, then exact");
  result.set("estimates",
             Value::object({{"query_vectors", sum.num_vectors},
                            {"allowed", std::ssize(question.rows)},
                            {"compared", scans * std::ssize(question.rows) + (num_queries - scans) * most}}));
  result.set("actuals", Value::object({{"clusters", sum.probed},
                                       {"candidates", sum.candidates},
                                       {"compared", sum.compared},
                                       {"queries_scanned", scans}}));
  return result;
}

}  // namespace

SearchResult search_multi_vector(const MultiVectorParts& parts, const IndexRows& rows,
                                 const RaggedEmbeddings& queries, const SearchParams& params,
                                 const Context& context) {
  SearchResult result = result_without_hits(queries.size(), rows.size(), "rows", params, context);
  Matrix vectors = queries.vectors;
  if (parts.metric == Metric::kCosine) normalize_rows(context, queries.vectors, vectors);
  AllowedRows allowed = AllowedRows::of(rows, params);
  const RowSet set = allowed.set ? *allowed.set : rows.live;
  const MultiVectorQuestion question{parts,      {vectors.view(), queries.starts.span()},
                                     set.rows(), std::move(allowed.bits),
                                     params,     options_from<MultiVectorSearchOptions>(params.options)};
  const auto num_queries = queries.size();
  std::vector<MultiVectorOutcome> outcomes(static_cast<size_t>(num_queries));
  // Where so few rows are allowed, all of them are compared.
  const bool is_scan = params.exact || parts.centroids.rows() == 0 ||
                       std::ssize(question.rows) <= std::max(question.options.candidates, params.k);
  const auto search_one = [&](int64_t q) {
    auto& outcome = outcomes[static_cast<size_t>(q)];
    outcome.num_vectors = queries.starts[q + 1] - queries.starts[q];
    outcome.is_scan = is_scan || !search_by_centroids(question, q, context, result, outcome);
  };
  // A single query has the threads for its rows.
  if (num_queries == 1)
    search_one(0);
  else
    parallel_for(context, num_queries, search_one);
  std::vector<int64_t> scanned;
  for (int64_t q = 0; q < num_queries; ++q) {
    if (!outcomes[static_cast<size_t>(q)].is_scan) continue;
    scanned.push_back(q);
    outcomes[static_cast<size_t>(q)].compared = std::ssize(question.rows);
  }
  const auto is_partial = [](const MultiVectorOutcome& one) { return one.is_partial; };
  result.partial = !scan_all(question, scanned, context, result) || std::ranges::any_of(outcomes, is_partial);
  if (params.explain) result.explain = explanation_of(outcomes, question);
  return result;
}

}  // namespace whitney::search
