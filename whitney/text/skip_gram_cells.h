#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/fast_random.h"
#include "whitney/text/skip_gram_grid.h"
#include "whitney/text/skip_gram_noise.h"
#include "whitney/text/skip_gram_step.h"

namespace whitney::text {

/// Trains on pairs whose outputs are in one block, and on that block's part of their noise.
class WHITNEY_API CellTrainer {
 public:
  /// The noise must outlive it; null: there is none (hierarchical softmax).
  CellTrainer(const SkipGramTables& tables, const BlockNoise* noise, double negatives)
      : tables_(tables), noise_(noise), negatives_(negatives) {}

  /// Takes the rows in turn. A row with n pairs, here or in other blocks, meets negatives * n * share(block)
  /// rows of noise, rounded up or down at random so that the mean is exact, between its own pairs. With one
  /// table no row is its own noise, which would do nothing but make it shorter.
  void train(std::span<const SkipGramPair> pairs, std::span<const RowPairs> rows, int64_t block, float rate,
             FastRandom& random);

 private:
  void add_row(uint32_t input, std::span<const SkipGramPair> pairs, int64_t num_negatives, int64_t block,
               FastRandom& random);
  void flush(float rate);

  SkipGramTables tables_;
  const BlockNoise* noise_;
  double negatives_;
  std::vector<SkipGramRun> runs_;
  std::vector<uint32_t> targets_;
  std::vector<float> labels_;
};

}  // namespace whitney::text
