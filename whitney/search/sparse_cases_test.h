#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/search/index.h"

namespace whitney::search {

/// Dimensions below `num_dims`, small ones often, as of words in a language. Values are not 0 except where a
/// row names a dimension twice; of both signs where asked.
inline RaggedEmbeddings made_up_sparse(uint64_t seed, int64_t num_rows, int most_per_row, int64_t num_dims,
                                       bool has_negative = false) {
  std::vector<int64_t> starts = {0}, dims;
  std::vector<float> values;
  for (int64_t row = 0; row < num_rows; ++row) {
    RandomStream stream(seed, "sparse rows", static_cast<uint64_t>(row));
    std::map<int64_t, float> entries;
    const auto size = static_cast<int>(stream.uniform() * (most_per_row + 1));
    for (int i = 0; i < size; ++i) {
      const auto dim = static_cast<int64_t>(std::pow(static_cast<double>(num_dims), stream.uniform())) - 1;
      const auto value = static_cast<float>(0.01 + stream.uniform() * stream.uniform() * 3);
      entries[dim] = has_negative && stream.below(3) == 0 ? -value : value;
    }
    for (const auto& [dim, value] : entries) dims.push_back(dim), values.push_back(value);
    starts.push_back(std::ssize(dims));
  }
  return sparse_rows_of(starts, dims, values, num_dims);
}

inline std::unique_ptr<Index> index_sparse(const RaggedEmbeddings& rows, const std::string& bits = "32",
                                           const Context& context = {}) {
  return build_index("sparse", rows, Value::object({{"bits", bits}}), context);
}

/// (row, score), best first.
using SparseHits = std::vector<std::pair<int64_t, float>>;

inline SparseHits sparse_hits_of(const SearchResult& found, int64_t query) {
  SparseHits hits;
  for (int64_t i = 0; i < found.counts[static_cast<size_t>(query)]; ++i) {
    const auto place = static_cast<size_t>(query * found.neighbors.k + i);
    hits.emplace_back(found.neighbors.rows[place], found.neighbors.values[place]);
  }
  return hits;
}

/// By adding products up in the order of dimensions, row by row.
inline SparseHits brute_force(const RaggedEmbeddings& rows, const RaggedEmbeddings& queries, int64_t query,
                              int64_t k, const RowSet* allowed = nullptr, int64_t excluded = -1) {
  SparseHits hits;
  for (int64_t row = 0; row < rows.size(); ++row) {
    if (row == excluded || (allowed != nullptr && !allowed->contains(static_cast<uint32_t>(row)))) continue;
    double sum = 0;
    bool shares = false;
    for (int64_t i = queries.starts[query]; i < queries.starts[query + 1]; ++i) {
      for (int64_t j = rows.starts[row]; j < rows.starts[row + 1]; ++j) {
        if (rows.indices[j] != queries.indices[i] || queries.values[i] == 0 || rows.values[j] == 0) continue;
        sum += double{queries.values[i]} * double{rows.values[j]};
        shares = true;
      }
    }
    if (shares) hits.emplace_back(row, static_cast<float>(sum));
  }
  std::ranges::stable_sort(hits, [](const auto& a, const auto& b) { return a.second > b.second; });
  hits.resize(std::min(hits.size(), static_cast<size_t>(k)));
  return hits;
}

}  // namespace whitney::search
