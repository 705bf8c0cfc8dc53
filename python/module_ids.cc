#include "python/module_ids.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <limits>
#include <string>

#include "python/module_arrays.h"
#include "whitney/core/error.h"

namespace whitney::python {
namespace {

[[noreturn]] void fail_id(size_t place, nb::handle id, bool is_integer) {
  fail("ids: number ", place, " is ", nb::cast<std::string>(nb::str(nb::repr(id))),
       ", where the ones before are ", is_integer ? "whole numbers" : "strings",
       " (expected: all str, or all int from 0 to 2^64 - 1)");
}

Ids integers_of(const nb::list& list) {
  Array<uint64_t> values(static_cast<int64_t>(list.size()));
  uint64_t* out = values.mutable_data();
  for (size_t i = 0; i < list.size(); ++i) {
    const nb::handle id = list[i];
    if (!PyLong_Check(id.ptr()) || PyBool_Check(id.ptr())) fail_id(i, id, true);
    out[i] = PyLong_AsUnsignedLongLong(id.ptr());
    if (PyErr_Occurred() != nullptr) {
      PyErr_Clear();
      fail_id(i, id, true);
    }
  }
  return Ids::integers(std::move(values));
}

Ids strings_of(const nb::list& list) {
  Array<uint64_t> offsets(static_cast<int64_t>(list.size()) + 1);
  uint64_t* out = offsets.mutable_data();
  std::vector<char> bytes;
  out[0] = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    const nb::handle id = list[i];
    if (!PyUnicode_Check(id.ptr())) fail_id(i, id, false);
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(id.ptr(), &size);
    if (text == nullptr) throw nb::python_error();
    bytes.insert(bytes.end(), text, text + size);
    out[i + 1] = bytes.size();
  }
  return Ids::strings(std::move(offsets), Array<char>::copy_of(bytes));
}

Ids ids_from_utf8(nb::handle offsets, nb::handle bytes) {
  const Array<uint8_t> text = array_view<uint8_t>(bytes, "bytes");
  return Ids::strings(
      array_view<uint64_t>(offsets, "offsets"),
      Array<char>::view(text.owner(), reinterpret_cast<const char*>(text.data()), text.size()));
}

nb::tuple ids_as_utf8(const Ids& ids) {
  const Array<char>& bytes = ids.bytes_array();
  return nb::make_tuple(
      numpy_view(ids.offsets_array()),
      numpy_view(bytes.owner(), bytes.data(), {static_cast<size_t>(bytes.size())}, DType::kU8));
}

}  // namespace

nb::object id_as_object(const Ids& ids, int64_t row) {
  if (ids.is_integer()) return nb::int_(ids.integer(row));
  const std::string_view id = ids.string(row);
  return nb::str(id.data(), id.size());
}

nb::object ids_as_numpy(const Ids& ids) {
  if (ids.is_integer()) return numpy_view(ids.integer_array());
  const nb::module_ numpy = nb::module_::import_("numpy");
  nb::object result = numpy.attr("empty")(ids.size(), "O");
  for (int64_t row = 0; row < ids.size(); ++row) result[nb::int_(row)] = id_as_object(ids, row);
  return result;
}

std::optional<int64_t> find_row(const Ids& ids, nb::handle id) {
  if (nb::isinstance<nb::str>(id)) return ids.find(nb::cast<std::string>(id));
  if (PyBool_Check(id.ptr()) || PyIndex_Check(id.ptr()) == 0) return std::nullopt;
  const nb::object number = nb::steal(PyNumber_Index(id.ptr()));
  const uint64_t value = PyLong_AsUnsignedLongLong(number.ptr());
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    return std::nullopt;
  }
  return ids.find_integer(value);
}

Ids ids_from_list(const nb::list& list) {
  if (list.size() > 0 && PyUnicode_Check(nb::handle(list[0]).ptr())) return strings_of(list);
  return integers_of(list);
}

nb::object ids_of_rows(const Ids& ids, const std::vector<int64_t>& rows, nb::handle shape) {
  const nb::module_ numpy = nb::module_::import_("numpy");
  const bool is_full = std::find(rows.begin(), rows.end(), -1) == rows.end();
  if (ids.is_integer() && is_full) {
    std::vector<uint64_t> values(rows.size());
    std::transform(rows.begin(), rows.end(), values.begin(), [&](int64_t row) { return ids.integer(row); });
    const size_t size = values.size();
    return numpy_from(std::move(values), {size}).attr("reshape")(shape);
  }
  nb::object result = numpy.attr("empty")(rows.size(), "O");
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] >= 0) result[nb::int_(i)] = id_as_object(ids, rows[i]);  // the others stay None
  }
  return result.attr("reshape")(shape);
}

void bind_ids(nb::module_& module) {
  nb::class_<Ids>(module, "Ids", "The names of n rows: all int or all str.")
      .def_static("row_numbers", &Ids::row_numbers, nb::arg("n"))
      .def_static("from_list", &ids_from_list, nb::arg("ids"))
      .def_static(
          "from_integers", [](nb::object array) { return Ids::integers(array_view<uint64_t>(array, "ids")); },
          nb::arg("array"), "Shows a packed array of uint64.")
      .def_static("from_utf8", &ids_from_utf8, nb::arg("offsets"), nb::arg("bytes"),
                  "Strings: number i is bytes[offsets[i]:offsets[i + 1]], uint64 and uint8, packed.")
      .def("__len__", &Ids::size)
      .def_prop_ro("is_integer", &Ids::is_integer)
      .def("numpy", &ids_as_numpy, "uint64 without a copy, or an object array of str.")
      .def_prop_ro("utf8", &ids_as_utf8, "Strings as from_utf8 takes them.")
      .def("find", &find_row, nb::arg("id"), "The row of an id; None when there is none.")
      .def(
          "did_you_mean", [](const Ids& ids, const std::string& text) { return ids.did_you_mean(text); },
          nb::arg("text"));
}

}  // namespace whitney::python
