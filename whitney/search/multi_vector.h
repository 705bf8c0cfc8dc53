#pragma once

#include <cstdint>
#include <optional>

#include "whitney/core/options.h"

namespace whitney {

/// Options of multi_vector: late interaction (Khattab & Zaharia, SIGIR 2020) behind centroids (Santhanam et
/// al., CIKM 2022).
struct MultiVectorOptions {
  std::optional<int64_t> num_centroids;

  void fields(auto&& field) {
    field("num_centroids", num_centroids, Range{1, 1 << 24},
          "Clusters of the vectors of all rows; absent: the power of two below 4 times the root of their "
          "number");
  }
};

/// Options of a search in a multi_vector index.
struct MultiVectorSearchOptions {
  int64_t nprobe = 4;
  int64_t candidates = 256;

  void fields(auto&& field) {
    field("nprobe", nprobe, Range{1, 1 << 20},
          "Clusters near each vector of the query whose rows are looked at; more find more");
    field("candidates", candidates, Range{1, 1e9},
          "Rows, best by their centroids, that are compared exactly (at least k); ndocs of PLAID");
  }
};

}  // namespace whitney
