#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/alias_table.h"
#include "whitney/core/api.h"
#include "whitney/text/skip_gram_blocks.h"

namespace whitney::text {

/// The law of noise, q(c) ~ count(c)^exponent, cut by the blocks of a layout: a block's share of q, and draws
/// within a block. Draws of block j in share(j) of the cases are draws of q.
class WHITNEY_API BlockNoise {
 public:
  BlockNoise(std::span<const int64_t> counts, double exponent, const BlockLayout& layout);

  double share(int64_t block) const { return shares_[static_cast<size_t>(block)]; }
  /// Gives a row of the block.
  uint32_t draw(int64_t block, uint64_t random) const {
    const std::span<const AliasSlot> slots(slots_.data() + block * block_rows_,
                                           static_cast<size_t>(block_rows_));
    return static_cast<uint32_t>(block * block_rows_) + draw_alias(slots, random);
  }

 private:
  int64_t block_rows_;
  std::vector<double> shares_;
  std::vector<AliasSlot> slots_;
};

}  // namespace whitney::text
