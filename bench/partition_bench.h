#pragma once

#include <string>

#include "whitney/data/embeddings.h"
#include "whitney/data/labels.h"

/// The parts of partition_bench; each prints its table and gives false when a claim does not hold.
namespace whitney::bench {

struct PartitionBenchOptions {
  int num_pairs = 5;
  std::string base = "fastrp";
  /// Only this part: communities, cuts, quality, memory, speed; empty: all.
  std::string only;
};

/// Micro F1 of node classification by a share of the labels: mean of ten splits, C 1.
double micro_f1(const Embeddings& vectors, const Labels& labels, double train_ratio);

bool bench_communities(const PartitionBenchOptions& options);
bool bench_cuts(const PartitionBenchOptions& options);
bool bench_quality(const PartitionBenchOptions& options);
bool bench_memory(const PartitionBenchOptions& options);
bool bench_speed(const PartitionBenchOptions& options);

}  // namespace whitney::bench
