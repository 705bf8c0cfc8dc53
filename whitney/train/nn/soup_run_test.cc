#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/train/nn/checkpoint.h"
#include "whitney/train/nn/small_objective_test.h"
#include "whitney/train/nn/training_loop.h"

namespace whitney::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Tells, too, how far the scale is from 3, which is no number beyond 50.
class Judged : public SmallObjective {
 public:
  std::vector<Metric> evaluate(const Context& context) override {
    std::vector<Metric> metrics = SmallObjective::evaluate(context);
    const double scale = metrics[0].value;
    metrics.push_back({"error", scale > 50 ? std::nan("") : (scale - 3) * (scale - 3), false});
    return metrics;
  }
};

// Checkpoints of models whose scale is a number, and whose table is full of it.
class SoupRun : public ::testing::Test {
 protected:
  Path checkpoint(double number) {
    Checkpoint state;
    state.parameters = {
        {"table", torch::full({SmallObjective::kRows, SmallObjective::kDim}, number, torch::kFloat32)},
        {"scale", torch::full({1}, number, torch::kFloat32)}};
    const std::string path = folder_.file("c" + std::to_string(number) + ".safetensors");
    save_checkpoint(state, {.method = "small"}, path, {});
    return {path};
  }
  Trained run(const TrainingOptions& options) {
    Momentum optimizer(0.1);
    return train(objective_, optimizer, options, {.method = "small"}, {});
  }
  static std::vector<int64_t> numbers_of(const Trained& trained) {
    std::vector<int64_t> numbers;
    for (const Value& told : trained.soup) numbers.push_back(told.at("number").as_int());
    return numbers;
  }
  double scale() const { return objective_.parameters().at("scale").item<double>(); }

  TemporaryFolder folder_;
  Judged objective_;
};

TEST_F(SoupRun, IsTheMeanOfAllWithoutAMetric) {
  TrainingOptions options;
  options.soup = {checkpoint(1), checkpoint(2), checkpoint(6)};
  const Trained trained = run(options);
  EXPECT_EQ(scale(), 3);
  EXPECT_EQ(objective_.parameters().at("table")[2][1].item<double>(), 3);
  EXPECT_THAT(numbers_of(trained), ElementsAre(1, 2, 3));
  EXPECT_EQ(trained.epochs, 0);
  EXPECT_EQ(trained.to_value().at("soup").as_list()[2].at("number"), Value(3));
  EXPECT_EQ(trained.to_value().find("metric"), nullptr);
}

TEST_F(SoupRun, TakesWhatDoesNotLowerTheMetric) {
  // The metric is the scale itself: with any other the mean is lower than that of the best.
  TrainingOptions options;
  options.stop_metric = "scale";
  options.soup = {checkpoint(1), checkpoint(6), checkpoint(2), checkpoint(6)};
  const Trained trained = run(options);
  EXPECT_THAT(numbers_of(trained), ElementsAre(2, 4));
  EXPECT_EQ(scale(), 6);
  EXPECT_EQ(trained.best_value, 6);
  EXPECT_EQ(trained.to_value().at("metric"), Value("scale"));
}

TEST_F(SoupRun, TakesMeansThatAreBetterThanTheirParts) {
  TrainingOptions options;
  options.stop_metric = "error";
  options.soup = {checkpoint(9), checkpoint(1), checkpoint(60), checkpoint(5)};
  const Trained trained = run(options);
  EXPECT_THAT(numbers_of(trained), ElementsAre(2, 4));
  EXPECT_EQ(scale(), 3);
  EXPECT_EQ(trained.best_value, 0);
  options.soup = {checkpoint(60), checkpoint(70)};
  EXPECT_THAT(error_of([&] { run(options); }), HasSubstr("the soup's error is nan"));
}

TEST_F(SoupRun, RefusesCheckpointsOfAnotherSeedAndOfOthersHeldOut) {
  TrainingOptions options;
  options.soup = {checkpoint(1)};
  Momentum optimizer(0.1);
  const auto error_with = [&](const RunIdentity& identity) {
    return error_of([&] { train(objective_, optimizer, options, identity, {}); });
  };
  EXPECT_THAT(error_with({.method = "large"}), HasSubstr("is a checkpoint of small, not of large"));
  EXPECT_THAT(error_with({.method = "small", .seed = 7}), HasSubstr("holds a training with seed \"0\""));
  EXPECT_THAT(error_with({.method = "small", .input = "x"}), HasSubstr("holds a training with input"));
  options.stop_metric = "scale";
  RunIdentity held_out{.method = "small"};
  held_out.options.set("validation", 0.1);
  EXPECT_THAT(error_with(held_out), HasSubstr("with the option validation null, and this run has 0.1"));
}

TEST_F(SoupRun, NamesAFileOfAnotherModelAndAMetricThatIsNot) {
  TrainingOptions options;
  options.soup = {checkpoint(1)};
  options.stop_metric = "recall@20";
  EXPECT_THAT(error_of([&] { run(options); }), HasSubstr("\"recall@20\", which the validation does not"));
  Checkpoint other;
  other.parameters = {{"other", torch::ones({1})}};
  const std::string path = folder_.file("other.safetensors");
  save_checkpoint(other, {.method = "small"}, path, {});
  options.soup.push_back({path});
  EXPECT_THAT(error_of([&] { run(options); }), HasSubstr(path + " has 1 parameters, and the model has 2"));
}

}  // namespace
}  // namespace whitney::nn
