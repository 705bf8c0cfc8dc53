#include "bench/search_data.h"

#include <algorithm>

#include "bench/mnist.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/data/readers.h"
#include "whitney/linalg/distance.h"

namespace whitney::bench {
namespace {

Matrix some_rows(const Matrix& matrix, const std::vector<int64_t>& rows) {
  Matrix result(std::ssize(rows), matrix.cols());
  float* out = result.mutable_data<float>();
  for (const int64_t row : rows) {
    copy_row_as_float(matrix, row, out);
    out += matrix.cols();
  }
  return result;
}

// The first package that has each vector; the column `vector` holds its number.
std::vector<int64_t> first_packages(const Column& vectors, int64_t num_vectors) {
  std::vector<int64_t> result(static_cast<size_t>(num_vectors), -1);
  for (int64_t package = vectors.num_rows() - 1; package >= 0; --package)
    result[static_cast<size_t>(vectors.ints[package])] = package;
  return result;
}

}  // namespace

Embeddings SearchData::embeddings() const {
  Embeddings result;
  result.ids = Ids::row_numbers(base.rows());
  result.vectors = base;
  result.attributes = attributes;
  result.record = Value::object({{"metric", name_of_enum(metric)}});
  return result;
}

std::optional<SearchData> read_mnist(int64_t max_rows, int64_t num_queries) {
  const auto folder = find_data("mnist");
  if (!folder) return std::nullopt;
  SearchData data;
  data.name = "MNIST";
  data.base = read_mnist_images(*folder + "/train-images-idx3-ubyte.gz", max_rows);
  data.queries = read_mnist_images(*folder + "/t10k-images-idx3-ubyte.gz", num_queries);
  data.base_labels = read_mnist_digits(*folder + "/train-labels-idx1-ubyte.gz", data.base.rows());
  data.query_labels = read_mnist_digits(*folder + "/t10k-labels-idx1-ubyte.gz", data.queries.rows());
  return data;
}

std::optional<SearchData> read_synopses(int64_t max_rows, int64_t num_queries) {
  const auto folder = find_data("debian-packages");
  if (!folder) return std::nullopt;
  const Context context;
  const Matrix stored = read_vectors(*folder + "/synopses.minilm.f16.npy", {}, context).vectors;
  std::vector<int64_t> base, queries;
  for (int64_t row = 0; row < stored.rows(); ++row) {
    if (row % 60 == 0) {
      if (std::ssize(queries) < num_queries) queries.push_back(row);
    } else if (std::ssize(base) < max_rows) {
      base.push_back(row);
    }
  }
  SearchData data;
  data.name = "packages";
  data.metric = Metric::kCosine;
  normalize_rows(context, some_rows(stored, base), data.base);
  normalize_rows(context, some_rows(stored, queries), data.queries);
  const Attributes packages = read_table(*folder + "/packages.jsonl.gz", {"package"}, context).attributes;
  const std::vector<int64_t> of_vector = first_packages(*packages.find("vector"), stored.rows());
  std::vector<int64_t> of_base;
  for (const int64_t row : base) of_base.push_back(of_vector[static_cast<size_t>(row)]);
  data.attributes = packages.select(of_base);
  std::erase_if(data.attributes.columns, [](const Column& column) {
    return column.name != "section" && column.name != "installed_size_kb" && column.name != "tags";
  });
  return data;
}

std::optional<SearchData> read_deep10k(int64_t max_rows, int64_t num_queries) {
  const auto folder = find_data("deep10k");
  if (!folder) return std::nullopt;
  const auto read = [&](const std::string& name, int64_t limit) {
    const Matrix all = read_vectors(*folder + "/" + name, {}, {}).vectors;
    return Matrix::copy_of(all.view().slice(0, std::min(limit, all.rows()))).to_float32();
  };
  SearchData data;
  data.name = "DEEP";
  data.base = read("base.fbin.gz", max_rows);
  data.queries = read("query.fbin.gz", num_queries);
  return data;
}

}  // namespace whitney::bench
