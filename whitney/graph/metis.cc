#include "whitney/graph/metis.h"

#include <metis.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/graph/partition.h"

namespace whitney::graph {

int64_t most_for_metis() { return std::numeric_limits<idx_t>::max() / 2; }

namespace {

/// A graph as METIS takes it.
struct MetisGraph {
  std::vector<idx_t> starts, neighbors, weights, sizes;
};

// METIS counts in whole numbers, and adds them up in as many bits: an edge of mean weight becomes 100, less
// where the sum would not fit.
std::vector<idx_t> whole_weights(const Array<double>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double scale = std::min(100.0 * static_cast<double>(weights.size()), 1e9) / sum;
  std::vector<idx_t> result(static_cast<size_t>(weights.size()));
  std::ranges::transform(weights, result.begin(), [&](double weight) {
    return static_cast<idx_t>(std::max(1.0, std::round(weight * scale)));
  });
  return result;
}

MetisGraph metis_graph(const SymmetricRows& rows, std::span<const int32_t> sizes) {
  if (rows.neighbors.size() > most_for_metis() || rows.offsets.size() > most_for_metis()) {
    fail("metis counts in ", IDXTYPEWIDTH, " bits, too few for a graph of ", rows.neighbors.size(),
         " entries; fennel and bfs take larger ones");
  }
  MetisGraph graph;
  graph.starts.assign(rows.offsets.begin(), rows.offsets.end());
  graph.neighbors.assign(rows.neighbors.begin(), rows.neighbors.end());
  if (!rows.weights.empty()) graph.weights = whole_weights(rows.weights);
  graph.sizes.assign(sizes.begin(), sizes.end());
  return graph;
}

void run_metis(MetisGraph graph, const MetisOptions& options, uint64_t seed, std::vector<idx_t>& part_of) {
  std::array<idx_t, METIS_NOPTIONS> settings{};
  METIS_SetDefaultOptions(settings.data());
  settings[METIS_OPTION_SEED] =
      static_cast<idx_t>(RandomStream(seed, "metis", 0).below(std::numeric_limits<idx_t>::max()));
  settings[METIS_OPTION_UFACTOR] = static_cast<idx_t>(std::lround(options.max_imbalance * 1000));
  settings[METIS_OPTION_NCUTS] = options.cuts;
  settings[METIS_OPTION_NUMBERING] = 0;
  auto num_nodes = static_cast<idx_t>(part_of.size());
  idx_t num_constraints = 1, parts = options.parts, cut = 0;
  // rand() and the handlers that METIS sets during a call belong to the whole process.
  static std::mutex one_at_a_time;
  const std::scoped_lock lock(one_at_a_time);
  const int status =
      METIS_PartGraphKway(&num_nodes, &num_constraints, graph.starts.data(), graph.neighbors.data(),
                          graph.sizes.empty() ? nullptr : graph.sizes.data(), nullptr,
                          graph.weights.empty() ? nullptr : graph.weights.data(), &parts, nullptr, nullptr,
                          settings.data(), &cut, part_of.data());
  if (status == METIS_ERROR_MEMORY) fail("metis has no memory left for this graph; fennel and bfs need less");
  // It catches SIGTERM and gives up.
  if (status == METIS_ERROR) fail("metis was told to end before it had parts");
  WHITNEY_CHECK(status == METIS_OK, "METIS_PartGraphKway gives ", status);
}

}  // namespace

std::vector<uint32_t> metis_cut(const SymmetricRows& rows, std::span<const int32_t> sizes,
                                const MetisOptions& options, uint64_t seed) {
  std::vector<idx_t> found(static_cast<size_t>(rows.offsets.size() - 1));
  if (options.parts > 1 && !rows.neighbors.empty()) {
    run_metis(metis_graph(rows, sizes), options, seed, found);
  } else {  // METIS divides by zero where there is nothing to cut
    for (size_t v = 0; v < found.size(); ++v)
      found[v] = static_cast<idx_t>(v * static_cast<size_t>(options.parts) / found.size());
  }
  return {found.begin(), found.end()};
}

std::vector<uint32_t> metis_parts(const Graph& graph, const MetisOptions& options, const Context& context) {
  PartSizes{options.parts, options.max_imbalance}.check(graph.num_nodes());
  return metis_parts(partition_rows(graph, context), options, context.seed);
}

std::vector<uint32_t> metis_parts(const SymmetricRows& rows, const MetisOptions& options, uint64_t seed) {
  std::vector<uint32_t> part_of = metis_cut(rows, {}, options, seed);
  const PartSizes sizes{options.parts, options.max_imbalance};
  hold_cap(rows, part_of, options.parts, sizes.cap(std::ssize(part_of)));
  return part_of;
}

Table metis(const Graph& graph, const MetisOptions& options, const Context& context) {
  return partition_table(graph, metis_parts(graph, options, context), options.parts);
}

namespace {

CostEstimate estimate_metis(const DataSize& size, const MetisOptions& options, const Context&) {
  constexpr double kEntriesPerSecond = 3e6;
  // Its copy of the graph (with weights) and the coarser ones, which have weights always.
  const int64_t of_an_entry = size.weighted || size.directed ? 52 : 50;
  const int64_t working = symmetric_entries(size) * of_an_entry + size.num_rows * 100;
  return {.peak_bytes = partition_bytes(size, working),
          .seconds = static_cast<double>(size.nnz) * options.cuts / kEntriesPerSecond};
}

// clang-format off
const bool registered = register_graph_learner<MetisOptions, Table>(
    {.name = "metis",
     .class_name = "METIS",
     .summary = "Parts of a graph of even size that cut few edges, by coarsening and refinement",
     .description =
         "Gives each node the number of a part, so that parts are even and few edges lead from one to another: the graph "
         "is made coarser and coarser by merging neighbours, cut where it is small, and the cut improved on the way back. "
         "Cuts least on sparse graphs; where everybody is near to everybody, fennel often cuts less. No part has more than 1 + max_imbalance times its "
         "share.\n"
         "Weights count, as whole numbers around 100; directions do not. The output is a table with the column part.",
     .source = "Karypis, Kumar: A fast and high quality multilevel scheme for partitioning irregular graphs, SIAM J. "
               "Sci. Comput. 20(1), 1998; library METIS 5.1",
     .example = "whitney learn metis edges.tsv -o parts.tsv --parts 4"},
    metis, estimate_metis);
// clang-format on

}  // namespace

}  // namespace whitney::graph
