#include "whitney/search/sparse_walk.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "whitney/core/error.h"
#include "whitney/search/bm25_kernels.h"

namespace whitney::search {
namespace {

// Bounds add up to at most this many units, besides one a dimension and step: integers, which no order of
// additions changes.
constexpr double kUnits = 2147483648.0;

// Of a block that is not chosen.
constexpr uint8_t kNoSlot = 255;

// The group of a block among those of a list from `from` on, or the first behind it. Steps double: the next
// block is often near.
int64_t first_group_from(const SparseLists& lists, int64_t from, int64_t end, uint32_t block) {
  const uint32_t* blocks = lists.blocks.data();
  int64_t step = 1;
  while (from + step < end && blocks[from + step] < block) {
    from += step;
    step *= 2;
  }
  return std::lower_bound(blocks + from, blocks + std::min(from + step + 1, end), block) - blocks;
}

}  // namespace

SparseWalk::SparseWalk(const SparseLists& lists, std::span<const uint64_t> allowed, int64_t excluded,
                       SparseScratch& scratch)
    : lists_(lists),
      allowed_(allowed),
      excluded_(excluded),
      scratch_(scratch),
      num_blocks_(static_cast<uint32_t>(lists.num_blocks())) {}

// A block is as many rows as a word of the bitmap.
uint64_t SparseWalk::allowed_in(uint32_t block) const {
  uint64_t rows = allowed_.empty() ? ~uint64_t{0} : allowed_[block];
  const int64_t num_rows = lists_.num_rows - kSparseBlock * int64_t{block};
  if (num_rows < kSparseBlock) rows &= (uint64_t{1} << num_rows) - 1;
  if (excluded_ >= 0 && excluded_ / kSparseBlock == block)
    rows &= ~(uint64_t{1} << (excluded_ % kSparseBlock));
  return rows;
}

void SparseWalk::rewind() {
  for (SparseTerm& term : scratch_.terms) term.next = term.groups.begin;
}

void SparseWalk::add_group(const SparseTerm& term, const SparseGroup& group, size_t slot) {
  double* const sums = scratch_.sums.data() + slot * kSparseBlock;
  const uint16_t* const offsets = lists_.offsets.data();
  const auto add = [&](const auto* values) {
    for (int64_t i = group.begin; i < group.end; ++i)
      sums[offsets[i] % kSparseBlock] += term.weight * static_cast<double>(values[i]);
  };
  if (lists_.has_codes())
    add(lists_.codes.data());
  else
    add(lists_.values.data());
  counts_.postings += group.end - group.begin;
}

// Adds up the entries of each list in a run of blocks, group behind group without looking at them: where
// groups end would be foretold wrongly at nearly each of them, which takes as long as ten additions.
void SparseWalk::add_run(uint32_t first_block, uint32_t end_block) {
  double* const sums = scratch_.sums.data();
  const uint16_t* const offsets = lists_.offsets.data();
  const uint32_t* const blocks = lists_.blocks.data();
  for (SparseTerm& term : scratch_.terms) {
    const int64_t first = term.next;
    term.next = std::lower_bound(blocks + first, blocks + term.groups.end, end_block) - blocks;
    if (term.next == first) continue;
    const SparseGroup begin = lists_.group(term.list, term.groups.begin, first);
    const SparseGroup last = lists_.group(term.list, term.groups.begin, term.next - 1);
    if (begin.block < first_block || last.end < begin.end) lists_.fail_damaged(term.list);
    const double weight = term.weight;
    const auto add = [&](const auto* values) {
      for (int64_t i = begin.begin; i < last.end; ++i)
        sums[offsets[i]] += weight * static_cast<double>(values[i]);
    };
    if (lists_.has_codes())
      add(lists_.codes.data());
    else
      add(lists_.values.data());
    counts_.postings += last.end - begin.begin;
  }
}

// Blocks ascend, from call to call too until rewind. Of a list that has not many more groups there than
// blocks are chosen, the groups are gone through; in others each block is looked up.
void SparseWalk::add_chosen(std::span<const uint32_t> blocks) {
  constexpr int64_t kGroupsPerLookup = 8;
  auto& slots = scratch_.slots;
  slots.resize(std::max<size_t>(slots.size(), num_blocks_), kNoSlot);
  for (size_t slot = 0; slot < blocks.size(); ++slot) slots[blocks[slot]] = static_cast<uint8_t>(slot);
  for (SparseTerm& term : scratch_.terms) {
    if (term.groups.size() <= kGroupsPerLookup * std::ssize(scratch_.chosen)) {
      add_groups_in(term, blocks.back());
      continue;
    }
    const bool has_all = term.groups.size() == int64_t{num_blocks_};
    for (size_t slot = 0; slot < blocks.size() && term.next < term.groups.end; ++slot) {
      const int64_t from = has_all ? term.groups.begin + blocks[slot] : term.next;
      term.next = first_group_from(lists_, from, term.groups.end, blocks[slot]);
      if (term.next == term.groups.end || lists_.blocks[term.next] != blocks[slot]) continue;
      add_group(term, lists_.group(term.list, term.groups.begin, term.next), slot);
    }
  }
  for (const uint32_t block : blocks) slots[block] = kNoSlot;
}

// Adds the groups of a list, up to a block, whose blocks are chosen.
void SparseWalk::add_groups_in(SparseTerm& term, uint32_t last_block) {
  for (; term.next < term.groups.end && lists_.blocks[term.next] <= last_block; ++term.next) {
    const uint8_t slot = scratch_.slots[lists_.blocks[term.next]];
    if (slot != kNoSlot) add_group(term, lists_.group(term.list, term.groups.begin, term.next), slot);
  }
}

// The largest sum of each block: most of them hold none of the best.
void SparseWalk::find_largest(size_t num_blocks) {
  static_assert(kSparseBlock == kGroupOfSums);
  best_of_groups(std::span(scratch_.sums).first(num_blocks * kGroupOfSums), scratch_.largest.data());
}

// Offers the rows of a block that were added to, and clears their sums.
void SparseWalk::offer_block(uint32_t block, size_t slot) {
  double* const sums = scratch_.sums.data() + slot * kSparseBlock;
  const double largest = scratch_.largest[slot];
  const float threshold = scratch_.best.threshold();
  if (!std::signbit(largest)) ++counts_.blocks;
  if (!(threshold > 0) || !(static_cast<float>(largest) < threshold)) {
    for (uint64_t rows = allowed_in(block); rows != 0; rows &= rows - 1) {
      const auto i = static_cast<uint32_t>(std::countr_zero(rows));
      if (sums[i] == 0 && std::signbit(sums[i])) continue;
      const auto score = static_cast<float>(sums[i]);
      if (!std::isfinite(score))
        fail("a score leaves the range of float32: the values or weights are too large");
      scratch_.best.offer(score, static_cast<uint32_t>(kSparseBlock) * block + i);
    }
  }
  std::fill_n(sums, kSparseBlock, kUntouched);
}

// Scores the chosen blocks, in the order of rows.
void SparseWalk::score_chosen() {
  std::ranges::sort(scratch_.chosen);
  rewind();
  const std::span<const uint32_t> chosen = scratch_.chosen;
  constexpr auto kAtOnce = static_cast<size_t>(SparseScratch::kBlocksAtOnce);
  for (size_t at = 0; at < chosen.size() && !scratch_.watch.is_over(); at += kAtOnce) {
    const auto some = chosen.subspan(at, std::min(kAtOnce, chosen.size() - at));
    add_chosen(some);
    find_largest(some.size());
    for (size_t slot = 0; slot < some.size(); ++slot) offer_block(some[slot], slot);
    scratch_.best.cut();
  }
}

std::span<const uint64_t> SparseWalk::scan(int64_t k) {
  scratch_.best.reset(std::min(k, lists_.num_rows));
  rewind();
  for (uint32_t begin = 0, end = 0; begin < num_blocks_ && !scratch_.watch.is_over(); begin = end) {
    end = static_cast<uint32_t>(std::min<int64_t>(begin + SparseScratch::kBlocksOfRun, num_blocks_));
    add_run(begin, end);
    find_largest(end - begin);
    for (uint32_t block = begin; block < end; ++block) offer_block(block, block - begin);
    scratch_.best.cut();
  }
  return scratch_.best.take();
}

std::span<const uint64_t> SparseWalk::look_up(int64_t k) {
  scratch_.best.reset(std::min(k, lists_.num_rows));
  scratch_.chosen.clear();
  for (uint32_t block = 0; block < num_blocks_; ++block) {
    if (allowed_in(block) != 0) scratch_.chosen.push_back(block);
  }
  score_chosen();
  return scratch_.best.take();
}

// Adds the bounds of all blocks up, in units, and gives what a unit is worth.
double SparseWalk::add_bounds() {
  const auto bound_of_step = [&](const SparseTerm& term) {
    const double step = lists_.has_codes() ? 1 : double{lists_.steps[term.list]};
    // Values that are not negative add nothing to a score by a negative weight.
    return lists_.has_negative ? std::abs(term.weight) * step : std::max(term.weight, 0.0) * step;
  };
  double total = 0;
  for (const SparseTerm& term : scratch_.terms) total += bound_of_step(term) * 255;
  const double unit = total > 0 ? total / kUnits : 1;
  scratch_.bounds.assign(num_blocks_, 0);
  uint32_t* const bounds = scratch_.bounds.data();
  for (const SparseTerm& term : scratch_.terms) {
    if (scratch_.watch.is_over()) break;
    // One more: what division rounds away, and so that no block with an entry is left out.
    const uint32_t factor = static_cast<uint32_t>(bound_of_step(term) / unit) + 1;
    const uint8_t* bests = lists_.bests.data();
    const uint32_t* blocks = lists_.blocks.data();
    for (int64_t g = term.groups.begin; g < term.groups.end; ++g) {
      if (blocks[g] >= num_blocks_) lists_.fail_damaged(term.list);
      bounds[blocks[g]] += factor * bests[g];
    }
    counts_.bounds += term.groups.size();
  }
  return unit;
}

// The blocks that have entries and allowed rows.
void SparseWalk::find_candidates() {
  scratch_.candidates.clear();
  for (uint32_t block = 0; block < num_blocks_; ++block) {
    if (scratch_.bounds[block] > 0 && allowed_in(block) != 0)
      scratch_.candidates.push_back({scratch_.bounds[block], block});
  }
}

// Blocks of a bound below this have no row that is among the best: sums of doubles and the score as a float
// round by less than the margin.
uint32_t SparseWalk::least_bound(double unit) const {
  constexpr double kMargin = 1 - 1e-6;
  const double threshold = scratch_.best.threshold();
  if (!(threshold > 0)) return 0;
  return static_cast<uint32_t>(std::min(threshold * kMargin / unit, 4294967295.0));
}

// Moves the candidates of the highest bounds to the chosen.
void SparseWalk::take_best_candidates(size_t num_wanted) {
  auto& candidates = scratch_.candidates;
  scratch_.chosen.clear();
  if (num_wanted < candidates.size()) {
    const auto is_better = [](const SparseCandidate& a, const SparseCandidate& b) {
      return a.bound != b.bound ? a.bound < b.bound : a.block > b.block;
    };
    const auto first = candidates.end() - static_cast<std::ptrdiff_t>(num_wanted);
    std::nth_element(candidates.begin(), first, candidates.end(), is_better);
  } else {
    num_wanted = candidates.size();
  }
  for (; num_wanted > 0; --num_wanted) {
    scratch_.chosen.push_back(candidates.back().block);
    candidates.pop_back();
  }
}

std::span<const uint64_t> SparseWalk::block_max(int64_t k) {
  // The first blocks give a threshold; of those that it leaves, more at a time, in the order of rows, which
  // memory likes.
  constexpr size_t kFirstBlocks = 8, kTimesMore = 4;
  // Where so many of the blocks are left, to pass over the lists again and again would take longer.
  constexpr size_t kShareOfAll = 4;
  scratch_.best.reset(std::min(k, lists_.num_rows));
  const double unit = add_bounds();
  find_candidates();
  const auto num_candidates = std::ssize(scratch_.candidates);
  size_t num_wanted = kFirstBlocks + static_cast<size_t>(k) / 8;
  int64_t num_scored = 0;
  while (!scratch_.candidates.empty() && !scratch_.watch.was_over()) {
    take_best_candidates(num_wanted);
    num_scored += std::ssize(scratch_.chosen);
    score_chosen();
    num_wanted *= kTimesMore;
    const uint32_t least = least_bound(unit);
    std::erase_if(scratch_.candidates, [&](const SparseCandidate& one) { return one.bound < least; });
    if (scratch_.candidates.size() * kShareOfAll > num_blocks_) num_wanted = scratch_.candidates.size();
  }
  counts_.blocks_skipped = num_candidates - num_scored;
  return scratch_.best.take();
}

}  // namespace whitney::search
