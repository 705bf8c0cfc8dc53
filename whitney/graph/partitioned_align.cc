#include "whitney/graph/partitioned_align.h"

#include <algorithm>
#include <cmath>

#include "whitney/core/parallel.h"
#include "whitney/linalg/dense.h"
#include "whitney/linalg/procrustes.h"

namespace whitney::graph {
namespace {

Matrix select_rows(const Matrix& matrix, std::span<const uint32_t> rows) {
  Matrix result(std::ssize(rows), matrix.cols());
  auto* out = result.mutable_data<float>();
  for (const uint32_t row : rows) out = std::ranges::copy(matrix.row<float>(row), out).out;
  return result;
}

// Nodes of the part that stand in the frame: their places in either.
struct Anchors {
  std::vector<uint32_t> in_part, in_frame;
};

Anchors anchors_of(std::span<const uint32_t> part, std::span<const uint32_t> frame) {
  Anchors anchors;
  for (uint32_t i = 0, j = 0; i < part.size() && j < frame.size();) {
    if (part[i] < frame[j]) {
      ++i;
    } else if (part[i] > frame[j]) {
      ++j;
    } else {
      anchors.in_part.push_back(i++);
      anchors.in_frame.push_back(j++);
    }
  }
  return anchors;
}

std::vector<uint32_t> core_places(const PartGraph& part) {
  std::vector<uint32_t> places;
  for (uint32_t i = 0; i < part.rows.size(); ++i) {
    if (part.is_core.empty() || part.is_core[i] != 0) places.push_back(i);
  }
  return places;
}

void normalize(float* row, int64_t dim) {
  double squares = 0;
  for (int64_t j = 0; j < dim; ++j) squares += double{row[j]} * double{row[j]};
  if (squares <= 0) return;
  const auto scale = static_cast<float>(1 / std::sqrt(squares));
  for (int64_t j = 0; j < dim; ++j) row[j] *= scale;
}

}  // namespace

RowReader reader_of(const RowFile& file) {
  return [&file](std::span<const uint32_t> rows) { return file.read(rows); };
}

RowReader reader_of(const Matrix& matrix) {
  return [&matrix](std::span<const uint32_t> rows) { return select_rows(matrix, rows); };
}

std::vector<uint32_t> rows_of_core(const PartGraph& part) {
  std::vector<uint32_t> rows;
  for (const uint32_t place : core_places(part)) rows.push_back(part.rows[place]);
  return rows;
}

Matrix align_part(const PartGraph& part, const Matrix& vectors, const Frame& frame, const Context& context) {
  Matrix core = select_rows(vectors, core_places(part));
  const Anchors anchors = anchors_of(part.rows, frame.rows);
  if (anchors.in_part.empty()) return core;
  // From the frame to the part: the transpose of the turn, which a product with a transposed matrix wants.
  const Matrix turn =
      procrustes(context, frame.read(anchors.in_frame), select_rows(vectors, anchors.in_part));
  Matrix result(core.rows(), core.cols());
  multiply_transposed(context, core, turn, result.mutable_data<float>());
  return result;
}

std::vector<uint32_t> rows_near(const Graph& graph, std::span<const uint32_t> rows) {
  std::vector<uint32_t> near(rows.begin(), rows.end());
  for (const uint32_t row : rows) {
    const auto neighbors = graph.neighbors(row);
    near.insert(near.end(), neighbors.begin(), neighbors.end());
  }
  std::ranges::sort(near);
  const auto repeated = std::ranges::unique(near);
  near.erase(repeated.begin(), repeated.end());
  return near;
}

Matrix smooth_rows(const Graph& graph, std::span<const uint32_t> rows, const RowReader& read,
                   const Context& context) {
  const std::vector<uint32_t> needed = rows_near(graph, rows);
  const Matrix near = read(needed);
  const auto row_near = [&](uint32_t row) {
    return near.row<float>(std::ranges::lower_bound(needed, row) - needed.begin());
  };
  const int64_t dim = near.cols();
  Matrix result(std::ssize(rows), dim);
  auto* out = result.mutable_data<float>();
  parallel_blocks(context, std::ssize(rows), 256, [&](int64_t begin, int64_t end) {
    std::vector<double> sum(static_cast<size_t>(dim));
    for (int64_t i = begin; i < end; ++i) {
      const uint32_t row = rows[static_cast<size_t>(i)];
      std::ranges::fill(sum, 0);
      double degree = 0;
      for (int64_t e = graph.offsets[row]; e < graph.offsets[int64_t{row} + 1]; ++e) {
        const double weight = graph.weighted() ? graph.weights[e] : 1;
        const auto neighbor = row_near(graph.targets[e]);
        for (size_t j = 0; j < sum.size(); ++j) sum[j] += weight * neighbor[j];
        degree += weight;
      }
      const auto own = row_near(row);
      for (size_t j = 0; j < sum.size(); ++j)
        out[i * dim + static_cast<int64_t>(j)] =
            static_cast<float>(0.5 * own[j] + (degree > 0 ? 0.5 * sum[j] / degree : 0));
      normalize(out + i * dim, dim);
    }
  });
  return result;
}

Matrix smooth_part(const PartGraph& neighborhood, const Matrix& vectors, const Context& context) {
  constexpr size_t kRows = 1 << 12;  // at a time: their neighbours' vectors are copied
  const std::vector<uint32_t> places = core_places(neighborhood);
  Matrix result(std::ssize(places), vectors.cols());
  auto* out = result.mutable_data<float>();
  for (size_t begin = 0; begin < places.size(); begin += kRows) {
    const auto rows = std::span(places).subspan(begin, std::min(kRows, places.size() - begin));
    const Matrix block = smooth_rows(neighborhood.graph, rows, reader_of(vectors), context);
    out = std::copy_n(block.view().row<float>(0).data(), block.rows() * block.cols(), out);
  }
  return result;
}

}  // namespace whitney::graph
