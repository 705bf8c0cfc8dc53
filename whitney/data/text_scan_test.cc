#include "whitney/data/text_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <charconv>
#include <cstdlib>
#include <limits>
#include <string>

#include "whitney/core/error.h"

namespace whitney::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(ParseInteger, TakesWhatAnIntegerIsPrintedAs) {
  EXPECT_EQ(parse_integer("0"), 0U);
  EXPECT_EQ(parse_integer("1234567"), 1234567U);
  EXPECT_EQ(parse_integer("12345678"), 12345678U);
  EXPECT_EQ(parse_integer("18446744073709551615"), UINT64_MAX);
  for (const char* text : {"", "-1", "+1", "01", "00", "1 ", " 1", "1.0", "1a", "a", "18446744073709551616",
                           "99999999999999999999", "12345678a", "١"}) {
    EXPECT_EQ(parse_integer(text), std::nullopt) << text;
  }
}

RC_GTEST_PROP(ParseInteger, ReadsBackEveryInteger, (uint64_t wide)) {
  const uint64_t value = wide >> *rc::gen::inRange(0, 64);
  const std::string text = std::to_string(value);
  RC_ASSERT(parse_integer(text) == value);
  uint64_t found = 0;
  const std::string longer = text + "\tmore text";
  RC_ASSERT(scan_integer(longer.data(), longer.data() + longer.size(), found) == longer.data() + text.size());
  RC_ASSERT(found == value);
}

TEST(ParseNumber, TakesDecimalNumbers) {
  EXPECT_EQ(parse_number("0.1"), 0.1);
  EXPECT_EQ(parse_number("-2.50"), -2.5);
  EXPECT_EQ(parse_number("+3"), 3.0);
  EXPECT_EQ(parse_number("1e-3"), 1e-3);
  EXPECT_EQ(parse_number(".5"), 0.5);
  EXPECT_EQ(parse_number("5."), 5.0);
  EXPECT_EQ(parse_number("inf"), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(parse_number("nan").value()));
  for (const char* text : {"", "-", "+", ".", "1.2.3", "1,5", "0x10", "+-1", "--1", "1 ", "e5", "abc"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

// strtod rounds correctly; the short way here divides by a power of ten.
RC_GTEST_PROP(ParseNumber, RoundsAsTheStandardLibraryDoes, (int64_t wide)) {
  std::string text = std::to_string(wide >> *rc::gen::inRange(0, 63));
  const size_t first_digit = text.starts_with('-') ? 1 : 0;
  text.insert(first_digit + *rc::gen::inRange<size_t>(0, text.size() - first_digit + 1), ".");
  RC_ASSERT(parse_number(text) == std::strtod(text.c_str(), nullptr));
}

TEST(TakeLine, TakesOffBothLineEnds) {
  std::string_view text = "a\r\n\nb\rc\nd";
  EXPECT_EQ(take_line(text), "a");
  EXPECT_EQ(take_line(text), "");
  EXPECT_EQ(take_line(text), "b\rc");
  EXPECT_EQ(take_line(text), "d");
  EXPECT_TRUE(text.empty());
}

TEST(CutAtLines, CutsBehindTheLineThatFillsABlock) {
  EXPECT_THAT(cut_at_lines("ab\ncd\nef\ngh", 3), ElementsAre("ab\n", "cd\n", "ef\n", "gh"));
  EXPECT_THAT(cut_at_lines("ab\ncd\nef\ngh", 4), ElementsAre("ab\ncd\n", "ef\ngh"));
  EXPECT_THAT(cut_at_lines("abcdef", 2), ElementsAre("abcdef"));
  EXPECT_THAT(cut_at_lines("", 2), ElementsAre());
}

TEST(CheckText, NamesTheLineThatIsNoText) {
  EXPECT_NO_THROW(check_text("gr\xC3\xBC\xC3\x9F\n", "f"));
  EXPECT_THAT([] { check_text(std::string_view("a\nb\0c\n", 6), "f"); },
              ThrowsMessage<Error>(HasSubstr("f:2: a zero byte")));
  EXPECT_THAT([] { check_text("a\nb\nc\xFF\n", "f"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("f:3: \"c\\xff\""), HasSubstr("not UTF-8"))));
}

TEST(Quoted, ShowsAtMostFortyBytesAndNeverHalfACharacter) {
  EXPECT_EQ(data::quoted("a\tb\x01"), "\"a\\tb\\x01\"");
  EXPECT_EQ(data::quoted(std::string(41, 'x')), "\"" + std::string(40, 'x') + "…\"");
  EXPECT_EQ(data::quoted(std::string(39, 'x') + "ü"), "\"" + std::string(39, 'x') + "…\"");
}

}  // namespace
}  // namespace whitney::data
