#include "whitney/text/pre_tokenizer.h"

#include <gtest/gtest.h>

#include "whitney/core/one_in_test.h"
#include "whitney/text/golden_test.h"

namespace whitney::text {
namespace {

using Strings = std::vector<std::string>;

PreTokenizer read(std::string_view json, ByteForm form = ByteForm::kPrintable) {
  return PreTokenizer(Value::parse_json(json, "test"), form);
}

Strings strings(const Words& words) {
  Strings list;
  for (size_t i = 0; i < words.size(); ++i) list.emplace_back(words[i]);
  return list;
}

Strings cut(const PreTokenizer& pre_tokenizer, std::string_view text, bool at_start = true) {
  Words words;
  pre_tokenizer.apply(text, at_start, words);
  return strings(words);
}

std::string refusal(std::string_view json) {
  try {
    read(json);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(PreTokenizer, GivesWhatTheJudgeGives) {
  const std::vector<GoldenStep> steps = golden_steps("pre_tokenizer");
  if (steps.empty()) GTEST_SKIP() << "no tests/data/text above this folder and no WHITNEY_ROOT";
  int num_cases = 0;
  for (const GoldenStep& step : steps) {
    const PreTokenizer pre_tokenizer(step.declaration);
    for (const auto& [text, words] : step.cases) {
      Strings expected;
      for (const Value& word : words.as_list()) expected.push_back(word.as_string());
      ++num_cases;
      EXPECT_EQ(cut(pre_tokenizer, text), expected) << text << " by " << step.declaration.to_json();
    }
  }
  EXPECT_GE(num_cases, 1000);
}

TEST(PreTokenizer, NullGivesTheWholeText) {
  EXPECT_EQ(cut(PreTokenizer(), "a b"), (Strings{"a b"}));
  EXPECT_EQ(cut(PreTokenizer(), ""), (Strings{}));
}

TEST(PreTokenizer, RefersToTheTextItself) {
  const std::string text = "some words, here";
  Words words;
  read(R"({"type":"BertPreTokenizer"})").apply(text, true, words);
  EXPECT_EQ(words.text.data(), text.data());
  EXPECT_EQ(strings(words), (Strings{"some", "words", ",", "here"}));
}

TEST(PreTokenizer, MetaspaceMarksTheFirstWordOfTheInputOnly) {
  const PreTokenizer first = read(R"({"type":"Metaspace","replacement":"_","prepend_scheme":"first"})");
  EXPECT_EQ(cut(first, "a b"), (Strings{"_a", "_b"}));
  EXPECT_EQ(cut(first, "a b", false), (Strings{"a", "_b"}));
}

TEST(PreTokenizer, LeavesBytesRawWhenAskedTo) {
  const PreTokenizer raw =
      read(R"({"type":"ByteLevel","add_prefix_space":true,"use_regex":true})", ByteForm::kRaw);
  EXPECT_TRUE(raw.gives_raw_bytes());
  EXPECT_EQ(cut(raw, "caf\u00E9 x"), (Strings{" caf\u00E9", " x"}));
  EXPECT_FALSE(read(R"({"type":"Whitespace"})", ByteForm::kRaw).gives_raw_bytes());
  // A ByteLevel that others follow spells its bytes.
  const PreTokenizer inner = read(
      R"({"type":"Sequence","pretokenizers":[{"type":"ByteLevel","add_prefix_space":false,"use_regex":false},{"type":"Digits"}]})",
      ByteForm::kRaw);
  EXPECT_FALSE(inner.gives_raw_bytes());
  EXPECT_EQ(cut(inner, "a 1"), (Strings{"a\u0120", "1"}));
}

TEST(PreTokenizer, SpellsEveryByteAndBack) {
  std::string bytes;
  for (int b = 0; b < 256; ++b) bytes += static_cast<char>(b);
  std::string printable, back = "x";
  append_printable_bytes(bytes, printable);
  EXPECT_EQ(printable.substr(0, 4), "\u0100\u0101");
  EXPECT_TRUE(raw_bytes_of(printable, back));
  EXPECT_EQ(back, "x" + bytes);
  EXPECT_FALSE(raw_bytes_of("a b", back));
  EXPECT_EQ(back, "x" + bytes);
}

TEST(PreTokenizer, RefusesByName) {
  EXPECT_NE(refusal(R"({"type":"UnicodeScripts"})").find("\"UnicodeScripts\""), std::string::npos);
  EXPECT_NE(refusal(R"x({"type":"Split","pattern":{"Regex":"(?R)"},"behavior":"Isolated"})x").find("(?R)"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"type":"Split","pattern":{"String":"a"},"behavior":"Glued"})").find("Glued"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"type":"Split","pattern":{"String":""},"behavior":"Isolated"})").find("empty"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"type":"Metaspace","replacement":"ab"})").find("replacement"), std::string::npos);
  EXPECT_NE(refusal(R"({"type":"Metaspace","prepend_scheme":"last"})").find("last"), std::string::npos);
  EXPECT_NE(refusal(R"({"type":"FixedLength","length":0})").find("length"), std::string::npos);
}

TEST(PreTokenizer, TakesTenMegabytesOfOneKind) {
  const PreTokenizer gpt2 = read(R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":true})");
  for (const std::string_view part : {"a", " ", "\n", "1", "!", "\u00E9", "\u3000"}) {
    std::string text;
    while (text.size() < 10'000'000 / one_in()) text += part;
    EXPECT_EQ(cut(gpt2, text).size(), 1U) << part;
  }
}

}  // namespace
}  // namespace whitney::text
