#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "whitney/graph/partitioned_align.h"
#include "whitney/graph/partitioned_run.h"

namespace whitney::graph {
namespace {

std::unique_ptr<RowFile> smooth(const PartitionedRun& run, std::unique_ptr<RowFile> vectors) {
  const int parts = run.plan.num_pieces();
  for (int pass = 0; pass < run.options.smoothing; ++pass) {
    auto smoothed = run.row_file("smoothed " + std::to_string(pass));
    for (int part = 0; part < parts; ++part) {
      const auto rows = run.plan.rows(static_cast<uint32_t>(part));
      for (size_t begin = 0; begin < rows.size(); begin += static_cast<size_t>(kSmoothedRows)) {
        run.context.check_cancelled();
        const auto block =
            rows.subspan(begin, std::min(static_cast<size_t>(kSmoothedRows), rows.size() - begin));
        const Matrix values = smooth_rows(run.plan.graph(), block, reader_of(*vectors), run.context);
        smoothed->write(block, values.view().row<float>(0).data(), values.cols(), 0);
      }
      run.context.advance("smoothing", int64_t{pass} * parts + part + 1,
                          int64_t{run.options.smoothing} * parts, "parts");
    }
    vectors = std::move(smoothed);
  }
  return vectors;
}

}  // namespace

std::unique_ptr<RowFile> embed_aligned(PartitionedRun& run) {
  const int64_t dim = run.base.dim();
  Frame frame;
  std::unique_ptr<RowFile> frame_vectors;
  if (std::optional<Piece> border = run.plan.frame(run.context)) {
    const Matrix vectors = run.embed(*border, run.context);
    frame_vectors = std::make_unique<RowFile>(run.scratch.file("frame"), vectors.rows(), dim);
    std::vector<uint32_t> places(border->part.rows.size());
    std::iota(places.begin(), places.end(), 0U);
    frame_vectors->write(places, vectors.view().row<float>(0).data(), dim, 0);
    frame = {std::move(border->part.rows), reader_of(*frame_vectors), run.options.map};
  }

  auto file = run.row_file("vectors");
  run.for_each_piece([&](const Piece& piece, const Context& context) {
    const Matrix aligned = align_part(piece.part, run.embed(piece, context), frame, context);
    file->write(rows_of_core(piece.part), aligned.view().row<float>(0).data(), dim, 0);
  });
  return smooth(run, std::move(file));
}

}  // namespace whitney::graph
