#include "whitney/linalg/largest_eigenpairs.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/column_products.h"
#include "whitney/linalg/randomized_svd.h"
#include "whitney/linalg/small_decompositions.h"
#include "whitney/linalg/sum_rows.h"
#include "whitney/linalg/tall_matrix.h"

namespace whitney {
namespace {

constexpr int64_t kRowBlock = 256;

/// out = sum of weight * matrix over all rows; out may be one of them.
void combine(const Context& context, const std::vector<std::pair<double, const Matrix*>>& terms,
             Matrix& out) {
  std::vector<ScaledRows> rows;
  float* to = out.mutable_data<float>();
  for (const auto& [weight, matrix] : terms)
    rows.push_back({matrix->row<float>(0).data(), matrix->cols(), weight, nullptr});
  parallel_blocks(context, out.rows(), kRowBlock, [&](int64_t begin, int64_t end) {
    sum_rows(rows, begin, end, out.cols(), to, out.cols());
  });
}

/// Makes the columns of x orthonormal. Those that earlier ones span would become 0, and no vector of any
/// value: random ones take their place.
void make_basis(const Context& context, const std::string& purpose, Matrix& x) {
  constexpr int kTries = 4;  // random columns are independent but for rounding
  const int64_t width = x.cols();
  for (int attempt = 0; attempt < kTries; ++attempt) {
    if (orthonormalize(context, x).num_dependent == 0) return;
    std::vector<uint8_t> is_zero(static_cast<size_t>(width), 1);
    for (int64_t i = 0; i < x.rows(); ++i) {
      const auto row = x.row<float>(i);
      for (size_t j = 0; j < row.size(); ++j) is_zero[j] = is_zero[j] != 0 && row[j] == 0 ? 1 : 0;
    }
    const Matrix fresh = random_block(context, concat(purpose, ", again ", attempt), x.rows(), width);
    float* values = x.mutable_data<float>();
    for (int64_t i = 0; i < x.rows(); ++i) {
      const auto row = fresh.row<float>(i);
      for (size_t j = 0; j < row.size(); ++j) {
        if (is_zero[j] != 0) values[i * width + static_cast<int64_t>(j)] = row[j];
      }
    }
  }
}

/// What a round knows of the spectrum: the block holds values from `least` to `largest`.
struct Spectrum {
  double lower = 0, least = 0, wanted = 0, largest = 0;
};

/// x becomes p(A) x for the Chebyshev polynomial p that stays within a small constant on [lower, least] and
/// is 1 at `largest`: X_1 = (A - c) X_0 s_1 / e, X_{i+1} = (A - c) X_i 2 s_{i+1} / e - s_i s_{i+1} X_{i-1},
/// where c and e are the interval's middle and half its length, and the s keep the values at `largest` at 1.
void filter(const Context& context, const DenseProduct& multiply, const Spectrum& spectrum, int degree,
            Matrix& x, Matrix& before, Matrix& next) {
  const double c = (spectrum.least + spectrum.lower) / 2, e = (spectrum.least - spectrum.lower) / 2;
  const double first = e / (spectrum.largest - c);
  double s = first;
  for (int i = 0; i < degree; ++i) {
    context.check_cancelled();
    multiply(x, next.mutable_data<float>());
    if (i == 0) {
      combine(context, {{s / e, &next}, {-c * s / e, &x}}, next);
    } else {
      const double s_next = 1 / (2 / first - s);
      combine(context, {{2 * s_next / e, &next}, {-2 * c * s_next / e, &x}, {-s * s_next, &before}}, next);
      s = s_next;
    }
    std::swap(before, x);
    std::swap(x, next);
  }
}

/// As many products as keep the values of the wanted pairs within float32 of that of the largest.
int degree_of(const Spectrum& spectrum) {
  constexpr double kMostGrowth = 9;  // e^9 = 8,000
  constexpr int kLeast = 4, kMost = 12;
  const double c = (spectrum.least + spectrum.lower) / 2, e = (spectrum.least - spectrum.lower) / 2;
  const double growth = std::acosh(std::max((spectrum.largest - c) / e, 1.0)) -
                        std::acosh(std::max((spectrum.wanted - c) / e, 1.0));
  return growth * kMost <= kMostGrowth ? kMost : std::max(kLeast, static_cast<int>(kMostGrowth / growth));
}

/// The largest |A x - value x| over the first `count` columns.
double largest_residual(const Context& context, const Matrix& x, const Matrix& product,
                        const std::vector<double>& values, int64_t count) {
  using Sums = std::vector<double>;
  const int64_t width = x.cols();
  const Sums sums = ordered_reduce<Sums>(
      context, x.rows(), 4096, Sums(static_cast<size_t>(count)),
      [&](int64_t begin, int64_t end) {
        Sums part(static_cast<size_t>(count));
        for (int64_t i = begin; i < end; ++i) {
          const float* from = x.row<float>(0).data() + i * width;
          const float* to = product.row<float>(0).data() + i * width;
          for (int64_t j = 0; j < count; ++j) {
            const double off = double{to[j]} - values[static_cast<size_t>(j)] * double{from[j]};
            part[static_cast<size_t>(j)] += off * off;
          }
        }
        return part;
      },
      [](Sums a, const Sums& b) {
        for (size_t j = 0; j < a.size(); ++j) a[j] += b[j];
        return a;
      });
  return std::sqrt(std::ranges::max(sums));
}

}  // namespace

int64_t width_of_eigenpairs(int64_t count, int64_t n) {
  return width_of_search(count, std::max<int64_t>(12, count / 4), n);
}

Eigenpairs largest_eigenpairs(const Context& context, int64_t n, const DenseProduct& multiply,
                              const EigenpairOptions& options) {
  const int64_t count = std::min(options.count, n), width = width_of_eigenpairs(count, n);
  Eigenpairs result;
  if (count == 0) return result;
  Matrix x = random_block(context, options.purpose, n, width), product(n, width), spare(n, width);
  for (int round = 0; round < options.max_rounds; ++round) {
    context.advance("eigenvectors", round, 0, "rounds");
    context.check_cancelled();
    make_basis(context, options.purpose, x);
    // Rayleigh and Ritz: the best approximations within the block.
    multiply(x, product.mutable_data<float>());
    const SmallEigen ritz = small_symmetric_eigen(column_products(context, x, product), width);
    x = times_small(context, x, ritz.vectors, width);
    product = times_small(context, product, ritz.vectors, width);
    result.values.assign(ritz.values.begin(), ritz.values.begin() + count);
    result.residual = largest_residual(context, x, product, result.values, count);
    const double size = std::max(std::abs(ritz.values.front()), std::abs(ritz.values.back()));
    result.converged = result.residual <= options.tolerance * size;
    // A block of all columns holds everything: what is left is rounding.
    if (result.converged || width == n) break;
    const Spectrum spectrum{options.lower_bound, ritz.values.back(),
                            ritz.values[static_cast<size_t>(count - 1)], ritz.values.front()};
    if (!(spectrum.least > spectrum.lower) || !(spectrum.largest > spectrum.least)) {
      x = std::move(product);  // nothing to tell apart by a polynomial: one more power
      product = Matrix(n, width);
      continue;
    }
    filter(context, multiply, spectrum, degree_of(spectrum), x, product, spare);
  }
  result.converged = result.converged || width == n;
  if (width == count) {
    result.vectors = std::move(x);
    return result;
  }
  result.vectors = Matrix(n, count);
  float* out = result.vectors.mutable_data<float>();
  for (int64_t i = 0; i < n; ++i) std::copy_n(x.row<float>(i).data(), count, out + i * count);
  return result;
}

double estimate_spectral_radius(const Context& context, const SparseView& matrix) {
  constexpr int kProducts = 60, kCounted = 40;
  const int64_t n = matrix.rows;
  Matrix x(n, 1), next(n, 1);
  std::fill_n(x.mutable_data<float>(), n, 1.0F);
  double log_growth = 0;
  for (int i = 0; i < kProducts; ++i) {
    context.check_cancelled();
    float* values = next.mutable_data<float>();
    multiply_sparse(context, matrix, {}, x, values);
    double before = 0, after = 0;
    for (int64_t r = 0; r < n; ++r) {
      before += double{x.row<float>(r)[0]} * x.row<float>(r)[0];
      after += double{values[r]} * values[r];
    }
    if (!(after > 0)) return 0;
    if (!std::isfinite(after)) fail("the weights of the matrix leave the range of float32");
    const double growth = std::sqrt(after / before);
    if (i >= kProducts - kCounted) log_growth += std::log(growth);
    const auto scale = static_cast<float>(1 / std::sqrt(after));
    for (int64_t r = 0; r < n; ++r) values[r] *= scale;
    std::swap(x, next);
  }
  return std::exp(log_growth / kCounted);
}

}  // namespace whitney
