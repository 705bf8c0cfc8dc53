// Checkpoints whose config.json is in the names of Nomic's own code.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/infer/checkpoint_cases_test.h"
#include "whitney/infer/infer_cases_test.h"

namespace whitney::infer {
namespace {

class NomicsOwnConfig : public testing::Test {
 protected:
  void SetUp() override {
    kept_ = kept_file("checkpoints/nomic-bert-tiny");
    if (kept_.empty()) GTEST_SKIP() << "no tests/data above this folder and no WHITNEY_ROOT";
    cases_ = read_cases(kept_);
  }

  // What a nomic-embed checkpoint says, of the kept one's sizes, with fields changed.
  static Value own_config(const Value& changed = Value::object()) {
    Value config =
        Value::parse_json(R"({"model_type": "nomic_bert", "vocab_size": 48, "n_embd": 16, "n_head": 4,
      "n_layer": 2, "n_inner": 24, "n_positions": 64, "type_vocab_size": 2, "layer_norm_epsilon": 1e-12,
      "activation_function": "swiglu", "prenorm": false, "use_rms_norm": false, "qkv_proj_bias": false,
      "mlp_fc1_bias": false, "mlp_fc2_bias": false, "rotary_emb_base": 1000, "rotary_emb_fraction": 1.0,
      "rotary_emb_interleaved": false, "rotary_emb_scale_base": null})",
                          "config.json");
    for (const auto& [name, value] : changed.as_object()) config.set(name, value);
    return config;
  }
  // The kept weights under another configuration.
  std::string folder_with(const Value& config) {
    const std::string folder = folder_.file(std::to_string(num_folders_++));
    write_file(folder + "/config.json", config.to_json());
    std::filesystem::copy(kept_ + "/model.safetensors", folder);
    return folder;
  }
  std::vector<float> states(const Value& config) {
    return states_of(open_transformer(folder_with(config)), {cases_.back().ids});
  }

  std::string kept_;
  std::vector<Case> cases_;
  TemporaryFolder folder_;
  int num_folders_ = 0;
};

TEST_F(NomicsOwnConfig, GivesTheStatesOfTransformers) {
  const Transformer model = open_transformer(folder_with(own_config()));
  EXPECT_EQ(model.max_tokens, 64);
  for (const Case& one : cases_) EXPECT_LT(worst_of(states_of(model, {one.ids}), one.states), 3e-5);
}

// Each of them says what transformers' names say, too; and none is without effect.
TEST_F(NomicsOwnConfig, MeansWhatTransformersNamesMean) {
  Value common = data::read_json_file(kept_ + "/config.json");
  const std::vector<float> plain = states(common);
  const auto expect_same = [&](const char* own, const Value& value, const char* theirs, const Value& other) {
    const std::vector<float> changed = states(own_config(Value::object({{own, value}})));
    Value config = common;
    EXPECT_EQ(changed, states(config.set(theirs, other))) << own;
    EXPECT_NE(changed, plain) << own;
  };
  expect_same("activation_function", "geglu", "hidden_act", "gelu");
  expect_same("activation_function", "glu", "hidden_act", "sigmoid");
  expect_same("layer_norm_epsilon", 0.5, "layer_norm_eps", 0.5);
  expect_same("rotary_emb_base", 50, "rope_parameters",
              Value::object({{"rope_type", "default"}, {"rope_theta", 50}}));
  expect_same(
      "rotary_emb_fraction", 0.5, "rope_parameters",
      Value::object({{"rope_type", "default"}, {"rope_theta", 1000}, {"partial_rotary_factor", 0.5}}));
}

// Nomic's own model turns neighbours where "rotary_emb_interleaved" is true: rows 0 2 1 3 of each head of
// queries and keys in place of 0 1 2 3 give the same.
TEST_F(NomicsOwnConfig, TurnsNeighboursWhereItSaysSo) {
  const std::string folder = folder_with(own_config(Value::object({{"rotary_emb_interleaved", true}})));
  const Weights weights = Weights::open(kept_);
  NamedTensors tensors;
  for (const WeightTensor& tensor : weights.tensors()) {
    const Array<float> values = tensor.to_float32(Context());
    std::vector<float> changed(values.begin(), values.end());
    const int64_t cols = tensor.cols();
    if (tensor.name.ends_with("Wqkv.weight")) {
      for (int64_t head = 0; head < 8; ++head) {  // four of queries, four of keys
        float* row = changed.data() + (head * 4 + 1) * cols;
        std::swap_ranges(row, row + cols, row + cols);
      }
    }
    tensors.push_back({tensor.name, tensor.shape, std::move(changed)});
  }
  std::filesystem::remove(folder + "/model.safetensors");
  write_file(folder + "/model.safetensors", safetensors(tensors));
  for (const Case& one : cases_)
    EXPECT_LT(worst_of(states_of(open_transformer(folder), {one.ids}), one.states), 3e-5);
}

TEST_F(NomicsOwnConfig, RunsNoTextBeyondThePositionsThatItsScalingLeavesAlone) {
  const auto most = [&](const Value& changes) {
    return open_transformer(folder_with(own_config(changes))).max_tokens;
  };
  const int64_t all = most(Value::object());
  EXPECT_EQ(most(Value::object({{"max_trained_positions", 20}})), all);
  EXPECT_EQ(most(Value::object({{"max_trained_positions", 20}, {"rotary_scaling_factor", 2}})), 20);
}

TEST_F(NomicsOwnConfig, RefusesWhatCannotBeRun) {
  const auto error_with = [&](const char* field, const Value& value) {
    return error_of([&] { states(own_config(Value::object({{field, value}}))); });
  };
  EXPECT_THAT(error_with("prenorm", true), testing::HasSubstr("\"prenorm\""));
  EXPECT_THAT(error_with("use_rms_norm", true), testing::HasSubstr("\"use_rms_norm\""));
  EXPECT_THAT(error_with("activation_function", "relu"), testing::HasSubstr("swiglu, geglu, glu"));
  EXPECT_THAT(error_with("qkv_proj_bias", true), testing::HasSubstr("attn.Wqkv.bias"));
}

}  // namespace
}  // namespace whitney::infer
