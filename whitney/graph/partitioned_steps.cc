#include "whitney/graph/partitioned_steps.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/graph/auto_parts.h"
#include "whitney/graph/bfs.h"
#include "whitney/graph/fennel.h"
#include "whitney/graph/metis.h"
#include "whitney/graph/node_vectors.h"
#include "whitney/graph/partition.h"
#include "whitney/graph/partitioned_align.h"
#include "whitney/graph/piece_notes.h"
#include "whitney/graph/undirected.h"

namespace whitney::graph {
PartitionPlan::PartitionPlan(const Graph& graph, const PartitionedOptions& options, const Context& context)
    : options_(options), graph_(graph), seed_(context.seed), dim_(BaseMethod(options.base).dim()) {
  const int64_t n = graph.num_nodes();
  is_whole_ = options.parts == 1 || n <= 1 || (options.leaf_nodes && n <= *options.leaf_nodes);
  part_of_.assign(static_cast<size_t>(n), 0);
  if (is_whole_) {
    context.note("option \"parts\" has no effect: the graph is embedded whole");
    level_.columns = dim_;
    return;
  }
  PartSizes{options.parts, options.max_imbalance}.check(n);
  if (graph.directed) {
    context.note("directions have no effect on parts: an edge counts in both");
    graph_ = without_directions(graph, context);
  }
  level_.graph = graph_;
  level_.parts = static_cast<int>(std::min<int64_t>(options.parts, n));
  level_.columns = dim_;
  part_of_ = level_.part_of = cut(level_, context);
  level_.border_columns = border_columns(level_);
  if (options.combine == PartCombination::kAlign)
    parts_.emplace(graph_, part_of_, level_.parts);
  else
    level_.groups = group(level_.part_of, level_.parts);
  tell(level_);
}

int64_t PartitionPlan::leaf_nodes() const {
  return options_.leaf_nodes.value_or(
      PartSizes{options_.parts, options_.max_imbalance}.cap(graph_.num_nodes()));
}

uint64_t PartitionPlan::seed_of(int level, int64_t part) const {
  Context context;
  context.seed = seed_;
  return piece_context(context, level, part).seed;
}

std::vector<uint32_t> PartitionPlan::cut(const Level& level, const Context& context) const {
  PieceNotes notes(context, "partitioner");
  PieceNotes::Listener listener(notes, "parts");
  Context quiet = context;
  // What the partitioner ignores, it ignores at every level: the first says it.
  quiet.progress = level.number == 0 ? &listener : nullptr;
  quiet.seed = seed_of(level.number, kWholeLevel);
  switch (options_.partitioner) {
    case PartitionMethod::kAuto:
      return auto_parts(level.graph, {.parts = level.parts, .max_imbalance = options_.max_imbalance}, quiet);
    case PartitionMethod::kMetis:
      return metis_parts(level.graph, {.parts = level.parts, .max_imbalance = options_.max_imbalance}, quiet);
    case PartitionMethod::kFennel:
      return fennel_parts(level.graph, {.parts = level.parts, .max_imbalance = options_.max_imbalance},
                          quiet);
    case PartitionMethod::kBFS:
      return bfs_parts(level.graph, {.parts = level.parts, .max_imbalance = options_.max_imbalance}, quiet);
  }
  return {};
}

// d_ext = floor(D n_b / (n + n_b)), or 0 where no further level is worth its columns: too few, or (below the
// first) a border that hardly shrinks. What is not split stays with the inner vectors.
int64_t PartitionPlan::border_columns(const Level& level) const {
  if (options_.combine == PartCombination::kAlign || options_.border == BorderEdges::kNone) return 0;
  const std::vector<uint8_t> is_border = border_of(level.graph, level.part_of);
  const int64_t n = level.graph.num_nodes();
  const int64_t border = std::accumulate(is_border.begin(), is_border.end(), int64_t{0});
  if (level.number > 0 && border * 10 > n * 9) return 0;
  const int64_t outer = border == 0 ? 0 : level.columns * border / (n + border);
  return outer < options_.min_dim ? 0 : outer;
}

void PartitionPlan::tell(const Level& level) {
  const PartitionQuality quality = measure_partition(level.graph, level.part_of, level.parts);
  const auto n = static_cast<double>(level.graph.num_nodes());
  levels_.push_back(
      Value::object({{"nodes", level.graph.num_nodes()},
                     {"parts", level.parts},
                     {"cut_ratio", quality.cut_ratio()},
                     {"border_ratio", n > 0 ? static_cast<double>(quality.border_nodes) / n : 0},
                     {"balance", quality.balance},
                     {"columns", level.columns - level.border_columns},
                     {"border_columns", level.border_columns}}));
}

Piece PartitionPlan::piece(int64_t part, const Context& context) const {
  Piece piece{.what = concat("part ", part),
              .seed = seed_of(level_.number, part),
              .column = level_.column,
              .columns = level_.columns - level_.border_columns,
              .part = {}};
  if (is_whole_) {
    piece.what = "the graph";
    piece.seed = seed_;
    piece.part.graph = graph_;
    piece.part.rows.resize(static_cast<size_t>(graph_.num_nodes()));
    std::iota(piece.part.rows.begin(), piece.part.rows.end(), 0U);
    return piece;
  }
  if (options_.combine == PartCombination::kAlign) {
    piece.part = parts_->with_halo(static_cast<uint32_t>(part), options_.max_halo, context);
    return piece;
  }
  piece.normalize = options_.normalize_blocks;
  if (level_.part_of.empty()) {  // a leaf, which is not cut
    piece.what = concat("border graph of level ", level_.number);
    piece.part = {.graph = level_.graph, .rows = level_.rows, .is_core = {}};
    return piece;
  }
  piece.what = concat("part ", part, " of level ", level_.number);
  const auto rows = level_.groups.of(part);
  piece.part = induced_graph(level_.graph, {rows.begin(), rows.end()}, context);
  if (level_.number > 0) {
    for (uint32_t& row : piece.part.rows) row = level_.rows[row];
  }
  return piece;
}

std::optional<Piece> PartitionPlan::frame(const Context& context) const {
  if (is_whole_ || options_.combine != PartCombination::kAlign) return std::nullopt;
  Piece frame{.what = "graph of the frame",
              .seed = seed_of(1, 0),
              .columns = dim_,
              .part = frame_graph(graph_, part_of_, leaf_nodes(), context)};
  if (frame.part.rows.empty()) return std::nullopt;
  return frame;
}

bool PartitionPlan::next_level(const Context& context) {
  if (level_.border_columns == 0) return false;
  PartGraph border = border_graph(level_.graph, level_.part_of, options_.border, context);
  if (level_.number > 0) {
    for (uint32_t& row : border.rows) row = level_.rows[row];
  }
  Level next;
  next.number = level_.number + 1;
  next.column = level_.column + level_.columns - level_.border_columns;
  next.columns = level_.border_columns;
  next.graph = std::move(border.graph);
  next.rows = std::move(border.rows);
  const int64_t n = next.graph.num_nodes();
  if (n <= (options_.leaf_nodes ? *options_.leaf_nodes : std::max(kSmallBorderNodes, leaf_nodes()))) {
    levels_.push_back(Value::object({{"nodes", n}, {"parts", 1}, {"columns", next.columns}}));
  } else {
    next.parts = static_cast<int>(std::min<int64_t>(options_.parts, n));
    next.part_of = cut(next, context);
    next.groups = group(next.part_of, next.parts);
    next.border_columns = border_columns(next);
    tell(next);
  }
  level_ = std::move(next);
  return true;
}

Matrix embed_piece(const BaseMethod& base, const Piece& piece, const Context& context) {
  Context own = context;
  own.seed = piece.seed;
  Matrix vectors = base.embed(piece.part.graph, piece.columns, piece.what, own);
  if (piece.normalize) normalize_rows(vectors, own);
  return vectors;
}

Matrix embed_piece(const PartitionedOptions& options, const Piece& piece, const Context& context) {
  Context quiet = context;  // the whole tells its own progress
  quiet.progress = nullptr;
  return embed_piece(BaseMethod(options.base), piece, quiet);
}

PartGraph neighborhood(const Graph& graph, std::span<const uint32_t> part_of, uint32_t part) {
  const std::vector<uint32_t> own = rows_of_part(part_of, part);
  PartGraph near;
  near.rows = rows_near(graph, own);
  int64_t num_edges = 0;
  for (const uint32_t row : own) num_edges += std::ssize(graph.neighbors(row));
  Array<int64_t> offsets(std::ssize(near.rows) + 1, 0);
  Array<uint32_t> targets(num_edges);
  Array<float> weights(graph.weighted() ? num_edges : 0);
  int64_t* starts = offsets.mutable_data();
  uint32_t* out = targets.mutable_data();
  float* out_weights = weights.mutable_data();
  for (size_t i = 0; i < near.rows.size(); ++i) {
    const uint32_t row = near.rows[i];
    near.is_core.push_back(part_of[row] == part ? 1 : 0);
    if (near.is_core.back() != 0) {
      for (const uint32_t target : graph.neighbors(row))
        *out++ = static_cast<uint32_t>(std::ranges::lower_bound(near.rows, target) - near.rows.begin());
      out_weights = std::ranges::copy(graph.neighbor_weights(row), out_weights).out;
    }
    starts[i + 1] = out - targets.data();
  }
  near.graph = {.ids = {},
                .offsets = std::move(offsets),
                .targets = std::move(targets),
                .weights = std::move(weights),
                .directed = true};
  return near;
}

}  // namespace whitney::graph
