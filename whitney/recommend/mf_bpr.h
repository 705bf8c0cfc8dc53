#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/data/interactions.h"
#include "whitney/data/recommender_model.h"
#include "whitney/recommend/held_out.h"

namespace whitney::recommend {

/// Which of a user's events a step is about.
enum class BprSampling : uint8_t { kUniformUsers, kUniformEvents };
inline constexpr auto enum_names(BprSampling) {
  return std::array<std::string_view, 2>{"uniform_users", "uniform_events"};
}

/// Options of matrix factorisation by Bayesian personalised ranking (Rendle et al., UAI 2009, arXiv
/// 1205.2618).
struct MfBprOptions {
  int dim = 64;
  int epochs = 120;
  double learning_rate = 0.05;
  double regularization = 0.02;
  BprSampling sampling = BprSampling::kUniformUsers;
  double validation = 0;
  int evaluate_every = 10;
  int patience = 5;
  bool refit = false;
  void fields(auto&& field) {
    field("dim", dim, Range{1, 4096}, "Values of a vector");
    field("epochs", epochs, Range{1, 100'000}, "Rounds of as many steps as there are events");
    field("learning_rate", learning_rate, Range{1e-6, 10}, "Length of a step of stochastic gradient descent");
    field("regularization", regularization, Range{0, 10},
          "lambda: pulls the three vectors of a step to zero; tune it: 0.01 is good for a million events, "
          "0.06 for "
          "thirty thousand");
    field("sampling", sampling,
          "uniform_users: any user, then any of their events (as LightGCN samples); uniform_events: each "
          "event once "
          "an epoch, so that users of many events count more (as implicit samples)");
    field("validation", validation, Range{0, 0.9},
          "Share of each user's items that is held out; its recall@20 says when to stop. 0: all epochs");
    field("evaluate_every", evaluate_every, Range{1, 100'000}, "Epochs between two looks at that recall");
    field("patience", patience, Range{1, 100'000}, "Looks without a better recall after which it stops");
    field("refit", refit,
          "Then learns from all events anew, for as many epochs as were best: what was held out counts, too");
  }
  std::vector<std::string> ineffective() const;
};

/// Vectors of users and items whose products rank what users took above what they did not take: stochastic
/// gradient descent on ln(1 + exp(-(s_ui - s_uj))) for items i of the user's events and j drawn uniformly
/// from the others, with regularization / 2 times the squares of the three vectors. Values of events are not
/// looked at.
///
/// Users are cut into 16 blocks, and items into 16 others at random in every epoch (fewer where there are few
/// of them). Blocks of users are trained at once, each with a block of items of its own, from which j is
/// drawn too, and all meet all in turn (Gemulla et al., KDD 2011): j is uniform over epochs, no vector has
/// two writers, and the same bytes come out at any number of threads, of which 16 are of use. Vectors start
/// normal with deviation 0.1 (users and items without events are zero).
/// With `validation`, the vectors of the best look are given, or, with `refit`, those of all events after as
/// many epochs. Throws Error where no pair of items can be ranked, nothing can be held out, or a vector is no
/// longer a number.
WHITNEY_API Factors mf_bpr(const Interactions& events, const MfBprOptions& options, const Context& context);

/// The same, and which epoch was best, where there was a validation.
struct MfBprFit {
  Factors factors;
  std::optional<BestEpoch> best;
};
WHITNEY_API MfBprFit fit_mf_bpr(const Interactions& events, const MfBprOptions& options,
                                const Context& context);

}  // namespace whitney::recommend
