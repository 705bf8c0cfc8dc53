#include "whitney/text/tokenizer_declaration.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "whitney/core/error_of.h"
#include "whitney/data/json_file.h"

namespace whitney::text {
namespace {

Value json(const std::string& text) { return data::parse_json_with_big_integers(text, "test"); }

constexpr const char* kRobertaVocabulary =
    R"({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "a": 4, "b": 5, "#": 6, "ab": 7, "#a": 8, "<mask>": 9})";

TEST(TokenizerDeclaration, FramesTextsOfRoberta) {
  const auto declaration = declare_byte_level(json(kRobertaVocabulary), "#version: 0.2\na b\n# a\n",
                                              json(R"({"tokenizer_class": "RobertaTokenizer"})"));
  // Only the first line is a comment: "# a" is a merge.
  EXPECT_EQ(std::get<BytePairDeclaration>(declaration.model).merges.size(), 2u);
  EXPECT_EQ(declaration.post_processor.at("type").as_string(), "TemplateProcessing");
  const AddedToken& mask = declaration.added_tokens.back();
  EXPECT_EQ(mask.content, "<mask>");
  EXPECT_TRUE(mask.lstrip);
}

TEST(TokenizerDeclaration, HeedsTheClassOfTheConfig) {
  const Value vocabulary = json(R"({"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3})");
  const auto gpt2 =
      declare_byte_level(vocabulary, "a b\n", json(R"({"tokenizer_class": "GPT2TokenizerFast"})"));
  EXPECT_TRUE(gpt2.normalizer.is_null());
  EXPECT_TRUE(gpt2.post_processor.is_null());
  const auto qwen2 =
      declare_byte_level(vocabulary, "a b\n", json(R"({"tokenizer_class": "Qwen2Tokenizer"})"));
  EXPECT_EQ(qwen2.normalizer.at("type").as_string(), "NFC");
  EXPECT_NE(error_of([&] {
              declare_byte_level(vocabulary, "a b\n", json(R"({"tokenizer_class": "LlamaTokenizer"})"));
            }).find("\"LlamaTokenizer\" needs a tokenizer.json"),
            std::string::npos);
}

// CLIP's vocabulary holds GPT-2's tokens, and its merges work otherwise.
TEST(TokenizerDeclaration, GuessesNoClass) {
  EXPECT_NE(
      error_of([&] { declare_byte_level(json(kRobertaVocabulary), "a b\n", {}); }).find("tokenizer_class"),
      std::string::npos);
  EXPECT_NE(error_of([&] {
              declare_byte_level(json(R"({"a": 0, "<|endoftext|>": 1})"), "", {});
            }).find("tokenizer_class"),
            std::string::npos);
  Vocabulary words;
  for (const char* word : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "a"}) words.add(word, words.size());
  EXPECT_NE(error_of([&] {
              declare_bert(words, json(R"({"tokenizer_class": "BertJapaneseTokenizer"})"));
            }).find("\"BertJapaneseTokenizer\" needs a tokenizer.json"),
            std::string::npos);
  declare_bert(words, json(R"({"tokenizer_class": "DistilBertTokenizerFast"})"));
}

TEST(TokenizerDeclaration, NamesTheLineOfABrokenMerge) {
  const Value vocabulary = json(R"({"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3})");
  for (const char* merges : {"a b\nab\n", "a b\na b c\n"})
    EXPECT_NE(error_of([&] { declare_byte_level(vocabulary, merges, {}); }).find("merges.txt:2"),
              std::string::npos);
  EXPECT_NE(error_of([&] { declare_byte_level(json(R"({"a": 0})"), "", {}); }).find("whose vocab.json"),
            std::string::npos);
}

TEST(TokenizerDeclaration, OfBertHeedsTheConfigAndNeedsItsTokens) {
  const auto vocabulary = [] {
    Vocabulary tokens;
    for (const char* name : {"[PAD]", "[UNK]", "[CLS]", "[SEP]"}) tokens.add(name, tokens.size());
    return tokens;
  };
  const auto plain = declare_bert(vocabulary(), {});
  EXPECT_TRUE(plain.normalizer.at("lowercase").as_bool());
  const auto cased = declare_bert(
      vocabulary(),
      json(R"({"do_lower_case": false, "strip_accents": true, "tokenize_chinese_chars": false})"));
  EXPECT_FALSE(cased.normalizer.at("lowercase").as_bool());
  EXPECT_TRUE(cased.normalizer.at("strip_accents").as_bool());
  EXPECT_FALSE(cased.normalizer.at("handle_chinese_chars").as_bool());
  Vocabulary without_separator;
  without_separator.add("[UNK]", 0);
  without_separator.add("[CLS]", 1);
  EXPECT_NE(error_of([&] { declare_bert(without_separator, {}); }).find("[SEP]"), std::string::npos);
}

TEST(TokenizerDeclaration, KnowsThePreTokenizersOfGgufFiles) {
  EXPECT_TRUE(byte_pair_style("llama-bpe").ignore_merges);
  EXPECT_EQ(byte_pair_style("qwen2").normalizer.at("type").as_string(), "NFC");
  EXPECT_EQ(byte_pair_style("gpt-2").pre_tokenizer.at("type").as_string(), "ByteLevel");
  EXPECT_NE(
      error_of([] { byte_pair_style("tekken"); }).find("unknown pre-tokenizer \"tekken\" (known: gpt-2"),
      std::string::npos);
}

}  // namespace
}  // namespace whitney::text
