#include "python/module_texts.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include "python/module_call.h"
#include "python/module_ids.h"
#include "python/module_rooms.h"
#include "whitney/core/error.h"
#include "whitney/data/readers.h"

namespace whitney::python {
namespace {

void check_ids(const Corpus& corpus) {
  if (corpus.ids.size() != std::ssize(corpus.texts))
    fail(corpus.ids.size(), " ids for ", corpus.texts.size(), " texts");
  if (const auto twice = corpus.ids.first_duplicate()) {
    fail("the id \"", corpus.ids.text(twice->second), "\" stands twice, in rows ", twice->first, " and ",
         twice->second);
  }
}

// Files may hold bytes that are no UTF-8; the library reads them as U+FFFD, too.
nb::object str_of(const std::string& text) {
  return nb::steal(PyUnicode_DecodeUTF8(text.data(), std::ssize(text), "replace"));
}

nb::list texts_as_list(const Corpus& corpus) {
  nb::list list;
  for (const std::string& text : corpus.texts) list.append(str_of(text));
  return list;
}

}  // namespace

std::vector<std::string_view> texts_of(const nb::list& list) {
  std::vector<std::string_view> texts;
  texts.reserve(list.size());
  for (size_t i = 0; i < list.size(); ++i) {
    const nb::handle text = list[i];
    if (!PyUnicode_Check(text.ptr())) {
      fail("text number ", i, " is ", nb::cast<std::string>(nb::str(nb::repr(text))), ", a ",
           nb::cast<std::string>(nb::str(nb::type_name(text.type()))), ", and a str is expected");
    }
    Py_ssize_t size = 0;
    const char* bytes = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
    if (bytes == nullptr) {
      PyErr_Clear();
      fail("text number ", i, " is no text: ", nb::cast<std::string>(nb::str(nb::repr(text))),
           " has half of a surrogate pair");
    }
    texts.emplace_back(bytes, size);
  }
  return texts;
}

Corpus corpus_of(const Ids& ids, const nb::list& texts) {
  const std::vector<std::string_view> views = texts_of(texts);
  Corpus corpus{ids, {views.begin(), views.end()}};
  check_ids(corpus);
  return corpus;
}

void bind_texts(nb::module_& module) {
  nb::class_<Corpus>(module, "Corpus", "Texts with ids.")
      .def(
          "__init__",
          [](Corpus* self, const Ids& ids, const nb::list& texts) {
            new (self) Corpus(corpus_of(ids, texts));
          },
          nb::arg("ids"), nb::arg("texts"))
      .def_static(
          "read",
          [](const std::string& path, const std::optional<std::string>& id_field,
             const std::string& text_field, const Call& call) {
            return call([&](const Context& context) {
              Corpus corpus = read_corpus(path, {id_field}, text_field, context);
              check_ids(corpus);
              return corpus;
            });
          },
          nb::arg("path"), nb::arg("id_field").none(), nb::arg("text_field"), nb::arg("call"))
      .def_ro("ids", &Corpus::ids)
      .def("__len__", [](const Corpus& corpus) { return corpus.texts.size(); })
      .def("texts", &texts_as_list)
      .def(
          "text", [](const Corpus& corpus, size_t row) { return str_of(corpus.texts.at(row)); },
          nb::arg("row"));
}

}  // namespace whitney::python
