#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/options.h"
#include "whitney/core/registry.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"

namespace whitney::graph {

/// The method that embeds the pieces of a graph.
class BaseMethod {
 public:
  /// Throws UsageError when the method makes no vectors of a graph, or has no option dim.
  explicit BaseMethod(const MethodChoice& choice);

  /// The width d that its options ask for.
  int64_t dim() const { return dim_; }
  /// Embeds a graph: n x dim float32, by the context's seed. Throws Error that begins with `what` when the
  /// method cannot, or gives another width.
  Matrix embed(const Graph& graph, int64_t dim, const std::string& what, const Context& context) const;
  CostEstimate estimate(const DataSize& size, const Context& context) const;
  /// Sentences about its options that have no effect.
  std::vector<std::string> ineffective() const;
  /// Names of its options that hold a path, with their prefix.
  std::vector<std::string> path_options() const;

 private:
  const Method& method_;
  Value options_;
  int64_t dim_ = 0;
};

/// The context of one piece: the same threads and limits, the seed of (seed, level, part), and silence, for
/// the whole tells its own progress.
/// part: that of a piece, or kWholeLevel.
inline constexpr int64_t kWholeLevel = 0xFFFF'FFFF;
Context piece_context(const Context& context, int level, int64_t part);

}  // namespace whitney::graph
