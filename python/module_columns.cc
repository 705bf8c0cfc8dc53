#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include "python/module_arrays.h"
#include "python/module_rooms.h"
#include "python/module_values.h"
#include "whitney/core/error.h"
#include "whitney/data/attributes.h"

namespace whitney::python {
namespace {

std::optional<ColumnType> type_named(const std::optional<std::string>& name) {
  if (!name) return std::nullopt;
  const std::optional<ColumnType> type = column_type_of(*name);
  if (!type) fail("there is no attribute type \"", *name, "\" (known: int, real, bool, string, date, set)");
  return type;
}

Column column_from_list(const std::string& name, const nb::list& values,
                        const std::optional<std::string>& type) {
  ColumnBuilder builder(name, type_named(type));
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string where = concat("attribute \"", name, "\", row ", i);
    builder.add(value_from(values[i], where), where);
  }
  return builder.finish();
}

// Whole arrays are shown, not copied, where they have the type in which a column is kept.
Column column_from_array(const std::string& name, nb::handle values, const std::string& type,
                         const std::optional<nb::object>& present) {
  Column column;
  column.name = name;
  column.type = type_named(type).value_or(ColumnType::kInt);
  if (column.type == ColumnType::kReal)
    column.reals = array_view<double>(values, name.c_str());
  else if (column.type == ColumnType::kBool)
    column.bools = array_view<uint8_t>(values, name.c_str());
  else
    column.ints = array_view<int64_t>(values, name.c_str());
  if (present) column.present = array_view<uint8_t>(*present, name.c_str());
  column.validate(column.num_rows());
  return column;
}

nb::list dictionary_of(const Column& column) {
  nb::list list;
  for (int64_t code = 0; code < column.dictionary_size(); ++code) {
    const std::string_view entry = column.dictionary_entry(code);
    list.append(nb::str(entry.data(), entry.size()));
  }
  return list;
}

}  // namespace

void bind_columns(nb::module_& module) {
  nb::class_<Column>(module, "Column", "One attribute of n rows: int, real, bool, string, date or set.")
      .def_static("from_list", &column_from_list, nb::arg("name"), nb::arg("values"),
                  nb::arg("type").none() = nb::none(), "The type that fits all values; None is no value.")
      .def_static("from_array", &column_from_array, nb::arg("name"), nb::arg("values"), nb::arg("type"),
                  nb::arg("present").none() = nb::none(),
                  "Shows a packed array: int64 (int, date), float64 (real), uint8 (bool).")
      .def_ro("name", &Column::name)
      .def_prop_ro("type", [](const Column& column) { return std::string(name_of(column.type)); })
      .def("__len__", &Column::num_rows)
      .def_prop_ro("ints", [](const Column& column) { return numpy_view(column.ints); })
      .def_prop_ro("reals", [](const Column& column) { return numpy_view(column.reals); })
      .def_prop_ro("bools", [](const Column& column) { return numpy_view(column.bools); })
      .def_prop_ro("codes", [](const Column& column) { return numpy_view(column.codes); })
      .def_prop_ro("starts", [](const Column& column) { return numpy_view(column.starts); })
      .def_prop_ro(
          "present", [](const Column& column) { return numpy_view(column.present); },
          "1 where the row has a value; empty when every row has one.")
      .def_prop_ro("dictionary", &dictionary_of, "The distinct strings, sorted by bytes.")
      .def(
          "value", [](const Column& column, int64_t row) { return object_from(column.value(row)); },
          nb::arg("row"));
}

}  // namespace whitney::python
