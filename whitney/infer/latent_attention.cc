#include "whitney/infer/latent_attention.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/infer/activation.h"
#include "whitney/infer/model_parts.h"

namespace whitney::infer {
namespace {

constexpr double kEpsilon = 1e-5;  // of torch's LayerNorm
constexpr int64_t kWidening = 4;   // of the feed-forward net

Matrix rows_of(const WeightTensor& tensor, int64_t first, int64_t count) {
  Matrix rows(count, tensor.cols());
  tensor.copy_rows(first, first + count, rows.mutable_data<float>());
  return rows;
}

Matrix transposed(const Matrix& matrix) {
  Matrix result(matrix.cols(), matrix.rows());
  float* values = result.mutable_data<float>();
  for (int64_t i = 0; i < matrix.rows(); ++i) {
    const auto row = matrix.row<float>(i);
    for (int64_t j = 0; j < matrix.cols(); ++j) values[j * matrix.rows() + i] = row[static_cast<size_t>(j)];
  }
  return result;
}

// a b^T, into rows of out_stride values.
void multiply(const Context& context, const MatrixView& a, const Matrix& b, float* out, int64_t out_stride) {
  DenseWeights(b).multiply(context, a, out, out_stride);
}

// The latents as attention sees them, LN_c(Z).
Matrix read_latents(const ModelSource& source, const LatentAttentionShape& shape) {
  Matrix latents(shape.num_latents, shape.width);
  source.weights.tensor(shape.name + "latents", {shape.num_latents, shape.width})
      .copy_rows(0, shape.num_latents, latents.mutable_data<float>());
  const Norm norm = read_norm(source, shape.name + "cross_attend_blocks.0.norm_context", NormKind::kLayer,
                              shape.width, kEpsilon);
  float* values = latents.mutable_data<float>();
  normalize_rows(source.context, norm, shape.num_latents, values, values);
  return latents;
}

// Row head * num_latents + j of the first: K_j W_q / sqrt(head_dim), width values; the same column of the
// second: W_o V_j, of the head's parts of each.
std::pair<Matrix, Matrix> read_products(const ModelSource& source, const LatentAttentionShape& shape) {
  const int64_t r = shape.num_latents, dim = shape.head_dim, inner = shape.num_heads * dim;
  const std::string name = shape.name + "cross_attend_blocks.0.fn.";
  const WeightTensor& to_q = source.weights.tensor(name + "to_q.weight", {inner, shape.width});
  const WeightTensor& to_kv = source.weights.tensor(name + "to_kv.weight", {2 * inner, shape.width});
  const Matrix to_out = source.weights.matrix(name + "to_out.weight", shape.width, inner, source.context);
  const Matrix latents = read_latents(source, shape);
  const int64_t columns = shape.num_heads * r;
  std::pair<Matrix, Matrix> products{Matrix(columns, shape.width), Matrix(shape.width, columns)};
  const auto scale = static_cast<float>(1 / std::sqrt(static_cast<double>(dim)));
  for (int64_t head = 0; head < shape.num_heads; ++head) {
    Matrix keys(r, dim), values(r, dim);
    multiply(source.context, latents, rows_of(to_kv, head * dim, dim), keys.mutable_data<float>(), dim);
    multiply(source.context, latents, rows_of(to_kv, inner + head * dim, dim), values.mutable_data<float>(),
             dim);
    for (int64_t i = 0; i < r * dim; ++i) keys.mutable_data<float>()[i] *= scale;
    multiply(source.context, keys, transposed(rows_of(to_q, head * dim, dim)),
             products.first.mutable_data<float>() + head * r * shape.width, shape.width);
    MatrixView out = to_out.view();
    out.data = static_cast<const float*>(out.data) + head * dim;
    out.cols = dim;
    multiply(source.context, out, values, products.second.mutable_data<float>() + head * r, columns);
  }
  return products;
}

Linear linear_of(const ModelSource& source, const Matrix& weights) {
  const auto copy_rows = [&](int64_t begin, int64_t end, float* out) {
    std::copy_n(weights.row<float>(begin).data(), (end - begin) * weights.cols(), out);
  };
  return make_linear(source, weights.rows(), weights.cols(), copy_rows, {});
}

MatrixView view_of(const float* data, int64_t rows, int64_t cols, int64_t stride) {
  return {data, rows, cols, stride, DType::kF32};
}

}  // namespace

LatentAttention::LatentAttention(const ModelSource& source, const LatentAttentionShape& shape)
    : num_latents_(shape.num_latents), num_heads_(shape.num_heads) {
  const std::string name = shape.name + "cross_attend_blocks.";
  query_norm_ = read_norm(source, name + "0.norm", NormKind::kLayer, shape.width, kEpsilon);
  feed_norm_ = read_norm(source, name + "1.norm", NormKind::kLayer, shape.width, kEpsilon);
  const auto [scores, values] = read_products(source, shape);
  scores_ = linear_of(source, scores);
  values_ = linear_of(source, values);
  const int64_t wide = kWidening * shape.width;
  up_ = read_linear(source, name + "1.fn.net.0", {shape.width, 2 * wide});
  down_ = read_linear(source, name + "1.fn.net.2", {wide, shape.width});
}

void LatentAttention::apply(const Context& context, int64_t rows, float* states, float* normed,
                            float* inside) const {
  constexpr int64_t kRowsATask = 16;
  const int64_t width = scores_.in(), columns = scores_.out(), wide = down_.in();
  normalize_rows(context, query_norm_, rows, states, normed);
  scores_.apply(context, view_of(normed, rows, width, width), inside, &values_);
  parallel_blocks(context, rows, kRowsATask, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin * num_heads_; i < end * num_heads_; ++i)
      softmax(inside + i * num_latents_, num_latents_);
  });
  values_.apply_and_add(context, view_of(inside, rows, columns, columns), states, &up_);
  normalize_rows(context, feed_norm_, rows, states, normed);
  up_.apply(context, view_of(normed, rows, width, width), inside, &down_);
  parallel_blocks(context, rows, kRowsATask, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* row = inside + i * 2 * wide;
      activate_gate(Activation::kGelu, row + wide, row, wide, row);
    }
  });
  down_.apply_and_add(context, view_of(inside, rows, wide, 2 * wide), states);
}

int64_t LatentAttention::inside() const { return std::max(scores_.out(), up_.out()); }

int64_t LatentAttention::size_bytes() const {
  return scores_.size_bytes() + values_.size_bytes() + up_.size_bytes() + down_.size_bytes();
}

double LatentAttention::flops() const {
  double flops = 0;
  for (const Linear* linear : {&scores_, &values_, &up_, &down_})
    flops += 2.0 * static_cast<double>(linear->in()) * static_cast<double>(linear->out());
  return flops;
}

}  // namespace whitney::infer
