#include "bench/search_data.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "bench/mnist.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/readers.h"
#include "whitney/linalg/distance.h"

namespace whitney::bench {
namespace {

Matrix first_rows(const Matrix& matrix, int64_t count) {
  return Matrix::copy_of(matrix.view().slice(0, std::min(count, matrix.rows()))).to_float32();
}

Matrix some_rows(const Matrix& matrix, const std::vector<int64_t>& rows) {
  Matrix result(std::ssize(rows), matrix.cols());
  float* out = result.mutable_data<float>();
  for (const int64_t row : rows) {
    copy_row_as_float(matrix, row, out);
    out += matrix.cols();
  }
  return result;
}

std::vector<int> digits(const std::string& path, int64_t count) {
  const Matrix labels = read_vectors(path, {}, {}).vectors;
  std::vector<int> result;
  for (int64_t row = 0; row < std::min(count, labels.rows()); ++row) {
    float digit = 0;
    copy_row_as_float(labels, row, &digit);
    result.push_back(static_cast<int>(digit));
  }
  return result;
}

// What filters ask for; `rows` gets the number of the vector of each package. The dependencies are lists of
// lists, which no attribute can hold.
Attributes read_packages(const std::string& path, std::vector<int64_t>& rows) {
  ColumnBuilder section("section"), size("installed_size_kb"), tags("tags", ColumnType::kSet);
  data::InputStream input = data::InputStream::open(path);
  for (std::string_view lines = input.next_lines(1 << 20); !lines.empty();
       lines = input.next_lines(1 << 20)) {
    while (!lines.empty()) {
      const size_t end = std::min(lines.find('\n'), lines.size());
      const Value package = Value::parse_json(lines.substr(0, end), path);
      lines.remove_prefix(std::min(end + 1, lines.size()));
      for (ColumnBuilder* column : {&section, &size, &tags}) {
        const char* name = column == &section ? "section" : column == &size ? "installed_size_kb" : "tags";
        const Value* value = package.find(name);
        column->add(value != nullptr ? *value : Value(), path);
      }
      rows.push_back(package.at("vector").as_int());
    }
  }
  Attributes attributes{section.size(), {}};
  for (ColumnBuilder* column : {&section, &size, &tags}) attributes.columns.push_back(column->finish());
  return attributes;
}

// The first package that has each vector.
std::vector<int64_t> first_packages(const std::vector<int64_t>& vectors, int64_t num_vectors) {
  std::vector<int64_t> result(static_cast<size_t>(num_vectors), -1);
  for (size_t package = 0; package < vectors.size(); ++package) {
    int64_t& first = result[static_cast<size_t>(vectors[package])];
    if (first < 0) first = static_cast<int64_t>(package);
  }
  return result;
}

std::optional<std::string> find_folder(const std::string& name) {
  std::string folder = data_folder() + "/" + name;
  if (std::filesystem::is_directory(folder)) return folder;
  std::fprintf(stderr, "skipped: %s is absent (WHITNEY_DATA names the folder of the data sets)\n",
               folder.c_str());
  return std::nullopt;
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
  const auto folder = find_folder("mnist");
  if (!folder) return std::nullopt;
  SearchData data;
  data.name = "MNIST";
  data.base = first_rows(read_vectors(*folder + "/train-images-idx3-ubyte.gz", {}, {}).vectors, max_rows);
  data.queries =
      first_rows(read_vectors(*folder + "/t10k-images-idx3-ubyte.gz", {}, {}).vectors, num_queries);
  data.base_labels = digits(*folder + "/train-labels-idx1-ubyte.gz", data.base.rows());
  data.query_labels = digits(*folder + "/t10k-labels-idx1-ubyte.gz", data.queries.rows());
  return data;
}

std::optional<SearchData> read_synopses(int64_t max_rows, int64_t num_queries) {
  const auto folder = find_folder("debian-packages");
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
  std::vector<int64_t> vectors;
  const Attributes packages = read_packages(*folder + "/packages.jsonl.gz", vectors);
  const std::vector<int64_t> of_vector = first_packages(vectors, stored.rows());
  std::vector<int64_t> of_base;
  for (const int64_t row : base) of_base.push_back(of_vector[static_cast<size_t>(row)]);
  data.attributes = packages.select(of_base);
  return data;
}

}  // namespace whitney::bench
