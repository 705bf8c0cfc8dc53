#include "whitney/train/nn/clip_gradients.h"

#include <gtest/gtest.h>

#include <limits>

namespace whitney::nn {
namespace {

Parameters with_gradients(float first, float second) {
  Parameters parameters;
  parameters.add("a", torch::zeros({1})).mutable_grad() = torch::full({1}, first);
  parameters.add("b", torch::zeros({1})).mutable_grad() = torch::full({1}, second);
  parameters.add("idle", torch::zeros({1}));
  return parameters;
}

TEST(ClipGradients, ShortensAllTogether) {
  const Parameters parameters = with_gradients(3, 4);
  EXPECT_DOUBLE_EQ(clip_gradients(parameters, 2.5), 5);
  EXPECT_FLOAT_EQ(parameters.at("a").grad().item<float>(), 1.5F);
  EXPECT_FLOAT_EQ(parameters.at("b").grad().item<float>(), 2);
}

TEST(ClipGradients, LeavesShortOnesAlone) {
  const Parameters parameters = with_gradients(3, 4);
  EXPECT_DOUBLE_EQ(clip_gradients(parameters, 5), 5);
  EXPECT_EQ(parameters.at("a").grad().item<float>(), 3);
}

TEST(ClipGradients, TellsOfANormThatIsNotFinite) {
  const Parameters parameters = with_gradients(std::numeric_limits<float>::infinity(), 4);
  EXPECT_FALSE(std::isfinite(clip_gradients(parameters, 5)));
  EXPECT_EQ(parameters.at("b").grad().item<float>(), 4);
}

}  // namespace
}  // namespace whitney::nn
