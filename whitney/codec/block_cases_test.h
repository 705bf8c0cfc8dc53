#pragma once

// What the tests of codecs with blocks share.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "whitney/codec/code_rows.h"
#include "whitney/codec/codec_cases_test.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney::codec {

/// What is selected by a limit holds all lanes whose least key is within it, and their ranges.
inline void expect_selected(const CodeScorer& scorer, const CodeRows& rows, bool with_bounds,
                            const std::vector<float>& least, const std::vector<float>& greatest) {
  std::vector<FoundKey> found(least.size());
  for (const float limit : {least[0], greatest[least.size() / 2], std::numeric_limits<float>::infinity()}) {
    const int64_t num_blocks = std::min(rows.num_blocks(), kBlocksOfRanges);
    const int64_t num_found = scorer.select_keys(rows.block(0), num_blocks, with_bounds, limit, found.data());
    std::vector<bool> is_found(static_cast<size_t>(num_blocks * kFastScanLanes));
    int64_t num_wrong = 0;
    for (int64_t i = 0; i < num_found; ++i) {
      const FoundKey& one = found[static_cast<size_t>(i)];
      is_found[one.place] = true;
      // One chain of operations may round otherwise than the other.
      const float slack = 1e-5F * (std::abs(least[one.place]) + std::abs(greatest[one.place]));
      const bool is_right = (i == 0 || found[static_cast<size_t>(i - 1)].place < one.place) &&
                            std::abs(one.least - least[one.place]) <= slack &&
                            std::abs(one.greatest - greatest[one.place]) <= slack;
      num_wrong += is_right ? 0 : 1;
    }
    for (size_t lane = 0; lane < is_found.size(); ++lane)
      num_wrong += is_found[lane] || least[lane] > limit ? 0 : 1;
    ASSERT_EQ(num_wrong, 0) << "limit " << limit << ", bounds: " << with_bounds;
  }
}

/// The ranges of blocks hold the scores of single codes, with and without their bounds, at every level; on
/// average they are no wider than `width` of the deviation of the scores (beyond the bounds).
inline void expect_ranges_of_scores(const Codec& codec, const MatrixView& vectors, const Matrix& queries,
                                    double width) {
  const int64_t n = vectors.rows;
  const Codes codes = encode_rows(codec, Rows(vectors), Context());
  const CodeRows rows(codec, codes.codes, Context());
  ASSERT_TRUE(rows.in_blocks());
  const auto size = static_cast<size_t>(rows.num_blocks() * kFastScanLanes);
  std::vector<float> scores(size), bounds(size), least(size), greatest(size);
  for (const Kernel kernel : {Kernel::kInnerProduct, Kernel::kSquaredL2}) {
    const float sign = kernel == Kernel::kInnerProduct ? -1.0F : 1.0F;
    for (int64_t q = 0; q < queries.rows(); ++q) {
      at_each_level([&] {
        const auto scorer = codec.scorer(kernel, queries.row<float>(q).data());
        scorer->score_with_bounds(codes.codes.data(), n, scores.data(), bounds.data());
        double sum = 0, squares = 0, widths = 0;
        for (const bool with_bounds : {false, true}) {
          scorer->key_ranges(rows.block(0), rows.num_blocks(), with_bounds, least.data(), greatest.data());
          for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
            const float key = sign * scores[i], bound = with_bounds ? bounds[i] : 0;
            ASSERT_LE(least[i], key - bound) << "row " << i << " of " << n << ", bounds: " << with_bounds;
            ASSERT_GE(greatest[i], key + bound) << "row " << i << " of " << n << ", bounds: " << with_bounds;
            widths += greatest[i] - least[i] - 2 * bound;
            sum += key;
            squares += static_cast<double>(key) * key;
          }
          expect_selected(*scorer, rows, with_bounds, least, greatest);
        }
        const double count = 2.0 * static_cast<double>(n), mean = sum / count;
        EXPECT_LT(widths / count, width * std::sqrt(squares / count - mean * mean));
      });
    }
  }
}

}  // namespace whitney::codec
