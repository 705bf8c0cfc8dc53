#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "python/module_arrays.h"
#include "python/module_call.h"
#include "python/module_ids.h"
#include "python/module_rooms.h"
#include "python/module_values.h"
#include "whitney/data/artifact.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/readers.h"

namespace whitney::python {
namespace {

Attributes attributes_of(int64_t num_rows, std::vector<Column> columns) {
  return {num_rows, std::move(columns)};
}

Embeddings make_embeddings(const Ids& ids, const Matrix& vectors, std::vector<Column> columns,
                           const nb::dict& record, const Call& call) {
  Embeddings embeddings{ids, vectors, attributes_of(vectors.rows(), std::move(columns)),
                        value_from(record, "record")};
  call([&](const Context& context) { embeddings.validate(context); });
  return embeddings;
}

Embeddings read_embeddings(const std::string& path, const std::optional<std::string>& id_field,
                           const Call& call) {
  return call([&](const Context& context) { return read_vectors(path, {id_field}, context); });
}

void save(const Embeddings& embeddings, const std::string& path, bool force, const Call& call) {
  call([&](const Context& context) { write_vectors(embeddings, path, force, context); });
}

// (the same vectors with the table's columns, rows that the table lacks, rows of the table that nobody asked
// for)
std::tuple<Embeddings, int64_t, int64_t> join(const Embeddings& embeddings, const Table& table) {
  JoinResult joined = join_attributes(embeddings.ids, table);
  Embeddings result = embeddings;
  append_columns(result.attributes, joined.attributes);
  return {std::move(result), joined.unmatched_rows, joined.unused_rows};
}

// (the table's columns for rows of these ids, rows that the table lacks, rows of the table that nobody asked
// for)
std::tuple<std::vector<Column>, int64_t, int64_t> columns_for(const Table& table, const Ids& ids) {
  JoinResult joined = join_attributes(ids, table);
  return {std::move(joined.attributes.columns), joined.unmatched_rows, joined.unused_rows};
}

void bind_tables(nb::module_& module) {
  nb::class_<Table>(module, "Table", "Ids and attributes without vectors.")
      .def(
          "__init__",
          [](Table* self, const Ids& ids, std::vector<Column> columns) {
            Table table{ids, attributes_of(ids.size(), std::move(columns)), Value::object()};
            table.attributes.validate();
            new (self) Table(std::move(table));
          },
          nb::arg("ids"), nb::arg("columns"))
      .def_static(
          "read",
          [](const std::string& path, const std::optional<std::string>& id_field, const Call& call) {
            return call([&](const Context& context) { return read_table(path, {id_field}, context); });
          },
          nb::arg("path"), nb::arg("id_field").none(), nb::arg("call"))
      .def(
          "save",
          [](const Table& table, const std::string& path, bool force, const Call& call) {
            call([&](const Context& context) { write_table(table, path, force, context); });
          },
          nb::arg("path"), nb::arg("force"), nb::arg("call"))
      .def("columns_for", &columns_for, nb::arg("ids"),
           "Columns of the rows of these ids, how many of them it lacks, and how many of its own were not "
           "asked for.")
      .def_ro("ids", &Table::ids)
      .def_prop_ro("columns", [](const Table& table) { return table.attributes.columns; })
      .def_prop_ro("record", [](const Table& table) { return object_from(table.record); });
}

}  // namespace

void bind_embeddings(nb::module_& module) {
  bind_tables(module);
  nb::class_<Embeddings>(module, "Embeddings",
                         "Ids, vectors, typed attributes, and the record of how they were made.")
      .def(
          "__init__",
          [](Embeddings* self, const Ids& ids, const Matrix& vectors, std::vector<Column> columns,
             const nb::dict& record, const Call& call) {
            new (self) Embeddings(make_embeddings(ids, vectors, std::move(columns), record, call));
          },
          nb::arg("ids"), nb::arg("vectors"), nb::arg("columns"), nb::arg("record"), nb::arg("call"))
      .def_static("read", &read_embeddings, nb::arg("path"), nb::arg("id_field").none(), nb::arg("call"))
      .def("save", &save, nb::arg("path"), nb::arg("force"), nb::arg("call"))
      .def_ro("ids", &Embeddings::ids)
      .def_ro("vectors", &Embeddings::vectors)
      .def_prop_ro("columns", [](const Embeddings& embeddings) { return embeddings.attributes.columns; })
      .def_prop_ro("record", [](const Embeddings& embeddings) { return object_from(embeddings.record); })
      .def_prop_ro(
          "metric",
          [](const Embeddings& embeddings) { return std::string(name_of_enum(embeddings.metric())); })
      .def("join", &join, nb::arg("table"));
}

}  // namespace whitney::python
