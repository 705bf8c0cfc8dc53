#pragma once

#include <string>

#include "bench/python_peer.h"
#include "whitney/core/matrix.h"
#include "whitney/core/value.h"
#include "whitney/linalg/exact_search.h"

namespace whitney::bench {

/// Vectors, queries and each query's true neighbours.
struct CodecData {
  std::string name;
  Matrix base, queries;
  Neighbors truth;
};

/// Whether the case of this name is to be run.
bool is_wanted(const std::string& name);
std::string options_text(const Value& options);

/// Prints how fast single queries search float32 and codes of falling size, beside the peer's of as many rows
/// and what memory reads at most. The base is doubled until each one's own bytes are at least one and
/// a half of the last cache.
void compare_scans(const CodecData& data, PythonPeer& peer);

}  // namespace whitney::bench
