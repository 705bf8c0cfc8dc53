#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace whitney::infer {

/// Spreads pieces of so many tokens over batches of about `batch_tokens` or fewer, at least `least_batches`
/// where there are so many pieces: the longest first, each to the lightest batch, so that batches take about
/// the same time. Piece numbers of each batch; a pass over a batch needs no padding, so lengths may mix.
std::vector<std::vector<int64_t>> plan_batches(std::span<const int64_t> lengths, int64_t batch_tokens,
                                               int64_t least_batches);

}  // namespace whitney::infer
