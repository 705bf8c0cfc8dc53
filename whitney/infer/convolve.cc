#include "whitney/infer/convolve.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"

namespace whitney::infer {
namespace {

constexpr int64_t kBlockRows = 256;

/// Columns [begin, end) of a view.
MatrixView columns(const MatrixView& view, int64_t begin, int64_t end) {
  return {view.row_bytes(0) + begin * size_of(view.dtype), view.rows, end - begin, view.stride, view.dtype};
}

void check_weights(const MatrixView& neighbor_weights, const MatrixView& weights) {
  const int64_t expected = neighbor_weights.cols + neighbor_weights.rows;
  if (weights.cols != expected) {
    fail("the weights W of a convolution have ", weights.cols, " columns, but its neighbour weights Q are ",
         neighbor_weights.rows, " x ", neighbor_weights.cols, ": W needs ", expected);
  }
}

void check_inputs(const MatrixView& h, int64_t inputs) {
  if (h.cols != inputs) fail("vectors have ", h.cols, " values, but this convolution takes ", inputs);
}

void check_square(const SparseView& neighborhoods, int64_t nodes) {
  if (neighborhoods.rows == nodes && neighborhoods.cols == nodes) return;
  fail("neighborhoods are ", neighborhoods.rows, " x ", neighborhoods.cols, ", but there are ", nodes,
       " vectors of nodes: they must be ", nodes, " x ", nodes);
}

/// ReLU, then norm 1; rows that are 0 stay 0. Sums in double, in the order of the columns.
void rectify_and_normalize(const Context& context, int64_t rows, int64_t cols, float* values) {
  parallel_blocks(context, rows, kBlockRows, [&](int64_t begin, int64_t end) {
    for (float* row = values + begin * cols; row != values + end * cols; row += cols) {
      double sum = 0;
      for (int64_t j = 0; j < cols; ++j) {
        // So that what is not a number stays so, and is seen.
        if (row[j] < 0) row[j] = 0;
        sum += static_cast<double>(row[j]) * row[j];
      }
      if (sum == 0) continue;
      const double scale = 1 / std::sqrt(sum);
      for (int64_t j = 0; j < cols; ++j) row[j] = static_cast<float>(row[j] * scale);
    }
  });
}

/// The largest of each value over the rows that a row of the matrix names, 0 of none.
void largest_of_neighbors(const Context& context, const SparseView& neighborhoods, const Matrix& values,
                          float* out) {
  const int64_t cols = values.cols();
  parallel_blocks(context, neighborhoods.rows, kBlockRows, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float* largest = out + row * cols;
      std::fill_n(largest, cols, 0.0F);  // as low as a rectified value can be
      const auto first = static_cast<size_t>(neighborhoods.offsets[static_cast<size_t>(row)]);
      const auto last = static_cast<size_t>(neighborhoods.offsets[static_cast<size_t>(row) + 1]);
      for (const uint32_t neighbor : neighborhoods.columns.subspan(first, last - first)) {
        const auto from = values.row<float>(neighbor);
        // So that what is not a number stays so, and is seen.
        for (int64_t j = 0; j < cols; ++j) {
          const float value = from[static_cast<size_t>(j)];
          if (!(value <= largest[j])) largest[j] = value;
        }
      }
    }
  });
}

/// Every product with weights is made here, so that what is told is what was done.
void multiply(const Context& context, const DenseWeights& weights, const MatrixView& rows, Epilogue epilogue,
              const RowsMultiplied& told, Matrix& out) {
  weights.multiply(context, rows, out.mutable_data<float>(), weights.rows(), epilogue);
  if (told) told(rows.rows);
}

Matrix multiplied(const Context& context, const DenseWeights& weights, const MatrixView& rows,
                  Epilogue epilogue, const RowsMultiplied& told) {
  Matrix out(rows.rows, weights.rows());
  multiply(context, weights, rows, epilogue, told, out);
  return out;
}

}  // namespace

Convolve::Convolve(const MatrixView& neighbor_weights, std::span<const float> neighbor_bias,
                   const MatrixView& weights, std::span<const float> bias, NeighborPooling pooling)
    : neighbor_(neighbor_weights, neighbor_bias), pooling_(pooling) {
  check_weights(neighbor_weights, weights);
  own_ = DenseWeights(columns(weights, 0, inputs()), bias);
  of_pooled_ = DenseWeights(columns(weights, inputs(), weights.cols));
}

Matrix Convolve::project(const Context& context, const MatrixView& h, const RowsMultiplied& told) const {
  check_inputs(h, inputs());
  return multiplied(context, neighbor_, h, Epilogue::kRelu, told);
}

Matrix Convolve::own_part(const Context& context, const MatrixView& h, const RowsMultiplied& told) const {
  check_inputs(h, inputs());
  return multiplied(context, own_, h, Epilogue::kNone, told);
}

Matrix Convolve::pooled(const Context& context, const SparseView& neighborhoods,
                        const Matrix& projected) const {
  Matrix out(neighborhoods.rows, hidden());
  if (pooling_ == NeighborPooling::kMax)
    largest_of_neighbors(context, neighborhoods, projected, out.mutable_data<float>());
  else
    multiply_sparse(context, neighborhoods, {}, projected, out.mutable_data<float>());
  return out;
}

Matrix Convolve::combine(const Context& context, const SparseView& neighborhoods, const Matrix& projected,
                         Matrix own, const RowsMultiplied& told) const {
  if (neighborhoods.rows != own.rows() || neighborhoods.cols != projected.rows()) {
    fail("neighborhoods are ", neighborhoods.rows, " x ", neighborhoods.cols, ", but there are ", own.rows(),
         " nodes and ", projected.rows(), " projected ones");
  }
  if (own.cols() != outputs() || projected.cols() != hidden()) {
    fail("nodes have ", own.cols(), " values and projected ones ", projected.cols(),
         ", but this convolution makes ", outputs(), " and ", hidden());
  }
  multiply(context, of_pooled_, pooled(context, neighborhoods, projected), Epilogue::kAdd, told, own);
  rectify_and_normalize(context, own.rows(), own.cols(), own.mutable_data<float>());
  return own;
}

Matrix Convolve::pool_neighbors(const Context& context, const SparseView& neighborhoods,
                                const MatrixView& h) const {
  check_inputs(h, inputs());
  check_square(neighborhoods, h.rows);
  return pooled(context, neighborhoods, project(context, h));
}

Matrix Convolve::run(const Context& context, const SparseView& neighborhoods, const MatrixView& h,
                     const RowsMultiplied& told) const {
  check_inputs(h, inputs());
  check_square(neighborhoods, h.rows);
  return combine(context, neighborhoods, project(context, h, told), own_part(context, h, told), told);
}

Matrix convolve_all(const Context& context, std::span<const Convolve> layers, const ConvolveHead* head,
                    const SparseView& neighborhoods, const MatrixView& features) {
  if (layers.empty()) fail("there are no layers to convolve by, but a model has 1 or more");
  const int64_t products = 3 * std::ssize(layers) + (head == nullptr ? 0 : 2);
  const int64_t total = features.rows * products;
  int64_t done = 0;
  const auto told = [&](int64_t rows) { context.advance("convolve", done += rows, total, "rows"); };
  Matrix h;
  for (size_t k = 0; k < layers.size(); ++k)
    h = layers[k].run(context, neighborhoods, k == 0 ? features : h.view(), told);
  if (head == nullptr) return h;
  return multiplied(context, head->second, multiplied(context, head->first, h, Epilogue::kRelu, told),
                    Epilogue::kNone, told);
}

}  // namespace whitney::infer
