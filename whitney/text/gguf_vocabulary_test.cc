#include "whitney/text/gguf_vocabulary.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/text/tokenizer.h"

namespace whitney::text {
namespace {

using Ids = std::vector<int32_t>;

// SentencePiece's BPE: tokens of a better score are made first.
GgufVocabulary llama() {
  GgufVocabulary file;
  file.model = "llama";
  file.tokens = {"<unk>", "<s>", "</s>", "<0xC3>", "<0xA9>", "\u2581", "a", "b", "ab", "\u2581a", "ba"};
  file.scores = {0, 0, 0, 0, 0, -9, -9, -9, -2, -1, -3};
  file.token_types = {2, 3, 3, 6, 6, 1, 1, 1, 1, 1, 1};
  file.bos_id = 1;
  file.eos_id = 2;
  file.unk_id = 0;
  return file;
}

TEST(GgufVocabulary, MergesByScoreAndPutsABlankBeforeTheText) {
  const Tokenizer tokenizer = Tokenizer::of_gguf(llama(), "t.gguf");
  EXPECT_EQ(tokenizer.encode("ab ba"), (Ids{1, 9, 7, 5, 10}));
  EXPECT_EQ(tokenizer.encode("\u00E9b</s>ab"), (Ids{1, 5, 3, 4, 7, 2, 9, 7}));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("ab \u00E9")), "ab \u00E9");
  EXPECT_EQ(tokenizer.special_ids().eos, 2);
}

TEST(GgufVocabulary, HeedsWhatTheFileSaysOfBlanksAndEnds) {
  GgufVocabulary file = llama();
  file.add_space_prefix = false;
  file.add_bos = false;
  file.add_eos = true;
  EXPECT_EQ(Tokenizer::of_gguf(file, "t.gguf").encode("ab"), (Ids{8, 2}));
}

TEST(GgufVocabulary, ReadsByteLevelBpeByTheNameOfItsPreTokenizer) {
  GgufVocabulary file;
  file.model = "gpt2";
  file.pre = "llama-bpe";
  file.tokens = {"a", "b", "c", "ab", "abc", "\u0120", "<|end|>", "1", "12"};
  file.token_types = {1, 1, 1, 1, 1, 1, 3, 1, 1};
  file.merges = {"a b", "1 2"};
  file.tokens.push_back("2");
  file.token_types.push_back(1);
  file.bos_id = 6;
  // "abc" is no merge's result, and yet a token that is taken whole.
  EXPECT_EQ(Tokenizer::of_gguf(file, "t.gguf").encode("abc ab<|end|>12"), (Ids{6, 4, 5, 3, 6, 8}));
  file.pre = "smollm";
  EXPECT_EQ(Tokenizer::of_gguf(file, "t.gguf").encode("abc 12"), (Ids{3, 2, 5, 7, 9}));
}

TEST(GgufVocabulary, SpellsBertsTokensAsBertDoes) {
  GgufVocabulary file;
  file.model = "bert";
  file.tokens = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "\u2581play", "ing", "\u2581."};
  file.token_types = {3, 3, 3, 3, 1, 1, 1};
  const Tokenizer tokenizer = Tokenizer::of_gguf(file, "t.gguf");
  EXPECT_EQ(tokenizer.encode("Playing."), (Ids{2, 4, 5, 6, 3}));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("Playing.")), "playing.");
}

TEST(GgufVocabulary, ReadsUnigrams) {
  GgufVocabulary file;
  file.model = "t5";
  file.tokens = {"<pad>", "</s>", "<unk>", "\u2581", "a", "\u2581a", "b"};
  file.scores = {0, 0, 0, -3, -3, -2, -3};
  file.token_types = {3, 3, 2, 1, 1, 1, 1};
  file.eos_id = 1;
  file.unk_id = 2;
  file.remove_extra_whitespaces = true;
  EXPECT_EQ(Tokenizer::of_gguf(file, "t.gguf").encode("  ab   bc "), (Ids{5, 6, 3, 6, 2, 1}));
}

TEST(GgufVocabulary, RefusesWhatItDoesNotKnow) {
  const auto error = [](const GgufVocabulary& file) {
    return error_of([&] { Tokenizer::of_gguf(file, "t.gguf"); });
  };
  GgufVocabulary file = llama();
  file.scores.pop_back();
  EXPECT_NE(error(file).find("t.gguf: has 11 tokens, but 10 scores"), std::string::npos) << error(file);
  file = llama();
  file.eos_id = 11;
  EXPECT_NE(error(file).find("id 11"), std::string::npos) << error(file);
  file = llama();
  file.bos_id.reset();
  file.add_bos = true;
  EXPECT_NE(error(file).find("names no begin token"), std::string::npos) << error(file);
  file.model = "rwkv";
  EXPECT_NE(error(file).find("unknown tokenizer model \"rwkv\""), std::string::npos) << error(file);
  file.model = "gpt2";
  file.pre = "tekken";
  EXPECT_NE(error(file).find("unknown pre-tokenizer \"tekken\""), std::string::npos) << error(file);
}

}  // namespace
}  // namespace whitney::text
