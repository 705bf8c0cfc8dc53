#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"

namespace whitney::eval {

struct LogisticRegressionOptions {
  /// Inverse strength of the L2 penalty, C of scikit-learn and LIBLINEAR.
  double c = 1.0;
  /// Training of a label ends when no entry of the gradient of its objective, divided by C m, is above this.
  double tolerance = 1e-5;
  int max_iterations = 1000;
};

/// One-vs-rest classifiers: label l scores x by weights row l . x + biases[l]; above 0 means yes.
struct LogisticModel {
  /// labels x dim, float32.
  Matrix weights;
  /// Infinite where a label had examples of one kind only.
  std::vector<double> biases;
  /// Labels whose training ended by max_iterations.
  int64_t num_unfinished = 0;
};

/// The objectives of independent binary classifiers over the same m rows of d features, computed together by
/// two dense products. For label l, with y_i in {0, 1} and z_i = w . x_i + b: f_l(w, b) = 1/m sum_i (log(1 +
/// exp(z_i)) - y_i z_i) + (|w|^2 + b^2) / (2 C m): LIBLINEAR's, where the bias is
/// the weight of one more feature that is always 1.
class WHITNEY_API LogisticLoss {
 public:
  /// features: m x d float32, m >= 1; targets: one row of m values 0 or 1 per label. All must outlive this
  /// object; a transposed copy of the features is made.
  LogisticLoss(const Context& context, const MatrixView& features, std::span<const uint8_t> targets,
               double c);

  int64_t num_rows() const { return features_.rows; }
  int64_t dim() const { return features_.cols; }
  int64_t num_labels() const { return num_labels_; }
  /// Targets of a label.
  std::span<const uint8_t> targets(int64_t label) const;
  /// Evaluates some labels: parameters and gradients have dim() + 1 values a label (the bias last), losses
  /// one.
  void evaluate(std::span<const int64_t> labels, std::span<const double> parameters, std::span<double> losses,
                std::span<double> gradients) const;

 private:
  const Context& context_;
  MatrixView features_;
  std::span<const uint8_t> targets_;
  double c_;
  int64_t num_labels_;
  Matrix transposed_;
};

/// Trains all labels together by L-BFGS, each with its own curvature and steps, so that a label's result does
/// not depend on the others; from zero, deterministic. A label without a positive (negative) example gets
/// weights 0 and bias -infinity (infinity). features: m x d float32; targets: labels x m. Throws Cancelled
/// between iterations.
WHITNEY_API LogisticModel train_logistic_regression(const Context& context, const MatrixView& features,
                                                    std::span<const uint8_t> targets,
                                                    const LogisticRegressionOptions& options);

/// A copy of float32 values with rows and columns exchanged.
Matrix transposed_copy(const Context& context, const MatrixView& matrix);

/// Computes the scores of every label for each row of features (m x d float32): m x labels float32.
WHITNEY_API Matrix decision_scores(const Context& context, const LogisticModel& model,
                                   const MatrixView& features);

}  // namespace whitney::eval
