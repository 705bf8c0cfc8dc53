#pragma once

#include <cstdint>

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

}  // namespace whitney::search
