#pragma once

// What the tests of ivf share, besides what hnsw's share.

#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/search/hnsw_cases_test.h"
#include "whitney/search/ivf_index.h"

namespace whitney::search {

/// Normal values around a centre of every 40 vectors.
inline Matrix grouped_vectors(int64_t rows, int64_t cols, uint64_t item) {
  const Matrix centres = normal_vectors(rows / 40 + 1, cols, 1000);
  Matrix result = normal_vectors(rows, cols, item);
  auto* values = result.mutable_data<float>();
  for (int64_t i = 0; i < rows; ++i) {
    const auto centre = centres.row<float>(i * 7 % centres.rows());
    for (int64_t j = 0; j < cols; ++j)
      values[i * cols + j] = centre[static_cast<size_t>(j)] + 0.4F * values[i * cols + j];
  }
  return result;
}

/// Ways to hold vectors.
struct IvfCase {
  std::string name;
  Value options;
};
inline std::vector<IvfCase> ivf_cases() {
  return {{"vectors", Value::object({{"codes", "flat"}})},
          {"pq of 4 bits, vectors", Value::object({{"codes", "pq"}})},
          {"pq of 8 bits alone",
           Value::object({{"codes", "pq"}, {"bits", 8}, {"num_subspaces", 2}, {"refine", "none"}})},
          {"rabitq, vectors", Value::object({{"codes", "rabitq"}})},
          {"rabitq, bytes", Value::object({{"codes", "rabitq"}, {"refine", "byte"}})},
          {"rabitq of 5 bits alone", Value::object({{"codes", "rabitq"}, {"bits", 5}})}};
}

inline std::unique_ptr<Index> ivf_of(const Matrix& vectors, Metric metric, Value options, int64_t nlist,
                                     const Context& context = {}) {
  options.set("nlist", nlist);
  return build_index("ivf", embeddings_of(vectors, metric), options, context);
}

inline IvfOptions ivf_options(const Value& given, int64_t nlist) {
  auto options =
      options_from<IvfOptions>(resolve_options(Registry::instance().get(Verb::kIndex, "ivf"), given));
  options.nlist = nlist;
  return options;
}

inline SearchParams probing(int64_t k, int64_t nprobe) {
  SearchParams params;
  params.k = k;
  params.options = Value::object({{"nprobe", nprobe}});
  return params;
}

inline Ids ids_beginning_at(uint64_t first, int64_t count) {
  std::vector<uint64_t> ids(static_cast<size_t>(count));
  std::iota(ids.begin(), ids.end(), first);
  return Ids::integers(Array<uint64_t>::copy_of(ids));
}

inline double share_found(const SearchResult& found, const SearchResult& truth) {
  int64_t hits = 0;
  const int64_t k = truth.neighbors.k;
  for (size_t i = 0; i < truth.neighbors.rows.size(); ++i) {
    const auto begin = found.neighbors.rows.begin() + static_cast<int64_t>(i) / k * k;
    hits += std::count(begin, begin + k, truth.neighbors.rows[i]);
  }
  return static_cast<double>(hits) / static_cast<double>(truth.neighbors.rows.size());
}

}  // namespace whitney::search
