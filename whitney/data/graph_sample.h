#pragma once

#include <cstdint>
#include <string>

#include "whitney/core/api.h"
#include "whitney/data/learner.h"

namespace whitney::data {

/// How many different things there are, from pieces of the data that were looked at: `seen` in any of them,
/// `once` in exactly one piece, `twice` in exactly two. With the number Q0 of those in no piece that Chao
/// 1987 tells, once^2 / (2 twice), expects as many as `factor` times as many pieces would show (Chao et al.
/// 2014, equation 12): what is new in each piece goes on being new, what comes again and again has been seen.
WHITNEY_API double expected_distinct(int64_t seen, int64_t once, int64_t twice, int64_t num_pieces,
                                     double factor);

/// Tells about how large the graph of an edge list is. Looks at the whole of files up to 8 MB; of larger
/// ones at pieces of 64 kB: spread evenly, or the first ones where the file is packed.
DataSize sample_graph(const std::string& path, bool directed);

}  // namespace whitney::data
