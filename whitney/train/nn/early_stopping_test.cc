#include "whitney/train/nn/early_stopping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "whitney/core/error_of.h"

namespace whitney::nn {
namespace {

using ::testing::HasSubstr;

TEST(EarlyStopping, EndsAfterPatienceWithoutABetterValue) {
  EarlyStopping stopping("recall@20", 2);
  EXPECT_TRUE(stopping.take({{"recall@20", 0.1}}, 0));
  EXPECT_TRUE(stopping.take({{"recall@20", 0.3}}, 1));
  EXPECT_FALSE(stopping.take({{"recall@20", 0.3}}, 2));  // as good is not better
  EXPECT_FALSE(stopping.is_over());
  EXPECT_FALSE(stopping.take({{"recall@20", std::numeric_limits<double>::quiet_NaN()}}, 3));
  EXPECT_TRUE(stopping.is_over());
  EXPECT_EQ(stopping.best_epoch(), 1);
  EXPECT_EQ(stopping.best_value(), 0.3);
}

TEST(EarlyStopping, KnowsMetricsThatShallBeSmall) {
  EarlyStopping stopping("rmse", 1);
  EXPECT_TRUE(stopping.take({{"rmse", 2, false}}, 0));
  EXPECT_TRUE(stopping.take({{"rmse", 1, false}}, 1));
  EXPECT_FALSE(stopping.take({{"rmse", 1.5, false}}, 2));
}

TEST(EarlyStopping, WatchesNothingWithoutAMetric) {
  EarlyStopping stopping(std::nullopt, 1);
  for (int64_t epoch = 0; epoch < 5; ++epoch) EXPECT_FALSE(stopping.take({{"recall@20", 0}}, epoch));
  EXPECT_FALSE(stopping.is_over());
}

TEST(EarlyStopping, NamesTheMetricsThatThereAre) {
  EarlyStopping stopping("recal@20", 1);
  const std::string error = error_of([&] { stopping.take({{"recall@20", 1}, {"ndcg@20", 1}}, 0); });
  EXPECT_THAT(error, HasSubstr("\"recal@20\""));
  EXPECT_THAT(error, HasSubstr("recall@20, ndcg@20"));
  EXPECT_THAT(error_of([&] { stopping.take({}, 0); }), HasSubstr("there is no validation"));
}

TEST(EarlyStopping, GoesOnFromItsState) {
  EarlyStopping first("a", 2), second("a", 2);
  first.take({{"a", 1}}, 3);
  first.take({{"a", 0}}, 4);
  second.load_state(first.state());
  EXPECT_EQ(second.best_epoch(), 3);
  second.take({{"a", 0}}, 5);
  EXPECT_TRUE(second.is_over());
}

}  // namespace
}  // namespace whitney::nn
