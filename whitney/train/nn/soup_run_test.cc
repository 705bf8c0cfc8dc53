#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

// Checkpoints of models whose scale is a number, and whose table is full of it.
class SoupRun : public ::testing::Test {
 protected:
  std::string checkpoint(double number) {
    Checkpoint state;
    state.parameters = {
        {"table", torch::full({SmallObjective::kRows, SmallObjective::kDim}, number, torch::kFloat32)},
        {"scale", torch::full({1}, number, torch::kFloat32)}};
    const std::string path = folder_.file("c" + std::to_string(number) + ".safetensors");
    save_checkpoint(state, {.method = "small"}, path, {});
    return path;
  }
  Trained run(const TrainingOptions& options) {
    Momentum optimizer(0.1);
    return train(objective_, optimizer, options, {.method = "small"}, {});
  }
  double scale() const { return objective_.parameters().at("scale").item<double>(); }

  TemporaryFolder folder_;
  SmallObjective objective_;
};

TEST_F(SoupRun, IsTheMeanOfAllWithoutAMetric) {
  TrainingOptions options;
  options.soup = {checkpoint(1), checkpoint(2), checkpoint(6)};
  const Trained trained = run(options);
  EXPECT_EQ(scale(), 3);
  EXPECT_EQ(objective_.parameters().at("table")[2][1].item<double>(), 3);
  EXPECT_THAT(trained.soup, ElementsAre(1, 2, 3));
  EXPECT_EQ(trained.epochs, 0);
  EXPECT_EQ(trained.to_value().at("soup").to_json(), "[1,2,3]");
}

TEST_F(SoupRun, TakesWhatDoesNotLowerTheMetric) {
  // The metric is the scale itself: with any other the mean is lower than that of the best.
  TrainingOptions options;
  options.stop_metric = "scale";
  options.soup = {checkpoint(1), checkpoint(6), checkpoint(2), checkpoint(6)};
  const Trained trained = run(options);
  EXPECT_THAT(trained.soup, ElementsAre(2, 4));
  EXPECT_EQ(scale(), 6);
  EXPECT_EQ(trained.best_value, 6);
  EXPECT_EQ(trained.metric, "scale");
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
  options.soup.push_back(path);
  EXPECT_THAT(error_of([&] { run(options); }), HasSubstr(path + " has 1 parameters, and the model has 2"));
}

}  // namespace
}  // namespace whitney::nn
