#pragma once

#include <functional>
#include <memory>
#include <string>

#include "whitney/core/context.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/graph/partitioned.h"
#include "whitney/graph/partitioned_base.h"
#include "whitney/graph/partitioned_steps.h"
#include "whitney/graph/piece_notes.h"
#include "whitney/graph/row_file.h"

namespace whitney::graph {

/// What the pieces of one run share.
struct PartitionedRun {
  PartitionPlan& plan;
  const PartitionedOptions& options;
  const BaseMethod& base;
  const Context& context;
  const TemporaryFolder& scratch;
  PieceNotes& notes;

  std::unique_ptr<RowFile> row_file(const std::string& name) const;
  /// Embeds a piece. What the base notes is told once for all pieces; the run tells its own progress.
  Matrix embed(const Piece& piece, const Context& piece_context) const;
  /// Runs body(piece, context) for the pieces of the plan's level that have nodes, as many at a time as the
  /// options say.
  void for_each_piece(const std::function<void(const Piece& piece, const Context& context)>& body) const;
};

/// The paper's form: blocks of columns.
std::unique_ptr<RowFile> embed_concatenated(PartitionedRun& run);

/// One space for all parts.
std::unique_ptr<RowFile> embed_aligned(PartitionedRun& run);

}  // namespace whitney::graph
