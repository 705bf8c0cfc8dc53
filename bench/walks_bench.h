#pragma once

#include <string>

/// The parts of walks_bench; each prints its table and gives false when a claim does not hold.
namespace whitney::bench {

struct WalksBenchOptions {
  int num_pairs = 3;
  /// Walks from each node of BlogCatalog, of which 80 are the published setting.
  int num_walks = 8;
  /// Nodes of the synthetic graph beyond the caches, as a power of two.
  int scale = 23;
  /// Only this data set; empty: all.
  std::string data;
};

bool bench_steps(const WalksBenchOptions& options);
bool bench_training(const WalksBenchOptions& options);

}  // namespace whitney::bench
