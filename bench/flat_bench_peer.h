#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/python_peer.h"
#include "whitney/core/matrix.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/linalg/metric.h"

namespace whitney::bench {

/// faiss's IndexFlat over the same rows and queries, in a Python of its own (flat_bench_peer.py), with one
/// thread.
class FlatPeer {
 public:
  /// Writes rows and queries (float32) where Python finds them and builds the index. Throws Error when Python
  /// or faiss is missing.
  FlatPeer(const MatrixView& base, const MatrixView& queries, int64_t k);

  /// The version of faiss, its instruction set and the kernel of its BLAS.
  const std::string& version() const { return python_->versions(); }
  /// Sets the metric that the next searches use; only inner product and l2.
  void use(Metric metric) { metric_ = metric == Metric::kL2 ? "l2" : "inner_product"; }
  /// Searches the first `num_queries` queries, at once or one by one, and returns the seconds.
  double search(int64_t num_queries, bool one_by_one);
  /// The rows that the last search found, k for each query.
  std::vector<int64_t> rows() const;

 private:
  TemporaryFolder folder_;
  std::string metric_;
  std::unique_ptr<PythonPeer> python_;
};

}  // namespace whitney::bench
