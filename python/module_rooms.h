#pragma once

#include <nanobind/nanobind.h>

namespace whitney::python {

namespace nb = nanobind;

/// Each adds its classes and functions to the module.
void bind_columns(nb::module_& module);
void bind_arrow(nb::module_& module);
void bind_embeddings(nb::module_& module);
void bind_codec(nb::module_& module);
void bind_encoded(nb::module_& module);
void bind_ragged(nb::module_& module);
void bind_graph(nb::module_& module);
void bind_partitioned(nb::module_& module);
void bind_texts(nb::module_& module);
void bind_model(nb::module_& module);
void bind_index(nb::module_& module);
void bind_fusion(nb::module_& module);
void bind_recommend(nb::module_& module);
void bind_item_model(nb::module_& module);
void bind_pinsage(nb::module_& module);
void bind_report(nb::module_& module);
void bind_registry(nb::module_& module);

}  // namespace whitney::python
