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
  current.matrix = make_projection(graph, walk_, features, options, context);
  if (!plan_.wants(0)) return;
  const int64_t n = current.matrix.rows();
  squared_norms_.resize(static_cast<size_t>(n));
  parallel_blocks(context_, n, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      squared_norms_[static_cast<size_t>(i)] = squared_norm(current.matrix.row<float>(i).data(), plan_.dim);
    }
  });
  measure();
}

void FastRPPowerStream::advance() {
  context_.advance("powers", current.number, plan_.num_powers(), "powers");
  std::swap(previous, current);
  current.number = previous.number + 1;
  if (current.matrix.rows() == 0) current.matrix = Matrix(previous.matrix.rows(), plan_.dim);
  const bool wanted = plan_.wants(current.number);
  squared_norms_.resize(static_cast<size_t>(previous.matrix.rows()));
  multiply_sparse(context_, walk_.matrix, walk_.row_scale, previous.matrix,
                  current.matrix.mutable_data<float>(), wanted ? squared_norms_.data() : nullptr);
  current.inverse_norms = Array<float>();
  if (wanted) measure();
  if (ended()) context_.advance("powers", current.number, current.number, "powers");
}

void FastRPPowerStream::measure() {
  // Computed without normalisation too: it notices values beyond float32.
  Array<float> inverse_norms = inverse_norms_of(squared_norms_, context_);
  if (plan_.normalize_rows) current.inverse_norms = std::move(inverse_norms);
}

}  // namespace whitney::graph
