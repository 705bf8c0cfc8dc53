// What an encoder makes of its tokens' states before they are one vector.

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/json_file.h"
#include "whitney/infer/encoder.h"
#include "whitney/infer/infer_cases_test.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney::infer {
namespace {

std::vector<float> values_of(const Matrix& matrix) {
  const auto* values = reinterpret_cast<const float*>(matrix.bytes().data());
  return {values, values + matrix.rows() * matrix.cols()};
}

// A random model of three layers by sentence-transformers, with a WeightedLayerPooling, a WordWeights and
// all six poolings, and what it makes of some texts (make_states.py).
class StatesModel : public testing::Test {
 protected:
  void SetUp() override {
    kept_ = kept_file("encoder/states-tiny");
    if (kept_.empty()) GTEST_SKIP() << "no tests/data above this folder and no WHITNEY_ROOT";
  }
  // Compares with the vectors that the reference keeps under a name.
  void expect_vectors(const std::string& model, const char* name) const {
    const Encoder encoder = Encoder::open(Context(), model);
    const Value expected = data::read_json_file(kept_ + "/expected.json");
    at_each_level([&] {
      for (const Value& one : expected.as_list()) {
        const std::string_view texts[] = {one.at("text").as_string()};
        const std::vector<float> vector = values_of(encoder.encode(Context(), texts).vectors);
        const auto& wanted = one.at(name).as_list();
        ASSERT_EQ(vector.size(), wanted.size());
        for (size_t c = 0; c < wanted.size(); ++c)
          EXPECT_NEAR(vector[c], wanted[c].as_real(), 1e-5) << texts[0] << ": " << c;
      }
    });
  }

  std::string kept_;
  TemporaryFolder folder_;
};

TEST_F(StatesModel, MixesLayersAndWeighsWordsAsSentenceTransformers) { expect_vectors(kept_, "vector"); }

TEST_F(StatesModel, LaysPoolingsSideBySideAsSentenceTransformers) {
  const std::string plain = folder_.file("plain");
  std::filesystem::copy(kept_, plain, std::filesystem::copy_options::recursive);
  write_file(plain + "/modules.json",
             R"([{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
                 {"idx": 1, "name": "3", "path": "3_Pooling", "type": "sentence_transformers.models.Pooling"}])");
  expect_vectors(plain, "plain_vector");
}

TEST_F(StatesModel, RefusesLayersThatItsWeightsDoNotFit) {
  const std::string changed = folder_.file("changed");
  std::filesystem::copy(kept_, changed, std::filesystem::copy_options::recursive);
  EncodeOptions options;
  options.layer = 2;
  EXPECT_NE(error_of([&] { Encoder::open(Context(), changed).dim(options); }).find("mixes all its layers"),
            std::string::npos);
  write_file(changed + "/1_WeightedLayerPooling/config.json", R"({"layer_start": 2})");
  EXPECT_NE(error_of([&] { Encoder::open(Context(), changed); }).find("layer_weights"), std::string::npos);
  write_file(changed + "/1_WeightedLayerPooling/config.json", R"({"layer_start": 4})");
  EXPECT_NE(error_of([&] { Encoder::open(Context(), changed); }).find("beyond the model's 3 layers"),
            std::string::npos);
}

class SmallModel : public testing::Test {
 protected:
  void SetUp() override {
    if (kept_file("checkpoints").empty()) GTEST_SKIP() << "no tests/data above this folder, no WHITNEY_ROOT";
    write_small_model(folder_.file("model"));
    encoder_.emplace(Encoder::open(Context(), folder_.file("model")));
    write_file(folder_.file("idf.json"), R"({"play": 2.5, "music": 0.5, "[SEP]": 0.25})");
  }
  std::vector<float> encode(const std::vector<std::string_view>& texts, const EncodeOptions& options,
                            int threads = 1) const {
    return values_of(encoder_->encode(with_threads(threads), texts, options).vectors);
  }
  std::vector<float> states(std::string_view text, EncodeOptions options = {}) const {
    options.output = EncodeOutput::kTokens;
    return encode({text}, options);
  }
  std::string error(const EncodeOptions& options) const {
    return error_of([&] { encode({"play"}, options); });
  }

  static constexpr size_t kWidth = 16;
  TemporaryFolder folder_;
  std::optional<Encoder> encoder_;
};

TEST_F(SmallModel, MeansTheStatesOfTheLastLayers) {
  EncodeOptions first, both;
  first.layer = 1;
  both.last_layers = 2;
  const std::vector<float> low = states("play music", first), high = states("play music"),
                           mean = states("play music", both);
  ASSERT_EQ(mean.size(), 4 * kWidth);
  for (size_t i = 0; i < mean.size(); ++i) EXPECT_EQ(mean[i], (low[i] + high[i]) * 0.5f);
  both.last_layers = 1;
  EXPECT_EQ(states("play music", both), high);
}

TEST_F(SmallModel, PoolsTheLastTokensOnly) {
  EncodeOptions options;
  options.last_tokens = 2;
  const std::vector<float> all = states("play music game"), pooled = encode({"play music game"}, options);
  for (size_t c = 0; c < kWidth; ++c)
    EXPECT_EQ(pooled[c], (all[3 * kWidth + c] + all[4 * kWidth + c]) * 0.5f);
  options.last_tokens = 100;
  EXPECT_EQ(encode({"play music game"}, options), encode({"play music game"}, {}));
}

TEST_F(SmallModel, LeavesTheFirstTokensOutOfPooling) {
  EncodeOptions options;
  options.skip_first_tokens = 1;
  const std::vector<float> all = states("play music"), pooled = encode({"play music"}, options);
  for (size_t c = 0; c < kWidth; ++c)
    EXPECT_NEAR(pooled[c], (all[kWidth + c] + all[2 * kWidth + c] + all[3 * kWidth + c]) / 3, 1e-6);
  options.skip_first_tokens = 100;
  const std::vector<float> last = encode({"play music"}, options);
  for (size_t c = 0; c < kWidth; ++c) EXPECT_EQ(last[c], all[3 * kWidth + c]);
}

// [CLS] play music [SEP] weigh 1, 2.5, 0.5 and 0.25.
TEST_F(SmallModel, WeighsTokensByATable) {
  EncodeOptions options;
  options.token_weights = Path{folder_.file("idf.json")};
  const std::vector<float> all = states("play music"), pooled = encode({"play music"}, options);
  const double weights[] = {1, 2.5, 0.5, 0.25};
  for (size_t c = 0; c < kWidth; ++c) {
    double sum = 0;
    for (size_t t = 0; t < 4; ++t) sum += weights[t] * all[t * kWidth + c];
    EXPECT_NEAR(pooled[c], sum / 4.25, 1e-6);
  }
}

// As sentence-transformers 6.2, whose lower case is a step of the tokenizer's: added tokens are found before
// it.
TEST_F(SmallModel, LowersThePromptAndTheTextWhereItsSettingsSaySo) {
  const std::string lowered = folder_.file("lowered");
  std::filesystem::copy(folder_.file("model"), lowered);
  write_file(lowered + "/tokenizer_config.json",
             R"({"tokenizer_class": "BertTokenizer", "do_lower_case": false})");
  const auto run = [&](std::string prompt, std::string_view text) {
    EncodeOptions options;
    options.prompt = std::move(prompt);
    options.include_prompt = false;
    const std::string_view texts[] = {text};
    return values_of(Encoder::open(Context(), lowered).encode(Context(), texts, options).vectors);
  };
  const std::vector<float> small = run("play ", "music [SEP] 7");
  EXPECT_NE(run("Play ", "MUSIC [SEP] 7"), small);
  write_file(lowered + "/sentence_bert_config.json", R"({"do_lower_case": true})");
  EXPECT_EQ(run("Play ", "MUSIC [SEP] 7"), small);
}

// [CLS] and the prompt's word see each other and nothing of the text, which sees what comes before it.
TEST_F(SmallModel, LetsThePromptsTokensAloneSeeLaterOnes) {
  const auto run = [&](std::string prompt, std::string_view text, AttentionSwitch attention) {
    EncodeOptions options;
    options.prompt = std::move(prompt);
    options.attention = attention;
    return states(text, options);
  };
  const auto of_prompt = [&](std::vector<float> all) {
    all.resize(2 * kWidth);
    return all;
  };
  constexpr AttentionSwitch kPrefix = AttentionSwitch::kPrefixLm;
  const std::vector<float> all = run("play ", "music game", kPrefix);
  EXPECT_EQ(of_prompt(all), of_prompt(run("play ", "game 7", kPrefix)));
  EXPECT_NE(of_prompt(all), of_prompt(run("play ", "music game", AttentionSwitch::kCausal)));
  EXPECT_NE(of_prompt(all), of_prompt(run("play ", "music game", AttentionSwitch::kBidirectional)));
  EXPECT_EQ(run("", "music game", kPrefix), run("", "music game", AttentionSwitch::kCausal));
}

TEST_F(SmallModel, GivesTheSameBitsInAnyBatchAndAtAnyNumberOfThreads) {
  std::vector<std::string> texts;
  for (int i = 0; i < 90; ++i) {
    std::string& text = texts.emplace_back("play");
    for (int word = 0; word < i % 23; ++word) text += " " + std::to_string((word * 7 + i) % 40);
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  EncodeOptions options;
  options.prompt = "music 3 ";
  options.attention = AttentionSwitch::kPrefixLm;
  options.last_layers = 2;
  options.last_tokens = 5;
  options.token_weights = Path{folder_.file("idf.json")};
  options.pooling = {PoolingMode::kMean, PoolingMode::kMax};
  std::vector<float> alone;
  for (const std::string_view text : views) {
    const std::vector<float> vector = encode({text}, options);
    alone.insert(alone.end(), vector.begin(), vector.end());
  }
  for (const int threads : {1, 2, 5}) EXPECT_EQ(encode(views, options, threads), alone);
}

TEST_F(SmallModel, SaysWhatItCannotServe) {
  const auto holds = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  EncodeOptions options;
  options.last_layers = 3;
  holds(error(options), "last_layers 3 is above the 2 layers that are run");
  options.last_layers = 1;
  options.output = EncodeOutput::kSparse;
  holds(error(options), "last_layers does not apply to output=sparse");
  options = {};
  options.attention = AttentionSwitch::kPrefixLm;
  options.long_texts = LongTexts::kMean;
  holds(error(options), "attention=prefix_lm takes long_texts=cut only");
  options.long_texts = LongTexts::kCut;
  options.echo = true;
  holds(error(options), "neither echo nor frame");
  options = {};
  options.token_weights = Path{folder_.file("none.json")};
  holds(error(options), "none.json");
}

}  // namespace
}  // namespace whitney::infer
