#include <nanobind/stl/string.h>

#include <span>
#include <utility>

#include "python/module_arrays.h"
#include "python/module_call.h"
#include "python/module_rooms.h"
#include "python/module_values.h"
#include "whitney/core/error.h"
#include "whitney/data/item_model.h"
#include "whitney/data/recommender_model.h"
#include "whitney/infer/pinsage_model.h"

namespace whitney::python {
namespace {

using infer::Convolve;
using infer::PinSageModel;

const Convolve& layer_of(const PinSageModel& model, int64_t layer) {
  const int64_t count = std::ssize(model.layers());
  if (layer < 0 || layer >= count) fail("there is no layer ", layer, ": the model has ", count);
  return model.layers()[static_cast<size_t>(layer)];
}

/// (offsets, columns, weights, degrees) of the items of events: neighbourhoods as CSR; empty without layers.
nb::tuple surroundings(const PinSageModel& model, const Interactions& events, const Call& call) {
  SparseMatrix rows;
  std::vector<float> degrees;
  call([&](const Context& context) {
    const graph::ItemContexts graph = graph::item_contexts(history_of(events), context);
    degrees = infer::pinsage_degrees(graph);
    if (model.layers().empty())
      rows.offsets.assign(static_cast<size_t>(graph.num_items()) + 1, 0);
    else
      rows = infer::pinsage_neighborhoods(graph, model.settings(), context);
  });
  return nb::make_tuple(numpy_own(std::move(rows.offsets)), numpy_own(std::move(rows.columns)),
                        numpy_own(std::move(rows.weights)), numpy_own(std::move(degrees)));
}

Matrix combine(const PinSageModel& model, int64_t layer, nb::handle offsets, nb::handle columns,
               nb::handle weights, const Matrix& projected, const Matrix& own, const Call& call) {
  const auto starts = array_view<int64_t>(offsets, "offsets");
  const auto places = array_view<uint32_t>(columns, "columns");
  const auto shares = array_view<float>(weights, "weights");
  const SparseView view{starts.size() - 1, projected.rows(), starts.span(), places.span(), shares.span()};
  return call(
      [&](const Context& context) { return layer_of(model, layer).combine(context, view, projected, own); });
}

/// Writes a model of weights that were trained elsewhere, by name; what does not fit is an Error.
void save_pinsage(const std::string& path, const Embeddings& items, const nb::dict& settings,
                  const nb::dict& weights, const Call& call) {
  ItemModel model{items, std::string(infer::kPinSageForm), value_from(settings, "settings of pinsage")};
  for (const auto& [name, values] : weights)
    model.weights.push_back({nb::cast<std::string>(name), nb::cast<Matrix>(values)});
  call([&](const Context& context) {
    const PinSageModel checked(model);
    save_item_model(model, path, false, context);
  });
}

}  // namespace

void bind_pinsage(nb::module_& module) {
  module.def("save_pinsage", &save_pinsage, nb::arg("path"), nb::arg("items"), nb::arg("settings"),
             nb::arg("weights"), nb::arg("call"));
  nb::class_<PinSageModel>(module, "PinSageModel", "A trained PinSage in the pieces that Spark's tasks run.")
      .def_static(
          "open", [](const std::string& path) { return PinSageModel(load_item_model(path)); },
          nb::arg("path"))
      .def_prop_ro("num_layers", [](const PinSageModel& self) { return self.layers().size(); })
      .def_prop_ro("num_hidden", [](const PinSageModel& self) { return self.settings().hidden; })
      .def_prop_ro("num_features", [](const PinSageModel& self) { return self.settings().features; })
      .def(
          "embed",
          [](const PinSageModel& self, const Matrix& features, const Interactions& events, const Call& call) {
            return call([&](const Context& context) {
              return self.embed(features, graph::item_contexts(history_of(events), context), context);
            });
          },
          nb::arg("features"), nb::arg("events"), nb::arg("call"))
      .def("surroundings", &surroundings, nb::arg("events"), nb::arg("call"))
      .def(
          "inputs",
          [](const PinSageModel& self, const Matrix& features, nb::handle degrees, const Call& call) {
            const auto values = array_view<float>(degrees, "degrees");
            return call(
                [&](const Context& context) { return self.inputs(features, values.span(), context); });
          },
          nb::arg("features"), nb::arg("degrees"), nb::arg("call"))
      .def(
          "project",
          [](const PinSageModel& self, int64_t layer, const Matrix& h, const Call& call) {
            return call([&](const Context& context) { return layer_of(self, layer).project(context, h); });
          },
          nb::arg("layer"), nb::arg("h"), nb::arg("call"))
      .def(
          "own_part",
          [](const PinSageModel& self, int64_t layer, const Matrix& h, const Call& call) {
            return call([&](const Context& context) { return layer_of(self, layer).own_part(context, h); });
          },
          nb::arg("layer"), nb::arg("h"), nb::arg("call"))
      .def("combine", &combine, nb::arg("layer"), nb::arg("offsets"), nb::arg("columns"), nb::arg("weights"),
           nb::arg("projected"), nb::arg("own"), nb::arg("call"))
      .def(
          "finish",
          [](const PinSageModel& self, const Matrix& h, const Call& call) {
            return call([&](const Context& context) { return self.finish(h, context); });
          },
          nb::arg("h"), nb::arg("call"));
}

}  // namespace whitney::python
