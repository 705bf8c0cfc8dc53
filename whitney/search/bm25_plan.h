#pragma once

#include <cstdint>
#include <span>

#include "whitney/search/bm25_walk.h"

namespace whitney::search {

/// How a query is answered: Bm25Walk's scan and max_score, Bm25Wand, Bm25Walk's look_up.
enum class Bm25Plan : uint8_t { kScan, kMaxScore, kWand, kLookUp };

/// Chooses how the k best of num_rows rows are found, by what bm25_bench measured (docs/results.md): its rule
/// takes 1.03 times as long as the best plan of each query would, scans alone 1.08 times, and of equally
/// weighted queries 1.05 and 1.42 times.
Bm25Plan choose_plan(std::span<const Bm25Term> terms, int64_t num_rows, int64_t k);

}  // namespace whitney::search
