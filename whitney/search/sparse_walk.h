#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "whitney/search/best_rows.h"
#include "whitney/search/bm25_kernels.h"
#include "whitney/search/deadline.h"
#include "whitney/search/sparse_lists.h"

namespace whitney::search {

/// What a walk did, for `explain`.
struct SparseCounts {
  /// Bounds of groups that were read, blocks whose rows were scored, those passed over by their bounds, and
  /// values read.
  int64_t bounds = 0, blocks = 0, blocks_skipped = 0, postings = 0;
};

/// A dimension of a query that the index has.
struct SparseTerm {
  int64_t list;
  /// What a value of 1, or a step of a code, adds to a score.
  double weight;
  SparseLists::Range groups;
  /// The group that a walk in the order of rows has come to.
  int64_t next;
};

/// A block of rows that may hold some of the best, and its bound in units.
struct SparseCandidate {
  uint32_t bound, block;
};

/// What a walk needs besides the index; kept, so that a query allocates nothing.
struct SparseScratch {
  /// Blocks of a run, and chosen ones that are scored together (sums of 64 KB).
  static constexpr int64_t kBlocksOfRun = kSparseRun / kSparseBlock, kBlocksAtOnce = 128;

  std::vector<SparseTerm> terms;
  std::vector<uint32_t> bounds;
  std::vector<SparseCandidate> candidates;
  /// Of the rows of a run: kUntouched between walks.
  std::vector<double> sums = std::vector<double>(kSparseRun, kUntouched);
  /// Of each block.
  std::array<double, kBlocksOfRun> largest{};
  std::vector<uint32_t> chosen;
  /// The place of each block among those that are scored together; none of them between calls.
  std::vector<uint8_t> slots;
  BestRows best;
  /// Ends walks when their time is up, with the best so far.
  DeadlineWatch watch;
};

/// Finds the k rows of the highest inner product with a query, among those that share a dimension with it.
/// A row's products are added up in the order of the query's dimensions by every plan, so that the bits of
/// hits do not depend on the plan.
class SparseWalk {
 public:
  /// allowed: bit r of word r / 64; empty: all rows. excluded: a row that is left out; -1: none. The scratch
  /// holds the terms; it is only fit for others if no exception is thrown.
  SparseWalk(const SparseLists& lists, std::span<const uint64_t> allowed, int64_t excluded,
             SparseScratch& scratch);

  /// The largest number of terms that block_max takes.
  static constexpr int64_t kMostTerms = int64_t{1} << 20;

  /// Adds all lists up, some blocks of rows at a time.
  std::span<const uint64_t> scan(int64_t k);
  /// Adds the bounds of blocks up first, and then scores the blocks of the highest bounds, until no other can
  /// hold one of the best (Mallia, Suel & Tonellotto 2024).
  std::span<const uint64_t> block_max(int64_t k);
  /// Scores the blocks that have allowed rows.
  std::span<const uint64_t> look_up(int64_t k);
  const SparseCounts& counts() const { return counts_; }

 private:
  uint64_t allowed_in(uint32_t block) const;
  double add_bounds();
  void find_candidates();
  uint32_t least_bound(double unit) const;
  void take_best_candidates(size_t num_wanted);
  void score_chosen();
  void add_run(uint32_t first_block, uint32_t end_block);
  void add_chosen(std::span<const uint32_t> blocks);
  void add_groups_in(SparseTerm& term, uint32_t last_block);
  void add_group(const SparseTerm& term, const SparseGroup& group, size_t slot);
  void find_largest(size_t num_blocks);
  void offer_block(uint32_t block, size_t slot);
  void rewind();

  const SparseLists& lists_;
  std::span<const uint64_t> allowed_;
  int64_t excluded_;
  SparseScratch& scratch_;
  uint32_t num_blocks_;
  SparseCounts counts_;
};

}  // namespace whitney::search
