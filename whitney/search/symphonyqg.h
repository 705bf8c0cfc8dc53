#pragma once

#include <cstdint>

#include "whitney/core/options.h"
#include "whitney/search/plan_costs.h"

namespace whitney {

/// Options of symphonyqg (Gou et al. 2025, arXiv 2411.12229).
struct SymphonyqgOptions {
  int degree = 32;
  int ef_construction = 200;
  int passes = 1;
  PlanCosts plan_costs = PlanCosts::kStandard;

  void fields(auto&& field) {
    field("degree", degree, Range{32, 512},
          "Links R of a vector, all of them used; a multiple of 32, for they are scored 32 at a time. 32 "
          "serves nearly all vectors");
    field("ef_construction", ef_construction, Range{1, 100'000},
          "Nearest vectors that links are chosen from; more take longer to build and find more");
    field("passes", passes, Range{1, 10},
          "How often all links are chosen anew, each time by walks on the graph as it was before");
    field("plan_costs", plan_costs, kPlanCostsHelp);
  }
};

/// Options of a search in a symphonyqg index.
struct SymphonyqgSearchOptions {
  int ef = 64;

  void fields(auto&& field) {
    field("ef", ef, Range{1, 10'000'000},
          "Nearest vectors that a walk visits; some more are measured. More find more of the true "
          "neighbours "
          "and take longer. Raised to k");
  }
};

}  // namespace whitney
