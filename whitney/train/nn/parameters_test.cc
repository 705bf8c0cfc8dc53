#include "whitney/train/nn/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"

namespace whitney::nn {
namespace {

using ::testing::HasSubstr;

Parameters two_groups() {
  Parameters parameters;
  parameters.begin_group({.name = "table", .learning_rate_factor = 0.5});
  parameters.add("users", torch::ones({3, 2}));
  parameters.begin_group({.name = "bias", .weight_decay = 0.0});
  parameters.add("offset", torch::zeros({2}));
  return parameters;
}

TEST(Parameters, KeepTheirOrderAndGroups) {
  const Parameters parameters = two_groups();
  ASSERT_EQ(parameters.size(), 2u);
  EXPECT_EQ(parameters.all()[0].name, "users");
  EXPECT_EQ(parameters.group_of(parameters.all()[0]).name, "table");
  EXPECT_EQ(parameters.group_of(parameters.all()[1]).weight_decay, 0.0);
  EXPECT_EQ(parameters.num_elements(), 8);
}

TEST(Parameters, AreLeavesThatRequireGradients) {
  const Parameters parameters = two_groups();
  (parameters.at("users") * 3).sum().backward();
  EXPECT_TRUE(parameters.at("users").grad().eq(3).all().item<bool>());
  parameters.clear_gradients();
  EXPECT_FALSE(parameters.at("users").grad().defined());
}

TEST(Parameters, RefuseAnotherOfTheSameName) {
  Parameters parameters = two_groups();
  EXPECT_THROW(parameters.add("users", torch::ones({1})), InternalError);
  EXPECT_THROW(parameters.begin_group({.name = "bias"}), InternalError);
}

TEST(Parameters, TakeTheValuesOfACheckpoint) {
  const Parameters parameters = two_groups();
  copy_into(parameters, {{"users", torch::full({3, 2}, 7.0)}, {"offset", torch::full({2}, 8.0)}},
            "a.safetensors");
  EXPECT_EQ(parameters.at("users")[2][1].item<float>(), 7);
  EXPECT_TRUE(parameters.at("users").requires_grad());
}

TEST(Parameters, NameWhatAForeignCheckpointHasOtherwise) {
  const Parameters parameters = two_groups();
  const auto error = [&](const std::vector<NamedTensor>& values) {
    return error_of([&] { copy_into(parameters, values, "a.safetensors"); });
  };
  EXPECT_THAT(error({{"users", torch::ones({3, 2})}}), HasSubstr("a.safetensors has 1 parameters"));
  EXPECT_THAT(error({{"users", torch::ones({3, 2})}, {"bias", torch::ones({2})}}), HasSubstr("\"bias\""));
  EXPECT_THAT(error({{"users", torch::ones({4, 2})}, {"offset", torch::ones({2})}}),
              HasSubstr("\"users\" is 4 x 2, and the model's is 3 x 2"));
  EXPECT_EQ(parameters.at("offset")[0].item<float>(), 0);  // nothing was copied
}

TEST(Parameters, CopiesStayWhereParametersGoAndViewsDoNot) {
  Parameters parameters;
  const torch::Tensor a = parameters.add("a", torch::ones({2}));
  const std::vector<NamedTensor> copies = parameters.copies(), views = parameters.views();
  const torch::NoGradGuard no_gradients;
  a.fill_(3);
  EXPECT_EQ(copies[0].name, "a");
  EXPECT_EQ(copies[0].tensor[0].item<float>(), 1);
  EXPECT_EQ(views[0].tensor[0].item<float>(), 3);
}

TEST(Parameters, NameTheFirstThatIsNotFinite) {
  Parameters parameters;
  parameters.add("a", torch::ones({2}));
  const torch::Tensor b = parameters.add("b", torch::ones({2, 2}));
  EXPECT_EQ(parameters.first_not_finite(), nullptr);
  const torch::NoGradGuard no_gradients;
  b[1][0] = -std::numeric_limits<float>::infinity();
  ASSERT_NE(parameters.first_not_finite(), nullptr);
  EXPECT_EQ(parameters.first_not_finite()->name, "b");
}

}  // namespace
}  // namespace whitney::nn
