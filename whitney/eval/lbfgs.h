#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "whitney/core/api.h"

namespace whitney::eval {

/// Minimises a smooth convex function by L-BFGS (Nocedal 1980), written as a state that is told the loss and
/// the gradient at the point it asks for, so that many functions share each pass over their data.
/// Deterministic; starts from zero.
class WHITNEY_API Lbfgs {
 public:
  /// Ends when no entry of the gradient is above `tolerance`.
  Lbfgs(size_t size, double tolerance) : tolerance_(tolerance), point_(size), trial_(size) {}

  bool ended() const { return ended_; }
  /// The point whose loss and gradient are wanted next.
  const std::vector<double>& trial() const { return trial_; }
  /// The best point so far.
  const std::vector<double>& point() const { return point_; }
  /// Takes the loss and the gradient at trial(), and moves on.
  void take(double loss, std::span<const double> gradient);

 private:
  struct Pair {
    std::vector<double> step, change;
    double inverse_curvature;
  };
  bool is_good(double loss, std::span<const double> gradient) const;
  void remember(std::span<const double> gradient);
  void accept(double loss, std::span<const double> gradient);
  void choose_direction();
  void try_step(double step);

  double tolerance_;
  std::vector<double> point_, trial_, gradient_, direction_;
  std::deque<Pair> history_;
  double loss_ = 0, slope_ = 0, step_ = 0;
  int shrinks_ = 0;
  bool ended_ = false;
};

}  // namespace whitney::eval
