#include "whitney/search/codes_scan.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>

#include "whitney/core/parallel.h"
#include "whitney/linalg/candidates.h"
#include "whitney/linalg/select.h"
#include "whitney/search/allowed_codes.h"

namespace whitney::search {
namespace {

constexpr int64_t kBatch = AllowedCodes::kBatch, kLanesOfCodes = AllowedCodes::kLanes, kFewBlocks = 3;

// Calls body(q) for the queries, until time is up: with many of them a batch takes long.
template <class Body>
void each_query(size_t num_queries, SharedDeadlineWatch& watch, const Body& body) {
  constexpr size_t kPerLook = 16;
  for (size_t q = 0; q < num_queries; ++q) {
    if (q % kPerLook == kPerLook - 1 && watch.is_over()) return;
    body(q);
  }
}

// Calls body(i) for the zero vectors among the rows first + i, i < count.
template <class Body>
void each_zero_row(const CodedRows& rows, int64_t first, int64_t count, const Body& body) {
  for (auto zero = std::ranges::lower_bound(rows.zero_rows, static_cast<uint32_t>(first));
       zero != rows.zero_rows.end() && *zero < first + count; ++zero)
    body(static_cast<size_t>(*zero - first));
}
// Calls body(i) for those among the rows of a batch.
template <class Body>
void each_zero_row(const CodedRows& rows, const CodeBatch& batch, const Body& body) {
  if (batch.rows == nullptr) return each_zero_row(rows, batch.first, batch.count, body);
  if (rows.zero_rows.empty()) return;
  for (int64_t i = 0; i < batch.count; ++i) {
    if (rows.is_zero(batch.rows[i])) body(static_cast<size_t>(i));
  }
}

// Keys of a batch's rows, and by how much they may be wrong where `bounds` is not null.
void measure_batch(const CodedRows& rows, const CodesQuery& query, const CodeBatch& batch, float* keys,
                   float* bounds) {
  if (bounds == nullptr)
    query.scorer->score(batch.codes, batch.count, keys);
  else
    query.scorer->score_with_bounds(batch.codes, batch.count, keys, bounds);
  if (rows.metric == Metric::kInnerProduct) {
    for (int64_t i = 0; i < batch.count; ++i) keys[i] = rows.key_of(keys[i]);
  }
  const auto set_none = [&](size_t i) {
    keys[i] = CodedRows::kNoCosine;
    if (bounds != nullptr) bounds[i] = 0;
  };
  for (size_t i = 0; query.is_zero && i < static_cast<size_t>(batch.count); ++i) set_none(i);
  each_zero_row(rows, batch, set_none);
}

// Adds rows of a batch to those found so far.
void push_batch(TopK& top, std::span<const float> keys, const CodeBatch& batch) {
  if (batch.rows == nullptr) return top.push_run(keys, batch.first);
  for (size_t i = 0; i < keys.size(); ++i) top.push(keys[i], batch.rows[i]);
}

// Between what the keys of the rows of neighbouring blocks lie.
void measure_blocks(const CodedRows& rows, const CodesQuery& query, int64_t first, int64_t count,
                    bool with_bounds, float* least, float* greatest) {
  if (query.is_zero) {
    std::fill_n(least, count * kLanesOfCodes, CodedRows::kNoCosine);
    std::fill_n(greatest, count * kLanesOfCodes, CodedRows::kNoCosine);
    return;
  }
  query.scorer->key_ranges(rows.codes.rows().block(first), count, with_bounds, least, greatest);
  each_zero_row(rows, first * kLanesOfCodes, count * kLanesOfCodes,
                [&](size_t i) { least[i] = greatest[i] = CodedRows::kNoCosine; });
}

// The rows of neighbouring blocks whose keys may be at most `limit`, and between what these lie.
int64_t select_in_blocks(const CodedRows& rows, const CodesQuery& query, int64_t first, int64_t count,
                         bool with_bounds, float limit, codec::FoundKey* found) {
  bool has_zero_row = false;
  each_zero_row(rows, first * kLanesOfCodes, count * kLanesOfCodes, [&](size_t) { has_zero_row = true; });
  if (!query.is_zero && !has_zero_row)
    return query.scorer->select_keys(rows.codes.rows().block(first), count, with_bounds, limit, found);
  std::array<float, kBatch> least, greatest;
  std::array<uint32_t, kBatch + 16> places;
  measure_blocks(rows, query, first, count, with_bounds, least.data(), greatest.data());
  const int64_t num_found = select_at_most(least.data(), count * kLanesOfCodes, limit, places.data());
  for (int64_t i = 0; i < num_found; ++i) {
    const uint32_t place = places[static_cast<size_t>(i)];
    found[i] = {place, least[place], greatest[place]};
  }
  return num_found;
}

void lower(std::atomic<float>& limit, float to) {
  float now = limit.load(std::memory_order_relaxed);
  while (to < now && !limit.compare_exchange_weak(now, to, std::memory_order_relaxed)) {
  }
}

// A row that may be among the best, and between what its key lies.
struct RowRange {
  uint32_t row;
  float least, greatest;
};

// Scans blocks for all queries. A part is what a task finds for a query: take(part, q, ranges) takes the rows
// whose keys may be at most part.limit(), beyond which nothing can enter it.
template <class Part, class Take>
void scan_blocks(const CodedRows& rows, const AllowedCodes& allowed, std::span<const CodesQuery> queries,
                 bool with_bounds, std::vector<Part>& parts, const Take& take, SharedDeadlineWatch& watch,
                 const Context& context) {
  const auto num_tasks = static_cast<size_t>(allowed.num_tasks());
  // The least limit of any task: which task is how far changes how many rows are looked at, and no row that
  // may be among the best.
  std::vector<std::atomic<float>> limits(queries.size());
  for (std::atomic<float>& limit : limits) limit = std::numeric_limits<float>::infinity();
  allowed.each_block_batch(context, [&](int64_t task, int64_t first, int64_t count) {
    std::array<codec::FoundKey, kBatch> found;
    std::array<RowRange, kBatch> ranges;
    each_query(queries.size(), watch, [&](size_t q) {
      Part& part = parts[q * num_tasks + static_cast<size_t>(task)];
      const auto limit_now = [&] {
        return std::min(part.limit(), limits[q].load(std::memory_order_relaxed));
      };
      // Without a limit all rows are found: the first blocks give one, and those behind a better one.
      for (int64_t at = 0, some = 0; at < count; at += some) {
        some = std::min(std::isinf(limit_now()) ? kFewBlocks : std::max(kFewBlocks, 2 * at), count - at);
        const int64_t num_found =
            select_in_blocks(rows, queries[q], first + at, some, with_bounds, limit_now(), found.data());
        size_t num_ranges = 0;
        for (const codec::FoundKey& one : std::span(found).first(static_cast<size_t>(num_found))) {
          const int64_t block = first + at + one.place / kLanesOfCodes;
          if ((allowed.lanes(block) >> (one.place % kLanesOfCodes) & 1) == 0) continue;
          ranges[num_ranges++] = {static_cast<uint32_t>((first + at) * kLanesOfCodes) + one.place, one.least,
                                  one.greatest};
        }
        take(part, q, std::span(ranges).first(num_ranges), limit_now);
        lower(limits[q], part.limit());
      }
    });
  });
}

// The rows that may be among the k best of each query: few, which are then measured one by one, so that hits
// and their values are those of a scan of all rows.
std::vector<std::vector<uint32_t>> rows_in_blocks(const CodedRows& rows, const AllowedCodes& allowed,
                                                  std::span<const CodesQuery> queries, int64_t k,
                                                  SharedDeadlineWatch& watch, const Context& context) {
  const auto num_tasks = static_cast<size_t>(allowed.num_tasks());
  std::vector<Candidates> parts(num_tasks * queries.size(), Candidates(k));
  scan_blocks(
      rows, allowed, queries, false, parts,
      [](Candidates& part, size_t, std::span<const RowRange> ranges, const auto& limit) {
        for (const RowRange& range : ranges) {
          if (range.least <= limit()) part.add_between(range.least, range.greatest, range.row);
        }
      },
      watch, context);
  std::vector<std::vector<uint32_t>> found(queries.size());
  parallel_for(context, std::ssize(found), [&](int64_t q) {
    const auto begin = static_cast<size_t>(q) * num_tasks;
    found[static_cast<size_t>(q)] = merge_candidates(std::span(parts).subspan(begin, num_tasks), k);
  });
  return found;
}

// The best of a task by rank, which count for no better than their bounds.
class RankedPart {
 public:
  explicit RankedPart(int64_t k) : top_(k) {}
  float limit() const { return top_.bound(); }
  // The most promising first, so that the others meet a limit.
  template <class Rank, class Limit>
  void take(std::span<RowRange> ranges, const Rank& rank, const Limit& limit) {
    std::ranges::sort(ranges, {}, &RowRange::least);
    for (const RowRange& range : ranges) {
      if (range.least > limit()) break;
      top_.push(std::max(range.least, rank(range.row)), range.row);
      ++num_ranked_;
    }
  }
  std::vector<TopK::Entry> best() { return top_.take(); }
  int64_t num_ranked() const { return num_ranked_; }

 private:
  TopK top_;
  int64_t num_ranked_ = 0;
};

// What all tasks have of each query, in the order of rank.
RankedCodes merge_ranked(std::vector<RankedPart>& parts, size_t num_queries, int64_t k, const RankRow& rank,
                         const Context& context) {
  RankedCodes result;
  result.best.resize(num_queries);
  const size_t num_tasks = num_queries == 0 ? 0 : parts.size() / num_queries;
  parallel_for(context, std::ssize(result.best), [&](int64_t query) {
    const auto q = static_cast<size_t>(query);
    TopK top(k);
    for (size_t task = 0; task < num_tasks; ++task) {
      for (const TopK::Entry& entry : parts[q * num_tasks + task].best()) top.push(entry.key, entry.row);
    }
    RankScratch scratch;
    TopK ranked(k);
    for (const TopK::Entry& entry : top.take()) ranked.push(rank(q, entry.row, scratch), entry.row);
    result.best[q] = ranked.take();
  });
  for (const RankedPart& part : parts) result.num_ranked += part.num_ranked();
  return result;
}

}  // namespace

void LaidCodes::read(int64_t row, uint8_t* code) const {
  const auto size = static_cast<size_t>(codec_->code_bytes());
  if (codes_.empty())
    rows().read(row, code);
  else
    std::memcpy(code, codes_.data() + row * codec_->code_bytes(), size);
}

float CodedRows::value_of(float key) const {
  switch (metric) {
    case Metric::kCosine:
      return 1 - key / 2;
    case Metric::kInnerProduct:
      return 0.0F - key;
    case Metric::kL2:
      return std::sqrt(std::max(key, 0.0F));
  }
  return key;
}

bool CodedRows::is_zero(uint32_t row) const { return std::ranges::binary_search(zero_rows, row); }

bool CodedRows::is_zero_query(const float* query) const {
  return metric == Metric::kCosine &&
         std::all_of(query, query + codec->dim(), [](float value) { return value == 0; });
}

std::vector<CodesQuery> codes_queries(const CodedRows& rows, const Matrix& queries, const Context& context) {
  std::vector<CodesQuery> prepared(static_cast<size_t>(queries.rows()));
  parallel_for(context, queries.rows(), [&](int64_t q) {
    const float* query = queries.row<float>(q).data();
    prepared[static_cast<size_t>(q)] = {rows.codec->scorer(rows.kernel(), query), rows.is_zero_query(query)};
  });
  return prepared;
}

RowMeasure::RowMeasure(const CodedRows& rows, const CodesQuery& query)
    : rows_(rows), query_(query), code_(static_cast<size_t>(rows.codec->code_bytes())) {}

float RowMeasure::measure(uint32_t row, float* bound) {
  float key = 0;
  rows_.codes.read(row, code_.data());
  measure_batch(rows_, query_, {.codes = code_.data(), .count = 1, .first = row}, &key, bound);
  return key;
}

// Tasks are combined in their order.
std::vector<std::vector<TopK::Entry>> scan_for_best(const CodedRows& rows, const RowSet& allowed,
                                                    std::span<const CodesQuery> queries, int64_t k,
                                                    SharedDeadlineWatch& watch, const Context& context) {
  const codec::CodeRows& codes = rows.codes.rows(context);
  const AllowedCodes may_return(codes, rows.codec->code_bytes(), allowed, watch);
  std::vector<std::vector<TopK::Entry>> found(queries.size());
  if (may_return.by_blocks()) {
    const auto candidates = rows_in_blocks(rows, may_return, queries, k, watch, context);
    parallel_for(context, std::ssize(found), [&](int64_t query) {
      const auto q = static_cast<size_t>(query);
      RowMeasure measured(rows, queries[q]);
      TopK top(k);
      for (const uint32_t row : candidates[q]) top.push(measured.key(row), row);
      found[q] = top.take();
    });
    return found;
  }
  const auto num_tasks = static_cast<size_t>(may_return.num_tasks());
  std::vector<TopK> tops(num_tasks * queries.size(), TopK(std::min(k, AllowedCodes::kTaskRows)));
  may_return.each_batch(context, [&](int64_t task, const CodeBatch& batch) {
    std::array<float, kBatch> keys;
    each_query(queries.size(), watch, [&](size_t q) {
      measure_batch(rows, queries[q], batch, keys.data(), nullptr);
      push_batch(tops[static_cast<size_t>(task) * queries.size() + q],
                 std::span(keys).first(static_cast<size_t>(batch.count)), batch);
    });
  });
  for (size_t q = 0; q < found.size(); ++q) {
    TopK top(k);
    for (size_t task = 0; task < num_tasks; ++task) {
      for (const TopK::Entry& entry : tops[task * queries.size() + q].take()) top.push(entry.key, entry.row);
    }
    found[q] = top.take();
  }
  return found;
}

RankedCodes scan_and_rank(const CodedRows& rows, const RowSet& allowed, std::span<const CodesQuery> queries,
                          int64_t k, const RankRow& rank, SharedDeadlineWatch& watch,
                          const Context& context) {
  const codec::CodeRows& codes = rows.codes.rows(context);
  const AllowedCodes may_return(codes, rows.codec->code_bytes(), allowed, watch);
  const auto num_tasks = static_cast<size_t>(may_return.num_tasks());
  std::vector<RankedPart> parts(num_tasks * queries.size(), RankedPart(std::min(k, AllowedCodes::kTaskRows)));
  const auto take = [&](RankedPart& part, size_t q, std::span<RowRange> ranges, const auto& limit) {
    if (ranges.empty()) return;
    RankScratch scratch;
    part.take(ranges, [&](uint32_t row) { return rank(q, row, scratch); }, limit);
  };
  if (may_return.by_blocks()) {
    scan_blocks(rows, may_return, queries, true, parts, take, watch, context);
  } else {
    may_return.each_batch(context, [&](int64_t task, const CodeBatch& batch) {
      std::array<float, kBatch> keys, bounds;
      std::vector<RowRange> ranges;
      each_query(queries.size(), watch, [&](size_t q) {
        RankedPart& part = parts[q * num_tasks + static_cast<size_t>(task)];
        measure_batch(rows, queries[q], batch, keys.data(), bounds.data());
        ranges.clear();
        for (int64_t i = 0; i < batch.count; ++i) {
          const auto at = static_cast<size_t>(i);
          if (keys[at] - bounds[at] <= part.limit())
            ranges.push_back({batch.row(i), keys[at] - bounds[at], keys[at] + bounds[at]});
        }
        take(part, q, ranges, [&] { return part.limit(); });
      });
    });
  }
  return merge_ranked(parts, queries.size(), k, rank, context);
}

}  // namespace whitney::search
