#include "whitney/graph/fastrp_powers.h"

#include <atomic>
#include <cmath>
#include <span>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/sparse.h"

namespace whitney::graph {
namespace {

constexpr int64_t kRowBlock = 1024;

double squared_norm(const float* row, int64_t dim) {
  double sum = 0;
  for (int64_t j = 0; j < dim; ++j) sum += double{row[j]} * double{row[j]};
  return sum;
}

/// 1 / Euclidean norm, 0 for a zero row.
Array<float> inverse_norms_of(std::span<const double> squared_norms, const Context& context) {
  Array<float> result(std::ssize(squared_norms));
  float* out = result.mutable_data();
  std::atomic<bool> finite{true};
  parallel_blocks(context, result.size(), kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const double square = squared_norms[static_cast<size_t>(i)];
      out[i] = square == 0 ? 0.0F : static_cast<float>(1 / std::sqrt(square));
      // Squares of float32 fit float64: the sum is infinite or undefined only where an entry is.
      if (!std::isfinite(square) || !std::isfinite(out[i])) finite = false;
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
  if (has_sparse_projection(options, graph.num_nodes())) start_.emplace(graph, walk_, options, context);
  if (start_ && !plan_.wants(0)) return;
  current.matrix = make_projection(graph, walk_, features, options, context);
  square_rows();
  measure();
}

void FastRPPowerStream::advance() {
  context_.advance("powers", current.number, plan_.num_powers(), "powers");
  std::swap(previous, current);
  current.number = previous.number + 1;
  if (current.matrix.rows() == 0) current.matrix = Matrix(walk_.matrix.rows, plan_.dim);
  float* out = current.matrix.mutable_data<float>();
  if (start_) {
    start_->multiply(walk_, context_, out);
    start_.reset();
    square_rows();
  } else {
    squared_norms_.resize(static_cast<size_t>(walk_.matrix.rows));
    multiply_sparse(context_, walk_.matrix, walk_.row_scale, previous.matrix, out,
                    plan_.wants(current.number) ? squared_norms_.data() : nullptr);
  }
  measure();
  if (ended()) context_.advance("powers", current.number, current.number, "powers");
}

void FastRPPowerStream::square_rows() {
  if (!plan_.wants(current.number)) return;
  const MatrixView view = current.matrix;
  squared_norms_.resize(static_cast<size_t>(view.rows));
  parallel_blocks(context_, view.rows, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      squared_norms_[static_cast<size_t>(i)] = squared_norm(view.row<float>(i).data(), view.cols);
  });
}

void FastRPPowerStream::measure() {
  current.inverse_norms = Array<float>();
  if (!plan_.wants(current.number)) return;
  // Computed without normalisation too: it notices values beyond float32.
  Array<float> inverse_norms = inverse_norms_of(squared_norms_, context_);
  if (plan_.normalize_rows) current.inverse_norms = std::move(inverse_norms);
}

}  // namespace whitney::graph
