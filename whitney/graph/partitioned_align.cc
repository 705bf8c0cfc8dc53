#include "whitney/graph/partitioned_align.h"

#include <algorithm>
#include <cmath>

#include "whitney/core/parallel.h"
#include "whitney/linalg/dense.h"
#include "whitney/linalg/procrustes.h"
#include "whitney/linalg/ridge_map.h"

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

void normalize_all(Matrix& rows) {
  auto* out = rows.mutable_data<float>();
  for (int64_t i = 0; i < rows.rows(); ++i) normalize(out + i * rows.cols(), rows.cols());
}

Matrix transposed(const Matrix& matrix) {
  Matrix result(matrix.cols(), matrix.rows());
  auto* out = result.mutable_data<float>();
  for (int64_t i = 0; i < matrix.rows(); ++i) {
    const auto row = matrix.row<float>(i);
    for (int64_t j = 0; j < matrix.cols(); ++j) out[j * matrix.rows() + i] = row[static_cast<size_t>(j)];
  }
  return result;
}

}  // namespace

std::vector<uint32_t> rows_of_core(const PartGraph& part) {
  std::vector<uint32_t> rows;
  for (const uint32_t place : core_places(part)) rows.push_back(part.rows[place]);
  return rows;
}

Matrix align_part(const PartGraph& part, const Matrix& vectors, const Frame& frame, const Context& context) {
  constexpr double kRidge = 0.1;
  Matrix core = select_rows(vectors, core_places(part));
  const Anchors anchors = anchors_of(part.rows, frame.rows);
  if (anchors.in_part.empty()) return core;
  Matrix wanted = frame.vectors->read(anchors.in_frame), known = select_rows(vectors, anchors.in_part);
  const bool turns = frame.map == FrameMap::kProcrustes;
  if (!turns) {
    normalize_all(wanted);
    normalize_all(known);
    normalize_all(core);
  }
  // From the frame to the part, which a product with a transposed matrix wants.
  const Matrix map =
      turns ? procrustes(context, wanted, known) : transposed(ridge_map(context, known, wanted, kRidge));
  Matrix result(core.rows(), core.cols());
  multiply_transposed(context, core, map, result.mutable_data<float>());
  if (!turns) normalize_all(result);
  return result;
}

Matrix smooth_rows(const Graph& graph, std::span<const uint32_t> rows, const RowFile& vectors,
                   const Context& context) {
  std::vector<uint32_t> needed(rows.begin(), rows.end());
  for (const uint32_t row : rows) {
    const auto neighbors = graph.neighbors(row);
    needed.insert(needed.end(), neighbors.begin(), neighbors.end());
  }
  std::ranges::sort(needed);
  const auto repeated = std::ranges::unique(needed);
  needed.erase(repeated.begin(), repeated.end());
  const Matrix near = vectors.read(needed);
  const auto row_near = [&](uint32_t row) {
    return near.row<float>(std::ranges::lower_bound(needed, row) - needed.begin());
  };
  const int64_t dim = vectors.dim();
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

}  // namespace whitney::graph
