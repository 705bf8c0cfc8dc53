#include "whitney/text/skip_gram_noise.h"

#include <cmath>
#include <numeric>

namespace whitney::text {

BlockNoise::BlockNoise(std::span<const int64_t> counts, double exponent, const BlockLayout& layout)
    : block_rows_(layout.block_rows),
      shares_(static_cast<size_t>(layout.num_blocks)),
      slots_(static_cast<size_t>(layout.num_rows())) {
  std::vector<double> weights(slots_.size());
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) weights[layout.row_of[i]] = std::pow(static_cast<double>(counts[i]), exponent);
  }
  AliasScratch scratch;
  double total = 0;
  for (size_t b = 0; b < shares_.size(); ++b) {
    const auto rows = static_cast<size_t>(block_rows_);
    const std::span<const double> block = std::span(weights).subspan(b * rows, rows);
    shares_[b] = std::accumulate(block.begin(), block.end(), 0.0);
    total += shares_[b];
    fill_alias_slots(block, std::span(slots_).subspan(b * rows, rows), scratch);
  }
  for (double& share : shares_) share = total > 0 ? share / total : 0;
}

}  // namespace whitney::text
