#include "whitney/infer/relative_bias.h"

#include <gtest/gtest.h>

#include <vector>

namespace whitney::infer {
namespace {

// 32 buckets: 16 a direction, of which 8 hold one distance and 8 the powers of 16^(1/8) up to 128.
TEST(RelativeBias, PutsFarDistancesIntoWideningBuckets) {
  const RelativeBias bias{Matrix::zeros(32, 1), 128};
  EXPECT_EQ(bias.bucket(0), 0);
  EXPECT_EQ(bias.bucket(-7), 7);
  EXPECT_EQ(bias.bucket(7), 16 + 7);
  EXPECT_EQ(bias.bucket(-8), 8);
  EXPECT_EQ(bias.bucket(-11), 8);  // 8 * 16^(1/8) = 11.3
  EXPECT_EQ(bias.bucket(-12), 9);
  EXPECT_EQ(bias.bucket(-15), 9);  // 8 * 16^(2/8) = 16
  EXPECT_EQ(bias.bucket(-16), 10);
  EXPECT_EQ(bias.bucket(-127), 15);
  EXPECT_EQ(bias.bucket(-5000), 15);
  EXPECT_EQ(bias.bucket(5000), 31);
}

TEST(RelativeBias, ExpandsToDistancesOfEachHead) {
  Matrix table(4, 2);
  for (int i = 0; i < 8; ++i) table.mutable_data<float>()[i] = static_cast<float>(i);
  const RelativeBias bias{table, 4};
  std::vector<float> out(2 * 3);
  bias.expand(2, out.data());
  // Distances -1, 0, 1 are buckets 1, 0 and 3.
  EXPECT_EQ(out, (std::vector<float>{2, 0, 6, 3, 1, 7}));
}

}  // namespace
}  // namespace whitney::infer
