#include "whitney/train/nn/averaging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "whitney/core/error_of.h"

namespace whitney::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Parameters one_number(double value) {
  Parameters parameters;
  parameters.add("p", torch::full({1}, value, torch::kFloat64));
  return parameters;
}

void set(const Parameters& parameters, double value) {
  const torch::NoGradGuard no_gradients;
  torch::Tensor(parameters.at("p")).fill_(value);
}

double number(const Parameters& parameters) { return parameters.at("p").item<double>(); }

std::vector<NamedTensor> ingredient(double value) {
  return {{"p", torch::full({1}, value, torch::kFloat64)}};
}

TEST(Average, EmaFollowsItsFormula) {
  TrainingOptions options;
  options.averaging.kind = Averaging::kEma;
  options.averaging.ema_decay = 0.25;
  Average average(options);
  const Parameters parameters = one_number(1);
  average.after_step(parameters);  // begins with what there is: 1
  set(parameters, 2);
  average.after_step(parameters);  // d = min(0.25, 2/11): 1 * 2/11 + 2 * 9/11 = 20/11
  set(parameters, 4);
  average.after_step(parameters);  // d = min(0.25, 3/12): 20/11 * 0.25 + 4 * 0.75
  average.swap_with(parameters);
  EXPECT_NEAR(number(parameters), 20.0 / 44 + 3, 1e-12);
  average.swap_with(parameters);
  EXPECT_EQ(number(parameters), 4);
}

TEST(Average, SwaIsTheMeanOverTheLastEpochs) {
  TrainingOptions options;
  options.averaging.kind = Averaging::kSwa;
  options.epochs = 4;
  options.averaging.swa_from = 0.5;
  Average average(options);
  const Parameters parameters = one_number(0);
  for (int64_t epoch = 0; epoch < 4; ++epoch) {
    set(parameters, static_cast<double>(10 * epoch));
    average.after_epoch(parameters, epoch);
    average.after_epoch(parameters, epoch);  // a second time counts once
    EXPECT_EQ(average.exists(), epoch >= 2);
  }
  average.swap_with(parameters);
  EXPECT_EQ(number(parameters), 25);  // of 20 and 30
}

TEST(Average, GoesOnFromItsState) {
  TrainingOptions options;
  options.averaging.kind = Averaging::kEma;
  Average straight(options), first(options), second(options);
  const Parameters parameters = one_number(1);
  straight.after_step(parameters);
  first.after_step(parameters);
  second.load_state(first.state(parameters), first.count(), parameters, "x");
  set(parameters, 5);
  straight.after_step(parameters);
  second.after_step(parameters);
  EXPECT_TRUE(straight.state(parameters)[0].tensor.equal(second.state(parameters)[0].tensor));
}

TEST(Soup, IsTheMean) {
  EXPECT_EQ(soup({ingredient(1), ingredient(2), ingredient(6)})[0].tensor.item<double>(), 3);
}

TEST(Soup, GreedyTakesWhatHelps) {
  // The nearer to 2, the better: 1.5 is the best; with 3.5 the mean is 2.5, as good; with 9 it is worse.
  const auto score = [](const std::vector<NamedTensor>& p) {
    return -std::abs(p[0].tensor.item<double>() - 2);
  };
  std::vector<size_t> taken;
  const auto result = greedy_soup({ingredient(9), ingredient(3.5), ingredient(1.5)}, score, &taken);
  EXPECT_THAT(taken, ElementsAre(2, 1));
  EXPECT_EQ(result[0].tensor.item<double>(), 2.5);
}

TEST(Soup, RefusesIngredientsOfDifferentModels) {
  EXPECT_THAT(error_of([] { soup({ingredient(1), {{"q", torch::ones({1})}}}); }),
              HasSubstr("different models"));
  EXPECT_THAT(error_of([] { soup({}); }), HasSubstr("at least one"));
}

}  // namespace
}  // namespace whitney::nn
