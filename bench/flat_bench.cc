// Question: is exact search as fast as faiss's IndexFlat, many queries at once and one by one, on one thread?
// MNIST, 60,000 x 784, k = 10. The rows found are compared first.

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "bench/bench_main.h"
#include "bench/flat_bench_peer.h"
#include "bench/machine_limits.h"
#include "bench/mnist.h"
#include "bench/pairs.h"
#include "whitney/core/error.h"
#include "whitney/linalg/exact_search.h"
#include "whitney/linalg/simd.h"

namespace whitney::bench {
namespace {

constexpr int64_t kNeighbors = 10, kAtOnce = 1000, kOneByOne = 50;

std::vector<int64_t> search(const MatrixView& queries, const MatrixView& base, Metric metric,
                            bool one_by_one) {
  if (!one_by_one) return exact_search(queries, base, kNeighbors, metric, one_thread()).rows;
  std::vector<int64_t> rows;
  for (int64_t q = 0; q < queries.rows; ++q) {
    const Neighbors found = exact_search(queries.slice(q, q + 1), base, kNeighbors, metric, one_thread());
    rows.insert(rows.end(), found.rows.begin(), found.rows.end());
  }
  return rows;
}

double exact_value(std::span<const float> a, std::span<const float> b, Metric metric) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    sum += metric == Metric::kL2 ? (x - y) * (x - y) : x * y;
  }
  return sum;
}

// Where the rows differ, their values in float64 may do so by a few roundings of a float32 at most.
void compare(const MatrixView& queries, const MatrixView& base, Metric metric,
             const std::vector<int64_t>& ours, const std::vector<int64_t>& peers) {
  if (ours.size() != peers.size()) fail("the peer found ", peers.size(), " rows, not ", ours.size());
  int64_t different = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    if (ours[i] == peers[i]) continue;
    ++different;
    const auto query = queries.row<float>(static_cast<int64_t>(i) / kNeighbors);
    const double a = exact_value(query, base.row<float>(ours[i]), metric);
    const double b = exact_value(query, base.row<float>(peers[i]), metric);
    if (std::abs(a - b) > 1e-5 * std::max(a, b)) {
      fail("place ", i, ": row ", ours[i], " (", a, ") against the peer's ", peers[i], " (", b, ")");
    }
  }
  std::printf("  answers: %lld of %lld places equal, the others equal within rounding\n",
              static_cast<long long>(std::ssize(ours) - different), static_cast<long long>(std::ssize(ours)));
}

void race(FlatPeer& peer, const MatrixView& base, const MatrixView& queries, Metric metric, bool one_by_one,
          double flops_limit, double bandwidth) {
  const MatrixView some = queries.slice(0, one_by_one ? kOneByOne : kAtOnce);
  std::printf("\n%s, %lld queries %s\n", metric == Metric::kL2 ? "l2" : "inner product",
              static_cast<long long>(some.rows), one_by_one ? "one by one" : "at once");
  peer.search(some.rows, one_by_one);
  compare(some, base, metric, search(some, base, metric, one_by_one), peer.rows());
  const Pairs pairs = run_pairs(
      5, [&] { return seconds_of([&] { search(some, base, metric, one_by_one); }); },
      [&] { return peer.search(some.rows, one_by_one); });
  const double terms = static_cast<double>(some.rows) * static_cast<double>(base.rows * base.cols);
  // Many at once are bound by multiply-adds, one by one by the reading of all rows.
  const double work = one_by_one ? terms * sizeof(float) : 2 * terms;
  const double limit = one_by_one ? bandwidth : flops_limit;
  const char* unit = one_by_one ? "GB/s" : "GFLOP/s";
  std::printf("  ours  %7.1f queries/s  %6.1f %s (%.0f %% of the limit)\n",
              static_cast<double>(some.rows) / pairs.ours, work / pairs.ours / 1e9, unit,
              100 * work / pairs.ours / limit);
  std::printf("  faiss %7.1f queries/s  %6.1f %s (%.0f %%)\n", static_cast<double>(some.rows) / pairs.peer,
              work / pairs.peer / 1e9, unit, 100 * work / pairs.peer / limit);
  std::printf("  ours is %.2f times as fast (pairs %.2f .. %.2f)\n", pairs.ratio, pairs.lowest_ratio,
              pairs.highest_ratio);
  std::fflush(stdout);
}

bool run() {
  const std::string folder = data_folder() + "/mnist/";
  const Matrix base = read_mnist_images(folder + "train-images-idx3-ubyte.gz", 60'000);
  const Matrix queries = read_mnist_images(folder + "t10k-images-idx3-ubyte.gz", kAtOnce);
  FlatPeer peer(base, queries, kNeighbors);
  const double flops_limit = peak_flops(), bandwidth = read_bandwidth(1);
  std::printf("MNIST %lld x %lld, k = %lld, one thread, SIMD level %s; peer: %s\n",
              static_cast<long long>(base.rows()), static_cast<long long>(base.cols()),
              static_cast<long long>(kNeighbors), simd_level().c_str(), peer.version().c_str());
  std::printf("limits: %.1f GFLOP/s of multiply-adds, %.1f GB/s of reading memory\n", flops_limit / 1e9,
              bandwidth / 1e9);
  for (Metric metric : {Metric::kL2, Metric::kInnerProduct}) {
    peer.use(metric);
    for (bool one_by_one : {false, true})
      race(peer, base, queries, metric, one_by_one, flops_limit, bandwidth);
  }
  return true;
}

}  // namespace
}  // namespace whitney::bench

int main() {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that ends is an Error, not the end
  return whitney::bench::bench_main("flat_bench", whitney::bench::run);
}
