#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "bench/pairs.h"
#include "bench/partition_bench.h"
#include "bench/rmat.h"
#include "whitney/data/learner.h"

namespace whitney::bench {
namespace {

/// VmHWM or VmRSS of this process, in bytes.
double memory_bytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return 1024 * std::atof(line.c_str() + field.size() + 1);
  }
  return 0;
}

}  // namespace

bool bench_memory(const PartitionBenchOptions& options) {
  constexpr int kDim = 256;
  const Graph graph = rmat(19, 4'000'000);
  std::printf("\nMemory beside the graph, %s, d %d, 8 parts, synthetic R-MAT of %lld nodes and %lld edges:\n",
              options.base.c_str(), kDim, static_cast<long long>(graph.num_nodes()),
              static_cast<long long>(graph.num_edges()));
  std::printf("| run | peak | of whole | time |\n|---|---|---|---|\n");
  double whole = 0;
  const auto measure = [&](const char* name, const std::string& method, const Value& given) {
    malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << 5;  // the peak starts anew
    const double before = memory_bytes("VmRSS");
    const double seconds = seconds_of([&] { learn(method, graph, given, {}); });
    const double peak = memory_bytes("VmHWM") - before;
    if (whole == 0) whole = peak;
    std::printf("| %s | %.0f MB | %.0f %% | %.1f s |\n", name, peak / 1e6, 100 * peak / whole, seconds);
    std::fflush(stdout);
    return peak / whole;
  };
  const auto parted = [&](const char* partitioner, const char* combine, int at_a_time) {
    return Value::object({{"base", options.base},
                          {"base.dim", kDim},
                          {"parts", 8},
                          {"partitioner", partitioner},
                          {"combine", combine},
                          {"parallel_parts", at_a_time}});
  };
  measure("whole graph", options.base, Value::object({{"dim", kDim}}));
  const double aligned = measure("aligned", "partitioned", parted("auto", "align", 1));
  measure("aligned, metis", "partitioned", parted("metis", "align", 1));
  measure("aligned, fennel", "partitioned", parted("fennel", "align", 1));
  measure("aligned, bfs", "partitioned", parted("bfs", "align", 1));
  measure("aligned, 2 parts at a time", "partitioned", parted("auto", "align", 2));
  measure("concatenated", "partitioned", parted("auto", "concatenate", 1));
  if (aligned > 0.4) std::printf("NOT HELD: 40 %% of the whole run's memory\n");
  return aligned <= 0.4;
}

}  // namespace whitney::bench
