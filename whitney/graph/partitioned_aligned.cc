#include <algorithm>
#include <utility>

#include "whitney/graph/partitioned_align.h"
#include "whitney/graph/partitioned_run.h"

namespace whitney::graph {
namespace {

std::unique_ptr<RowFile> smooth(const PartitionedRun& run, const Parts& parts,
                                std::unique_ptr<RowFile> vectors) {
  for (int pass = 0; pass < run.options.smoothing; ++pass) {
    auto smoothed = run.row_file("smoothed " + std::to_string(pass));
    for (int part = 0; part < run.options.parts; ++part) {
      const auto rows = parts.rows(static_cast<uint32_t>(part));
      for (size_t begin = 0; begin < rows.size(); begin += static_cast<size_t>(kSmoothedRows)) {
        run.context.check_cancelled();
        const auto block =
            rows.subspan(begin, std::min(static_cast<size_t>(kSmoothedRows), rows.size() - begin));
        const Matrix values = smooth_rows(run.graph, block, *vectors, run.context);
        smoothed->write(block, values.view().row<float>(0).data(), values.cols(), 0);
      }
      run.context.advance("smoothing", int64_t{pass} * run.options.parts + part + 1,
                          int64_t{run.options.smoothing} * run.options.parts, "parts");
    }
    vectors = std::move(smoothed);
  }
  return vectors;
}

}  // namespace

std::unique_ptr<RowFile> embed_aligned(PartitionedRun& run) {
  const int parts = run.options.parts;
  const int64_t dim = run.base.dim();
  const std::vector<uint32_t> part_of = run.cut(run.graph, 0, parts);
  run.tell_level(run.graph, part_of, parts, dim, 0);

  Frame frame;
  std::unique_ptr<RowFile> frame_vectors;
  {
    PartGraph border = frame_graph(run.graph, part_of, run.leaf_nodes(), run.context);
    if (!border.rows.empty()) {
      const Matrix vectors =
          run.base.embed(border.graph, dim, "graph of the frame", piece_context(run.context, 1, 0));
      frame_vectors = std::make_unique<RowFile>(run.scratch.file("frame"), vectors.rows(), dim);
      std::vector<uint32_t> places(border.rows.size());
      for (uint32_t i = 0; i < places.size(); ++i) places[i] = i;
      frame_vectors->write(places, vectors.view().row<float>(0).data(), dim, 0);
    }
    frame = {std::move(border.rows), frame_vectors.get(), run.options.map};
  }

  const Parts pieces(run.graph, part_of, parts);
  auto file = run.row_file("vectors");
  run.for_each_part(parts, 0, [&](uint32_t part, const Context& context) {
    const PartGraph piece = pieces.with_halo(part, run.options.max_halo, context);
    if (piece.rows.empty()) return;
    const Matrix vectors = run.base.embed(piece.graph, dim, "part " + std::to_string(part), context);
    const Matrix aligned = align_part(piece, vectors, frame, context);
    file->write(rows_of_core(piece), aligned.view().row<float>(0).data(), dim, 0);
  });
  return smooth(run, pieces, std::move(file));
}

}  // namespace whitney::graph
