#include "whitney/eval/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

namespace whitney::eval {
namespace {

constexpr size_t kHistory = 10;
constexpr int kMaxShrinks = 20;

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

double largest(std::span<const double> values) {
  double result = 0;
  for (double value : values) result = std::max(result, std::abs(value));
  return result;
}

}  // namespace

void Lbfgs::take(double loss, std::span<const double> gradient) {
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

// Armijo's rule; where rounding hides the decrease, the slope tells (Hager & Zhang 2005, approximate Wolfe).
bool Lbfgs::is_good(double loss, std::span<const double> gradient) const {
  if (loss <= loss_ + 1e-4 * step_ * slope_) return true;
  return loss <= loss_ + 1e-6 * std::abs(loss_) &&
         std::abs(dot(gradient, direction_)) <= 0.8 * std::abs(slope_);
}

void Lbfgs::remember(std::span<const double> gradient) {
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

void Lbfgs::accept(double loss, std::span<const double> gradient) {
  point_ = trial_;
  loss_ = loss;
  gradient_.assign(gradient.begin(), gradient.end());
  shrinks_ = 0;
  ended_ = largest(gradient_) <= tolerance_;
  if (ended_) return;
  choose_direction();
  try_step(history_.empty() ? std::min(1.0, 1 / std::sqrt(dot(gradient_, gradient_))) : 1.0);
}

// direction = -H gradient by the two loops.
void Lbfgs::choose_direction() {
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

void Lbfgs::try_step(double step) {
  step_ = step;
  for (size_t i = 0; i < point_.size(); ++i) trial_[i] = point_[i] + step * direction_[i];
}

}  // namespace whitney::eval
