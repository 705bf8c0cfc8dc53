#include "whitney/data/ragged.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"
#include "whitney/core/parallel.h"
#include "whitney/data/embeddings.h"

namespace whitney {
namespace {

constexpr int64_t kMostRows = std::numeric_limits<uint32_t>::max() - int64_t{1};
constexpr int64_t kMostDims = int64_t{1} << 31;

void check_starts(const Array<int64_t>& starts, int64_t num_entries) {
  if (starts.empty() || starts[0] != 0 || starts[starts.size() - 1] != num_entries ||
      !std::ranges::is_sorted(starts)) {
    fail("the starts of the rows are damaged: they must grow from 0 to ", num_entries);
  }
}

// Queries may have no ids.
std::string row_text(const RaggedEmbeddings& ragged, int64_t row) {
  return row < ragged.ids.size() ? concat("row ", row, " (\"", ragged.ids.text(row), "\")")
                                 : concat("row ", row);
}

void check_sparse_row(const RaggedEmbeddings& sparse, int64_t row) {
  int64_t before = -1;
  for (int64_t i = sparse.starts[row]; i < sparse.starts[row + 1]; ++i) {
    const int64_t dim = sparse.indices[i];
    if (dim <= before || dim >= sparse.num_dims) {
      fail(row_text(sparse, row), " names dimension ", dim, " of ", sparse.num_dims,
           before >= dim ? concat(" behind dimension ", before) : std::string(),
           " (expected: ascending dimensions)");
    }
    if (!std::isfinite(sparse.values[i])) {
      fail(row_text(sparse, row), " holds ", std::isnan(sparse.values[i]) ? "NaN" : "an infinite value",
           " in dimension ", dim);
    }
    before = dim;
  }
}

void check_entries(const RaggedEmbeddings& ragged, const Context& context) {
  check_starts(ragged.starts, ragged.num_entries());
  if (!ragged.is_sparse) {
    if (ragged.vectors.dtype() != DType::kF32) fail("the vectors of rows must be float32");
    check_finite(ragged.vectors, Ids::row_numbers(ragged.vectors.rows()), context);
    return;
  }
  if (ragged.indices.size() != ragged.values.size())
    fail("there are ", ragged.values.size(), " values of ", ragged.indices.size(), " dimensions");
  if (ragged.num_dims > kMostDims) fail(ragged.num_dims, " dimensions are too many (the most is 2^31)");
  constexpr int64_t kRowsPerTask = 1024;
  parallel_blocks(context, ragged.size(), kRowsPerTask, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) check_sparse_row(ragged, row);
  });
}

void check_parts(const RaggedEmbeddings& ragged, const Context& context) {
  if (ragged.size() > kMostRows) fail(ragged.size(), " rows are too many (the most is ", kMostRows, ")");
  if (ragged.ids.size() != ragged.size())
    fail("there are ", ragged.ids.size(), " ids for ", ragged.size(), " rows");
  if (!ragged.attributes.empty() && ragged.attributes.num_rows != ragged.size())
    fail("there are attributes of ", ragged.attributes.num_rows, " rows for ", ragged.size(), " rows");
  ragged.attributes.validate();
  if (const auto twice = ragged.ids.first_duplicate()) {
    fail("id \"", ragged.ids.text(twice->second), "\" stands twice, in rows ", twice->first, " and ",
         twice->second, " (counted from 0); ids must be unique");
  }
  check_entries(ragged, context);
}

// Adds the file to errors of a check.
template <class Check>
void naming_file(const RaggedEmbeddings& ragged, const Check& check) {
  try {
    check();
  } catch (const Error& error) {
    if (ragged.path.empty()) throw;
    throw Error(concat(ragged.path, ": ", error.what()));
  }
}

// The parts of some rows behind one another.
template <class T>
Array<T> gathered(const T* values, const Array<int64_t>& starts, std::span<const int64_t> rows, int64_t width,
                  int64_t num_entries) {
  Array<T> result(num_entries * width);
  T* out = result.mutable_data();
  for (const int64_t row : rows) {
    out = std::copy(values + starts[row] * width, values + starts[row + 1] * width, out);
  }
  return result;
}

template <class T>
Array<T> joined(const Array<T>& first, const Array<T>& more) {
  Array<T> result(first.size() + more.size());
  std::ranges::copy(more, std::ranges::copy(first, result.mutable_data()).out);
  return result;
}

template <class T>
void update(Hasher128& hasher, const Array<T>& values) {
  const int64_t size = values.size();
  hasher.update(&size, sizeof size);
  hasher.update(values.data(), size * static_cast<int64_t>(sizeof(T)));
}

int64_t num_dims_of(const Artifact& artifact, const Array<int32_t>& indices) {
  const Value* told = artifact.record().find("num_words");
  if (told != nullptr && told->is_int()) return told->as_int();
  return indices.empty() ? 0 : int64_t{*std::ranges::max_element(indices)} + 1;
}

}  // namespace

Metric RaggedEmbeddings::metric() const {
  Embeddings named;
  named.record = record;
  return named.metric();
}

void RaggedEmbeddings::validate(const Context& context) const {
  naming_file(*this, [&] { check_parts(*this, context); });
}

void RaggedEmbeddings::validate_entries(const Context& context) const {
  naming_file(*this, [&] { check_entries(*this, context); });
}

RaggedEmbeddings RaggedEmbeddings::entries_of(std::span<const int64_t> rows) const {
  RaggedEmbeddings some;
  some.is_sparse = is_sparse;
  some.num_dims = num_dims;
  some.starts = Array<int64_t>(std::ssize(rows) + 1);
  int64_t* places = some.starts.mutable_data();
  *places = 0;
  for (const int64_t row : rows) {
    const int64_t before = *places++;
    *places = before + starts[row + 1] - starts[row];
  }
  const int64_t num_entries = *places;
  if (is_sparse) {
    some.indices = gathered(indices.data(), starts, rows, 1, num_entries);
    some.values = gathered(values.data(), starts, rows, 1, num_entries);
  } else {
    const auto* from = static_cast<const float*>(vectors.view().data);
    const Array<float> chosen = gathered(from, starts, rows, vectors.cols(), num_entries);
    some.vectors = Matrix::copy_of({chosen.data(), num_entries, vectors.cols(), vectors.cols(), DType::kF32});
  }
  return some;
}

RaggedEmbeddings sparse_rows_of(std::span<const int64_t> starts, std::span<const int64_t> indices,
                                std::span<const float> values, int64_t num_dims) {
  RaggedEmbeddings sparse;
  sparse.is_sparse = true;
  sparse.num_dims = num_dims;
  if (indices.size() != values.size())
    fail("there are ", values.size(), " values of ", indices.size(), " dimensions");
  if (num_dims > kMostDims) fail(num_dims, " dimensions are too many (the most is 2^31)");
  check_starts(Array<int64_t>::copy_of(starts), std::ssize(values));
  std::vector<int64_t> places = {0};
  std::vector<int32_t> dims;
  std::vector<float> kept;
  std::vector<int64_t> order;
  for (size_t row = 0; row + 1 < starts.size(); ++row) {
    order.resize(static_cast<size_t>(starts[row + 1] - starts[row]));
    std::iota(order.begin(), order.end(), starts[row]);
    const auto dim_of = [&](int64_t entry) { return indices[static_cast<size_t>(entry)]; };
    std::ranges::sort(
        order, [&](int64_t a, int64_t b) { return dim_of(a) != dim_of(b) ? dim_of(a) < dim_of(b) : a < b; });
    const size_t first = dims.size();
    for (const int64_t entry : order) {
      const int64_t dim = dim_of(entry);
      if (dim < 0 || dim >= num_dims) fail("row ", row, " names dimension ", dim, " of ", num_dims);
      const float value = values[static_cast<size_t>(entry)];
      if (dims.size() > first && dims.back() == dim) {
        kept.back() += value;
      } else {
        dims.push_back(static_cast<int32_t>(dim));
        kept.push_back(value);
      }
    }
    places.push_back(std::ssize(dims));
  }
  sparse.starts = Array<int64_t>::copy_of(places);
  sparse.indices = Array<int32_t>::copy_of(dims);
  sparse.values = Array<float>::copy_of(kept);
  sparse.ids = Ids::row_numbers(sparse.size());
  return sparse;
}

RaggedEmbeddings joined_entries(const RaggedEmbeddings& first, const RaggedEmbeddings& more) {
  RaggedEmbeddings all;
  all.is_sparse = first.is_sparse;
  all.num_dims = std::max(first.num_dims, more.num_dims);
  all.starts = Array<int64_t>(first.size() + more.size() + 1);
  int64_t* out = std::ranges::copy(first.starts, all.starts.mutable_data()).out;
  for (int64_t row = 1; row <= more.size(); ++row) *out++ = first.num_entries() + more.starts[row];
  if (all.is_sparse) {
    all.indices = joined(first.indices, more.indices);
    all.values = joined(first.values, more.values);
  } else {
    all.vectors = Matrix(joined(first.vectors.bytes(), more.vectors.bytes()),
                         first.vectors.rows() + more.vectors.rows(), first.vectors.cols(), DType::kF32);
  }
  return all;
}

std::string fingerprint(const RaggedEmbeddings& embeddings) {
  Hasher128 hasher;
  const std::string named = fingerprint(Table{embeddings.ids, embeddings.attributes});
  hasher.update(named.data(), std::ssize(named));
  const int64_t dim = embeddings.dim();
  hasher.update(&dim, sizeof dim);
  update(hasher, embeddings.starts);
  update(hasher, embeddings.indices);
  update(hasher, embeddings.values);
  update(hasher, embeddings.vectors.bytes());
  return hasher.digest();
}

bool holds_ragged(const Artifact& artifact) {
  return artifact.kind() == "embeddings" &&
         (artifact.find("vectors.starts") != nullptr || artifact.find("sparse.starts") != nullptr);
}

RaggedEmbeddings load_ragged(const Artifact& artifact) {
  RaggedEmbeddings ragged;
  ragged.path = artifact.path();
  ragged.record = provenance_of(artifact.record());
  ragged.is_sparse = artifact.find("sparse.starts") != nullptr;
  if (ragged.is_sparse) {
    ragged.starts = artifact.tensor("sparse.starts").as<int64_t>();
    ragged.indices = artifact.tensor("sparse.indices").as<int32_t>();
    ragged.values = artifact.tensor("sparse.values").as<float>();
    ragged.num_dims = num_dims_of(artifact, ragged.indices);
  } else {
    const TensorView& tensor = artifact.tensor("vectors");
    tensor.check_type(DType::kF32);
    if (tensor.shape.size() != 2) fail(artifact.path(), ": tensor \"vectors\" must have 2 dimensions");
    ragged.vectors = Matrix(tensor.aligned_bytes(), tensor.shape[0], tensor.shape[1], DType::kF32);
    ragged.starts = artifact.tensor("vectors.starts").as<int64_t>();
  }
  if (ragged.starts.empty()) fail(artifact.path(), ": the starts of its rows are missing");
  ragged.ids = read_ids(artifact, ragged.size());
  ragged.attributes = read_attributes(artifact, ragged.size());
  return ragged;
}

}  // namespace whitney
