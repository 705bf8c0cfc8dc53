#include "whitney/infer/transformer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/infer/architecture.h"
#include "whitney/infer/checkpoint_cases_test.h"
#include "whitney/infer/infer_cases_test.h"
#include "whitney/infer/model_parts.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney::infer {
namespace {

std::vector<std::string> checkpoints() {
  std::vector<std::string> paths;
  const std::string made = data_folder("hf-tiny-checkpoints");
  if (!made.empty()) {
    for (const char* name : {"bert-tiny", "modernbert-tiny", "qwen2-tiny", "qwen3-tiny"})
      paths.push_back(made + "/" + name);
  }
  const std::string kept = kept_file("checkpoints");
  if (!kept.empty() && std::filesystem::exists(kept)) {
    for (const auto& entry : std::filesystem::directory_iterator(kept)) {
      if (std::filesystem::exists(entry.path() / "expected.json")) paths.push_back(entry.path().string());
    }
  }
  return paths;
}

TEST(Transformer, GivesTheReferencesStatesAtEachLevel) {
  if (checkpoints().empty()) GTEST_SKIP() << "no checkpoints: set WHITNEY_DATA";
  for (const std::string& path : checkpoints()) {
    const testing::ScopedTrace trace(__FILE__, __LINE__, path);
    const Checkpoint checkpoint = open_checkpoint(path);
    at_each_level([&] {
      for (const Case& one : checkpoint.cases) {
        EXPECT_LT(worst_of(states_of(checkpoint.model, {one.ids}), one.states), 3e-5);
      }
    });
  }
}

TEST(Transformer, GivesATextTheSameBitsInAnyBatchAndAtAnyNumberOfThreads) {
  if (checkpoints().empty()) GTEST_SKIP() << "no checkpoints: set WHITNEY_DATA";
  for (const std::string& path : checkpoints()) {
    const testing::ScopedTrace trace(__FILE__, __LINE__, path);
    const Checkpoint checkpoint = open_checkpoint(path);
    std::vector<std::vector<int32_t>> texts;
    for (int copy = 0; copy < 7; ++copy) {
      for (const Case& one : checkpoint.cases) texts.push_back(one.ids);
    }
    at_each_level([&] {
      std::vector<float> alone;
      for (const auto& text : texts) {
        const std::vector<float> states = states_of(checkpoint.model, {text});
        alone.insert(alone.end(), states.begin(), states.end());
      }
      for (int threads : {1, 2, 5}) EXPECT_EQ(states_of(checkpoint.model, texts, threads), alone);
    });
  }
}

// So long that each thread takes rows of its own through the layers.
TEST(Transformer, GivesALongTextTheSameBitsAtAnyNumberOfThreads) {
  if (checkpoints().empty()) GTEST_SKIP() << "no checkpoints: set WHITNEY_DATA";
  for (const std::string& path : checkpoints()) {
    const testing::ScopedTrace trace(__FILE__, __LINE__, path);
    const Checkpoint checkpoint = open_checkpoint(path);
    const std::vector<int32_t>& some = checkpoint.cases.front().ids;
    std::vector<int32_t> text;
    const int64_t tokens = std::min<int64_t>(checkpoint.model.max_tokens, 150);
    while (std::ssize(text) < tokens) text.push_back(some[text.size() % some.size()]);
    const std::vector<float> alone = states_of(checkpoint.model, {text});
    for (int threads : {2, 3, 5}) EXPECT_EQ(states_of(checkpoint.model, {text}, threads), alone);
  }
}

// A text that spells the padding token, say.
TEST(Transformer, CountsNoPaddingAmongRobertasPositions) {
  for (const char* name : {"roberta-tiny", "mpnet-tiny"}) {
    const std::string path = kept_file(std::string("checkpoints/") + name);
    if (path.empty()) GTEST_SKIP() << "no tests/data above this folder and no WHITNEY_ROOT";
    const Transformer model = open_transformer(path);
    const auto embedded = [&](const std::vector<int32_t>& ids, int64_t token) {
      const std::vector<float> states = states_of(model, {ids}, 1, {0, {}});
      const auto first = states.begin() + token * model.width;
      return std::vector<float>(first, first + model.width);
    };
    EXPECT_EQ(embedded({2, 9, 1, 17, 3}, 3), embedded({2, 9, 17, 3}, 2)) << name;
    EXPECT_EQ(embedded({2, 9, 1, 17, 3}, 2), embedded({1}, 0)) << name;
  }
}

TEST(Transformer, StopsAfterALayerWithTheFullRunsStates) {
  const std::string path = data_folder("hf-tiny-checkpoints");
  if (path.empty()) GTEST_SKIP() << "no checkpoints: set WHITNEY_DATA";
  Checkpoint checkpoint = open_checkpoint(path + "/bert-tiny");
  const std::vector<int32_t> ids = checkpoint.cases.front().ids;
  const std::vector<float> stopped = states_of(checkpoint.model, {ids}, 1, {1, {}});
  checkpoint.model.layers.pop_back();
  EXPECT_EQ(states_of(checkpoint.model, {ids}), stopped);
}

// As transformers' hidden_states: only the last are behind the final norm.
TEST(Transformer, MeansTheStatesOfItsLastLayersByTheirWeights) {
  const std::string path = kept_file("checkpoints/llama-tiny");
  if (path.empty()) GTEST_SKIP() << "no tests/data above this folder and no WHITNEY_ROOT";
  Checkpoint checkpoint = open_checkpoint(path);
  const std::vector<int32_t> ids = checkpoint.cases.front().ids;
  const auto mixed = [&](std::optional<int64_t> num_layers, const std::vector<float>& weights) {
    ForwardOptions options;
    options.num_layers = num_layers;
    options.layer_weights = weights;
    return states_of(checkpoint.model, {ids}, 1, options);
  };
  const std::vector<float> mean = mixed({}, {0.5f, 2, 1.5f}), last = mixed({}, {3}), both = mixed({}, {1, 1});
  const std::vector<float> third = states_of(checkpoint.model, {ids});
  EXPECT_THAT(error_of([&] { mixed(1, {1, 1, 1}); }), testing::HasSubstr("there are 2"));
  checkpoint.model.final_norm.reset();
  const std::vector<float> first = states_of(checkpoint.model, {ids}, 1, {0, {}});
  const std::vector<float> second = states_of(checkpoint.model, {ids}, 1, {1, {}});
  for (size_t i = 0; i < third.size(); ++i) {
    EXPECT_NEAR(mean[i], (0.5 * first[i] + 2.0 * second[i] + 1.5 * third[i]) / 4, 1e-5);
    EXPECT_NEAR(both[i], (static_cast<double>(second[i]) + third[i]) / 2, 1e-5);
    EXPECT_NEAR(last[i], third[i], 1e-6);
  }
}

TEST(Transformer, LetsNoTokenSeeALaterOneUnderTheCausalSwitch) {
  const std::string path = data_folder("hf-tiny-checkpoints");
  if (path.empty()) GTEST_SKIP() << "no checkpoints: set WHITNEY_DATA";
  const Transformer model = open_checkpoint(path + "/qwen3-tiny").model;
  const std::vector<int32_t> ids{2, 9, 17, 30, 3}, changed{2, 9, 17, 30, 4};
  const auto first_four = [&](const std::vector<int32_t>& text, std::optional<bool> causal) {
    std::vector<float> states = states_of(model, {text}, 1, {{}, causal});
    states.resize(static_cast<size_t>(4 * model.width));
    return states;
  };
  EXPECT_EQ(first_four(ids, {}), first_four(changed, {}));
  EXPECT_NE(first_four(ids, false), first_four(changed, false));
  EXPECT_EQ(first_four(ids, true), first_four(ids, {}));
}

TEST(Transformer, RefusesIdsAndLayersThatTheModelLacks) {
  const std::string path = data_folder("hf-tiny-checkpoints");
  if (path.empty()) GTEST_SKIP() << "no checkpoints: set WHITNEY_DATA";
  const Transformer model = open_checkpoint(path + "/bert-tiny").model;
  EXPECT_THAT(error_of([&] { states_of(model, {{2, 48}}); }), testing::HasSubstr("vocabulary of 48"));
  EXPECT_THAT(error_of([&] { states_of(model, {{2}}, 1, {3, {}}); }), testing::HasSubstr("2 layers"));
  EXPECT_THAT(error_of([&] { states_of(model, {std::vector<int32_t>(17, 2)}); }),
              testing::HasSubstr("16 at most"));
}

TEST(Architecture, PutsInterleavedHalvesOneAfterTheOther) {
  std::vector<float> rows{0, 10, 1, 11, 2, 12, 3, 13, 4, 14};  // 5 rows of one head, of which 4 turn
  deinterleave_heads(1, 5, 4, 2, rows.data());
  EXPECT_EQ(rows, (std::vector<float>{0, 10, 2, 12, 1, 11, 3, 13, 4, 14}));
}

TEST(Architecture, ListsTheKnownModelTypesForAnUnknownOne) {
  const ModelConfig config(Value::object({{"model_type", "perceiver"}}), "config.json");
  const Weights weights = Weights::of(bytes_of(safetensors("{}", "")), "none");
  EXPECT_THAT(error_of([&] { make_transformer({config, weights, Context(), Precision::kFloat32}); }),
              testing::AllOf(testing::HasSubstr("perceiver"), testing::HasSubstr("modernbert, mpnet")));
}

TEST(Transformer, IsNotMadeOfWeightsThatAMethodQuantized) {
  const ModelConfig config(
      Value::parse_json(R"({"model_type":"qwen3","quantization_config":{"quant_method":"fp8"}})", "test"),
      "config.json");
  const Weights weights = Weights::of(bytes_of(safetensors("{}", "")), "model.safetensors");
  EXPECT_EQ(
      error_of([&] { make_transformer({config, weights, Context(), Precision::kFloat32}); }),
      "config.json: \"quantization_config\": weights quantized by \"fp8\" are not read (expected: plain "
      "F32, F16, BF16 or F8 weights, or a GGUF file)");
}

}  // namespace
}  // namespace whitney::infer
