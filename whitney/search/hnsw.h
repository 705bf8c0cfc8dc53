#pragma once

#include <cstdint>

#include "whitney/core/options.h"
#include "whitney/search/graph_codes.h"
#include "whitney/search/plan_costs.h"

namespace whitney {

/// Options of hnsw (Malkov & Yashunin 2018, arXiv 1603.09320).
struct HnswOptions {
  int m = 16;
  int ef_construction = 200;
  GraphCodes codes = GraphCodes::kFloat32;
  PlanCosts plan_costs = PlanCosts::kStandard;

  void fields(auto&& field) {
    field(
        "m", m, Range{2, 256},
        "Links M that a vector gets on each layer; 2M are the most on layer 0. 12 to 48 serve most vectors, "
        "more those of high intrinsic dimension");
    field("ef_construction", ef_construction, Range{1, 100'000},
          "Nearest vectors that links are chosen from; more take longer to build and find more. Raised to m");
    field("codes", codes, kGraphCodesHelp);
    field("plan_costs", plan_costs, kPlanCostsHelp);
  }
};

/// Options of a search in an hnsw index.
struct HnswSearchOptions {
  int ef = 64;

  void fields(auto&& field) {
    field("ef", ef, Range{1, 10'000'000},
          "Nearest vectors that a walk keeps: more find more of the true neighbours and take longer. Raised "
          "to k");
  }
};

}  // namespace whitney
