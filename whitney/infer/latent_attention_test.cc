// NV-Embed's parts beside those that all checkpoints are tested for (transformer_test.cc compares the states
// of nv-embed-tiny with the reference's, in any batch and at any number of threads).

#include "whitney/infer/latent_attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/infer/checkpoint_cases_test.h"
#include "whitney/infer/encoder.h"
#include "whitney/infer/infer_cases_test.h"

namespace whitney::infer {
namespace {

constexpr int64_t kWidth = 16;

// Its words are those of every small model; "39" ends a text.
class NvEmbed : public testing::Test {
 protected:
  void SetUp() override {
    if (kept_file("checkpoints/nv-embed-tiny").empty())
      GTEST_SKIP() << "no tests/data above this folder and no WHITNEY_ROOT";
    write_small_model(model_, "nv-embed-tiny");
    const text::Tokenizer words = text::Tokenizer::open(model_);
    std::string vocabulary;
    for (int32_t id = 0; id < words.vocabulary_size(); ++id)
      vocabulary += concat(id > 0 ? ", \"" : "\"", *words.token_of(id), "\": ", id);
    write_file(model_ + "/tokenizer.json",
               R"({"version": "1.0", "normalizer": null, "post_processor": null, "decoder": null,
                   "added_tokens": [], "pre_tokenizer": {"type": "WhitespaceSplit"},
                   "model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab": {)" +
                   vocabulary + "}}}");
    write_file(model_ + "/tokenizer_config.json", R"({"eos_token": {"content": "39"}})");
  }
  static std::vector<float> encode(const std::string& model, std::string_view text,
                                   const EncodeOptions& options = {},
                                   Precision precision = Precision::kFloat32) {
    const std::string_view texts[] = {text};
    const Matrix vectors =
        Encoder::open(Context(), model, precision).encode(Context(), texts, options).vectors;
    const auto* values = reinterpret_cast<const float*>(vectors.bytes().data());
    return {values, values + vectors.rows() * vectors.cols()};
  }
  void change(std::string_view old_text, std::string_view new_text) const {
    std::string config = data::read_json_file(model_ + "/config.json").to_json();
    const size_t at = config.find(old_text);
    ASSERT_NE(at, config.npos) << config;
    write_file(model_ + "/config.json", config.replace(at, old_text.size(), new_text));
  }
  std::string error() const {
    return error_of([&] { Encoder::open(Context(), model_); });
  }

  TemporaryFolder folder_;
  std::string model_ = folder_.file("model");
};

TEST_F(NvEmbed, IsThePlainMeanWhereBothOutputsAreZero) {
  const std::string weights = model_ + "/model.safetensors";
  const std::string blocks = "latent_attention_model.cross_attend_blocks.";
  fill_tensor(weights, blocks + "0.fn.to_out.weight", 0, kWidth * 18, 0);
  fill_tensor(weights, blocks + "1.fn.net.2.weight", 0, kWidth * 4 * kWidth, 0);
  fill_tensor(weights, blocks + "1.fn.net.2.bias", 0, kWidth, 0);
  Transformer model = open_transformer(model_);
  const std::vector<std::vector<int32_t>> texts{{2, 9, 17, 30, 3}, {5}};
  const std::vector<float> states = states_of(model, texts);
  model.latents = nullptr;
  EXPECT_EQ(states_of(model, texts), states);
}

TEST_F(NvEmbed, EndsATextAndLeavesThePromptOutAndGivesUnitVectors) {
  EncodeOptions options;
  options.output = EncodeOutput::kTokens;
  const std::vector<float> states = encode(model_, "play music", options);
  ASSERT_EQ(states.size(), 3 * kWidth) << "two words and the end";
  EXPECT_EQ(states, states_of(open_transformer(model_), {{5, 6, 47}}));

  options.prompt = "game ";
  const std::vector<float> prompted = encode(model_, "play music", options);
  ASSERT_EQ(prompted.size(), 4 * kWidth);
  options.output = EncodeOutput::kDense;
  const std::vector<float> vector = encode(model_, "play music", options);
  std::vector<double> wanted(kWidth);
  double square = 0;
  for (size_t c = 0; c < kWidth; ++c) {
    for (size_t t = 1; t < 4; ++t) wanted[c] += static_cast<double>(prompted[t * kWidth + c]);
    square += wanted[c] * wanted[c];
  }
  for (size_t c = 0; c < kWidth; ++c) EXPECT_NEAR(vector[c], wanted[c] / std::sqrt(square), 1e-6);
}

TEST_F(NvEmbed, RunsInEightBits) {
  const std::vector<float> exact = encode(model_, "play music game 7"),
                           rounded = encode(model_, "play music game 7", {}, Precision::kInt8);
  double cosine = 0;
  for (size_t c = 0; c < kWidth; ++c)
    cosine += static_cast<double>(exact[c]) * static_cast<double>(rounded[c]);
  EXPECT_GT(cosine, 0.98);
  EXPECT_LT(cosine, 1 - 1e-9) << "or nothing was rounded";
}

TEST_F(NvEmbed, CountsItsLatentsAmongItsWeights) {
  const Encoder encoder = Encoder::open(Context(), model_);
  constexpr double kColumns = 3 * 5, kWide = 4 * kWidth;  // heads times latents
  const double latents = 2 * kWidth * (2 * kColumns + 3 * kWide);
  constexpr double kLayers = 2 * 2.0 * kWidth * (32 + 16 + 3 * 24);
  EXPECT_EQ(encoder.flops_per_token(), latents + kLayers);
}

TEST_F(NvEmbed, NamesTheFieldThatDoesNotFit) {
  change("\"latent_dim\":16", "\"latent_dim\":17");
  EXPECT_NE(error().find("\"latent_dim\" is 17"), std::string::npos) << error();
  change("\"latent_dim\":17", "\"latent_dim\":16");
  change("\"num_latents_value\":5", "\"num_latents_value\":6");
  EXPECT_NE(error().find("latents"), std::string::npos) << error();
  change("\"num_latents_value\":6", "\"num_latents_value\":5");
  change("\"mask_type\":\"b\"", "\"mask_type\":\"c\"");
  EXPECT_NE(error().find("\"mask_type\""), std::string::npos) << error();
  change("\"mask_type\":\"c\"", "\"mask_type\":\"b\"");
  change("\"text_config\"", "\"other_config\"");
  EXPECT_NE(error().find("\"text_config\""), std::string::npos) << error();
  change("\"other_config\"", "\"text_config\"");
  write_file(model_ + "/tokenizer_config.json", "{}");
  EXPECT_NE(error().find("\"eos_token\""), std::string::npos) << error();
}

}  // namespace
}  // namespace whitney::infer
