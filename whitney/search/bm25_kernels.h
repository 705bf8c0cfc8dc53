#pragma once

#include <cstdint>
#include <span>

#include "whitney/search/bm25_formula.h"

namespace whitney::search {

/// Turns distances less one into rows, in place: values[i] becomes first + i + the sum of values[0..i].
/// Nothing may pass 2^32.
void add_up_distances(uint32_t first, std::span<uint32_t> values);

/// scores[i] = the bits of the float that formula.score gives for counts[i] and lengths[rows[i]]: the same
/// bits at every SIMD level. All rows must be below the number of lengths.
void score_rows(const Bm25Formula& formula, double weight, std::span<const uint32_t> rows,
                std::span<const uint32_t> counts, std::span<const uint32_t> lengths, uint32_t* scores);

/// The sum of a row that no word has added to yet: adding 0 to it gives 0, so that its sign tells the two
/// apart.
inline constexpr double kUntouched = -0.0;

/// A row and its sum.
struct RowSum {
  uint32_t row;
  double sum;
};

/// Writes the touched sums that are at least `least` (not negative), in order, with their places, and sets
/// all sums to kUntouched; returns how many they are. `out` has room for all.
int64_t take_sums(std::span<double> sums, double least, RowSum* out);

/// Sums of a group that best_of_groups looks at together.
inline constexpr size_t kGroupOfSums = 64;

/// best[i] = the largest sum of the i-th group; of the last one, which may be short, too.
void best_of_groups(std::span<const double> sums, double* best);

/// Gives the k-th largest of some values, 1 <= k <= their number: for few, faster than ordering them, as no
/// branch depends on them. O(n^2).
double kth_largest(std::span<const double> values, int64_t k);

/// What a word adds to each row when it stands once in the query, and how often it does.
struct DenseList {
  const float* scores;
  double times;
};

/// Groups that add_dense makes of kGroupOfSums times as many sums, every eighth of which are one. (The
/// largest of each is then at hand: sums that lie together would have to be compared across a vector.)
inline constexpr size_t kDenseGroups = 8;
constexpr size_t num_dense_groups(size_t num_sums) {
  return (num_sums + kGroupOfSums * kDenseGroups - 1) / (kGroupOfSums * kDenseGroups) * kDenseGroups;
}

/// Adds times * scores[i] of each list to sums[i]. best[num_dense_groups()]: the largest sum of each group,
/// kUntouched of one that is empty.
void add_dense(std::span<const DenseList> lists, std::span<double> sums, double* best);

}  // namespace whitney::search
