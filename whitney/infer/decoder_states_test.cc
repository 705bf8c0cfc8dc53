// What decoders make of parts of a text, of some of their layers, and of a text said twice.

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/temporary_folder.h"
#include "whitney/infer/checkpoint_cases_test.h"
#include "whitney/infer/encoder.h"
#include "whitney/infer/infer_cases_test.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney::infer {
namespace {

std::vector<std::string> decoders() {
  std::vector<std::string> paths;
  if (!kept_file("checkpoints").empty()) {
    for (const char* name : {"llama-tiny", "gpt2-tiny", "mistral-tiny"})
      paths.push_back(kept_file("checkpoints/" + std::string(name)));
  }
  const std::string made = data_folder("hf-tiny-checkpoints");
  if (!made.empty()) {
    for (const char* name : {"qwen2-tiny", "qwen3-tiny"}) paths.push_back(made + "/" + name);
  }
  return paths;
}

std::vector<float> row_of(const std::vector<float>& states, int64_t row, int64_t width) {
  const auto begin = states.begin() + row * width;
  return {begin, begin + width};
}

// A pass without a cache of keys and values is the pass token by token: the last state of each beginning of a
// text is the whole text's state there.
TEST(Decoders, GiveEachBeginningOfATextTheWholeTextsState) {
  if (decoders().empty()) GTEST_SKIP() << "no checkpoints: set WHITNEY_ROOT or WHITNEY_DATA";
  for (const std::string& path : decoders()) {
    const testing::ScopedTrace trace(__FILE__, __LINE__, path);
    const Checkpoint checkpoint = open_checkpoint(path);
    std::vector<int32_t> ids = checkpoint.cases.back().ids;
    while (ids.size() < 24) ids.push_back(ids[ids.size() * 3 % 7]);
    at_each_level([&] {
      const std::vector<float> whole = states_of(checkpoint.model, {ids});
      for (int64_t length = 1; length <= std::ssize(ids); ++length) {
        const std::vector<float> beginning =
            states_of(checkpoint.model, {{ids.begin(), ids.begin() + length}});
        const int64_t width = checkpoint.model.width;
        EXPECT_EQ(row_of(beginning, length - 1, width), row_of(whole, length - 1, width)) << length;
      }
    });
  }
}

// A decoder of six layers: the kept one's, again and again.
Transformer deep_decoder(const std::string& path) {
  Transformer model = open_transformer(path);
  const std::vector<TransformerLayer> layers = model.layers;
  while (model.layers.size() < 6) model.layers.push_back(layers[model.layers.size() % layers.size()]);
  return model;
}

// Starbucks on a decoder that normalises first: the exit behind layer n is layer n of the full run, bit for
// bit, and behind the final norm, for the raw residual stream is of a few huge coordinates.
TEST(Decoders, StopAfterAnyLayerWithTheFullRunsStatesBehindTheFinalNorm) {
  if (kept_file("checkpoints").empty()) GTEST_SKIP() << "no tests/data above this folder, no WHITNEY_ROOT";
  for (const char* name : {"llama-tiny", "gpt2-tiny"}) {
    Transformer model = deep_decoder(kept_file("checkpoints/" + std::string(name)));
    const std::vector<int32_t> ids =
        open_checkpoint(kept_file("checkpoints/" + std::string(name))).cases.back().ids;
    const int64_t num_layers = std::ssize(model.layers), rows = std::ssize(ids);
    std::vector<std::vector<float>> normed, raw;
    for (int64_t n = 1; n <= num_layers; ++n) normed.push_back(states_of(model, {ids}, 1, {n, {}}));
    for (int64_t n = 1; n < num_layers; ++n) {
      // The full run's mean of its last layers, of which the first alone weighs something: no final norm.
      std::vector<float> weights(static_cast<size_t>(num_layers - n + 1), 0.0f);
      weights.front() = 1;
      ForwardOptions options;
      options.layer_weights = weights;
      raw.push_back(states_of(model, {ids}, 1, options));
    }
    for (size_t n = 0; n < raw.size(); ++n) {
      std::vector<float> wanted(raw[n].size());
      normalize_rows(Context(), *model.final_norm, rows, raw[n].data(), wanted.data());
      EXPECT_EQ(normed[n], wanted) << name << ": layer " << n + 1;
      EXPECT_NE(normed[n], normed[n + 1]) << name << ": layer " << n + 1;
    }
    model.final_norm.reset();
    for (int64_t n = 1; n < num_layers; ++n)
      EXPECT_EQ(states_of(model, {ids}, 1, {n, {}}), raw[static_cast<size_t>(n - 1)])
          << name << ": layer " << n;
  }
}

// A size (layer, dim) of an encoder or a decoder is the first coordinates of that layer's pooled vector, cut
// and then normalised.
TEST(Starbucks, SizesAreBeginningsOfTheirLayersVectors) {
  if (kept_file("encoder").empty()) GTEST_SKIP() << "no tests/data above this folder and no WHITNEY_ROOT";
  for (const char* name :
       {"checkpoints/llama-tiny", "checkpoints/distilbert-tiny", "checkpoints/gpt2-tiny"}) {
    const Encoder encoder = Encoder::open(Context(), kept_file(name));
    text::TokenBatch tokens;
    tokens.ids = {2, 9, 17, 30, 3};
    tokens.starts = {0, 5};
    for (int64_t layer = 1; layer <= encoder.num_layers(); ++layer) {
      EncodeOptions options;
      options.layer = layer;
      const Matrix full = encoder.encode_tokens(Context(), tokens, options).vectors;
      for (const int64_t dim : {1, 5, 12, 16}) {
        options.dim = dim;
        options.normalize = true;
        const Matrix small = encoder.encode_tokens(Context(), tokens, options).vectors;
        ASSERT_EQ(small.cols(), dim);
        double square = 0;
        for (int64_t c = 0; c < dim; ++c)
          square += std::pow(static_cast<double>(full.row<float>(0)[static_cast<size_t>(c)]), 2);
        for (size_t c = 0; c < static_cast<size_t>(dim); ++c)
          EXPECT_NEAR(small.row<float>(0)[c], full.row<float>(0)[c] / std::sqrt(square), 1e-6)
              << name << layer;
      }
    }
  }
}

// A small decoder with words.
class Echo : public testing::Test {
 protected:
  void SetUp() override {
    if (kept_file("checkpoints").empty()) GTEST_SKIP() << "no tests/data above this folder, no WHITNEY_ROOT";
    write_small_model(folder_.file("model"), "llama-tiny");
    encoder_.emplace(Encoder::open(Context(), folder_.file("model")));
    options_.echo = true;
  }
  std::vector<int32_t> ids_of(std::string_view text) const {
    return encoder_->tokenizer()->encode(text, {false, {}});
  }
  // [CLS] Document: text \nDocument again: text [SEP], and where the second copy begins.
  std::vector<int32_t> said_twice(std::string_view text, size_t& second) const {
    const auto leading = encoder_->tokenizer()->leading_special_tokens();
    std::vector<int32_t> ids(leading.begin(), leading.end());
    const auto append = [&](const std::vector<int32_t>& part) {
      ids.insert(ids.end(), part.begin(), part.end());
    };
    append(ids_of("Document:"));
    append(ids_of(text));
    append(ids_of("\nDocument again:"));
    second = ids.size();
    append(ids_of(text));
    const auto trailing = encoder_->tokenizer()->trailing_special_tokens();
    ids.insert(ids.end(), trailing.begin(), trailing.end());
    return ids;
  }
  // The states of the second copy's tokens and what follows, one by one.
  std::vector<std::vector<float>> second_copy(std::string_view text, EncodeOptions options = {}) const {
    size_t second = 0;
    text::TokenBatch tokens;
    tokens.ids = said_twice(text, second);
    tokens.starts = {0, std::ssize(tokens.ids)};
    options.output = EncodeOutput::kTokens;
    const Matrix states = encoder_->encode_tokens(Context(), tokens, options).vectors;
    std::vector<std::vector<float>> rows;
    for (int64_t row = static_cast<int64_t>(second); row < states.rows(); ++row)
      rows.emplace_back(states.row<float>(row).begin(), states.row<float>(row).end());
    return rows;
  }
  Matrix encode(std::string_view text) const {
    return encoder_->encode(Context(), {&text, 1}, options_).vectors;
  }

  TemporaryFolder folder_;
  std::optional<Encoder> encoder_;
  EncodeOptions options_;
};

TEST_F(Echo, PoolsTheStatesOfTheSecondCopy) {
  const std::vector<std::vector<float>> rows = second_copy("play music game 7");
  ASSERT_EQ(rows.size(), 5u) << "four words and [SEP]";
  options_.normalize = false;
  options_.pooling = {PoolingMode::kMean};
  const Matrix mean = encode("play music game 7");
  options_.pooling = {PoolingMode::kLastToken};
  const Matrix last = encode("play music game 7");
  for (size_t c = 0; c < rows[0].size(); ++c) {
    double sum = 0;
    for (const std::vector<float>& row : rows) sum += row[c];
    EXPECT_NEAR(mean.row<float>(0)[c], sum / 5, 1e-6);
    EXPECT_EQ(last.row<float>(0)[c], rows.back()[c]);
  }
}

// No token sees a later one, and still each of the second copy has seen the whole text.
TEST_F(Echo, LetsEachTokenOfTheSecondCopyKnowTheLastWord) {
  const auto game = second_copy("play music game"), seven = second_copy("play music 7");
  ASSERT_EQ(game.size(), 4u);
  for (size_t row = 0; row < game.size(); ++row) EXPECT_NE(game[row], seven[row]) << row;
  // Said once, the words before the last are what they are whatever comes.
  EncodeOptions once;
  once.output = EncodeOutput::kTokens;
  const auto states = [&](std::string_view text) {
    return encoder_->encode(Context(), {&text, 1}, once).vectors;
  };
  const Matrix first = states("play music game"), other = states("play music 7");
  for (int64_t row = 0; row < 3; ++row) {
    for (size_t c = 0; c < 16; ++c) EXPECT_EQ(first.row<float>(row)[c], other.row<float>(row)[c]);
  }
}

}  // namespace
}  // namespace whitney::infer
