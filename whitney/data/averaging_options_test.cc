#include "whitney/data/averaging_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(AveragingOptions, EmaGivesTheStartLessWeightThanItsDecay) {
  AveragingOptions options;
  options.kind = Averaging::kEma;
  options.ema_decay = 0.25;
  EXPECT_EQ(options.share_after_step(0), 1);
  EXPECT_DOUBLE_EQ(*options.share_after_step(1), 9.0 / 11);  // d = min(0.25, 2 / 11)
  EXPECT_DOUBLE_EQ(*options.share_after_step(2), 0.75);      // d = min(0.25, 3 / 12)
  EXPECT_DOUBLE_EQ(*options.share_after_step(3), 0.75);
  EXPECT_FALSE(options.share_after_epoch(0, 9, 10));
}

TEST(AveragingOptions, SwaTakesEachOfTheLastEpochsOnceAndAlike) {
  AveragingOptions options;
  options.kind = Averaging::kSwa;
  options.swa_from = 0.5;
  EXPECT_FALSE(options.share_after_epoch(0, 1, 4));
  EXPECT_EQ(options.share_after_epoch(0, 2, 4), 1);
  EXPECT_FALSE(options.share_after_epoch(1, 2, 4));  // for the second time
  EXPECT_EQ(options.share_after_epoch(1, 3, 4), 0.5);
  EXPECT_FALSE(options.share_after_step(0));
  options.swa_from = 1;
  EXPECT_FALSE(options.share_after_epoch(0, 2, 4));
  EXPECT_EQ(options.share_after_epoch(0, 3, 4), 1);  // the last at least
}

TEST(AveragingOptions, SwaBeginsByTheEpochsThatItIsToldOf) {
  AveragingOptions options;
  options.kind = Averaging::kSwa;
  options.swa_from = 0.5;
  EXPECT_EQ(options.resolved(4).swa_epochs, 4);
  options = options.resolved(4);
  EXPECT_EQ(options.resolved(8).swa_epochs, 4);
  EXPECT_FALSE(options.share_after_epoch(0, 1, 8));
  EXPECT_EQ(options.share_after_epoch(0, 2, 8), 1);
  EXPECT_EQ(options.share_after_epoch(5, 7, 8), 1.0 / 6);  // goes on beyond them
  EXPECT_FALSE(options.share_after_epoch(0, 1, 2));        // also where the training ends before
  options.kind = Averaging::kEma;
  options.swa_epochs.reset();
  EXPECT_FALSE(options.resolved(4).swa_epochs);
}

TEST(AveragingOptions, TakeNothingByDefault) {
  EXPECT_FALSE(AveragingOptions().share_after_step(0));
  EXPECT_FALSE(AveragingOptions().share_after_epoch(0, 9, 10));
}

TEST(AveragingOptions, TellWhichOthersLeaveWithoutEffect) {
  AveragingOptions options;
  EXPECT_THAT(options.ineffective(), IsEmpty());
  options.ema_decay = 0.5;
  options.swa_from = 0.5;
  options.swa_epochs = 9;
  EXPECT_THAT(options.ineffective(), ElementsAre("ema_decay", "swa_from", "swa_epochs"));
  options.kind = Averaging::kEma;
  EXPECT_THAT(options.ineffective(), ElementsAre("swa_from", "swa_epochs"));
}

}  // namespace
}  // namespace whitney
