#pragma once

#include <cstdint>
#include <span>

#include "whitney/codec/codec.h"

namespace whitney::search {

/// How scores of codes of residuals become keys of one list for one query:
///   key = add + term + multiply * score, up to error_factor * error.
struct ListKeyTerms {
  float add = 0;
  float multiply = 1;
  /// Of the errors that rows have; used where they have any.
  float error_factor = 0;
};

/// Turns the ranges of scores of `num_blocks` blocks of 32 codes (CodeScorer::key_ranges) into ranges of
/// keys, wider by what the arithmetic may round. terms: for each block 32 terms, then, where `has_errors`, 32
/// errors.
void list_key_ranges(int64_t num_blocks, const float* terms, bool has_errors, const ListKeyTerms& of_list,
                     float* least, float* greatest);

/// The same for the middles of the ranges, written over `least`: where they are no numbers, infinity.
void list_keys(int64_t num_blocks, const float* terms, bool has_errors, const ListKeyTerms& of_list,
               float* least, const float* greatest);

/// Finds, of `num_blocks` blocks whose scores are sums of entries of tables, the lanes whose key add + term +
/// multiply * sum may be at most `limit`, where
/// it errs by `margin` and by what the arithmetic rounds; writes their places and
/// what keys lie between, and returns how many they are. terms: 32 for each block. found: room for all lanes.
int64_t select_list_keys(int64_t num_blocks, const uint32_t* sums, const float* terms,
                         const ListKeyTerms& of_list, float margin, float limit, codec::FoundKey* found);

/// Gives the least number that at least k of some are at most, 1 <= k <= how many they are: by halving what
/// it may be and counting. No branch depends on the numbers, so that a few hundred take a tenth of what
/// std::nth_element does.
int32_t kth_least(std::span<const int32_t> numbers, int64_t k);

}  // namespace whitney::search
