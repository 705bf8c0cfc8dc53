// Claim: the product of a sparse and a dense matrix runs at the speed of memory. An R-MAT graph (Chakrabarti
// et al. 2004; a, b, c, d = 0.57, 0.19, 0.19, 0.05, ids shuffled) times a matrix of 1 GiB. Rows are compared
// with a plain loop first.
//
// Bytes counted: the CSR read once (offsets, columns, weights), a row of the dense matrix for each entry
// (nnz * d * 4), the result written once. Rows of hubs that a cache still holds count in full; the fetch of
// the result's lines before they are written does not count.

#include <cmath>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/linalg/simd.h"
#include "whitney/linalg/sparse.h"

namespace whitney::bench {
namespace {

struct Csr {
  Array<int64_t> offsets;
  Array<uint32_t> columns;
  Array<float> weights;

  SparseView view() const {
    return {offsets.size() - 1, offsets.size() - 1, offsets.span(), columns.span(), weights.span()};
  }
};

// Source and target of edge e, four quadrants a level.
std::pair<uint32_t, uint32_t> rmat_edge(RandomStream& random, int levels) {
  uint32_t source = 0, target = 0;
  for (int level = 0; level < levels; ++level) {
    const uint32_t draw = random.next_u32() >> 8;
    constexpr double kAll = 1 << 24;
    const uint32_t down = draw >= 0.76 * kAll, right = down ? draw >= 0.95 * kAll : draw >= 0.57 * kAll;
    source = source << 1 | down;
    target = target << 1 | right;
  }
  return {source, target};
}

Csr rmat(int levels, int64_t num_edges) {
  const int64_t n = int64_t{1} << levels;
  std::vector<uint32_t> ids(static_cast<size_t>(n));
  std::iota(ids.begin(), ids.end(), 0u);
  RandomStream(42, "ids", 0).shuffle(std::span(ids));
  std::vector<std::pair<uint32_t, uint32_t>> edges(static_cast<size_t>(num_edges));
  parallel_blocks(Context(), num_edges, 1 << 16, [&](int64_t begin, int64_t end) {
    RandomStream random(42, "edges", static_cast<uint64_t>(begin));
    for (int64_t e = begin; e < end; ++e) {
      const auto [source, target] = rmat_edge(random, levels);
      edges[static_cast<size_t>(e)] = {ids[source], ids[target]};
    }
  });
  Csr csr{Array<int64_t>(n + 1, 0), Array<uint32_t>(num_edges), Array<float>(num_edges)};
  int64_t* offsets = csr.offsets.mutable_data();
  for (const auto& [source, target] : edges) ++offsets[source + 1];
  std::partial_sum(offsets, offsets + n + 1, offsets);
  std::vector<int64_t> next(offsets, offsets + n);
  uint32_t* columns = csr.columns.mutable_data();
  float* weights = csr.weights.mutable_data();
  for (const auto& [source, target] : edges) {
    const int64_t at = next[source]++;
    columns[at] = target;
    weights[at] = 1.0f + static_cast<float>(target % 5);
  }
  return csr;
}

void plain_rows(const SparseView& sparse, const float* dense, int64_t width, int64_t begin, int64_t end,
                float* out) {
  for (int64_t r = begin; r < end; ++r) {
    float* row = out + (r - begin) * width;
    std::fill_n(row, width, 0.0f);
    for (int64_t e = sparse.offsets[static_cast<size_t>(r)]; e < sparse.offsets[static_cast<size_t>(r) + 1];
         ++e) {
      const float weight = sparse.weights[static_cast<size_t>(e)];
      const float* from = dense + static_cast<int64_t>(sparse.columns[static_cast<size_t>(e)]) * width;
      for (int64_t c = 0; c < width; ++c) row[c] += weight * from[c];
    }
  }
}

void compare(const SparseView& sparse, const float* dense, int64_t width, const float* out) {
  std::vector<float> expected(static_cast<size_t>(width));
  for (int64_t r = 0; r < sparse.rows; r += 101) {
    plain_rows(sparse, dense, width, r, r + 1, expected.data());
    for (int64_t c = 0; c < width; ++c) {
      const double got = out[r * width + c], right = expected[static_cast<size_t>(c)];
      if (!(std::abs(got - right) <= 1e-4 * right))
        fail("row ", r, ", column ", c, " is ", got, ", not ", right);
    }
  }
}

void race(const SparseView& sparse, int64_t width) {
  Array<float> dense(sparse.cols * width), result(sparse.rows * width, 0.0f);
  float* values = dense.mutable_data();
  for (int64_t i = 0; i < dense.size(); ++i) values[i] = static_cast<float>(i % 1021) / 1021;
  float* out = result.mutable_data();
  const MatrixView view{dense.data(), sparse.cols, width, width, DType::kF32};
  const double bytes =
      static_cast<double>(sparse.offsets.size_bytes() + sparse.columns.size_bytes() +
                          sparse.weights.size_bytes()) +
      static_cast<double>(std::ssize(sparse.columns) + sparse.rows) * static_cast<double>(width) * 4;
  for (int threads : {1, 2}) {
    Context context;
    context.threads = threads;
    multiply_sparse(context, sparse, {}, view, out);
    compare(sparse, dense.data(), width, out);
    const double limit = copy_bandwidth(threads);
    const Pairs pairs = run_pairs(
        5, [&] { return seconds_of([&] { multiply_sparse(context, sparse, {}, view, out); }); },
        [&] {
          return seconds_of([&] {
            parallel_blocks(context, sparse.rows, 4096, [&](int64_t begin, int64_t end) {
              plain_rows(sparse, dense.data(), width, begin, end, out + begin * width);
            });
          });
        });
    std::printf("%5lld %7d %10.2f %10.2f %10.2f %7.0f %% %7.2f (%.2f .. %.2f)\n",
                static_cast<long long>(width), threads, bytes / pairs.peer / 1e9, bytes / pairs.ours / 1e9,
                limit / 1e9, 100 * bytes / pairs.ours / limit, pairs.ratio, pairs.lowest_ratio,
                pairs.highest_ratio);
    std::fflush(stdout);
  }
}

int run() {
  // 2^21 rows of 128 or 2^22 of 64 floats are 1 GiB.
  std::printf(
      "SIMD level %s, %d processors. Rates are GB/s of the bytes counted at the head of the source.\n",
      simd_level().c_str(), allowed_cpus());
  std::printf("%5s %7s %10s %10s %10s %9s %7s\n", "width", "threads", "plain", "ours", "copy", "of copy",
              "ratio");
  for (int64_t width : {128, 64}) {
    const int levels = width == 128 ? 21 : 22;
    const Csr csr = rmat(levels, int64_t{4} << levels);
    race(csr.view(), width);
  }
  return 0;
}

}  // namespace
}  // namespace whitney::bench

int main() {
  try {
    return whitney::bench::run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "spmm_bench: %s\n", error.what());
    return 1;
  }
}
