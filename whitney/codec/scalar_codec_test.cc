#include <gtest/gtest.h>

#include "whitney/codec/codec_cases_test.h"

namespace whitney::codec {
namespace {

TEST(ScalarCodec, ErrsByHalfAStepAtMost) {
  const Matrix vectors = normal_vectors(500, 19);
  for (const auto& [method, levels] : {std::pair("sq8", 255.0), std::pair("sq4", 15.0)}) {
    const auto codec = fitted(method, vectors);
    std::vector<float> low(19, 1e9F), high(19, -1e9F);
    for (int64_t i = 0; i < 500; ++i) {
      for (size_t j = 0; j < 19; ++j) {
        low[j] = std::min(low[j], vectors.row<float>(i)[j]);
        high[j] = std::max(high[j], vectors.row<float>(i)[j]);
      }
    }
    for (int64_t i = 0; i < 500; ++i) {
      const std::vector<float> back = round_trip(*codec, vectors, i);
      for (size_t j = 0; j < 19; ++j) {
        const double step = (high[j] - low[j]) / levels;
        EXPECT_LE(std::abs(back[j] - vectors.row<float>(i)[j]), step / 2 * 1.0001) << method;
      }
    }
  }
}

TEST(ScalarCodec, HoldsBytesAsTheyAre) {
  // 0 and 255 in each dimension make a step of 1.
  const Matrix vectors = matrix_of({{0, 255, 7}, {255, 0, 255}, {128, 3, 0}});
  const auto codec = fitted("sq8", vectors, Value::object({{"per_dimension", false}}));
  EXPECT_EQ(codec->code_bytes(), 3);
  for (int64_t i = 0; i < 3; ++i) {
    const auto row = vectors.row<float>(i);
    EXPECT_EQ(round_trip(*codec, vectors, i), std::vector<float>(row.begin(), row.end()));
  }
}

TEST(ScalarCodec, ValuesOutsideTheRangeAreHeldToIt) {
  const auto codec = fitted("sq8", matrix_of({{0, -1}, {10, 1}}));
  const Matrix outside = matrix_of({{-5, 7}});
  EXPECT_EQ(round_trip(*codec, outside, 0)[0], 0);
  EXPECT_FLOAT_EQ(round_trip(*codec, outside, 0)[1], 1);
}

TEST(ScalarCodec, AConstantDimensionIsExact) {
  const Matrix vectors = matrix_of({{0.1F, 1}, {0.1F, 2}});
  for (const char* method : {"sq8", "sq4"}) {
    EXPECT_EQ(round_trip(*fitted(method, vectors), vectors, 1)[0], 0.1F) << method;
  }
}

TEST(ScalarCodec, HugeRangesStayFinite) {
  const Matrix vectors = matrix_of({{3e38F}, {-3e38F}});
  const std::vector<float> back = round_trip(*fitted("sq8", vectors), vectors, 0);
  EXPECT_NEAR(back[0] / 3e38, 1, 1e-5);
}

TEST(ScalarCodec, ScoresAreThoseOfTheDecodedVectors) {
  for (const int64_t dim : {1, 15, 16, 17, 64, 96, 129}) {
    const Matrix vectors = normal_vectors(70, dim), queries = normal_vectors(2, dim, 1);
    for (const char* method : {"sq8", "sq4"}) {
      expect_scores_of_decoded(*fitted(method, vectors), vectors, queries);
      expect_scores_of_decoded(*fitted(method, vectors, Value::object({{"per_dimension", false}})), vectors,
                               queries);
    }
  }
}

}  // namespace
}  // namespace whitney::codec
