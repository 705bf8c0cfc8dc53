#include "whitney/codec/k_means_balanced.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <queue>
#include <utility>

#include "whitney/codec/k_means_assign.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/distance.h"

namespace whitney::codec {
namespace {

// n x k squared distances.
Matrix squared_distances(const MatrixView& points, const MatrixView& centroids, const Context& context) {
  Matrix costs(points.rows, centroids.rows);
  float* const out = costs.mutable_data<float>();
  parallel_blocks(context, points.rows, 480, [&](int64_t begin, int64_t end) {
    distance_many_to_many(Kernel::kSquaredL2, points.slice(begin, end), centroids,
                          out + begin * centroids.rows);
    if (!std::all_of(out + begin * centroids.rows, out + end * centroids.rows,
                     [](float cost) { return std::isfinite(cost); }))
      fail_k_means_range();
  });
  return costs;
}

// A bid's least step: a thousandth of the mean least cost, but no less than what lets prices reach any cost
// in some hundred thousand bids a place, where points are equal and outbid each other by steps alone.
double step_of(const Matrix& costs, double slack) {
  constexpr double kOfLeast = 1e-3, kOfMean = 1e-5;
  double least = 0, all = 0;
  for (int64_t i = 0; i < costs.rows(); ++i) {
    const auto row = costs.row<float>(i);
    least += *std::ranges::min_element(row);
    all += std::accumulate(row.begin(), row.end(), 0.0) / static_cast<double>(costs.cols());
  }
  const auto n = static_cast<double>(costs.rows());
  return std::max(
      {kOfLeast * least / n, std::max(kOfMean, slack) * all / n, double{std::numeric_limits<float>::min()}});
}

// Each centroid sells `most` places. A point without a place bids for the one that is cheapest to it,
// distance and price together, as much as leaves it no better off anywhere else, and `step` more; where no
// place is free, the lowest bidder leaves. In the end each point is within `step` of its cheapest place at
// the prices that were reached, and places that nobody holds cost nothing: the sum of the distances is within
// n steps of the least.
class Auction {
 public:
  Auction(const Matrix& costs, int64_t most, double step)
      : costs_(costs),
        most_(static_cast<size_t>(most)),
        step_(step),
        prices_(static_cast<size_t>(costs.cols())),
        holders_(static_cast<size_t>(costs.cols())) {}

  std::vector<uint32_t> run() {
    std::vector<uint32_t> assignment(static_cast<size_t>(costs_.rows()));
    std::queue<uint32_t> without;
    for (int64_t i = 0; i < costs_.rows(); ++i) without.push(static_cast<uint32_t>(i));
    while (!without.empty()) {
      const uint32_t point = without.front();
      without.pop();
      const auto [centroid, bid] = bid_of(point);
      assignment[point] = centroid;
      Holders& holders = holders_[centroid];
      if (holders.size() == most_) {
        without.push(holders.top().second);
        holders.pop();
      }
      holders.emplace(bid, point);
      if (holders.size() == most_) prices_[centroid] = holders.top().first;
    }
    return assignment;
  }

 private:
  using Bid = std::pair<double, uint32_t>;
  // The lowest bid on top.
  using Holders = std::priority_queue<Bid, std::vector<Bid>, std::greater<>>;

  std::pair<uint32_t, double> bid_of(uint32_t point) const {
    const auto costs = costs_.row<float>(point);
    double least = std::numeric_limits<double>::infinity(), second = least;
    size_t cheapest = 0;
    for (size_t c = 0; c < costs.size(); ++c) {
      const double cost = costs[c] + prices_[c];
      if (cost < least) {
        second = least;
        least = cost;
        cheapest = c;
      } else if (cost < second) {
        second = cost;
      }
    }
    return {static_cast<uint32_t>(cheapest), prices_[cheapest] + (second - least) + step_};
  }

  const Matrix& costs_;
  size_t most_;
  double step_;
  // Of a centroid whose places are all taken the lowest bid, else 0.
  std::vector<double> prices_;
  std::vector<Holders> holders_;
};

}  // namespace

std::vector<uint32_t> balanced_assignment(const MatrixView& points, const MatrixView& centroids, int64_t most,
                                          const Context& context, double slack) {
  const int64_t k = centroids.rows;
  if (most < 1 || most < (points.rows + k - 1) / k) {
    fail("k-means of ", points.rows, " points in ", k, " clusters of at most ", most,
         " (expected: clusters that hold all points)");
  }
  if (k == 1) return std::vector<uint32_t>(static_cast<size_t>(points.rows));
  const Matrix costs = squared_distances(points, centroids, context);
  return Auction(costs, most, step_of(costs, slack)).run();
}

}  // namespace whitney::codec
