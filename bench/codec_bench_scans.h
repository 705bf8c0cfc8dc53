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

/// Prints how fast single queries search the base repeated until its float32 take 800 MB: float32 and codes
/// of falling size, beside the peer's (which holds as many rows) and what memory reads at most.
void compare_scans(const CodecData& data, PythonPeer& peer);

}  // namespace whitney::bench
