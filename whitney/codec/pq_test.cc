#include "whitney/codec/pq.h"

#include <gtest/gtest.h>

#include "whitney/codec/block_cases_test.h"
#include "whitney/codec/codec_cases_test.h"
#include "whitney/core/error_of.h"

namespace whitney::codec {
namespace {

Value parts(int64_t count, const char* bits = "8") {
  return Value::object({{"num_subspaces", count}, {"bits", bits}});
}

TEST(Pq, TakesACodeAPartAndPacksTwoOfFourBits) {
  const Matrix vectors = normal_vectors(300, 13);
  EXPECT_EQ(fitted("pq", vectors, parts(5))->code_bytes(), 5);
  EXPECT_EQ(fitted("pq", vectors, parts(5, "4"))->code_bytes(), 3);
  EXPECT_EQ(fitted("pq", vectors)->code_bytes(), 1);
}

TEST(Pq, ACentroidForEachValueIsExact) {
  // 16 vectors, 16 centroids in each of 3 parts.
  const Matrix vectors = normal_vectors(16, 3);
  for (const char* bits : {"4", "8"}) {
    const auto codec = fitted("pq", vectors, parts(3, bits));
    for (int64_t i = 0; i < 16; ++i) {
      const auto row = vectors.row<float>(i);
      EXPECT_EQ(round_trip(*codec, vectors, i), std::vector<float>(row.begin(), row.end())) << bits;
    }
  }
}

TEST(Pq, ScoresAreThoseOfTheDecodedVectors) {
  const Matrix vectors = normal_vectors(400, 21), queries = normal_vectors(3, 21, 1);
  for (const char* bits : {"4", "8"}) {
    for (const int64_t count : {1, 4, 7, 21})
      expect_scores_of_decoded(*fitted("pq", vectors, parts(count, bits)), vectors, queries);
  }
}

TEST(Pq, RangesOfBlocksHoldTheScores) {
  const Matrix vectors = normal_vectors(403, 48), queries = normal_vectors(2, 48, 1);
  for (const char* bits : {"4", "8"}) {
    for (const int64_t count : {1, 5, 12, 48})
      expect_ranges_of_scores(*fitted("pq", vectors, parts(count, bits)), vectors, queries, 0.6);
  }
}

TEST(Pq, MorePartsLoseLess) {
  const Matrix vectors = normal_vectors(1000, 32);
  const auto lost = [&](int64_t count) {
    return relative_error(*fitted("pq", vectors, parts(count)), Rows(vectors), 500, {});
  };
  EXPECT_LT(lost(8), lost(2));
  EXPECT_LT(lost(32), lost(8) / 4);
}

TEST(Pq, RefusesMorePartsThanDimensions) {
  EXPECT_NE(error_of([] { fitted("pq", normal_vectors(300, 4), parts(5)); }).find("num_subspaces"),
            std::string::npos);
}

}  // namespace
}  // namespace whitney::codec
