#pragma once

#include <span>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"

namespace whitney {

/// Embeddings, and what a report calls them.
struct NamedEmbeddings {
  std::string name;
  Embeddings embeddings;
};

namespace eval {

/// Copies the vectors of a graph's nodes, in the order of the nodes, as float32. Vectors of no node are left
/// out and counted in a note. Throws Error that names the first node without a vector.
WHITNEY_API Matrix vectors_of_nodes(const Embeddings& embeddings, const Graph& graph, const Context& context);

/// Reads several files of embeddings. Each is called by the method in its record; without one, or where two
/// have the same, by the file's name without its extension.
WHITNEY_API std::vector<NamedEmbeddings> read_named(std::span<const std::string> paths,
                                                    const Context& context);

}  // namespace eval
}  // namespace whitney
