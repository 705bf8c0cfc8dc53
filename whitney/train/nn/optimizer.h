#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/train/nn/parameters.h"

namespace whitney::nn {

/// Changes parameters by their gradients. What it keeps between steps are tensors on the parameters' device,
/// which a checkpoint saves and a run that goes on loads.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  /// Takes one step along `tensor.grad()` of each parameter; one without a gradient stays as it is. Must give
  /// the same bytes at any number of threads. `step` counts from 0 and is what a schedule goes by.
  virtual void step(const Parameters& parameters, int64_t step, const Context& context) = 0;
  /// What it keeps, in a fixed order, by names such as "moment.users".
  virtual std::vector<NamedTensor> state() const = 0;
  /// Takes back what `state` gave. Throws Error that begins with `where` when it belongs to another
  /// optimiser.
  virtual void load_state(const std::vector<NamedTensor>& state, std::string_view where) = 0;
};

}  // namespace whitney::nn
