#include "whitney/codec/k_means.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <utility>

#include "whitney/codec/k_means_assign.h"
#include "whitney/codec/k_means_balanced.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/linalg/dense_tile.h"
#include "whitney/linalg/distance.h"

namespace whitney::codec {
namespace {

// Rows of a task: two tiles of the dense kernel, which stay in L2 up to a few hundred columns.
constexpr int64_t kBlock = 480;

void check(const MatrixView& points, int64_t k) {
  WHITNEY_CHECK(points.dtype == DType::kF32, "k-means takes float32");
  if (k < 1 || k > points.rows) {
    fail("k-means of ", points.rows, points.rows == 1 ? " point" : " points", " in ", k,
         " clusters (expected: 1 to as many clusters as points)");
  }
}

template <class Term>
double ordered_sum(const Context& context, int64_t n, const Term& term) {
  return ordered_reduce(
      context, n, kBlock, 0.0,
      [&](int64_t begin, int64_t end) {
        double sum = 0;
        for (int64_t i = begin; i < end; ++i) sum += term(i);
        return sum;
      },
      [](double a, double b) { return a + b; });
}

// ---- first centroids ----

class PlusPlus {
 public:
  PlusPlus(const MatrixView& points, int64_t k, int run, const Context& context)
      : points_(points),
        context_(context),
        random_(context.seed, "k-means", static_cast<uint64_t>(run)),
        lots_(static_cast<size_t>(2 + static_cast<int>(std::log(static_cast<double>(k))))),
        centroids_(k, points.cols),
        squares_(static_cast<size_t>(points.rows), std::numeric_limits<float>::infinity()),
        block_sums_(static_cast<size_t>((points.rows + kBlock - 1) / kBlock)) {
    packed_.reset(std::ssize(lots_), points.cols);
    WHITNEY_CHECK(packed_.num_panels() == 1, "k-means++ of ", lots_.size(), " lots");
    width_ = static_cast<size_t>(packed_.panel_width(0));
    if (k > 1) measured_.resize(squares_.size() * width_);
  }

  Matrix choose() {
    take_first(static_cast<int64_t>(random_.below(static_cast<uint64_t>(points_.rows))));
    for (int64_t c = 1; c < centroids_.rows(); ++c) {
      context_.check_cancelled();
      for (int64_t& row : lots_) row = draw();
      const std::vector<double> sums = measure_lots();
      const auto best = static_cast<size_t>(std::ranges::min_element(sums) - sums.begin());
      keep(lots_[best], c);
      lower_squares([&](size_t i) { return measured_[i * width_ + best]; });
    }
    return std::move(centroids_);
  }

 private:
  void keep(int64_t row, int64_t c) {
    std::ranges::copy(points_.row<float>(row), centroids_.mutable_data<float>() + c * points_.cols);
  }

  void take_first(int64_t row) {
    keep(row, 0);
    std::vector<float> values(squares_.size());
    parallel_blocks(context_, points_.rows, kBlock, [&](int64_t begin, int64_t end) {
      distance_one_to_many(Kernel::kSquaredL2, points_.row<float>(row).data(), points_, begin, end,
                           values.data() + begin);
    });
    lower_squares([&](size_t i) { return values[i]; });
  }

  // Where the point at place i is nearer to a new centroid than to all before: by its squared distance.
  template <class SquareTo>
  void lower_squares(const SquareTo& square_to) {
    parallel_blocks(context_, points_.rows, kBlock, [&](int64_t begin, int64_t end) {
      double sum = 0;
      for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
        squares_[i] = std::min(squares_[i], square_to(i));
        sum += squares_[i];
      }
      block_sums_[static_cast<size_t>(begin / kBlock)] = sum;
    });
    total_ = std::accumulate(block_sums_.begin(), block_sums_.end(), 0.0);
    if (!std::isfinite(total_)) fail_k_means_range();
  }

  // A row by weights squares_; any where all are 0.
  int64_t draw() {
    if (total_ == 0) return static_cast<int64_t>(random_.below(static_cast<uint64_t>(points_.rows)));
    double rest = random_.uniform() * total_;
    size_t block = 0;
    while (block + 1 < block_sums_.size() && rest >= block_sums_[block]) rest -= block_sums_[block++];
    const int64_t begin = static_cast<int64_t>(block) * kBlock, end = std::min(begin + kBlock, points_.rows);
    int64_t last = begin;  // where rounding leads past the end: the last that has weight
    for (int64_t i = begin; i < end; ++i) {
      const double weight = squares_[static_cast<size_t>(i)];
      if (weight == 0) continue;
      if (rest < weight) return i;
      rest -= weight;
      last = i;
    }
    return last;
  }

  // The sums of squared distances that each lot would leave as the next centroid. A tile of points meets all
  // lots at once, which one panel holds.
  std::vector<double> measure_lots() {
    Matrix rows(std::ssize(lots_), points_.cols);
    for (size_t r = 0; r < lots_.size(); ++r)
      std::ranges::copy(points_.row<float>(lots_[r]),
                        rows.mutable_data<float>() + static_cast<int64_t>(r) * points_.cols);
    packed_.pack_panel(0, rows.view());
    std::vector<double> partial(width_ * block_sums_.size());
    parallel_blocks(context_, points_.rows, kBlock, [&](int64_t begin, int64_t end) {
      const auto width = static_cast<int64_t>(width_);
      multiply_tile(Kernel::kSquaredL2, points_.slice(begin, end), packed_, measured_.data() + begin * width,
                    width);
      add_lowered(begin, end, partial.data() + begin / kBlock * width);
    });
    std::vector<double> sums(lots_.size());
    for (size_t block = 0; block < block_sums_.size(); ++block) {
      for (size_t r = 0; r < sums.size(); ++r) sums[r] += partial[block * width_ + r];
    }
    return sums;
  }

  // Adds, to a sum for each lot, what the squares of some points would be with it. 8 lots go at once, for a
  // loop of a length known beforehand is one of vectors.
  void add_lowered(int64_t begin, int64_t end, double* sums) const {
    constexpr size_t kAtOnce = 8;  // of a panel's width
    for (size_t first = 0; first < lots_.size(); first += kAtOnce) {
      double of_lots[kAtOnce] = {};
      for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
        const float* values = measured_.data() + i * width_ + first;
        for (size_t r = 0; r < kAtOnce; ++r) of_lots[r] += std::min(squares_[i], values[r]);
      }
      std::ranges::copy(of_lots, sums + first);
    }
  }

  const MatrixView& points_;
  const Context& context_;
  RandomStream random_;
  // Rows that may become the next centroid, and they as the dense kernel reads them.
  std::vector<int64_t> lots_;
  PackedRows packed_;
  Matrix centroids_;
  // Squared distance of each point to the nearest centroid so far, and their sums.
  std::vector<float> squares_;
  std::vector<double> block_sums_;
  // Squared distances of each point to the lots, `width_` a point.
  std::vector<float> measured_;
  size_t width_ = 0;
  double total_ = 0;
};

// ---- rounds ----

// Rows in the order of their clusters: those of cluster c stand in [starts[c], starts[c + 1]), ascending.
struct Members {
  std::vector<int64_t> starts;
  std::vector<uint32_t> rows;
};

Members members_of(std::span<const uint32_t> assignment, int64_t k) {
  Members members{std::vector<int64_t>(static_cast<size_t>(k) + 1), std::vector<uint32_t>(assignment.size())};
  for (uint32_t c : assignment) ++members.starts[c + 1];
  std::partial_sum(members.starts.begin(), members.starts.end(), members.starts.begin());
  std::vector<int64_t> next(members.starts.begin(), members.starts.end() - 1);
  for (size_t i = 0; i < assignment.size(); ++i)
    members.rows[static_cast<size_t>(next[assignment[i]]++)] = static_cast<uint32_t>(i);
  return members;
}

// Sums of members are taken in pieces that depend on the clusters only, and combined in order.
struct Piece {
  int64_t cluster, begin, end;
};

std::vector<Piece> pieces_of(const Members& members) {
  constexpr int64_t kPieceRows = 2048;
  std::vector<Piece> pieces;
  for (int64_t c = 0; c + 1 < std::ssize(members.starts); ++c) {
    const int64_t last = members.starts[static_cast<size_t>(c) + 1];
    for (int64_t begin = members.starts[static_cast<size_t>(c)]; begin < last; begin += kPieceRows)
      pieces.push_back({c, begin, std::min(begin + kPieceRows, last)});
  }
  return pieces;
}

// Replaces the centroids of clusters that have members by their means.
void move_to_means(const MatrixView& points, const Members& members, Matrix& centroids,
                   const Context& context) {
  const std::vector<Piece> pieces = pieces_of(members);
  const auto d = static_cast<size_t>(points.cols);
  std::vector<double> sums(pieces.size() * d);
  parallel_for(context, std::ssize(pieces), [&](int64_t p) {
    const Piece& piece = pieces[static_cast<size_t>(p)];
    double* const sum = sums.data() + static_cast<size_t>(p) * d;
    for (int64_t m = piece.begin; m < piece.end; ++m) {
      const float* const row = points.row<float>(members.rows[static_cast<size_t>(m)]).data();
      for (size_t j = 0; j < d; ++j) sum[j] += row[j];
    }
  });
  float* const out = centroids.mutable_data<float>();
  for (size_t p = 0; p < pieces.size();) {
    const int64_t c = pieces[p].cluster;
    double* const sum = sums.data() + p * d;
    for (++p; p < pieces.size() && pieces[p].cluster == c; ++p) {
      for (size_t j = 0; j < d; ++j) sum[j] += sums[p * d + j];
    }
    const auto count = static_cast<double>(members.starts[static_cast<size_t>(c) + 1] -
                                           members.starts[static_cast<size_t>(c)]);
    for (size_t j = 0; j < d; ++j) out[static_cast<size_t>(c) * d + j] = static_cast<float>(sum[j] / count);
  }
}

// Gives each empty cluster the point farthest from its centroid (equal ones: the smaller row), out of
// clusters of more than one point.
void fill_empty_clusters(const MatrixView& points, const Matrix& centroids, std::vector<uint32_t>& assignment,
                         const Context& context) {
  std::vector<int64_t> sizes(static_cast<size_t>(centroids.rows()));
  for (const uint32_t c : assignment) ++sizes[c];
  if (std::find(sizes.begin(), sizes.end(), 0) == sizes.end()) return;
  const std::vector<float> distances = distances_to_centroids(points, centroids, assignment, context);
  std::vector<uint32_t> farthest(assignment.size());
  std::iota(farthest.begin(), farthest.end(), 0U);
  std::stable_sort(farthest.begin(), farthest.end(),
                   [&](uint32_t a, uint32_t b) { return distances[a] > distances[b]; });
  size_t next = 0;
  for (size_t c = 0; c < sizes.size(); ++c) {
    if (sizes[c] > 0) continue;
    while (next < farthest.size() && sizes[assignment[farthest[next]]] < 2) ++next;
    if (next == farthest.size() || distances[farthest[next]] == 0) return;
    const uint32_t row = farthest[next++];
    --sizes[assignment[row]];
    assignment[row] = static_cast<uint32_t>(c);
    ++sizes[c];
  }
}

double sum_of_squares(const std::vector<float>& distances, const Context& context) {
  return ordered_sum(context, std::ssize(distances), [&](int64_t i) {
    const double distance = distances[static_cast<size_t>(i)];
    return distance * distance;
  });
}

// Scales the centroids that are not 0 to norm 1.
void normalize_centroids(Matrix& centroids) {
  float* row = centroids.mutable_data<float>();
  for (int64_t c = 0; c < centroids.rows(); ++c, row += centroids.cols()) {
    double square = 0;
    for (int64_t j = 0; j < centroids.cols(); ++j) square += double{row[j]} * row[j];
    if (square == 0) continue;
    const double scale = 1 / std::sqrt(square);
    for (int64_t j = 0; j < centroids.cols(); ++j) row[j] = static_cast<float>(row[j] * scale);
  }
}

// Mean over the columns of their variances.
double mean_variance(const MatrixView& points, const Context& context) {
  Matrix mean(1, points.cols);
  move_to_means(points, members_of(std::vector<uint32_t>(static_cast<size_t>(points.rows)), 1), mean,
                context);
  const std::vector<float> distances =
      distances_to_centroids(points, mean, std::vector<uint32_t>(static_cast<size_t>(points.rows)), context);
  return points.cols == 0
             ? 0
             : sum_of_squares(distances, context) / static_cast<double>(points.rows * points.cols);
}

double squared_shift(const Matrix& before, const Matrix& after) {
  double sum = 0;
  const int64_t n = before.rows() * before.cols();
  const auto* const a = before.view().row<float>(0).data();
  const auto* const b = after.view().row<float>(0).data();
  for (int64_t i = 0; i < n; ++i) sum += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  return sum;
}

}  // namespace

Nearest nearest_centroids(const MatrixView& points, const MatrixView& centroids, const Context& context) {
  Nearest nearest{std::vector<uint32_t>(static_cast<size_t>(points.rows)), {}};
  PointAssigner(points, false, context).assign(centroids, nearest.assignment);
  nearest.distances = distances_to_centroids(points, centroids, nearest.assignment, context);
  return nearest;
}

Matrix k_means_plus_plus(const MatrixView& points, int64_t k, int run, const Context& context) {
  check(points, k);
  return PlusPlus(points, k, run, context).choose();
}

KMeans k_means_from(const MatrixView& points, Matrix centroids, const KMeansOptions& options,
                    const Context& context) {
  check(points, centroids.rows());
  WHITNEY_CHECK(centroids.dtype() == DType::kF32 && centroids.cols() == points.cols, "centroids of k-means");
  const double small_shift = options.tolerance > 0 ? options.tolerance * mean_variance(points, context) : -1;
  PointAssigner assigner(points, options.uses_bounds, context);
  const auto assign = [&](std::vector<uint32_t>& assignment) {
    if (options.most_per_cluster)
      assignment =
          balanced_assignment(points, centroids, *options.most_per_cluster, context, options.balance_slack);
    else
      assigner.assign(centroids, assignment);
  };
  KMeans result;
  result.assignment.resize(static_cast<size_t>(points.rows));
  if (options.is_spherical) normalize_centroids(centroids);
  assign(result.assignment);
  while (!result.converged && result.iterations < options.max_iterations) {
    context.check_cancelled();
    ++result.iterations;
    fill_empty_clusters(points, centroids, result.assignment, context);
    const Matrix before = Matrix::copy_of(centroids);
    move_to_means(points, members_of(result.assignment, centroids.rows()), centroids, context);
    if (options.is_spherical) normalize_centroids(centroids);
    std::vector<uint32_t> next = result.assignment;
    assign(next);
    result.converged = next == result.assignment || squared_shift(before, centroids) <= small_shift;
    result.assignment = std::move(next);
  }
  result.inertia =
      sum_of_squares(distances_to_centroids(points, centroids, result.assignment, context), context);
  result.centroids = std::move(centroids);
  return result;
}

KMeans k_means(const MatrixView& points, const KMeansOptions& options, const Context& context) {
  check(points, options.k);
  WHITNEY_CHECK(options.num_runs >= 1, "k-means of no runs");
  KMeans best;
  for (int r = 0; r < options.num_runs; ++r) {
    Matrix first = k_means_plus_plus(points, options.k, options.first_run + r, context);
    KMeans run = k_means_from(points, std::move(first), options, context);
    if (r == 0 || run.inertia < best.inertia) best = std::move(run);
  }
  return best;
}

}  // namespace whitney::codec
