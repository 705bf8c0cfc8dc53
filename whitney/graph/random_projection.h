#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/data/ids.h"

namespace whitney::graph {

/// Law of the entries of a random projection matrix R with d columns: each has mean 0 and variance 1/d.
/// Very sparse (Li, Hastie, Church 2006): +-sqrt(s/d) with probability 1/(2s) each, else 0. Gaussian: N(0,
/// 1/d).
enum class Projection : uint8_t { kVerySparse, kGaussian };

inline constexpr auto enum_names(Projection) {
  return std::array<std::string_view, 2>{"very_sparse", "gaussian"};
}

/// Gives the number that stands for a node in random streams: a hash of its id as text. It depends on nothing
/// else, so that a node keeps its random row when others come and go, when the file's order changes, and when
/// a string among the ids makes strings of all of them.
WHITNEY_API uint64_t random_key(const Ids& ids, int64_t row);

/// A random projection matrix whose rows are functions of (seed, purpose, key) and are never stored.
class WHITNEY_API RandomProjection {
 public:
  /// A non-zero entry of a row.
  struct Entry {
    int32_t column;
    float value;
  };

  /// `sparsity` is s >= 1 (the expected share of non-zero entries is 1/s; 1: none is zero); the Gaussian law
  /// ignores it.
  RandomProjection(Projection law, int64_t dim, double sparsity, uint64_t seed, std::string purpose);

  int64_t dim() const { return dim_; }
  /// Writes the dim values of the row of `key`.
  void write_row(uint64_t key, float* out) const;
  /// Replaces `entries` by the non-zero entries of the row of `key`, columns ascending. Very sparse law only;
  /// O(d/s log d).
  void sparse_row(uint64_t key, std::vector<Entry>& entries) const;

 private:
  Projection law_;
  int64_t dim_;
  uint64_t seed_;
  std::string purpose_;
  float magnitude_;
  /// survival_[g]: the probability that more than g zeros stand before the next non-zero entry.
  std::vector<double> survival_;
};

}  // namespace whitney::graph
