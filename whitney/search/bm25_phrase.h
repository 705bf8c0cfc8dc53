#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/search/bm25_index.h"
#include "whitney/text/analyzer.h"

namespace whitney::search {

/// The rows, ascending, in whose text the terms stand at the distances of their positions. A phrase of one
/// term needs no positions. Only the first ones where time is up. Throws Error where the index has none.
std::vector<uint32_t> rows_of_phrase(const Bm25Parts& parts, std::span<const text::Token> phrase,
                                     DeadlineWatch& watch);

}  // namespace whitney::search
