#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/core/value.h"
#include "whitney/data/graph.h"
#include "whitney/graph/partitioned.h"
#include "whitney/graph/partitioned_base.h"
#include "whitney/graph/row_file.h"

namespace whitney::graph {

/// What the pieces of one run share.
struct PartitionedRun {
  const Graph& graph;
  const PartitionedOptions& options;
  const BaseMethod& base;
  const Context& context;
  const TemporaryFolder& scratch;
  /// What is told of each level.
  Value::List levels;

  /// N_max.
  int64_t leaf_nodes() const;
  std::unique_ptr<RowFile> row_file(const std::string& name) const;
  /// Cuts the graph of a level.
  std::vector<uint32_t> cut(const Graph& level_graph, int level, int parts) const;
  /// Runs body(part, context) for parts 0..parts-1, as many at a time as the options say.
  void for_each_part(int parts, int level,
                     const std::function<void(uint32_t part, const Context& context)>& body) const;
  /// Records a level: `columns` its inner ones, `border_columns` those handed to the next level.
  void tell_level(const Graph& level_graph, const std::vector<uint32_t>& part_of, int parts, int64_t columns,
                  int64_t border_columns);
};

/// The paper's form: blocks of columns. Fills run.levels.
std::unique_ptr<RowFile> embed_concatenated(PartitionedRun& run);

/// One space for all parts. Fills run.levels.
std::unique_ptr<RowFile> embed_aligned(PartitionedRun& run);

}  // namespace whitney::graph
