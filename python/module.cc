#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "python/module_arrays.h"
#include "python/module_call.h"
#include "python/module_ids.h"
#include "python/module_rooms.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/plug_in.h"
#include "whitney/data/artifact.h"

NB_MODULE(_whitney, module) {
  namespace python = whitney::python;
  module.doc() =
      "The native part of whitney: converts, releases the GIL, calls the library, wraps. Use `import "
      "whitney`.";
  nanobind::exception<whitney::Error>(module, "Error", PyExc_ValueError);
  // The caller may have a torch of their own; two in a process are at odds.
  whitney::keep_plug_in_out("train", "Python trains in a process of its own (whitney.learn)");
  python::bind_call(module);
  python::bind_matrix(module);
  python::bind_ids(module);
  python::bind_columns(module);
  python::bind_arrow(module);
  python::bind_embeddings(module);
  python::bind_codec(module);
  python::bind_graph(module);
  python::bind_partitioned(module);
  python::bind_texts(module);
  python::bind_encoded(module);
  python::bind_ragged(module);
  python::bind_model(module);
  python::bind_index(module);
  python::bind_fusion(module);
  python::bind_recommend(module);
  python::bind_item_model(module);
  python::bind_pinsage(module);
  python::bind_report(module);
  python::bind_registry(module);
  module.def(
      "kind_of_file", [](const std::string& path) { return whitney::Artifact::open(path).kind(); },
      nanobind::arg("path"), "Kind of an artifact: embeddings, table, index, model; empty when foreign.");
  module.def("allow_threads_after_fork", &whitney::allow_threads_after_fork);
}
