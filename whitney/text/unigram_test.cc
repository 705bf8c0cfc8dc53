#include "whitney/text/unigram.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/random.h"

namespace whitney::text {
namespace {

using Ids = std::vector<int32_t>;

UnigramDeclaration declare(const std::vector<std::pair<std::string, double>>& pieces) {
  UnigramDeclaration declaration;
  for (const auto& [piece, score] : pieces) {
    declaration.vocabulary.add(piece, std::ssize(declaration.scores));
    declaration.scores.push_back(score);
  }
  declaration.unknown_id = 0;
  return declaration;
}

Ids cut(const TokenModel& model, std::string_view word) {
  ModelScratch scratch;
  Ids ids;
  model.append_ids(word, scratch, ids);
  return ids;
}

// The best score of all ways to cut, found by trying them all; each character has a token.
double best_score(const UnigramDeclaration& declaration, std::string_view word) {
  if (word.empty()) return 0;
  double best = -1e300;
  for (size_t size = 1; size <= word.size(); ++size) {
    const int32_t id = declaration.vocabulary.find(word.substr(0, size));
    if (id == kNoToken) continue;
    best = std::max(best,
                    declaration.scores[static_cast<size_t>(id)] + best_score(declaration, word.substr(size)));
  }
  return best;
}

TEST(Unigram, FindsTheBestOfAllWays) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    RandomStream random(seed, "pieces", 0);
    std::vector<std::pair<std::string, double>> pieces = {{"<unk>", 0}, {"a", -3}, {"b", -4}};
    for (int i = 0; i < 15; ++i) {
      std::string piece;
      for (size_t n = 2 + random.below(4); n > 0; --n) piece += static_cast<char>('a' + random.below(2));
      // Powers of two add up without rounding, whatever the order.
      pieces.emplace_back(piece, -static_cast<double>(random.below(64)) / 8);
    }
    const UnigramDeclaration declaration = declare(pieces);
    const auto model = make_model(declaration);
    std::string word;
    for (int i = 0; i < 12; ++i) word += static_cast<char>('a' + random.below(2));
    double score = 0;
    std::string spelt;
    for (const int32_t id : cut(*model, word)) {
      score += declaration.scores[static_cast<size_t>(id)];
      spelt += *declaration.vocabulary.token_of(id);
    }
    EXPECT_EQ(spelt, word);
    EXPECT_EQ(score, best_score(declaration, word)) << word;
  }
}

TEST(Unigram, KeepsTheFirstOfEqualWays) {
  // "a" "bc" and "ab" "c" are as good: the way whose last piece begins first was found first.
  const auto model =
      make_model(declare({{"<unk>", 0}, {"a", -1}, {"b", -9}, {"c", -1}, {"ab", -2}, {"bc", -2}}));
  EXPECT_EQ(cut(*model, "abc"), (Ids{1, 5}));
}

TEST(Unigram, FusesUnknownCharactersOrSpellsTheirBytes) {
  UnigramDeclaration declaration = declare({{"<unk>", -1}, {"a", -1}, {"<0xC3>", -2}, {"<0xA9>", -2}});
  EXPECT_EQ(cut(*make_model(declaration), "a\u00E9\u00E8a"), (Ids{1, 0, 1}));
  EXPECT_EQ(cut(*make_model(declaration), "a<unk>a"), (Ids{1, 0, 1}));
  declaration.byte_fallback = true;
  EXPECT_EQ(cut(*make_model(declaration), "a\u00E9a"), (Ids{1, 2, 3, 1}));
  EXPECT_EQ(cut(*make_model(declaration), "a\u00E9\u00E8a"),
            (Ids{1, 0, 1}));  // U+00E8 has a byte without a token
  EXPECT_EQ(cut(*make_model(declaration), "<unk>"), (Ids{0}));
}

TEST(Unigram, RefusesWhatItCannotSpellWithoutAnUnknownToken) {
  UnigramDeclaration declaration = declare({{"<unk>", 0}, {"a", -1}});
  declaration.unknown_id = kNoToken;
  EXPECT_NE(error_of([&] { cut(*make_model(declaration), "ab"); }).find("no unknown token: \"b\""),
            std::string::npos);
}

}  // namespace
}  // namespace whitney::text
