#include "whitney/train/nn/adam.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "whitney/core/error_of.h"
#include "whitney/core/random.h"

namespace whitney::nn {
namespace {

TEST(Adam, FirstStepsAreThoseComputedByHand) {
  Parameters parameters;
  const torch::Tensor p = parameters.add("p", torch::full({1}, 2.0, torch::kFloat64));
  Adam adam({.learning_rate = 0.1, .weight_decay = 0.5});
  torch::Tensor(p).mutable_grad() = torch::full({1}, 3.0, torch::kFloat64);
  adam.step(parameters, 0, Context());
  // m = 0.3, v = 0.009; corrected 3 and 9: one step of the rate, behind the decay of 0.1 * 0.5.
  const double first = 2 * 0.95 - 0.1 * 3 / (3 + 1e-8);
  EXPECT_NEAR(p.item<double>(), first, 1e-12);
  torch::Tensor(p).mutable_grad() = torch::full({1}, -1.0, torch::kFloat64);
  adam.step(parameters, 1, Context());
  const double m = (0.9 * 0.3 - 0.1) / 0.19, v = (0.999 * 0.009 + 0.001) / (1 - 0.999 * 0.999);
  EXPECT_NEAR(p.item<double>(), first * 0.95 - 0.1 * m / (std::sqrt(v) + 1e-8), 1e-12);
}

TEST(Adam, AgreesWithLibtorchsOwnOverManySteps) {
  RandomStream random(3, "adam test", 0);
  std::vector<double> start(12), gradients(12);
  for (double& value : start) value = random.normal();
  Parameters parameters;
  parameters.begin_group({.name = "slow", .learning_rate_factor = 0.5, .weight_decay = 0.0});
  const torch::Tensor ours = parameters.add("p", torch::tensor(start, torch::kFloat64));
  torch::Tensor theirs = torch::tensor(start, torch::kFloat64).requires_grad_(true);
  torch::optim::AdamW reference({theirs}, torch::optim::AdamWOptions(0.005).weight_decay(0));
  Adam adam({.learning_rate = 0.01, .weight_decay = 0.3});  // the group has a rate and a decay of its own
  for (int64_t step = 0; step < 50; ++step) {
    for (double& value : gradients) value = random.normal();
    torch::Tensor(ours).mutable_grad() = torch::tensor(gradients, torch::kFloat64);
    theirs.mutable_grad() = torch::tensor(gradients, torch::kFloat64);
    adam.step(parameters, step, Context());
    reference.step();
  }
  EXPECT_TRUE(ours.allclose(theirs, 1e-10, 1e-12));
}

TEST(Adam, GoesOnFromItsState) {
  const auto run = [](int64_t handover) {
    Parameters parameters;
    const torch::Tensor p = parameters.add("p", torch::ones({2}));
    auto adam = std::make_unique<Adam>(AdamOptions{});
    for (int64_t step = 0; step < 6; ++step) {
      if (step == handover) {
        auto next = std::make_unique<Adam>(AdamOptions{});
        next->load_state(adam->state(), "x");
        adam = std::move(next);
      }
      torch::Tensor(p).mutable_grad() = torch::full({2}, static_cast<float>(step));
      adam->step(parameters, step, Context());
    }
    return p.detach().clone();
  };
  EXPECT_TRUE(run(3).equal(run(-1)));
  Adam adam({});
  EXPECT_THAT(error_of([&] { adam.load_state({{"velocity", torch::ones({1})}}, "c.safetensors"); }),
              ::testing::HasSubstr("c.safetensors holds the state of another optimiser"));
}

}  // namespace
}  // namespace whitney::nn
