#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/eval/logistic_regression.h"

namespace whitney::eval {

/// The objective of multinomial logistic regression over m rows of d features, each of one class y_i: with
/// z_il = w_l . x_i + b_l, f(W, b) = 1/m sum_i (log sum_l exp(z_il) - z_iy_i) + |W|^2 / (2 C m):
/// scikit-learn's, whose biases are not penalised.
class WHITNEY_API MultinomialLoss {
 public:
  /// features: m x d float32, m >= 1; classes: one below num_classes a row. All must outlive this object; a
  /// transposed copy of the features is made.
  MultinomialLoss(const Context& context, const MatrixView& features, std::span<const uint32_t> classes,
                  int64_t num_classes, double c);

  /// Gives the loss; parameters and gradient have d + 1 values a class (the bias last).
  double evaluate(std::span<const double> parameters, std::span<double> gradient) const;

 private:
  double replace_by_residuals(std::span<const double> parameters, float* scores) const;

  const Context& context_;
  MatrixView features_;
  std::span<const uint32_t> classes_;
  int64_t num_classes_;
  double c_;
  Matrix transposed_;
};

/// Trains it by L-BFGS, from zero, deterministic. num_unfinished is 1 where max_iterations ended it. The
/// class of the highest score is the most probable one (decision_scores). Throws Cancelled between
/// iterations.
WHITNEY_API LogisticModel train_multinomial_regression(const Context& context, const MatrixView& features,
                                                       std::span<const uint32_t> classes, int64_t num_classes,
                                                       const LogisticRegressionOptions& options);

}  // namespace whitney::eval
