// Claims: louvain is at least as fast as networkit's PLM and leiden as leidenalg, on one thread, at equal or
// better modularity; of the partitioners metis cuts least on sparse graphs, and auto within two points of the
// least on all; vectors of parts that are aligned tell labels and edges better than the paper's
// concatenation, which tells more than inner vectors alone; and a partitioned run, cut by auto, needs at most
// two fifths of the whole run's memory. Fails where one does not hold. Peers run in WHITNEY_BENCH_PYTHON
// (default bench/peers/.venv/bin/python).
//
//   partition_bench [--pairs 5] [--base fastrp] [--only communities|cuts|quality|memory|speed]

#include "bench/partition_bench.h"

#include <cstdlib>

int main(int argc, char** argv) {
  whitney::bench::PartitionBenchOptions options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--pairs") options.num_pairs = std::atoi(argv[i + 1]);
    if (option == "--base") options.base = argv[i + 1];
    if (option == "--only") options.only = argv[i + 1];
  }
  bool good = true;
  const auto run = [&](const char* name, bool (*part)(const whitney::bench::PartitionBenchOptions&)) {
    if (options.only.empty() || options.only == name) good = part(options) && good;
  };
  run("communities", whitney::bench::bench_communities);
  run("cuts", whitney::bench::bench_cuts);
  run("quality", whitney::bench::bench_quality);
  run("memory", whitney::bench::bench_memory);
  run("speed", whitney::bench::bench_speed);
  return good ? 0 : 1;
}
