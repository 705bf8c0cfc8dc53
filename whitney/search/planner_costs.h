#pragma once

#include <cstdint>
#include <optional>

#include "whitney/core/context.h"
#include "whitney/search/plan_costs.h"
#include "whitney/search/planner.h"

namespace whitney::search {

/// What bounds a measurement, and what a graph is: as HnswRequest knows them.
struct MeasuredGraph {
  SearchCosts standard;
  int64_t num_nodes = 0;
};

/// Times scans and walks of an index on this machine, on one thread, and fits what their steps take: some
/// queries between vectors of the index, under filters drawn at random, several rounds of all in turns, of
/// which the medians count. How many steps walks take is a function of the index alone. Less than a second;
/// nothing for an index too small for plans to matter.
std::optional<SearchCosts> measure_costs(const Index& index, const MeasuredGraph& graph);

/// What a builder does at the end for its option `plan_costs`; says so where an index is too small.
void keep_costs(Index& index, PlanCosts wanted, const Context& context);

}  // namespace whitney::search
