#pragma once

// What the tests of vamana share, besides what hnsw's share.

#include <memory>
#include <string_view>

#include "whitney/search/hnsw_cases_test.h"
#include "whitney/search/vamana_index.h"

namespace whitney::search {

inline VamanaOptions vamana_options(GraphCodes codes, int degree = 16, int window = 40) {
  VamanaOptions options;
  options.degree = degree;
  options.window = window;
  options.codes = codes;
  return options;
}

inline std::unique_ptr<Index> vamana_of(const Matrix& vectors, Metric metric, std::string_view codes,
                                        const Context& context = {}) {
  const Value options = Value::object({{"degree", 16}, {"window", 40}, {"codes", codes}});
  return build_index("vamana", embeddings_of(vectors, metric), options, context);
}

}  // namespace whitney::search
