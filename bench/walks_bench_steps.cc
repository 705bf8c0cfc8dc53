#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/bench_main.h"
#include "bench/graph_data.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "bench/walks_bench.h"
#include "whitney/core/fast_random.h"
#include "whitney/graph/random_walks.h"

namespace whitney::bench {
namespace {

constexpr int64_t kLength = 80, kDegree = 16;
constexpr int kChains = 32;  // walks that take their steps in turns

struct Law {
  const char* name;
  double p, q;
  bool weighted;
};
// p and q as they are published for BlogCatalog and for PPI.
constexpr Law kLaws[] = {{"uniform", 1, 1, false},
                         {"by weight", 1, 1, true},
                         {"p .25, q .25", 0.25, 0.25, false},
                         {"p 4, q 1", 4, 1, false},
                         {"p .25, q .25, by weight", 0.25, 0.25, true}};

/// 2^scale nodes with edges to 16 nodes each, drawn at random: nothing of it is visited more than the rest.
Graph random_targets(int scale) {
  Graph graph;
  const int64_t n = int64_t{1} << scale;
  graph.ids = Ids::row_numbers(n);
  graph.directed = true;
  graph.offsets = Array<int64_t>(n + 1);
  graph.targets = Array<uint32_t>(n * kDegree);
  int64_t* offsets = graph.offsets.mutable_data();
  uint32_t* targets = graph.targets.mutable_data();
  FastRandom random(42, "random targets", 0);
  for (int64_t u = 0; u <= n; ++u) offsets[u] = u * kDegree;
  for (int64_t u = 0; u < n; ++u) {
    for (int64_t e = 0; e < kDegree; ++e)
      targets[u * kDegree + e] = static_cast<uint32_t>(random.next_u64() >> (64 - scale));
    std::sort(targets + u * kDegree, targets + (u + 1) * kDegree);
  }
  return graph;
}

Graph with_weights(Graph graph) {
  graph.weights = Array<float>(graph.nnz());
  float* weights = graph.weights.mutable_data();
  // A function of both ends, for either direction weighs the same.
  for (int64_t u = 0; u < graph.num_nodes(); ++u) {
    for (int64_t e = graph.offsets[u]; e < graph.offsets[u + 1]; ++e)
      weights[e] = 1 + static_cast<float>((u + int64_t{graph.targets[e]}) % 7);
  }
  return graph;
}

int64_t graph_size_bytes(const Graph& graph) { return graph.offsets.size() * 8 + graph.targets.size() * 4; }

/// Steps a second: the median of five times at least a quarter of a second.
double steps_per_second(const graph::RandomWalks& walks) {
  constexpr int64_t kStarts = 4096;
  const int64_t n = walks.graph().num_nodes(), count = std::min(n, kStarts);
  std::vector<uint32_t> starts(static_cast<size_t>(count));
  graph::WalkBlock block;
  FastRandom random(42, "starts", 0);
  uint64_t pass = 0;
  const auto run = [&] {
    int64_t steps = 0;
    double seconds = 0;
    while (seconds < 0.25) {
      for (uint32_t& start : starts)
        start = static_cast<uint32_t>(place_and_rest(random.next_u64(), static_cast<uint64_t>(n)).place);
      seconds += seconds_of([&] { walks.walk(42, pass++, starts, block); });
      for (int64_t i = 0; i < block.size(); ++i) steps += std::ssize(block.walk(i)) - 1;
    }
    return static_cast<double>(steps) / seconds;
  };
  run();
  std::vector<double> rates;
  for (int i = 0; i < 5; ++i) rates.push_back(run());
  return median(rates);
}

bool run_graph(const std::string& name, const Graph& plain, bool is_claim) {
  const Graph weighted = with_weights(plain);
  const int64_t bytes = graph_size_bytes(plain);
  const double one = chased_loads(bytes, 1), many = chased_loads(bytes, kChains);
  std::printf("| %s, %.1f MB |", name.c_str(), static_cast<double>(bytes) / 1e6);
  bool good = true;
  for (const Law& law : kLaws) {
    const graph::RandomWalks walks(law.weighted ? weighted : plain,
                                   {.length = kLength, .p = law.p, .q = law.q}, one_thread());
    const double rate = steps_per_second(walks);
    std::printf(" %.1f |", rate / 1e6);
    good = good && (!is_claim || rate >= 20e6);
  }
  std::printf(" %.1f, %.0f |%s\n", one / 1e6, many / 1e6, good ? "" : " NOT HELD: 20 million steps a second");
  return good;
}

}  // namespace

bool bench_steps(const WalksBenchOptions& options) {
  std::printf("million steps a second, one thread, walks of %lld nodes\n| graph |",
              static_cast<long long>(kLength));
  for (const Law& law : kLaws) std::printf(" %s |", law.name);
  std::printf(" million loads, in 1 chain and in %d |\n|---|---|---|---|---|---|---|\n", kChains);
  bool good = true;
  for (const char* name : {"ppi-node2vec", "blogcatalog"}) {
    if (!options.data.empty() && options.data != name) continue;
    if (const std::optional<LabelledGraph> data = read_labelled_graph(name))
      good = run_graph(name, data->graph, true) && good;
  }
  if (options.data.empty()) run_graph("16 random targets", random_targets(options.scale), false);
  return good;
}

}  // namespace whitney::bench
