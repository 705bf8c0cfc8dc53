#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/train/nn/torch.h"
#include "whitney/train/recsys/ngcf_dropout.h"
#include "whitney/train/recsys/ngcf_options.h"

namespace whitney::recsys {

/// What a step of NGCF asks of its layers: the final vectors of some nodes.
struct NgcfPass {
  /// Of layer l at l - 1.
  std::vector<LayerGraph> graphs;
  /// Ascending.
  std::vector<uint32_t> nodes;
  NgcfOptions options;
  /// Values of layer l (from 1) are left out by the seed and "<dropout><l>".
  uint64_t seed = 0;
  std::string dropout;
};

/// Arrays as large as all nodes, which a step leaves for the next one: pages that are new each time take
/// longer than what is written to them.
class NgcfMemory {
 public:
  NgcfMemory();
  ~NgcfMemory();
  NgcfMemory(const NgcfMemory&) = delete;
  NgcfMemory& operator=(const NgcfMemory&) = delete;

 private:
  template <class T>
  friend class NgcfLayers;
  struct Arrays;
  std::unique_ptr<Arrays> arrays_;
};

/// The final vectors of `nodes` (m x sum of d_l: E_0 and what each layer gives, of length 1 where they are
/// normalised), on the processor, in float32 or float64: as NgcfObjective::propagate has them, by blocks of
/// rows that go through a whole layer in the cache (recommend/ngcf_layer.h). The last layer goes by these
/// rows of its graph only. parameters: vectors, then of each layer weights1, weights2 and, where there are
/// biases, bias1 and bias2. There is one way back; a second throws InternalError. Weights' gradients are
/// summed by runs of rows that depend on the graph alone, so that bytes do not depend on threads. `memory` is
/// used again when nothing else holds it.
torch::Tensor ngcf_rows(NgcfPass pass, const std::vector<torch::Tensor>& parameters,
                        std::shared_ptr<NgcfMemory>& memory, const Context& context);

}  // namespace whitney::recsys
