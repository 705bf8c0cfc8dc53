#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/dense_weights.h"
#include "whitney/search/deadline.h"

namespace whitney::search {

/// Vectors of several rows, one row's behind the other's: those of row r are [starts[r], starts[r + 1]).
/// Places of a mapped file are checked as they are followed.
struct VectorSets {
  MatrixView vectors;
  std::span<const int64_t> starts;

  int64_t size() const { return std::ssize(starts) - 1; }
  /// Throws Error when the places of a row cannot be.
  std::pair<int64_t, int64_t> range(int64_t row) const {
    const int64_t begin = starts[static_cast<size_t>(row)], end = starts[static_cast<size_t>(row) + 1];
    if (begin < 0 || begin > end || end > vectors.rows) fail_damaged(row);
    return {begin, end};
  }
  [[noreturn]] static void fail_damaged(int64_t row);
};

/// Some queries, each of several vectors, made ready to be compared with many rows: the score of a row is the
/// sum, over the query's vectors, of the largest inner product with a vector of the row (Khattab & Zaharia
/// 2020); 0 for a row without vectors. A score depends on the query, the row and the SIMD level alone.
class MaxSimQueries {
 public:
  /// queries: float32.
  explicit MaxSimQueries(const VectorSets& queries);

  int64_t size() const { return std::ssize(starts_) - 1; }
  /// Vectors of all queries.
  int64_t num_vectors() const { return weights_.rows(); }
  /// scores[i * size() + q] = the score of rows[i] (ascending) with query q. O(vectors of both x width).
  /// False where the deadline ended it: rows that it did not come to have kNotScored.
  bool score(const Context& context, const VectorSets& base, std::span<const uint32_t> rows,
             const Deadline& deadline, float* scores) const;
  static constexpr float kNotScored = -std::numeric_limits<float>::infinity();
  /// out (base.rows x num_vectors()) = inner products of the queries' vectors with rows of a matrix.
  void multiply(const MatrixView& base, float* out) const;
  /// The score of a row from the largest products of each query vector; `best` is set to "none" for the next
  /// row.
  void add_up(std::span<float> best, float* scores) const;
  /// What `best` holds while a row has shown no vector.
  static constexpr float kNone = -3.4028234663852886e38F;

 private:
  void score_on_this_thread(const VectorSets& base, std::span<const uint32_t> rows, float* scores) const;

  DenseWeights weights_;
  std::vector<int64_t> starts_;
};

}  // namespace whitney::search
