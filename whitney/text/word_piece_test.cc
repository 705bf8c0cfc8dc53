#include "whitney/text/word_piece.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/random.h"

namespace whitney::text {
namespace {

using Ids = std::vector<int32_t>;

Ids cut(const TokenModel& model, std::string_view word) {
  ModelScratch scratch;
  Ids ids;
  model.append_ids(word, scratch, ids);
  return ids;
}

// The definition: the longest token that is a prefix of the rest, looked up by trying all lengths.
Ids cut_plainly(const Vocabulary& vocabulary, const std::string& word) {
  Ids ids;
  for (size_t begin = 0; begin < word.size();) {
    size_t size = word.size() - begin;
    const auto find = [&] { return vocabulary.find((begin > 0 ? "##" : "") + word.substr(begin, size)); };
    while (size > 0 && find() == kNoToken) --size;
    if (size == 0) return {0};
    ids.push_back(find());
    begin += size;
  }
  return ids;
}

TEST(WordPiece, CutsAsTheDefinitionDoes) {
  for (uint64_t seed = 0; seed < 50 / one_in(); ++seed) {
    RandomStream random(seed, "pieces", 0);
    WordPieceDeclaration declaration;
    declaration.vocabulary.add("[UNK]", 0);
    for (int id = 1; id < 30; ++id) {
      std::string token = random.below(2) == 0 ? "##" : "";
      for (size_t n = 1 + random.below(4); n > 0; --n) token += static_cast<char>('a' + random.below(3));
      if (declaration.vocabulary.find(token) == kNoToken) declaration.vocabulary.add(token, id);
    }
    const auto model = make_model(declaration);
    for (int i = 0; i < 100; ++i) {
      std::string word;
      for (size_t n = 1 + random.below(9); n > 0; --n) word += static_cast<char>('a' + random.below(3));
      EXPECT_EQ(cut(*model, word), cut_plainly(declaration.vocabulary, word)) << word;
    }
  }
}

TEST(WordPiece, CountsCharactersNotBytes) {
  WordPieceDeclaration declaration;
  declaration.vocabulary.add("[UNK]", 0);
  declaration.vocabulary.add("\u00E9", 1);
  declaration.vocabulary.add("##\u00E9", 2);
  declaration.max_characters = 3;
  EXPECT_EQ(cut(*make_model(declaration), "\u00E9\u00E9\u00E9"), (Ids{1, 2, 2}));
  EXPECT_EQ(cut(*make_model(declaration), "\u00E9\u00E9\u00E9\u00E9"), Ids{0});
}

TEST(WordPiece, RefusesAWordThatItCannotSpellWithoutAnUnknownToken) {
  WordPieceDeclaration declaration;
  declaration.vocabulary.add("a", 0);
  EXPECT_NE(error_of([&] { cut(*make_model(declaration), "b"); }).find("\"b\""), std::string::npos);
}

TEST(WordLevel, LooksWordsUp) {
  WordLevelDeclaration declaration;
  declaration.vocabulary.add("<unk>", 3);
  declaration.vocabulary.add("word", 5);
  EXPECT_EQ(cut(*make_model(declaration), "word"), Ids{5});
  EXPECT_EQ(cut(*make_model(declaration), "words"), Ids{3});
}

}  // namespace
}  // namespace whitney::text
