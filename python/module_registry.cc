#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <array>

#include "python/module_call.h"
#include "python/module_rooms.h"
#include "python/module_values.h"
#include "whitney/core/error.h"
#include "whitney/core/prepare_run.h"
#include "whitney/core/registry.h"
#include "whitney/data/learner.h"
#include "whitney/linalg/simd.h"

namespace whitney::python {
namespace {

constexpr std::array kVerbs = {Verb::kLearn, Verb::kEncode,   Verb::kCompress,
                               Verb::kIndex, Verb::kEvaluate, Verb::kDiagnose};

Verb verb_named(const std::string& name) {
  std::string known;
  for (const Verb verb : kVerbs) {
    if (name_of(verb) == name) return verb;
    known += concat(known.empty() ? "" : ", ", name_of(verb));
  }
  throw UsageError(concat("there is no verb \"", name, "\" (known: ", known, ")"));
}

nb::dict dict_of(const Method& method) {
  nb::dict result;
  result["verb"] = nb::str(std::string(name_of(method.verb)).c_str());
  result["name"] = method.info.name;
  result["class_name"] = method.info.class_name;
  result["summary"] = method.info.summary;
  result["description"] = method.info.description;
  result["source"] = method.info.source;
  result["example"] = method.info.example;
  result["part"] = method.info.part;
  result["options"] = list_from(method.options);
  return result;
}

nb::list methods() {
  nb::list list;
  for (const Method* method : Registry::instance().all()) list.append(dict_of(*method));
  return list;
}

/// Of a graph or of texts.
template <class Data>
Learned learn_from(const std::string& method, const Data& read, const nb::dict& options, const Call& call) {
  const Value given = value_from(options, concat("options of ", method));
  // The learner reads a variant; a graph's arrays are shared with it, not copied.
  const Dataset data = read;
  return call([&](const Context& context) { return run_learner(method, data, given, context); });
}

std::string input_of(const std::string& method) {
  switch (learner_of(Registry::instance().get(Verb::kLearn, method)).input()) {
    case DataKind::kGraph:
      return "graph";
    case DataKind::kCorpus:
      return "corpus";
    case DataKind::kTable:
      return "table";
    case DataKind::kInteractions:
      return "interactions";
  }
  return "";
}

std::string output_of(const std::string& method) {
  const LearnedKind kind = learner_of(Registry::instance().get(Verb::kLearn, method)).output();
  if (kind == LearnedKind::kModel) return "model";
  if (kind == LearnedKind::kItemModel) return "item_model";
  return kind == LearnedKind::kTable ? "table" : "embeddings";
}

nb::dict info() {
  const Context context;
  nb::dict result;
  result["version"] = kVersion;
  result["simd_level"] = simd_level();
  result["simd_levels"] = simd_levels();
  result["threads"] = context.num_threads();
  result["cores_allowed"] = allowed_cpus();
  result["memory_allowed_bytes"] = allowed_memory_bytes();
  result["methods"] = Registry::instance().all().size();
  return result;
}

}  // namespace

void bind_registry(nb::module_& module) {
  module.attr("version") = kVersion;
  module.def("methods", &methods, "Every method's declaration.");
  module.def("info", &info, "Version, SIMD level, threads, and what the container allows.");
  module.def(
      "require_method",
      [](const std::string& verb, const std::string& name) {
        Registry::instance().get(verb_named(verb), name);
      },
      nb::arg("verb"), nb::arg("name"), "Throws Error, with the nearest known name, when there is none.");
  module.def(
      "resolve_options",
      [](const std::string& verb, const std::string& name, const nb::dict& given) {
        const Method& method = Registry::instance().get(verb_named(verb), name);
        return object_from(resolve_options(method, value_from(given, concat("options of ", name))));
      },
      nb::arg("verb"), nb::arg("name"), nb::arg("given"));
  module.def("learner_input", &input_of, nb::arg("method"), "\"graph\", \"corpus\" or \"table\".");
  module.def("learner_output", &output_of, nb::arg("method"), "\"embeddings\" or \"table\".");
  module.def("learn_graph", &learn_from<Graph>, nb::arg("method"), nb::arg("graph"), nb::arg("options"),
             nb::arg("call"));
  module.def("learn_corpus", &learn_from<Corpus>, nb::arg("method"), nb::arg("corpus"), nb::arg("options"),
             nb::arg("call"));
}

}  // namespace whitney::python
