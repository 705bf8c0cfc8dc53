#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/options.h"
#include "whitney/data/interactions.h"
#include "whitney/data/recommender_model.h"

namespace whitney::recommend {

/// How the systems of equations of a half step are solved.
enum class IalsSolver : uint8_t { kCholesky, kConjugateGradient };
inline constexpr auto enum_names(IalsSolver) {
  return std::array<std::string_view, 2>{"cholesky", "conjugate_gradient"};
}

/// Options of iALS (Hu, Koren, Volinsky, ICDM 2008; in the form of Rendle et al., arXiv 2110.14037).
struct IalsOptions {
  int dim = 64;
  int epochs = 16;
  double unobserved_weight = 0.03;
  double regularization = 0.03;
  double frequency_exponent = 1;
  IalsSolver solver = IalsSolver::kCholesky;
  int steps = 3;
  void fields(auto&& field) {
    field("dim", dim, Range{1, 4096}, "Values of a vector");
    field("epochs", epochs, Range{1, 10'000}, "Rounds of users, then items; 16 are usually enough");
    field("unobserved_weight", unobserved_weight, Range{0, 1e6},
          "alpha_0, of each pair of a user and an item in the loss, observed or not: tune it together with "
          "regularization on a logarithmic grid");
    field("regularization", regularization, Range{0, 1e6}, "lambda: pulls vectors to zero");
    field("frequency_exponent", frequency_exponent, Range{0, 2},
          "nu: a vector's lambda grows with this power of its events and of all unobserved pairs' weight; "
          "with 0 "
          "lambda is of another magnitude");
    field("solver", solver,
          "cholesky: exact, d^2 an event; conjugate_gradient: d an event and step, beginning with the vector "
          "that is there (Takacs, Pilaszy, Tikk 2011)");
    field("steps", steps, Range{1, 1000}, "conjugate_gradient: steps of a half step");
  }
};

/// Minimises, by turns exactly for users and items,
///   sum over events (<w_u, h_i> - 1)^2 + a0 sum over all pairs <w_u, h_i>^2
///   + lambda (sum_u #_u^nu |w_u|^2 + sum_i #_i^nu |h_i|^2),   #_u = |N_u| + a0 M, #_i = |N_i| + a0 N.
/// Values of events are not looked at. The same bytes at any number of threads.
WHITNEY_API Factors ials(const Interactions& events, const IalsOptions& options, const Context& context);

/// That loss, by the Gram matrix; O(d nnz + d^2 (N + M)).
WHITNEY_API double ials_loss(const Interactions& events, const Factors& factors, const IalsOptions& options);

/// The vectors of one side, given the other's: a half step. events: rows are of the side that is solved.
/// begin: vectors that conjugate gradients begin with, as many as events has users.
WHITNEY_API Matrix ials_half_step(const Interactions& events, const Matrix& others, const Matrix& begin,
                                  const IalsOptions& options, const Context& context);

/// Vectors of users who were not there in training, exactly, given the items' ("fold-in"). What all of them
/// share, a0 H^T H, is reckoned once.
class WHITNEY_API IalsFoldIn {
 public:
  /// Keeps the vectors of the items (shared, not copied).
  IalsFoldIn(Matrix items, IalsOptions options, const Context& context);
  /// events: a row for each user.
  Matrix users(const Interactions& events, const Context& context) const;

 private:
  Matrix items_;
  IalsOptions options_;
  std::vector<float> gram_;
};

}  // namespace whitney::recommend
