#include "whitney/train/nn/training_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/train/nn/small_objective_test.h"

namespace whitney::nn {
namespace {

using ::testing::HasSubstr;

constexpr double kRate = 0.2;

// 23 examples in batches of 4, two of which make a step: three steps an epoch, the last one shorter.
TrainingOptions short_training() {
  TrainingOptions options;
  options.epochs = 4;
  options.batch_size = 4;
  options.accumulate = 2;
  options.shards = 3;
  options.clip_norm = 0.5;
  return options;
}

RunIdentity identity_of(const TrainingOptions& options) {
  return {.method = "small", .options = option_values(options), .seed = 42, .input = "abc"};
}

Trained run(SmallObjective& objective, const TrainingOptions& options, const Context& context = {}) {
  Momentum optimizer(kRate);
  return train(objective, optimizer, options, identity_of(options), context);
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Asks to stop after so many steps.
class StopAfter : public Progress {
 public:
  StopAfter(int64_t steps, CancellationToken& token) : steps_(steps), token_(token) {}
  void advance(std::string_view, int64_t done, int64_t, std::string_view) override {
    if (done == steps_) token_.request();
  }
  void note(std::string_view sentence) override { notes.emplace_back(sentence); }
  std::vector<std::string> notes;

 private:
  int64_t steps_;
  CancellationToken& token_;
};

TEST(TrainingLoop, LowersTheLoss) {
  SmallObjective objective;
  const Trained trained = run(objective, short_training());
  ASSERT_EQ(trained.history.rows.size(), 4u);
  EXPECT_LT(trained.history.rows[3].figures[0].value, 0.8 * trained.history.rows[0].figures[0].value);
  EXPECT_EQ(trained.epochs, 4);
  EXPECT_FALSE(trained.best_epoch);
}

TEST(TrainingLoop, GivesTheSameBytesAtAnyNumberOfThreads) {
  std::vector<std::vector<float>> found;
  for (const int threads : {1, 2, 5}) {
    SmallObjective objective;
    Context context;
    context.threads = threads;
    run(objective, short_training(), context);
    found.push_back(numbers_of(objective.parameters()));
  }
  EXPECT_EQ(found[0], found[1]);
  EXPECT_EQ(found[0], found[2]);
}

TEST(TrainingLoop, ARunThatGoesOnGivesTheBytesOfOneThatNeverStopped) {
  const TemporaryFolder folder;
  TrainingOptions options = short_training();
  options.averaging.kind = Averaging::kEma;
  options.stop_metric = "score";
  options.checkpoint = Path{folder.file("straight.safetensors")};
  const std::vector<double> scores = {0.1, 0.3, 0.2, 0.25};
  SmallObjective straight;
  straight.given_metrics = scores;
  const Trained whole = run(straight, options);
  const std::string expected = bytes_of(options.checkpoint->value);
  for (const int64_t stop : {1, 3, 4, 8, 11}) {  // in the middle and at the end of epochs
    options.checkpoint = Path{folder.file("stopped.safetensors")};
    options.resume = false;
    CancellationToken token;
    StopAfter progress(stop, token);
    Context context;
    context.progress = &progress;
    context.cancellation = &token;
    SmallObjective first, second;
    first.given_metrics = second.given_metrics = scores;
    EXPECT_THROW(run(first, options, context), Cancelled);
    EXPECT_THAT(progress.notes.back(), HasSubstr("--resume goes on"));
    options.resume = true;
    const Trained rest = run(second, options);
    EXPECT_EQ(numbers_of(second.parameters()), numbers_of(straight.parameters())) << stop;
    EXPECT_EQ(bytes_of(options.checkpoint->value), expected) << stop;
    EXPECT_EQ(rest.history.to_value(), whole.history.to_value()) << stop;
  }
}

TEST(TrainingLoop, SwaGoesOnToTheSameBytes) {
  const TemporaryFolder folder;
  TrainingOptions options = short_training();
  options.averaging.kind = Averaging::kSwa;
  options.averaging.swa_from = 0.25;
  options.checkpoint = Path{folder.file("c.safetensors")};
  SmallObjective straight, first, second;
  run(straight, options);
  CancellationToken token;
  StopAfter progress(9, token);  // between the last step of an epoch and its validation
  Context context;
  context.progress = &progress;
  context.cancellation = &token;
  EXPECT_THROW(run(first, options, context), Cancelled);
  options.resume = true;
  run(second, options);
  EXPECT_EQ(numbers_of(second.parameters()), numbers_of(straight.parameters()));
}

TEST(TrainingLoop, MoreEpochsGoOnWhereFewerEnded) {
  const TemporaryFolder folder;
  TrainingOptions options = short_training();
  SmallObjective straight, first, second;
  run(straight, options);
  options.checkpoint = Path{folder.file("c.safetensors")};
  options.epochs = 2;
  run(first, options);
  options.epochs = 4;
  options.resume = true;
  run(second, options);
  EXPECT_EQ(numbers_of(second.parameters()), numbers_of(straight.parameters()));
}

TEST(TrainingLoop, SwaGoesOnWithMoreEpochsToTheSameBytesOrNamesWhatDiffers) {
  const TemporaryFolder folder;
  TrainingOptions options = short_training();
  options.averaging.kind = Averaging::kSwa;
  options.epochs = 8;
  options.checkpoint = Path{folder.file("straight.safetensors")};
  SmallObjective straight, first, second, refused;
  run(straight, options);
  const std::string expected = bytes_of(options.checkpoint->value);
  options.checkpoint = Path{folder.file("c.safetensors")};
  options.averaging.swa_epochs = 8;
  options.epochs = 3;
  run(first, options);
  options.resume = true;
  options.averaging.swa_epochs.reset();
  options.epochs = 7;
  EXPECT_THAT(error_of([&] { run(refused, options); }),
              HasSubstr("c.safetensors holds a training with the option swa_epochs 8, and this run has 7"));
  options.epochs = 8;
  run(second, options);
  EXPECT_EQ(numbers_of(second.parameters()), numbers_of(straight.parameters()));
  EXPECT_EQ(bytes_of(options.checkpoint->value), expected);
}

TEST(TrainingLoop, KeepsTheBestEpochAndStopsAfterPatience) {
  TrainingOptions options = short_training();
  options.epochs = 20;
  options.stop_metric = "score";
  options.patience = 2;
  SmallObjective objective, two_epochs;
  objective.given_metrics = {0.1, 0.4, 0.3, 0.2, 0.9};
  const Trained trained = run(objective, options);
  EXPECT_EQ(trained.epochs, 4);
  EXPECT_TRUE(trained.stopped_early);
  EXPECT_EQ(trained.best_epoch, 2);
  EXPECT_EQ(trained.best_value, 0.4);
  options = short_training();
  options.epochs = 2;
  run(two_epochs, options);
  EXPECT_EQ(numbers_of(objective.parameters()), numbers_of(two_epochs.parameters()));
}

TEST(TrainingLoop, NamesTheMetricsWhereTheWatchedOneIsUnknown) {
  TrainingOptions options = short_training();
  options.stop_metric = "recall@20";
  SmallObjective objective;
  EXPECT_THAT(error_of([&] { run(objective, options); }), HasSubstr("(it gives scale)"));
}

TEST(TrainingLoop, ALossThatIsNotANumberStopsWithTheStepAndKeepsTheLastCheckpoint) {
  const TemporaryFolder folder;
  TrainingOptions options = short_training();
  options.epochs = 1;
  options.checkpoint = Path{folder.file("c.safetensors")};
  SmallObjective good, bad;
  run(good, options);
  const std::string kept = bytes_of(options.checkpoint->value);
  options.epochs = 4;
  options.resume = true;
  bad.factor = std::numeric_limits<double>::quiet_NaN();
  const std::string error = error_of([&] { run(bad, options); });
  EXPECT_THAT(error, HasSubstr("small: the loss is nan at step 4 of the training (epoch 2)"));
  EXPECT_THAT(error, HasSubstr("try a smaller --learning-rate or --clip-norm; "));
  EXPECT_THAT(error, HasSubstr("c.safetensors keeps the state after step 3"));
  EXPECT_EQ(bytes_of(options.checkpoint->value), kept);
}

// Steps into nowhere once.
class Broken : public Momentum {
 public:
  Broken() : Momentum(kRate) {}
  void step(const Parameters& parameters, int64_t step, const Context& context) override {
    Momentum::step(parameters, step, context);
    const torch::NoGradGuard no_gradients;
    if (step == 2) torch::Tensor(parameters.at("table"))[0][0] = std::numeric_limits<float>::quiet_NaN();
  }
};

TEST(TrainingLoop, AParameterThatIsNotANumberIsNotKept) {
  const TemporaryFolder folder;
  TrainingOptions options = short_training();
  options.checkpoint = Path{folder.file("c.safetensors")};
  SmallObjective objective;
  Broken optimizer;
  const std::string error =
      error_of([&] { train(objective, optimizer, options, identity_of(options), Context()); });
  EXPECT_THAT(error, HasSubstr("small: the parameter \"table\" is not finite at step 3 of the training "
                               "(epoch 1); try a smaller --learning-rate or --clip-norm; no checkpoint"));
  EXPECT_FALSE(std::filesystem::exists(options.checkpoint->value));
}

TEST(TrainingLoop, AParameterThatIsNotANumberIsFoundWithoutACheckpointAndBeforeTheValidation) {
  TrainingOptions options = short_training();
  options.clip_norm.reset();
  for (const int64_t epochs : {1, 4}) {  // by the last step of all, and on the way
    options.epochs = epochs;
    SmallObjective objective;
    objective.fails_validation = true;
    Broken optimizer;
    EXPECT_THAT(error_of([&] { train(objective, optimizer, options, identity_of(options), Context()); }),
                HasSubstr("\"table\" is not finite at step 3 of the training (epoch 1); try a smaller "
                          "--learning-rate or --clip-norm 1; no checkpoint is kept (--checkpoint FILE"));
  }
}

TEST(TrainingLoop, VectorsThatLeaveTheRangeOfFiniteParametersStopTheTraining) {
  const TemporaryFolder folder;
  TrainingOptions options = short_training();
  options.checkpoint = Path{folder.file("c.safetensors")};
  SmallObjective objective;
  objective.overflows_from = 3;
  // The validation does not look at them: they are found behind the last epoch.
  const std::string error = error_of([&] { run(objective, options); });
  EXPECT_THAT(error, HasSubstr("small: the vectors of rows are not finite at step 12 of the training (epoch "
                               "4); try a smaller --learning-rate or --clip-norm; "));
  EXPECT_THAT(error, HasSubstr("c.safetensors keeps the state after step 9, which was good"));
  EXPECT_EQ(load_checkpoint(options.checkpoint->value, identity_of(options), {}).step, 9);
}

TEST(TrainingLoop, AValidationThatFailsByVectorsNamesThem) {
  SmallObjective objective;
  objective.fails_validation = true;
  EXPECT_EQ(error_of([&] { run(objective, short_training()); }), "the validation fails");
  objective.overflows_from = 0;
  EXPECT_THAT(error_of([&] { run(objective, short_training()); }),
              HasSubstr("the vectors of rows are not finite at step 3 of the training (epoch 1)"));
}

TEST(TrainingLoop, WritesItsHistoryAsAPlot) {
  const TemporaryFolder folder;
  TrainingOptions options = short_training();
  options.history = Path{folder.file("h.svg")};
  SmallObjective objective;
  run(objective, options);
  EXPECT_THAT(bytes_of(options.history->value), HasSubstr(">loss</text>"));
  // Of a run that has ended, too.
  options.checkpoint = Path{folder.file("c.safetensors")};
  options.history.reset();
  SmallObjective ended, again;
  run(ended, options);
  options.resume = true;
  options.history = Path{folder.file("ended.json")};
  const Trained trained = run(again, options);
  EXPECT_EQ(trained.history.rows.size(), 4U);
  EXPECT_THAT(bytes_of(options.history->value), HasSubstr("\"epoch\":4"));
  options.history = Path{folder.file("h.png")};
  EXPECT_THAT(error_of([&] { run(objective, options); }), HasSubstr("option \"history\""));
}

}  // namespace
}  // namespace whitney::nn
