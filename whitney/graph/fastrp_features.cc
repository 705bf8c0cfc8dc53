#include "whitney/graph/fastrp_features.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/nearest_name.h"
#include "whitney/core/parallel.h"
#include "whitney/data/readers.h"
#include "whitney/graph/random_projection.h"

namespace whitney::graph {
namespace {

constexpr int64_t kRowBlock = 1024;

/// The row of each node in the file.
std::vector<int64_t> rows_of_nodes(const Graph& graph, const Ids& ids, const std::string& path) {
  std::vector<int64_t> rows(static_cast<size_t>(graph.num_nodes()));
  for (int64_t node = 0; node < graph.num_nodes(); ++node) {
    const std::string id = graph.ids.text(node);
    const std::optional<int64_t> row = ids.find(id);
    if (!row)
      fail(path, ": node \"", id, "\" has no features", ids.did_you_mean(id),
           " (expected: a row for every node)");
    rows[static_cast<size_t>(node)] = *row;
  }
  return rows;
}

double number_in(const Column& column, int64_t row) {
  switch (column.type) {
    case ColumnType::kInt:
      return static_cast<double>(column.ints[row]);
    case ColumnType::kReal:
      return column.reals[row];
    default:
      return column.bools[row];
  }
}

const Column& find_property(const Table& table, const std::string& name, const std::string& path) {
  const Column* column = table.attributes.find(name);
  if (column == nullptr) {
    fail(path, ": there is no property \"", name, "\"", did_you_mean(name, table.attributes.names()));
  }
  if (column->type != ColumnType::kInt && column->type != ColumnType::kReal &&
      column->type != ColumnType::kBool) {
    fail(path, ": property \"", name, "\" is of type ", name_of(column->type),
         " (expected: int, real or bool)");
  }
  return *column;
}

Matrix read_properties(const Graph& graph, const std::string& path, const std::vector<std::string>& names,
                       const Context& context) {
  const Table table = read_table(path, TableOptions(), context);
  const std::vector<int64_t> rows = rows_of_nodes(graph, table.ids, path);
  const int64_t width = std::ssize(names);
  Matrix features(graph.num_nodes(), width);
  float* out = features.mutable_data<float>();
  for (int64_t f = 0; f < width; ++f) {
    const Column& column = find_property(table, names[static_cast<size_t>(f)], path);
    for (int64_t node = 0; node < graph.num_nodes(); ++node) {
      const int64_t row = rows[static_cast<size_t>(node)];
      if (!column.has(row)) {
        fail(path, ": node \"", graph.ids.text(node), "\" has no property \"", column.name, "\"");
      }
      out[node * width + f] = static_cast<float>(number_in(column, row));
    }
  }
  return features;
}

Matrix read_array(const Graph& graph, const std::string& path, const Context& context) {
  const Embeddings table = read_vectors(path, TableOptions(), context);
  const std::vector<int64_t> rows = rows_of_nodes(graph, table.ids, path);
  Matrix features(graph.num_nodes(), table.dim());
  float* out = features.mutable_data<float>();
  for (int64_t node = 0; node < graph.num_nodes(); ++node) {
    copy_row_as_float(table.vectors, rows[static_cast<size_t>(node)], out + node * table.dim());
  }
  return features;
}

int64_t num_feature_columns(const FastRPOptions& options) {
  return static_cast<int64_t>(options.property_ratio * options.dim);
}

}  // namespace

Matrix read_features(const Graph& graph, const FastRPOptions& options, const Context& context) {
  if (num_feature_columns(options) == 0) return {};
  const std::string& path = options.features->value;
  Matrix features = options.feature_properties.empty()
                        ? read_array(graph, path, context)
                        : read_properties(graph, path, options.feature_properties, context);
  for (int64_t node = 0; node < features.rows(); ++node) {
    for (float x : features.row<float>(node)) {
      if (!std::isfinite(x))
        fail(path, ": node \"", graph.ids.text(node), "\" has a feature that is not a finite number");
    }
  }
  return features;
}

void project_features(const Matrix& features, const FastRPOptions& options, const Context& context,
                      Matrix& projection) {
  const int64_t width = num_feature_columns(options), dim = options.dim;
  if (features.rows() == 0) return;
  const int64_t num_features = features.cols();
  // The very sparse law over p rows; no property of the graph enters, so that the method is inductive.
  const double sparsity =
      options.sparsity.value_or(std::sqrt(static_cast<double>(std::max<int64_t>(num_features, 1))));
  const RandomProjection law(options.projection, dim, sparsity, context.seed, "fastrp features");
  Matrix random(num_features, dim);
  for (int64_t f = 0; f < num_features; ++f) {
    law.write_row(static_cast<uint64_t>(f), random.mutable_data<float>() + f * dim);
  }
  float* values = projection.mutable_data<float>();
  parallel_blocks(context, features.rows(), kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t node = begin; node < end; ++node) {
      float* out = values + (node + 1) * dim - width;
      std::fill_n(out, width, 0.0F);
      const auto row = features.row<float>(node);
      for (int64_t f = 0; f < num_features; ++f) {
        const auto q = random.row<float>(f);
        for (int64_t j = 0; j < width; ++j) out[j] += row[static_cast<size_t>(f)] * q[static_cast<size_t>(j)];
      }
    }
  });
}

}  // namespace whitney::graph
