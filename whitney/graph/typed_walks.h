#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/data/graph.h"
#include "whitney/data/node_types.h"
#include "whitney/graph/random_walks.h"

namespace whitney::graph {

/// Makes the rule of walks along a metapath, A,B,A for instance, whose last type is the first again: a walk
/// goes A B A B ... (Dong, Chawla, Swami: metapath2vec, KDD 2017). Nodes without a type are on no walk; how
/// many they are, and how many typed ids are no nodes, notes of `method` say. Throws UsageError when the
/// metapath has fewer than two types, does not end with its first, or names a type that no node has.
Metapath metapath_of(const Graph& graph, const NodeTypes& types, const std::vector<std::string>& path,
                     const std::string& method, const Context& context);

/// The types of a graph's nodes by their ids: equal ones for equal types, whatever the order of the file.
std::string fingerprint_of_types(const Graph& graph, const NodeTypes& types);

}  // namespace whitney::graph
