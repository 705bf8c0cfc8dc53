#include "whitney/infer/gguf_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/infer/infer_cases_test.h"
#include "whitney/infer/model_config.h"
#include "whitney/infer/model_folder.h"
#include "whitney/infer/weights.h"

namespace whitney::infer {
namespace {

using ::testing::HasSubstr;

const Context kContext;

class GgufModel : public testing::Test {
 protected:
  void SetUp() override {
    if (kept_file("gguf").empty()) GTEST_SKIP() << "no tests/data/gguf above this folder and no WHITNEY_ROOT";
  }
  static GgufFile open(const std::string& name) { return open_gguf(kept_file("gguf/" + name)); }
};

// At Hugging Face, element c of row r of every matrix of these files is r * 1000 + c.
void expect_plain(const Weights& weights, const std::string& name, int64_t rows, int64_t cols) {
  const Array<float> values = weights.tensor(name, {rows, cols}).to_float32(kContext);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < cols; ++c)
      ASSERT_EQ(values[r * cols + c], static_cast<float>(r * 1000 + c)) << name;
  }
}

TEST_F(GgufModel, GivesTensorsTheNamesOfHuggingFace) {
  const Weights weights = Weights::of(open("llama.gguf"));
  expect_plain(weights, "embed_tokens.weight", 8, 16);
  expect_plain(weights, "layers.1.self_attn.v_proj.weight", 8, 16);
  expect_plain(weights, "layers.1.self_attn.o_proj.weight", 16, 16);
  expect_plain(weights, "layers.0.mlp.gate_proj.weight", 24, 16);
  expect_plain(weights, "layers.0.mlp.up_proj.weight", 24, 16);
  EXPECT_EQ(weights.tensor("layers.0.mlp.down_proj.weight", {16, 24}).type, WeightType::kF16);
  for (const char* name :
       {"norm.weight", "layers.0.input_layernorm.weight", "layers.1.post_attention_layernorm.weight"})
    EXPECT_TRUE(weights.has(name)) << name;
}

TEST_F(GgufModel, PutsTheHalvesOfLlamasHeadsBack) {
  const Weights weights = Weights::of(open("llama.gguf"));
  const WeightTensor& q = weights.tensor("layers.0.self_attn.q_proj.weight", {16, 16});
  EXPECT_EQ(q.interleaved_heads, 4);
  EXPECT_EQ(weights.tensor("layers.0.self_attn.k_proj.weight", {8, 16}).interleaved_heads, 2);
  expect_plain(weights, "layers.0.self_attn.q_proj.weight", 16, 16);
  expect_plain(weights, "layers.0.self_attn.k_proj.weight", 8, 16);
  std::vector<float> two(32);
  q.copy_rows(5, 7, two.data());
  EXPECT_EQ(two[1], 5001);
  EXPECT_EQ(two[16], 6000);
  const Array<float> bias = weights.vector("layers.0.self_attn.q_proj.bias", 16, kContext);
  for (int64_t i = 0; i < 16; ++i) EXPECT_EQ(bias[i], static_cast<float>(1000 * i));
}

TEST_F(GgufModel, LeavesTheRowsOfQwenAsTheyAre) {
  const Weights weights = Weights::of(open("qwen3.gguf"));
  expect_plain(weights, "layers.0.self_attn.q_proj.weight", 32, 16);
  EXPECT_TRUE(weights.has("layers.1.self_attn.q_norm.weight"));
  EXPECT_TRUE(weights.has("layers.1.self_attn.k_norm.weight"));
}

TEST_F(GgufModel, MakesAConfigurationOfTheMetadata) {
  const ModelConfig llama(config_of(open("llama.gguf")), "llama");
  EXPECT_EQ(llama.model_type(), "llama");
  EXPECT_EQ(llama.integer("vocab_size"), 8);
  EXPECT_EQ(llama.integer("hidden_size"), 16);
  EXPECT_EQ(llama.integer("num_hidden_layers"), 2);
  EXPECT_EQ(llama.integer("num_attention_heads"), 4);
  EXPECT_EQ(llama.integer("num_key_value_heads"), 2);
  EXPECT_EQ(llama.integer("head_dim"), 4);
  EXPECT_EQ(llama.integer("intermediate_size"), 24);
  EXPECT_EQ(llama.integer("max_position_embeddings"), 64);
  EXPECT_FLOAT_EQ(static_cast<float>(llama.real("rms_norm_eps")), 1e-5f);
  EXPECT_EQ(llama.rope(1).theta, 1e5);
  EXPECT_TRUE(llama.flag("tie_word_embeddings"));
  EXPECT_EQ(llama.integer("eos_token_id"), 2);
  const ModelConfig qwen(config_of(open("qwen3.gguf")), "qwen3");
  EXPECT_EQ(qwen.integer("head_dim"), 8);
}

TEST_F(GgufModel, ReadsAnEncoder) {
  const GgufFile file = open("bert.gguf");
  const Weights weights = Weights::of(file);
  expect_plain(weights, "embeddings.position_embeddings.weight", 12, 16);
  expect_plain(weights, "encoder.layer.0.attention.self.key.weight", 16, 16);
  expect_plain(weights, "encoder.layer.0.intermediate.dense.weight", 32, 16);
  for (const char* name :
       {"embeddings.LayerNorm.bias", "encoder.layer.0.attention.output.LayerNorm.weight",
        "encoder.layer.0.output.LayerNorm.bias", "encoder.layer.0.attention.output.dense.bias"})
    EXPECT_TRUE(weights.has(name)) << name;
  const ModelConfig config(config_of(file), "bert");
  EXPECT_EQ(config.model_type(), "bert");
  EXPECT_EQ(config.integer("type_vocab_size"), 2);
  EXPECT_EQ(config.integer("max_position_embeddings"), 12);
}

TEST_F(GgufModel, NamesAnArchitectureThatIsNotKnown) {
  EXPECT_THAT(error_of([] { Weights::of(open("blocks.gguf")); }),
              HasSubstr("architecture \"none\", which Whitney does not run from GGUF; it runs llama, qwen2"));
}

TEST_F(GgufModel, NamesTheMetadataThatIsMissingOrWrong) {
  GgufFile file = open("llama.gguf");
  file.metadata.set("llama.block_count", "two");
  EXPECT_THAT(error_of([&] { config_of(file); }), HasSubstr("\"llama.block_count\" is \"two\""));
  file.metadata.set("llama.attention.head_count", 3);
  EXPECT_THAT(error_of([&] { Weights::of(file); }), HasSubstr("which are no rotated heads"));
  file.metadata.set("llama.attention.head_count", 4);
  for (GgufTensor& tensor : file.tensors) {
    if (tensor.name == "blk.0.attn_q.weight") tensor.shape.clear();
  }
  EXPECT_THAT(error_of([&] { Weights::of(file); }),
              HasSubstr("\"blk.0.attn_q.weight\" is [], which are no rotated"));
  file.metadata = Value::object({{"general.architecture", "llama"}});
  EXPECT_THAT(error_of([&] { config_of(file); }), HasSubstr("has no metadata \"llama.embedding_length\""));
}

TEST_F(GgufModel, ReadsTheFrequencyFactorsOfLlama3) {
  GgufFile file = open("llama.gguf");
  for (GgufTensor& tensor : file.tensors) {
    if (tensor.name == "output_norm.weight") tensor.name = "rope_freqs.weight";
  }
  const RopeSettings rope = ModelConfig(config_of(file), "llama").rope(1);
  EXPECT_EQ(rope.type, "factors");
  ASSERT_EQ(rope.factors.size(), 16);
  EXPECT_EQ(rope.factors[3], 3);
}

// A number is said by the field that holds it.
TEST_F(GgufModel, PoolsAsItsFileSays) {
  const TemporaryFolder folder;
  std::ifstream kept(kept_file("gguf/qwen3.gguf"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(kept), std::istreambuf_iterator<char>()};
  const std::string key = "qwen3.pooling_type";
  const size_t at = bytes.find(key);
  ASSERT_NE(at, std::string::npos);
  const auto open_with = [&](char number) {
    std::string changed = bytes;
    changed[at + key.size() + 4] = number;  // behind the type of the value
    write_file(folder.file("model.gguf"), changed);
    return ModelFolder::open(folder.file("model.gguf"));
  };
  const auto pooled = [&](char number) { return open_with(number).modules.back().pooling.modes; };
  EXPECT_EQ(pooled(0), std::vector{PoolingMode::kMean});
  EXPECT_EQ(pooled(1), std::vector{PoolingMode::kMean});
  EXPECT_EQ(pooled(2), std::vector{PoolingMode::kCls});
  EXPECT_EQ(pooled(3), std::vector{PoolingMode::kLastToken});
  EXPECT_THAT(error_of([&] { open_with(4); }), HasSubstr("ranks pairs"));
  EXPECT_THAT(error_of([&] { open_with(9); }), HasSubstr("is 9 (expected: 0, 1, 2 or 3)"));
}

}  // namespace
}  // namespace whitney::infer
