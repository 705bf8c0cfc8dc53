#include "whitney/eval/average_precision.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "whitney/core/random.h"

namespace whitney::eval {
namespace {

double average_precision(const std::vector<float>& scores, const std::vector<uint8_t>& relevant) {
  return AveragePrecision(scores, relevant).value();
}

TEST(AveragePrecision, IsTheMeanPrecisionAtTheRelevantRows) {
  // Ranks 1 and 3 of 4: (1/1 + 2/3) / 2.
  EXPECT_DOUBLE_EQ(average_precision({0.1F, 0.9F, 0.5F, 0.7F}, {0, 1, 1, 0}), (1 + 2.0 / 3) / 2);
}

TEST(AveragePrecision, CountsEqualScoresTogether) {
  // scikit-learn: average_precision_score([1, 0, 1, 1, 0], [2, 2, 1, 1, 0]): 1/3 * 1/2 + 2/3 * 3/4.
  EXPECT_DOUBLE_EQ(average_precision({2, 2, 1, 1, 0}, {1, 0, 1, 1, 0}), 1.0 / 6 + 0.5);
}

TEST(AveragePrecision, IsTheShareOfRelevantRowsWhereNothingIsRanked) {
  const float none = -std::numeric_limits<float>::infinity();
  EXPECT_DOUBLE_EQ(average_precision({none, none, none, none}, {0, 1, 0, 0}), 0.25);
}

TEST(AveragePrecision, IsOneWhereAllRelevantRowsComeFirst) {
  EXPECT_EQ(average_precision({3, 5, 1, 4}, {1, 1, 0, 1}), 1);
}

TEST(AveragePrecision, IsNotDefinedWithoutARelevantRow) {
  EXPECT_TRUE(std::isnan(average_precision({3, 5}, {0, 0})));
  EXPECT_TRUE(std::isnan(average_precision({}, {})));
  const std::vector<int64_t> weights{0, 2};
  EXPECT_TRUE(
      std::isnan(AveragePrecision(std::vector<float>{3, 5}, std::vector<uint8_t>{1, 0}).value(weights)));
}

TEST(AveragePrecision, OfWeightsIsThatOfRepeatedRows) {
  RandomStream random(7, "test", 0);
  for (int repetition = 0; repetition < 50; ++repetition) {
    std::vector<float> scores, repeated_scores;
    std::vector<uint8_t> relevant, repeated;
    std::vector<int64_t> weights;
    for (int i = 0; i < 12; ++i) {
      scores.push_back(static_cast<float>(random.below(6)));
      relevant.push_back(static_cast<uint8_t>(i == 0 || random.below(3) == 0 ? 1 : 0));
      weights.push_back(static_cast<int64_t>(random.below(3)) + (i == 0 ? 1 : 0));
      repeated_scores.insert(repeated_scores.end(), static_cast<size_t>(weights.back()), scores.back());
      repeated.insert(repeated.end(), static_cast<size_t>(weights.back()), relevant.back());
    }
    EXPECT_NEAR(AveragePrecision(scores, relevant).value(weights),
                average_precision(repeated_scores, repeated), 1e-12);
  }
}

}  // namespace
}  // namespace whitney::eval
