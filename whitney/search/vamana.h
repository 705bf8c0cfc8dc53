#pragma once

#include <cstdint>

#include "whitney/core/options.h"
#include "whitney/search/graph_codes.h"
#include "whitney/search/plan_costs.h"

namespace whitney {

/// Options of vamana (Jayaram Subramanya et al. 2019: DiskANN, NeurIPS).
struct VamanaOptions {
  int degree = 32;
  int window = 200;
  double alpha = 1.1;
  GraphCodes codes = GraphCodes::kLvq8;
  PlanCosts plan_costs = PlanCosts::kStandard;

  void fields(auto&& field) {
    field("degree", degree, Range{4, 512}, "Most links R of a vector, an even number");
    field("window", window, Range{1, 100'000},
          "Nearest vectors that links are chosen from, L in the paper; more take longer to build and find "
          "more");
    field("alpha", alpha, Range{1, 4},
          "By what factor a link must shorten the way for another to be left out: more than 1 keeps longer "
          "links, "
          "too, and walks of fewer steps. Of distances; where a peer's is of squared ones, this is its root");
    field("codes", codes, kGraphCodesHelp);
    field("plan_costs", plan_costs, kPlanCostsHelp);
  }
};

/// Options of a search in a vamana index.
struct VamanaSearchOptions {
  int ef = 64;

  void fields(auto&& field) {
    field("ef", ef, Range{1, 10'000'000},
          "Nearest vectors that a walk keeps (search_window_size of SVS): more find more of the true "
          "neighbours "
          "and take longer. Raised to k");
  }
};

}  // namespace whitney
