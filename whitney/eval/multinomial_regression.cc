#include "whitney/eval/multinomial_regression.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/eval/lbfgs.h"
#include "whitney/linalg/dense.h"

namespace whitney::eval {
namespace {

// Rows that one thread turns into residuals at once.
constexpr int64_t kRowsAtOnce = 256;

}  // namespace

MultinomialLoss::MultinomialLoss(const Context& context, const MatrixView& features,
                                 std::span<const uint32_t> classes, int64_t num_classes, double c)
    : context_(context), features_(features), classes_(classes), num_classes_(num_classes), c_(c) {
  WHITNEY_CHECK(features.rows >= 1 && features.dtype == DType::kF32);
  WHITNEY_CHECK(std::ssize(classes) == features.rows);
  WHITNEY_CHECK(std::ranges::all_of(classes, [&](uint32_t one) { return one < num_classes; }));
  transposed_ = transposed_copy(context, features);
}

// Turns scores (classes x rows) into probability - target in place; gives the sum of the rows' losses.
double MultinomialLoss::replace_by_residuals(std::span<const double> parameters, float* scores) const {
  const int64_t m = features_.rows, d = features_.cols;
  return ordered_reduce(
      context_, m, kRowsAtOnce, 0.0,
      [&](int64_t begin, int64_t end) {
        double loss = 0;
        std::vector<double> z(static_cast<size_t>(num_classes_));
        for (int64_t i = begin; i < end; ++i) {
          const auto truth = static_cast<int64_t>(classes_[static_cast<size_t>(i)]);
          for (int64_t l = 0; l < num_classes_; ++l)
            z[static_cast<size_t>(l)] = scores[l * m + i] + parameters[static_cast<size_t>(l * (d + 1) + d)];
          const double largest = *std::ranges::max_element(z), of_truth = z[static_cast<size_t>(truth)];
          double sum = 0;
          for (double& value : z) sum += value = std::exp(value - largest);
          loss += largest + std::log(sum) - of_truth;
          for (int64_t l = 0; l < num_classes_; ++l) {
            scores[l * m + i] = static_cast<float>(z[static_cast<size_t>(l)] / sum - (l == truth ? 1 : 0));
          }
        }
        return loss;
      },
      [](double a, double b) { return a + b; });
}

double MultinomialLoss::evaluate(std::span<const double> parameters, std::span<double> gradient) const {
  const int64_t m = features_.rows, d = features_.cols;
  Matrix weights(num_classes_, d), scores(num_classes_, m), slopes(num_classes_, d);
  float* weight = weights.mutable_data<float>();
  for (int64_t l = 0; l < num_classes_; ++l) {
    for (int64_t j = 0; j < d; ++j)
      weight[l * d + j] = static_cast<float>(parameters[static_cast<size_t>(l * (d + 1) + j)]);
  }
  float* residuals = scores.mutable_data<float>();
  multiply_transposed(context_, weights, features_, residuals);
  double loss = replace_by_residuals(parameters, residuals);
  multiply_transposed(context_, scores, transposed_, slopes.mutable_data<float>());
  const double per_row = 1 / static_cast<double>(m), penalty = per_row / c_;
  loss *= per_row;
  for (int64_t l = 0; l < num_classes_; ++l) {
    const auto first = static_cast<size_t>(l * (d + 1)), width = static_cast<size_t>(d);
    const auto slope = slopes.row<float>(l);
    for (size_t j = 0; j < width; ++j) {
      const double w = parameters[first + j];
      loss += penalty / 2 * w * w;
      gradient[first + j] = slope[j] * per_row + penalty * w;
    }
    double bias_slope = 0;
    for (int64_t i = 0; i < m; ++i) bias_slope += residuals[l * m + i];
    gradient[first + width] = bias_slope * per_row;
  }
  return loss;
}

LogisticModel train_multinomial_regression(const Context& context, const MatrixView& features,
                                           std::span<const uint32_t> classes, int64_t num_classes,
                                           const LogisticRegressionOptions& options) {
  const MultinomialLoss objective(context, features, classes, num_classes, options.c);
  const int64_t d = features.cols;
  const auto size = static_cast<size_t>(num_classes * (d + 1));
  Lbfgs minimizer(size, options.tolerance);
  std::vector<double> gradient(size);
  for (int pass = 0; !minimizer.ended() && pass < options.max_iterations; ++pass) {
    context.check_cancelled();
    const double loss = objective.evaluate(minimizer.trial(), gradient);
    minimizer.take(loss, gradient);
  }
  LogisticModel model;
  model.num_unfinished = minimizer.ended() ? 0 : 1;
  model.weights = Matrix(num_classes, d);
  float* weights = model.weights.mutable_data<float>();
  for (int64_t l = 0; l < num_classes; ++l) {
    const double* from = minimizer.point().data() + l * (d + 1);
    for (int64_t j = 0; j < d; ++j) weights[l * d + j] = static_cast<float>(from[j]);
    model.biases.push_back(from[d]);
  }
  return model;
}

}  // namespace whitney::eval
