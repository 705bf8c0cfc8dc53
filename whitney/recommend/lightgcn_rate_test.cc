#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"
#include "whitney/recommend/interactions_cases_test.h"
#include "whitney/recommend/lightgcn.h"
#include "whitney/recommend/lightgcn_cases_test.h"

namespace whitney::recommend {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

Interactions some_events() { return grouped_events(60, 40, 4, 3); }

TEST(LightGcnRate, WarmsUpAndFallsToNothing) {
  const Interactions events = some_events();
  LightGcnOptions options = without_validation();
  options.layers = 0;
  options.batch_size = 1 << 12;  // one step an epoch; the first one of Adam moves values by the rate
  LightGcnRun constant(events, options, {});
  const std::vector<float> begin = values_of(constant.factors({}));
  constant.run_epoch({});
  options.rate = {.schedule = RateSchedule::kLinear, .warm_up = 1, .schedule_epochs = 3};
  LightGcnRun run(events, options, {});
  run.run_epoch({});
  const std::vector<float> whole = values_of(constant.factors({})), half = values_of(run.factors({}));
  size_t num_moved = 0;
  for (size_t i = 0; i < begin.size(); ++i) {
    const float moved = whole[i] - begin[i];
    num_moved += std::abs(std::abs(moved) - 0.02F) < 1e-4F ? 1 : 0;
    ASSERT_NEAR(half[i] - begin[i], moved / 2, 1e-7);  // step 1 of a warm-up of 1: (0 + 1) / 2
  }
  EXPECT_GT(num_moved, begin.size() / 2);
  run.run_epoch({});
  run.run_epoch({});
  const std::vector<float> last = values_of(run.factors({}));
  EXPECT_NE(last, half);
  run.run_epoch({});  // epochs 1 and 2 fell to 0, which is what is left
  EXPECT_EQ(values_of(run.factors({})), last);
}

TEST(LightGcnRate, AndAverageAreTheSameInARefit) {
  const Interactions events = grouped_events(120, 80, 4, 3);
  LightGcnOptions options = small_options(Averaging::kEma);
  options.rate.schedule = RateSchedule::kLinear;
  options.epochs = 12;
  options.patience = 1;
  options.refit = true;
  const LightGcnFit fit = fit_lightgcn(events, options, {});
  LightGcnOptions plain = without_validation(Averaging::kEma);
  plain.rate = {.schedule = RateSchedule::kLinear, .schedule_epochs = 12};
  plain.epochs = fit.best->best_epoch;
  EXPECT_EQ(values_of(fit.factors), values_of(lightgcn(events, plain, {})));
}

TEST(LightGcnRate, RefusesAWarmUpThatLeavesNoEpochToFallIn) {
  LightGcnOptions options = small_options();
  options.rate.schedule = RateSchedule::kCosine;
  options.rate.warm_up = 6;
  EXPECT_THAT(error_of([&] { lightgcn(some_events(), options, {}); }), HasSubstr("\"warm_up\" is 6 epochs"));
}

TEST(LightGcnOptions, TellWhichOthersLeaveWithoutEffect) {
  LightGcnOptions options;
  options.rate.final_rate = 0.5;
  options.averaging.ema_decay = 0.5;
  EXPECT_THAT(options.ineffective(), Contains("final_rate"));
  EXPECT_THAT(options.ineffective(), Contains("ema_decay"));
  EXPECT_THAT(options.ineffective(), Contains("checkpoint_every"));
  EXPECT_THAT(options.ineffective(), Not(Contains("evaluate_every")));
  options.averaging.kind = Averaging::kEma;
  options.checkpoint = Path{"run.ck"};
  options.validation = 0;
  EXPECT_THAT(options.ineffective(), Not(Contains("ema_decay")));
  EXPECT_THAT(options.ineffective(), Not(Contains("checkpoint_every")));
  EXPECT_THAT(options.ineffective(), Contains("evaluate_every"));
}

TEST(LightGcnCheckpoint, IsWrittenEverySoManyEpochsAndAtTheEnd) {
  const Interactions events = some_events();
  const TemporaryFolder folder;
  LightGcnOptions options = without_validation();
  options.checkpoint = Path{folder.file("run.safetensors")};
  options.checkpoint_every = 4;
  struct EpochsKept : Listener {
    void advance(std::string_view stage, int64_t, int64_t, std::string_view) override {
      if (stage != "epochs") return;
      // Asked before the epoch's own checkpoint is written.
      kept.push_back(std::filesystem::exists(path) ? Artifact::open(path).record().at("epoch").as_int() : 0);
    }
    std::string path;
    std::vector<int64_t> kept;
  } listener;
  listener.path = options.checkpoint->value;
  lightgcn(events, options, listener.context());
  EXPECT_THAT(listener.kept, ::testing::ElementsAre(0, 0, 0, 0, 4, 4));
  EXPECT_EQ(Artifact::open(listener.path).record().at("epoch").as_int(), 6);
}

}  // namespace
}  // namespace whitney::recommend
