#include "whitney/recommend/lightgcn_model.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "whitney/core/random.h"

namespace whitney::recommend {
namespace {

/// <a, b - c>, in eight sums that the compiler turns into vectors.
float dot_of_difference(const float* a, const float* b, const float* c, int64_t n) {
  constexpr int64_t kSums = 8;
  std::array<float, kSums> sums{};
  int64_t i = 0;
  for (; i + kSums <= n; i += kSums) {
    for (int64_t s = 0; s < kSums; ++s) sums[static_cast<size_t>(s)] += a[i + s] * (b[i + s] - c[i + s]);
  }
  float rest = 0;
  for (; i < n; ++i) rest += a[i] * (b[i] - c[i]);
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) + rest;
}

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

/// to[c] += factor * from[c].
void add_scaled(float factor, const float* from, int64_t n, float* to) {
  for (int64_t c = 0; c < n; ++c) to[c] += factor * from[c];
}

}  // namespace

LightGcnModel::LightGcnModel(const Interactions& events, int64_t dim, int layers, double deviation,
                             uint64_t seed)
    : graph_(interaction_graph(events, Adjacency::kSymmetric)),
      layers_(layers),
      vectors_(graph_.num_nodes(), dim),
      buffer_(graph_.num_nodes(), dim) {
  auto* values = vectors_.mutable_data<float>();
  for (size_t node = 0; node < graph_.place_of.size(); ++node) {
    RandomStream random(seed, "lightgcn vectors", node);
    float* row = values + graph_.place_of[node] * dim;
    for (int64_t c = 0; c < dim; ++c) row[c] = static_cast<float>(deviation * random.normal());
  }
}

const float* LightGcnModel::forward(const float* begin, int depth, float* one, float* other,
                                    const Context& context) const {
  const float* from = begin;
  for (int k = 0; k < depth; ++k) {
    float* to = k % 2 == 0 ? one : other;
    multiply_sparse(context, graph_.matrix.view(), {}, rows_at(from), to, nullptr, begin);
    from = to;
  }
  return from;
}

void LightGcnModel::find_rows(const BprTriples& triples) {
  rows_.clear();
  const auto gather = [&](const std::vector<uint32_t>& nodes, uint32_t first, std::vector<uint32_t>& places) {
    places.clear();
    for (const uint32_t node : nodes) places.push_back(graph_.place_of[first + node]);
    rows_.insert(rows_.end(), places.begin(), places.end());
  };
  const auto items = static_cast<uint32_t>(graph_.num_users);
  gather(triples.users, 0, user_rows_);
  gather(triples.positives, items, positive_rows_);
  gather(triples.negatives, items, negative_rows_);
  std::ranges::sort(rows_);
  rows_.erase(std::ranges::unique(rows_).begin(), rows_.end());
  counts_.assign(rows_.size(), 0.0F);
  for (std::vector<uint32_t>* places : {&user_rows_, &positive_rows_, &negative_rows_}) {
    for (uint32_t& place : *places) {
      place = static_cast<uint32_t>(std::ranges::lower_bound(rows_, place) - rows_.begin());
      ++counts_[place];
    }
  }
}

double LightGcnModel::loss_of_rows(double regularization) {
  const auto share = 1 / static_cast<double>(user_rows_.size());
  double loss = 0;
  for (size_t t = 0; t < user_rows_.size(); ++t) {
    const int64_t u = user_rows_[t] * dim(), i = positive_rows_[t] * dim(), j = negative_rows_[t] * dim();
    const float *user = outputs_.data() + u, *positive = outputs_.data() + i, *negative = outputs_.data() + j;
    const double margin = dot_of_difference(user, positive, negative, dim());
    loss += share * softplus(-margin);
    // By the sum of powers, whose mean the outputs are: what goes backwards is the sum's.
    const auto slope = static_cast<float>(-share / (layers_ + 1) / (1 + std::exp(margin)));
    float* gradient = output_gradient_.data();
    add_scaled(slope, positive, dim(), gradient + u);
    add_scaled(-slope, negative, dim(), gradient + u);
    add_scaled(slope, user, dim(), gradient + i);
    add_scaled(-slope, user, dim(), gradient + j);
  }
  double squares = 0;
  for (size_t r = 0; r < rows_.size(); ++r) {
    double sum = 0;
    for (const float value : vectors_.row<float>(rows_[r])) sum += double{value} * double{value};
    squares += double{counts_[r]} * sum;
  }
  return loss + regularization / 2 * share * squares;
}

double LightGcnModel::loss_and_gradient(const BprTriples& triples, double regularization, Matrix& gradient,
                                        const Context& context) {
  find_rows(triples);
  auto* result = gradient.mutable_data<float>();
  auto* buffer = buffer_.mutable_data<float>();
  const auto* begin = static_cast<const float*>(vectors_.view().data);
  outputs_.resize(rows_.size() * static_cast<size_t>(dim()));
  output_gradient_.assign(outputs_.size(), 0.0F);
  for (size_t r = 0; r < rows_.size(); ++r) {
    std::copy_n(begin + rows_[r] * dim(), dim(), outputs_.begin() + static_cast<int64_t>(r) * dim());
  }
  if (layers_ > 0) {
    select_rows(graph_.matrix.view(), rows_, some_rows_);
    const float* sums = forward(begin, layers_ - 1, result, buffer, context);
    multiply_sparse(context, some_rows_.view(), {}, rows_at(sums), outputs_.data(), nullptr, outputs_.data());
  }
  const auto scale = 1 / static_cast<float>(layers_ + 1);
  for (float& value : outputs_) value *= scale;
  const double loss = loss_of_rows(regularization);
  backward(result, buffer, context);
  const auto pull = static_cast<float>(regularization / static_cast<double>(triples.size()));
  for (size_t r = 0; r < rows_.size(); ++r) {
    const int64_t at = rows_[r] * dim();
    add_scaled(pull * counts_[r], begin + at, dim(), result + at);
  }
  return loss;
}

void LightGcnModel::backward(float* result, float* buffer, const Context& context) {
  const int64_t num_rows = std::ssize(rows_);
  const auto add_batch = [&](float* to) {
    for (int64_t r = 0; r < num_rows; ++r) {
      add_scaled(1, output_gradient_.data() + r * dim(), dim(), to + rows_[static_cast<size_t>(r)] * dim());
    }
  };
  const auto target = [&](int k) { return (layers_ - k) % 2 == 0 ? result : buffer; };
  if (layers_ == 0) {
    std::fill_n(result, vectors_.rows() * dim(), 0.0F);
  } else {
    // The batch's columns of L are its rows, for L is symmetric.
    transpose(some_rows_.view(), some_columns_);
    multiply_sparse(context, some_columns_.view(), {},
                    {output_gradient_.data(), num_rows, dim(), dim(), DType::kF32}, target(1));
  }
  add_batch(target(std::min(layers_, 1)));
  for (int k = 2; k <= layers_; ++k) {
    multiply_sparse(context, graph_.matrix.view(), {}, rows_at(target(k - 1)), target(k));
    add_batch(target(k));
  }
}

Factors LightGcnModel::factors_of(const Matrix& vectors, const Context& context) {
  Matrix other(vectors_.rows(), dim());
  const auto* begin = static_cast<const float*>(vectors.view().data);
  const float* sum =
      forward(begin, layers_, buffer_.mutable_data<float>(), other.mutable_data<float>(), context);
  const auto scale = 1 / static_cast<float>(layers_ + 1);
  Factors factors{Matrix(graph_.num_users, dim()), Matrix(graph_.num_items, dim())};
  auto* users = factors.users.mutable_data<float>();
  auto* items = factors.items.mutable_data<float>();
  for (int64_t node = 0; node < graph_.num_nodes(); ++node) {
    float* out = node < graph_.num_users ? users + node * dim() : items + (node - graph_.num_users) * dim();
    const float* from = sum + graph_.place_of[static_cast<size_t>(node)] * dim();
    for (int64_t c = 0; c < dim(); ++c) out[c] = scale * from[c];
  }
  return factors;
}

}  // namespace whitney::recommend
