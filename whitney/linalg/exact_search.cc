#include "whitney/linalg/exact_search.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/candidates.h"
#include "whitney/linalg/dense_tile.h"
#include "whitney/linalg/distance.h"
#include "whitney/linalg/select.h"
#include "whitney/linalg/simd.h"
#include "whitney/linalg/top_k.h"

namespace whitney {
namespace {

// Below so many queries the rows are read once for all of them by the one-to-one kernel, at the speed of
// memory; from there on the dense kernel wins.
constexpr int64_t kFewQueries = 8;

// The values that a search compares, of the query against some rows: scores or Euclidean distances, by the
// one-to-one kernel. `norms` is scratch.
class ExactValues {
 public:
  ExactValues(const MatrixView& base, Metric metric)
      : base_(base),
        metric_(metric),
        kernel_(metric == Metric::kL2 ? Kernel::kSquaredL2 : Kernel::kInnerProduct) {}

  // Of rows [begin, end): raw kernel values, and the norms that cosine divides by.
  void run(const float* query, int64_t begin, int64_t end, std::vector<float>& values) const {
    values.resize(static_cast<size_t>(end - begin));
    distance_one_to_many(kernel_, query, base_, begin, end, values.data());
  }
  void rows(const float* query, std::span<const uint32_t> rows, std::vector<float>& values,
            std::vector<float>& norms) const {
    values.resize(rows.size());
    distance_one_to_rows(kernel_, query, base_, rows, values.data());
    if (metric_ != Metric::kCosine) return;
    norms.resize(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) row_norms_of_block(base_.slice(rows[i], rows[i] + 1), &norms[i]);
  }

  // The key of a raw value, lower first: what TopK orders, and what a value is read from. A zero row scores
  // 0.
  float key(float raw, float norm) const {
    switch (metric_) {
      case Metric::kCosine:
        return norm == 0 ? 0.0f : -(raw / norm);
      case Metric::kInnerProduct:
        return -raw;
      case Metric::kL2:
        return std::sqrt(raw);
    }
    return raw;
  }
  // Adding 0 turns the -0 of a score of 0 into 0.
  float value(float key) const { return metric_ == Metric::kL2 ? key : 0.0f - key; }

 private:
  const MatrixView& base_;
  Metric metric_;
  Kernel kernel_;
};

struct Scratch {
  PackedRows packed;
  std::vector<float> values, norms, multiply, add, margins, limits, tile_rows;
  std::vector<uint32_t> positions;
};

void store(const ExactValues& exact, std::vector<TopK::Entry> entries, int64_t query, Neighbors& result) {
  for (size_t i = 0; i < entries.size(); ++i) {
    const size_t at = static_cast<size_t>(query * result.k) + i;
    result.rows[at] = entries[i].row;
    result.values[at] = exact.value(entries[i].key);
  }
}

// ---- few queries ----

// Pushes rows [begin, end), whose raw values (and norms) are given.
void push_values(const ExactValues& exact, Metric metric, int64_t begin, std::vector<float>& values,
                 const std::vector<float>& norms, std::vector<uint32_t>& positions, TopK& top) {
  if (metric == Metric::kL2) {
    // Roots are taken only of what may enter; the margin covers the rounding of the root and of its square.
    positions.resize(values.size() + 16);
    const float limit = top.bound() * top.bound() * (1 + 1e-6f) + std::numeric_limits<float>::min();
    const int64_t found = select_at_most(values.data(), std::ssize(values), limit, positions.data());
    for (int64_t i = 0; i < found; ++i) {
      const uint32_t at = positions[static_cast<size_t>(i)];
      top.push(exact.key(values[at], 0), static_cast<uint32_t>(begin) + at);
    }
    return;
  }
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = exact.key(values[i], metric == Metric::kCosine ? norms[i] : 1);
  top.push_run(values, static_cast<uint32_t>(begin));
}

void search_by_scan(const Context& context, const MatrixView& queries, const MatrixView& base, Metric metric,
                    Neighbors& result) {
  const ExactValues exact(base, metric);
  // Rows of a run stay in L2 for the next query; a task is long enough that its list of k costs little.
  const int64_t row_bytes = std::max(int64_t{1}, base.cols * size_of(base.dtype));
  const int64_t run = std::clamp(int64_t{512} * 1024 / row_bytes, int64_t{16}, int64_t{1024});
  const int64_t task_rows = std::max(run, (base.rows / 64 + run - 1) / run * run);
  const int64_t num_tasks = (base.rows + task_rows - 1) / task_rows;
  std::vector<std::vector<TopK::Entry>> found(static_cast<size_t>(num_tasks * queries.rows));
  parallel_for(context, num_tasks, [&](int64_t task) {
    const int64_t first = task * task_rows, last = std::min(first + task_rows, base.rows);
    std::vector<TopK> tops(static_cast<size_t>(queries.rows), TopK(std::min(result.k, last - first)));
    std::vector<float> values, norms;
    std::vector<uint32_t> positions;
    for (int64_t begin = first; begin < last; begin += run) {
      const int64_t end = std::min(begin + run, last);
      if (metric == Metric::kCosine) {
        norms.resize(static_cast<size_t>(end - begin));
        row_norms_of_block(base.slice(begin, end), norms.data());
      }
      for (int64_t q = 0; q < queries.rows; ++q) {
        exact.run(queries.row<float>(q).data(), begin, end, values);
        push_values(exact, metric, begin, values, norms, positions, tops[static_cast<size_t>(q)]);
      }
    }
    for (int64_t q = 0; q < queries.rows; ++q) {
      found[static_cast<size_t>(q * num_tasks + task)] = tops[static_cast<size_t>(q)].take();
    }
  });
  for (int64_t q = 0; q < queries.rows; ++q) {
    TopK top(std::min(result.k, base.rows));
    for (int64_t task = 0; task < num_tasks; ++task) {
      for (const TopK::Entry& entry : found[static_cast<size_t>(q * num_tasks + task)])
        top.push(entry.key, entry.row);
    }
    store(exact, top.take(), q, result);
  }
}

// ---- many queries ----

// How far apart the key of the dense kernel and that of the one-to-one kernel can be, relative to |q| |b|
// (inner product, cosine) or (|q| + |b|)^2 (l2). In units of 2^-24: a sum of n terms in one chain errs by at
// most n; the dense kernel has chains of at most kTermBlock and one over the blocks, the one-to-one kernel at
// least four chains (twice: the norms too); 40 for the combination of chains, the norms, the final operations
// and the root.
float relative_margin(int64_t dim) {
  const int64_t num_blocks = dim / kTermBlock + 1;
  const double terms =
      static_cast<double>(std::min(dim, kTermBlock) + num_blocks) + static_cast<double>(dim) / 2 + 40;
  return static_cast<float>(terms * 1.02 / (1 << 24));
}

// Beyond these norms squares leave the range in which the margin holds; such rows are compared exactly.
constexpr float kLargestSafeNorm = 1e15f, kSmallestSafeNorm = 1e-15f;

struct TileNorms {
  float most = 0;
  bool safe = true;
};

// For each query a key that k rows certainly do not exceed, told from range to range. Which range sees which
// limit depends on the threads; what is found does not: a row above any such limit is not among the k best.
class SharedLimits {
 public:
  explicit SharedLimits(int64_t num_queries) : limits_(static_cast<size_t>(num_queries)) {
    for (auto& limit : limits_)
      limit.store(std::numeric_limits<float>::infinity(), std::memory_order_relaxed);
  }
  float of(int64_t query) const {
    return limits_[static_cast<size_t>(query)].load(std::memory_order_relaxed);
  }
  void lower(int64_t query, float limit) {
    std::atomic<float>& known = limits_[static_cast<size_t>(query)];
    float before = known.load(std::memory_order_relaxed);
    while (limit < before && !known.compare_exchange_weak(before, limit, std::memory_order_relaxed)) {
    }
  }

 private:
  std::vector<std::atomic<float>> limits_;
};

class BatchSearch {
 public:
  BatchSearch(const MatrixView& queries, const MatrixView& base, Metric metric, int64_t k)
      : queries_(queries),
        base_(base),
        metric_(metric),
        k_(k),
        margin_(relative_margin(base.cols)),
        limits_(queries.rows) {
    query_norms_.resize(static_cast<size_t>(queries.rows));
    row_norms_of_block(queries, query_norms_.data());
  }

  // Collects, for each query of [first, last), every row of [begin, end) that may be among its k best.
  std::vector<Candidates> collect(int64_t first, int64_t last, int64_t begin, int64_t end, Scratch& scratch) {
    std::vector<Candidates> found;
    found.reserve(static_cast<size_t>(last - first));
    for (int64_t q = first; q < last; ++q) found.emplace_back(k_, limits_.of(q));
    scratch.packed.pack(queries_.slice(first, last));
    scratch.values.resize(static_cast<size_t>(kTileQueries * kTileRows));
    const int64_t num_panels = scratch.packed.num_panels();
    for (int64_t row = begin; row < end; row += kTileRows) {
      const MatrixView rows = base_.slice(row, std::min(row + kTileRows, end));
      const TileNorms norms = describe(rows, scratch);
      const MatrixView floats = as_floats(rows, scratch);
      for (int64_t panel = 0; panel < num_panels; panel += kTilePanels) {
        const int64_t tile = first + panel * PackedRows::kPanelRows;
        multiply_panels(floats, scratch.packed, panel, std::min(panel + kTilePanels, num_panels), {},
                        Epilogue::kNone, scratch.values.data(), kTileQueries);
        const int64_t num_queries = std::min(kTileQueries, last - tile);
        offer(tile, row, rows.rows, norms, scratch,
              std::span(found).subspan(static_cast<size_t>(tile - first), static_cast<size_t>(num_queries)));
      }
    }
    for (int64_t q = first; q < last; ++q) {
      Candidates& candidates = found[static_cast<size_t>(q - first)];
      candidates.finish();
      limits_.lower(q, candidates.limit());
    }
    return found;
  }

 private:
  // Rows are read where they are, in whole register blocks; queries are packed. What is multiplied of both at
  // a time stays in L2.
  static constexpr int64_t kTileRows = 270, kTilePanels = 5,
                           kTileQueries = kTilePanels * PackedRows::kPanelRows;

  // Sets what turns products into keys: key = add + product * multiply.
  TileNorms describe(const MatrixView& rows, Scratch& scratch) const {
    const size_t n = static_cast<size_t>(rows.rows);
    scratch.norms.resize(n);
    scratch.multiply.assign(n, metric_ == Metric::kL2 ? -2.0f : -1.0f);
    scratch.add.assign(n, 0.0f);
    row_norms_of_block(rows, scratch.norms.data());
    TileNorms result;
    for (size_t i = 0; i < n; ++i) {
      const float norm = scratch.norms[i];
      result.safe = result.safe && (norm == 0 || (norm >= kSmallestSafeNorm && norm <= kLargestSafeNorm));
      result.most = std::max(result.most, norm);
      if (metric_ == Metric::kL2) scratch.add[i] = norm * norm;
      if (metric_ == Metric::kCosine) scratch.multiply[i] = norm == 0 ? 0.0f : -1.0f / norm;
    }
    return result;
  }

  static MatrixView as_floats(const MatrixView& rows, Scratch& scratch) {
    if (rows.dtype == DType::kF32) return rows;
    scratch.tile_rows.resize(static_cast<size_t>(rows.rows * rows.cols));
    for (int64_t i = 0; i < rows.rows; ++i) {
      copy_row_as_float(rows, i, scratch.tile_rows.data() + i * rows.cols);
    }
    return {scratch.tile_rows.data(), rows.rows, rows.cols, rows.cols, DType::kF32};
  }

  // How far the key of the dense kernel can be from that of the one-to-one kernel; nothing where nobody
  // knows.
  std::optional<float> margin_of(int64_t query, const TileNorms& norms) const {
    const float query_norm = query_norms_[static_cast<size_t>(query)];
    const bool safe =
        norms.safe && query_norm <= kLargestSafeNorm && (query_norm == 0 || query_norm >= kSmallestSafeNorm);
    if (!safe) return std::nullopt;
    const float sum = query_norm + norms.most;
    const float scale = metric_ == Metric::kL2             ? sum * sum
                        : metric_ == Metric::kInnerProduct ? query_norm * norms.most
                                                           : query_norm;
    return margin_ * scale + std::numeric_limits<float>::min();
  }

  // Offers every row of a tile to every query of a tile, whose products are in scratch.values. found: of the
  // queries from first_query on.
  void offer(int64_t first_query, int64_t first_row, int64_t num_rows, const TileNorms& norms,
             Scratch& scratch, std::span<Candidates> found) const {
    const int64_t num_queries = std::ssize(found);
    std::vector<float>&margins = scratch.margins, &limits = scratch.limits;
    margins.resize(found.size());
    limits.resize(found.size());
    scratch.positions.resize(found.size() + 16);
    for (size_t q = 0; q < found.size(); ++q) {
      const std::optional<float> margin = margin_of(first_query + static_cast<int64_t>(q), norms);
      if (margin) {
        margins[q] = *margin;
        limits[q] = found[q].limit() + *margin;
      } else {
        limits[q] = -std::numeric_limits<float>::infinity();
        for (int64_t i = 0; i < num_rows; ++i) found[q].add_always(static_cast<uint32_t>(first_row + i));
      }
    }
    for (int64_t i = 0; i < num_rows; ++i) {
      const float* products = scratch.values.data() + i * kTileQueries;
      const float multiply = scratch.multiply[static_cast<size_t>(i)],
                  add = scratch.add[static_cast<size_t>(i)];
      const int64_t count =
          select_keys_at_most(products, num_queries, multiply, add, limits.data(), scratch.positions.data());
      for (int64_t c = 0; c < count; ++c) {
        const size_t q = scratch.positions[static_cast<size_t>(c)];
        if (limits[q] < 0 && std::isinf(limits[q])) continue;  // every row is there already
        found[q].add(add + products[q] * multiply, margins[q], static_cast<uint32_t>(first_row + i));
        limits[q] = found[q].limit() + margins[q];
      }
    }
  }

  const MatrixView& queries_;
  const MatrixView& base_;
  Metric metric_;
  int64_t k_;
  float margin_;
  std::vector<float> query_norms_;
  SharedLimits limits_;
};

// What a query's ranges kept is compared once more, by the kernel whose values are given.
void settle(const ExactValues& exact, std::span<Candidates> ranges, const float* query, int64_t index,
            Scratch& scratch, Neighbors& result) {
  std::vector<uint32_t> rows = merge_candidates(ranges, result.k);
  exact.rows(query, rows, scratch.values, scratch.norms);
  scratch.norms.resize(rows.size(), 1.0f);
  TopK top(result.k);
  for (size_t i = 0; i < rows.size(); ++i) top.push(exact.key(scratch.values[i], scratch.norms[i]), rows[i]);
  store(exact, top.take(), index, result);
}

void search_by_tiles(const Context& context, const MatrixView& queries, const MatrixView& base, Metric metric,
                     Neighbors& result) {
  const ExactValues exact(base, metric);
  BatchSearch search(queries, base, metric, std::min(result.k, base.rows));
  // Blocks of queries so large that reading the rows once for each costs little; ranges of rows so that any
  // machine's threads find work.
  constexpr int64_t kBlockQueries = 1200, kEnoughTasks = 64, kLeastRangeRows = 8'192;
  const int64_t num_blocks = (queries.rows + kBlockQueries - 1) / kBlockQueries;
  const int64_t num_ranges =
      std::clamp((kEnoughTasks + num_blocks - 1) / num_blocks, int64_t{1}, base.rows / kLeastRangeRows + 1);
  std::vector<Scratch> scratch(static_cast<size_t>(context.num_threads()));
  const auto block_begin = [&](int64_t block) { return queries.rows * block / num_blocks; };
  // One block of queries after the other bounds what is kept.
  constexpr int64_t kBlocksAtOnce = 32;
  for (int64_t group = 0; group < num_blocks; group += kBlocksAtOnce) {
    const int64_t group_end = std::min(group + kBlocksAtOnce, num_blocks);
    const int64_t first_query = block_begin(group), num_queries = block_begin(group_end) - first_query;
    std::vector<Candidates> found(static_cast<size_t>(num_queries * num_ranges), Candidates(0));
    parallel_for_workers(context, (group_end - group) * num_ranges, [&](int worker, int64_t task) {
      const int64_t block = group + task / num_ranges, range = task % num_ranges;
      const int64_t first = block_begin(block), last = block_begin(block + 1);
      std::vector<Candidates> part =
          search.collect(first, last, base.rows * range / num_ranges, base.rows * (range + 1) / num_ranges,
                         scratch[static_cast<size_t>(worker)]);
      for (int64_t q = first; q < last; ++q) {
        found[static_cast<size_t>((q - first_query) * num_ranges + range)] =
            std::move(part[static_cast<size_t>(q - first)]);
      }
    });
    parallel_for_workers(context, num_queries, [&](int worker, int64_t i) {
      const int64_t q = first_query + i;
      settle(exact,
             std::span(found).subspan(static_cast<size_t>(i * num_ranges), static_cast<size_t>(num_ranges)),
             queries.row<float>(q).data(), q, scratch[static_cast<size_t>(worker)], result);
    });
  }
}

// Queries as float32, of norm 1 under cosine.
Matrix prepare_queries(const Context& context, const MatrixView& queries, Metric metric) {
  Matrix prepared;
  if (metric == Metric::kCosine) {
    normalize_rows(context, queries, prepared);
    return prepared;
  }
  prepared = Matrix(queries.rows, queries.cols);
  float* data = prepared.mutable_data<float>();
  for (int64_t i = 0; i < queries.rows; ++i) copy_row_as_float(queries, i, data + i * queries.cols);
  return prepared;
}

}  // namespace

Neighbors exact_search(const MatrixView& queries, const MatrixView& base, int64_t k, Metric metric,
                       const Context& context) {
  check_simd_level();
  if (queries.cols != base.cols) {
    fail("queries have ", queries.cols, " dimensions, but the vectors searched have ", base.cols);
  }
  if (k < 0) fail("k is ", k, "; it must not be negative");
  if (base.rows > std::numeric_limits<uint32_t>::max())
    fail(base.rows, " rows to search; at most 2^32 - 1 are possible");
  if (!has_kernels(base.dtype)) {
    const Matrix floats = Matrix::copy_of(base).to_float32();
    return exact_search(queries, floats.view(), k, metric, context);
  }
  Neighbors result;
  result.num_queries = queries.rows;
  result.k = k;
  result.rows.assign(static_cast<size_t>(queries.rows * k), -1);
  result.values.assign(static_cast<size_t>(queries.rows * k), std::numeric_limits<float>::quiet_NaN());
  if (queries.rows == 0 || base.rows == 0 || k == 0) return result;
  const Matrix prepared = prepare_queries(context, queries, metric);
  const MatrixView view = prepared.view();
  if (queries.rows < kFewQueries) {
    search_by_scan(context, view, base, metric, result);
  } else {
    search_by_tiles(context, view, base, metric, result);
  }
  return result;
}

}  // namespace whitney
