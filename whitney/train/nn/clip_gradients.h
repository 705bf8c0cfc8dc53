#pragma once

#include "whitney/train/nn/parameters.h"

namespace whitney::nn {

/// Shortens the gradients of all parameters together to `max_norm` where their l2 norm is longer (Pascanu et
/// al. 2013, arXiv 1211.5063), and gives the norm that they had. Summed in the order of the parameters, in
/// double. A norm that is not finite leaves them as they are.
double clip_gradients(const Parameters& parameters, double max_norm);

}  // namespace whitney::nn
