#include "whitney/train/nn/rate_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/train/nn/schedule.h"

namespace whitney::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(RateOptions, FallOverTheEpochsOfTheTrainingOrTheirOwn) {
  RateOptions options;
  options.schedule = RateSchedule::kCosine;
  options.final_rate = 0.1;
  options.warm_up = 0.5;
  TrainingOptions training;
  training.epochs = 20;
  EXPECT_EQ(options.resolved(training).schedule_epochs, 20);
  const Schedule schedule = schedule_of(options.resolved(training), 10);
  EXPECT_DOUBLE_EQ(schedule_factor(schedule, 0), 1.0 / 6);
  EXPECT_DOUBLE_EQ(schedule_factor(schedule, 5), 1);
  EXPECT_NEAR(schedule_factor(schedule, 200), 0.1, 1e-12);
  // A run that is given more epochs later keeps its rates only by a number of its own.
  options.schedule_epochs = 5;
  EXPECT_EQ(options.resolved(training).schedule_epochs, 5);
  EXPECT_NEAR(schedule_factor(schedule_of(options, 10), 50), 0.1, 1e-12);
}

TEST(RateOptions, RefuseAWarmUpThatLeavesNoEpochToFallIn) {
  RateOptions options;
  options.schedule = RateSchedule::kLinear;
  options.warm_up = 5;
  options.schedule_epochs = 5;
  EXPECT_THAT(error_of([&] { options.resolved({}); }), HasSubstr("\"warm_up\" is 5 epochs"));
}

TEST(RateOptions, AreConstantByDefault) {
  const RateOptions options;
  EXPECT_FALSE(options.resolved({}).schedule_epochs);
  EXPECT_EQ(schedule_factor(schedule_of(options, 10), 1'000'000), 1);
}

TEST(RateOptions, TellWhichOthersLeaveWithoutEffect) {
  RateOptions options;
  TrainingOptions training;
  EXPECT_THAT(options.ineffective(training), IsEmpty());
  options.final_rate = 0.5;
  options.schedule_epochs = 7;
  EXPECT_THAT(options.ineffective(training), ElementsAre("final_rate", "schedule_epochs"));
  options.schedule = RateSchedule::kLinear;
  EXPECT_THAT(options.ineffective(training), IsEmpty());
  training.soup = {Path{"a"}};
  EXPECT_THAT(options.ineffective(training),
              ElementsAre("schedule", "warm_up", "final_rate", "schedule_epochs"));
}

}  // namespace
}  // namespace whitney::nn
