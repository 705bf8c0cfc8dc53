#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/value.h"
#include "whitney/data/graph.h"
#include "whitney/graph/groups.h"
#include "whitney/graph/part_graph.h"
#include "whitney/graph/partitioned.h"
#include "whitney/graph/partitioned_base.h"

/// The steps of a partitioned embedding. Those that need the whole graph look at no vector, and those that
/// make vectors need one part only: one process runs them one after another, a cluster where it likes, and
/// the bytes are the same.
namespace whitney::graph {

/// One graph that is embedded by itself.
struct Piece {
  /// What errors call it.
  std::string what;
  /// The seed of (seed, level, part).
  uint64_t seed = 0;
  /// The first column of its vectors in those of the whole, and their width.
  int64_t column = 0, columns = 0;
  /// Whether each vector is given norm 1.
  bool normalize = false;
  /// Its rows are those of the whole graph.
  PartGraph part;
};

/// What is embedded, level by level: a function of graph, options and seed.
class WHITNEY_API PartitionPlan {
 public:
  /// Cuts the graph, and notes what has no effect on it. Throws UsageError when the base makes no vectors of
  /// graphs, Error when the parts are more than the nodes.
  PartitionPlan(const Graph& graph, const PartitionedOptions& options, const Context& context);
  /// Its parts refer to its graph.
  PartitionPlan(const PartitionPlan&) = delete;
  PartitionPlan& operator=(const PartitionPlan&) = delete;

  /// Whether the graph is one piece, which is embedded as the base does it.
  bool is_whole() const { return is_whole_; }
  /// The whole graph; of parts, without directions.
  const Graph& graph() const { return graph_; }
  /// The width of the vectors of the whole.
  int64_t dim() const { return dim_; }
  /// The part of level 0 that each node belongs to.
  const std::vector<uint32_t>& part_of() const { return part_of_; }
  /// align: the rows of such a part, ascending.
  std::span<const uint32_t> rows(uint32_t part) const { return parts_->rows(part); }

  /// The level that pieces are of, from 0.
  int level() const { return level_.number; }
  int num_pieces() const { return level_.parts; }
  /// Cuts a piece of this level out. It may have no node.
  Piece piece(int64_t part, const Context& context) const;
  /// align: the nodes to whose vectors all parts are taken; nothing where no edge is cut.
  std::optional<Piece> frame(const Context& context) const;
  /// concatenate: goes on to the graph of this level's border, and says whether it gets columns.
  bool next_level(const Context& context);

  /// What is told of each level so far.
  const Value::List& levels() const { return levels_; }

 private:
  struct Level {
    Graph graph;
    /// Row in the whole graph of each of its nodes; of level 0, which is the whole, empty.
    std::vector<uint32_t> rows;
    std::vector<uint32_t> part_of;
    /// concatenate: the nodes of each part.
    Groups groups;
    int number = 0, parts = 1;
    int64_t column = 0, columns = 0;
    /// Columns that are left to the border's graph.
    int64_t border_columns = 0;
  };

  std::vector<uint32_t> cut(const Level& level, const Context& context) const;
  int64_t border_columns(const Level& level) const;
  int64_t leaf_nodes() const;
  void tell(const Level& level);
  uint64_t seed_of(int level, int64_t part) const;

  PartitionedOptions options_;
  Graph graph_;
  uint64_t seed_;
  int64_t dim_ = 0;
  bool is_whole_ = false;
  std::vector<uint32_t> part_of_;
  /// align.
  std::optional<Parts> parts_;
  Level level_;
  Value::List levels_;
};

/// Embeds a piece: a vector for each of its nodes, columns wide. Throws Error that begins with piece.what
/// when the base cannot, or gives another width.
Matrix embed_piece(const BaseMethod& base, const Piece& piece, const Context& context);
/// The same by the base of these options.
WHITNEY_API Matrix embed_piece(const PartitionedOptions& options, const Piece& piece, const Context& context);

/// align: a part's own nodes and all their neighbours, with the edges of its own nodes alone: what smoothing
/// its vectors looks at.
WHITNEY_API PartGraph neighborhood(const Graph& graph, std::span<const uint32_t> part_of, uint32_t part);

}  // namespace whitney::graph
