#include "whitney/graph/partitioned_run.h"

namespace whitney::graph {

std::unique_ptr<RowFile> embed_concatenated(PartitionedRun& run) {
  auto file = run.row_file("vectors");
  do {
    run.for_each_piece([&](const Piece& piece, const Context& context) {
      const Matrix vectors = run.embed(piece, context);
      file->write(piece.part.rows, vectors.view().row<float>(0).data(), piece.columns, piece.column);
    });
  } while (run.plan.next_level(run.context));
  return file;
}

}  // namespace whitney::graph
