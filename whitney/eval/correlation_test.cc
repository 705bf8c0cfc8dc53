#include "whitney/eval/correlation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/core/random.h"

namespace whitney::eval {
namespace {

using Values = std::vector<double>;

const Values kA = {1, 2, 2, 3, 5, 8, 8, 8, -4}, kB = {2.5, -1, 0, 7, 7, 3, 9, 1, 1e6};

TEST(Correlation, EqualValuesShareTheMeanOfTheirRanks) {
  // Sorted: -4, 1, 2, 2, 3, 5, 8, 8, 8. The twos hold places 3 and 4, the eights 7, 8 and 9.
  EXPECT_EQ(ValueRanks(kA).ranks(), (Values{2, 3.5, 3.5, 5, 6, 8, 8, 8, 1}));
}

TEST(Correlation, AgreesWithTheSumsWorkedByHand) {
  // a = 1, 2, 3, 6 (mean 3): deviations -2, -1, 0, 3; b = 4, 4, 1, 3 (mean 3): 1, 1, -2, 0.
  // Products -2 - 1 = -3; squares 14 and 6: -3 / sqrt(84).
  const Values a = {1, 2, 3, 6}, b = {4, 4, 1, 3};
  EXPECT_NEAR(pearson(a, b), -3 / std::sqrt(84.0), 1e-15);
  // Ranks 1, 2, 3, 4 and 3.5, 3.5, 1, 2: deviations -1.5, -.5, .5, 1.5 and 1, 1, -1.5, -.5.
  // Products -1.5 - .5 - .75 - .75 = -3.5; squares 5 and 4.5: -3.5 / sqrt(22.5).
  EXPECT_NEAR(spearman(a, b), -3.5 / std::sqrt(22.5), 1e-15);
}

TEST(Correlation, AgreesWithScipy) {
  // scipy 1.17.1: stats.spearmanr(a, b)[0], stats.pearsonr(a, b)[0]
  EXPECT_NEAR(spearman(kA, kB), 0.03419303024741904, 1e-14);
  EXPECT_NEAR(pearson(kA, kB), -0.7131970551556059, 1e-14);
}

TEST(Correlation, IsOneOfWhatRisesTogetherAndNothingOfAConstant) {
  const Values a = {1, 2, 3, 10}, squares = {1, 4, 9, 100}, same(4, 7);
  EXPECT_DOUBLE_EQ(spearman(a, squares), 1);
  EXPECT_LT(pearson(a, squares), 1);
  EXPECT_TRUE(std::isnan(spearman(a, same)));
  EXPECT_TRUE(std::isnan(pearson(same, a)));
  EXPECT_TRUE(std::isnan(pearson(Values{}, Values{})));
  // Squares of such values vanish in a product.
  EXPECT_NEAR(pearson(Values{0, 1e-100, 2e-100}, Values{0, 1e-90, 2e-90}), 1, 1e-15);
}

TEST(Correlation, OfAResampleIsThatOfItsValuesWrittenOut) {
  RandomStream random(5, "correlation test", 0);
  for (int round = 0; round < 50; ++round) {
    const auto n = static_cast<size_t>(2 + random.below(30));
    Values a(n), b(n), drawn_a, drawn_b, ranks_a(n), ranks_b(n);
    std::vector<int64_t> times(n);
    for (size_t i = 0; i < n; ++i) a[i] = static_cast<double>(random.below(6)), b[i] = random.normal();
    for (size_t draw = 0; draw < n; ++draw) {
      const auto i = static_cast<size_t>(random.below(n));
      ++times[i];
      drawn_a.push_back(a[i]);
      drawn_b.push_back(b[i]);
    }
    ValueRanks(a).ranks(times, ranks_a);
    ValueRanks(b).ranks(times, ranks_b);
    const double expected = spearman(drawn_a, drawn_b);
    const double found = pearson(ranks_a, ranks_b, times);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(found));
    } else {
      EXPECT_NEAR(found, expected, 1e-12);
      EXPECT_NEAR(pearson(a, b, times), pearson(drawn_a, drawn_b), 1e-12);
    }
  }
}

TEST(Correlation, DoesNotDependOnTheOrderOfPairs) {
  RandomStream random(6, "correlation test", 0);
  std::vector<int64_t> order;
  Values a, b, shuffled_a, shuffled_b;
  for (int64_t i = 0; i < 200; ++i) {
    order.push_back(i);
    a.push_back(static_cast<double>(random.below(20)));
    b.push_back(a.back() + 5 * random.normal());
  }
  random.shuffle(std::span(order));
  for (const int64_t i : order) {
    shuffled_a.push_back(a[static_cast<size_t>(i)]);
    shuffled_b.push_back(b[static_cast<size_t>(i)]);
  }
  EXPECT_NEAR(spearman(shuffled_a, shuffled_b), spearman(a, b), 1e-13);
}

}  // namespace
}  // namespace whitney::eval
