#include "whitney/text/added_tokens.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error_of.h"

namespace whitney::text {
namespace {

AddedToken token(std::string content, int64_t id) {
  AddedToken result;
  result.content = std::move(content);
  result.id = id;
  return result;
}

// "[3|text]" for a token, "(text)" for what is between.
std::string cut(std::vector<AddedToken> tokens, std::string_view text) {
  std::vector<std::string> texts;
  for (const AddedToken& each : tokens) texts.push_back(each.content);
  std::vector<AddedTokenFinder::Piece> pieces;
  AddedTokenFinder(texts, std::move(tokens)).cut(text, pieces);
  std::string result;
  for (const auto& [begin, end, id] : pieces) {
    const std::string part(text.substr(begin, end - begin));
    result += id == kNoToken ? "(" + part + ")" : "[" + std::to_string(id) + "|" + part + "]";
  }
  return result;
}

TEST(AddedTokenFinder, FindsTheLeftmostAndLongest) {
  const std::vector<AddedToken> tokens = {token("<a>", 1), token("<a><b>", 2), token("b>", 3)};
  EXPECT_EQ(cut(tokens, "x<a><b>y<a>b>"), "(x)[2|<a><b>](y)[1|<a>][3|b>]");
  EXPECT_EQ(cut(tokens, "<a"), "(<a)");
  EXPECT_EQ(cut(tokens, ""), "");
  EXPECT_EQ(cut({}, "x"), "(x)");
}

TEST(AddedTokenFinder, TakesSingleWordsOnlyWhereTheyStandAlone) {
  std::vector<AddedToken> tokens = {token("ab", 1), token("abc", 2)};
  tokens[0].single_word = tokens[1].single_word = true;
  EXPECT_EQ(cut(tokens, "ab abc,ab"), "[1|ab]( )[2|abc](,)[1|ab]");
  EXPECT_EQ(cut(tokens, "abd \u00E9ab ab_"), "(abd \u00E9ab ab_)");
}

TEST(AddedTokenFinder, TakesWhiteSpaceAlong) {
  std::vector<AddedToken> tokens = {token("<l>", 1), token("<r>", 2)};
  tokens[0].lstrip = true;
  tokens[1].rstrip = true;
  EXPECT_EQ(cut(tokens, "x \u00A0<l> y<r> \n <r>"), "(x)[1| \u00A0<l>]( y)[2|<r> \n ][2|<r>]");
  // What the token before has taken is not taken twice.
  EXPECT_EQ(cut(tokens, "<r>  <l>"), "[2|<r>  ][1|<l>]");
}

TEST(AddedTokens, LooksForNormalizedTokensInTheirNormalizedForm) {
  const Normalizer lower(Value::object({{"type", "Lowercase"}}));
  std::vector<AddedToken> tokens = {token("New", 4), token("[X]", 5)};
  tokens[1].normalized = false;
  const AddedTokens added(tokens, lower, Vocabulary());
  std::vector<AddedTokenFinder::Piece> pieces;
  added.normalized().cut("new", pieces);
  ASSERT_EQ(pieces.size(), 1);
  EXPECT_EQ(pieces[0].id, 4);
  added.raw().cut("[X]", pieces);
  EXPECT_EQ(pieces[0].id, 5);
  EXPECT_EQ(*added.spelling_of(4), "new");
  EXPECT_EQ(added.find(4)->content, "New");
  EXPECT_EQ(added.size(), 6);
}

TEST(AddedTokens, RefusesContradictingIds) {
  Vocabulary vocabulary;
  vocabulary.add("a", 1);
  const auto error = [&](std::vector<AddedToken> tokens) {
    return error_of([&] { AddedTokens(std::move(tokens), Normalizer(), vocabulary); });
  };
  EXPECT_NE(error({token("a", 2)}).find("but the model gives it 1"), std::string::npos);
  EXPECT_NE(error({token("b", 2), token("c", 2)}).find("have the same id 2"), std::string::npos);
  EXPECT_NE(error({token("b", -1)}).find("has the id -1"), std::string::npos);
  EXPECT_EQ(error({token("a", 1), token("", -5), token("a", 1)}), "no error");
}

}  // namespace
}  // namespace whitney::text
