#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include "python/module_arrays.h"
#include "python/module_call.h"
#include "python/module_rooms.h"
#include "python/module_values.h"
#include "whitney/core/prepare_run.h"
#include "whitney/core/registry.h"
#include "whitney/graph/partitioned_align.h"
#include "whitney/graph/partitioned_steps.h"

namespace whitney::python {
namespace {

using graph::PartGraph;
using graph::PartitionedOptions;
using graph::PartitionPlan;
using graph::Piece;

const Method& method_partitioned() { return Registry::instance().get(Verb::kLearn, "partitioned"); }

PartitionedOptions options_of(const nb::dict& given) {
  return options_from<PartitionedOptions>(
      resolve_options(method_partitioned(), value_from(given, "options of partitioned")));
}

template <class T>
std::vector<T> vector_of(nb::handle array, const char* what) {
  const Array<T> values = array_view<T>(array, what);
  return {values.span().begin(), values.span().end()};
}

template <class T>
nb::object numpy_of(const std::vector<T>& values) {
  return numpy_from(values, {values.size()});
}

PartGraph part_graph(const std::optional<Ids>& ids, nb::handle offsets, nb::handle targets,
                     nb::handle weights, bool directed, nb::handle rows, nb::handle is_core) {
  return {.graph = {.ids = ids.value_or(Ids()),
                    .offsets = array_view<int64_t>(offsets, "offsets"),
                    .targets = array_view<uint32_t>(targets, "targets"),
                    .weights = array_view<float>(weights, "weights"),
                    .directed = directed},
          .rows = vector_of<uint32_t>(rows, "rows"),
          .is_core = vector_of<uint8_t>(is_core, "is_core")};
}

Matrix align(const PartGraph& part, const Matrix& vectors, nb::handle frame_rows, const Matrix& frame_vectors,
             const nb::dict& given, const Call& call) {
  const graph::Frame frame{vector_of<uint32_t>(frame_rows, "frame_rows"), graph::reader_of(frame_vectors),
                           options_of(given).map};
  return call([&](const Context& context) { return graph::align_part(part, vectors, frame, context); });
}

void bind_pieces(nb::module_& module) {
  nb::class_<PartGraph>(module, "PartGraph", "A piece of a graph: CSR, rows in the whole, which are its own.")
      .def(
          "__init__",
          [](PartGraph* self, const std::optional<Ids>& ids, nb::handle offsets, nb::handle targets,
             nb::handle weights, bool directed, nb::handle rows, nb::handle is_core) {
            new (self) PartGraph(part_graph(ids, offsets, targets, weights, directed, rows, is_core));
          },
          nb::arg("ids").none(), nb::arg("offsets"), nb::arg("targets"), nb::arg("weights"),
          nb::arg("directed"), nb::arg("rows"), nb::arg("is_core"))
      .def_prop_ro("ids", [](const PartGraph& part) { return part.graph.ids; })
      .def_prop_ro("offsets", [](const PartGraph& part) { return numpy_view(part.graph.offsets); })
      .def_prop_ro("targets", [](const PartGraph& part) { return numpy_view(part.graph.targets); })
      .def_prop_ro("weights", [](const PartGraph& part) { return numpy_view(part.graph.weights); })
      .def_prop_ro("directed", [](const PartGraph& part) { return part.graph.directed; })
      .def_prop_ro("rows", [](const PartGraph& part) { return numpy_of(part.rows); })
      .def_prop_ro(
          "is_core", [](const PartGraph& part) { return numpy_of(part.is_core); },
          "1 for its own nodes, 0 for others; empty: all are its own.");
  nb::class_<Piece>(module, "Piece", "One graph that is embedded by itself, and how.")
      .def(
          "__init__",
          [](Piece* self, std::string what, uint64_t seed, int64_t column, int64_t columns, bool normalize,
             const PartGraph& part) {
            new (self) Piece{std::move(what), seed, column, columns, normalize, part};
          },
          nb::arg("what"), nb::arg("seed"), nb::arg("column"), nb::arg("columns"), nb::arg("normalize"),
          nb::arg("part"))
      .def_ro("what", &Piece::what)
      .def_ro("seed", &Piece::seed)
      .def_ro("column", &Piece::column)
      .def_ro("columns", &Piece::columns)
      .def_ro("normalize", &Piece::normalize)
      .def_ro("part", &Piece::part);
}

void bind_plan(nb::module_& module) {
  nb::class_<PartitionPlan>(module, "PartitionPlan", "What a partitioned embedding embeds, level by level.")
      .def(
          "__init__",
          [](PartitionPlan* self, const Graph& graph, const nb::dict& given, const Call& call) {
            const Method& method = method_partitioned();
            const Value options = value_from(given, "options of partitioned");
            call([&](const Context& context) {
              const auto resolved =
                  options_from<PartitionedOptions>(prepare_options(method, options, context));
              new (self) PartitionPlan(graph, resolved, context);
            });
          },
          nb::arg("graph"), nb::arg("options"), nb::arg("call"))
      .def_prop_ro("is_whole", &PartitionPlan::is_whole)
      .def_prop_ro("dim", &PartitionPlan::dim)
      .def_prop_ro("level", &PartitionPlan::level)
      .def_prop_ro("num_pieces", &PartitionPlan::num_pieces)
      .def_prop_ro(
          "part_of", [](const PartitionPlan& plan) { return numpy_of(plan.part_of()); },
          "n uint32: the part of level 0 of each node.")
      .def_prop_ro("levels", [](const PartitionPlan& plan) { return object_from(Value(plan.levels())); })
      .def(
          "piece",
          [](const PartitionPlan& plan, int64_t part, const Call& call) {
            return call([&](const Context& context) { return plan.piece(part, context); });
          },
          nb::arg("part"), nb::arg("call"))
      .def(
          "frame",
          [](const PartitionPlan& plan, const Call& call) {
            return call([&](const Context& context) { return plan.frame(context); });
          },
          nb::arg("call"), "The nodes to which parts are taken; None: there are none.")
      .def(
          "next_level",
          [](PartitionPlan& plan, const Call& call) {
            return call([&](const Context& context) { return plan.next_level(context); });
          },
          nb::arg("call"), "Goes on to the border's graph; False: there is none.")
      .def(
          "neighborhood",
          [](const PartitionPlan& plan, uint32_t part, const Call& call) {
            return call(
                [&](const Context&) { return graph::neighborhood(plan.graph(), plan.part_of(), part); });
          },
          nb::arg("part"), nb::arg("call"), "What smoothing a part's vectors looks at.");
}

}  // namespace

void bind_partitioned(nb::module_& module) {
  bind_pieces(module);
  bind_plan(module);
  module.def(
      "embed_piece",
      [](const Piece& piece, const nb::dict& given, const Call& call) {
        const PartitionedOptions options = options_of(given);
        return call([&](const Context& context) { return graph::embed_piece(options, piece, context); });
      },
      nb::arg("piece"), nb::arg("options"), nb::arg("call"), "A vector for each of its nodes.");
  module.def("align_part", &align, nb::arg("part"), nb::arg("vectors"), nb::arg("frame_rows"),
             nb::arg("frame_vectors"), nb::arg("options"), nb::arg("call"),
             "Its own nodes' vectors, taken to the frame.");
  module.def(
      "smooth_part",
      [](const PartGraph& neighborhood, const Matrix& vectors, const Call& call) {
        return call(
            [&](const Context& context) { return graph::smooth_part(neighborhood, vectors, context); });
      },
      nb::arg("neighborhood"), nb::arg("vectors"), nb::arg("call"),
      "One pass of smoothing for its own nodes.");
}

}  // namespace whitney::python
