#include "whitney/graph/partitioned_run.h"

#include <algorithm>
#include <mutex>

#include "whitney/core/parallel.h"

namespace whitney::graph {

std::unique_ptr<RowFile> PartitionedRun::row_file(const std::string& name) const {
  return std::make_unique<RowFile>(scratch.file(name), plan.graph().num_nodes(), plan.dim());
}

Matrix PartitionedRun::embed(const Piece& piece, const Context& piece_context) const {
  PieceNotes::Listener listener(notes, piece.what);
  Context heard = piece_context;
  heard.progress = &listener;
  return embed_piece(base, piece, heard);
}

void PartitionedRun::for_each_piece(
    const std::function<void(const Piece& piece, const Context& context)>& body) const {
  const int64_t num_pieces = plan.num_pieces();
  std::mutex telling;
  int64_t num_done = 0;
  const auto run_piece = [&](int64_t part) {
    Context quiet = context;
    quiet.progress = nullptr;
    const Piece piece = plan.piece(part, quiet);
    if (!piece.part.rows.empty()) body(piece, quiet);
    const std::scoped_lock lock(telling);
    context.advance(plan.level() == 0 ? "parts" : "parts of the border", ++num_done, num_pieces, "parts");
  };
  if (options.parallel_parts > 1 && num_pieces > 1) {
    Context several = context;
    several.threads = std::min(options.parallel_parts, context.num_threads());
    parallel_for(several, num_pieces, run_piece);
    return;
  }
  for (int64_t part = 0; part < num_pieces; ++part) {
    context.check_cancelled();
    run_piece(part);
  }
}

}  // namespace whitney::graph
