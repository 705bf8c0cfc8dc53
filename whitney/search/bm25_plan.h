#pragma once

#include <cstdint>
#include <span>

#include "whitney/search/bm25_walk.h"

namespace whitney::search {

/// How a query is answered: Bm25Walk's scan and max_score, Bm25Wand, Bm25Walk's look_up.
enum class Bm25Plan : uint8_t { kScan, kMaxScore, kWand, kLookUp };

/// Chooses how the k best of num_rows rows are found when none, or few, are kept out. The terms: rare ones
/// first.
Bm25Plan choose_plan(std::span<const Bm25Term> terms, int64_t num_rows, int64_t k);

}  // namespace whitney::search
