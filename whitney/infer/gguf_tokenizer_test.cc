#include "whitney/infer/gguf_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "whitney/core/error_of.h"
#include "whitney/infer/infer_cases_test.h"

namespace whitney::infer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

GgufFile with(const std::string& key, Value value) {
  GgufFile file;
  file.path = "a.gguf";
  file.metadata =
      Value::object({{"tokenizer.ggml.model", "bert"}, {"tokenizer.ggml.tokens", Value::List{"a", "b"}}});
  file.metadata.set(key, std::move(value));
  return file;
}

TEST(GgufTokenizer, FillsTheVocabularyFromTheMetadata) {
  if (kept_file("gguf").empty()) GTEST_SKIP() << "no tests/data/gguf above this folder and no WHITNEY_ROOT";
  const text::GgufVocabulary vocabulary = vocabulary_of(open_gguf(kept_file("gguf/llama.gguf")));
  EXPECT_EQ(vocabulary.model, "gpt2");
  EXPECT_EQ(vocabulary.pre, "smollm");
  EXPECT_EQ(vocabulary.tokens.size(), 8);
  EXPECT_EQ(vocabulary.tokens[5], "ab");
  EXPECT_THAT(vocabulary.token_types, ElementsAre(3, 3, 3, 1, 1, 1, 1, 1));
  EXPECT_THAT(vocabulary.merges, ElementsAre("a b", "\u0120 a"));
  EXPECT_EQ(vocabulary.bos_id, 1);
  EXPECT_EQ(vocabulary.unk_id, std::nullopt);
  EXPECT_EQ(vocabulary.add_bos, false);
  EXPECT_EQ(vocabulary.add_eos, true);
  EXPECT_EQ(vocabulary.add_space_prefix, std::nullopt);
  EXPECT_THAT(error_of([] { vocabulary_of(open_gguf(kept_file("gguf/bert.gguf"))); }),
              HasSubstr("has no tokenizer"));
}

TEST(GgufTokenizer, NamesTheKeyOfTheWrongKind) {
  const auto error = [](const std::string& key, Value value) {
    return error_of([&] { vocabulary_of(with("tokenizer.ggml." + key, std::move(value))); });
  };
  EXPECT_THAT(error("tokens", Value::List{1}),
              HasSubstr("\"tokenizer.ggml.tokens\" must be a list of strings"));
  EXPECT_THAT(error("scores", "x"), HasSubstr("\"tokenizer.ggml.scores\" must be a list"));
  EXPECT_THAT(error("bos_token_id", -1), HasSubstr("\"tokenizer.ggml.bos_token_id\" must be"));
  EXPECT_THAT(error("add_bos_token", 1), HasSubstr("must be true or false"));
}

TEST(GgufTokenizer, TakesTheLargestIdAsNone) {
  EXPECT_EQ(vocabulary_of(with("tokenizer.ggml.padding_token_id", int64_t{4294967295})).pad_id, std::nullopt);
}

}  // namespace
}  // namespace whitney::infer
