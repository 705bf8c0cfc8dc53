#include "whitney/text/byte_pair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/random.h"

namespace whitney::text {
namespace {

using Ids = std::vector<int32_t>;

Vocabulary vocabulary_of(const std::vector<std::string>& tokens) {
  Vocabulary vocabulary;
  for (size_t i = 0; i < tokens.size(); ++i) vocabulary.add(tokens[i], static_cast<int64_t>(i));
  return vocabulary;
}

Ids cut(const TokenModel& model, std::string_view word) {
  ModelScratch scratch;
  Ids ids;
  model.append_ids(word, scratch, ids);
  return ids;
}

std::unique_ptr<const TokenModel> model_of(BytePairDeclaration declaration) {
  return make_model(std::move(declaration));
}

// The definition, word by word: the leftmost pair of the lowest rank is merged until none is left.
Ids merge_plainly(Ids symbols, const std::vector<BytePairDeclaration::Merge>& merges) {
  for (;;) {
    const BytePairDeclaration::Merge* best = nullptr;
    size_t place = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      for (const auto& merge : merges) {
        if (merge.left != symbols[i] || merge.right != symbols[i + 1]) continue;
        if (best == nullptr || merge.rank < best->rank) {
          best = &merge;
          place = i;
        }
      }
    }
    if (best == nullptr) return symbols;
    symbols[place] = best->merged;
    symbols.erase(symbols.begin() + static_cast<ptrdiff_t>(place) + 1);
  }
}

// Tokens over "abc" and merges of any two that make a third, in random order.
BytePairDeclaration random_declaration(RandomStream& random) {
  std::vector<std::string> tokens = {"a", "b", "c"};
  BytePairDeclaration declaration;
  declaration.vocabulary = vocabulary_of(tokens);
  while (tokens.size() < 20) {
    const std::string left = tokens[random.below(tokens.size())], right = tokens[random.below(tokens.size())];
    if (std::ranges::find(tokens, left + right) == tokens.end()) {
      declaration.vocabulary.add(left + right, std::ssize(tokens));
      tokens.push_back(left + right);
    }
    const bool is_new = std::ranges::none_of(declaration.merges, [&](const auto& merge) {
      return tokens[static_cast<size_t>(merge.left)] == left &&
             tokens[static_cast<size_t>(merge.right)] == right;
    });
    if (is_new) append_merge(left, right, declaration);
  }
  return declaration;
}

TEST(BytePair, MergesAsTheDefinitionDoes) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    RandomStream random(seed, "merges", 0);
    const BytePairDeclaration declaration = random_declaration(random);
    const auto model = model_of(declaration);
    // Short words are searched, long ones take the heap.
    for (const size_t size : {1, 2, 5, 24, 25, 47, 48, 49, 50, 300}) {
      std::string word;
      Ids symbols;
      for (size_t i = 0; i < size; ++i) {
        symbols.push_back(static_cast<int32_t>(random.below(3)));
        word += static_cast<char>('a' + symbols.back());
      }
      EXPECT_EQ(cut(*model, word), merge_plainly(symbols, declaration.merges)) << word;
    }
  }
}

TEST(BytePair, GivesTheSameIdsFromItsCache) {
  BytePairDeclaration declaration;
  declaration.vocabulary = vocabulary_of({"a", "b", "ab"});
  append_merge("a", "b", declaration);
  const auto model = model_of(std::move(declaration));
  ModelScratch scratch;
  for (const std::string word :
       {"ab", "aab", "abababab", "aaaaaaaaaaaaaaaaaaaaaaaa", "abababababababababababab"}) {
    Ids first, second;
    model->append_ids(word, scratch, first);
    model->append_ids(word, scratch, second);
    EXPECT_EQ(first, second) << word;
    EXPECT_EQ(first, cut(*model, word)) << word;
  }
}

TEST(BytePair, SpellsUnknownCharactersAsItIsTold) {
  BytePairDeclaration declaration;
  declaration.vocabulary = vocabulary_of({"<unk>", "a", "<0xC3>", "<0xA9>"});
  EXPECT_EQ(cut(*model_of(declaration), "a\u00E9\u00E9a"), (Ids{1, 1}));  // dropped
  declaration.unknown = "<unk>";
  EXPECT_EQ(cut(*model_of(declaration), "a\u00E9\u00E9a"), (Ids{1, 0, 0, 1}));
  declaration.fuse_unknown = true;
  EXPECT_EQ(cut(*model_of(declaration), "a\u00E9\u00E9a"), (Ids{1, 0, 1}));
  declaration.byte_fallback = true;
  EXPECT_EQ(cut(*model_of(declaration), "\u00E9\u00E8a"),
            (Ids{2, 3, 0, 1}));  // U+00E8 has a byte without a token
  declaration.unknown = "<none>";
  EXPECT_NE(error_of([&] { cut(*model_of(declaration), "\u00E8"); }).find("no unknown token"),
            std::string::npos);
}

TEST(BytePair, MarksEndsAndContinuations) {
  BytePairDeclaration suffix;
  suffix.vocabulary = vocabulary_of({"a", "b</w>", "ab</w>", "a</w>"});
  suffix.end_of_word_suffix = "</w>";
  append_merge("a", "b</w>", suffix);
  EXPECT_EQ(cut(*model_of(suffix), "aab"), (Ids{0, 2}));
  EXPECT_EQ(cut(*model_of(suffix), "a"), (Ids{3}));
  BytePairDeclaration prefix;
  prefix.vocabulary = vocabulary_of({"a", "##b", "ab"});
  prefix.continuing_prefix = "##";
  append_merge("a", "##b", prefix);
  EXPECT_EQ(cut(*model_of(prefix), "ab"), (Ids{2}));
  EXPECT_EQ(cut(*model_of(prefix), "abb"), (Ids{2, 1}));
}

TEST(BytePair, TakesWholeWordsFirstWhereMergesAreIgnored) {
  BytePairDeclaration declaration;
  declaration.vocabulary = vocabulary_of({"a", "b", "aba", "ab"});
  append_merge("a", "b", declaration);
  EXPECT_EQ(cut(*model_of(declaration), "aba"), (Ids{3, 0}));
  declaration.ignore_merges = true;
  EXPECT_EQ(cut(*model_of(declaration), "aba"), (Ids{2}));
}

TEST(BytePair, CutsTextsAtBlanksOnlyWhereNoMergeReachesAcross) {
  // A whole text is one word where there is no pre-tokenizer.
  BytePairDeclaration declaration;
  declaration.vocabulary = vocabulary_of({"\u2581", "a", "\u2581a", "a\u2581", "\u2581\u2581"});
  append_merge("\u2581", "\u2581", declaration);
  append_merge("\u2581", "a", declaration);
  const std::string text = "a\u2581a\u2581\u2581\u2581aa\u2581";
  const Ids symbols = {1, 0, 1, 0, 0, 0, 1, 1, 0};
  EXPECT_EQ(cut(*model_of(declaration), text), merge_plainly(symbols, declaration.merges));
  append_merge("a", "\u2581", declaration);
  EXPECT_EQ(cut(*model_of(declaration), text), merge_plainly(symbols, declaration.merges));
}

TEST(BytePair, NamesTheMergeWhoseTokensAreMissing) {
  BytePairDeclaration declaration;
  declaration.vocabulary = vocabulary_of({"a", "b"});
  EXPECT_NE(error_of([&] { append_merge("a", "b", declaration); }).find("merge 0"), std::string::npos);
}

}  // namespace
}  // namespace whitney::text
