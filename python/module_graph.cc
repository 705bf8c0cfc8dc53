#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_map>

#include "python/module_arrays.h"
#include "python/module_call.h"
#include "python/module_ids.h"
#include "python/module_rooms.h"
#include "whitney/core/error.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"
#include "whitney/data/readers.h"

namespace whitney::python {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

// Numbers integer ids by first appearance: a table where the ids are dense, a map where they are not.
class IntegerNumbering {
 public:
  IntegerNumbering(uint64_t largest, int64_t num_values) {
    if (largest < 8 * static_cast<uint64_t>(num_values) + 1024)
      table_.assign(static_cast<size_t>(largest) + 1, kNone);
  }
  uint32_t number(uint64_t id) {
    uint32_t& number = table_.empty() ? map_.try_emplace(id, kNone).first->second : table_[id];
    if (number == kNone) {
      if (ids_.size() >= kNone) fail("the graph has more than 2^32 - 1 nodes");
      number = static_cast<uint32_t>(ids_.size());
      ids_.push_back(id);
    }
    return number;
  }
  Ids ids() const { return Ids::integers(Array<uint64_t>::copy_of(ids_)); }

 private:
  std::vector<uint32_t> table_;
  std::unordered_map<uint64_t, uint32_t> map_;
  std::vector<uint64_t> ids_;
};

struct NumberedEdges {
  std::vector<uint32_t> sources, targets;
};

uint64_t largest_of(const Array<uint64_t>& values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

void check_lengths(int64_t sources, int64_t targets, int64_t weights, bool weighted) {
  if (sources != targets || (weighted && weights != sources)) {
    fail("edges: ", sources, " sources, ", targets, " targets",
         weighted ? concat(" and ", weights, " weights") : "", ": the arrays must have the same length");
  }
}

// The nodes in `first` come first, with or without edges.
Graph graph_of_integers(nb::handle first, nb::handle sources, nb::handle targets, nb::handle weights,
                        bool directed, const Call& call) {
  const auto nodes = array_view<uint64_t>(first, "ids"), from = array_view<uint64_t>(sources, "sources"),
             to = array_view<uint64_t>(targets, "targets");
  const auto values = array_view<float>(weights, "weights");
  check_lengths(from.size(), to.size(), values.size(), !values.empty());
  return call([&](const Context& context) {
    IntegerNumbering numbering(std::max({largest_of(nodes), largest_of(from), largest_of(to)}),
                               nodes.size() + from.size());
    NumberedEdges edges;
    edges.sources.reserve(static_cast<size_t>(from.size()));
    edges.targets.reserve(static_cast<size_t>(to.size()));
    for (const uint64_t id : nodes) numbering.number(id);
    for (int64_t e = 0; e < from.size(); ++e) {
      edges.sources.push_back(numbering.number(from[e]));
      edges.targets.push_back(numbering.number(to[e]));
    }
    return build_graph(numbering.ids(), {edges.sources, edges.targets, values.span()}, directed, context);
  });
}

std::string_view text_view(nb::handle object, const char* what, size_t place) {
  Py_ssize_t size = 0;
  const char* text = PyUnicode_Check(object.ptr()) ? PyUnicode_AsUTF8AndSize(object.ptr(), &size) : nullptr;
  if (text == nullptr) {
    PyErr_Clear();
    fail("edges: number ", place, " of the ", what, " is ", nb::cast<std::string>(nb::str(nb::repr(object))),
         ", where a string is expected (all ids str, or all int)");
  }
  return {text, static_cast<size_t>(size)};  // as long as the string lives, which its list keeps
}

Graph graph_of_strings(const nb::list& first, const nb::list& sources, const nb::list& targets,
                       nb::handle weights, bool directed, const Call& call) {
  const auto values = array_view<float>(weights, "weights");
  check_lengths(static_cast<int64_t>(sources.size()), static_cast<int64_t>(targets.size()), values.size(),
                !values.empty());
  std::unordered_map<std::string_view, uint32_t> numbers;
  std::vector<std::string> names;
  const auto number = [&](std::string_view id) {
    const auto [place, is_new] = numbers.try_emplace(id, static_cast<uint32_t>(names.size()));
    if (is_new) names.emplace_back(id);
    return place->second;
  };
  NumberedEdges edges;
  for (size_t i = 0; i < first.size(); ++i) number(text_view(first[i], "ids", i));
  for (size_t e = 0; e < sources.size(); ++e) {
    edges.sources.push_back(number(text_view(sources[e], "sources", e)));
    edges.targets.push_back(number(text_view(targets[e], "targets", e)));
  }
  return call([&](const Context& context) {
    return build_graph(Ids::strings(names), {edges.sources, edges.targets, values.span()}, directed, context);
  });
}

Graph graph_of_rows(const Ids& ids, nb::handle sources, nb::handle targets, nb::handle weights, bool directed,
                    const Call& call) {
  const auto from = array_view<uint32_t>(sources, "sources"), to = array_view<uint32_t>(targets, "targets");
  const auto values = array_view<float>(weights, "weights");
  check_lengths(from.size(), to.size(), values.size(), !values.empty());
  return call([&](const Context& context) {
    return build_graph(ids, {from.span(), to.span(), values.span()}, directed, context);
  });
}

// The entries of a CSR matrix as edges; of an undirected graph, those on and above the diagonal.
struct MatrixEdges : NumberedEdges {
  std::vector<float> weights;
};

MatrixEdges edges_of_matrix(const Array<int64_t>& starts, const Array<int64_t>& columns,
                            const Array<float>& weights, bool only_upper) {
  MatrixEdges edges;
  for (int64_t row = 0; row + 1 < starts.size(); ++row) {
    if (starts[row] < 0 || starts[row] > starts[row + 1] || starts[row + 1] > columns.size())
      fail("the sparse matrix is damaged: row ", row, " begins at entry ", starts[row]);
    for (int64_t entry = starts[row]; entry < starts[row + 1]; ++entry) {
      const int64_t column = columns[entry];
      if (column < 0 || column + 1 >= starts.size())
        fail("the sparse matrix is no square: row ", row, " has an entry in column ", column, " of ",
             starts.size() - 1);
      if ((only_upper && column < row) || (!weights.empty() && weights[entry] == 0)) continue;
      edges.sources.push_back(static_cast<uint32_t>(row));
      edges.targets.push_back(static_cast<uint32_t>(column));
      if (!weights.empty()) edges.weights.push_back(weights[entry]);
    }
  }
  return edges;
}

Graph graph_of_edges(const Ids& ids, const MatrixEdges& edges, bool directed, const Context& context) {
  return build_graph(ids, {edges.sources, edges.targets, edges.weights}, directed, context);
}

// An undirected graph stores an edge in both rows, and so does a symmetric matrix: the two must agree.
void check_symmetric(const Graph& graph, const Graph& all) {
  for (int64_t row = 0; row < all.num_nodes(); ++row) {
    const auto here = all.neighbors(row), there = graph.neighbors(row);
    const auto weights_here = all.neighbor_weights(row), weights_there = graph.neighbor_weights(row);
    if (std::equal(here.begin(), here.end(), there.begin(), there.end()) &&
        std::equal(weights_here.begin(), weights_here.end(), weights_there.begin(), weights_there.end()))
      continue;
    fail("the sparse matrix is not symmetric: row ", row, " differs from column ", row,
         "; pass directed=True, or a matrix with both (A + A.T)");
  }
}

Graph graph_of_matrix(const Ids& ids, nb::handle starts, nb::handle columns, nb::handle weights,
                      bool directed, const Call& call) {
  const auto begin = array_view<int64_t>(starts, "indptr"), to = array_view<int64_t>(columns, "indices");
  const auto values = array_view<float>(weights, "data");
  return call([&](const Context& context) {
    Graph all = graph_of_edges(ids, edges_of_matrix(begin, to, values, false), true, context);
    if (directed) return all;
    Graph graph = graph_of_edges(ids, edges_of_matrix(begin, to, values, true), false, context);
    check_symmetric(graph, all);
    return graph;
  });
}

Graph read_graph_file(const std::string& path, bool directed, std::optional<bool> weighted,
                      const Call& call) {
  return call([&](const Context& context) { return read_edge_list(path, {directed, weighted}, context); });
}

}  // namespace

void bind_graph(nb::module_& module) {
  nb::class_<Graph>(module, "Graph", "A graph as CSR over nodes with any ids.")
      .def_static("read", &read_graph_file, nb::arg("path"), nb::arg("directed"), nb::arg("weighted").none(),
                  nb::arg("call"))
      .def_static("from_integers", &graph_of_integers, nb::arg("ids"), nb::arg("sources"), nb::arg("targets"),
                  nb::arg("weights"), nb::arg("directed"), nb::arg("call"))
      .def_static("from_strings", &graph_of_strings, nb::arg("ids"), nb::arg("sources"), nb::arg("targets"),
                  nb::arg("weights"), nb::arg("directed"), nb::arg("call"))
      .def_static("from_rows", &graph_of_rows, nb::arg("ids"), nb::arg("sources"), nb::arg("targets"),
                  nb::arg("weights"), nb::arg("directed"), nb::arg("call"),
                  "Of edges between the rows of ids, uint32.")
      .def_static("from_matrix", &graph_of_matrix, nb::arg("ids"), nb::arg("indptr"), nb::arg("indices"),
                  nb::arg("data"), nb::arg("directed"), nb::arg("call"))
      .def_ro("ids", &Graph::ids)
      .def_ro("directed", &Graph::directed)
      .def_prop_ro("weighted", &Graph::weighted)
      .def_prop_ro("num_nodes", &Graph::num_nodes)
      .def_prop_ro("num_edges", &Graph::num_edges)
      .def_prop_ro("offsets", [](const Graph& graph) { return numpy_view(graph.offsets); })
      .def_prop_ro("targets", [](const Graph& graph) { return numpy_view(graph.targets); })
      .def_prop_ro("weights", [](const Graph& graph) { return numpy_view(graph.weights); });
}

}  // namespace whitney::python
