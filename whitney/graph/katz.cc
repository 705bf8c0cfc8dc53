#include "whitney/graph/katz.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/matrix.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/sum_rows.h"

namespace whitney::graph {
namespace {

/// out = sum_{i >= 1} (beta A)^i x.
void sum_series(const Context& context, const SparseView& matrix, const std::vector<float>& beta,
                const MatrixView& x, float* out) {
  constexpr double kShare = 1e-14;  // of squares: terms below 1e-7 of the largest are float32's rounding
  constexpr int kMostTerms = 10'000;
  const int64_t n = matrix.rows, width = x.cols;
  std::vector<double> squares(static_cast<size_t>(n));
  Matrix term(n, width), next(n, width);
  double largest = 0;
  for (int i = 0; i < kMostTerms; ++i) {
    context.check_cancelled();
    const MatrixView from = i == 0 ? x : term.view();
    float* to = i == 0 ? out : next.mutable_data<float>();
    multiply_sparse(context, matrix, beta, from, to, squares.data());
    const double square = std::accumulate(squares.begin(), squares.end(), 0.0);
    largest = std::max(largest, square);
    if (i == 0) {
      std::copy_n(out, n * width, term.mutable_data<float>());
    } else {
      parallel_blocks(context, n, 256, [&](int64_t begin, int64_t end) {
        sum_rows(std::vector<ScaledRows>{{out, width, 1, nullptr}, {to, width, 1, nullptr}}, begin, end,
                 width, out, width);
      });
      std::swap(term, next);
    }
    if (!(square > kShare * largest)) return;
  }
  fail("hope: the series of Katz's index does not end after ", kMostTerms,
       " terms (expected: a smaller beta)");
}

}  // namespace

LinearMap katz_map(const Context& context, const SparseView& matrix, const SparseView& transposed,
                   double beta) {
  const std::vector<float> scale(static_cast<size_t>(matrix.rows), static_cast<float>(beta));
  const auto product = [&context, scale](const SparseView& sparse) {
    return [&context, scale, sparse](const MatrixView& x, float* out) {
      sum_series(context, sparse, scale, x, out);
    };
  };
  return {matrix.rows, matrix.cols, product(matrix), product(transposed)};
}

}  // namespace whitney::graph
