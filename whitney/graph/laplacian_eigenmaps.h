#pragma once

#include <cstdint>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"

namespace whitney::graph {

/// Options of Laplacian eigenmaps (Belkin, Niyogi 2001).
struct LaplacianEigenmapsOptions {
  int dim = 128;
  bool scale_by_degree = true;
  bool commute_time = false;
  double tolerance = 1e-4;

  void fields(auto&& field) {
    field("dim", dim, Range{1, 65536}, "Width d of a vector");
    field("scale_by_degree", scale_by_degree,
          "D^-1/2 times the eigenvectors of the symmetric Laplacian, as defined; false: the eigenvectors "
          "themselves, as some code does, which rebuild a graph much worse");
    field("commute_time", commute_time,
          "Divide column k by the root of its eigenvalue: vol |x_u - x_v|^2 becomes the commute time");
    field("tolerance", tolerance, Range{1e-6, 1}, "The largest |N x - lambda x| of an eigenvector");
  }
};

/// Computes the eigenvectors y of L y = lambda D y, L = D - A, with the smallest eigenvalues above 0: y =
/// D^-1/2 u for those of N = D^-1/2 A D^-1/2 with the largest. The null vectors, one for each connected
/// component, are known and left out: all components share the dimensions by their eigenvalues, as the
/// definition for the whole graph has it, so that no column is spent on a component of few nodes before a
/// large one's. Rows of components that no column belongs to are 0, counted in a note. Result: n x dim
/// float32, columns by rising eigenvalue, metric l2, decoder euclid; columns beyond n less the number of
/// components are 0. Weights count; directions do not, with a note. Nodes without edges get zero vectors.
/// Memory: four n x 1.25 dim matrices.
WHITNEY_API Embeddings laplacian_eigenmaps(const Graph& graph, const LaplacianEigenmapsOptions& options,
                                           const Context& context);

/// Tells what laplacian_eigenmaps will need.
WHITNEY_API CostEstimate estimate_laplacian_eigenmaps(const DataSize& size,
                                                      const LaplacianEigenmapsOptions& options,
                                                      const Context& context);

}  // namespace whitney::graph
