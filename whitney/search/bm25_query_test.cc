#include "whitney/search/bm25_query.h"

#include <gtest/gtest.h>

namespace whitney::search {
namespace {

using Words = std::vector<Bm25Query::Word>;
using Texts = std::vector<std::string>;

Bm25Query parse(std::string_view text, bool operators = true) {
  return parse_bm25_query(text::Analyzer({}), text, operators);
}

TEST(Bm25Query, CountsItsWordsInTheOrderOfFirstAppearance) {
  const Bm25Query query = parse("Flow of the heat, flows!");
  EXPECT_EQ(query.words, (Words{{"flow", 2}, {"heat", 1}}));
  EXPECT_TRUE(query.prefixes.empty());
  EXPECT_TRUE(query.phrases.empty());
}

TEST(Bm25Query, TakesQuotesForPhrasesAndAsterisksForPrefixes) {
  const Bm25Query query = parse("comput* \"theory of shells\" wings COMPUT*");
  EXPECT_EQ(query.prefixes, Texts{"comput"});
  EXPECT_EQ(query.words, (Words{{"theori", 1}, {"shell", 1}, {"wing", 1}}));
  ASSERT_EQ(query.phrases.size(), 1u);
  EXPECT_EQ(query.phrases[0], (std::vector<text::Token>{{"theori", 0}, {"shell", 2}}));
}

TEST(Bm25Query, WithoutOperatorsIsPlainWords) {
  const Bm25Query query = parse("comput* \"thin shells\"", false);
  EXPECT_EQ(query.words, (Words{{"comput", 1}, {"thin", 1}, {"shell", 1}}));
  EXPECT_TRUE(query.prefixes.empty());
  EXPECT_TRUE(query.phrases.empty());
}

TEST(Bm25Query, AQuotationMarkAloneSeparates) {
  const Bm25Query query = parse("3\" pipe *");
  EXPECT_EQ(query.words, (Words{{"3", 1}, {"pipe", 1}}));
  EXPECT_TRUE(query.phrases.empty());
}

TEST(Bm25Query, APhraseOfStopWordsAsksForNothing) {
  EXPECT_TRUE(parse("\"of the\" \"\"").phrases.empty());
  EXPECT_TRUE(parse("").words.empty());
}

}  // namespace
}  // namespace whitney::search
