#pragma once

#include "whitney/data/recommender_model.h"

namespace whitney::recommend {

/// What recommenders by vectors learn, and what a model keeps.
using whitney::Factors;

}  // namespace whitney::recommend
