#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/eval/item_scores.h"

namespace whitney::eval {

/// A query and an item that answers it, by rows.
struct ItemPair {
  uint32_t query = 0, answer = 0;
};

/// Gives each pair the rank, from 1, of its answer among all items but the query, best score first, of equal
/// scores the lower row first. Queries are scored once, whatever the number of their pairs, and their scores
/// are compared where they are made: no ranking is sorted. The same at any number of threads. Throws Error
/// for a row beyond the items and for an item that answers itself.
WHITNEY_API std::vector<int64_t> answer_ranks(const ItemScores& scores, std::span<const ItemPair> pairs,
                                              const Context& context);

}  // namespace whitney::eval
