#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/linalg/metric.h"

/// What learners do to their vectors at the end.
namespace whitney::graph {

/// Gives a row the Euclidean norm 1; a zero row stays zero.
WHITNEY_API void normalize_row(std::span<float> row);

/// Gives each row of n x d float32 the Euclidean norm 1; zero rows stay zero.
WHITNEY_API void normalize_rows(Matrix& vectors, const Context& context);

/// Multiplies column j of n x d float32 by factors[j].
WHITNEY_API void scale_columns(Matrix& vectors, std::span<const double> factors, const Context& context);

/// U Sigma^1/2 of a truncated decomposition.
WHITNEY_API void scale_by_roots(Matrix& vectors, std::span<const double> values, const Context& context);

/// Makes the artifact. `decoder` is how two vectors give the score of an edge ("dot", "cosine", "euclid",
/// "source_target": the first half of one times the second half of the other), for those who reconstruct the
/// graph. Nodes with a zero vector are counted in a note of `method`, which says why. Throws Error when a
/// value is not finite.
WHITNEY_API Embeddings node_embeddings(const Graph& graph, Matrix vectors, Metric metric,
                                       std::string_view decoder, std::string_view method,
                                       const Context& context,
                                       std::string_view why_zero = "no edge leads to another node");

}  // namespace whitney::graph
