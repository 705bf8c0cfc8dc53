#include "whitney/text/regex.h"

#include <gtest/gtest.h>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/text/known_patterns.h"
#include "whitney/text/unicode.h"

namespace whitney::text {
namespace {

using Strings = std::vector<std::string>;

Strings matches_of(std::string_view pattern, std::string_view text) {
  const Regex regex(pattern);
  std::vector<Span> spans;
  RegexScratch scratch;
  regex.find_all(text, spans, scratch);
  Strings matches;
  for (const Span& span : spans) matches.emplace_back(text.substr(span.begin, span.end - span.begin));
  return matches;
}

std::string refusal(std::string_view pattern) {
  try {
    const Regex regex(pattern);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Regex, TakesTheFirstAlternativeNotTheLongest) {
  EXPECT_EQ(matches_of("a|ab", "ab"), (Strings{"a"}));
  EXPECT_EQ(matches_of("(?:a|ab)(?:c|bcd)", "abcd"), (Strings{"abcd"}));
  EXPECT_EQ(matches_of("ab|a", "aab"), (Strings{"a", "ab"}));
}

TEST(Regex, GivesBackUnlessPossessive) {
  EXPECT_EQ(matches_of("a+ab", "aaab"), (Strings{"aaab"}));
  EXPECT_EQ(matches_of("a++ab", "aaab"), (Strings{}));
  EXPECT_EQ(matches_of("(?>a+|b)c", "aac"), (Strings{"aac"}));
  EXPECT_EQ(matches_of("<.+?>", "<a><b>"), (Strings{"<a>", "<b>"}));
  EXPECT_EQ(matches_of("a{2,3}", "aaaaa"), (Strings{"aaa", "aa"}));
  EXPECT_EQ(matches_of("(?:ab){2}", "ababab"), (Strings{"abab"}));
}

TEST(Regex, LooksAroundWithoutTaking) {
  EXPECT_EQ(matches_of(R"(\s+(?!\S)|\s+)", "a   b  "), (Strings{"  ", " ", "  "}));
  EXPECT_EQ(matches_of("(?<=a|bc)d", "ad bcd cd"), (Strings{"d", "d"}));
  EXPECT_EQ(matches_of("(?<!a)b", "ab b"), (Strings{"b"}));
  EXPECT_EQ(matches_of("(?=(?:ab)+c)a", "ababc aba"), (Strings{"a", "a"}));
}

TEST(Regex, ComparesCaseCharacterByCharacter) {
  EXPECT_EQ(matches_of("(?i:'s)", "'s 'S '\u017F"), (Strings{"'s", "'S", "'\u017F"}));
  EXPECT_EQ(matches_of("(?i)s", "stST"), (Strings{"s", "S"}));
  EXPECT_EQ(matches_of("x(?i)k|z", "xk xK x\u212A Z z"), (Strings{"xk", "xK", "x\u212A"}));
}

TEST(Regex, TakesALetterForSeveralInAnotherCase) {
  EXPECT_EQ(matches_of("(?i)ss", "ss \u00DF \u1E9E \u017FS"), (Strings{"ss", "\u00DF", "\u1E9E", "\u017FS"}));
  EXPECT_EQ(matches_of("(?i)[\u00DF]x", "SSx ssx"), (Strings{"SSx", "ssx"}));
  EXPECT_EQ(matches_of("(?i)\\p{L}x", "ffx"), (Strings{"fx"}));
  EXPECT_EQ(matches_of("(?i)[^a]x", "ssx"), (Strings{"sx"}));
  // The longest letters from the left: U+FB03, but not U+FB00 and an i.
  EXPECT_EQ(matches_of("(?i)ffi", "ffi \uFB03 \uFB00i"), (Strings{"ffi", "\uFB03"}));
  EXPECT_EQ(matches_of("(?i)a(?:s)s", "a\u00DF"), (Strings{"a\u00DF"}));
  EXPECT_EQ(matches_of("(?i)a(s)s", "a\u00DF"), (Strings{}));
  EXPECT_EQ(matches_of("(?i)s+x", "\u00DFx"), (Strings{}));
  EXPECT_EQ(matches_of("(?i)(?<=ss)x", "\u00DFx ssx"), (Strings{"x"}));
}

TEST(Regex, TakesFractionsForWordsOutsideOfClassesOnly) {
  EXPECT_EQ(matches_of("\\w+", "a\u00BD"), (Strings{"a\u00BD"}));
  EXPECT_EQ(matches_of("[\\w]+", "a\u00BD"), (Strings{"a"}));
  EXPECT_EQ(matches_of("[^\\w]+", "a\u00BD"), (Strings{"\u00BD"}));
  EXPECT_EQ(matches_of("[[:word:]]+", "a\u00BD"), (Strings{"a"}));
}

TEST(Regex, EmptyMatchesDoNotTouchTheLastMatch) {
  EXPECT_EQ(matches_of("a*", "baac"), (Strings{"", "aa", ""}));
  EXPECT_EQ(matches_of("", "ab"), (Strings{"", "", ""}));
  EXPECT_EQ(matches_of("(a*)*", "aab"), (Strings{"aa", ""}));
}

TEST(Regex, RefusesByNameWhatItCannotServe) {
  EXPECT_NE(refusal(R"((a)\1)").find("back-reference"), std::string::npos);
  EXPECT_NE(refusal("(?<n>a)").find("named group"), std::string::npos);
  EXPECT_NE(refusal(R"(\p{Klingon})").find("Klingon"), std::string::npos);
  EXPECT_NE(refusal("(?<=a+)b").find("look-behind"), std::string::npos);
  EXPECT_NE(refusal("a{3,2}").find("quantifier"), std::string::npos);
  EXPECT_NE(refusal("a{1001}").find("quantifier"), std::string::npos);
  EXPECT_NE(refusal("(?:(?:a{500}b){500}c){500}").find("repeats"), std::string::npos);
  for (const char* pattern :
       {"(",     ")",      "[",   "[a",    "[a-",         "[b-a]", "*",   "a|*",  "\\",          "[\\", "(?",
        "(?x)a", "(?y:a)", "\\p", "\\p{L", "\\x{110000}", "\\K",   "\\q", "a(?i", "[[:alpha:]]", "\xFF"}) {
    EXPECT_NE(refusal(pattern), "") << pattern;
  }
  std::string classes = "(?i)";
  for (int i = 0; i < 300; ++i) classes += "[\\p{L}]";
  EXPECT_NE(refusal(classes).find("letters of several forms"), std::string::npos);
  EXPECT_NE(refusal(std::string(100'000, '(')), "");
  EXPECT_NE(refusal(std::string(100'000, '[')), "");
}

TEST(Regex, StopsWhatWouldTakeForEver) {
  // 2^n ways to cut the run, and no "c" behind it.
  EXPECT_THROW(matches_of("(?:a|aa)+c", std::string(100, 'a')), Error);
  EXPECT_THROW(matches_of("(?:a+)+c", std::string(100, 'a')), Error);
  // Quadratic: from each place to the end and back.
  EXPECT_THROW(matches_of("a+c|b", std::string(1'000'000, 'a')), Error);
}

TEST(Regex, TakesLongTextsInOneMatch) {
  const std::string text(10'000'000, 'a');
  EXPECT_EQ(matches_of("(?:a|b)+", text).size(), 1U);
  EXPECT_EQ(matches_of("a*", text).size(), 1U);
  EXPECT_EQ(matches_of("(?:ab?)+?$", text).size(), 1U);
}

/// A text of words, blanks and oddities, which the random stream picks.
std::string mixed_text(RandomStream& random) {
  constexpr const char* kParts[] = {
      "word", "'s",     "'LL",          "'\u017F", "'",      " ",      " ",          "  ",
      "\n",   "\r\n",   "\t",           "7",       "1234",   "\u0663", "!",          "?!\n",
      "...",  "\u00E9", "\u4E2D\u6587", "e\u0301", "\u00A0", "\u3000", "\U0001F600", "_"};
  std::string text;
  const uint64_t count = 1 + random.below(12);
  for (uint64_t i = 0; i < count; ++i) text += kParts[random.below(std::size(kParts))];
  return text;
}

TEST(KnownPatterns, CutLikeTheEngine) {
  constexpr std::string_view kPatterns[] = {
      kGpt2Pattern,
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)",
      R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)"};
  for (const std::string_view pattern : kPatterns) {
    const PatternMatcher matcher = known_matcher(pattern);
    ASSERT_NE(matcher, nullptr) << pattern;
    const Regex regex(pattern);
    RegexScratch scratch;
    RandomStream random(42, "known patterns", 0);
    for (int round = 0; round < 4000; ++round) {
      const std::string text = mixed_text(random);
      std::vector<Span> expected, seen;
      regex.find_all(text, expected, scratch);
      for (const char *p = text.data(), *end = p + text.size(); p < end;) {
        const char* const stop = matcher(p, end);
        seen.push_back({static_cast<uint32_t>(p - text.data()), static_cast<uint32_t>(stop - text.data())});
        p = stop;
      }
      ASSERT_EQ(seen, expected) << pattern << " on " << ::testing::PrintToString(text);
    }
  }
  EXPECT_EQ(known_matcher("\\w+"), nullptr);
}

}  // namespace
}  // namespace whitney::text
