#include "whitney/graph/netmf_matrix.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "whitney/core/parallel.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/linalg/dense.h"
#include "whitney/linalg/largest_eigenpairs.h"
#include "whitney/linalg/sum_rows.h"
#include "whitney/linalg/transposed.h"

namespace whitney::graph {
namespace {

constexpr int64_t kRowsAtOnce = 256;

double volume(const std::vector<double>& degrees) {
  return std::accumulate(degrees.begin(), degrees.end(), 0.0);
}

void take_logarithms(Matrix& rows, const Context& context) {
  float* values = rows.mutable_data<float>();
  parallel_blocks(context, rows.rows() * rows.cols(), int64_t{1} << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) values[i] = values[i] > 1 ? std::log(values[i]) : 0.0F;
  });
}

/// The entries above 0 of some rows.
struct SparseBlock {
  std::vector<int64_t> offsets{0};
  std::vector<uint32_t> columns;
  std::vector<float> weights;
};

SparseBlock positive_entries(const Matrix& rows) {
  SparseBlock block;
  for (int64_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row<float>(i);
    for (size_t j = 0; j < row.size(); ++j) {
      if (row[j] > 0) block.columns.push_back(static_cast<uint32_t>(j)), block.weights.push_back(row[j]);
    }
    block.offsets.push_back(std::ssize(block.columns));
  }
  block.columns.shrink_to_fit();
  block.weights.shrink_to_fit();
  return block;
}

}  // namespace

double netmf_filter(double lambda, int window) {
  if (lambda >= 1) return 1;
  const double value = lambda * (1 - std::pow(lambda, window)) / ((1 - lambda) * window);
  return std::max(value, 0.0);
}

MatrixRows netmf_small_rows(const Graph& graph, const std::vector<double>& degrees,
                            const NetMFOptions& options, const Context& context) {
  const std::vector<float> inverse = inverse_degrees(degrees);
  const double scale = volume(degrees) / (options.negatives * options.window);
  return [&graph, &context, inverse, scale, window = options.window](int64_t begin, int64_t end) {
    // Columns of M: Z_0 = D^-1 E, Z_r = P Z_{r-1}. M is symmetric.
    const int64_t n = graph.num_nodes(), width = end - begin;
    Matrix step = Matrix::zeros(n, width), next(n, width), sum = Matrix::zeros(n, width);
    for (int64_t j = 0; j < width; ++j)
      step.mutable_data<float>()[(begin + j) * width + j] = inverse[static_cast<size_t>(begin + j)];
    float* total = sum.mutable_data<float>();
    for (int r = 0; r < window; ++r) {
      multiply_sparse(context, adjacency(graph), inverse, step, next.mutable_data<float>());
      std::swap(step, next);
      const std::vector<ScaledRows> terms = {{total, width, 1, nullptr},
                                             {step.row<float>(0).data(), width, scale, nullptr}};
      parallel_blocks(context, n, kRowsAtOnce, [&](int64_t first, int64_t last) {
        sum_rows(terms, first, last, width, total, width);
      });
    }
    return transposed(context, sum);
  };
}

MatrixRows netmf_large_rows(const Graph& graph, const std::vector<double>& degrees,
                            const NetMFOptions& options, const Context& context) {
  const int64_t n = graph.num_nodes();
  SparseView normalized = adjacency(graph);
  const Array<float> weights = normalized_weights(graph, degrees, context);
  normalized.weights = weights.span();
  Eigenpairs pairs = largest_eigenpairs(context, n, symmetric_map(context, normalized).multiply,
                                        {.count = options.rank, .purpose = "netmf"});
  // M = (vol/b) D^-1/2 U f(Lambda) U^T D^-1/2: the product of these vectors with themselves.
  std::vector<float> roots;
  for (const double value : pairs.values)
    roots.push_back(static_cast<float>(std::sqrt(netmf_filter(value, options.window))));
  const double scale = std::sqrt(volume(degrees) / options.negatives);
  float* values = pairs.vectors.mutable_data<float>();
  for (int64_t i = 0; i < n; ++i) {
    const double degree = degrees[static_cast<size_t>(i)];
    const auto own = degree > 0 ? static_cast<float>(scale / std::sqrt(degree)) : 0.0F;
    float* row = values + i * pairs.vectors.cols();
    for (size_t j = 0; j < roots.size(); ++j) row[j] *= own * roots[j];
  }
  return [&context, vectors = std::move(pairs.vectors)](int64_t begin, int64_t end) {
    Matrix rows(end - begin, vectors.rows());
    multiply_transposed(context, vectors.view().slice(begin, end), vectors, rows.mutable_data<float>());
    return rows;
  };
}

LinearMap netmf_logarithms(int64_t n, const MatrixRows& rows, bool dense, const Context& context) {
  auto matrix = std::make_shared<Matrix>(dense ? n : 0, n);
  auto blocks = std::make_shared<std::vector<SparseBlock>>();
  for (int64_t begin = 0; begin < n; begin += kRowsAtOnce) {
    context.advance("matrix", begin, n, "rows");
    context.check_cancelled();
    Matrix some = rows(begin, std::min(begin + kRowsAtOnce, n));
    take_logarithms(some, context);
    if (dense) {
      std::copy_n(some.row<float>(0).data(), some.rows() * n, matrix->mutable_data<float>() + begin * n);
    } else {
      blocks->push_back(positive_entries(some));
    }
  }
  const DenseProduct product = [&context, n, dense, matrix, blocks](const MatrixView& x, float* out) {
    if (dense) return multiply_transposed(context, *matrix, transposed(context, x), out);
    for (const SparseBlock& block : *blocks) {
      const int64_t num_rows = std::ssize(block.offsets) - 1;
      multiply_sparse(context, {num_rows, n, block.offsets, block.columns, block.weights}, {}, x, out);
      out += num_rows * x.cols;
    }
  };
  return {n, n, product, product};
}

}  // namespace whitney::graph
