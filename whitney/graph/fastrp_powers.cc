#include "whitney/graph/fastrp_powers.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/sparse.h"

namespace whitney::graph {
namespace {

constexpr int64_t kRowBlock = 1024;

/// 1 / Euclidean norm, 0 for a zero row. In float64: powers of an adjacency matrix are large.
float inverse_norm(const float* row, int64_t dim) {
  constexpr int64_t kLanes = 8;
  std::array<double, kLanes> sums{};
  int64_t j = 0;
  for (; j + kLanes <= dim; j += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      sums[static_cast<size_t>(lane)] += double{row[j + lane]} * double{row[j + lane]};
    }
  }
  double sum = 0;
  for (; j < dim; ++j) sum += double{row[j]} * double{row[j]};
  for (double part : sums) sum += part;
  return sum > 0 ? static_cast<float>(1 / std::sqrt(sum)) : 0.0F;
}

Array<float> inverse_norms_of(const MatrixView& matrix, const Context& context) {
  Array<float> result(matrix.rows);
  float* out = result.mutable_data();
  std::atomic<bool> finite{true};
  parallel_blocks(context, matrix.rows, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      out[i] = inverse_norm(matrix.row<float>(i).data(), matrix.cols);
      // An infinite or undefined entry makes the sum so, and its inverse 0 or undefined.
      const auto row = matrix.row<float>(i);
      if ((out[i] == 0 || !std::isfinite(out[i])) &&
          std::any_of(row.begin(), row.end(), [](float x) { return x != 0; })) {
        finite = false;
      }
    }
  });
  if (!finite) {
    fail(
        "fastrp: the powers of the matrix leave the range of float32; use fewer powers, smaller weights of "
        "edges, or input transition");
  }
  return result;
}

}  // namespace

FastRPPowerStream::FastRPPowerStream(const Graph& graph, const Matrix& features, const FastRPOptions& options,
                                     const FastRPPlan& plan, const Context& context)
    : context_(context), plan_(plan), walk_(make_walk(graph, options, context)) {
  current.matrix = make_projection(graph, walk_, features, options, context);
  measure();
}

void FastRPPowerStream::advance() {
  context_.advance("powers", current.number, plan_.num_powers(), "powers");
  std::swap(previous, current);
  current.number = previous.number + 1;
  if (current.matrix.rows() == 0) current.matrix = Matrix(previous.matrix.rows(), plan_.dim);
  multiply_sparse(context_, walk_.matrix, walk_.row_scale, previous.matrix,
                  current.matrix.mutable_data<float>());
  measure();
  if (ended()) context_.advance("powers", current.number, current.number, "powers");
}

void FastRPPowerStream::measure() {
  current.inverse_norms = Array<float>();
  if (!plan_.wants(current.number)) return;
  // Computed without normalisation too: it notices values beyond float32.
  Array<float> inverse_norms = inverse_norms_of(current.matrix, context_);
  if (plan_.normalize_rows) current.inverse_norms = std::move(inverse_norms);
}

}  // namespace whitney::graph
