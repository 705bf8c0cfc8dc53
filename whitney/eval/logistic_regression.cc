#include "whitney/eval/logistic_regression.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/dense.h"

namespace whitney::eval {
namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

double largest(std::span<const double> values) {
  double result = 0;
  for (double value : values) result = std::max(result, std::abs(value));
  return result;
}

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

/// L-BFGS of one label (Nocedal 1980), written as a state that is given a loss and a gradient where it asks
/// for them, so that many labels share each pass over the features.
class Minimizer {
 public:
  Minimizer(size_t size, double tolerance) : tolerance_(tolerance), point_(size), trial_(size) {}

  bool ended() const { return ended_; }
  const std::vector<double>& trial() const { return trial_; }
  const std::vector<double>& point() const { return point_; }

  void take(double loss, std::span<const double> gradient) {
    if (direction_.empty()) {
      accept(loss, gradient);
    } else if (is_good(loss, gradient)) {
      remember(gradient);
      accept(loss, gradient);
    } else if (++shrinks_ == kMaxShrinks) {
      ended_ = true;  // as near as float32 products tell
    } else {
      // The minimum of the parabola through what is known, kept within a tenth and a half.
      const double curvature = 2 * (loss - loss_ - step_ * slope_);
      const double best = curvature > 0 ? -slope_ * step_ * step_ / curvature : step_ / 2;
      try_step(std::clamp(best, step_ / 10, step_ / 2));
    }
  }

 private:
  static constexpr size_t kHistory = 10;
  static constexpr int kMaxShrinks = 20;

  /// Armijo's rule; where rounding hides the decrease, the slope tells (Hager & Zhang 2005, approximate
  /// Wolfe).
  bool is_good(double loss, std::span<const double> gradient) const {
    if (loss <= loss_ + 1e-4 * step_ * slope_) return true;
    return loss <= loss_ + 1e-6 * std::abs(loss_) &&
           std::abs(dot(gradient, direction_)) <= 0.8 * std::abs(slope_);
  }

  void remember(std::span<const double> gradient) {
    Pair pair{trial_, {gradient.begin(), gradient.end()}, 0};
    for (size_t i = 0; i < point_.size(); ++i) {
      pair.step[i] -= point_[i];
      pair.change[i] -= gradient_[i];
    }
    const double curvature = dot(pair.step, pair.change);
    if (curvature <= 1e-12 * dot(pair.change, pair.change)) return;
    pair.inverse_curvature = 1 / curvature;
    if (history_.size() == kHistory) history_.pop_front();
    history_.push_back(std::move(pair));
  }

  void accept(double loss, std::span<const double> gradient) {
    point_ = trial_;
    loss_ = loss;
    gradient_.assign(gradient.begin(), gradient.end());
    shrinks_ = 0;
    ended_ = largest(gradient_) <= tolerance_;
    if (ended_) return;
    choose_direction();
    try_step(history_.empty() ? std::min(1.0, 1 / std::sqrt(dot(gradient_, gradient_))) : 1.0);
  }

  /// direction = -H gradient by the two loops.
  void choose_direction() {
    direction_.resize(gradient_.size());
    std::transform(gradient_.begin(), gradient_.end(), direction_.begin(), std::negate<>());
    std::vector<double> factors(history_.size());
    for (size_t k = history_.size(); k-- > 0;) {
      const Pair& pair = history_[k];
      factors[k] = pair.inverse_curvature * dot(pair.step, direction_);
      for (size_t i = 0; i < direction_.size(); ++i) direction_[i] -= factors[k] * pair.change[i];
    }
    if (!history_.empty()) {
      const Pair& last = history_.back();
      const double scale = 1 / (last.inverse_curvature * dot(last.change, last.change));
      for (double& x : direction_) x *= scale;
    }
    for (size_t k = 0; k < history_.size(); ++k) {
      const Pair& pair = history_[k];
      const double factor = factors[k] - pair.inverse_curvature * dot(pair.change, direction_);
      for (size_t i = 0; i < direction_.size(); ++i) direction_[i] += factor * pair.step[i];
    }
    slope_ = dot(gradient_, direction_);
  }

  void try_step(double step) {
    step_ = step;
    for (size_t i = 0; i < point_.size(); ++i) trial_[i] = point_[i] + step * direction_[i];
  }

  struct Pair {
    std::vector<double> step, change;
    double inverse_curvature;
  };
  double tolerance_;
  std::vector<double> point_, trial_, gradient_, direction_;
  std::deque<Pair> history_;
  double loss_ = 0, slope_ = 0, step_ = 0;
  int shrinks_ = 0;
  bool ended_ = false;
};

}  // namespace

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
    const auto w = parameters.subspan(first, width);
    const auto slope = slopes.row<float>(l);
    for (size_t j = 0; j < width; ++j) gradients[first + j] = slope[j] * per_row + penalty * w[j];
    gradients[first + width] *= per_row;
    double& loss = losses[static_cast<size_t>(l)];
    loss = loss * per_row + penalty / 2 * dot(w, w);
  }
}

LogisticModel train_logistic_regression(const Context& context, const MatrixView& features,
                                        std::span<const uint8_t> targets,
                                        const LogisticRegressionOptions& options) {
  const LogisticLoss objective(context, features, targets, options.c);
  const int64_t num_labels = objective.num_labels(), d = objective.dim();
  const auto size = static_cast<size_t>(d + 1);
  std::vector<Minimizer> minimizers(static_cast<size_t>(num_labels), Minimizer(size, options.tolerance));
  LogisticModel model;
  model.weights = Matrix::zeros(num_labels, d);
  model.biases.resize(static_cast<size_t>(num_labels));
  std::vector<int64_t> active;
  for (int64_t label = 0; label < num_labels; ++label) {
    const auto y = objective.targets(label);
    const auto positive = std::count(y.begin(), y.end(), uint8_t{1});
    if (positive > 0 && positive < std::ssize(y)) {
      active.push_back(label);
    } else {
      const double infinity = std::numeric_limits<double>::infinity();
      model.biases[static_cast<size_t>(label)] = positive > 0 ? infinity : -infinity;
    }
  }
  const std::vector<int64_t> trained = active;
  std::vector<double> parameters, losses, gradients;
  for (int pass = 0; !active.empty() && pass < options.max_iterations; ++pass) {
    context.check_cancelled();
    parameters.resize(active.size() * size);
    gradients.resize(active.size() * size);
    losses.resize(active.size());
    for (size_t a = 0; a < active.size(); ++a) {
      const auto& trial = minimizers[static_cast<size_t>(active[a])].trial();
      std::copy(trial.begin(), trial.end(), parameters.begin() + static_cast<std::ptrdiff_t>(a * size));
    }
    objective.evaluate(active, parameters, losses, gradients);
    parallel_for(context, std::ssize(active), [&](int64_t a) {
      const auto i = static_cast<size_t>(a);
      minimizers[static_cast<size_t>(active[i])].take(losses[i],
                                                      std::span(gradients).subspan(i * size, size));
    });
    std::erase_if(active, [&](int64_t label) { return minimizers[static_cast<size_t>(label)].ended(); });
  }
  model.num_unfinished = std::ssize(active);
  float* weights = model.weights.mutable_data<float>();
  for (int64_t label : trained) {
    const auto& point = minimizers[static_cast<size_t>(label)].point();
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
