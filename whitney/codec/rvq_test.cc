#include "whitney/codec/rvq.h"

#include <gtest/gtest.h>

#include <vector>

#include "whitney/codec/codec_cases_test.h"
#include "whitney/core/one_in_test.h"

namespace whitney::codec {
namespace {

Value stages(int64_t count, int64_t beam = 5) {
  // Fewer rounds than people would take: fits of tests are short.
  return Value::object({{"num_stages", count},
                        {"beam_size", beam},
                        {"max_iterations", int64_t{3}},
                        {"refinements", int64_t{1}}});
}

double lost(const Matrix& vectors, const Value& options) {
  return relative_error(*fitted("rvq", vectors, options), Rows(vectors), 500, {});
}

TEST(Rvq, TakesAByteAStage) {
  const Matrix vectors = normal_vectors(fewer(300), 24);
  EXPECT_EQ(fitted("rvq", vectors, stages(5))->code_bytes(), 5);
  const Value quick = Value::object({{"max_iterations", int64_t{1}}, {"refinements", int64_t{0}}});
  EXPECT_EQ(fitted("rvq", vectors, quick)->code_bytes(), 3);
}

TEST(Rvq, ACentroidForEachVectorIsExact) {
  const Matrix vectors = normal_vectors(40, 7);
  const auto codec = fitted("rvq", vectors, stages(1));
  for (int64_t i = 0; i < 40; ++i) {
    const auto row = vectors.row<float>(i);
    EXPECT_EQ(round_trip(*codec, vectors, i), std::vector<float>(row.begin(), row.end()));
  }
}

TEST(Rvq, EachStageLosesLess) {
  const Matrix vectors = normal_vectors(1200, 16);
  const double one = lost(vectors, stages(1)), two = lost(vectors, stages(2)),
               four = lost(vectors, stages(4));
  EXPECT_LT(two, 0.9 * one);
  EXPECT_LT(four, 0.9 * two);
}

TEST(Rvq, FollowingUpMoreChoicesLosesLess) {
  // Of vectors that the codebooks do not know.
  const Matrix vectors = normal_vectors(1200, 16), others = normal_vectors(500, 16, 3);
  const auto lost_of_others = [&](int64_t beam) {
    return relative_error(*fitted("rvq", vectors, stages(4, beam)), Rows(others), 500, {});
  };
  EXPECT_LT(lost_of_others(8), lost_of_others(1));
}

TEST(Rvq, FittingAllCodebooksTogetherLosesLess) {
  const Matrix vectors = normal_vectors(700, 16);
  Value once = stages(3);
  once.set("refinements", int64_t{0});
  EXPECT_LT(lost(vectors, stages(3)), 0.99 * lost(vectors, once));
}

TEST(Rvq, LosesLessThanPqInTheSameBytes) {
  const Matrix vectors = normal_vectors(1500, 16);
  const double pq =
      relative_error(*fitted("pq", vectors, Value::object({{"num_subspaces", 2}})), Rows(vectors), 500, {});
  EXPECT_LT(lost(vectors, stages(2)), pq);
}

TEST(Rvq, ScoresAreThoseOfTheDecodedVectors) {
  const Matrix vectors = normal_vectors(400, 21), queries = normal_vectors(3, 21, 1);
  expect_scores_of_decoded(*fitted("rvq", vectors, stages(5)), vectors, queries);
}

}  // namespace
}  // namespace whitney::codec
