#pragma once

#include <cstdint>

#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/ragged.h"

namespace whitney::search {

/// Hashes vectors by the sides of hyperplanes through 0 on which they lie (Charikar, STOC 2002): two vectors
/// at an angle t are on the same side of each with probability 1 - t / pi.
class LshTokens {
 public:
  LshTokens() = default;
  /// Draws tables * bits normal hyperplanes; a function of the seed.
  LshTokens(int64_t dim, int64_t tables, int64_t bits, uint64_t seed);
  /// The planes of a file, tables * bits x dim.
  LshTokens(Matrix planes, int64_t tables, int64_t bits);

  int64_t dim() const { return planes_.cols(); }
  int64_t bits() const { return bits_; }
  /// Hashes that there may be.
  int64_t num_tokens() const { return tables_ << bits_; }
  const Matrix& planes() const { return planes_; }
  /// Of each vector (m x dim, float32) its `tables` hashes, as sparse rows of ones without ids: the hash of
  /// table t is a dimension in [t << bits, (t + 1) << bits). The same bytes for any number of threads.
  RaggedEmbeddings of(const MatrixView& vectors, const Context& context) const;

 private:
  Matrix planes_;
  int64_t tables_ = 0, bits_ = 0;
};

}  // namespace whitney::search
