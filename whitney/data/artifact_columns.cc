// Ids and attributes as tensors: which tensors a column has follows from the record's schema alone.

#include <algorithm>

#include "whitney/core/error.h"
#include "whitney/data/artifact.h"

namespace whitney {
namespace {

std::string tensor_name(std::string_view column, std::string_view part) {
  return concat("attributes.", column, ".", part);
}

template <class T>
Array<std::byte> bytes_of(const Array<T>& values) {
  return Array<std::byte>::view(values.owner(), reinterpret_cast<const std::byte*>(values.data()),
                                values.size() * static_cast<int64_t>(sizeof(T)));
}

// The values of a 1-d tensor whose elements are stored as T under the type `dtype` (characters as U8, flags
// as BOOL).
template <class T>
Array<T> read_list(const TensorView& tensor, DType dtype) {
  tensor.check_type(dtype);
  if (tensor.shape.size() != 1)
    fail("tensor \"", tensor.name, "\" has ", tensor.shape.size(), " dimensions where 1 is due");
  const Array<std::byte> bytes = tensor.aligned_bytes();
  return Array<T>::view(bytes.owner(), reinterpret_cast<const T*>(bytes.data()), tensor.num_elements());
}

template <class Body>
auto with_path(const Artifact& artifact, const Body& body) {
  try {
    return body();
  } catch (const Error& error) {
    const std::string_view text = error.what();
    if (text.starts_with(artifact.path())) throw;
    throw Error(concat(artifact.path(), ": ", text));
  }
}

Column read_column(const Artifact& artifact, const Value& entry) {
  Column column;
  column.name = entry.at("name").as_string();
  const std::string& type = entry.at("type").as_string();
  const auto known = column_type_of(type);
  if (!known)
    fail("column \"", column.name, "\" is of type \"", type,
         "\" (known: int, real, bool, string, date, set)");
  column.type = *known;
  const auto part = [&](std::string_view name) -> const TensorView& {
    return artifact.tensor(tensor_name(column.name, name));
  };
  switch (column.type) {
    case ColumnType::kInt:
    case ColumnType::kDate:
      column.ints = read_list<int64_t>(part("values"), DType::kI64);
      break;
    case ColumnType::kReal:
      column.reals = read_list<double>(part("values"), DType::kF64);
      break;
    case ColumnType::kBool:
      column.bools = read_list<uint8_t>(part("values"), DType::kBool);
      break;
    case ColumnType::kSet:
      column.starts = read_list<uint64_t>(part("starts"), DType::kU64);
      [[fallthrough]];
    case ColumnType::kString:
      column.codes = read_list<uint32_t>(part("codes"), DType::kU32);
      column.dictionary_offsets = read_list<uint64_t>(part("dictionary.offsets"), DType::kU64);
      column.dictionary_bytes = read_list<char>(part("dictionary.bytes"), DType::kU8);
  }
  if (const TensorView* present = artifact.find(tensor_name(column.name, "present"))) {
    column.present = read_list<uint8_t>(*present, DType::kBool);
  }
  return column;
}

}  // namespace

void ArtifactWriter::add_ids(const Ids& ids, const std::string& prefix) {
  if (ids.is_integer()) {
    add(prefix + "ids.u64", {ids.size()}, ids.integer_array());
  } else {
    add(prefix + "ids.offsets", {ids.size() + 1}, ids.offsets_array());
    add(prefix + "ids.bytes", DType::kU8, {ids.bytes_array().size()}, bytes_of(ids.bytes_array()));
  }
}

void ArtifactWriter::add_attributes(const Attributes& attributes) {
  for (const Column& column : attributes.columns) {
    column.check_shapes(attributes.num_rows);
    const auto add_part = [&](std::string_view part, DType dtype, const auto& values) {
      add(tensor_name(column.name, part), dtype, {values.size()}, bytes_of(values));
    };
    switch (column.type) {
      case ColumnType::kInt:
      case ColumnType::kDate:
        add_part("values", DType::kI64, column.ints);
        break;
      case ColumnType::kReal:
        add_part("values", DType::kF64, column.reals);
        break;
      case ColumnType::kBool:
        add_part("values", DType::kBool, column.bools);
        break;
      case ColumnType::kSet:
        add_part("starts", DType::kU64, column.starts);
        [[fallthrough]];
      case ColumnType::kString:
        add_part("codes", DType::kU32, column.codes);
        add_part("dictionary.offsets", DType::kU64, column.dictionary_offsets);
        add_part("dictionary.bytes", DType::kU8, column.dictionary_bytes);
    }
    if (!column.present.empty()) add_part("present", DType::kBool, column.present);
    schema_.push_back(Value::object({{"name", column.name}, {"type", name_of(column.type)}}));
  }
}

Ids read_ids(const Artifact& artifact, int64_t num_rows, const std::string& prefix) {
  return with_path(artifact, [&] {
    Ids ids;
    if (const TensorView* integers = artifact.find(prefix + "ids.u64")) {
      ids = Ids::integers(read_list<uint64_t>(*integers, DType::kU64));
    } else if (const TensorView* offsets = artifact.find(prefix + "ids.offsets")) {
      ids = Ids::mapped_strings(read_list<uint64_t>(*offsets, DType::kU64),
                                read_list<char>(artifact.tensor(prefix + "ids.bytes"), DType::kU8));
    } else if (artifact.kind().empty()) {
      return Ids::row_numbers(num_rows);
    } else {
      fail("holds no ids (the tensor \"", prefix, "ids.u64\", or \"", prefix, "ids.offsets\" and \"", prefix,
           "ids.bytes\")");
    }
    if (ids.size() != num_rows) fail("there are ", ids.size(), " ids for ", num_rows, " rows");
    return ids;
  });
}

Attributes read_attributes(const Artifact& artifact, int64_t num_rows) {
  return with_path(artifact, [&] {
    Attributes attributes;
    attributes.num_rows = num_rows;
    const Value* schema = artifact.record().find("schema");
    if (schema == nullptr) return attributes;
    for (const Value& entry : schema->as_list()) {
      Column column = read_column(artifact, entry);
      column.check_shapes(num_rows);
      if (attributes.find(column.name) != nullptr) fail("two columns are named \"", column.name, "\"");
      attributes.columns.push_back(std::move(column));
    }
    return attributes;
  });
}

}  // namespace whitney
