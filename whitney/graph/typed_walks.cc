#include "whitney/graph/typed_walks.h"

#include <algorithm>
#include <optional>
#include <span>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"
#include "whitney/core/nearest_name.h"

namespace whitney::graph {
namespace {

/// The types that some node of the graph has.
std::vector<std::string> names_in_use(const NodeTypes& types, const std::vector<uint32_t>& of_nodes) {
  std::vector<uint8_t> is_used(types.names.size() + 1, 0);
  for (const uint32_t type : of_nodes) is_used[type] = 1;
  std::vector<std::string> names;
  for (size_t type = 0; type < types.names.size(); ++type) {
    if (is_used[type] != 0) names.push_back(types.names[type]);
  }
  return names;
}

/// The type of each node; of those without one, the number of types.
std::vector<uint32_t> types_of_nodes(const Graph& graph, const NodeTypes& types) {
  std::vector<uint32_t> of_nodes;
  for (int64_t v = 0; v < graph.num_nodes(); ++v) {
    const std::optional<int64_t> row = types.ids.find(graph.ids.text(v));
    of_nodes.push_back(row ? types.types[static_cast<size_t>(*row)]
                           : static_cast<uint32_t>(types.names.size()));
  }
  return of_nodes;
}

void check_closed(const std::vector<std::string>& path) {
  std::string written;
  for (const std::string& name : path) written += (written.empty() ? "" : ",") + name;
  if (path.size() < 2)
    throw UsageError(concat("option \"metapath\" is ", written, " (expected: two types at least, as A,B,A)"));
  if (path.front() != path.back()) {
    throw UsageError(concat("option \"metapath\" is ", written,
                            ", which ends with another type than it begins with "
                            "(expected: ",
                            written, ",", path.front(), " or another way back)"));
  }
}

}  // namespace

Metapath metapath_of(const Graph& graph, const NodeTypes& types, const std::vector<std::string>& path,
                     const std::string& method, const Context& context) {
  check_closed(path);
  Metapath result{types_of_nodes(graph, types), {}};
  const std::vector<std::string> names = names_in_use(types, result.node_types);
  for (const std::string& name : path) {
    if (std::ranges::find(names, name) == names.end()) {
      throw UsageError(concat("option \"metapath\" names the type \"", name, "\", which no node has",
                              did_you_mean(name, names)));
    }
    result.path.push_back(static_cast<uint32_t>(std::ranges::find(types.names, name) - types.names.begin()));
  }
  result.path.pop_back();  // the walk goes round
  const auto num_untyped = std::ranges::count(result.node_types, static_cast<uint32_t>(types.names.size()));
  if (num_untyped > 0) {
    context.note(concat(method, ": ", num_untyped, " of ", graph.num_nodes(),
                        " nodes have no type: no walk comes to them"));
  }
  const int64_t num_strangers = types.ids.size() - (graph.num_nodes() - num_untyped);
  if (num_strangers > 0) {
    context.note(concat(method, ": ", num_strangers, " of ", types.ids.size(),
                        " ids with a type are no nodes of the graph"));
  }
  return result;
}

std::string fingerprint_of_types(const Graph& graph, const NodeTypes& types) {
  std::string written;
  for (const uint32_t type : types_of_nodes(graph, types))
    written += (type < types.names.size() ? types.names[type] : "") + "\n";
  return hash64_hex(std::as_bytes(std::span(written)));
}

}  // namespace whitney::graph
