#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "python/module_call.h"
#include "python/module_rooms.h"
#include "python/module_values.h"
#include "whitney/core/report.h"
#include "whitney/eval/task.h"

namespace whitney::python {
namespace {

Verb verb_of(const std::string& name) {
  return name == name_of(Verb::kDiagnose) ? Verb::kDiagnose : Verb::kEvaluate;
}

Report run(const std::string& verb, const std::string& task, const std::vector<std::string>& paths,
           const nb::dict& options, const Call& call) {
  const Value given = value_from(options, concat("options of ", task));
  return call([&](const Context& context) { return evaluate(verb_of(verb), task, paths, given, context); });
}

}  // namespace

void bind_report(nb::module_& module) {
  nb::class_<Report>(module, "Report", "Figures with names and units, in rows.")
      .def_ro("title", &Report::title)
      .def_ro("notes", &Report::notes)
      .def("to_text", &Report::to_text, "An aligned table for people.")
      .def(
          "to_dict", [](const Report& report) { return object_from(report.to_value()); },
          "title, rows of labels and figures, notes.");
  module.def("evaluate", &run, nb::arg("verb"), nb::arg("task"), nb::arg("paths"), nb::arg("options"),
             nb::arg("call"));
  module.def(
      "task_inputs",
      [](const std::string& verb, const std::string& task, size_t count) {
        return names_of_inputs(verb_of(verb), task, count);
      },
      nb::arg("verb"), nb::arg("task"), nb::arg("count"),
      "Names of so many input files of a task, in order.");
}

}  // namespace whitney::python
