#include "whitney/infer/model_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "whitney/core/error_of.h"

namespace whitney::infer {
namespace {

ModelConfig config_with(const char* field, const char* activation) {
  return {Value::object({{field, activation}}), "config.json"};
}

TEST(ReadActivation, KnowsTheNamesOfTransformers) {
  EXPECT_EQ(read_activation(config_with("hidden_act", "gelu"), "hidden_act", "relu"), Activation::kGelu);
  EXPECT_EQ(read_activation(config_with("hidden_act", "gelu_new"), "hidden_act", "relu"),
            Activation::kGeluTanh);
  EXPECT_EQ(read_activation(config_with("hidden_act", "swish"), "hidden_act", "relu"), Activation::kSilu);
  EXPECT_EQ(read_activation(config_with("other", "gelu"), "hidden_act", "relu"), Activation::kRelu);
}

TEST(ReadActivation, ListsTheKnownForAnUnknownOne) {
  EXPECT_THAT(
      error_of([] { read_activation(config_with("hidden_act", "mish"), "hidden_act", "gelu"); }),
      testing::AllOf(testing::HasSubstr("config.json"), testing::HasSubstr("\"hidden_act\""),
                     testing::HasSubstr("mish"),
                     testing::HasSubstr("one of gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, relu, silu, "
                                        "swish, tanh, sigmoid")));
}

}  // namespace
}  // namespace whitney::infer
