#pragma once

// Every kind of index, asked the same way whatever its rows are: what all of them must do is tested once.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "whitney/codec/compressed.h"
#include "whitney/core/random.h"
#include "whitney/search/codes_index.h"
#include "whitney/search/index.h"

namespace whitney::search {

/// A method with options that matter to its files and walks. Of the method "codes", `codec` is the codec.
struct IndexKind {
  std::string name;
  std::string method;
  Value options = Value::object();
  Metric metric = Metric::kL2;
  std::string codec = "";

  bool is_sparse() const { return method == "sparse"; }
  bool is_ragged() const { return is_sparse() || method == "multi_vector"; }
};

inline std::ostream& operator<<(std::ostream& out, const IndexKind& kind) { return out << kind.name; }

inline std::vector<IndexKind> index_kinds() {
  const auto with = [](std::initializer_list<std::pair<const char*, Value>> given) {
    Value options = Value::object();
    for (const auto& [name, value] : given) options.set(name, value);
    return options;
  };
  const Value hnsw = with({{"m", 4}, {"ef_construction", 20}});
  const Value vamana = with({{"degree", 8}, {"window", 20}});
  const auto coded = [](Value options, const char* codes) { return options.set("codes", codes); };
  return {
      {"Flat", "flat", with({})},
      {"FlatCosine", "flat", with({}), Metric::kCosine},
      {"CodesSq8", "codes", with({}), Metric::kL2, "sq8"},
      {"CodesLvq", "codes", with({}), Metric::kCosine, "lvq"},
      {"CodesRabitq", "codes", with({{"bits", 4}}), Metric::kL2, "rabitq"},
      {"CodesPq", "codes", with({}), Metric::kL2, "pq"},
      {"Hnsw", "hnsw", hnsw},
      {"HnswCosine", "hnsw", hnsw, Metric::kCosine},
      {"HnswLvq4x8", "hnsw", coded(hnsw, "lvq4x8")},
      {"HnswRabitq8", "hnsw", coded(hnsw, "rabitq8")},
      {"Vamana", "vamana", vamana},
      {"VamanaLvq8", "vamana", coded(vamana, "lvq8"), Metric::kCosine},
      {"Symphonyqg", "symphonyqg", with({{"ef_construction", 40}})},
      {"SymphonyqgCosine", "symphonyqg", with({{"ef_construction", 40}}), Metric::kCosine},
      {"IvfFlat", "ivf", with({{"codes", "flat"}})},
      {"IvfPq", "ivf", with({{"codes", "pq"}}), Metric::kCosine},
      {"IvfRabitq", "ivf", with({{"codes", "rabitq"}})},
      {"Lsh", "lsh", with({{"tables", 8}, {"bits", 4}}), Metric::kCosine},
      {"IvfRabitqAlone", "ivf", with({{"codes", "rabitq"}, {"bits", 5}})},
      {"Sparse", "sparse", with({{"bits", "32"}}), Metric::kInnerProduct},
      {"Sparse8", "sparse", with({{"bits", "8"}}), Metric::kInnerProduct},
      {"MultiVector", "multi_vector", with({}), Metric::kCosine},
  };
}

/// Width of all rows below.
inline constexpr int64_t kKindDim = 8;

/// Rows for any kind: the numbers of a row are a vector, the values of as many dimensions, or two vectors.
struct KindRows {
  Embeddings dense;
  RaggedEmbeddings ragged;
};

/// Rows of the given numbers, kKindDim each, with ids from `first`. Sparse ones have a weight that all share,
/// so that each row is due to each query.
inline KindRows kind_rows_of(const IndexKind& kind, const std::vector<float>& numbers, uint64_t first) {
  const int64_t n = std::ssize(numbers) / kKindDim;
  Array<uint64_t> ids(n);
  if (n > 0) std::iota(ids.mutable_data(), ids.mutable_data() + n, first);
  KindRows rows;
  const Value record = Value::object({{"method", "by-hand"}, {"metric", name_of_enum(kind.metric)}});
  if (!kind.is_ragged()) {
    rows.dense.ids = Ids::integers(ids);
    rows.dense.vectors = Matrix(n, kKindDim);
    std::ranges::copy(numbers, rows.dense.vectors.mutable_data<float>());
    rows.dense.record = record;
    return rows;
  }
  RaggedEmbeddings& ragged = rows.ragged;
  std::vector<int64_t> starts = {0}, dims;
  std::vector<float> values;
  for (int64_t row = 0; row < n; ++row) {
    for (int64_t j = 0; j < kKindDim; ++j) {
      const float number = numbers[static_cast<size_t>(row * kKindDim + j)];
      if (kind.is_sparse() && j > 0 && number <= 0) continue;
      dims.push_back(j);
      values.push_back(kind.is_sparse() && j == 0 ? 0.5F : number);
    }
    starts.push_back(kind.is_sparse() ? std::ssize(dims) : starts.back() + 2);
  }
  if (kind.is_sparse()) {
    ragged = sparse_rows_of(starts, dims, values, kKindDim);
  } else {
    constexpr int64_t kHalf = kKindDim / 2;
    ragged.starts = Array<int64_t>::copy_of(starts);
    ragged.vectors = Matrix(2 * n, kHalf);
    std::ranges::copy(values, ragged.vectors.mutable_data<float>());
  }
  ragged.ids = Ids::integers(ids);
  ragged.record = record;
  return rows;
}

/// Normal numbers; `item` chooses among sets of them.
inline std::vector<float> kind_numbers(int64_t n, uint64_t item) {
  RandomStream random(42, "index kinds", item);
  std::vector<float> numbers(static_cast<size_t>(n * kKindDim));
  for (float& number : numbers) number = static_cast<float>(random.normal());
  return numbers;
}

inline KindRows kind_rows(const IndexKind& kind, int64_t n, uint64_t first, uint64_t item) {
  return kind_rows_of(kind, kind_numbers(n, item), first);
}

inline std::unique_ptr<Index> build_kind(const IndexKind& kind, const KindRows& rows,
                                         const Context& context = {}) {
  if (kind.is_ragged()) return build_index(kind.method, rows.ragged, kind.options, context);
  if (kind.method == "codes") return codes_index(compress(kind.codec, rows.dense, kind.options, context));
  return build_index(kind.method, rows.dense, kind.options, context);
}

inline std::unique_ptr<Index> build_kind(const IndexKind& kind, int64_t n, const Context& context = {}) {
  return build_kind(kind, kind_rows(kind, n, 0, 1), context);
}

/// `index` may be a Searcher, too.
template <class Target>
void add_to_kind(const IndexKind& kind, Target& index, const KindRows& rows, const Context& context = {}) {
  if (kind.is_ragged())
    index.add_ragged(rows.ragged, context);
  else
    index.add(rows.dense, context);
}

template <class Target, class Request>
SearchResult search_kind(const IndexKind& kind, const Target& index, const KindRows& queries,
                         const Request& request, const Context& context = {}) {
  if (kind.is_ragged()) return index.search_ragged(queries.ragged, request, context);
  return index.search(queries.dense.vectors, request, context);
}

/// What gtest calls a case.
inline std::string name_of_kind(const testing::TestParamInfo<IndexKind>& info) { return info.param.name; }

}  // namespace whitney::search
