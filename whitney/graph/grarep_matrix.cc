#include "whitney/graph/grarep_matrix.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "whitney/core/parallel.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/linalg/dense.h"
#include "whitney/linalg/sparse.h"
#include "whitney/linalg/transposed.h"

namespace whitney::graph {
namespace {

constexpr int64_t kRowsAtOnce = 256;

/// Columns [begin, end).
MatrixView columns_of(const Matrix& matrix, int64_t begin, int64_t end) {
  MatrixView view = matrix;
  view.data = matrix.row<float>(0).data() + begin;
  view.cols = end - begin;
  return view;
}

}  // namespace

TransitionPowers::TransitionPowers(const Graph& graph, const std::vector<double>& degrees,
                                   const Context& context)
    : graph_(graph),
      context_(context),
      inverse_degrees_(inverse_degrees(degrees)),
      powers_(Matrix::zeros(graph.num_nodes(), graph.num_nodes())) {
  const int64_t n = graph.num_nodes();
  float* values = powers_.mutable_data<float>();
  for (int64_t i = 0; i < n; ++i) values[i * n + i] = inverse_degrees_[static_cast<size_t>(i)];
}

void TransitionPowers::step() {
  const int64_t n = powers_.rows();
  float* values = powers_.mutable_data<float>();
  for (int64_t begin = 0; begin < n; begin += kRowsAtOnce) {
    context_.check_cancelled();
    const int64_t width = std::min(kRowsAtOnce, n - begin);
    // A Y, some columns of Y, which are rows as well.
    const Matrix columns = transposed(context_, powers_.view().slice(begin, begin + width));
    Matrix next(n, width);
    multiply_sparse(context_, adjacency(graph_), inverse_degrees_, columns, next.mutable_data<float>());
    const Matrix rows = transposed(context_, next);
    std::copy_n(rows.row<float>(0).data(), width * n, values + begin * n);
  }
}

Matrix TransitionPowers::logarithms(double negatives) const {
  const int64_t n = powers_.rows();
  std::vector<float> scales(static_cast<size_t>(n));
  parallel_blocks(context_, n, kRowsAtOnce, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j) {
      const auto row = powers_.row<float>(j);
      const double sum = std::accumulate(row.begin(), row.end(), 0.0);
      if (sum > 0)
        scales[static_cast<size_t>(j)] = static_cast<float>(static_cast<double>(n) / (negatives * sum));
    }
  });
  Matrix result(n, n);
  float* values = result.mutable_data<float>();
  parallel_blocks(context_, n, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto row = powers_.row<float>(i);
      for (size_t j = 0; j < row.size(); ++j) {
        const float ratio = row[j] * scales[j];
        values[i * n + static_cast<int64_t>(j)] = ratio > 1 ? std::log(ratio) : 0.0F;
      }
    }
  });
  return result;
}

LinearMap dense_map(const Context& context, const Matrix& matrix) {
  const auto multiply = [&context, &matrix](const MatrixView& x, float* out) {
    multiply_transposed(context, matrix, transposed(context, x), out);
  };
  const auto multiply_back = [&context, &matrix](const MatrixView& x, float* out) {
    const Matrix rows = transposed(context, x);
    for (int64_t begin = 0; begin < matrix.cols(); begin += kRowsAtOnce) {
      const int64_t end = std::min(begin + kRowsAtOnce, matrix.cols());
      const Matrix strip = transposed(context, columns_of(matrix, begin, end));
      multiply_transposed(context, strip, rows, out + begin * x.cols);
    }
  };
  return {matrix.rows(), matrix.cols(), multiply, multiply_back};
}

}  // namespace whitney::graph
