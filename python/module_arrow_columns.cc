#include <nanobind/stl/string.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "python/module_arrays.h"
#include "python/module_arrow.h"
#include "python/module_rooms.h"
#include "whitney/core/error.h"
#include "whitney/data/attributes.h"
#include "whitney/data/ids.h"

namespace whitney::python {
namespace {

using Kind = ArrowCells::Kind;

ArrowCells cells_of(const ArrowChunk& chunk) { return {*chunk.schema, *chunk.array}; }

// ---- attributes ----

void add_list(ColumnBuilder& builder, const ArrowCells& cells, int64_t row, const std::string& where) {
  const ArrowCells elements = cells.elements();
  const auto [begin, end] = cells.list(row);
  std::vector<std::string_view> texts;
  for (int64_t i = begin; i < end; ++i) {
    const bool coded = elements.is_coded();
    const ArrowCells values = coded ? elements.dictionary() : elements;
    if (values.kind() != Kind::kText || !elements.has(i))
      fail(where, ": a list holds something else than strings (a set is a list of strings)");
    texts.push_back(values.text(coded ? elements.integer(i) : i));
  }
  builder.add_set(texts, where);
}

void add_cell(ColumnBuilder& builder, const ArrowCells& cells, int64_t row, const std::string& where) {
  if (!cells.has(row)) return builder.add_missing();
  if (cells.is_coded()) return add_cell(builder, cells.dictionary(), cells.integer(row), where);
  switch (cells.kind()) {
    case Kind::kInt:
      return builder.add_int(cells.integer(row), where);
    case Kind::kReal:
      return builder.add_real(cells.real(row), where);
    case Kind::kBool:
      return builder.add_bool(cells.boolean(row), where);
    case Kind::kText:
      return builder.add_string(cells.text(row), where);
    case Kind::kDate:
      return builder.add_string(date_text(cells.date(row)), where);
    case Kind::kList:
      return add_list(builder, cells, row, where);
    case Kind::kNull:
    case Kind::kOther:
      fail(where, ": Arrow's type \"", cells.format(),
           "\" is no attribute (expected: integers, reals, bool, string, date, timestamp, or lists of "
           "strings)");
  }
}

std::optional<ColumnType> type_of(const ArrowCells& cells) {
  switch (cells.is_coded() ? cells.dictionary().kind() : cells.kind()) {
    case Kind::kReal:
      return ColumnType::kReal;
    case Kind::kDate:
      return ColumnType::kDate;
    case Kind::kInt:
      return ColumnType::kInt;
    case Kind::kBool:
      return ColumnType::kBool;
    case Kind::kText:
      return ColumnType::kString;
    case Kind::kList:
      return ColumnType::kSet;
    default:
      return std::nullopt;
  }
}

bool has_nan(const ArrowCells& cells) {
  const double* values = cells.values<double>();
  return std::any_of(values, values + cells.length(), [](double value) { return std::isnan(value); });
}

// One array of int64 or float64 without gaps is shown as it is.
std::optional<Column> column_view(const std::string& name, const ArrowChunk& chunk) {
  const ArrowCells cells = cells_of(chunk);
  if (cells.is_coded() || cells.length() == 0 || !cells.has_all()) return std::nullopt;
  Column column;
  column.name = name;
  if (cells.format() == "l") {
    column.type = ColumnType::kInt;
    column.ints = Array<int64_t>::view(chunk.array, cells.values<int64_t>(), cells.length());
  } else if (cells.format() == "g" && !has_nan(cells)) {
    column.type = ColumnType::kReal;
    column.reals = Array<double>::view(chunk.array, cells.values<double>(), cells.length());
  } else {
    return std::nullopt;
  }
  return column;
}

Column column_from(const std::string& name, nb::handle object) {
  const std::vector<ArrowChunk> chunks = arrow_chunks(object);
  if (chunks.size() == 1) {
    if (std::optional<Column> column = column_view(name, chunks[0])) return *std::move(column);
  }
  ColumnBuilder builder(name, type_of(cells_of(chunks[0])));
  const std::string attribute = concat("attribute \"", name, "\", row ");
  int64_t row_of_all = 0;
  for (const ArrowChunk& chunk : chunks) {
    const ArrowCells cells = cells_of(chunk);
    for (int64_t row = 0; row < cells.length(); ++row)
      add_cell(builder, cells, row, attribute + std::to_string(row_of_all++));
  }
  return builder.finish();
}

// ---- ids ----

Ids integer_ids(const std::vector<ArrowChunk>& chunks, int64_t size) {
  const ArrowCells first = cells_of(chunks[0]);
  if (chunks.size() == 1 && first.format() == "L" && size > 0)
    return Ids::integers(Array<uint64_t>::view(chunks[0].array, first.values<uint64_t>(), size));
  Array<uint64_t> values(size);
  uint64_t* out = values.mutable_data();
  for (const ArrowChunk& chunk : chunks) {
    const ArrowCells cells = cells_of(chunk);
    for (int64_t row = 0; row < cells.length(); ++row) {
      if (cells.format() == "L") {
        *out++ = cells.values<uint64_t>()[row];
        continue;
      }
      const int64_t id = cells.integer(row);
      if (id < 0)
        fail("ids: number ", row, " is ", id, " (expected: whole numbers from 0 to 2^64 - 1, or strings)");
      *out++ = static_cast<uint64_t>(id);
    }
  }
  return Ids::integers(std::move(values));
}

Ids string_ids(const std::vector<ArrowChunk>& chunks, int64_t size) {
  Array<uint64_t> offsets(size + 1);
  uint64_t* out = offsets.mutable_data();
  *out = 0;
  std::vector<char> bytes;
  for (const ArrowChunk& chunk : chunks) {
    const ArrowCells cells = cells_of(chunk);
    const bool coded = cells.is_coded();
    const ArrowCells values = coded ? cells.dictionary() : cells;
    for (int64_t row = 0; row < cells.length(); ++row) {
      const std::string_view id = values.text(coded ? cells.integer(row) : row);
      bytes.insert(bytes.end(), id.begin(), id.end());
      *++out = bytes.size();
    }
  }
  return Ids::strings(std::move(offsets), Array<char>::copy_of(bytes));
}

Ids ids_from(nb::handle object) {
  const std::vector<ArrowChunk> chunks = arrow_chunks(object);
  int64_t size = 0;
  for (const ArrowChunk& chunk : chunks) {
    const ArrowCells cells = cells_of(chunk);
    if (!cells.has_all()) fail("ids: Arrow's array has gaps (null); each row needs an id");
    size += cells.length();
  }
  const ArrowCells first = cells_of(chunks[0]);
  const Kind kind = first.is_coded() ? first.dictionary().kind() : first.kind();
  if (kind == Kind::kText) return string_ids(chunks, size);
  if (kind == Kind::kInt && !first.is_coded()) return integer_ids(chunks, size);
  fail("ids: Arrow's type \"", first.format(), "\" is none of ids (expected: strings or whole numbers)");
}

// ---- vectors ----

std::optional<DType> vector_type(std::string_view format) {
  if (format == "f") return DType::kF32;
  if (format == "e") return DType::kF16;
  if (format == "c") return DType::kI8;
  if (format == "C") return DType::kU8;
  return std::nullopt;
}

// Rows x width of a list array whose lists are equally long.
struct VectorsShape {
  int64_t first = 0;
  int64_t width = 0;
};

VectorsShape shape_of(const ArrowCells& cells) {
  if (cells.kind() != Kind::kList) {
    fail("vectors: Arrow's type \"", cells.format(),
         "\" is no list of numbers (expected: fixed_size_list of float, halffloat, int8, uint8 or double)");
  }
  if (cells.length() == 0) return {};
  const auto [first, end] = cells.list(0);
  const VectorsShape shape{first, end - first};
  for (int64_t row = 0; row < cells.length(); ++row) {
    const auto [row_begin, row_end] = cells.list(row);
    if (!cells.has(row) || row_end - row_begin != shape.width) {
      fail("vectors: row ", row, " has ", cells.has(row) ? row_end - row_begin : 0, " values, and row 0 has ",
           shape.width);
    }
  }
  return shape;
}

void copy_values(const ArrowCells& values, int64_t first, int64_t count, float* out) {
  const bool is_real = values.kind() == Kind::kReal;
  if (!is_real && values.kind() != Kind::kInt)
    fail("vectors: Arrow's type \"", values.format(), "\" is no number");
  for (int64_t i = 0; i < count; ++i) {
    if (!values.has(first + i)) fail("vectors: there is a gap (null) at place ", i);
    out[i] =
        is_real ? static_cast<float>(values.real(first + i)) : static_cast<float>(values.integer(first + i));
  }
}

std::optional<Matrix> shown_matrix(const ArrowChunk& chunk) {
  const ArrowCells cells = cells_of(chunk);
  const VectorsShape shape = shape_of(cells);
  if (cells.length() == 0) return std::nullopt;
  const ArrowCells values = cells.elements();
  const std::optional<DType> dtype = vector_type(values.format());
  if (!dtype || !values.has_all()) return std::nullopt;
  const int64_t item = size_of(*dtype);
  return Matrix(Array<std::byte>::view(chunk.array, values.value_bytes(item) + shape.first * item,
                                       cells.length() * shape.width * item),
                cells.length(), shape.width, *dtype);
}

Matrix matrix_from(nb::handle object) {
  const std::vector<ArrowChunk> chunks = arrow_chunks(object);
  if (chunks.size() == 1) {
    if (std::optional<Matrix> matrix = shown_matrix(chunks[0])) return *std::move(matrix);
  }
  int64_t rows = 0, width = 0;
  for (const ArrowChunk& chunk : chunks) {
    rows += chunk.array->length;
    width = std::max(width, shape_of(cells_of(chunk)).width);
  }
  Matrix matrix(rows, width);
  auto* out = matrix.mutable_data<float>();
  for (const ArrowChunk& chunk : chunks) {
    const ArrowCells cells = cells_of(chunk);
    const VectorsShape shape = shape_of(cells);
    if (cells.length() == 0) continue;
    if (shape.width != width) fail("vectors: one part is ", shape.width, " wide and another ", width);
    copy_values(cells.elements(), shape.first, cells.length() * width, out);
    out += cells.length() * width;
  }
  return matrix;
}

}  // namespace

void bind_arrow(nb::module_& module) {
  module.def("arrow_column", &column_from, nb::arg("name"), nb::arg("array"));
  module.def("arrow_ids", &ids_from, nb::arg("array"));
  module.def("arrow_matrix", &matrix_from, nb::arg("array"),
             "Vectors of a list array: shown where they are float32, float16, int8 or uint8 in one piece.");
}

}  // namespace whitney::python
