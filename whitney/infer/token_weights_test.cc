#include "whitney/infer/token_weights.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/infer/infer_cases_test.h"

namespace whitney::infer {
namespace {

class TokenWeightsFile : public testing::Test {
 protected:
  // A vocabulary of [UNK], Play, music and game, ids 0 to 3.
  std::vector<float> table(std::string_view json) const {
    write_file(folder_.file("idf.json"), json);
    const text::Tokenizer tokenizer = text::Tokenizer::parse(R"({"version": "1.0", "truncation": null,
      "padding": null, "normalizer": null, "added_tokens": [], "pre_tokenizer": {"type": "WhitespaceSplit"},
      "post_processor": null, "decoder": null, "model": {"type": "WordLevel", "unk_token": "[UNK]",
      "vocab": {"[UNK]": 0, "Play": 1, "music": 2, "game": 3}}})",
                                                             "words.json");
    return TokenWeights::of_table(folder_.file("idf.json"), tokenizer).of(ids_);
  }
  std::vector<float> module(std::string_view json) const {
    return TokenWeights::of_module(ModelConfig(Value::parse_json(json, "test"), "config.json")).of(ids_);
  }

  TemporaryFolder folder_;
  std::vector<int32_t> ids_{3, 1, 0, 2, 1, 9};
};

TEST_F(TokenWeightsFile, TakesAModulesVocabularyInItsOrder) {
  EXPECT_EQ(module(R"({"vocab": ["[UNK]", "Play", "music", "game"], "unknown_word_weight": 0.5,
                       "word_weights": {"game": 3, "play": 2.5, "absent": 7}})"),
            (std::vector<float>{3, 2.5f, 0.5f, 0.5f, 2.5f, 0.5f}))
      << "the weight of a lower-case form, and the unknown one for all else";
}

TEST_F(TokenWeightsFile, WeighsTheTokensOfATokenizer) {
  EXPECT_EQ(table(R"({"music": 0.25, "Play": 4})"), (std::vector<float>{1, 4, 1, 0.25f, 4, 1}));
  EXPECT_EQ(table(R"({"vocab": ["other"], "word_weights": {"music": 0.25}, "unknown_word_weight": 2})"),
            (std::vector<float>{2, 2, 2, 0.25f, 2, 2}));
}

TEST_F(TokenWeightsFile, NamesFileAndTokenOfAWeightThatIsNone) {
  const std::string error = error_of([&] { table(R"({"music": "much"})"); });
  EXPECT_NE(error.find("idf.json: \"music\" is \"much\""), std::string::npos) << error;
  EXPECT_NE(error_of([&] { table("[1, 2]"); }).find("idf.json"), std::string::npos);
  EXPECT_NE(error_of([&] { module(R"({"vocab": ["a"]})"); }).find("has no \"word_weights\""),
            std::string::npos);
}

TEST(TokenWeights, AreNoneWithoutATable) { EXPECT_TRUE(TokenWeights().of(std::vector<int32_t>{1}).empty()); }

}  // namespace
}  // namespace whitney::infer
