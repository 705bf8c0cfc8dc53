#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/kept_file_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"
#include "whitney/linalg/each_level_test.h"
#include "whitney/recommend/interactions_cases_test.h"
#include "whitney/recommend/lightgcn.h"
#include "whitney/recommend/lightgcn_cases_test.h"

namespace whitney::recommend {
namespace {

using ::testing::HasSubstr;

Interactions some_events() { return grouped_events(60, 40, 4, 3); }

/// A run that has all steps of its epoch behind it, and not yet its end.
void take_all_steps(LightGcnRun& run, const LightGcnOptions& options) {
  const int64_t steps = (run.train().size() + options.batch_size - 1) / options.batch_size;
  for (int64_t step = 0; step < steps; ++step) run.take_step({});
}

void expect_near(const std::vector<float>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-6) << i;
}

TEST(LightGcnAveraging, EmaIsTheAverageOfTheFinalVectorsOverSteps) {
  const Interactions events = some_events();
  LightGcnOptions options = without_validation(Averaging::kEma);
  options.averaging.ema_decay = 0.25;
  LightGcnRun plain(events, without_validation(), {}), averaged(events, options, {});
  std::vector<double> expected;
  // It begins with what the first step leaves; then d = min(0.25, 2 / 11) and d = min(0.25, 3 / 12).
  for (const double decay : {0.0, 2.0 / 11, 0.25}) {
    plain.take_step({});
    averaged.take_step({});
    const std::vector<float> now = values_of(plain.factors({}));
    expected.resize(now.size());
    for (size_t i = 0; i < now.size(); ++i) expected[i] = decay * expected[i] + (1 - decay) * now[i];
    expect_near(values_of(averaged.factors({})), expected);
  }
  // What is learned is not what is kept: the run goes on as if there were no average.
  EXPECT_NE(values_of(averaged.factors({})), values_of(plain.factors({})));
}

TEST(LightGcnAveraging, WithoutWeightOfThePastIsTheLastVectors) {
  LightGcnOptions options = without_validation(Averaging::kEma);
  options.averaging.ema_decay = 0;
  EXPECT_EQ(values_of(lightgcn(some_events(), options, {})),
            values_of(lightgcn(some_events(), without_validation(), {})));
}

TEST(LightGcnAveraging, SwaIsTheMeanOverTheEndsOfTheLastEpochs) {
  const Interactions events = some_events();
  LightGcnOptions options = without_validation(Averaging::kSwa);
  options.averaging.swa_from = 0.5;
  LightGcnRun plain(events, without_validation(), {}), averaged(events, options, {});
  std::vector<double> sum;
  for (int epoch = 0; epoch < 6; ++epoch) {
    plain.run_epoch({});
    averaged.run_epoch({});
    const std::vector<float> now = values_of(plain.factors({}));
    if (epoch < 3) {
      EXPECT_EQ(values_of(averaged.factors({})), now);
      continue;
    }
    sum.resize(now.size());
    for (size_t i = 0; i < now.size(); ++i) sum[i] += now[i];
  }
  for (double& value : sum) value /= 3;
  expect_near(values_of(averaged.factors({})), sum);
}

TEST(LightGcnAveraging, LooksAtTheAverageAndKeepsIt) {
  const Interactions events = grouped_events(120, 80, 4, 3);
  LightGcnRun plain(events, small_options(), {}), averaged(events, small_options(Averaging::kEma), {});
  for (int epoch = 0; epoch < 2; ++epoch) plain.run_epoch({}), averaged.run_epoch({});
  const Factors kept = averaged.factors({});
  const InteractionsSplit parts = hold_out(events, small_options().validation, {});
  EXPECT_GT(averaged.best_recall(), 0);
  EXPECT_EQ(held_out_recall(kept, parts.train, parts.validation, {}), averaged.last_recall());
  EXPECT_NE(plain.last_recall(), averaged.last_recall());
  EXPECT_NE(values_of(kept), values_of(plain.factors({})));
}

TEST(LightGcnAveraging, GivesTheSameBytesAtAnyNumberOfThreads) {
  const Interactions events = grouped_events(200, 150, 4, 3);
  for (const Averaging averaging : {Averaging::kEma, Averaging::kSwa}) {
    const auto run = [&](int threads) {
      LightGcnOptions options = without_validation(averaging);
      options.dim = 64;  // two blocks of values
      return values_of(lightgcn(events, options, with_threads(threads)));
    };
    const std::vector<float> one = run(1);
    EXPECT_EQ(run(2), one);
    EXPECT_EQ(run(5), one);
  }
}

TEST(LightGcnAveraging, GoesOnFromACheckpointToTheSameBytes) {
  const Interactions events = grouped_events(120, 80, 4, 3);
  const TemporaryFolder folder;
  const std::string straight_file = folder.file("straight.safetensors"),
                    file = folder.file("run.safetensors");
  for (const Averaging averaging : {Averaging::kEma, Averaging::kSwa}) {
    LightGcnOptions options = small_options(averaging);
    options.averaging.swa_from = 0.5;
    options.rate.schedule = RateSchedule::kCosine;
    options.rate.warm_up = 1;
    LightGcnRun straight(events, options, {});
    while (!straight.is_done()) straight.run_epoch({});
    straight.save(straight_file, {});
    for (const int epochs : {0, 2, 4}) {  // before and in the mean over epochs
      LightGcnRun first(events, options, {}), second(events, options, {});
      for (int epoch = 0; epoch < epochs; ++epoch) first.run_epoch({});
      first.take_step({});
      first.save(file, {});
      second.load(file);
      while (!second.is_done()) second.run_epoch({});
      EXPECT_EQ(values_of(second.factors({})), values_of(straight.factors({})));
      second.save(file, {});
      EXPECT_EQ(read_file(file), read_file(straight_file)) << epochs;
    }
  }
}

TEST(LightGcnAveraging, GoesOnWithMoreEpochsToTheSameBytesOrNamesWhatDiffers) {
  const Interactions events = grouped_events(120, 80, 4, 3);
  const TemporaryFolder folder;
  const std::string straight_file = folder.file("straight.safetensors"),
                    file = folder.file("run.safetensors");
  LightGcnOptions options = small_options(Averaging::kSwa), more = options;
  options.epochs = 5;
  more.epochs = 12;
  LightGcnRun straight(events, more, {}), refused(events, more, {}), short_run(events, options, {});
  while (!straight.is_done()) straight.run_epoch({});
  straight.save(straight_file, {});
  while (!short_run.is_done()) short_run.run_epoch({});
  short_run.save(file, {});
  EXPECT_THAT(
      error_of([&] { refused.load(file); }),
      HasSubstr("run.safetensors holds a training with the option swa_epochs 5, and this run has 12"));
  options.averaging.swa_epochs = 12;
  LightGcnRun first(events, options, {}), second(events, more, {});
  while (!first.is_done()) first.run_epoch({});
  first.save(file, {});
  second.load(file);
  while (!second.is_done()) second.run_epoch({});
  second.save(file, {});
  EXPECT_EQ(read_file(file), read_file(straight_file));
}

TEST(LightGcnAveraging, BeginsInARefitWhereItBeganInTheFirstRun) {
  const Interactions events = grouped_events(120, 80, 4, 3);
  for (const double from : {0.1, 0.75}) {  // before and after the best epoch
    LightGcnOptions options = small_options(Averaging::kSwa);
    options.averaging.swa_from = from;
    options.epochs = 40;
    options.patience = 1;
    options.refit = true;
    const LightGcnFit fit = fit_lightgcn(events, options, {});
    ASSERT_GT(fit.best->best_epoch, 7) << from;  // of 40, of which the mean begins after 4 and after 30
    ASSERT_LE(fit.best->best_epoch, 30) << from;
    LightGcnOptions plain = without_validation(Averaging::kSwa);
    plain.averaging.swa_from = from;
    plain.averaging.swa_epochs = 40;
    plain.epochs = fit.best->best_epoch;
    EXPECT_EQ(values_of(fit.factors), values_of(lightgcn(events, plain, {})));
    plain.averaging = {};
    EXPECT_EQ(values_of(fit.factors) == values_of(lightgcn(events, plain, {})), from == 0.75);
  }
}

TEST(LightGcnAveraging, TakesAnEpochOnceWhereTheLookAfterItWasStopped) {
  const Interactions events = grouped_events(120, 80, 4, 3);
  const TemporaryFolder folder;
  LightGcnOptions options = small_options(Averaging::kSwa);
  options.averaging.swa_from = 0;
  LightGcnRun straight(events, options, {}), first(events, options, {}), second(events, options, {});
  for (int epoch = 0; epoch < 4; ++epoch) straight.run_epoch({});
  for (int epoch = 0; epoch < 3; ++epoch) first.run_epoch({});
  take_all_steps(first, options);
  Listener stopped;
  stopped.token.request();
  EXPECT_THROW(first.run_epoch(stopped.context()), Cancelled);  // of the fourth epoch only its look is left
  first.save(folder.file("run.safetensors"), {});
  second.load(folder.file("run.safetensors"));
  second.run_epoch({});
  straight.save(folder.file("straight.safetensors"), {});
  second.save(folder.file("run.safetensors"), {});
  EXPECT_EQ(read_file(folder.file("run.safetensors")), read_file(folder.file("straight.safetensors")));
}

/// The checkpoint as it was before there were averages and schedules.
void take_new_options_away(const std::string& path) {
  const Artifact file = Artifact::open(path);
  Value options = Value::object(), record = Value::object();
  const std::vector<std::string> added = {"schedule",  "warm_up",   "final_rate", "schedule_epochs",
                                          "averaging", "ema_decay", "swa_from",   "swa_epochs"};
  for (const auto& [name, value] : file.record().at("options").as_object()) {
    if (std::ranges::find(added, name) == added.end()) options.set(name, value);
  }
  const Value all = provenance_of(file.record());
  for (const auto& [name, value] : all.as_object()) {
    if (name != "average_count") record.set(name, value);
  }
  record.set("options", std::move(options));
  ArtifactWriter writer("checkpoint", std::move(record));
  for (const TensorView& tensor : file.tensors())
    writer.add(tensor.name, tensor.dtype, tensor.shape, tensor.bytes);
  writer.write(path, true, {});
}

TEST(LightGcnAveraging, GoesOnFromACheckpointThatKnowsNothingOfAveragesOnlyWithoutOne) {
  const Interactions events = some_events();
  const TemporaryFolder folder;
  const std::string path = folder.file("old.safetensors");
  LightGcnRun straight(events, small_options(), {});
  for (int epoch = 0; epoch < 3; ++epoch) straight.run_epoch({});
  straight.save(path, {});
  take_new_options_away(path);
  LightGcnRun rest(events, small_options(), {});
  rest.load(path);
  while (!rest.is_done()) rest.run_epoch({});
  while (!straight.is_done()) straight.run_epoch({});
  EXPECT_EQ(values_of(rest.factors({})), values_of(straight.factors({})));
  LightGcnRun averaged(events, small_options(Averaging::kEma), {});
  EXPECT_THAT(error_of([&] { averaged.load(path); }),
              HasSubstr("old.safetensors holds a training with the option averaging null, and this run has "
                        "\"ema\""));
  averaged.save(path, {});
  EXPECT_THAT(error_of([&] { rest.load(path); }),
              HasSubstr("the option averaging \"ema\", and this run has \"none\""));
}

TEST(LightGcnEstimate, KnowsTheTableOfTheAverage) {
  const DataSize size{.num_rows = 1000, .nnz = 9000, .num_items = 500};
  const int64_t table = int64_t{1500} * 8 * 4;
  const int64_t plain = estimate_lightgcn(size, small_options(), {}).peak_bytes;
  EXPECT_EQ(estimate_lightgcn(size, small_options(Averaging::kEma), {}).peak_bytes, plain + table);
  EXPECT_EQ(estimate_lightgcn(size, small_options(Averaging::kSwa), {}).peak_bytes, plain + table);
}

}  // namespace
}  // namespace whitney::recommend
