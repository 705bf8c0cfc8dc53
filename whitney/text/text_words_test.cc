#include "whitney/text/text_words.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace whitney::text {
namespace {

using Words = std::vector<std::string>;

Words words(std::string_view text) {
  Words result;
  WordReader reader(text);
  for (std::string word; reader.next(word);) result.push_back(word);
  return result;
}

TEST(Words, AreRunsOfLettersAndDigitsInLowerCase) {
  EXPECT_EQ(words("Plays MP3-files, in a Terminal!"),
            (Words{"plays", "mp3", "files", "in", "a", "terminal"}));
}

TEST(Words, OfNothingAreNone) {
  EXPECT_EQ(words(""), Words{});
  EXPECT_EQ(words(" \t--- _ … € 😀 "), Words{});
}

TEST(Words, EndWhereTheTextEnds) { EXPECT_EQ(words("a"), Words{"a"}); }

TEST(Words, ApostropheAndUnderscoreSeparate) {
  EXPECT_EQ(words("don't snake_case"), (Words{"don", "t", "snake", "case"}));
}

TEST(Words, KeepLettersOfAnyScript) {
  EXPECT_EQ(words("naïve 音楽、プレーヤー עברית"), (Words{"naïve", "音楽", "プレーヤー", "עברית"}));
}

TEST(Words, LowerTheLettersOfTheScriptsThatHaveCases) {
  EXPECT_EQ(words("ÄÖÜ ÉÇŒ"), (Words{"äöü", "éçœ"}));
  EXPECT_EQ(words("ŁÓDŹ ŽLUŤ Ÿ"), (Words{"łódź", "žluť", "ÿ"}));
  EXPECT_EQ(words("ΟΔΥΣΣΕΎΣ Ώ"), (Words{"οδυσσεύσ", "ώ"}));
  EXPECT_EQ(words("ΜΟΥΣΙΚΉΣ μουσικής"), (Words{"μουσικήσ", "μουσικήσ"})) << "a final sigma is a sigma";
  EXPECT_EQ(words("МУЗЫКА Ёж Ї"), (Words{"музыка", "ёж", "ї"}));
  EXPECT_EQ(words("TIẾNG Việt"), (Words{"tiếng", "việt"}));
  EXPECT_EQ(words("ＡＢ"), (Words{"ａｂ"}));
}

TEST(Words, LowerEveryScriptThatHasCases) {
  EXPECT_EQ(words("ႠႡ ԱԲ Ꭰ 𐐀 ǅ"), (Words{"ⴀⴁ", "աբ", "ꭰ", "𐐨", "ǆ"}));
  EXPECT_EQ(words("İstanbul"), Words{"istanbul"});
}

TEST(Words, KeepMarksAndNumbersButBeginWithNoMark) {
  EXPECT_EQ(words("हिन्दी e\u0301te\u0301 x² Ⅳ"), (Words{"हिन्दी", "e\u0301te\u0301", "x²", "ⅳ"}));
  EXPECT_EQ(words("❤\uFE0F a"), Words{"a"}) << "what is left of an emoji is no word";
}

TEST(Words, BytesThatAreNotUtf8Separate) {
  EXPECT_EQ(words("a\xFF"
                  "b\xC3"),
            (Words{"a", "b"}));
  EXPECT_EQ(words("x\xC0\x80y"), (Words{"x", "y"})) << "an overlong form is no character";
  EXPECT_EQ(words("x\xED\xA0\x80y"), (Words{"x", "y"})) << "a surrogate is no character";
  EXPECT_EQ(words("q\xE2\x82"), (Words{"q"})) << "cut in the middle of a character";
}

TEST(Words, KeepTheirCaseWhenAskedTo) {
  WordReader reader("Été MP3", false);
  std::string word;
  ASSERT_TRUE(reader.next(word));
  EXPECT_EQ(word, "Été");
  ASSERT_TRUE(reader.next(word));
  EXPECT_EQ(word, "MP3");
}

TEST(Words, EndAtThePlaceBehindThem) {
  WordReader reader("comput* “x”");
  std::string word;
  ASSERT_TRUE(reader.next(word));
  EXPECT_EQ(reader.place(), 6u);
  ASSERT_TRUE(reader.next(word));
  EXPECT_EQ(word, "x");
  EXPECT_EQ(reader.place(), 12u);
}

}  // namespace
}  // namespace whitney::text
