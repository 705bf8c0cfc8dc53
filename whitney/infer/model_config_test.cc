#include "whitney/infer/model_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "whitney/core/error_of.h"
#include "whitney/data/json_file.h"

namespace whitney::infer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ModelConfig config_of(const std::string& json) {
  return {data::parse_json_with_big_integers(json, "config.json"), "config.json"};
}

TEST(ModelConfig, GivesFieldsByType) {
  const ModelConfig config = config_of(
      R"({"n":3,"whole":4.0,"x":1e-12,"b":true,"t":"gelu","l":["A","B"],"d":[64,32],"model_type":"bert","architectures":["BertModel"]})");
  EXPECT_EQ(config.integer("n"), 3);
  EXPECT_EQ(config.integer("whole"), 4);
  EXPECT_EQ(config.real("x"), 1e-12);
  EXPECT_EQ(config.real("n"), 3.0);
  EXPECT_TRUE(config.flag("b"));
  EXPECT_EQ(config.text("t"), "gelu");
  EXPECT_THAT(config.texts("l"), ElementsAre("A", "B"));
  EXPECT_THAT(config.integers("d"), ElementsAre(64, 32));
  EXPECT_EQ(config.model_type(), "bert");
  EXPECT_THAT(config.architectures(), ElementsAre("BertModel"));
}

TEST(ModelConfig, TakesANullAsMissing) {
  const ModelConfig config = config_of(R"({"n":null})");
  EXPECT_FALSE(config.has("n"));
  EXPECT_EQ(config.integer("n", 7), 7);
  EXPECT_EQ(config.text("t", "gelu"), "gelu");
  EXPECT_FALSE(config.section("s").has_value());
  EXPECT_TRUE(config.architectures().empty());
}

TEST(ModelConfig, NamesFileFieldAndWhatWouldBeRight) {
  const ModelConfig config = config_of(R"({"n":"three","x":[1],"half":0.5,"big":9999999999999})");
  EXPECT_THAT(error_of([&] { config.integer("none"); }), HasSubstr("config.json: has no \"none\""));
  EXPECT_THAT(error_of([&] { config.integer("n"); }),
              HasSubstr("config.json: \"n\" is \"three\", but must be an integer"));
  EXPECT_THAT(error_of([&] { config.integer("half"); }), HasSubstr("\"half\" is 0.5"));
  EXPECT_THAT(error_of([&] { config.real("x"); }), HasSubstr("\"x\" is [1], but must be a number"));
  EXPECT_THAT(error_of([&] { config.flag("n"); }), HasSubstr("must be true or false"));
  EXPECT_THAT(error_of([&] { config.text("x"); }), HasSubstr("must be a string"));
  EXPECT_THAT(error_of([&] { config.size("big"); }), HasSubstr("must be an integer from 1 to 2147483648"));
  EXPECT_THAT(error_of([&] { config.model_type(); }), HasSubstr("\"model_type\" is missing"));
  EXPECT_THAT(error_of([] { config_of("[]"); }), HasSubstr("config.json: is []"));
}

TEST(ModelConfig, ReadsRotaryPositionsInEveryForm) {
  EXPECT_EQ(config_of("{}").rope(10000).theta, 10000);
  EXPECT_EQ(config_of(R"({"rope_theta":1000000.0})").rope(10000).theta, 1e6);
  const RopeSettings old =
      config_of(
          R"({"rope_theta":500000.0,"max_position_embeddings":131072,"rope_scaling":{"type":"llama3","factor":8.0,
          "low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192}})")
          .rope(10000);
  EXPECT_EQ(old.type, "llama3");
  EXPECT_EQ(old.factor, 8);
  EXPECT_EQ(old.original_max_positions, 8192);
  const RopeSettings now =
      config_of(R"({"rope_parameters":{"rope_theta":5e5,"rope_type":"default","partial_rotary_factor":0.5}})")
          .rope(1);
  EXPECT_EQ(now.theta, 5e5);
  EXPECT_EQ(now.type, "default");
  EXPECT_EQ(now.partial_factor, 0.5);
}

TEST(ModelConfig, ReadsRotaryPositionsByKindOfLayer) {
  const ModelConfig config = config_of(
      R"({"rope_parameters":{"full_attention":{"rope_theta":160000.0},"sliding_attention":{"rope_theta":10000.0}}})");
  EXPECT_EQ(config.rope(1, "full_attention").theta, 160000);
  EXPECT_EQ(config.rope(1, "sliding_attention").theta, 10000);
}

TEST(ModelConfig, NamesASectionInItsErrors) {
  const ModelConfig config = config_of(R"({"rope_scaling":{"factor":"two"},"s":3})");
  EXPECT_THAT(error_of([&] { config.rope(1); }),
              HasSubstr("config.json: \"rope_scaling\": \"factor\" is \"two\""));
  EXPECT_THAT(error_of([&] { config.section("s"); }), HasSubstr("\"s\": is 3, but must be an object"));
  EXPECT_THAT(error_of([] { config_of(R"({"rope_theta":0,"rope_scaling":{}})").rope(1); }),
              HasSubstr("above 0"));
}

}  // namespace
}  // namespace whitney::infer
