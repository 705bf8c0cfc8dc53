#include "whitney/codec/principal_components.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/distance.h"

namespace whitney::codec {
namespace {

// A row-major square matrix of float64.
struct Square {
  std::vector<double>& values;
  int64_t n;
  double* row(int64_t i) const { return values.data() + i * n; }
};

// Reflects matrix A to a tridiagonal T = Q^T A Q; `transposed_q` becomes Q^T. The vectors v of the
// reflections I - beta v v^T, one for each column, zero it below its first subdiagonal.
void tridiagonalize(const Square& a, const Square& transposed_q, std::vector<double>& diagonal,
                    std::vector<double>& off) {
  const int64_t n = a.n;
  std::fill(transposed_q.values.begin(), transposed_q.values.end(), 0.0);
  for (int64_t i = 0; i < n; ++i) transposed_q.row(i)[i] = 1;
  std::vector<double> v(static_cast<size_t>(n)), p(v), u(v);
  for (int64_t k = 0; k + 2 < n; ++k) {
    double square = 0;
    for (int64_t i = k + 1; i < n; ++i) square += a.row(k)[i] * a.row(k)[i];
    const double first = a.row(k)[k + 1], norm = std::sqrt(square);
    if (square - first * first == 0) continue;  // the rest of the column is zero already
    for (int64_t i = k + 1; i < n; ++i) v[static_cast<size_t>(i)] = a.row(k)[i];
    v[static_cast<size_t>(k + 1)] += std::copysign(norm, first);
    const double beta = 1 / (square + std::abs(first) * norm);
    // A <- A - v w^T - w v^T with p = beta A v and w = p - (beta / 2)(p.v) v, of the part behind k.
    double along = 0;
    for (int64_t i = k + 1; i < n; ++i) {
      double sum = 0;
      for (int64_t j = k + 1; j < n; ++j) sum += a.row(i)[j] * v[static_cast<size_t>(j)];
      p[static_cast<size_t>(i)] = beta * sum;
      along += beta * sum * v[static_cast<size_t>(i)];
    }
    for (int64_t i = k + 1; i < n; ++i)
      p[static_cast<size_t>(i)] -= beta / 2 * along * v[static_cast<size_t>(i)];
    for (int64_t i = k + 1; i < n; ++i) {
      const double vi = v[static_cast<size_t>(i)], pi = p[static_cast<size_t>(i)];
      for (int64_t j = k + 1; j < n; ++j)
        a.row(i)[j] -= vi * p[static_cast<size_t>(j)] + pi * v[static_cast<size_t>(j)];
    }
    a.row(k)[k + 1] = -std::copysign(norm, first);
    // Q^T <- H Q^T
    std::fill(u.begin(), u.end(), 0.0);
    for (int64_t i = k + 1; i < n; ++i) {
      for (int64_t j = 0; j < n; ++j)
        u[static_cast<size_t>(j)] += v[static_cast<size_t>(i)] * transposed_q.row(i)[j];
    }
    for (int64_t i = k + 1; i < n; ++i) {
      const double factor = beta * v[static_cast<size_t>(i)];
      for (int64_t j = 0; j < n; ++j) transposed_q.row(i)[j] -= factor * u[static_cast<size_t>(j)];
    }
  }
  for (int64_t i = 0; i < n; ++i) {
    diagonal.push_back(a.row(i)[i]);
    off.push_back(i + 1 < n ? a.row(i)[i + 1] : 0.0);
  }
}

// Turns rows i and i + 1 of the vectors by the angle of (c, s).
void turn_rows(const Square& vectors, int64_t i, double c, double s) {
  double* a = vectors.row(i);
  double* b = vectors.row(i + 1);
  for (int64_t j = 0; j < vectors.n; ++j) {
    const double x = a[j], y = b[j];
    a[j] = c * x - s * y;
    b[j] = s * x + c * y;
  }
}

// One QL sweep with Wilkinson's shift over the block [first, last] of the tridiagonal matrix.
void ql_sweep(std::vector<double>& d, std::vector<double>& e, int64_t first, int64_t last,
              const Square& vectors) {
  const auto at = [](int64_t i) { return static_cast<size_t>(i); };
  double g = (d[at(first + 1)] - d[at(first)]) / (2 * e[at(first)]);
  g = d[at(last)] - d[at(first)] + e[at(first)] / (g + std::copysign(std::hypot(g, 1.0), g));
  double s = 1, c = 1, p = 0;
  for (int64_t i = last - 1; i >= first; --i) {
    double f = s * e[at(i)];
    const double b = c * e[at(i)], r = std::hypot(f, g);
    e[at(i + 1)] = r;
    if (r == 0) {  // splits early
      d[at(i + 1)] -= p;
      e[at(last)] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[at(i + 1)] - p;
    const double t = (d[at(i)] - g) * s + 2 * c * b;
    p = s * t;
    d[at(i + 1)] = g + p;
    g = c * t - b;
    turn_rows(vectors, i, c, s);
  }
  d[at(first)] -= p;
  e[at(first)] = g;
  e[at(last)] = 0;
}

void diagonalize(std::vector<double>& d, std::vector<double>& e, const Square& vectors) {
  constexpr int kMostSweeps = 100;
  const int64_t n = vectors.n;
  for (int64_t first = 0; first < n; ++first) {
    for (int sweep = 0;; ++sweep) {
      int64_t last = first;
      for (; last + 1 < n; ++last) {
        const double size =
            std::abs(d[static_cast<size_t>(last)]) + std::abs(d[static_cast<size_t>(last + 1)]);
        if (std::abs(e[static_cast<size_t>(last)]) <= std::numeric_limits<double>::epsilon() * size) break;
      }
      if (last == first) break;
      if (sweep == kMostSweeps) fail("the eigenvalues of a ", n, " x ", n, " matrix did not converge");
      ql_sweep(d, e, first, last, vectors);
    }
  }
}

}  // namespace

SymmetricEigen symmetric_eigen(std::vector<double> matrix, int64_t n) {
  WHITNEY_CHECK(std::ssize(matrix) == n * n, matrix.size(), " values of a matrix of order ", n);
  std::vector<double> rows(matrix.size()), diagonal, off;
  const Square vectors{rows, n};
  tridiagonalize({matrix, n}, vectors, diagonal, off);
  diagonalize(diagonal, off, vectors);
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::ranges::stable_sort(order, [&](int64_t a, int64_t b) {
    return diagonal[static_cast<size_t>(a)] > diagonal[static_cast<size_t>(b)];
  });
  SymmetricEigen result;
  for (const int64_t i : order) {
    result.values.push_back(diagonal[static_cast<size_t>(i)]);
    result.vectors.insert(result.vectors.end(), vectors.row(i), vectors.row(i) + n);
  }
  return result;
}

PrincipalComponents principal_components(const MatrixView& points, int64_t k, const Context& context) {
  const int64_t n = points.rows, d = points.cols;
  WHITNEY_CHECK(n > 0 && k >= 1 && k <= d, k, " components of ", n, " x ", d);
  PrincipalComponents result;
  std::vector<double> sums(static_cast<size_t>(d));
  for (int64_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < sums.size(); ++j) sums[j] += points.row<float>(i)[j];
  }
  for (const double sum : sums) result.mean.push_back(static_cast<float>(sum / static_cast<double>(n)));
  // A row for each dimension: products of rows are the covariances.
  Matrix centred(d, n);
  auto* values = centred.mutable_data<float>();
  parallel_blocks(context, d, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = 0; i < n; ++i) {
      const auto row = points.row<float>(i);
      for (int64_t j = begin; j < end; ++j)
        values[j * n + i] = row[static_cast<size_t>(j)] - result.mean[static_cast<size_t>(j)];
    }
  });
  std::vector<double> covariance(static_cast<size_t>(d * d));
  parallel_blocks(context, d, 64, [&](int64_t begin, int64_t end) {
    std::vector<float> products(static_cast<size_t>((end - begin) * d));
    distance_many_to_many(Kernel::kInnerProduct, centred.view().slice(begin, end), centred, products.data());
    for (int64_t i = 0; i < (end - begin) * d; ++i)
      covariance[static_cast<size_t>(begin * d + i)] =
          products[static_cast<size_t>(i)] / static_cast<double>(n);
  });
  for (int64_t i = 0; i < d; ++i) {  // exactly symmetric
    for (int64_t j = 0; j < i; ++j)
      covariance[static_cast<size_t>(i * d + j)] = covariance[static_cast<size_t>(j * d + i)];
  }
  SymmetricEigen eigen = symmetric_eigen(std::move(covariance), d);
  result.variances = std::move(eigen.values);
  result.components = Matrix(k, d);
  auto* out = result.components.mutable_data<float>();
  for (int64_t c = 0; c < k; ++c) {
    const double* row = eigen.vectors.data() + c * d;
    const double* largest =
        std::max_element(row, row + d, [](double a, double b) { return std::abs(a) < std::abs(b); });
    const double sign = *largest < 0 ? -1 : 1;
    for (int64_t j = 0; j < d; ++j) out[c * d + j] = static_cast<float>(sign * row[j]);
  }
  return result;
}

}  // namespace whitney::codec
