#include "whitney/codec/opq_rotation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "whitney/codec/k_means.h"
#include "whitney/codec/polar_factor.h"
#include "whitney/codec/principal_components.h"
#include "whitney/codec/subspaces.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/dense.h"

namespace whitney::codec {
namespace {

constexpr int kFirstIterations = 25, kRoundIterations = 4;

Matrix identity(int64_t d) {
  Matrix result = Matrix::zeros(d, d);
  auto* const values = result.mutable_data<float>();
  for (int64_t i = 0; i < d; ++i) values[i * d + i] = 1;
  return result;
}

// Points around their mean: k-means does not care, and cross products lose no digits to it.
Matrix centred(const MatrixView& points) {
  Matrix result = Matrix::copy_of(points);
  auto* const values = result.mutable_data<float>();
  std::vector<double> mean(static_cast<size_t>(points.cols));
  for (int64_t i = 0; i < points.rows; ++i) {
    for (size_t j = 0; j < mean.size(); ++j) mean[j] += points.row<float>(i)[j];
  }
  for (int64_t i = 0; i < points.rows; ++i) {
    for (size_t j = 0; j < mean.size(); ++j)
      values[i * points.cols + static_cast<int64_t>(j)] -=
          static_cast<float>(mean[j] / static_cast<double>(points.rows));
  }
  return result;
}

// Principal components, spread over the subspaces.
Matrix component_rotation(const MatrixView& points, int64_t num_subspaces, const Context& context) {
  const int64_t d = points.cols;
  const PrincipalComponents found = principal_components(points, d, context);
  Matrix rotation(d, d);
  auto* out = rotation.mutable_data<float>();
  for (const int64_t c : allocate_components(found.variances, num_subspaces)) {
    std::ranges::copy(found.components.row<float>(c), out);
    out += d;
  }
  // Exactly orthonormal, where float32 let them lose that.
  return polar_factor(rotation, context).value_or(rotation);
}

// A rotation and the codebooks of the points that it turned.
class Trial {
 public:
  Trial(const MatrixView& points, Matrix rotation, const OpqTask& task, const Context& context)
      : points_(points),
        rotation_(std::move(rotation)),
        split_{points.cols, task.num_subspaces},
        k_(std::min(task.num_centroids, points.rows)),
        context_(context),
        turned_(points.rows, points.cols) {
    turn();
    error_ = fit(kFirstIterations);
  }
  double error() const { return error_; }
  Matrix take_rotation() { return std::move(rotation_); }

  // One round; false, and nothing else is changed, where it finds no better rotation.
  bool improve() {
    std::optional<Matrix> next = polar_factor(attraction(), context_);
    if (!next) return false;
    std::swap(rotation_, *next);
    turn();
    const double error = fit(kRoundIterations);
    if (error < error_) {
      error_ = error;
      return true;
    }
    std::swap(rotation_, *next);
    return false;
  }

 private:
  void turn() { multiply_transposed(context_, points_, rotation_, turned_.mutable_data<float>()); }

  // Codebooks from those of the round before, where there are any; returns the sum of squared errors.
  double fit(int iterations) {
    KMeansOptions options;
    options.k = k_;
    options.max_iterations = iterations;
    options.tolerance = 0;
    double sum = 0;
    const bool is_first = books_.empty();
    books_.resize(static_cast<size_t>(split_.num_subspaces));
    for (int64_t m = 0; m < split_.num_subspaces; ++m) {
      const MatrixView part = split_.part(turned_, m);
      KMeans& book = books_[static_cast<size_t>(m)];
      book = is_first ? k_means(part, options, context_)
                      : k_means_from(part, std::move(book.centroids), options, context_);
      sum += book.inertia;
    }
    return sum;
  }

  // Z^T X of the decoded points Z: its polar factor is the rotation that brings the points nearest to Z
  // (Procrustes). A thousandth of its size is added in the direction of the present rotation: it keeps
  // directions in which the points hardly vary where they are, and the error from rising.
  Matrix attraction() const {
    const int64_t d = points_.cols;
    constexpr int64_t kBlock = 4096;
    std::vector<double> sums(static_cast<size_t>(d * d));
    Matrix product(d, d);
    for (int64_t begin = 0; begin < points_.rows; begin += kBlock) {
      const int64_t end = std::min(begin + kBlock, points_.rows);
      multiply_transposed(context_, transposed(decoded(begin, end)), transposed(points_.slice(begin, end)),
                          product.mutable_data<float>());
      const float* const values = product.row<float>(0).data();
      for (int64_t i = 0; i < d * d; ++i) sums[static_cast<size_t>(i)] += values[i];
    }
    double square = 0;
    for (const double sum : sums) square += sum * sum;
    constexpr double kKept = 1e-3;
    const double weight = kKept * std::sqrt(square);
    auto* const out = product.mutable_data<float>();
    const float* const present = rotation_.row<float>(0).data();
    for (int64_t i = 0; i < d * d; ++i)
      out[i] = static_cast<float>(sums[static_cast<size_t>(i)] + weight * present[i]);
    return product;
  }

  Matrix decoded(int64_t begin, int64_t end) const {
    Matrix result(end - begin, points_.cols);
    auto* out = result.mutable_data<float>();
    for (int64_t i = begin; i < end; ++i) {
      for (const KMeans& book : books_)
        out = std::ranges::copy(book.centroids.row<float>(book.assignment[static_cast<size_t>(i)]), out).out;
    }
    return result;
  }

  MatrixView points_;
  Matrix rotation_;
  Subspaces split_;
  int64_t k_;
  const Context& context_;
  Matrix turned_;
  std::vector<KMeans> books_;
  double error_ = 0;
};

}  // namespace

std::vector<int64_t> allocate_components(const std::vector<double>& variances, int64_t num_subspaces) {
  const Subspaces split{std::ssize(variances), num_subspaces};
  std::vector<std::vector<int64_t>> parts(static_cast<size_t>(num_subspaces));
  std::vector<double> logs(parts.size());
  // In units of the least, so that each counts; what hardly varies counts alike, however little it is.
  const double least =
      std::max({variances.back(), 1e-10 * variances.front(), std::numeric_limits<double>::min()});
  for (size_t c = 0; c < variances.size(); ++c) {
    size_t chosen = parts.size();
    for (size_t m = 0; m < parts.size(); ++m) {
      const bool has_room = std::ssize(parts[m]) < split.width(static_cast<int64_t>(m));
      if (has_room && (chosen == parts.size() || logs[m] < logs[chosen])) chosen = m;
    }
    parts[chosen].push_back(static_cast<int64_t>(c));
    logs[chosen] += std::log(std::max(variances[c], least)) - std::log(least);
  }
  std::vector<int64_t> order;
  for (const std::vector<int64_t>& part : parts) order.insert(order.end(), part.begin(), part.end());
  return order;
}

OpqRotation learn_opq_rotation(const MatrixView& points, const OpqTask& task, const Context& context) {
  WHITNEY_CHECK(points.rows > 0 && task.num_subspaces >= 1 && task.num_subspaces <= points.cols, "OPQ of ",
                points.rows, " x ", points.cols, " in ", task.num_subspaces, " subspaces");
  constexpr double kLeastGain = 1e-4;
  const Matrix around_mean = centred(points);
  Context quiet = context;
  quiet.progress = nullptr;
  auto best = std::make_unique<Trial>(around_mean, identity(points.cols), task, quiet);
  auto other = std::make_unique<Trial>(
      around_mean, component_rotation(around_mean, task.num_subspaces, quiet), task, quiet);
  if (other->error() < best->error()) std::swap(best, other);
  other.reset();
  OpqRotation result{{}, {best->error()}};
  for (int round = 0; round < task.num_rounds; ++round) {
    context.check_cancelled();
    context.advance("rotation", round, task.num_rounds, "rounds");
    const double before = best->error();
    if (!best->improve()) break;
    result.errors.push_back(best->error());
    if (best->error() > before * (1 - kLeastGain)) break;
  }
  context.advance("rotation", task.num_rounds, task.num_rounds, "rounds");
  result.rotation = best->take_rotation();
  return result;
}

}  // namespace whitney::codec
