#include "whitney/eval/logistic_regression.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/eval/lbfgs.h"
#include "whitney/linalg/dense.h"

namespace whitney::eval {
namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Turns scores into sigmoid(score) - target in place; gives the sum of log(1 + exp(score)) - target * score.
double replace_by_residuals(std::span<float> scores, std::span<const uint8_t> targets, double bias,
                            double& residual_sum) {
  double loss = 0, product = 1;
  residual_sum = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    const double z = scores[i] + bias, e = std::exp(-std::abs(z));
    const double probability = (z >= 0 ? 1 : e) / (1 + e);
    const double y = targets[i];
    // log(1 + exp(z)) = max(z, 0) + log(1 + e); the logarithm of a product saves most logarithms.
    loss += std::max(z, 0.0) - y * z;
    product *= 1 + e;
    if (product > 1e200) {
      loss += std::log(product);
      product = 1;
    }
    residual_sum += probability - y;
    scores[i] = static_cast<float>(probability - y);
  }
  return loss + std::log(product);
}

/// Gives the labels with examples of both kinds; the others' biases are set, for good.
std::vector<int64_t> labels_to_train(const LogisticLoss& objective, LogisticModel& model) {
  std::vector<int64_t> result;
  for (int64_t label = 0; label < objective.num_labels(); ++label) {
    const auto y = objective.targets(label);
    const auto positive = std::count(y.begin(), y.end(), uint8_t{1});
    if (positive > 0 && positive < std::ssize(y)) {
      result.push_back(label);
    } else {
      const double infinity = std::numeric_limits<double>::infinity();
      model.biases[static_cast<size_t>(label)] = positive > 0 ? infinity : -infinity;
    }
  }
  return result;
}

/// Moves the minimiser of each active label by one evaluation.
void step_together(const Context& context, const LogisticLoss& objective, std::span<const int64_t> active,
                   std::vector<Lbfgs>& minimizers) {
  const auto size = static_cast<size_t>(objective.dim() + 1);
  std::vector<double> parameters(active.size() * size), gradients(active.size() * size),
      losses(active.size());
  for (size_t a = 0; a < active.size(); ++a) {
    const std::vector<double>& trial = minimizers[static_cast<size_t>(active[a])].trial();
    std::copy(trial.begin(), trial.end(), parameters.begin() + static_cast<std::ptrdiff_t>(a * size));
  }
  objective.evaluate(active, parameters, losses, gradients);
  parallel_for(context, std::ssize(active), [&](int64_t a) {
    const auto i = static_cast<size_t>(a);
    minimizers[static_cast<size_t>(active[i])].take(losses[i], std::span(gradients).subspan(i * size, size));
  });
}

}  // namespace

Matrix transposed_copy(const Context& context, const MatrixView& matrix) {
  Matrix result(matrix.cols, matrix.rows);
  float* out = result.mutable_data<float>();
  parallel_blocks(context, matrix.cols, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = 0; i < matrix.rows; ++i) {
      const auto row = matrix.row<float>(i);
      for (int64_t j = begin; j < end; ++j) out[j * matrix.rows + i] = row[static_cast<size_t>(j)];
    }
  });
  return result;
}

LogisticLoss::LogisticLoss(const Context& context, const MatrixView& features,
                           std::span<const uint8_t> targets, double c)
    : context_(context), features_(features), targets_(targets), c_(c) {
  WHITNEY_CHECK(features.rows >= 1 && features.dtype == DType::kF32);
  num_labels_ = std::ssize(targets) / features.rows;
  WHITNEY_CHECK(num_labels_ * features.rows == std::ssize(targets));
  transposed_ = transposed_copy(context, features);
}

std::span<const uint8_t> LogisticLoss::targets(int64_t label) const {
  return targets_.subspan(static_cast<size_t>(label * num_rows()), static_cast<size_t>(num_rows()));
}

void LogisticLoss::evaluate(std::span<const int64_t> labels, std::span<const double> parameters,
                            std::span<double> losses, std::span<double> gradients) const {
  const int64_t count = std::ssize(labels), m = num_rows(), d = dim();
  Matrix weights(count, d), scores(count, m), slopes(count, d);
  float* weight_data = weights.mutable_data<float>();
  for (int64_t l = 0; l < count; ++l) {
    const double* from = parameters.data() + l * (d + 1);
    for (int64_t j = 0; j < d; ++j) weight_data[l * d + j] = static_cast<float>(from[j]);
  }
  float* score_data = scores.mutable_data<float>();
  multiply_transposed(context_, weights, features_, score_data);
  parallel_for(context_, count, [&](int64_t l) {
    const std::span<float> row(score_data + l * m, static_cast<size_t>(m));
    const double bias = parameters[static_cast<size_t>(l * (d + 1) + d)];
    double& bias_slope = gradients[static_cast<size_t>(l * (d + 1) + d)];
    losses[static_cast<size_t>(l)] =
        replace_by_residuals(row, targets(labels[static_cast<size_t>(l)]), bias, bias_slope);
  });
  multiply_transposed(context_, scores, transposed_, slopes.mutable_data<float>());
  const double per_row = 1 / static_cast<double>(m), penalty = per_row / c_;
  for (int64_t l = 0; l < count; ++l) {
    const auto first = static_cast<size_t>(l * (d + 1)), width = static_cast<size_t>(d);
    const auto w = parameters.subspan(first, width + 1);  // the bias is penalised, as one more weight
    const auto slope = slopes.row<float>(l);
    for (size_t j = 0; j < width; ++j) gradients[first + j] = slope[j] * per_row + penalty * w[j];
    gradients[first + width] = gradients[first + width] * per_row + penalty * w[width];
    double& loss = losses[static_cast<size_t>(l)];
    loss = loss * per_row + penalty / 2 * dot(w, w);
  }
}

LogisticModel train_logistic_regression(const Context& context, const MatrixView& features,
                                        std::span<const uint8_t> targets,
                                        const LogisticRegressionOptions& options) {
  const LogisticLoss objective(context, features, targets, options.c);
  const int64_t num_labels = objective.num_labels(), d = objective.dim();
  LogisticModel model;
  model.weights = Matrix::zeros(num_labels, d);
  model.biases.assign(static_cast<size_t>(num_labels), 0);
  const std::vector<int64_t> trained = labels_to_train(objective, model);
  std::vector<Lbfgs> minimizers(static_cast<size_t>(num_labels),
                                Lbfgs(static_cast<size_t>(d + 1), options.tolerance));
  std::vector<int64_t> active = trained;
  for (int pass = 0; !active.empty() && pass < options.max_iterations; ++pass) {
    context.check_cancelled();
    step_together(context, objective, active, minimizers);
    std::erase_if(active, [&](int64_t label) { return minimizers[static_cast<size_t>(label)].ended(); });
  }
  model.num_unfinished = std::ssize(active);
  float* weights = model.weights.mutable_data<float>();
  for (int64_t label : trained) {
    const std::vector<double>& point = minimizers[static_cast<size_t>(label)].point();
    for (int64_t j = 0; j < d; ++j)
      weights[label * d + j] = static_cast<float>(point[static_cast<size_t>(j)]);
    model.biases[static_cast<size_t>(label)] = point.back();
  }
  return model;
}

Matrix decision_scores(const Context& context, const LogisticModel& model, const MatrixView& features) {
  const int64_t num_labels = model.weights.rows();
  Matrix scores(features.rows, num_labels);
  float* out = scores.mutable_data<float>();
  multiply_transposed(context, features, model.weights, out);
  for (int64_t i = 0; i < features.rows; ++i) {
    for (int64_t l = 0; l < num_labels; ++l) {
      out[i * num_labels + l] += static_cast<float>(model.biases[static_cast<size_t>(l)]);
    }
  }
  return scores;
}

}  // namespace whitney::eval
