#include "whitney/graph/node_vectors.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/options.h"
#include "whitney/core/parallel.h"

namespace whitney::graph {
namespace {

constexpr int64_t kRowBlock = 1024;

struct Counts {
  int64_t zero = 0;
  int64_t infinite = 0;
};

Counts count_rows(const Matrix& vectors, const Context& context) {
  return ordered_reduce<Counts>(
      context, vectors.rows(), kRowBlock, {},
      [&](int64_t begin, int64_t end) {
        Counts counts;
        for (int64_t i = begin; i < end; ++i) {
          const auto row = vectors.row<float>(i);
          if (std::ranges::all_of(row, [](float x) { return x == 0; })) ++counts.zero;
          if (!std::ranges::all_of(row, [](float x) { return std::isfinite(x); })) ++counts.infinite;
        }
        return counts;
      },
      [](Counts a, const Counts& b) { return Counts{a.zero + b.zero, a.infinite + b.infinite}; });
}

}  // namespace

void normalize_row(std::span<float> row) {
  double squares = 0;
  for (const float value : row) squares += double{value} * double{value};
  if (squares == 0) return;
  const auto scale = static_cast<float>(1 / std::sqrt(squares));
  for (float& value : row) value *= scale;
}

void normalize_rows(Matrix& vectors, const Context& context) {
  float* values = vectors.mutable_data<float>();
  const int64_t dim = vectors.cols();
  parallel_blocks(context, vectors.rows(), kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      normalize_row(std::span(values + i * dim, static_cast<size_t>(dim)));
  });
}

void scale_columns(Matrix& vectors, std::span<const double> factors, const Context& context) {
  const int64_t dim = vectors.cols();
  WHITNEY_CHECK(std::ssize(factors) == dim, factors.size(), " factors of ", dim, " columns");
  const std::vector<float> scales(factors.begin(), factors.end());
  float* values = vectors.mutable_data<float>();
  parallel_blocks(context, vectors.rows(), kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t j = 0; j < dim; ++j) values[i * dim + j] *= scales[static_cast<size_t>(j)];
    }
  });
}

void scale_by_roots(Matrix& vectors, std::span<const double> values, const Context& context) {
  std::vector<double> roots;
  for (const double value : values) roots.push_back(std::sqrt(value));
  scale_columns(vectors, roots, context);
}

Embeddings node_embeddings(const Graph& graph, Matrix vectors, Metric metric, std::string_view decoder,
                           std::string_view method, const Context& context, std::string_view why_zero) {
  const Counts counts = count_rows(vectors, context);
  if (counts.infinite > 0) {
    fail(method, ": the vectors of ", counts.infinite, " of ", vectors.rows(),
         " nodes left the range of float32 (expected: smaller weights of edges)");
  }
  if (counts.zero > 0) {
    context.note(
        concat(method, ": ", counts.zero, " of ", vectors.rows(), " nodes got a zero vector: ", why_zero));
  }
  Embeddings result;
  result.ids = graph.ids;
  result.vectors = std::move(vectors);
  result.record.set("metric", name_of_enum(metric));
  result.record.set("decoder", decoder);
  return result;
}

}  // namespace whitney::graph
