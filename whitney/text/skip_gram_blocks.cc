#include "whitney/text/skip_gram_blocks.h"

#include <algorithm>
#include <numeric>

namespace whitney::text {

int64_t num_blocks_for(int64_t n) {
  // Below this many rows a block's rounds are over before threads have met.
  constexpr int64_t kFewestRows = 64, kMostBlocks = 16;
  int64_t blocks = 1;
  while (blocks < kMostBlocks && n >= 2 * blocks * kFewestRows) blocks *= 2;
  return blocks;
}

BlockLayout deal_blocks(std::span<const int64_t> counts, int64_t num_blocks) {
  const auto n = std::ssize(counts);
  std::vector<uint32_t> order(counts.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return counts[a] > counts[b]; });
  BlockLayout layout{num_blocks, (n + num_blocks - 1) / num_blocks, std::vector<uint32_t>(counts.size())};
  for (int64_t rank = 0; rank < n; ++rank) {
    const int64_t deal = rank / num_blocks, seat = rank % num_blocks;
    const int64_t block = deal % 2 == 0 ? seat : num_blocks - 1 - seat;
    layout.row_of[order[static_cast<size_t>(rank)]] = static_cast<uint32_t>(block * layout.block_rows + deal);
  }
  return layout;
}

namespace {

// The circle method: seat 0 stays, the others move on by one each round.
std::vector<CellTask> matches(int64_t num_blocks, int64_t round) {
  std::vector<CellTask> tasks;
  const int64_t circle = num_blocks - 1;
  for (int64_t i = 0; i < num_blocks / 2; ++i) {
    const int64_t a = i == 0 ? circle : (round + i) % circle, b = (round + circle - i) % circle;
    tasks.push_back({{a, b}, {b, a}});
  }
  return tasks;
}

}  // namespace

std::vector<std::vector<CellTask>> cell_rounds(int64_t num_blocks, bool one_table) {
  std::vector<std::vector<CellTask>> rounds;
  for (int64_t r = 0; r < (one_table ? num_blocks - 1 : num_blocks); ++r) {
    if (one_table) {
      rounds.push_back(matches(num_blocks, r));
      continue;
    }
    std::vector<CellTask>& tasks = rounds.emplace_back();
    for (int64_t i = 0; i < num_blocks; ++i) tasks.push_back({{i, (i + r) % num_blocks}});
  }
  if (one_table) {
    std::vector<CellTask>& tasks = rounds.emplace_back();
    for (int64_t i = 0; i < num_blocks; ++i) tasks.push_back({{i, i}});
  }
  return rounds;
}

}  // namespace whitney::text
