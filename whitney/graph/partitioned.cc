#include "whitney/graph/partitioned.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/graph/auto_parts.h"
#include "whitney/graph/partition.h"
#include "whitney/graph/partitioned_align.h"
#include "whitney/graph/partitioned_run.h"
#include "whitney/graph/partitioned_steps.h"
#include "whitney/graph/symmetric_rows.h"

namespace whitney::graph {
namespace {

Embeddings embed_by_parts(PartitionPlan& plan, const PartitionedOptions& options, const BaseMethod& base,
                          const Context& context) {
  const TemporaryFolder scratch =
      options.scratch ? TemporaryFolder(options.scratch->value) : TemporaryFolder();
  PieceNotes notes(context, "base");
  PartitionedRun run{plan, options, base, context, scratch, notes};
  const auto file = options.combine == PartCombination::kAlign ? embed_aligned(run) : embed_concatenated(run);
  notes.tell_counted();
  Embeddings result;
  result.vectors = file->map();
  result.record.set("quality", Value::object({{"levels", plan.levels()}}));
  return result;
}

}  // namespace

std::vector<std::string> PartitionedOptions::ineffective() const {
  std::vector<std::string> sentences;
  const PartitionedOptions standard;
  const auto idle = [&](bool given, const char* name, const char* why) {
    if (given) sentences.push_back(concat("option \"", name, "\" has no effect with ", why));
  };
  if (combine == PartCombination::kAlign) {
    const char* why = "combine align";
    idle(border != standard.border, "border", why);
    idle(min_dim != standard.min_dim, "min_dim", why);
    idle(normalize_blocks != standard.normalize_blocks, "normalize_blocks", why);
  } else {
    idle(map != standard.map, "map", "combine concatenate");
    idle(max_halo != standard.max_halo, "max_halo", "combine concatenate");
    idle(smoothing != standard.smoothing, "smoothing", "combine concatenate");
    idle(border == BorderEdges::kNone && min_dim != standard.min_dim, "min_dim", "border none");
    idle(border == BorderEdges::kNone && leaf_nodes.has_value(), "leaf_nodes", "border none");
  }
  for (const std::string& sentence : BaseMethod(base).ineffective()) sentences.push_back("base: " + sentence);
  return sentences;
}

Embeddings partitioned(const Graph& graph, const PartitionedOptions& options, const Context& context) {
  const BaseMethod base(options.base);
  PartitionPlan plan(graph, options, context);
  Embeddings result;
  if (plan.is_whole()) {
    result.vectors = embed_piece(base, plan.piece(0, context), context);
  } else {
    result = embed_by_parts(plan, options, base, context);
  }
  result.ids = graph.ids;
  result.record.set("metric", "cosine");
  return result;
}

namespace {

/// Nodes outside that the part with the most of them is embedded with, beside its own, as told by what is
/// known of a graph before it is read. Measured with communities: of mean degree 5 (DBLP) in 4, 8 and 32
/// parts by metis (and so auto) .17, .29, .83, by bfs .33, .53, 1, by fennel .62, 1.1, 1.1; of degree 9 and
/// 15 (deezer-HU, Facebook's sites) 1 to 2. Where edges join any two nodes, a graph of small degree has more.
double expected_halo(const DataSize& size, const PartitionedOptions& options) {
  if (options.combine != PartCombination::kAlign) return 0;
  constexpr std::array kOfFourParts = {0.17, 0.17, 0.62, 0.33};  // in the order of PartitionMethod
  const double degree =
      static_cast<double>(symmetric_entries(size)) / static_cast<double>(std::max<int64_t>(size.num_rows, 1));
  const double halo = kOfFourParts.at(static_cast<size_t>(options.partitioner)) *
                      std::pow(options.parts / 4.0, 0.75) * std::pow(degree / 5, 3);
  return std::min(halo, options.max_halo);
}

/// Vectors of all a part's nodes, and beside them those that stand in the frame twice (as the part and as the
/// frame has them), and then the part's own.
double aligned_rows(double halo) { return 1 + halo + std::max(1.0, 2 * std::min(1.0, 1.5 * halo)); }

DataSize piece_of(const DataSize& size, int64_t num_rows, int64_t nnz, int64_t id_bytes) {
  DataSize piece = size;
  piece.num_rows = num_rows, piece.nnz = nnz, piece.id_bytes = id_bytes;
  return piece;
}

/// What embedding a border's graph as one takes, where it has the most nodes that it may have.
int64_t small_border_bytes(const DataSize& size, const PartitionedOptions& options, const BaseMethod& base,
                           const Context& context) {
  if (options.combine == PartCombination::kAlign || options.border == BorderEdges::kNone ||
      options.leaf_nodes)
    return 0;
  const int64_t rows = std::min(size.num_rows, kSmallBorderNodes);
  const double share = static_cast<double>(rows) / static_cast<double>(std::max<int64_t>(size.num_rows, 1));
  const auto of = [&](int64_t count) { return static_cast<int64_t>(share * static_cast<double>(count)); };
  const DataSize border = piece_of(size, rows, of(size.nnz), of(size.id_bytes));
  return base.estimate(border, context).peak_bytes - kProgramBytes;
}

int64_t cutting_bytes(const DataSize& size, PartitionMethod method) {
  if (method == PartitionMethod::kAuto) return auto_parts_bytes(size);
  return method == PartitionMethod::kMetis ? symmetric_entries(size) * 50 : 0;
}

}  // namespace

CostEstimate estimate_partitioned(const DataSize& size, const PartitionedOptions& options,
                                  const Context& context) {
  const BaseMethod base(options.base);
  if (options.parts == 1) return base.estimate(size, context);
  const bool aligned = options.combine == PartCombination::kAlign;
  const double own = std::min(1.0, (1 + options.max_imbalance) / options.parts);
  const double halo = std::min(expected_halo(size, options), 1 / own - 1);
  const auto of = [&](int64_t count) {
    return static_cast<int64_t>(own * (1 + halo) * static_cast<double>(count)) + 1;
  };
  const CostEstimate part =
      base.estimate(piece_of(size, of(size.num_rows), of(size.nnz), of(size.id_bytes)), context);
  const int64_t at_a_time = std::min(options.parallel_parts, options.parts);
  const int64_t cutting = cutting_bytes(size, options.partitioner);
  // What cutting leaves with the allocator, and the threads' own pools.
  constexpr int64_t kLeftBytes = int64_t{4} << 20;
  const int64_t standing = graph_bytes(size) + size.num_rows * 60 + kLeftBytes, row_bytes = base.dim() * 4;
  const auto aligning = static_cast<int64_t>(own * static_cast<double>(size.num_rows * row_bytes) *
                                             (aligned ? aligned_rows(halo) : 0));
  const int64_t smoothing = std::min(size.num_rows, kSmoothedNeighbors) * row_bytes +
                            std::min(size.num_rows, kSmoothedRows) * row_bytes * 3;
  CostEstimate cost;
  // The largest of cutting, of embedding and aligning (parts; the program counts once), of smoothing, and of
  // the result, which is mapped and read whole when it is written.
  cost.peak_bytes = std::max({partition_bytes(size, cutting + size.num_rows * 100),
                              standing + std::max(part.peak_bytes - kProgramBytes, aligning) * at_a_time,
                              standing + small_border_bytes(size, options, base, context),
                              standing + (aligned && options.smoothing > 0 ? smoothing : 0),
                              standing + size.num_rows * row_bytes});
  cost.seconds = part.seconds * (options.parts + 1) + static_cast<double>(size.nnz) / 3e6;
  return cost;
}

}  // namespace whitney::graph
