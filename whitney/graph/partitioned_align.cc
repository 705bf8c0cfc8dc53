#include "whitney/graph/partitioned_align.h"

#include <algorithm>

#include "whitney/core/parallel.h"
#include "whitney/graph/node_vectors.h"
#include "whitney/linalg/dense.h"
#include "whitney/linalg/procrustes.h"
#include "whitney/linalg/ridge_map.h"
#include "whitney/linalg/selected_rows.h"
#include "whitney/linalg/transposed.h"

namespace whitney::graph {
namespace {

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

// The neighbours of some rows, each once, ascending.
std::vector<uint32_t> neighbors_of(const Graph& graph, std::span<const uint32_t> rows) {
  std::vector<uint32_t> result;
  for (const uint32_t row : rows) {
    const auto neighbors = graph.neighbors(row);
    result.insert(result.end(), neighbors.begin(), neighbors.end());
  }
  std::ranges::sort(result);
  const auto repeated = std::ranges::unique(result);
  result.erase(repeated.begin(), repeated.end());
  return result;
}

/// Sums over the neighbours of some rows by weight, as their vectors come in by ascending row.
class NeighborSums {
 public:
  NeighborSums(const Graph& graph, std::span<const uint32_t> rows, int64_t dim)
      : graph_(graph),
        rows_(rows),
        dim_(dim),
        sums_(rows.size() * static_cast<size_t>(dim), 0),
        next_(rows.size()) {
    for (size_t i = 0; i < rows.size(); ++i) next_[i] = graph.offsets[rows[i]];
  }

  /// `batch`: rows of the graph, ascending and behind those before; `vectors`: theirs.
  void add(std::span<const uint32_t> batch, const Matrix& vectors, const Context& context) {
    parallel_blocks(context, std::ssize(rows_), kRowBlock, [&](int64_t begin, int64_t end) {
      for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
        const int64_t row_end = graph_.offsets[int64_t{rows_[i]} + 1];
        for (int64_t& e = next_[i]; e < row_end && graph_.targets[e] <= batch.back(); ++e) {
          const auto place = std::ranges::lower_bound(batch, graph_.targets[e]) - batch.begin();
          const double weight = graph_.weighted() ? graph_.weights[e] : 1;
          const auto neighbor = vectors.row<float>(place);
          double* sum = sums_.data() + i * static_cast<size_t>(dim_);
          for (size_t j = 0; j < neighbor.size(); ++j) sum[j] += weight * neighbor[j];
        }
      }
    });
  }

  std::span<const double> of(int64_t i) const {
    return std::span(sums_).subspan(static_cast<size_t>(i * dim_), static_cast<size_t>(dim_));
  }

 private:
  static constexpr int64_t kRowBlock = 256;

  const Graph& graph_;
  std::span<const uint32_t> rows_;
  int64_t dim_;
  std::vector<double> sums_;
  /// The entry of each row at which it goes on.
  std::vector<int64_t> next_;
};

// Takes the frame's vectors of the anchors to the part's: a product with a transposed matrix goes the other
// way.
Matrix map_to_frame(const Matrix& vectors, const Anchors& anchors, const Frame& frame,
                    const Context& context) {
  constexpr double kRidge = 0.1;
  Matrix wanted = frame.read(anchors.in_frame), known = selected_rows<uint32_t>(vectors, anchors.in_part);
  if (frame.map == FrameMap::kProcrustes) return procrustes(context, wanted, known);
  normalize_rows(wanted, context);
  normalize_rows(known, context);
  return transposed(context, ridge_map(context, known, wanted, kRidge));
}

// rows = rows map^T, some at a time: a part's vectors are much of what is in memory.
void multiply_in_place(Matrix& rows, const Matrix& map, const Context& context) {
  constexpr int64_t kRowsAtOnce = 1 << 12;
  auto* values = rows.mutable_data<float>();
  std::vector<float> products(static_cast<size_t>(std::min(rows.rows(), kRowsAtOnce) * rows.cols()));
  for (int64_t begin = 0; begin < rows.rows(); begin += kRowsAtOnce) {
    const int64_t end = std::min(begin + kRowsAtOnce, rows.rows());
    multiply_transposed(context, rows.view().slice(begin, end), map, products.data());
    std::copy_n(products.data(), (end - begin) * rows.cols(), values + begin * rows.cols());
  }
}

}  // namespace

RowReader reader_of(const RowFile& file) {
  return [&file](std::span<const uint32_t> rows) { return file.read(rows); };
}

RowReader reader_of(const Matrix& matrix) {
  return [&matrix](std::span<const uint32_t> rows) { return selected_rows(matrix.view(), rows); };
}

std::vector<uint32_t> rows_of_core(const PartGraph& part) {
  std::vector<uint32_t> rows;
  for (const uint32_t place : core_places(part)) rows.push_back(part.rows[place]);
  return rows;
}

Matrix align_part(const PartGraph& part, Matrix vectors, const Frame& frame, const Context& context) {
  const Anchors anchors = anchors_of(part.rows, frame.rows);
  const bool turns = frame.map == FrameMap::kProcrustes;
  const Matrix map = anchors.in_part.empty() ? Matrix() : map_to_frame(vectors, anchors, frame, context);
  Matrix core = selected_rows<uint32_t>(vectors, core_places(part));
  if (anchors.in_part.empty()) return core;
  vectors = Matrix();  // with its halo it is larger than what is left to do
  if (!turns) normalize_rows(core, context);
  multiply_in_place(core, map, context);
  if (!turns) normalize_rows(core, context);
  return core;
}

std::vector<uint32_t> rows_near(const Graph& graph, std::span<const uint32_t> rows) {
  std::vector<uint32_t> near = neighbors_of(graph, rows), both;
  std::ranges::set_union(near, rows, std::back_inserter(both));
  return both;
}

Matrix smooth_rows(const Graph& graph, std::span<const uint32_t> rows, const RowReader& read,
                   const Context& context, int64_t most_neighbors) {
  Matrix result = read(rows);
  const int64_t dim = result.cols();
  NeighborSums sums(graph, rows, dim);
  const std::vector<uint32_t> needed = neighbors_of(graph, rows);
  for (size_t begin = 0; begin < needed.size(); begin += static_cast<size_t>(most_neighbors)) {
    const auto batch = std::span(needed).subspan(
        begin, std::min(static_cast<size_t>(most_neighbors), needed.size() - begin));
    sums.add(batch, read(batch), context);
  }
  auto* out = result.mutable_data<float>();
  parallel_blocks(context, std::ssize(rows), 256, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const uint32_t row = rows[static_cast<size_t>(i)];
      double degree = graph.weighted() ? 0 : static_cast<double>(graph.neighbors(row).size());
      for (const float weight : graph.neighbor_weights(row)) degree += weight;
      const auto sum = sums.of(i);
      const std::span own(out + i * dim, static_cast<size_t>(dim));
      for (size_t j = 0; j < own.size(); ++j)
        own[j] = static_cast<float>(0.5 * own[j] + (degree > 0 ? 0.5 * sum[j] / degree : 0));
      normalize_row(own);
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
