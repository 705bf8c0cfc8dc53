#include "whitney/data/rate_schedule.h"

#include <gtest/gtest.h>

namespace whitney {
namespace {

TEST(Schedule, WarmsUpAndDecaysByHand) {
  Schedule schedule;
  schedule.warm_up_steps = 3;
  schedule.total_steps = 13;
  schedule.final_factor = 0.2;
  EXPECT_DOUBLE_EQ(schedule_factor(schedule, 0), 0.25);
  EXPECT_DOUBLE_EQ(schedule_factor(schedule, 2), 0.75);
  EXPECT_DOUBLE_EQ(schedule_factor(schedule, 1000), 1);
  schedule.decay = Decay::kLinear;
  EXPECT_DOUBLE_EQ(schedule_factor(schedule, 3), 1);
  EXPECT_DOUBLE_EQ(schedule_factor(schedule, 8), 0.6);
  EXPECT_DOUBLE_EQ(schedule_factor(schedule, 99), 0.2);
  schedule.decay = Decay::kCosine;
  EXPECT_DOUBLE_EQ(schedule_factor(schedule, 8), 0.6);
  EXPECT_NEAR(schedule_factor(schedule, 13), 0.2, 1e-15);
  schedule.decay = Decay::kSteps;
  schedule.steps_each = 4;
  EXPECT_DOUBLE_EQ(schedule_factor(schedule, 6), 1);
  EXPECT_NEAR(schedule_factor(schedule, 11), 0.01, 1e-15);
}

}  // namespace
}  // namespace whitney
