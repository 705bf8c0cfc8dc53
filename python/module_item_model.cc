#include <nanobind/stl/string.h>

#include "python/module_call.h"
#include "python/module_rooms.h"
#include "python/module_values.h"
#include "whitney/core/error.h"
#include "whitney/data/item_model.h"
#include "whitney/data/recommender_model.h"
#include "whitney/infer/pinsage_model.h"

namespace whitney::python {
namespace {

Embeddings embed(const ItemModel& model, const Interactions& events, const Embeddings& features,
                 const Call& call) {
  return call([&](const Context& context) {
    const infer::PinSageModel embedder(model);
    return embedder.embed(events.items, infer::features_of_items(events.items, features, context),
                          graph::item_contexts(history_of(events), context), context);
  });
}

}  // namespace

void bind_item_model(nb::module_& module) {
  module.def(
      "holds_item_model", [](const std::string& path) { return holds_item_model(Artifact::open(path)); },
      nb::arg("path"));
  nb::class_<ItemModel>(module, "ItemModel", "A trained model that embeds items.")
      .def_static(
          "open", [](const std::string& path) { return load_item_model(path); }, nb::arg("path"))
      .def(
          "save",
          [](const ItemModel& self, const std::string& path, bool force, const Call& call) {
            call([&](const Context& context) { save_item_model(self, path, force, context); });
          },
          nb::arg("path"), nb::arg("force"), nb::arg("call"))
      .def("embed", &embed, nb::arg("events"), nb::arg("features"), nb::arg("call"))
      .def_prop_ro("items", [](const ItemModel& self) { return self.items; })
      .def_ro("form", &ItemModel::form)
      .def_prop_ro("settings", [](const ItemModel& self) { return object_from(self.settings); })
      .def_prop_ro("record", [](const ItemModel& self) { return object_from(self.items.record); });
}

}  // namespace whitney::python
