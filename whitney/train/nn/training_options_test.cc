#include "whitney/train/nn/training_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace whitney::nn {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(TrainingOptions, TellWhichOthersLeaveWithoutEffect) {
  TrainingOptions options;
  EXPECT_THAT(options.ineffective(), IsEmpty());
  options.patience = 3;
  options.averaging.ema_decay = 0.5;
  options.averaging.swa_from = 0.5;
  options.resume = true;
  EXPECT_THAT(options.ineffective(), ElementsAre("patience", "ema_decay", "swa_from", "resume"));
  options.stop_metric = "recall@20";
  options.averaging.kind = Averaging::kEma;
  options.checkpoint = Path{"c.safetensors"};
  EXPECT_THAT(options.ineffective(), ElementsAre("swa_from"));
  options.soup = {Path{"a"}};
  EXPECT_THAT(options.ineffective(), AllOf(Contains("epochs"), Contains("averaging"), Contains("history"),
                                           Not(Contains("stop_metric")), Not(Contains("soup"))));
}

TEST(TrainingOptions, TellWhichOfTheRateHaveNoEffectAndAllInASoup) {
  TrainingOptions options;
  RateOptions rate;
  options.resume = true;
  rate.final_rate = 0.5;
  EXPECT_THAT(options.ineffective(rate), ElementsAre("resume", "final_rate"));
  options.soup = {Path{"a"}};
  EXPECT_THAT(options.ineffective(rate), AllOf(Contains("epochs"), Contains("schedule"), Contains("warm_up"),
                                               Contains("final_rate"), Contains("schedule_epochs")));
}

TEST(TrainingOptions, EveryNameAboutTheRunIsAnOption) {
  std::vector<std::string> names;
  for (const OptionSpec& spec : option_specs<TrainingOptions>()) names.push_back(spec.name);
  for (const std::string& name : TrainingOptions::about_the_run()) EXPECT_THAT(names, Contains(name));
}

TEST(TrainingOptions, MemoryCountsTheCopiesOfParameters) {
  TrainingOptions options;
  options.shards = 4;
  EXPECT_EQ(training_bytes(1000, 2, options), 1000 * 4 * (1 + 4 + 1 + 2));
  EXPECT_EQ(training_bytes(1000, 2, options, 1), 1000 * 4 * (1 + 1 + 1 + 2));
  options.averaging.kind = Averaging::kEma;
  options.stop_metric = "recall@20";
  EXPECT_EQ(training_bytes(1000, 2, options), 1000 * 4 * (1 + 4 + 1 + 2 + 2 + 1));
  options.soup = {Path{"a"}, Path{"b"}, Path{"c"}};
  EXPECT_EQ(training_bytes(1000, 2, options), 1000 * 4 * (1 + 3 + 1));
}

}  // namespace
}  // namespace whitney::nn
