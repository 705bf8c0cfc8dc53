#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/graph/groups.h"
#include "whitney/graph/node_vectors.h"
#include "whitney/graph/partition.h"
#include "whitney/graph/partitioned_run.h"

namespace whitney::graph {
namespace {

/// A level of border graphs: its graph, and the row in the whole of each of its nodes.
struct Level {
  Graph graph;
  std::vector<uint32_t> rows;
};

class Concatenation {
 public:
  explicit Concatenation(PartitionedRun& run) : run_(run), file_(run.row_file("vectors")) {}

  std::unique_ptr<RowFile> take() { return std::move(file_); }

  /// Embeds a level into the columns from `column`; gives the next one and moves on to its columns.
  std::optional<Level> embed(const Level& level, int number) {
    const int64_t columns = run_.base.dim() - column_;
    if (number > 0 && level.graph.num_nodes() <= run_.leaf_nodes()) {
      embed_piece(level.graph, level.rows, columns, concat("border graph of level ", number),
                  piece_context(run_.context, number, 0));
      run_.levels.push_back(
          Value::object({{"nodes", level.graph.num_nodes()}, {"parts", 1}, {"columns", columns}}));
      return std::nullopt;
    }
    const int parts = static_cast<int>(std::min<int64_t>(run_.options.parts, level.graph.num_nodes()));
    const std::vector<uint32_t> part_of = run_.cut(level.graph, number, parts);
    const int64_t outer = border_columns(level.graph, part_of, columns, number);
    run_.tell_level(level.graph, part_of, parts, columns - outer, outer);
    const Groups groups = group(part_of, parts);
    run_.for_each_part(parts, number, [&](uint32_t part, const Context& context) {
      const auto part_rows = groups.of(part);
      PartGraph piece = induced_graph(level.graph, {part_rows.begin(), part_rows.end()}, context);
      if (piece.rows.empty()) return;
      for (uint32_t& row : piece.rows) row = level.rows[row];
      embed_piece(piece.graph, piece.rows, columns - outer, concat("part ", part, " of level ", number),
                  context);
    });
    if (outer == 0) return std::nullopt;
    column_ += columns - outer;
    PartGraph border = border_graph(level.graph, part_of, run_.options.border, run_.context);
    for (uint32_t& row : border.rows) row = level.rows[row];
    return Level{std::move(border.graph), std::move(border.rows)};
  }

 private:
  // d_ext = floor(D n_b / (n + n_b)), or 0 where no further level is worth its columns: too few, or (below
  // the first) a border that hardly shrinks. What is not split stays with the inner vectors.
  int64_t border_columns(const Graph& graph, const std::vector<uint32_t>& part_of, int64_t columns,
                         int number) const {
    if (run_.options.border == BorderEdges::kNone) return 0;
    const std::vector<uint8_t> is_border = border_of(graph, part_of);
    const int64_t border = std::accumulate(is_border.begin(), is_border.end(), int64_t{0});
    if (number > 0 && border * 10 > graph.num_nodes() * 9) return 0;
    const int64_t outer = border == 0 ? 0 : columns * border / (graph.num_nodes() + border);
    return outer < run_.options.min_dim ? 0 : outer;
  }

  void embed_piece(const Graph& graph, const std::vector<uint32_t>& rows, int64_t columns,
                   const std::string& what, const Context& context) {
    Matrix vectors = run_.base.embed(graph, columns, what, context);
    if (run_.options.normalize_blocks) normalize_rows(vectors, context);
    file_->write(rows, vectors.view().row<float>(0).data(), columns, column_);
  }

  PartitionedRun& run_;
  std::unique_ptr<RowFile> file_;
  int64_t column_ = 0;
};

}  // namespace

std::unique_ptr<RowFile> embed_concatenated(PartitionedRun& run) {
  Concatenation concatenation(run);
  Level whole{run.graph, {}};
  whole.rows.resize(static_cast<size_t>(run.graph.num_nodes()));
  std::iota(whole.rows.begin(), whole.rows.end(), 0U);
  std::optional<Level> level = std::move(whole);
  for (int number = 0; level; ++number) level = concatenation.embed(*level, number);
  return concatenation.take();
}

}  // namespace whitney::graph
