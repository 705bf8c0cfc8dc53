#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>

#include <memory>
#include <tuple>

#include "python/module_arrays.h"
#include "python/module_call.h"
#include "python/module_rooms.h"
#include "python/module_values.h"
#include "whitney/data/artifact.h"
#include "whitney/infer/encoded_file.h"

namespace whitney::python {
namespace {

using infer::EncodedCorpus;

using Arrays = std::tuple<nb::object, nb::object, nb::object>;

// Memory of one of its vectors, which the object keeps alive.
template <class T>
nb::object shown(const std::shared_ptr<EncodedCorpus>& encoded, const std::vector<T>& values) {
  return numpy_view(encoded, values.data(), {values.size()}, dtype_for<T>());
}

Arrays arrays_of(const std::shared_ptr<EncodedCorpus>& encoded) {
  const infer::Encoding& encoding = encoded->encoding;
  if (!encoding.sparse_starts.empty()) {
    return {shown(encoded, encoding.sparse_weights), shown(encoded, encoding.sparse_starts),
            shown(encoded, encoding.sparse_words)};
  }
  const Matrix& vectors = encoding.vectors;
  const auto rows = static_cast<size_t>(vectors.rows()), cols = static_cast<size_t>(vectors.cols());
  return {numpy_view(encoded, vectors.bytes().data(), {rows, cols}, DType::kF32),
          shown(encoded, encoding.starts), nb::none()};
}

std::shared_ptr<EncodedCorpus> open(const std::string& path, const Call& call) {
  return call([&](const Context&) {
    return std::make_shared<EncodedCorpus>(infer::load_encoded_texts(Artifact::open(path)));
  });
}

}  // namespace

void bind_encoded(nb::module_& module) {
  nb::class_<EncodedCorpus>(module, "EncodedTexts", "Several vectors of each text, or weights of words.")
      .def_static("open", &open, nb::arg("path"), nb::arg("call"))
      .def("arrays", &arrays_of,
           "(values, starts, words): rows x d, starts of texts, None; or weights, starts of texts, words.")
      .def_ro("ids", &EncodedCorpus::ids)
      .def_prop_ro("num_words", &infer::num_words_of)
      .def_prop_ro("record", [](const EncodedCorpus& encoded) { return object_from(encoded.record); })
      .def(
          "save",
          [](const EncodedCorpus& encoded, const std::string& path, bool force, const Call& call) {
            call([&](const Context& context) { infer::save(encoded, path, force, context); });
          },
          nb::arg("path"), nb::arg("force"), nb::arg("call"));
  module.def(
      "holds_encoded_texts",
      [](const std::string& path) { return infer::holds_encoded_texts(Artifact::open(path)); },
      nb::arg("path"), "True for an artifact of EncodedTexts.");
}

}  // namespace whitney::python
