#pragma once

#include "whitney/core/context.h"
#include "whitney/data/interactions.h"
#include "whitney/data/recommender_model.h"
#include "whitney/train/recsys/ngcf_options.h"

namespace whitney::recsys {

/// Trains neural graph collaborative filtering (arXiv 1905.08108; ngcf_objective.h has the equations):
/// vectors of users and items whose inner products rank items, all layers one after the other. Values and
/// times of events are not looked at. The record tells the best epoch and its validation. An epoch takes nnz
/// / batch_size times the products of the graph with all vectors, forwards and back. Throws Error where
/// nothing can be held out for validation, where no user has an item and lacks another, and where the loss or
/// a vector is no longer finite.
RecommenderModel ngcf(const Interactions& events, const NgcfOptions& options, const Context& context);

}  // namespace whitney::recsys
