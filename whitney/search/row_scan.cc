#include "whitney/search/row_scan.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/prepare_run.h"
#include "whitney/linalg/distance.h"
#include "whitney/linalg/top_k.h"

namespace whitney::search {
namespace {

// Below so many queries a copy of the rows costs more than reading them one by one.
constexpr int64_t kFewQueries = 8;
// Rows that one task copies and compares, blocks in flight and queries at once: what is held stays bounded.
constexpr int64_t kBlockBytes = int64_t{8} << 20, kLeastBlockRows = 1024, kMostBlockRows = 16'384;
constexpr int64_t kBlocksAtOnce = 64, kQueriesAtOnce = 512;

// What TopK orders, lower first; a value is read back from it without loss.
float key_of(float value, Metric metric) { return higher_is_better(metric) ? 0.0F - value : value; }

Neighbors empty_neighbors(int64_t num_queries, int64_t k) {
  Neighbors result;
  result.num_queries = num_queries;
  result.k = k;
  result.rows.assign(static_cast<size_t>(num_queries * k), -1);
  result.values.assign(static_cast<size_t>(num_queries * k), std::numeric_limits<float>::quiet_NaN());
  return result;
}

void store(std::vector<TopK>& tops, Metric metric, Neighbors& result) {
  for (size_t q = 0; q < tops.size(); ++q) {
    const std::vector<TopK::Entry> entries = tops[q].take();
    for (size_t i = 0; i < entries.size(); ++i) {
      const size_t at = q * static_cast<size_t>(result.k) + i;
      result.rows[at] = entries[i].row;
      result.values[at] = key_of(entries[i].key, metric);
    }
  }
}

// Queries as the one-to-one kernels take them: float32, of norm 1 under cosine.
Matrix kernel_queries(const MatrixView& queries, Metric metric, const Context& context) {
  Matrix prepared;
  if (metric == Metric::kCosine)
    normalize_rows(context, queries, prepared);
  else
    prepared = Matrix::copy_of(queries).to_float32();
  return prepared;
}

// The keys of some rows for one query: scores negated, or Euclidean distances. Fills `norms` where they are
// needed and missing: after the products, whose kernel asks memory for the rows early.
void measure(const float* query, const MatrixView& base, std::span<const uint32_t> rows, Metric metric,
             std::vector<float>& norms, std::vector<float>& keys) {
  keys.resize(rows.size());
  distance_one_to_rows(metric == Metric::kL2 ? Kernel::kSquaredL2 : Kernel::kInnerProduct, query, base, rows,
                       keys.data());
  if (metric == Metric::kCosine && norms.size() != rows.size()) {
    norms.resize(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) row_norms_of_block(base.slice(rows[i], rows[i] + 1), &norms[i]);
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    switch (metric) {
      case Metric::kCosine:
        keys[i] = norms[i] == 0 ? 0.0F : -(keys[i] / norms[i]);
        break;
      case Metric::kInnerProduct:
        keys[i] = -keys[i];
        break;
      case Metric::kL2:
        keys[i] = std::sqrt(keys[i]);
        break;
    }
  }
}

Neighbors scan_in_place(const MatrixView& queries, const MatrixView& base, std::span<const uint32_t> rows,
                        int64_t k, Metric metric, const Context& context) {
  const Matrix prepared = kernel_queries(queries, metric, context);
  // A run of rows stays in L2 for its norms and for the next query.
  const int64_t row_bytes = std::max<int64_t>(1, base.cols * size_of(base.dtype));
  const int64_t n = std::ssize(rows), run = std::clamp<int64_t>((int64_t{256} << 10) / row_bytes, 16, 256),
                task_rows = std::max<int64_t>(512, n / 64);
  const int64_t num_tasks = (n + task_rows - 1) / task_rows;
  std::vector<std::vector<TopK::Entry>> found(static_cast<size_t>(num_tasks * queries.rows));
  parallel_for(context, num_tasks, [&](int64_t task) {
    const int64_t first = task * task_rows, last = std::min(first + task_rows, n);
    std::vector<TopK> tops(static_cast<size_t>(queries.rows), TopK(std::min(k, last - first)));
    std::vector<float> norms, keys;
    for (int64_t begin = first; begin < last; begin += run) {
      const auto part =
          rows.subspan(static_cast<size_t>(begin), static_cast<size_t>(std::min(run, last - begin)));
      norms.clear();
      for (int64_t q = 0; q < queries.rows; ++q) {
        measure(prepared.row<float>(q).data(), base, part, metric, norms, keys);
        for (size_t i = 0; i < part.size(); ++i) tops[static_cast<size_t>(q)].push(keys[i], part[i]);
      }
    }
    for (int64_t q = 0; q < queries.rows; ++q) {
      found[static_cast<size_t>(task * queries.rows + q)] = tops[static_cast<size_t>(q)].take();
    }
  });
  std::vector<TopK> tops(static_cast<size_t>(queries.rows), TopK(k));
  for (size_t i = 0; i < found.size(); ++i) {
    for (const TopK::Entry& entry : found[i]) tops[i % tops.size()].push(entry.key, entry.row);
  }
  Neighbors result = empty_neighbors(queries.rows, k);
  store(tops, metric, result);
  return result;
}

Matrix gather(const MatrixView& base, std::span<const uint32_t> rows) {
  const bool keeps_type = has_kernels(base.dtype);
  Matrix block(std::ssize(rows), base.cols, keeps_type ? base.dtype : DType::kF32);
  const int64_t row_bytes = base.cols * size_of(block.dtype());
  auto* out = block.mutable_data<std::byte>();
  for (const uint32_t row : rows) {
    if (!keeps_type)
      copy_row_as_float(base, row, reinterpret_cast<float*>(out));
    else if (row_bytes > 0)
      std::memcpy(out, base.row_bytes(row), static_cast<size_t>(row_bytes));
    out += row_bytes;
  }
  return block;
}

// Compares some queries with all rows; the k best of each go into `tops`.
void scan_blocks(const MatrixView& queries, const MatrixView& base, std::span<const uint32_t> rows, int64_t k,
                 Metric metric, const Context& context, std::span<TopK> tops) {
  const int64_t n = std::ssize(rows), row_bytes = std::max<int64_t>(1, base.cols * 4);
  const int64_t block = std::clamp(kBlockBytes / row_bytes, kLeastBlockRows, kMostBlockRows);
  const auto part = [&](int64_t begin) {
    return rows.subspan(static_cast<size_t>(begin), static_cast<size_t>(std::min(block, n - begin)));
  };
  for (int64_t first = 0; first < n; first += kBlocksAtOnce * block) {
    const int64_t num_blocks = std::min(kBlocksAtOnce, (n - first + block - 1) / block);
    std::vector<Neighbors> found(static_cast<size_t>(num_blocks));
    parallel_for(context, num_blocks, [&](int64_t b) {
      const auto chosen = part(first + b * block);
      const Matrix gathered = gather(base, chosen);
      found[static_cast<size_t>(b)] =
          exact_search(queries, gathered, std::min(k, std::ssize(chosen)), metric, context);
    });
    for (int64_t b = 0; b < num_blocks; ++b) {
      const Neighbors& hits = found[static_cast<size_t>(b)];
      const auto chosen = part(first + b * block);
      for (size_t i = 0; i < hits.rows.size(); ++i) {
        if (hits.rows[i] < 0) continue;
        tops[i / static_cast<size_t>(hits.k)].push(key_of(hits.values[i], metric),
                                                   chosen[static_cast<size_t>(hits.rows[i])]);
      }
    }
  }
}

Neighbors scan_gathered(const MatrixView& queries, const MatrixView& base, std::span<const uint32_t> rows,
                        int64_t k, Metric metric, const Context& context) {
  std::vector<TopK> tops(static_cast<size_t>(queries.rows), TopK(k));
  for (int64_t begin = 0; begin < queries.rows; begin += kQueriesAtOnce) {
    const int64_t end = std::min(begin + kQueriesAtOnce, queries.rows);
    scan_blocks(queries.slice(begin, end), base, rows, k, metric, context,
                std::span(tops).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
  }
  Neighbors result = empty_neighbors(queries.rows, k);
  store(tops, metric, result);
  return result;
}

}  // namespace

void fail_without_number() {
  fail(
      "a comparison with the vectors gave no number: they are too large for float32, or the file is damaged "
      "(whitney inspect --verify tells)");
}

void check_k(int64_t k) {
  if (k < 1) throw UsageError(concat("k is ", k, "; a search returns at least 1 hit"));
}

Matrix checked_queries(const MatrixView& queries, int64_t dim, int64_t k, const Context& context) {
  check_k(k);
  if (queries.cols != dim) {
    fail("queries have ", queries.cols, " dimensions, and the vectors searched have ", dim);
  }
  const Matrix floats = Matrix::copy_of(queries).to_float32();
  for (int64_t q = 0; q < floats.rows(); ++q) {
    const auto row = floats.row<float>(q);
    const auto bad = std::ranges::find_if(row, [](float value) { return !std::isfinite(value); });
    if (bad == row.end()) continue;
    fail("query ", q, " (counted from 0) holds ", std::isnan(*bad) ? "NaN" : "an infinite value",
         " in dimension ", bad - row.begin());
  }
  const double result_bytes = 12.0 * static_cast<double>(queries.rows) * static_cast<double>(k);
  // What the container allows is read from its files, which would take longer than a short search.
  const bool may_exceed = context.max_memory_bytes || result_bytes > (int64_t{16} << 20);
  if (may_exceed && result_bytes > static_cast<double>(context.memory_limit_bytes())) {
    fail(k, " hits for each of ", queries.rows, " queries need ",
         size_text(static_cast<int64_t>(result_bytes)), " of memory, and ",
         size_text(context.memory_limit_bytes()), " are allowed (expected: a smaller k)");
  }
  return floats;
}

Neighbors scan_rows(const MatrixView& queries, const MatrixView& base, std::span<const uint32_t> rows,
                    int64_t k, Metric metric, const Context& context) {
  const int64_t n = std::ssize(rows), wanted = std::min(k, n);
  if (wanted == 0 || queries.rows == 0) return empty_neighbors(queries.rows, k);
  const bool is_run = rows.back() - rows.front() + 1 == n;
  Neighbors found;
  if (is_run && has_kernels(base.dtype)) {
    found =
        exact_search(queries, base.slice(rows.front(), rows.back() + int64_t{1}), wanted, metric, context);
    for (int64_t& row : found.rows) row += row >= 0 ? rows.front() : 0;
  } else if (queries.rows < kFewQueries && has_kernels(base.dtype)) {
    found = scan_in_place(queries, base, rows, wanted, metric, context);
  } else {
    found = scan_gathered(queries, base, rows, wanted, metric, context);
  }
  if (wanted == k) return found;
  Neighbors result = empty_neighbors(queries.rows, k);
  for (int64_t q = 0; q < queries.rows; ++q) {
    std::copy_n(found.rows.begin() + q * wanted, wanted, result.rows.begin() + q * k);
    std::copy_n(found.values.begin() + q * wanted, wanted, result.values.begin() + q * k);
  }
  return result;
}

Neighbors scan_rows_until(const Deadline& deadline, bool& is_partial, const MatrixView& queries,
                          const MatrixView& base, std::span<const uint32_t> rows, int64_t k, Metric metric,
                          const Context& context) {
  // Some milliseconds each.
  const int64_t slice = std::clamp((int64_t{1} << 23) / std::max<int64_t>(1, base.cols * queries.rows),
                                   int64_t{1024}, std::max<int64_t>(1024, std::ssize(rows)));
  std::vector<TopK> tops(static_cast<size_t>(queries.rows), TopK(std::min(k, std::ssize(rows))));
  for (; !rows.empty(); rows = rows.subspan(std::min(static_cast<size_t>(slice), rows.size()))) {
    if (deadline.is_past()) {
      is_partial = true;
      break;
    }
    const auto part = rows.first(std::min(static_cast<size_t>(slice), rows.size()));
    const Neighbors found = scan_rows(queries, base, part, k, metric, context);
    for (size_t i = 0; i < found.rows.size(); ++i) {
      if (found.rows[i] < 0) continue;
      tops[i / static_cast<size_t>(k)].push(key_of(found.values[i], metric),
                                            static_cast<uint32_t>(found.rows[i]));
    }
  }
  Neighbors result = empty_neighbors(queries.rows, k);
  store(tops, metric, result);
  return result;
}

}  // namespace whitney::search
