#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/matrix.h"
#include "whitney/linalg/metric.h"

namespace whitney::bench {

/// The true k nearest of some queries, and what is counted against them.
class Truth {
 public:
  /// base, queries: float32, normalised where the metric is cosine. `allowed` rows only, when given.
  Truth(const Matrix& base, const Matrix& queries, int64_t k, Metric metric,
        const std::vector<uint32_t>* allowed = nullptr);
  /// Share of the min(k, rows there are) nearest among `rows` (m x k, -1 where nothing stands): a row counts
  /// when it is no farther than the last true one, so that ties are no errors.
  double recall(const std::vector<int64_t>& rows) const;
  int64_t k() const { return k_; }

 private:
  double distance(int64_t query, int64_t row) const;
  const Matrix& base_;
  const Matrix& queries_;
  int64_t k_;
  Metric metric_;
  std::vector<int64_t> num_due_;
  std::vector<double> last_;
};

/// One program's answers at one setting of its dial: recall, and queries/s of each round.
struct CurvePoint {
  int64_t ef = 0;
  double recall = 0;
  std::vector<double> rates;
};
using Curve = std::vector<CurvePoint>;

/// Queries/s at a recall, in one round: between two settings linear in recall and in the logarithm of the
/// rate. Nothing when the curve does not reach it; the first point's when it begins above.
std::optional<double> rate_at(const Curve& curve, double recall, size_t round);

/// What `peer` is slower by at a recall ("1.43 (1.38 .. 1.51)"), over the rounds that ran in turns.
std::string ratio_text(const Curve& ours, const Curve& peer, double recall);

}  // namespace whitney::bench
