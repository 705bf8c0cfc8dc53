#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <tuple>

#include "python/module_arrays.h"
#include "python/module_call.h"
#include "python/module_rooms.h"
#include "python/module_values.h"
#include "whitney/core/error.h"
#include "whitney/core/options.h"
#include "whitney/data/ragged.h"
#include "whitney/infer/encoded_file.h"

namespace whitney::python {
namespace {

RaggedEmbeddings sparse_rows(nb::handle starts, nb::handle indices, nb::handle values, int64_t num_dims) {
  const auto places = array_view<int64_t>(starts, "indptr"), dims = array_view<int64_t>(indices, "indices");
  const auto weights = array_view<float>(values, "data");
  const nb::gil_scoped_release released;
  return sparse_rows_of(places.span(), dims.span(), weights.span(), num_dims);
}

RaggedEmbeddings vector_sets(nb::handle starts, const Matrix& vectors) {
  RaggedEmbeddings rows;
  rows.starts = array_view<int64_t>(starts, "starts");
  rows.vectors = vectors.to_float32();
  rows.ids = Ids::row_numbers(rows.size());
  return rows;
}

RaggedEmbeddings named(const RaggedEmbeddings& rows, const std::optional<Ids>& ids,
                       std::vector<Column> columns, const std::optional<std::string>& metric) {
  RaggedEmbeddings result = rows;
  if (ids) result.ids = *ids;
  append_columns(result.attributes, {rows.size(), std::move(columns)});
  if (metric) result.record.set("metric", *metric);
  return result;
}

std::tuple<RaggedEmbeddings, int64_t, int64_t> join_rows(const RaggedEmbeddings& rows, const Table& table) {
  JoinResult joined = join_attributes(rows.ids, table);
  RaggedEmbeddings result = rows;
  append_columns(result.attributes, joined.attributes);
  return {std::move(result), joined.unmatched_rows, joined.unused_rows};
}

// (starts, values, indices; or starts, vectors, None)
std::tuple<nb::object, nb::object, nb::object> arrays_of(const RaggedEmbeddings& rows) {
  if (rows.is_sparse) return {numpy_view(rows.starts), numpy_view(rows.values), numpy_view(rows.indices)};
  return {numpy_view(rows.starts), numpy_own(rows.vectors), nb::none()};
}

}  // namespace

void bind_ragged(nb::module_& module) {
  nb::class_<RaggedEmbeddings>(module, "Ragged", "Sparse rows, or rows of several vectors.")
      .def_static("sparse", &sparse_rows, nb::arg("indptr"), nb::arg("indices"), nb::arg("data"),
                  nb::arg("num_dims"), "Rows of a CSR matrix; dimensions of a row may come in any order.")
      .def_static("sets", &vector_sets, nb::arg("starts"), nb::arg("vectors"))
      .def_static("of_encoded", &infer::ragged_of, nb::arg("encoded"))
      .def_static(
          "open",
          [](const std::string& path, const Call& call) {
            return call([&](const Context&) { return load_ragged(Artifact::open(path)); });
          },
          nb::arg("path"), nb::arg("call"))
      .def("named", &named, nb::arg("ids").none(), nb::arg("columns"), nb::arg("metric").none(),
           "The same rows with ids, further columns and a metric.")
      .def("join", &join_rows, nb::arg("table"),
           "(rows with the table's columns, rows that it lacks, rows of it that nobody asked for)")
      .def("arrays", &arrays_of, "(starts, values, indices) of sparse rows, or (starts, vectors, None).")
      .def_prop_ro("is_sparse", [](const RaggedEmbeddings& rows) { return rows.is_sparse; })
      .def_prop_ro("dim", &RaggedEmbeddings::dim)
      .def_prop_ro("size", &RaggedEmbeddings::size);
}

}  // namespace whitney::python
