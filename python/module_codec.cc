#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "python/module_call.h"
#include "python/module_ids.h"
#include "python/module_rooms.h"
#include "python/module_values.h"
#include "whitney/codec/compressed.h"
#include "whitney/core/error.h"

namespace whitney::python {
namespace {

CompressedEmbeddings make_compressed(const std::string& method, const Embeddings& embeddings,
                                     const nb::dict& options, const Call& call) {
  const Value given = value_from(options, concat("options of ", method));
  return call([&](const Context& context) { return compress(method, embeddings, given, context); });
}

Embeddings decode(const CompressedEmbeddings& compressed, const Call& call) {
  return call([&](const Context& context) { return compressed.decode(context); });
}

void save(const CompressedEmbeddings& compressed, const std::string& path, bool force, const Call& call) {
  call([&](const Context& context) { save_compressed(compressed, path, force, context); });
}

}  // namespace

void bind_codec(nb::module_& module) {
  nb::class_<CompressedEmbeddings>(module, "CompressedEmbeddings",
                                   "Embeddings whose vectors are held as codes.")
      .def("decode", &decode, nb::arg("call"))
      .def("save", &save, nb::arg("path"), nb::arg("force"), nb::arg("call"))
      .def_ro("ids", &CompressedEmbeddings::ids)
      .def_prop_ro("columns", [](const CompressedEmbeddings& small) { return small.attributes.columns; })
      .def_prop_ro("record", [](const CompressedEmbeddings& small) { return object_from(small.record); })
      .def_prop_ro(
          "metric",
          [](const CompressedEmbeddings& small) { return std::string(name_of_enum(small.metric())); })
      .def_prop_ro("dim", &CompressedEmbeddings::dim)
      .def_prop_ro("bytes_per_vector", &CompressedEmbeddings::bytes_per_vector);
  module.def("compress", &make_compressed, nb::arg("method"), nb::arg("embeddings"), nb::arg("options"),
             nb::arg("call"));
}

}  // namespace whitney::python
