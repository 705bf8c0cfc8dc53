#include "whitney/graph/partitioned_run.h"

#include <algorithm>
#include <mutex>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/graph/bfs.h"
#include "whitney/graph/fennel.h"
#include "whitney/graph/metis.h"
#include "whitney/graph/partition.h"

namespace whitney::graph {

int64_t PartitionedRun::leaf_nodes() const {
  return options.leaf_nodes.value_or(PartSizes{options.parts, options.max_imbalance}.cap(graph.num_nodes()));
}

std::unique_ptr<RowFile> PartitionedRun::row_file(const std::string& name) const {
  return std::make_unique<RowFile>(scratch.file(name), graph.num_nodes(), base.dim());
}

std::vector<uint32_t> PartitionedRun::cut(const Graph& level_graph, int level, int parts) const {
  Context quiet = piece_context(context, level, kWholeLevel);
  switch (options.partitioner) {
    case PartitionMethod::kMetis:
      return metis_parts(level_graph, {.parts = parts, .max_imbalance = options.max_imbalance}, quiet);
    case PartitionMethod::kFennel:
      return fennel_parts(level_graph, {.parts = parts, .max_imbalance = options.max_imbalance}, quiet);
    case PartitionMethod::kBFS:
      return bfs_parts(level_graph, {.parts = parts, .max_imbalance = options.max_imbalance}, quiet);
  }
  return {};
}

void PartitionedRun::for_each_part(
    int parts, int level, const std::function<void(uint32_t part, const Context& context)>& body) const {
  std::mutex telling;
  int64_t num_done = 0;
  const auto run_part = [&](int64_t part) {
    body(static_cast<uint32_t>(part), piece_context(context, level, part));
    const std::scoped_lock lock(telling);
    context.advance(level == 0 ? "parts" : "parts of the border", ++num_done, parts, "parts");
  };
  if (options.parallel_parts > 1) {
    Context several = context;
    several.threads = std::min(options.parallel_parts, context.num_threads());
    parallel_for(several, parts, run_part);
    return;
  }
  for (int64_t part = 0; part < parts; ++part) {
    context.check_cancelled();
    run_part(part);
  }
}

void PartitionedRun::tell_level(const Graph& level_graph, const std::vector<uint32_t>& part_of, int parts,
                                int64_t columns, int64_t border_columns) {
  const PartitionQuality quality = measure_partition(level_graph, part_of, parts);
  const auto n = static_cast<double>(level_graph.num_nodes());
  levels.push_back(Value::object({{"nodes", level_graph.num_nodes()},
                                  {"parts", parts},
                                  {"cut_ratio", quality.cut_ratio()},
                                  {"border_ratio", n > 0 ? static_cast<double>(quality.border_nodes) / n : 0},
                                  {"balance", quality.balance},
                                  {"columns", columns},
                                  {"border_columns", border_columns}}));
}

}  // namespace whitney::graph
